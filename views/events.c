/* events: what happened, the newest first. */
#include "views/events.h"
#include "views/catalog.h"
#include "views/request.h"
#include "views/stack.h"

/* To the page of what the event is about, as long as that is there. */
static void
open_subject(struct view *view, const struct event *event)
{
	struct env *env = view->env;

	if (env_shows(env, &event->subject))
		stack_open(env->stack, event->subject.is_host ? &host_view : &vm_view, &event->subject);
	else
		env_notice(env, ROLE_WARN, "%s is no longer there", event->vm ? event->vm : event->host);
}

static bool
events_request(struct view *view, int request)
{
	const struct event *event;
	struct row_key key;

	if (request != REQ_OPEN)
		return false;
	event = list_current(view->list, &key) ? event_source_find(view->state, &key) : NULL;
	if (event)
		open_subject(view, event);
	return true;
}

static char *
events_summary(struct view *view)
{
	const struct rows *rows = list_rows(view->list);
	const char *dot = env_dot(view->env);
	size_t n = rows_count(rows), total = rows_total(rows);
	unsigned by_level[EVENT_BAD + 1] = { 0 };
	GString *text = g_string_new(NULL);

	for (size_t i = 0; i < n; i++)
		by_level[((const struct event *)rows_at(rows, i))->level]++;
	if (n == total)
		g_string_printf(text, "%zu event%s", n, n == 1 ? "" : "s");
	else
		g_string_printf(text, "%zu of %zu events", n, total);
	g_string_append_printf(text, "%s%u bad, %u to look at, %u good", dot, by_level[EVENT_BAD],
		by_level[EVENT_WARN], by_level[EVENT_GOOD]);
	g_string_append_printf(
		text, "%sthe last %" G_GINT64_FORMAT " are kept", dot, view->env->config->events_kept);
	return g_string_free(text, FALSE);
}

static void
events_done(struct view *view)
{
	event_source_done(view->state);
}

const struct view_ops events_view = {
	.name = "events",
	.help = "What happened, the newest first",
	.target = TARGET_NONE,
	.kind = &event_rows,
	.state_size = sizeof(struct event_source),
	.request = events_request,
	.summary = events_summary,
	.done = events_done,
};
