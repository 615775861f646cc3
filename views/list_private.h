/* list_private: shared by views/list*.c alone. */
#pragma once

#include "tui/table.h"
#include "views/list.h"

struct list {
	const struct row_kind *kind;
	struct env *env;
	struct rows *rows;
	struct table table;
	struct pane pane; /* of the last draw, for the mouse */

	GPtrArray *columns;    /* const struct column *, as shown */
	GArray *table_columns; /* struct table_column, the same */
	unsigned updates;
	int64_t checked_us;  /* when marks and widths were looked through last … */
	size_t checked_rows; /* … and how many rows there were */

	GArray *widest; /* int: of each COLUMN_FIT column, the width of its widest text */
	bool chosen;    /* by :columns or `w`; else they come and go with the room there is */
	bool wide;

	struct rows_query query;
	struct filter *filter; /* query's; NULL: none */
	char *home;            /* the filter it was opened with; NULL: none */

	/* The row the operator put the cursor on. Until he does, the cursor stays at the top, whatever comes there. */
	bool placed;
	struct row_key wanted;
	bool follow;

	GHashTable *marks; /* struct row_key */
	bool ranging;
	struct row_key anchor; /* where the range began */
};

/* ---- list.c ---- */

/* The cursor is where the operator wants it. */
void list_place_cursor(struct list *list);
void list_move(struct list *list, enum table_move how);
/* Is there such a row in the snapshot, shown or not? */
bool list_row_exists(const struct list *list, const struct row_key *key);

/* ---- list_columns.c: which columns, how wide, and by which of them the rows are sorted ---- */

/* Gives columns the width that their texts ask for, on a screen of COLS. */
void list_fit_columns(struct list *list, int cols);
/* Looks through all rows for wider texts. */
void list_measure_columns(struct list *list);
void list_toggle_wide(struct list *list);
size_t list_sort_place(const struct list *list); /* among the columns; their number: none */
void list_sort_by(struct list *list, const struct column *column);
void list_sort_move(struct list *list, int by);  /* to the next column on the screen */
/* The order is another one: makes the rows anew. */
void list_sort_changed(struct list *list);

/* ---- list_marks.c ---- */

void list_mark_row(struct list *list);
void list_range(struct list *list);
void list_range_end(struct list *list);
/* First and last row of the range under way; false: none. */
bool list_range_bounds(const struct list *list, size_t *from, size_t *to);
void list_invert_marks(struct list *list);
/* Marks of rows that are gone must not count. */
void list_drop_dead_marks(struct list *list);

/* ---- list_draw.c ---- */

/* EMPTY: shown instead of rows. */
struct table_source list_table_source(struct list *list, const char *empty);
