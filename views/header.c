#include "views/header.h"

#include "tui/cell.h"
#include "views/units.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define PIECES 13
#define RANKS  8
#define GAP    2

/* A piece of the line in a long form, a short one and none: it goes rather than being cut, for a part of a number is a
 * wrong number. */
struct piece {
	char forms[3][96];
	int rank; /* the lowest one gives way first; 0: never */
	enum role role;
	int form;
	bool right;
};

struct line {
	struct piece pieces[PIECES];
	size_t n;
};

static struct piece *
line_add(struct line *line, int rank, enum role role, bool right)
{
	struct piece *piece = &line->pieces[line->n++];

	g_assert(line->n <= PIECES);
	*piece = (struct piece){ .rank = rank, .role = role, .right = right };
	return piece;
}

static void
line_add_text(struct line *line, int rank, enum role role, const char *text)
{
	struct piece *piece = line_add(line, rank, role, false);

	g_strlcpy(piece->forms[0], text, sizeof(piece->forms[0]));
	if (!rank)
		g_strlcpy(piece->forms[1], text, sizeof(piece->forms[1]));
}

static void
add_badges(struct line *line, const struct env *env, const struct header_opts *opts)
{
	struct piece *piece;

	if (env->readonly)
		line_add_text(line, 0, ROLE_BADGE, "[RO]");
	if (env->demo)
		line_add_text(line, 0, ROLE_BADGE, "DEMO");
	if (opts->frozen) {
		char age[UNIT_TEXT];

		unit_age(age, env->now_us - opts->frozen_us);
		piece = line_add(line, 5, ROLE_WARN, false);
		snprintf(piece->forms[0], sizeof(piece->forms[0]), "FROZEN %s", age);
		snprintf(piece->forms[1], sizeof(piece->forms[1]), "FROZEN");
	}
}

static void
add_counts(struct line *line, const struct env *env)
{
	const struct host_totals *all = &env->totals.all;
	enum role role = env->totals.silent > env->totals.by_link[LINK_CONNECTING] ? ROLE_WARN : ROLE_HEADER;
	struct piece *piece = line_add(line, 3, role, false);

	snprintf(piece->forms[0], sizeof(piece->forms[0]), "%u/%u hosts up", all->up, all->hosts);
	snprintf(piece->forms[1], sizeof(piece->forms[1]), "%u/%u up", all->up, all->hosts);
	piece = line_add(line, 2, ROLE_HEADER, false);
	snprintf(piece->forms[0], sizeof(piece->forms[0]), "%u/%u VMs running", all->guests.running,
		all->guests.vms);
	snprintf(piece->forms[1], sizeof(piece->forms[1]), "%u/%u VMs", all->guests.running, all->guests.vms);
}

/* What is done elsewhere, in numbers that change slowly. */
static void
add_queue(struct line *line, const struct queue *queue)
{
	unsigned queued = queue_count(queue, JOB_QUEUED), begun = queue_pending(queue) - queued;
	unsigned late = queue_late_count(queue);
	bool paused = queued && queue_paused(queue);
	struct piece *piece;

	if (queue_pending(queue)) {
		piece = line_add(line, 6, paused ? ROLE_WARN : ROLE_INFO, false);
		if (queued)
			snprintf(piece->forms[0], sizeof(piece->forms[0]), "%u under way, %u %s", begun,
				queued, paused ? "paused" : "queued");
		else
			snprintf(piece->forms[0], sizeof(piece->forms[0]), "%u under way", begun);
		snprintf(piece->forms[1], sizeof(piece->forms[1]), "+%u", begun + queued);
	}
	if (late) {
		piece = line_add(line, 6, ROLE_WARN, false);
		snprintf(piece->forms[0], sizeof(piece->forms[0]), "%u did not go", late);
		snprintf(piece->forms[1], sizeof(piece->forms[1]), "!%u", late);
	}
}

static void
add_work(struct line *line, const struct header_opts *opts)
{
	struct piece *piece;

	add_queue(line, opts->work);
	if (opts->questions) {
		piece = line_add(line, 6, ROLE_WARN, false);
		snprintf(piece->forms[0], sizeof(piece->forms[0]), "%u question%s", opts->questions,
			opts->questions == 1 ? "" : "s");
		snprintf(piece->forms[1], sizeof(piece->forms[1]), "?%u", opts->questions);
	}
}

static void
add_filter(struct line *line, struct view *view)
{
	struct piece *piece;
	const char *filter = view->list ? list_filter(view->list) : "";

	if (!*filter && !(view->list && list_faults(view->list)))
		return;
	piece = line_add(line, 7, ROLE_INFO, false);
	snprintf(piece->forms[0], sizeof(piece->forms[0]), "%s%s%s",
		list_faults(view->list) ? "! faults " : "", *filter ? "/ " : "", filter);
	snprintf(piece->forms[1], sizeof(piece->forms[1]), "%s%s%.10s", list_faults(view->list) ? "!" : "",
		*filter ? "/" : "", filter);
}

static void
add_time(struct line *line, struct view *view)
{
	int64_t oldest = view_oldest_us(view);
	time_t seconds = (time_t)(view->env->wall_us / 1000000);
	struct piece *piece = line_add(line, 4, ROLE_HEADER, true);
	char age[UNIT_TEXT] = "-";
	struct tm tm;

	if (oldest >= 0)
		unit_age(age, oldest);
	snprintf(piece->forms[0], sizeof(piece->forms[0]), "oldest %3s", age);
	snprintf(piece->forms[1], sizeof(piece->forms[1]), "%3s", age);
	piece = line_add(line, 8, ROLE_HEADER, true);
	localtime_r(&seconds, &tm);
	strftime(piece->forms[0], sizeof(piece->forms[0]), "%H:%M:%S", &tm);
	strftime(piece->forms[1], sizeof(piece->forms[1]), "%H:%M", &tm);
}

static int
line_width(const struct line *line)
{
	int width = 0;

	for (size_t i = 0; i < line->n; i++) {
		int own = text_width(line->pieces[i].forms[line->pieces[i].form]);

		width += own ? own + GAP : 0;
	}
	return MAX(width - GAP, 0);
}

static void
line_shrink(struct line *line, int cols)
{
	for (int form = 1; form <= 2; form++)
		for (int rank = 1; rank <= RANKS && line_width(line) > cols; rank++)
			for (size_t i = 0; i < line->n; i++)
				if (line->pieces[i].rank == rank)
					line->pieces[i].form = form;
}

void
header_draw(struct view *view, const struct header_opts *opts, const struct pane *pane)
{
	g_autofree char *title = view_title(view);
	struct line line = { .n = 0 };
	int left = 0, right = pane->cols;

	line_add_text(&line, 1, ROLE_TITLE, "virt-fleet");
	line_add_text(&line, 0, ROLE_TITLE, title);
	add_badges(&line, view->env, opts);
	add_counts(&line, view->env);
	add_work(&line, opts);
	add_filter(&line, view);
	add_time(&line, view);
	line_shrink(&line, pane->cols);

	pane_fill(pane, 0, 0, -1, ROLE_HEADER);
	for (size_t i = line.n; i-- > 0;) {
		const struct piece *piece = &line.pieces[i];
		const char *text = piece->forms[piece->form];

		if (!piece->right || !*text)
			continue;
		right -= text_width(text);
		pane_text(pane, 0, right, -1, piece->role, text);
		right -= GAP;
	}
	for (size_t i = 0; i < line.n; i++) {
		const struct piece *piece = &line.pieces[i];
		const char *text = piece->forms[piece->form];

		if (piece->right || !*text || left >= right)
			continue;
		left += pane_text(pane, 0, left, right - left, piece->role, text) + GAP;
	}
}
