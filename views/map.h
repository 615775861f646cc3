/* map: the heat map's cells, where they are, and the view; shared by views/map*.c alone. UI thread only. */
#pragma once

#include "views/columns.h"
#include "views/view.h"

#define MAP_LEVELS 8

/* What colours a cell. */
enum map_measure { MAP_CPU, MAP_MEM, MAP_READY, MAP_DENSITY, MAP_NET, MAP_DISK, MAP_AGE, MAP_MEASURES };
/* What cells stand together by. */
enum map_grouping { MAP_BY_SITE, MAP_BY_HYPERVISOR, MAP_BY_TAG, MAP_BY_NOTHING, MAP_GROUPINGS };

/* A host or a guest. */
struct map_cell {
	const void *row;
	const struct look *look; /* a state that is shown instead of a number; NULL: none */
	double number;           /* NAN: not known */
};

struct map_group {
	const char *name; /* the config's or a snapshot's; NULL: the hosts that have none */
	size_t first, count;
};

struct map_cells {
	bool guests;
	enum map_measure measure;
	double full;   /* the number that is the highest level */
	GArray *cells; /* struct map_cell, by group */
	GArray *groups; /* struct map_group, by name; none of them is empty */
};

/* ---- map_cells.c ---- */

void map_cells_init(struct map_cells *cells);
void map_cells_done(struct map_cells *cells);
/* Makes the cells anew. Rows are SNAP's. A pass over all guests. */
void map_cells_gather(struct map_cells *cells, const struct fleet_snap *snap, const struct row_ctx *ctx, bool guests,
                      enum map_measure measure, enum map_grouping grouping);

const char *map_measure_name(enum map_measure measure);
bool map_measure_of_guests(enum map_measure measure); /* guests have it, too */
const char *map_grouping_name(enum map_grouping grouping);

/* 0 to MAP_LEVELS - 1, -1: not known, or a state is shown instead. */
int map_cell_level(const struct map_cells *cells, const struct map_cell *cell);
/* How much a cell deserves to be seen, for choosing one of several: what is lost or crashed, then the highest number. */
double map_cell_rank(const struct map_cells *cells, const struct map_cell *cell);
struct row_key map_cell_key(const struct map_cells *cells, const struct map_cell *cell);
const char *map_cell_name(const struct map_cells *cells, const struct map_cell *cell);
/* The number in words, "-" when not known. */
void map_cell_text(const struct map_cells *cells, const struct map_cell *cell, char *out, size_t size);
/* The scale: "0%" and "100%", and what lies between. */
struct map_scale {
	char low[24], high[24];
	const char *note; /* NULL: evenly */
};
void map_scale_of(const struct map_cells *cells, struct map_scale *out);

/* ---- map_layout.c ---- */

/* Columns of a bar and of a number beside a name. */
#define MAP_BAR    2
#define MAP_NUMBER 6

/* A place on the screen for one cell, or for several of which the worst is shown. */
struct map_slot {
	size_t cell;         /* the one shown, in map_cells.cells */
	size_t first, count; /* those it stands for */
};

struct map_line {
	size_t first, count; /* in slots */
	size_t group;
	bool titled;         /* the first of its group */
};

struct map_layout {
	GArray *slots, *lines; /* struct map_slot, struct map_line */
	int label;             /* columns of the names of groups, at the left; 0: there are none */
	int width;             /* columns of a slot, the blank between two included */
	int name;              /* of these, for the name; 0: there is no room for names */
	int per_line;
	size_t pack;           /* cells in a slot at most */
};

void map_layout_init(struct map_layout *layout);
void map_layout_done(struct map_layout *layout);
/* With names if all lines fit into ROWS x COLS; else as wide as they do; then several cells a slot; where even a line per group is too much, there are
 * more lines than ROWS. */
void map_layout_make(struct map_layout *layout, const struct map_cells *cells, int rows, int cols);
/* The line that SLOT is on. */
size_t map_layout_line(const struct map_layout *layout, size_t slot);

/* ---- the view ---- */

struct map {
	bool guests;
	enum map_measure measure;
	enum map_grouping grouping;
	const struct fleet_snap
		*snap; /* that the cells were made of, referenced; NULL: they are out of date */
	struct map_cells cells;
	struct map_layout layout;
	bool has_cursor;
	struct row_key key; /* what the cursor is on … */
	size_t cursor;      /* … and its slot */
	size_t top;         /* the first line shown */
	struct pane shown;  /* where lines were drawn last, … */
	int rows, cols;     /* … and what there was room for */
};

static inline const struct map_cell *
map_cell_at(const struct map *map, size_t i)
{
	return &g_array_index(map->cells.cells, struct map_cell, i);
}

static inline const struct map_slot *
map_slot_at(const struct map *map, size_t i)
{
	return &g_array_index(map->layout.slots, struct map_slot, i);
}

static inline const struct map_line *
map_line_at(const struct map *map, size_t i)
{
	return &g_array_index(map->layout.lines, struct map_line, i);
}

/* ---- map_draw.c ---- */

void map_draw_line(const struct map *map, const struct pane *pane, int y, const struct map_line *line);
/* "CPU of 221 hosts by site", and the scale. */
void map_draw_legend(const struct map *map, const struct pane *pane);
/* What the cursor is on, by name and number. */
void map_draw_named(const struct map *map, const struct env *env, const struct pane *pane, int y);
