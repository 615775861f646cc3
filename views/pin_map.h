/*
 * pin_map: a guest's threads by its host's physical CPUs, as they are and as the operator wants them; shared by
 * views/pin*.c alone. What is wanted is kept until it is so or taken back, whatever snapshots come. UI thread only.
 */
#pragma once

#include "actions/pinning.h"
#include "fleet/pins.h"

/* A row: one thread. */
struct pin_line {
	enum pin_what what;
	unsigned number;
	const struct pin_row *is; /* in pin_map.pins */
	bool wants;               /* something else than is … */
	struct cpu_set wanted;    /* … namely this, with wants */
};

struct pin_map {
	const struct vm_pins *pins; /* referenced; NULL: not read yet */
	struct pinning_host *host;  /* columns, and what others have there; NULL: not known */
	const struct host_snap *snap; /* referenced: whose columns these are */
	GArray *lines;              /* struct pin_line */
	unsigned scope;             /* enum pin_scope */
	guint row, column;          /* the cursor */
	bool range;                 /* from the corner below to the cursor */
	guint corner_row, corner_column;
	guint top, left;            /* the first line and column shown */
};

/* The lines and columns that the cursor means: its own cell, or the range. */
struct pin_area {
	guint row, rows, column, columns;
};

void pin_map_init(struct pin_map *map);
void pin_map_done(struct pin_map *map);
/* VM's pins and its host's CPUs as they are by now; what is wanted stays, but for what has come true. */
void pin_map_take(struct pin_map *map, const struct vm *vm);

static inline struct pin_line *
pin_map_line(const struct pin_map *map, guint i)
{
	return &g_array_index(map->lines, struct pin_line, i);
}
guint pin_map_columns(const struct pin_map *map);
struct pin_area pin_map_area(const struct pin_map *map);

/* Where the line's thread may run as far as the scope goes: now, else from its next start on. No bytes: not known. */
const struct cpu_set *pin_line_is(const struct pin_map *map, const struct pin_line *line);
/* The same, or what is wanted instead. */
const struct cpu_set *pin_line_shown(const struct pin_map *map, const struct pin_line *line);
/* What runs and what is kept are known and not the same. */
bool pin_line_differs(const struct pin_line *line);
/* Why nothing can be changed about it; NULL: it can. */
const char *pin_line_obstacle(const struct pin_map *map, const struct pin_line *line);

/* All of AREA on, or off where all of it is on. Lines with an obstacle stay. */
void pin_map_toggle(struct pin_map *map, const struct pin_area *area);
/* These lines are to have SET. */
void pin_map_set(struct pin_map *map, const struct pin_area *area, const struct cpu_set *set);
void pin_map_forget(struct pin_map *map, guint row, guint rows); /* wants of these lines */
enum pinning_fault pin_map_preset(struct pin_map *map, const struct pin_wish *wish);

/* How many lines want something. */
guint pin_map_wants(const struct pin_map *map);
/* All that is wanted, as text for the verb; NULL with FLEET_ERROR when a line would have no CPU left. Caller frees. */
char *pin_map_changes(const struct pin_map *map, GError **error);
/* How many vCPUs would claim the CPU in COLUMN: of others, and of this guest as it is shown. */
double pin_map_claims(const struct pin_map *map, guint column);
