/*
 * batch: `virt-fleet list hosts|vms` – the tables of the screen without a screen. Table, JSON or CSV; numbers in JSON
 * and CSV are raw (units: batch_columns_help()), unknown values are absent in JSON and empty in CSV, and control characters of
 * hostile names are escaped in all of them.
 */
#pragma once

#include "config/config.h"
#include "fleet/snapshot.h"

#include <stdbool.h>
#include <stdio.h>

struct batch;

enum batch_format { BATCH_TABLE, BATCH_JSON, BATCH_CSV };

struct batch_opts {
	const struct config *config; /* borrowed, outlives the batch */
	const char *what;            /* "hosts", "vms" or "groups" */
	const char *by;              /* of groups: "tenant", "label rack"; NULL: tenant */
	const char *format;          /* "table", "json", "csv"; NULL: table */
	const char *columns;         /* "name,host,cpu"; "all"; NULL: the screen's default, in JSON all */
	const char *where;           /* as after `/`; NULL: all rows */
};

/* NULL with CONFIG_ERROR_VALUE when a word of OPTS can't be understood; the message says what is allowed. */
struct batch *batch_new(const struct batch_opts *opts, GError **error);
void batch_free(struct batch *batch); /* accepts NULL */

/* What the chosen columns, and the filter, need to be read before printing makes sense: a second sample, for rates; facts
 * about hosts and guests beyond the bulk statistics. */
bool batch_needs_rates(const struct batch *batch);
bool batch_needs_facts(const struct batch *batch);

/* Writes all rows of SNAP to OUT as of NOW_US; false with G_FILE_ERROR when OUT can't be written. */
bool batch_print(const struct batch *batch, const struct fleet_snap *snap, int64_t now_us, FILE *out, GError **error);

/* One line per column of WHAT: name, unit of the raw number, help. For `list WHAT --columns help`. Caller frees; NULL
 * when there is no such table. */
char *batch_columns_help(const char *what);

/* What the batch's columns and query are made of, so that the caller knows how long to wait: rates need two samples of each
 * host; facts (type, tenant, …) need each guest's XML. */
bool batch_needs_rates(const struct batch *batch);
bool batch_needs_facts(const struct batch *batch);
