/* pulse: what happened last. */
#include "views/events.h"
#include "views/pulse.h"

#define SHORT 8 /* rows in which faults come first */

static void
draw_event(struct view *view, const struct pane *pane, int y, const struct event *event)
{
	struct pulse *pulse = view->state;
	const struct look *look = event_look(event->level);
	g_autofree char *subject = event_subject(event), *words = event_words(event);
	struct spot spot = { .section = PULSE_EVENTS, .key = event->subject };
	char clock[EVENT_CLOCK];
	int x;

	event_clock(event, view->env->row.now_us, clock);
	pane_text(pane, y, 1, -1, ROLE_DIM, clock);
	pane_glyph(pane, y, 11, look->role, look->glyph, look->ascii);
	x = 13 + pane_text(pane, y, 13, -1, look->role == ROLE_DIM ? ROLE_NORMAL : look->role, subject);
	pane_text(pane, y, x + 1, -1, ROLE_NORMAL, words);
	spots_add(pulse->spots, pane, y, 1, pane->cols - 1, &spot);
}

/* What is below the level that was asked for first fills what is left. */
static void
fill_up(GPtrArray *events, const GPtrArray *more, enum event_level below, guint room)
{
	for (guint i = 0; i < more->len && events->len < room; i++) {
		const struct event *event = more->pdata[i];

		if (event->level < below)
			g_ptr_array_add(events, (gpointer)(uintptr_t)event_ref(event));
	}
}

bool
pulse_has_events(struct view *view)
{
	g_autoptr(GPtrArray) events = events_latest(view->env, EVENT_INFO, 1);

	return events->len > 0;
}

void
pulse_draw_events(struct view *view, const struct pane *pane)
{
	size_t room = (size_t)MAX(pane->rows - 1, 0);
	enum event_level first = room < SHORT ? EVENT_WARN : EVENT_INFO;
	g_autoptr(GPtrArray) events = events_latest(view->env, first, room);
	g_autoptr(GPtrArray) others = events_latest(view->env, EVENT_INFO, first == EVENT_INFO ? 0 : room);

	fill_up(events, others, first, (guint)room);
	pane_text(pane, 0, 1, -1, ROLE_COLUMN, "last events");
	for (guint i = 0; i < events->len; i++)
		draw_event(view, pane, (int)i + 1, events->pdata[i]);
	if (events->len == 0)
		pane_text(pane, 1, 1, -1, ROLE_DIM, "none");
}
