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
	unsigned updates;
	int64_t checked_us; /* when all rows and marks were looked through last … */
	unsigned rosters;   /* … and which rows there were then */

	/* ---- columns ---- */
	GPtrArray *columns;    /* const struct column *, as shown */
	GArray *table_columns; /* struct table_column, the same */
	GArray *widest;        /* int: of each COLUMN_FIT column, the width of its widest text so far */
	GArray *widths;        /* int: of each column, as asked for; 0: not */
	size_t measured;       /* so many of the rows' texts; all: until there are others */
	bool chosen;           /* by :columns or `w`; else they come and go with the room there is */
	bool wide;

	struct rows_query query;
	struct filter *filter; /* query's; NULL: none */
	char *home;            /* the filter it was opened with; NULL: none */

	/* ---- groups ---- */
	struct grouping grouping; /* query's */
	char *label;              /* grouping's */
	GHashTable *folds;        /* struct row_key: query.folding's exceptions */

	/* The row the operator put the cursor on. Until he does, the cursor stays at the top, whatever comes there. */
	bool placed;
	struct row_key wanted;
	bool follow;

	/* ---- marks ---- */
	GHashTable *marks; /* struct row_key */
	unsigned marked;   /* how often they were changed … */
	struct {
		unsigned updates, marked;
		unsigned hidden;
	} seen; /* … and what was hidden of them when it was looked last */
	bool ranging;
	struct row_key anchor; /* where the range began */
};

/* ---- list.c ---- */

/* The cursor is where the operator wants it. */
void list_place_cursor(struct list *list);
/* Puts it on KEY's line, when that is shown. */
void list_put_cursor(struct list *list, const struct row_key *key);
void list_move(struct list *list, enum table_move how);
/* Is there such a row in the snapshot, shown or not? */
bool list_row_exists(const struct list *list, const struct row_key *key);

/* ---- list_columns.c: which columns, how wide, and by which of them the rows are sorted ---- */

/* Gives columns the width that their texts ask for, on a screen of COLS. */
void list_fit_columns(struct list *list, int cols);
/* Looks through some more rows for wider texts. */
void list_measure_columns(struct list *list);
void list_toggle_wide(struct list *list);
size_t list_sort_place(const struct list *list, int level); /* among the columns; their number: none */
/* What was first becomes second. */
void list_sort_by(struct list *list, const struct column *column);
void list_sort_move(struct list *list, int by); /* to the next column on the screen */
void list_sort_invert(struct list *list);

/* ---- list_marks.c ---- */

void list_mark_row(struct list *list);
void list_range(struct list *list);
void list_range_end(struct list *list);
/* First and last line of the range under way; false: none. */
bool list_range_bounds(const struct list *list, size_t *from, size_t *to);
void list_invert_marks(struct list *list);
void list_unmark(struct list *list);
bool list_is_marked(const struct list *list, size_t line);
/* Marks of rows that are gone must not count. */
void list_drop_dead_marks(struct list *list);

/* ---- list_groups.c ---- */

/* The tree of hosts, or back to plain rows; false: rows of this kind have no hosts above them. */
bool list_toggle_tree(struct list *list);
/* Folds or unfolds the group of the row under the cursor. */
void list_fold(struct list *list, bool folded);
void list_fold_all(struct list *list, bool folded);
/* Turns the group under the cursor around; false: the cursor is on a row, or on a host's line, which has a page. */
bool list_open_group(struct list *list);
void list_group_cell(const struct list *list, const struct row_group *group, const struct column *column,
                     struct cell *out);
/* Moves the text of a row that stands below its group to the right. */
void list_indent_cell(const struct list *list, const struct column *column, struct cell *cell);

/* ---- list_requests.c has only list_request() ---- */

/* ---- list_draw.c ---- */

/* EMPTY: shown instead of rows. */
struct table_source list_table_source(struct list *list, const char *empty);
