/* help: made from the tables that it explains. */
#include "actions/action.h"
#include "fleet/query.h"
#include "views/catalog.h"
#include "views/command.h"
#include "views/groups.h"
#include "views/request.h"
#include "views/units.h"

static const struct binding help_keys[] = {
	{ "q", REQ_BACK },
	{ "?", REQ_BACK },
	{ NULL, 0 },
};

static const struct {
	const char *title;
	int first, last;
} groups[] = {
	{ "Moving", REQ_DOWN, REQ_BACK },
	{ "Views", REQ_PULSE, REQ_EVENTS },
	{ "Tables", REQ_FILTER, REQ_FOLD_ALL },
	{ "Map", REQ_MEASURE, REQ_CELLS },
	{ "Pages of a host or a VM", REQ_NEXT_BLOCK, REQ_XML },
	{ "XML", REQ_COPY, REQ_PREVIOUS_MATCH },
	{ "Screens and consoles of VMs", REQ_VIEWER, REQ_SEND_SIZE },
	{ "Marks and verbs", REQ_MENU, REQ_FOLLOW },
	{ "Program", REQ_FREEZE, REQ_QUIT },
};

static void
add_request(struct page *page, const struct keys *keys, int request)
{
	/* as in a table of VMs, where most can be done */
	g_autofree char *labels = keys_labels_anywhere(keys, vms_view.name, request);
	g_autofree char *command = g_strdup_printf(":%s", request_name(request));
	const struct page_cell cells[] = {
		{ labels ? labels : "", 12, ALIGN_LEFT, ROLE_KEY },
		{ command, 14, ALIGN_LEFT, ROLE_DIM },
		{ request_help(request), 30, ALIGN_LEFT, ROLE_NORMAL },
	};

	page_cells(page, cells, G_N_ELEMENTS(cells));
}

/* What may stand behind a verb, a line each. */
static void
add_args(struct page *page, const struct action *action)
{
	for (const struct action_arg *arg = action->args; arg && arg->name; arg++) {
		g_autofree char *usage = action_arg_usage(arg);
		const struct page_cell cells[] = {
			{ "", 12, ALIGN_LEFT, ROLE_KEY },
			{ usage, 28, ALIGN_LEFT, ROLE_DIM },
			{ arg->help, 30, ALIGN_LEFT, ROLE_NORMAL },
		};

		page_cells(page, cells, G_N_ELEMENTS(cells));
	}
}

static void
add_verbs(struct page *page, const struct env *env, enum target target)
{
	for (int request = REQ_COUNT; request < request_limit(env->readonly); request++) {
		const struct action *action = request_action(request);

		if (action->target != target)
			continue;
		add_request(page, env->keys, request);
		add_args(page, action);
	}
}

static void
add_keys(struct page *page, const struct env *env)
{
	for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
		page_section(page, groups[i].title);
		for (int request = groups[i].first; request <= groups[i].last; request++)
			add_request(page, env->keys, request);
	}
	page_section(page, "Verbs, on the marked rows or the one under the cursor");
	add_verbs(page, env, TARGET_VM);
	add_verbs(page, env, TARGET_HOST);
	if (env->readonly)
		page_text(page, ROLE_DIM, "none: read-only");
	page_section(page, "Mouse");
	page_text(page, ROLE_NORMAL,
		"Click: cursor. Double click: open. Click on a title: sort. Wheel: scroll.");
}

static void
add_commands(struct page *page)
{
	page_section(page, "Commands after `:` (Tab completes), and every :name above");
	for (int form = COMMAND_FORM_REQUEST + 1; form < COMMAND_FORM_COUNT; form++) {
		const struct page_cell cells[] = {
			{ command_usage((enum command_form)form), 26, ALIGN_LEFT, ROLE_KEY },
			{ command_help((enum command_form)form), 30, ALIGN_LEFT, ROLE_NORMAL },
		};

		page_cells(page, cells, G_N_ELEMENTS(cells));
	}
}

static void
add_queries(struct page *page)
{
	size_t n;
	const struct query_note *notes = query_notes(&n);

	page_section(page, "Queries after `/` and --where: words, and columns by the names below");
	for (size_t i = 0; i < n; i++) {
		const struct page_cell cells[] = {
			{ notes[i].example, 28, ALIGN_LEFT, ROLE_KEY },
			{ notes[i].help, 30, ALIGN_LEFT, ROLE_NORMAL },
		};

		page_cells(page, cells, G_N_ELEMENTS(cells));
	}
}

static void
add_columns(struct page *page, const struct row_kind *kind, const char *title)
{
	page_section(page, title);
	for (size_t i = 0; i < kind->ncolumns; i++) {
		const struct column *column = &kind->columns[i];
		const struct page_cell cells[] = {
			{ column->info->name, 12, ALIGN_LEFT, ROLE_KEY },
			{ column->flags & COLUMN_DEFAULT      ? column->title
				: column->flags & COLUMN_WIDE ? "wide"
							      : "",
				10, ALIGN_LEFT, ROLE_DIM },
			{ column->info->help, 30, ALIGN_LEFT, ROLE_NORMAL },
		};

		page_cells(page, cells, G_N_ELEMENTS(cells));
	}
}

static void
add_look(struct page *page, const struct env *env, const struct look *look, const char *word)
{
	const char ascii[] = { look->ascii, '\0' };
	const struct page_cell cells[] = {
		{ env->row.ascii ? ascii : look->glyph, 1, ALIGN_LEFT, look->role },
		{ word, 12, ALIGN_LEFT, ROLE_NORMAL },
		{ look->help, 30, ALIGN_LEFT, ROLE_NORMAL },
	};

	page_cells(page, cells, G_N_ELEMENTS(cells));
}

static void
help_fill(struct view *view, struct page *page)
{
	add_keys(page, view->env);
	add_commands(page);
	add_queries(page);
	page_section(page, "States of hosts");
	for (int i = 0; i < LINK_STATE_COUNT; i++)
		add_look(page, view->env, link_look((enum link_state)i), link_state_word((enum link_state)i));
	page_section(page, "States of VMs (a '?' behind one: as it was when its host last answered)");
	for (int i = 0; i < VM_STATE_COUNT; i++)
		add_look(page, view->env, vm_look((enum vm_state)i), vm_state_name((enum vm_state)i));
	add_columns(page, &host_rows, "Columns of hosts");
	add_columns(page, &vm_rows, "Columns of VMs");
	add_columns(page, &group_rows, "Columns of groups");
}

const struct view_ops help_view = {
	.name = "help",
	.help = "Keys, commands and columns",
	.target = TARGET_NONE,
	.keys = help_keys,
	.fill = help_fill,
	.least = 90,
};
