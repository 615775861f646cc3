/*
 * dossier: what the pages of a host and of a VM have in common – histories, last events, what can't be known – and the
 * state that both keep between two updates. UI thread only.
 */
#pragma once

#include "views/history.h"
#include "views/view.h"

#include <glib.h>

/* A page's private state; zeroed at first. */
struct dossier {
	unsigned turns;    /* of the key that switches the span of the histories */
	GPtrArray *events; /* const struct event *: the last ones about the subject, the newest first; NULL: not looked yet */
};

/* For view_ops: what both pages do on request, and what they leave behind. */
bool dossier_request(struct view *view, int request);
void dossier_done(struct view *view);

/* Takes over what the time line has about the subject. To be called before the others, at each update. */
void dossier_look(struct view *view);
/* When the subject's state last changed as far as the time line knows, 0: before virt-fleet looked. */
int64_t dossier_since_us(const struct view *view);

/* Fills NOW with what the columns of ROW say, NAN where that is nothing; memory and ready are not looked for. */
void dossier_now(const struct env *env, const struct row_kind *kind, const void *row, double now[HISTORY_SERIES_COUNT]);
/* Something is known of the subject over the span that is chosen. */
bool dossier_has_history(const struct view *view);

/* For the head: what goes in and out of ROW; and of a HOST that does not answer, when and why. */
void dossier_head_traffic(struct page *page, const struct env *env, const struct row_kind *kind, const void *row);
void dossier_head_silence(struct page *page, const struct env *env, const struct host_snap *host);

/* Blocks of the page. NOW: the numbers beside the graphs, NAN where not known. */
void dossier_histories(struct view *view, struct page *page, const double now[HISTORY_SERIES_COUNT]);
void dossier_events(struct view *view, struct page *page);
/* "what: why" lines; each may be NULL. */
void dossier_unknowns(struct page *page, char *const *of_host, char *const *of_detail);

/* What column NAME says of ROW: its number, -1 when that is not known; or as a text for running text ("1.2G/s"). */
double dossier_number(const struct env *env, const struct row_kind *kind, const void *row, const char *name);
void dossier_cell(const struct env *env, const struct row_kind *kind, const void *row, const char *name, struct cell *out);

/* A field that is "-" when TEXT is NULL or empty. */
void dossier_text(struct page *page, const char *label, const char *text);
/* A column's text under a label. */
void dossier_field(struct page *page, const struct env *env, const struct row_kind *kind, const void *row,
                   const char *label, const char *name);
