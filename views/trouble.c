#include "views/trouble.h"

#include <string.h>

#define NAMES_SHOWN 6
#define TEXT_SIZE   512

static void
trouble_clear(gpointer pointer)
{
	struct trouble *trouble = pointer;

	g_free(trouble->subject);
	g_free(trouble->text);
}

static void
add(GArray *out, enum severity severity, const char *subject, const char *text)
{
	struct trouble trouble = {
		.severity = severity, .subject = g_strdup(subject), .text = g_strdup(text)
	};

	g_array_append_val(out, trouble);
}

static void
find_hosts(const struct fleet_snap *snap, const struct row_ctx *ctx, GArray *out)
{
	for (size_t i = 0; i < snap->nhosts; i++) {
		char text[TEXT_SIZE];
		enum severity severity = host_rows.fault(ctx, snap->hosts[i], text, sizeof(text));

		if (severity != SEVERITY_NONE)
			add(out, severity, snap->hosts[i]->name, text);
	}
}

/* Guests that share a trouble share a line. */
struct group {
	const char *what;
	enum severity severity;
	bool (*has)(const struct row_ctx *ctx, const struct vm *vm);
	unsigned count;
	GString *names;
};

static bool
is_crashed(const struct row_ctx *ctx G_GNUC_UNUSED, const struct vm *vm)
{
	return vm_plight(vm) == PLIGHT_CRASHED;
}

static bool
is_halted(const struct row_ctx *ctx G_GNUC_UNUSED, const struct vm *vm)
{
	return vm_plight(vm) == PLIGHT_HALTED;
}

static bool
is_silent(const struct row_ctx *ctx G_GNUC_UNUSED, const struct vm *vm)
{
	return vm_plight(vm) == PLIGHT_SILENT;
}

static bool
is_starving(const struct row_ctx *ctx, const struct vm *vm)
{
	return VM_HAS(vm, VM_READY) && vm->value[VM_READY] >= (double)ctx->config->ready_bad_pct;
}

static void
group_add(struct group *group, const struct vm *vm)
{
	if (group->count < NAMES_SHOWN)
		g_string_append_printf(
			group->names, "%s%s@%s", group->count ? ", " : "", vm->name, vm->host->name);
	else if (group->count == NAMES_SHOWN)
		g_string_append(group->names, " and more");
	group->count++;
}

static void
find_guests(const struct fleet_snap *snap, const struct row_ctx *ctx, GArray *out)
{
	struct group groups[] = {
		{ .what = "crashed", .severity = SEVERITY_BAD, .has = is_crashed },
		{ .what = "halted by an error", .severity = SEVERITY_BAD, .has = is_halted },
		{ .what = "frozen, or its monitor is", .severity = SEVERITY_BAD, .has = is_silent },
		{ .what = "waiting long for a CPU", .severity = SEVERITY_WARN, .has = is_starving },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(groups); i++)
		groups[i].names = g_string_new(NULL);
	for (size_t i = 0; i < snap->nhosts; i++) {
		const struct host_snap *host = snap->hosts[i];

		for (size_t j = 0; host_snap_fresh(host, ctx->now_us) && j < host->nvms; j++)
			for (size_t k = 0; k < G_N_ELEMENTS(groups); k++)
				if (!host->vms[j].is_dom0 && groups[k].has(ctx, &host->vms[j]))
					group_add(&groups[k], &host->vms[j]);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
		g_autofree char *subject =
			g_strdup_printf("%u VM%s", groups[i].count, groups[i].count == 1 ? "" : "s");
		g_autofree char *text = g_strdup_printf("%s: %s", groups[i].what, groups[i].names->str);

		if (groups[i].count)
			add(out, groups[i].severity, subject, text);
		g_string_free(groups[i].names, TRUE);
	}
}

static gint
compare_severity(gconstpointer a, gconstpointer b)
{
	const struct trouble *left = a, *right = b;

	return (gint)right->severity - (gint)left->severity;
}

GArray *
trouble_find(const struct fleet_snap *snap, const struct row_ctx *ctx)
{
	GArray *out = g_array_new(FALSE, FALSE, sizeof(struct trouble));

	g_array_set_clear_func(out, trouble_clear);
	find_guests(snap, ctx, out);
	find_hosts(snap, ctx, out);
	g_array_sort(out, compare_severity); /* stable: hosts stay in their order */
	return out;
}

static void
draw_trouble(const struct pane *pane, int y, const struct trouble *trouble)
{
	enum role role = trouble->severity == SEVERITY_BAD ? ROLE_BAD : ROLE_WARN;
	int x;

	pane_glyph(pane, y, 1, role, trouble->severity == SEVERITY_BAD ? "✕" : "!",
		trouble->severity == SEVERITY_BAD ? 'x' : '!');
	x = 3 + pane_text(pane, y, 3, -1, role, trouble->subject);
	pane_text(pane, y, x + 1, -1, ROLE_NORMAL, trouble->text);
}

void
trouble_draw(const struct env *env, const struct pane *pane)
{
	g_autoptr(GArray) troubles = trouble_find(env->snap, &env->row);
	unsigned connecting = env->totals.by_link[LINK_CONNECTING], silent = env->totals.silent - connecting;
	int room = pane->rows - 1, n = (int)troubles->len, shown = n > room ? room - 1 : n;

	pane_text(pane, 0, 1, -1, ROLE_COLUMN, "trouble");
	if (connecting)
		pane_printf(pane, 0, 10, ROLE_DIM, "(still connecting to %u host%s)", connecting,
			connecting == 1 ? "" : "s");
	else if (silent)
		pane_printf(pane, 0, 10, ROLE_DIM, "(sums leave out %u host%s not answering)", silent,
			silent == 1 ? "" : "s");
	for (int i = 0; i < shown; i++)
		draw_trouble(pane, i + 1, &g_array_index(troubles, struct trouble, i));
	if (shown < n && room > 0)
		pane_printf(pane, room, 3, ROLE_DIM, "and %d more: ! shows the hosts", n - MAX(shown, 0));
	if (n == 0)
		pane_text(pane, 1, 1, -1, ROLE_DIM, connecting ? "nothing yet" : "none");
}
