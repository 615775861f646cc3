/* What can be said about an act in the journal. */
#include "views/journal_rows.h"

#include "fleet/clock.h"
#include "views/column_table.h"
#include "views/jobs.h"

#include <string.h>
#include <time.h>

#define ACTS_MOST 5000
#define DAY_S     86400

/* ---- values ---- */

/* The journal's words for how it ended, as the states of jobs. */
static enum job_state
state_of(const struct journal_act *act)
{
	static const struct {
		const char *result;
		enum job_state state;
	} results[] = { { "done", JOB_DONE }, { "failed", JOB_FAILED }, { "cancelled", JOB_CANCELLED } };

	if (!act->result)
		return JOB_RUNNING;
	for (size_t i = 0; i < G_N_ELEMENTS(results); i++)
		if (strcmp(results[i].result, act->result) == 0)
			return results[i].state;
	return JOB_UNKNOWN;
}

static void
act_light(VALUE_ARGS)
{
	value_number(out, state_of(row));
}

static void
act_light_cell(CELL_ARGS)
{
	const struct look *look = job_look(state_of(row));

	if (ctx->ascii)
		cell_printf(out, look->role, "%c", look->ascii);
	else
		cell_set(out, look->role, look->glyph);
}

static void
act_time(VALUE_ARGS)
{
	const struct journal_act *act = row;

	if (!act->begun_us)
		return;
	clock_wall_text(act->begun_us, out->buffer);
	value_text(out, out->buffer);
}

/* The date of what is older than a day. */
static void
act_time_cell(CELL_ARGS)
{
	const struct journal_act *act = row;
	time_t when = (time_t)(act->begun_us / 1000000), now = (time_t)(clock_wall_us() / 1000000);
	char text[16] = "-";
	struct tm tm;

	if (act->begun_us && localtime_r(&when, &tm))
		strftime(text, sizeof(text), now - when < DAY_S ? "%H:%M:%S" : "%m-%d %H:%M", &tm);
	cell_set(out, ROLE_NORMAL, text);
}

static void
act_age(VALUE_ARGS)
{
	const struct journal_act *act = row;

	if (act->begun_us)
		value_number(out, (double)MAX(clock_wall_us() - act->begun_us, 0) / 1e6);
}

/* The texts of an act, by where they stand in it. */
static const char *
text_of(const struct column *column, const void *row)
{
	return *(const char *const *)(const void *)((const char *)row + column->field);
}

static void
act_text(const struct column *column, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	value_text(out, text_of(column, row));
}

static void
act_text_cell(const struct column *column, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct cell *out)
{
	const char *text = text_of(column, row);

	cell_set(out, ROLE_NORMAL, text ? text : "");
}

static void
act_result(VALUE_ARGS)
{
	const struct journal_act *act = row;

	value_text(out, act->result ? act->result : "no end yet");
}

static void
act_took(VALUE_ARGS)
{
	if (((const struct journal_act *)row)->took_s >= 0)
		value_number(out, ((const struct journal_act *)row)->took_s);
}

static void
act_detail(VALUE_ARGS)
{
	const struct journal_act *act = row;

	value_text(out, act->error ? act->error : act->params);
}

static void
act_detail_cell(CELL_ARGS)
{
	const struct journal_act *act = row;
	const char *text = act->error ? act->error : act->params;

	cell_set(out, ROLE_NORMAL, text ? text : "");
}

#define TEXT(member)  .field = G_STRUCT_OFFSET(struct journal_act, member), .value = act_text
#define QUIET(member) TEXT(member), .cell = act_text_cell

/* clang-format off */
static const struct column columns[] = {
	{ .info = TEXT_INFO("light", "how it ended, as one character"), .title = "", .width = 1,
	  .flags = COLUMN_DEFAULT | COLUMN_SCREEN | COLUMN_STICKY, .value = act_light, .cell = act_light_cell },
	{ .info = TEXT_INFO("time", "when it began, UTC"), .title = "TIME", .width = 11,
	  .flags = COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_STICKY, .value = act_time, .cell = act_time_cell },
	{ .info = NUMBER_INFO("age", UNIT_SECONDS, "how long ago that was"), .title = "AGE", .width = 4, .priority = 8,
	  .align = ALIGN_RIGHT, .flags = COLUMN_DEFAULT | COLUMN_VOLATILE, .value = act_age },
	{ .info = TEXT_INFO("user", "who did it"), .title = "USER", .width = 8, .max_width = 24, .flex = 2,
	  .flags = COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, TEXT(user) },
	{ .info = TEXT_INFO("source", "by what: console, do"), .title = "BY", .width = 7, .priority = 9,
	  .flags = COLUMN_TEXT | COLUMN_SEARCH, QUIET(source) },
	{ .info = TEXT_INFO("verb", "what was done"), .title = "WHAT", .width = 9, .max_width = 14, .flex = 2,
	  .flags = COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, TEXT(verb) },
	{ .info = TEXT_INFO("vm", "the VM, by the name it had"), .title = "VM", .width = 12, .max_width = 40, .flex = 4,
	  .flags = COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, TEXT(vm) },
	{ .info = TEXT_INFO("host", "its host, by the name it had"), .title = "HOST", .width = 8, .max_width = 24,
	  .flex = 3, .flags = COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, TEXT(host) },
	{ .info = TEXT_INFO("to", "the host that it went to"), .title = "TO", .width = 8, .max_width = 24, .flex = 3,
	  .priority = 5, .flags = COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, QUIET(dest) },
	{ .info = TEXT_INFO("result", "done, failed, cancelled, unknown, no end yet"), .title = "RESULT", .width = 10,
	  .flags = COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, .value = act_result },
	{ .info = NUMBER_INFO("took", UNIT_SECONDS, "how long it took"), .title = "TOOK", .width = 4, .priority = 6,
	  .align = ALIGN_RIGHT, .flags = COLUMN_DEFAULT, .value = act_took },
	{ .info = TEXT_INFO("detail", "why it failed, else what was said with it"), .title = "DETAIL", .width = 10, .flex = 1,
	  .flags = COLUMN_DEFAULT | COLUMN_TEXT, .value = act_detail, .cell = act_detail_cell },
	{ .info = TEXT_INFO("params", "what was said with it"), .title = "WITH", .width = 12, .max_width = 40, .flex = 3,
	  .priority = 7, .flags = COLUMN_FIT | COLUMN_TEXT | COLUMN_SEARCH, QUIET(params) },
	{ .info = TEXT_INFO("error", "why it failed"), .title = "WHY", .width = 28, .priority = 18,
	  .flags = COLUMN_TEXT | COLUMN_SEARCH, QUIET(error) },
	{ .info = TEXT_INFO("uuid", "the VM's UUID"), .title = "UUID", .width = 36, .priority = 20,
	  .flags = COLUMN_TEXT | COLUMN_SEARCH | COLUMN_HEX, TEXT(uuid) },
	{ .info = TEXT_INFO("id", "the same in both lines of the journal"), .title = "ID", .width = 24, .priority = 21,
	  .flags = COLUMN_TEXT, TEXT(id) },
};
/* clang-format on */

/* ---- rows ---- */

static void
take_news(struct journal_source *source)
{
	GPtrArray *acts;

	g_clear_pointer(&source->error, g_free);
	acts = journal_reader_take(source->reader, &source->error);
	source->known = journal_reader_knows(source->reader);
	if (!acts)
		return;
	g_clear_pointer(&source->acts, g_ptr_array_unref);
	source->acts = acts;
	source->version++;
}

static void
act_gather(
	void *data, const struct fleet_snap *snap G_GNUC_UNUSED, const struct row_ctx *ctx, GPtrArray *rows)
{
	struct journal_source *source = data;

	if (!ctx->journal)
		return;
	if (!source->reader)
		source->reader = journal_reader_new(ctx->journal, ACTS_MOST);
	journal_reader_look(source->reader);
	take_news(source);
	for (guint i = 0; source->acts && i < source->acts->len; i++)
		g_ptr_array_add(rows, source->acts->pdata[i]);
}

static uint64_t
act_gathered(const void *data)
{
	return ((const struct journal_source *)data)->version;
}

void
journal_source_done(struct journal_source *source)
{
	journal_reader_free(source->reader);
	g_clear_pointer(&source->acts, g_ptr_array_unref);
	g_clear_pointer(&source->error, g_free);
	source->reader = NULL;
}

static const struct host_snap *
act_host_of(const void *row G_GNUC_UNUSED)
{
	return NULL;
}

/* Of its id, which no other act of any process has. */
static struct row_key
act_key(const void *row)
{
	const struct journal_act *act = row;
	struct row_key key = { .host = 0 };
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a, twice: a key has room for it */

	for (int half = 0; half < 2; half++) {
		for (const char *at = act->id; *at; at++)
			hash = (hash ^ (uint8_t)*at) * 0x100000001b3u;
		memcpy(key.uuid + half * sizeof(hash), &hash, sizeof(hash));
	}
	return key;
}

const struct journal_act *
journal_source_find(const struct journal_source *source, const struct row_key *key)
{
	for (guint i = 0; source->acts && i < source->acts->len; i++) {
		struct row_key candidate = act_key(source->acts->pdata[i]);

		if (row_key_equal(&candidate, key))
			return source->acts->pdata[i];
	}
	return NULL;
}

static enum severity
act_fault(const struct row_ctx *ctx G_GNUC_UNUSED, const void *row, char *out, size_t size)
{
	const struct journal_act *act = row;
	enum job_state state = state_of(act);

	if (state != JOB_FAILED && state != JOB_UNKNOWN)
		return SEVERITY_NONE;
	if (out)
		g_strlcpy(out, act->error ? act->error : act->result, size);
	return state == JOB_FAILED ? SEVERITY_BAD : SEVERITY_WARN;
}

const struct row_kind journal_rows = {
	.name = "journal",
	.singular = "act",
	.plural = "acts",
	.none = "no act was written down yet",
	.columns = columns,
	.ncolumns = G_N_ELEMENTS(columns),
	.name_column = 6,
	.sort = "time down",
	.gather = act_gather,
	.gathered = act_gathered,
	.host = act_host_of,
	.key = act_key,
	.fault = act_fault,
};
