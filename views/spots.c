#include "views/spots.h"

#include "fleet/snapshot.h"
#include "views/request.h"

#include <stdlib.h>
#include <string.h>

#define NONE     G_MAXUINT
#define OFF_LINE 4 /* to leave the line or column costs so many times its distance */

/* Where a spot is on the screen. */
struct place {
	int y, x, width;
	struct spot spot; /* query: owned */
};

struct spots {
	GArray *places;    /* struct place */
	guint cursor;      /* in places, NONE: not shown; holds until they are named anew */
	struct place held; /* what the cursor was on then, and … */
	guint held_at;     /* … its number in its section */
	bool holds;
};

static void
place_clear(gpointer place)
{
	g_free((gpointer)(uintptr_t)((struct place *)place)->spot.query);
}

struct spots *
spots_new(void)
{
	struct spots *spots = g_new0(struct spots, 1);

	spots->places = g_array_new(FALSE, FALSE, sizeof(struct place));
	g_array_set_clear_func(spots->places, place_clear);
	spots->cursor = NONE;
	return spots;
}

void
spots_free(struct spots *spots)
{
	if (!spots)
		return;
	place_clear(&spots->held);
	g_array_free(spots->places, TRUE);
	g_free(spots);
}

static struct place *
place_at(const struct spots *spots, guint i)
{
	return &g_array_index(spots->places, struct place, i);
}

/* ---- frames ---- */

void
spots_begin(struct spots *spots)
{
	spots->holds = spots->cursor != NONE;
	if (spots->holds) {
		place_clear(&spots->held);
		spots->held = *place_at(spots, spots->cursor);
		spots->held.spot.query = g_strdup(spots->held.spot.query);
		spots->held_at = 0;
		for (guint i = 0; i < spots->cursor; i++)
			spots->held_at += place_at(spots, i)->spot.section == spots->held.spot.section;
	}
	g_array_set_size(spots->places, 0);
	spots->cursor = NONE;
}

void
spots_add(struct spots *spots, const struct pane *pane, int y, int x, int width, const struct spot *spot)
{
	struct place place = {
		.y = pane->y + y, .x = pane->x + x, .width = MIN(width, pane->cols - x), .spot = *spot
	};

	if (y < 0 || y >= pane->rows || place.width <= 0)
		return;
	place.spot.query = g_strdup(spot->query);
	g_array_append_val(spots->places, place);
}

static bool
same_subject(const struct spot *a, const struct spot *b)
{
	return a->section == b->section && a->table == b->table && g_strcmp0(a->query, b->query) == 0 &&
	       (a->table || row_key_equal(&a->key, &b->key));
}

/* Where the cursor belongs now. */
static guint
find_held(const struct spots *spots)
{
	guint neighbour = NONE, at = 0;

	for (guint i = 0; i < spots->places->len; i++) {
		const struct spot *spot = &place_at(spots, i)->spot;

		if (same_subject(spot, &spots->held.spot))
			return i;
		if (spot->section == spots->held.spot.section && at++ <= spots->held_at)
			neighbour = i;
	}
	return neighbour != NONE || spots->places->len == 0 ? neighbour : 0;
}

void
spots_draw(struct spots *spots, struct canvas *canvas)
{
	struct pane screen = pane_whole(canvas);
	const struct place *place;

	if (spots->holds)
		spots->cursor = find_held(spots);
	spots->holds = false;
	if (spots->cursor == NONE)
		return;
	place = place_at(spots, spots->cursor);
	pane_restyle(&screen, place->y, place->x, place->width, ROLE_CURSOR, 0);
}

/* ---- moving ---- */

/* Columns between two places, 0 when one is above the other. */
static int
columns_between(const struct place *a, const struct place *b)
{
	return MAX(MAX(b->x - (a->x + a->width), a->x - (b->x + b->width)), 0);
}

/* How far it is from FROM to TO in the direction of REQUEST, -1: not that way. */
static int
distance(const struct place *from, const struct place *to, int request)
{
	int down = to->y - from->y, right = to->x - from->x;

	switch (request) {
	case REQ_DOWN:
		return down > 0 ? down + OFF_LINE * columns_between(from, to) : -1;
	case REQ_UP:
		return down < 0 ? -down + OFF_LINE * columns_between(from, to) : -1;
	case REQ_RIGHT:
		return right > 0 ? right + OFF_LINE * abs(down) : -1;
	case REQ_LEFT:
		return right < 0 ? -right + OFF_LINE * abs(down) : -1;
	default:
		return -1;
	}
}

static guint
find_nearest(const struct spots *spots, int request)
{
	guint nearest = spots->cursor;
	int least = -1;

	for (guint i = 0; i < spots->places->len; i++) {
		int far = distance(place_at(spots, spots->cursor), place_at(spots, i), request);

		if (far >= 0 && (least < 0 || far < least)) {
			least = far;
			nearest = i;
		}
	}
	return nearest;
}

/* The first spot of the section that comes STEP sections after the cursor's, round and round. */
static guint
find_section(const struct spots *spots, int step)
{
	guint n = spots->places->len, at = spots->cursor, section = place_at(spots, at)->spot.section;

	for (guint i = 0; i < n && place_at(spots, at)->spot.section == section; i++)
		at = (at + n + (guint)step) % n;
	section = place_at(spots, at)->spot.section;
	while (at > 0 && place_at(spots, at - 1)->spot.section == section)
		at--;
	return at;
}

static guint
find_end(const struct spots *spots, bool last)
{
	unsigned section = place_at(spots, spots->cursor)->spot.section;
	guint end = spots->cursor;

	for (guint i = 0; i < spots->places->len; i++)
		if (place_at(spots, i)->spot.section == section && (last ? i > end : i < end))
			end = i;
	return end;
}

static guint
find_target(const struct spots *spots, int request)
{
	switch (request) {
	case REQ_NEXT_BLOCK:
		return find_section(spots, 1);
	case REQ_PREVIOUS_BLOCK:
		return find_section(spots, -1);
	case REQ_FIRST:
	case REQ_LAST:
		return find_end(spots, request == REQ_LAST);
	default:
		return find_nearest(spots, request);
	}
}

bool
spots_request(struct spots *spots, int request)
{
	switch (request) {
	case REQ_UP:
	case REQ_DOWN:
	case REQ_LEFT:
	case REQ_RIGHT:
	case REQ_FIRST:
	case REQ_LAST:
	case REQ_NEXT_BLOCK:
	case REQ_PREVIOUS_BLOCK:
		if (spots->cursor != NONE)
			spots->cursor = find_target(spots, request);
		else if (spots->places->len)
			spots->cursor = 0;
		return true;
	case REQ_BACK:
		if (spots->cursor == NONE)
			return false;
		spots->cursor = NONE;
		return true;
	default:
		return false;
	}
}

bool
spots_click(struct spots *spots, int y, int x)
{
	for (guint i = 0; i < spots->places->len; i++) {
		const struct place *place = place_at(spots, i);

		if (place->y == y && x >= place->x && x < place->x + place->width) {
			spots->cursor = i;
			return true;
		}
	}
	return false;
}

bool
spots_current(const struct spots *spots, struct spot *out)
{
	if (spots->cursor == NONE)
		return false;
	*out = place_at(spots, spots->cursor)->spot;
	return true;
}
