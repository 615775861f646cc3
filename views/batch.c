#include "views/batch_private.h"

#include "views/density.h"
#include "views/events.h"
#include "views/filter.h"
#include "views/groups.h"
#include "views/rows.h"

#include <errno.h>
#include <string.h>

/* Where rows of kinds that gather come from. */
union source {
	struct groups groups;
	struct event_source events;
};

/* What can be listed. */
struct listing {
	const struct row_kind *kind;
	const char *sort; /* when none is asked for; NULL: by name */
	bool (*choose)(union source *source, const struct batch_opts *opts,
		GError **error); /* NULL: nothing to choose */
	void (*done)(union source *source);
	/* Adds what its rows need beyond their columns. */
	void (*need)(const union source *source, struct snap_need *need);
	/* A number that grows from row to row, for kinds of which a stream shows only the new ones. */
	uint64_t (*serial)(const void *row);
};

struct batch {
	const struct config *config;
	const struct maintenance *maintenance;
	const struct listing *listing;
	union source source;
	batch_printer printer;
	GPtrArray *columns; /* const struct column * */
	struct filter *filter;
	struct sort_key sort[SORT_KEYS];
	bool dom0; /* is not left out */
	bool stream;
	bool printed;    /* something, before */
	uint64_t serial; /* of the newest row that was printed */
};

/* ---- groups ---- */

static bool
groups_of(union source *source, const struct batch_opts *opts, GError **error)
{
	return !opts->by || groups_choose(&source->groups, opts->by, error);
}

static void
groups_end(union source *source)
{
	groups_done(&source->groups);
}

static void
groups_need(const union source *source, struct snap_need *need)
{
	static const struct snap_need needs[GROUP_BY_COUNT] = {
		[GROUP_BY_TENANT] = { .vm_facts = true },
		[GROUP_BY_OS] = { .vm_facts = true },
		[GROUP_BY_TYPE] = { .vm_facts = true },
		[GROUP_BY_HYPERVISOR] = { .host_facts = true },
	};

	need->vm_facts |= needs[source->groups.by].vm_facts;
	need->host_facts |= needs[source->groups.by].host_facts;
}

/* ---- events ---- */

static void
events_end(union source *source)
{
	event_source_done(&source->events);
}

static uint64_t
event_serial(const void *row)
{
	return ((const struct event *)row)->seq;
}

/* ---- what there is ---- */

static const struct listing listings[] = {
	{ .kind = &host_rows },
	{ .kind = &vm_rows },
	{ .kind = &group_rows, .choose = groups_of, .done = groups_end, .need = groups_need },
	{ .kind = &event_rows, .sort = "-age", .done = events_end, .serial = event_serial },
};

static const struct {
	const char *name;
	batch_printer print;
	const char *columns; /* when none are asked for */
	bool facts_only;     /* no pictures */
} formats[] = {
	{ "table", batch_print_table, "default", false },
	{ "wide", batch_print_table, "wide", false },
	{ "json", batch_print_json, "all", true },
	{ "jsonl", batch_print_jsonl, "all", true },
	{ "csv", batch_print_csv, "all", true },
};

const char *const *
batch_names(void)
{
	static const char *const names[] = { "hosts", "vms", "groups", "events", NULL };

	return names;
}

const char *const *
batch_formats(void)
{
	static const char *const names[] = { "table", "wide", "json", "jsonl", "csv", NULL };

	return names;
}

/* ---- making one ---- */

static bool
fail_word(const char *option, const char *word, const char *const *allowed, GError **error)
{
	g_autofree char *list = g_strjoinv(", ", (char **)(uintptr_t)allowed);

	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "%s: there is no '%s'; allowed are: %s", option,
		word, list);
	return false;
}

static bool
choose_listing(struct batch *batch, const struct batch_opts *opts, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(listings); i++)
		if (strcmp(listings[i].kind->name, opts->what) == 0)
			batch->listing = &listings[i];
	if (!batch->listing)
		return fail_word("list", opts->what, batch_names(), error);
	if (opts->by && batch->listing->kind != &group_rows) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "--by goes with list groups alone");
		return false;
	}
	if (!batch->listing->choose || batch->listing->choose(&batch->source, opts, error))
		return true;
	g_prefix_error(error, "--by: ");
	return false;
}

static bool
fail_picture(const struct column *column, GError **error)
{
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
		"--columns: '%s' is only for the eye: choose others, or -o table", column->info->name);
	return false;
}

static bool
names_word(const char *text, const char *word)
{
	g_auto(GStrv) words = g_strsplit_set(text, ", ", -1);

	return g_strv_contains((const char *const *)words, word);
}

/* Words such as "all" mean no pictures where those make no sense; but who asks for one by name is told. */
static bool
choose_columns(struct batch *batch, const char *text, bool facts_only, GError **error)
{
	batch->columns = columns_parse(batch->listing->kind, text, error);
	if (!batch->columns) {
		g_prefix_error(error, "--columns: ");
		return false;
	}
	for (guint i = batch->columns->len; facts_only && i-- > 0;) {
		const struct column *column = batch->columns->pdata[i];

		if (!(column->flags & COLUMN_SCREEN))
			continue;
		if (names_word(text, column->info->name))
			return fail_picture(column, error);
		g_ptr_array_remove_index(batch->columns, i);
	}
	return true;
}

static bool
choose_format(struct batch *batch, const struct batch_opts *opts, GError **error)
{
	const char *name = opts->format ? opts->format : "table";

	for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
		if (strcmp(formats[i].name, name) != 0)
			continue;
		batch->printer = formats[i].print;
		return choose_columns(batch, opts->columns ? opts->columns : formats[i].columns,
			formats[i].facts_only, error);
	}
	return fail_word("--output", name, batch_formats(), error);
}

static bool
choose_sort(struct batch *batch, const char *text, GError **error)
{
	if (!text || sort_parse(batch->listing->kind, text, batch->sort, error))
		return true;
	g_prefix_error(error, "--sort: ");
	return false;
}

static bool
choose_filter(struct batch *batch, const struct batch_opts *opts, GError **error)
{
	g_autoptr(GError) failure = NULL;
	struct query_fault fault;

	if (!opts->where)
		return true;
	batch->filter =
		filter_new(batch->listing->kind, opts->config, opts->where, QUERY_WHOLE, &fault, &failure);
	if (batch->filter)
		return true;
	g_autofree char *explained = query_explain(opts->where, &fault, failure);

	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "--where: %s", explained);
	return false;
}

static void
note_dom0(const struct column *column, void *batch)
{
	((struct batch *)batch)->dom0 |= strcmp(column->info->name, "dom0") == 0;
}

/* Whether Domain-0 is asked for by the name of its column, in OPTS' columns or query. */
static void
choose_dom0(struct batch *batch, const struct batch_opts *opts)
{
	g_auto(GStrv) words = g_strsplit_set(opts->columns ? opts->columns : "", ", ", -1);

	for (size_t i = 0; words[i]; i++) {
		const struct column *column = column_by_name(batch->listing->kind, words[i]);

		if (column)
			note_dom0(column, batch);
	}
	if (batch->filter)
		filter_each_column(batch->filter, note_dom0, batch);
}

struct batch *
batch_new(const struct batch_opts *opts, GError **error)
{
	struct batch *batch = g_new0(struct batch, 1);

	batch->config = opts->config;
	batch->maintenance = opts->maintenance;
	batch->stream = opts->stream;
	if (choose_listing(batch, opts, error) && choose_format(batch, opts, error) &&
		choose_sort(batch, opts->sort ? opts->sort : batch->listing->sort, error) &&
		choose_filter(batch, opts, error)) {
		choose_dom0(batch, opts);
		return batch;
	}
	batch_free(batch);
	return NULL;
}

void
batch_free(struct batch *batch)
{
	if (!batch)
		return;
	g_clear_pointer(&batch->columns, g_ptr_array_unref);
	if (batch->listing && batch->listing->done)
		batch->listing->done(&batch->source);
	filter_free(batch->filter);
	g_free(batch);
}

/* ---- what it needs ---- */

struct snap_need
batch_need(const struct batch *batch)
{
	const struct row_kind *kind = batch->listing->kind;
	struct snap_need need = { 0 };

	for (guint i = 0; i < batch->columns->len; i++)
		column_need(batch->columns->pdata[i], kind, &need);
	for (int i = 0; i < SORT_KEYS; i++)
		if (batch->sort[i].column)
			column_need(batch->sort[i].column, kind, &need);
	if (batch->filter)
		filter_need(batch->filter, &need);
	if (batch->listing->need)
		batch->listing->need(&batch->source, &need);
	return need;
}

/* ---- printing ---- */

/* Is ROW of those that are printed? */
static bool
row_shown(const struct batch *batch, const struct row_ctx *ctx, const void *row)
{
	const struct listing *listing = batch->listing;

	if (listing->serial && batch->stream && listing->serial(row) <= batch->serial)
		return false;
	return batch->dom0 || !listing->kind->part || listing->kind->part(ctx, row) != PART_NONE;
}

static GPtrArray *
shown_rows(struct batch *batch, const struct row_ctx *ctx, const struct rows *rows)
{
	GPtrArray *shown = g_ptr_array_new();
	uint64_t newest = batch->serial;

	for (size_t i = 0; i < rows_count(rows); i++) {
		const void *row = rows_at(rows, i);

		if (!row_shown(batch, ctx, row))
			continue;
		g_ptr_array_add(shown, (gpointer)(uintptr_t)row);
		if (batch->listing->serial)
			newest = MAX(newest, batch->listing->serial(row));
	}
	batch->serial = newest;
	return shown;
}

/* Events say themselves when they were. */
static char *
page_time(const struct batch *batch, const struct batch_moment *moment)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(moment->wall_us / 1000000);

	return batch->stream && !batch->listing->serial ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ")
							: NULL;
}

static void
print_page(struct batch *batch, const struct batch_moment *moment, FILE *out)
{
	struct row_ctx ctx = { .config = batch->config,
		.maintenance = batch->maintenance,
		.timeline = moment->timeline,
		.now_us = moment->now_us,
		.ascii = batch->config->ascii,
		.size = density_size(moment->snap, moment->now_us) };
	struct rows_query query = { .filter = batch->filter, .scope = -1 };
	struct rows *rows = rows_new(batch->listing->kind, &batch->source);
	g_autofree char *time = page_time(batch, moment);
	g_autoptr(GPtrArray) shown = NULL;

	memcpy(query.sort, batch->sort, sizeof(query.sort));
	rows_update(rows, moment->snap, &query, &ctx);
	shown = shown_rows(batch, &ctx, rows);
	/* a stream that has nothing to say says nothing */
	if (!batch->printed || shown->len || !batch->listing->serial)
		batch->printer(&(struct batch_page){ .columns = batch->columns,
				       .rows = shown,
				       .ctx = &ctx,
				       .time = time,
				       .first = !batch->printed },
			out);
	batch->printed = true;
	rows_free(rows);
}

bool
batch_print(struct batch *batch, const struct batch_moment *moment, FILE *out, GError **error)
{
	print_page(batch, moment, out);
	if (fflush(out) == 0 && !ferror(out))
		return true;
	g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno), "can't write the list: %s",
		g_strerror(errno));
	return false;
}

char *
batch_columns_help(const char *what)
{
	const struct row_kind *kind = row_kind_by_name(what);
	GString *text = g_string_new(NULL);

	for (size_t i = 0; kind && i < kind->ncolumns; i++) {
		const struct column *column = &kind->columns[i];

		g_string_append_printf(text, "%-14s %-18s %s\n", column->info->name, column_type_name(column),
			column->info->help);
	}
	return g_string_free(text, !kind);
}
