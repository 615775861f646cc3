/*
 * batch: `virt-fleet list hosts|vms|groups|events` – the tables of the screen without a screen, once or again and again.
 * Numbers in JSON and CSV are raw (units: batch_columns_help()), unknown values are absent in JSON and empty in CSV, lists
 * are arrays in JSON, and control characters of hostile names are escaped in all formats. Domain-0 is left out of guests
 * unless the column dom0 is asked for.
 */
#pragma once

#include "config/config.h"
#include "fleet/snapshot.h"
#include "fleet/timeline.h"

#include <stdbool.h>
#include <stdio.h>

struct batch;

struct maintenance;

struct batch_opts {
	const struct config *config; /* borrowed, outlives the batch */
	const struct maintenance *maintenance; /* borrowed, outlives the batch; NULL: the config alone says who is in it */
	const char *what;            /* "hosts", "vms", "groups", "events" */
	const char *by;              /* of groups: "tenant", "label rack"; NULL: tenant */
	const char *format;          /* "table", "wide", "json", "jsonl", "csv"; NULL: table */
	const char *columns;         /* "name,host,cpu"; "all"; NULL: the screen's default, in JSON and CSV all */
	const char *where;           /* a query, as after `/`; NULL: all rows */
	const char *sort;            /* as for the screen: "cpu" (numbers begin with the highest), "+cpu,name"; NULL: by name, events by time */
	bool stream;                 /* printed again and again: rows say when; of events only what is new */
};

/* NULL with CONFIG_ERROR_VALUE when a word of OPTS can't be understood; the message says what is allowed, and points at
 * what is wrong in a query. */
struct batch *batch_new(const struct batch_opts *opts, GError **error);
void batch_free(struct batch *batch); /* accepts NULL */

/* What columns, query and order need to be known of each host before printing makes sense. */
struct snap_need batch_need(const struct batch *batch);

/* What is printed. */
struct batch_moment {
	const struct fleet_snap *snap;
	struct timeline *timeline; /* of events; NULL: there are none */
	int64_t now_us, wall_us;
};

/* Writes all rows of MOMENT to OUT; false with G_FILE_ERROR when OUT can't be written. */
bool batch_print(struct batch *batch, const struct batch_moment *moment, FILE *out, GError **error);

/* What can be listed, for messages and completion: NULL-terminated. */
const char *const *batch_names(void);
const char *const *batch_formats(void);

/* One line per column of WHAT: name, unit of the raw number, help. For `list WHAT --columns help`. Caller frees; NULL
 * when there is no such table. */
char *batch_columns_help(const char *what);
