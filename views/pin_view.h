/* pin_view: the view over a pin map, and how it is drawn; shared by views/pin*.c alone. UI thread only. */
#pragma once

#include "views/pin_map.h"
#include "views/view.h"

struct pin_view {
	struct pin_map map;
	struct pane cells; /* where the map's cells were drawn last */
	guint rows;        /* … and how many lines there was room for */
};

/* Draws MAP of VM (not NULL) into PANE and notes where. */
void pin_draw(struct pin_view *state, const struct env *env, const struct vm *vm, const struct pane *pane);

/* ---- pin_layout.c ---- */

#define PIN_LABEL      13    /* columns before the cells: a mark and a thread's name */
#define PIN_CLAIMS_MAX 1.001 /* vCPUs on a CPU, as sums of parts are */

/* Where columns are: with a blank between cores if all have room then, else only between cells. */
struct pin_layout {
	const struct pin_map *map;
	bool cores;
	int width;
};

struct pin_layout pin_layout_of(const struct pin_map *map, int width);
/* From the left edge of column FIRST to that of column I. */
int pin_layout_distance(const struct pin_layout *layout, guint first, guint i);
/* Scrolls so far that the cursor's column is there, no farther than needed. */
void pin_layout_show(const struct pin_layout *layout, struct pin_map *map);
/* Calls DRAW for each column that is shown. */
void pin_layout_each(const struct pin_layout *layout,
                     void (*draw)(const struct pin_layout *layout, guint column, int x, void *ctx), void *ctx);
/* The column at X of the cells as they were drawn last; as many as there are: none. */
guint pin_draw_column_at(const struct pin_view *state, int x);
/* The lines above the cells: those that are a must, then the others as far as ROOM (lines) goes. Returns the line below. */
int pin_draw_headers(const struct pin_layout *layout, const struct env *env, const struct pane *pane, int y, int room);

/* ---- pin_words.c ---- */

/* "live and persistent" and so on. */
const char *pin_scope_words(unsigned scope);
/* The first line: whose pins, for when, and what Enter would do. */
void pin_draw_state(const struct pin_view *state, const struct env *env, const struct vm *vm, const struct pane *pane);
/* The CPU, and the thread, that the cursor is on. */
void pin_draw_cpu_words(const struct pin_map *map, const struct env *env, const struct vm *vm, const struct pane *pane,
                        int y);
void pin_draw_line_words(const struct pin_map *map, const struct env *env, const struct pane *pane, int y);
/* What can't be read or pinned at all. Returns the line below. */
int pin_draw_gaps(const struct pin_map *map, const struct pane *pane, int y);
/* The presets by key and name, that of WISH (NULL: none) apart from the others. */
void pin_draw_presets(const struct env *env, const char *view, const struct pin_wish *wish, const struct pane *pane,
                      int y);
