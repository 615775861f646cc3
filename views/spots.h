/*
 * spots: places on a screen that is no table – a line of a list, a cell of a map – that a cursor can stand on and Enter
 * leads on from. They are named anew with each frame; the cursor belongs to what the place is about, not to where it is.
 * UI thread only.
 */
#pragma once

#include "fleet/model.h"
#include "tui/canvas.h"

struct view_ops;

/* What a spot is about: a host or a guest, or the rows of a table. */
struct spot {
	unsigned section;               /* the list it is in: Tab goes from one to the next */
	struct row_key key;             /* where table is NULL */
	const struct view_ops *table;   /* … */
	const char *query;              /* its filter, copied; NULL: none */
};

struct spots;

struct spots *spots_new(void);
void spots_free(struct spots *spots); /* accepts NULL */

/* Before a frame is drawn: forgets the places, not the cursor. */
void spots_begin(struct spots *spots);
/* WIDTH columns at (Y,X) of PANE are SPOT; those outside of PANE are none. */
void spots_add(struct spots *spots, const struct pane *pane, int y, int x, int width, const struct spot *spot);
/* After all is drawn: shows the cursor, moved to where its subject is now; to its neighbour when that is gone. */
void spots_draw(struct spots *spots, struct canvas *canvas);

/* Moves the cursor, the first time shows it: up, down, left, right, first, last, next, previous; BACK hides it. True: done. */
bool spots_request(struct spots *spots, int request);
/* Puts the cursor where (Y,X) of the screen is; false: there is no spot. */
bool spots_click(struct spots *spots, int y, int x);
/* What the cursor is on; false: no cursor is shown. Borrowed until the next change. */
bool spots_current(const struct spots *spots, struct spot *out);
