/*
 * list: a table of hosts or guests as the operator handles it – cursor, marks, filter, sort, columns, groups. The cursor and
 * the marks belong to rows by their keys: no refresh and no sort moves them to another row. UI thread only.
 */
#pragma once

#include "tui/canvas.h"
#include "tui/key.h"
#include "views/env.h"
#include "views/rows.h"

struct list;

/* SCOPE: only this host's rows; -1: all. SOURCE: for kinds that gather; borrowed. Columns and order are those that the
 * config has for the view called as KIND is. */
struct list *list_new(const struct row_kind *kind, struct env *env, int64_t scope, void *source);
void list_free(struct list *list); /* accepts NULL */

/* Makes the rows anew from env's snapshot and time. */
void list_update(struct list *list);
void list_draw(struct list *list, const struct pane *pane);
bool list_request(struct list *list, int request); /* true: done */
/* True: a double click on a row. */
bool list_mouse(struct list *list, struct input input);

/* Sets the filter at once; "" or NULL: no filter. False with an error, and in *FAULT (may be NULL) where it is. Then the old
 * filter stays, but for a text that is still typed and just incomplete: what there is of it holds (QUERY_TYPING). */
bool list_set_filter(struct list *list, const char *text, enum query_mode mode, struct query_fault *fault, GError **error);
/* The same for a list that is opened with this filter: Esc comes back to it, and then leaves. */
bool list_open_filtered(struct list *list, const char *text, GError **error);
const char *list_filter(const struct list *list); /* "": none */
bool list_faults(const struct list *list);
/* As sort_parse() takes it. */
bool list_set_sort(struct list *list, const char *text, GError **error);
/* "a,b=20,c" – with widths, where wanted – the name of one of the config's sets, "default", "wide" or "all". */
bool list_set_columns(struct list *list, const char *text, GError **error);
/* Groups rows by a column's text ("tenant", "tag", "hypervisor" …) or by "label NAME"; "" or NULL: no groups. */
bool list_set_group(struct list *list, const char *text, GError **error);
/* Groups by host; all but HOST (NULL: all) are folded, and the cursor is on it. */
void list_open_tree(struct list *list, const struct row_key *host);
/* What rows are grouped by, in a word or two; NULL: they are not. */
const char *list_group(const struct list *list);

const struct rows *list_rows(const struct list *list);
const struct row_kind *list_kind(const struct list *list);
/* Marked rows, those of a range under way included; *HIDDEN (may be NULL): how many of them are not shown. */
unsigned list_marks(struct list *list, unsigned *hidden);
bool list_has_marks(const struct list *list);
/* Says on line Y what the operator did to the rows: marks, and which one is followed. Returns the columns used. */
int list_draw_standing(struct list *list, const struct pane *pane, int y);
/* Marks, else the row under the cursor – nothing when it is on a group; *HIDDEN: marked rows that are not shown. */
void list_selection(struct list *list, GArray *keys, unsigned *hidden);
bool list_current(const struct list *list, struct row_key *key); /* false: no rows */
/* The lines that fitted at the last draw: first, count. */
void list_shown(const struct list *list, size_t *first, size_t *count);
