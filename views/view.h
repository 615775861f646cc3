/*
 * view: one thing the screen can show. A view is a const table; most of what it can do – sorting, filtering, marks,
 * mouse, scrolling – comes free with being a table of rows (kind) or a page of lines (fill). UI thread only.
 */
#pragma once

#include "actions/action.h"
#include "views/env.h"
#include "views/list.h"
#include "views/page.h"

#include "tui/key.h"
#include "tui/keymap.h"

struct view;

struct view_ops {
	const char *name;            /* "vms": after `:`, in the config's keys, for --view */
	const char *help;            /* one line */
	enum target target;          /* what its rows, or its subject, are: the verbs on offer */
	const struct binding *keys;  /* before the generic ones; NULL: none */
	bool about_one;              /* shows one row of another view, its subject */
	bool pins;                   /* … and of that guest where it may run, instead of what pages show */

	const char *verb;            /* opened by this verb, when no words are behind it, about env->chosen; NULL: by none */

	/* What it is made of; exactly one of these three. */
	const struct row_kind *kind; /* a table */
	void (*fill)(struct view *view, struct page *page);           /* lines, built anew at each update … */
	int least;                   /* … in columns of at least this width */
	void (*draw)(struct view *view, const struct pane *pane);     /* draws itself */

	bool whole;                  /* … over the whole screen, with a header of its own and no status line */
	int64_t (*draw_due_us)(struct view *view); /* when it wants to be drawn because of what came by itself; 0: it does
	                                            * not. NULL: never does */

	size_t state_size;           /* of its private, zeroed view->state: what kind->gather() is given as its source */
	/* SNAP will be shown at NOW_US: does a part of what takes long, about GUESTS guests of it; false: there is more to do.
	 * Views in front alone; NULL: nothing takes long. */
	bool (*prepare)(struct view *view, const struct fleet_snap *snap, int64_t now_us, size_t guests);
	void (*observe)(struct view *view);      /* a new snapshot is there; root views: also when not in front */
	void (*search)(struct view *view, const char *text); /* `/` searches instead of filtering: TEXT as it is typed, "" at
	                                                      * first and when given up; NULL: no search */
	bool (*request)(struct view *view, int request); /* true: done; asked before everybody else */
	/* All keys that its own table leaves are this view's, and pastes; the generic table does not count. Returns a request
	 * that is to be done instead, or KEYMAP_NONE. NULL: no. */
	int (*typed)(struct view *view, struct input input);
	/* REQ_TYPE: the label of the line that is typed into (caller frees; NULL: nothing can be typed now) and what is in it
	 * at first; then what was typed, false with an error in words. */
	char *(*typing)(struct view *view, char **initial);
	bool (*take)(struct view *view, const char *text, GError **error);
	/* Views that draw themselves: a click or the wheel, true: a double click on something, which means OPEN; what the
	 * cursor is on, false: nothing. NULL: no. */
	bool (*mouse)(struct view *view, struct input input);
	bool (*current)(struct view *view, struct row_key *key);
	void (*chosen)(struct view *view);       /* its verb has just opened it, about env->chosen; NULL: nothing to do */
	int (*head)(struct view *view, const struct pane *pane); /* draws lines above the table; how many; NULL: none */
	char *(*summary)(struct view *view);     /* the line under the table, caller frees; NULL: no line */
	char *(*title)(struct view *view);       /* more than the name for the header, caller frees; NULL: name */
	void (*opened)(struct view *view);       /* it was made; NULL: nothing is to be done */
	void (*done)(struct view *view);
};

struct view {
	const struct view_ops *ops;
	struct env *env;
	struct row_key subject; /* with about_one, and for a table of one host's rows (scoped) */
	bool scoped;
	char *subject_name;     /* as it was last seen; NULL: no subject */
	struct list *list;      /* kind */
	struct page *page;      /* fill */
	char *summary;          /* of the list's last update */
	unsigned summary_update; /* … whose rows_contents() were this */
	void *state;
};

/* SUBJECT: NULL unless the view is about one row, or a table of one host's rows. */
struct view *view_new(const struct view_ops *ops, struct env *env, const struct row_key *subject);
void view_free(struct view *view); /* accepts NULL */

/* Makes rows or lines anew from env's snapshot and time. */
void view_update(struct view *view);
void view_draw(struct view *view, const struct pane *pane);
/* True: done. OPEN and the like are left to the stack. */
bool view_request(struct view *view, int request);
/* A click or the wheel; true when it was a double click on a row, which means OPEN. */
bool view_mouse(struct view *view, struct input input);

char *view_title(struct view *view);   /* caller frees */
const char *view_summary(struct view *view); /* NULL: none */

/* What a verb would be done to: the marks, else the row under the cursor, else the subject. Appends struct row_key to
 * KEYS; *HIDDEN: how many of them the filter hides. */
void view_selection(struct view *view, GArray *keys, unsigned *hidden);
/* The row under the cursor, or the subject; false: none. */
bool view_current(struct view *view, struct row_key *key);
/* Age of the oldest numbers shown, of hosts that are connected; -1: none. */
int64_t view_oldest_us(struct view *view);

/* The subject as it is now; NULL: gone. A guest is looked for on other hosts too. */
const struct host_snap *view_subject_host(struct view *view);
const struct vm *view_subject_vm(struct view *view);
