/* What can be said about an entry of the time line. */
#include "views/column_table.h"
#include "views/events.h"

#include "fleet/clock.h"

#include <string.h>

/* ---- values ---- */

static void
event_light(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	value_number(out, (double)((const struct event *)row)->level);
}

static void
event_light_cell(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct cell *out)
{
	const struct look *look = event_look(((const struct event *)row)->level);

	if (ctx->ascii)
		cell_printf(out, look->role, "%c", look->ascii);
	else
		cell_set(out, look->role, look->glyph);
}

/* Sorts as it is: all in UTC, of the same length. */
static void
event_time(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	clock_wall_text(((const struct event *)row)->wall_us, out->buffer);
	value_text(out, out->buffer);
}

static void
event_time_cell(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct cell *out)
{
	char clock[EVENT_CLOCK];

	event_clock(row, ctx->now_us, clock);
	cell_set(out, ROLE_NORMAL, clock);
}

static double
age_s(const struct row_ctx *ctx, const struct event *event)
{
	return (double)MAX(ctx->now_us - event->at_us, 0) / 1e6;
}

static void
event_age(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct value *out)
{
	value_number(out, age_s(ctx, row));
}

static void
event_kind(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	value_text(out, event_kind_name(((const struct event *)row)->kind));
}

static void
event_level(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	value_text(out, event_level_name(((const struct event *)row)->level));
}

static void
event_host(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	value_text(out, ((const struct event *)row)->host);
}

static void
event_vm(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	value_text(out, ((const struct event *)row)->vm);
}

static void
event_what(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	value_text(out, ((const struct event *)row)->what);
}

static void
event_what_cell(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct cell *out)
{
	const struct event *event = row;
	enum role role = event_look(event->level)->role;

	cell_set(out, role == ROLE_DIM ? ROLE_NORMAL : role, event->what);
}

static void
event_detail(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	value_text(out, ((const struct event *)row)->detail);
}

static void
event_uuid(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct event *event = row;

	if (!event_has_uuid(event))
		return;
	uuid_format(event->subject.uuid, out->buffer);
	value_text(out, out->buffer);
}

static const char *const kind_words[] = {
#define KIND_WORD(id, name, help) name,
	EVENT_KINDS(KIND_WORD)
#undef KIND_WORD
		NULL
};
static const char *const level_words[] = {
#define LEVEL_WORD(id, name, help) name,
	EVENT_LEVELS(LEVEL_WORD)
#undef LEVEL_WORD
		NULL
};

/* clang-format off */
static const struct column columns[] = {
	{ .info = TEXT_INFO("light", "the level as one character"), .title = "", .width = 1,
	  .flags = COLUMN_DEFAULT | COLUMN_SCREEN | COLUMN_STICKY, .value = event_light, .cell = event_light_cell },
	{ .info = TEXT_INFO("time", "when it happened, UTC"), .title = "TIME", .width = 9,
	  .flags = COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_STICKY, .value = event_time, .cell = event_time_cell },
	{ .info = NUMBER_INFO("age", UNIT_SECONDS, "how long ago it happened"), .title = "AGE", .width = 4,
	  .priority = 5, .align = ALIGN_RIGHT, .flags = COLUMN_DEFAULT | COLUMN_VOLATILE, .value = event_age },
	{ .info = TEXT_INFO("kind", "what it is about: guest, host, limit, act"), .title = "KIND", .width = 5,
	  .priority = 4, .flags = COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, .words = kind_words, .value = event_kind },
	{ .info = TEXT_INFO("level", "how bad it is: info, good, warn, bad"), .title = "LEVEL", .width = 5,
	  .priority = 9, .flags = COLUMN_WIDE | COLUMN_TEXT | COLUMN_SEARCH, .words = level_words, .value = event_level },
	{ .info = TEXT_INFO("host", "the host, by the name it had"), .title = "HOST", .width = 8, .max_width = 24,
	  .flex = 2, .flags = COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, .value = event_host },
	{ .info = TEXT_INFO("vm", "the VM, by the name it had"), .title = "VM", .width = 12, .max_width = 48, .flex = 3,
	  .flags = COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, .value = event_vm },
	{ .info = TEXT_INFO("what", "what happened, in a word or two"), .title = "WHAT", .width = 12, .max_width = 20,
	  .flex = 4, .flags = COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, .value = event_what, .cell = event_what_cell },
	{ .info = TEXT_INFO("detail", "more words: how, why, how long"), .title = "DETAIL", .width = 28, .flex = 1,
	  .flags = COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, .value = event_detail },
	{ .info = TEXT_INFO("uuid", "the VM's UUID"), .title = "UUID", .width = 36, .priority = 20,
	  .flags = COLUMN_TEXT | COLUMN_SEARCH | COLUMN_HEX, .value = event_uuid },
};
/* clang-format on */

/* ---- rows ---- */

static uint64_t
seq_of(const struct event_source *source, guint i)
{
	return ((const struct event *)source->held->pdata[i])->seq;
}

/* Takes over what is new; what the time line has let go of goes here, too. */
static void
source_update(struct event_source *source, struct timeline *timeline)
{
	uint64_t oldest = timeline_oldest(timeline);
	guint gone = 0;

	if (!source->held)
		source->held = g_ptr_array_new_with_free_func(event_unref);
	timeline_since(timeline, source->held->len ? seq_of(source, source->held->len - 1) : 0, source->held);
	while (gone < source->held->len && seq_of(source, gone) < oldest)
		gone++;
	if (gone)
		g_ptr_array_remove_range(source->held, 0, gone);
}

/* The newest first, which is how they are mostly sorted. */
static void
event_gather(
	void *data, const struct fleet_snap *snap G_GNUC_UNUSED, const struct row_ctx *ctx, GPtrArray *rows)
{
	struct event_source *source = data;

	if (!ctx->timeline)
		return;
	source_update(source, ctx->timeline);
	for (guint i = source->held->len; i-- > 0;)
		g_ptr_array_add(rows, source->held->pdata[i]);
}

/* What is held ends with the newest one, and there are as many of it as the time line keeps. */
static uint64_t
event_gathered(const void *data)
{
	const struct event_source *source = data;

	return source->held && source->held->len ? seq_of(source, source->held->len - 1) : 0;
}

void
event_source_done(struct event_source *source)
{
	if (source->held)
		g_ptr_array_unref(source->held);
	source->held = NULL;
}

static const struct host_snap *
event_host_of(const void *row G_GNUC_UNUSED)
{
	return NULL;
}

/* Its number, from high to low so that of two of the same moment the newer one comes first. */
static struct row_key
event_row_key(const void *row)
{
	const struct event *event = row;
	struct row_key key = { .host = event->subject.host };
	uint64_t number = GUINT64_TO_BE(UINT64_MAX - event->seq);

	memcpy(key.uuid, &number, sizeof(number));
	return key;
}

const struct event *
event_source_find(const struct event_source *source, const struct row_key *key)
{
	for (guint i = source->held ? source->held->len : 0; i-- > 0;) {
		struct row_key candidate = event_row_key(source->held->pdata[i]);

		if (row_key_equal(&candidate, key))
			return source->held->pdata[i];
	}
	return NULL;
}

static enum severity
event_fault(const struct row_ctx *ctx G_GNUC_UNUSED, const void *row, char *out, size_t size)
{
	const struct event *event = row;

	if (event->level < EVENT_WARN)
		return SEVERITY_NONE;
	if (out) {
		g_autofree char *words = event_words(event);

		g_strlcpy(out, words, size);
	}
	return event->level == EVENT_BAD ? SEVERITY_BAD : SEVERITY_WARN;
}

const struct row_kind event_rows = {
	.name = "events",
	.singular = "event",
	.plural = "events",
	.columns = columns,
	.ncolumns = G_N_ELEMENTS(columns),
	.name_column = 7,
	.sort = "age up",
	.gather = event_gather,
	.gathered = event_gathered,
	.host = event_host_of,
	.key = event_row_key,
	.fault = event_fault,
};
