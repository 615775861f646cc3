/* journal: who did what, as it was written down – by all that write to the same file. */
#include "views/catalog.h"
#include "views/journal_rows.h"
#include "views/request.h"
#include "views/stack.h"

#include <string.h>

/* The guest with the act's uuid, on whatever host it is now. */
static bool
find_guest(const struct env *env, const struct journal_act *act, struct row_key *key)
{
	*key = (struct row_key){ .host = 0 };
	if (!act->uuid || !uuid_parse(act->uuid, key->uuid))
		return false;
	while (key->host < env->snap->nhosts && !env_shows(env, key))
		key->host++;
	return key->host < env->snap->nhosts;
}

static bool
journal_request(struct view *view, int request)
{
	const struct journal_act *act;
	struct row_key key;

	if (request != REQ_OPEN)
		return false;
	act = list_current(view->list, &key) ? journal_source_find(view->state, &key) : NULL;
	if (act && find_guest(view->env, act, &key))
		stack_open(view->env->stack, &vm_view, &key);
	else if (act)
		env_notice(view->env, ROLE_WARN, "%s is not there", act->vm ? act->vm : "its guest");
	return true;
}

static void
append_results(GString *text, const struct rows *rows)
{
	static const char *const words[] = { "done", "failed", "cancelled", "unknown" };
	unsigned counts[G_N_ELEMENTS(words)] = { 0 };

	for (size_t i = 0; i < rows_matched(rows); i++) {
		const struct journal_act *act = rows_data(rows)[i];

		for (size_t j = 0; j < G_N_ELEMENTS(words); j++)
			counts[j] += act->result && strcmp(act->result, words[j]) == 0;
	}
	for (size_t j = 0; j < G_N_ELEMENTS(words); j++)
		if (counts[j])
			g_string_append_printf(text, ", %u %s", counts[j], words[j]);
}

static char *
journal_summary(struct view *view)
{
	const struct journal_source *source = view->state;
	const struct rows *rows = list_rows(view->list);
	const char *path = view->env->row.journal, *dot = env_dot(view->env);
	size_t n = rows_matched(rows), total = rows_total(rows);
	GString *text = g_string_new(NULL);

	if (!path)
		return g_strdup("what is done to simulated guests is not written down");
	if (source->error)
		return g_strdup(source->error);
	if (!source->known)
		return g_strdup_printf("reading %s", path);
	if (n == total)
		g_string_printf(text, "%zu act%s", n, n == 1 ? "" : "s");
	else
		g_string_printf(text, "%zu of %zu acts", n, total);
	append_results(text, rows);
	g_string_append_printf(text, "%s%s", dot, path);
	return g_string_free(text, FALSE);
}

static void
journal_done(struct view *view)
{
	journal_source_done(view->state);
}

const struct view_ops journal_view = {
	.name = "journal",
	.help = "Who did what, as it was written down, the newest first",
	.target = TARGET_NONE,
	.kind = &journal_rows,
	.state_size = sizeof(struct journal_source),
	.request = journal_request,
	.summary = journal_summary,
	.done = journal_done,
};
