/* What can be said about a job. */
#include "views/column_table.h"
#include "views/jobs.h"
#include "views/units.h"

#include "fleet/clock.h"

#include <string.h>
#include <time.h>

#define BAR 8 /* columns of a move's bar */

/* _(ENUM, "word", glyph, ASCII glyph, role, place on the screen) */
#define STATES(_)                                   \
	_(QUEUED, "queued", "·", '.', DIM, 2)       \
	_(RUNNING, "running", "▶", '>', INFO, 0)    \
	_(WAITING, "waiting", "◌", 'w', INFO, 1)    \
	_(DONE, "done", "●", '*', GOOD, 5)          \
	_(FAILED, "failed", "✕", 'x', BAD, 3)       \
	_(CANCELLED, "cancelled", "○", 'o', DIM, 4) \
	_(UNKNOWN, "unknown", "?", '?', WARN, 3)

static const struct look looks[] = {
#define STATE_LOOK(id, word, glyph, ascii, role, place) [JOB_##id] = { glyph, ascii, ROLE_##role, word },
	STATES(STATE_LOOK)
#undef STATE_LOOK
};

static const uint8_t places[] = {
#define STATE_PLACE(id, word, glyph, ascii, role, place) [JOB_##id] = place,
	STATES(STATE_PLACE)
#undef STATE_PLACE
};

static const char *const state_words[] = {
#define STATE_WORD(id, word, glyph, ascii, role, place) word,
	STATES(STATE_WORD)
#undef STATE_WORD
		NULL
};

const struct look *
job_look(enum job_state state)
{
	return &looks[state];
}

const char *
job_state_name(enum job_state state)
{
	return looks[state].help;
}

/* ---- how far it is ---- */

static struct job_progress
progress_of(const struct queue_entry *entry)
{
	struct job_progress progress;

	job_gauge_get(entry->gauge, &progress);
	return progress;
}

/* Sums of what is known of memory and disks; -1: nothing. */
static double
sum_known(int64_t a, int64_t b)
{
	return a < 0 && b < 0 ? -1 : (double)(MAX(a, 0) + MAX(b, 0));
}

static double
bytes_left(const struct queue_entry *entry)
{
	struct job_progress progress = progress_of(entry);

	return entry->state == JOB_RUNNING ? sum_known(progress.mem_left, progress.disk_left) : -1;
}

static double
percent(const struct queue_entry *entry)
{
	struct job_progress progress = progress_of(entry);
	double total = sum_known(progress.mem_total, progress.disk_total), left = bytes_left(entry);

	if (entry->class == JOB_MOVE && entry->state == JOB_DONE)
		return 100;
	return total > 0 && left >= 0 ? CLAMP(100 * (1 - left / total), 0, 100) : -1;
}

int64_t
job_left_us(const struct queue_entry *entry, int64_t now_us)
{
	double left = bytes_left(entry);
	int64_t speed = progress_of(entry).speed;

	if (entry->state == JOB_WAITING)
		return MAX(entry->deadline_us - now_us, 0);
	return left >= 0 && speed > 0 ? (int64_t)(left / (double)speed * 1e6) : -1;
}

static double
took_s(const struct queue_entry *entry, int64_t now_us)
{
	if (!entry->started_us)
		return -1;
	return (double)MAX((entry->ended_us ? entry->ended_us : now_us) - entry->started_us, 0) / 1e6;
}

/* ---- values ---- */

#define VALUE_ARGS                                                                                           \
	const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row, \
		struct value *out
#define CELL_ARGS                                                                                            \
	const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row, \
		struct cell *out

static void
known_number(struct value *out, double number)
{
	if (number >= 0)
		value_number(out, number);
}

/* Running ones on top, then what waits in its order, then what failed, then what is done; the newest of these first. */
static void
job_order(VALUE_ARGS)
{
	const struct queue_entry *entry = row;
	double place = (double)places[entry->state] * 1e12;

	value_number(
		out, entry->ending ? place + 1e11 - (double)entry->ending : place + (double)entry->serial);
}

static void
job_order_cell(CELL_ARGS)
{
	const struct look *look = job_look(((const struct queue_entry *)row)->state);

	if (ctx->ascii)
		cell_printf(out, look->role, "%c", look->ascii);
	else
		cell_set(out, look->role, look->glyph);
}

static void
job_state(VALUE_ARGS)
{
	value_text(out, job_state_name(((const struct queue_entry *)row)->state));
}

static void
job_state_cell(CELL_ARGS)
{
	const struct look *look = job_look(((const struct queue_entry *)row)->state);

	cell_set(out, look->role == ROLE_GOOD || look->role == ROLE_INFO ? ROLE_NORMAL : look->role,
		look->help);
}

static void
job_verb(VALUE_ARGS)
{
	value_text(out, ((const struct queue_entry *)row)->action->name);
}

static void
job_vm(VALUE_ARGS)
{
	value_text(out, ((const struct queue_entry *)row)->vm_name);
}

static void
job_host(VALUE_ARGS)
{
	value_text(out, ((const struct queue_entry *)row)->host_name);
}

static void
job_to(VALUE_ARGS)
{
	value_text(out, ((const struct queue_entry *)row)->dest_name);
}

/* What is not a move goes nowhere: that is nothing unknown. */
static void
job_to_cell(CELL_ARGS)
{
	const char *to = ((const struct queue_entry *)row)->dest_name;

	cell_set(out, ROLE_NORMAL, to ? to : "");
}

static void
job_progress(VALUE_ARGS)
{
	known_number(out, percent(row));
}

static void
job_progress_cell(CELL_ARGS)
{
	double pct = percent(row);
	int full = (int)(pct * BAR / 100 + 0.5);
	GString *bar;

	if (pct < 0) {
		cell_set(out, ROLE_NORMAL, "");
		return;
	}
	bar = g_string_new(NULL);
	for (int i = 0; i < BAR; i++)
		g_string_append(bar, ctx->ascii ? (i < full ? "#" : ".") : (i < full ? "█" : "░"));
	cell_printf(out, ROLE_GRAPH, "%s %3.0f%%", bar->str, pct);
	g_string_free(bar, TRUE);
}

static void
job_left(VALUE_ARGS)
{
	known_number(out, bytes_left(row));
}

static void
job_speed(VALUE_ARGS)
{
	const struct queue_entry *entry = row;

	known_number(out, entry->state == JOB_RUNNING ? (double)progress_of(entry).speed : -1);
}

static void
job_dirty(VALUE_ARGS)
{
	const struct queue_entry *entry = row;

	known_number(out, entry->state == JOB_RUNNING ? (double)progress_of(entry).dirty : -1);
}

static void
job_round(VALUE_ARGS)
{
	const struct queue_entry *entry = row;

	known_number(out, entry->state == JOB_RUNNING ? (double)progress_of(entry).iteration : -1);
}

static void
job_downtime(VALUE_ARGS)
{
	const struct queue_entry *entry = row;

	known_number(out, entry->state == JOB_RUNNING ? (double)progress_of(entry).downtime_ms : -1);
}

static void
job_eta(VALUE_ARGS)
{
	int64_t left_us = job_left_us(row, ctx->now_us);

	known_number(out, left_us < 0 ? -1 : (double)left_us / 1e6);
}

/* What does not apply is left out rather than unknown, or the table would be full of it. */
static void
quiet_cell(CELL_ARGS)
{
	struct value value;

	column_value(column, ctx, row, &value);
	if (value.type == VALUE_UNKNOWN)
		cell_set(out, ROLE_NORMAL, "");
	else
		column_value_cell(column, ctx, &value, out);
}

/* To the second for as long as somebody may sit and wait for it. */
static void
job_eta_cell(CELL_ARGS)
{
	int64_t left_s = job_left_us(row, ctx->now_us) / 1000000;

	if (job_left_us(row, ctx->now_us) < 0 || left_s >= 600)
		quiet_cell(column, ctx, row, out);
	else if (left_s >= 60)
		cell_printf(out, ROLE_NORMAL, "%dm%02d", (int)(left_s / 60), (int)(left_s % 60));
	else
		cell_printf(out, ROLE_NORMAL, "%ds", (int)left_s);
}

static int64_t
wall_of(const struct row_ctx *ctx, int64_t at_us)
{
	return clock_wall_us() - (ctx->now_us - at_us);
}

static void
job_started(VALUE_ARGS)
{
	const struct queue_entry *entry = row;

	if (!entry->started_us)
		return;
	clock_wall_text(wall_of(ctx, entry->started_us), out->buffer);
	value_text(out, out->buffer);
}

static void
job_started_cell(CELL_ARGS)
{
	const struct queue_entry *entry = row;
	time_t when = (time_t)(wall_of(ctx, entry->started_us) / 1000000);
	char text[16] = "";
	struct tm tm;

	if (entry->started_us && localtime_r(&when, &tm))
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
	cell_set(out, ROLE_NORMAL, text);
}

static void
job_queued(VALUE_ARGS)
{
	value_number(out, (double)MAX(ctx->now_us - ((const struct queue_entry *)row)->queued_us, 0) / 1e6);
}

static void
job_took(VALUE_ARGS)
{
	known_number(out, took_s(row, ctx->now_us));
}

/* On a narrow screen this is all there is to see of a move. */
static void
running_result(const struct queue_entry *entry, struct value *out)
{
	const char *phase = progress_of(entry).phase;
	double pct = percent(entry);

	if (phase && pct >= 0) {
		g_snprintf(out->buffer, sizeof(out->buffer), "%s, %.0f%%", phase, pct);
		value_text(out, out->buffer);
	} else {
		value_text(out, phase);
	}
}

static void
job_result(VALUE_ARGS)
{
	const struct queue_entry *entry = row;

	if (entry->state == JOB_RUNNING) {
		running_result(entry, out);
	} else if (entry->state == JOB_WAITING) {
		value_text(out, "asked; takes its time");
	} else if (entry->error && entry->remark) {
		g_snprintf(out->buffer, sizeof(out->buffer), "%s; %s", entry->error, entry->remark);
		value_text(out, out->buffer);
	} else {
		value_text(out, entry->error ? entry->error : entry->remark);
	}
}

static void
job_batch(VALUE_ARGS)
{
	value_number(out, (double)((const struct queue_entry *)row)->batch);
}

static void
job_uuid(VALUE_ARGS)
{
	uuid_format(((const struct queue_entry *)row)->target.uuid, out->buffer);
	value_text(out, out->buffer);
}

/* clang-format off */
static const struct column columns[] = {
	{ .info = TEXT_INFO("order", "running first, then queued, failed and done; the state as one character"), .title = "",
	  .width = 1, .flags = COLUMN_DEFAULT | COLUMN_SCREEN | COLUMN_STICKY, .value = job_order, .cell = job_order_cell },
	{ .info = TEXT_INFO("verb", "what is done"), .title = "WHAT", .width = 9, .max_width = 14, .flex = 2,
	  .flags = COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_STICKY, .value = job_verb },
	{ .info = TEXT_INFO("vm", "the VM, by the name it had"), .title = "VM", .width = 12, .max_width = 40, .flex = 4,
	  .flags = COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_STICKY, .value = job_vm },
	{ .info = TEXT_INFO("host", "its host, by the name it had"), .title = "HOST", .width = 8, .max_width = 24,
	  .flex = 3, .flags = COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, .value = job_host },
	{ .info = TEXT_INFO("to", "the host that it goes to"), .title = "TO", .width = 8, .max_width = 24, .flex = 3,
	  .priority = 6, .flags = COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, .value = job_to,
	  .cell = job_to_cell },
	{ .info = TEXT_INFO("state", "queued, running, waiting (for the VM to go), done, failed, cancelled, unknown"),
	  .title = "STATE", .width = 9, .flags = COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, .words = state_words,
	  .value = job_state, .cell = job_state_cell },
	{ .info = NUMBER_INFO("progress", UNIT_PCT, "how much of a move is done"), .title = "PROGRESS", .width = 13,
	  .priority = 7, .flags = COLUMN_DEFAULT | COLUMN_VOLATILE, .value = job_progress, .cell = job_progress_cell },
	{ .info = NUMBER_INFO("left", UNIT_BYTES, "memory and disks that are still to be copied"), .title = "LEFT",
	  .width = 5, .priority = 9, .align = ALIGN_RIGHT, .flags = COLUMN_DEFAULT | COLUMN_VOLATILE, .value = job_left,
	  .cell = quiet_cell },
	{ .info = NUMBER_INFO("speed", UNIT_BYTES_S, "at which it is copied"), .title = "SPEED", .width = 5, .priority = 8,
	  .align = ALIGN_RIGHT, .flags = COLUMN_DEFAULT | COLUMN_VOLATILE, .value = job_speed, .cell = quiet_cell },
	{ .info = NUMBER_INFO("dirty", UNIT_BYTES_S, "at which the VM writes to its memory meanwhile"), .title = "DIRTY",
	  .width = 5, .priority = 15, .align = ALIGN_RIGHT, .flags = COLUMN_WIDE | COLUMN_VOLATILE, .value = job_dirty,
	  .cell = quiet_cell },
	{ .info = NUMBER_INFO("round", UNIT_COUNT, "how often its memory was gone through"), .title = "ROUND", .width = 5,
	  .priority = 17, .align = ALIGN_RIGHT, .flags = COLUMN_WIDE | COLUMN_VOLATILE, .value = job_round,
	  .cell = quiet_cell },
	{ .info = NUMBER_INFO("downtime", UNIT_MS, "for which the VM will stand still, as far as can be told"),
	  .title = "DOWN", .width = 6, .priority = 16, .align = ALIGN_RIGHT, .flags = COLUMN_WIDE | COLUMN_VOLATILE,
	  .value = job_downtime, .cell = quiet_cell },
	{ .info = NUMBER_INFO("eta", UNIT_SECONDS, "time left: of a move by its speed, else until the wait is over"),
	  .title = "ETA", .width = 4, .priority = 5, .align = ALIGN_RIGHT, .flags = COLUMN_DEFAULT | COLUMN_VOLATILE,
	  .value = job_eta, .cell = job_eta_cell },
	{ .info = TEXT_INFO("started", "when it began, UTC"), .title = "STARTED", .width = 8, .priority = 10,
	  .flags = COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_VOLATILE, .value = job_started, .cell = job_started_cell },
	{ .info = NUMBER_INFO("queued", UNIT_SECONDS, "how long ago it was asked for"), .title = "AGE", .width = 4,
	  .priority = 13, .align = ALIGN_RIGHT, .flags = COLUMN_WIDE | COLUMN_VOLATILE, .value = job_queued },
	{ .info = NUMBER_INFO("took", UNIT_SECONDS, "how long it took, or takes until now"), .title = "TOOK", .width = 4,
	  .priority = 4, .align = ALIGN_RIGHT, .flags = COLUMN_DEFAULT | COLUMN_VOLATILE, .value = job_took,
	  .cell = quiet_cell },
	{ .info = NUMBER_INFO("batch", UNIT_COUNT, "the same number: asked for together"), .title = "BATCH", .width = 5,
	  .priority = 14, .align = ALIGN_RIGHT, .flags = COLUMN_WIDE, .value = job_batch },
	{ .info = TEXT_INFO("result", "how it ended, or what it is at"), .title = "RESULT", .width = 24, .flex = 1,
	  .flags = COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_VOLATILE, .value = job_result, .cell = quiet_cell },
	{ .info = TEXT_INFO("uuid", "the VM's UUID"), .title = "UUID", .width = 36, .priority = 20,
	  .flags = COLUMN_TEXT | COLUMN_SEARCH | COLUMN_HEX, .value = job_uuid },
};
/* clang-format on */

/* ---- rows ---- */

static void
job_gather(
	void *data, const struct fleet_snap *snap G_GNUC_UNUSED, const struct row_ctx *ctx, GPtrArray *rows)
{
	struct job_source *source = data;
	const GPtrArray *entries;

	if (!ctx->queue)
		return;
	if (!source->held)
		source->held = g_ptr_array_new_with_free_func(queue_entry_unref);
	if (source->version != queue_version(ctx->queue)) {
		source->version = queue_version(ctx->queue);
		entries = queue_entries(ctx->queue);
		g_ptr_array_set_size(source->held, 0);
		for (guint i = 0; i < entries->len; i++)
			g_ptr_array_add(source->held, queue_entry_ref(entries->pdata[i]));
	}
	for (guint i = 0; i < source->held->len; i++)
		g_ptr_array_add(rows, source->held->pdata[i]);
}

static uint64_t
job_gathered(const void *data)
{
	return ((const struct job_source *)data)->version;
}

void
job_source_done(struct job_source *source)
{
	if (source->held)
		g_ptr_array_unref(source->held);
	source->held = NULL;
}

static const struct host_snap *
job_host_of(const void *row G_GNUC_UNUSED)
{
	return NULL;
}

static struct row_key
job_row_key(const void *row)
{
	const struct queue_entry *entry = row;
	struct row_key key = { .host = entry->target.host };
	uint64_t number = GUINT64_TO_BE(UINT64_MAX - entry->serial);

	memcpy(key.uuid, &number, sizeof(number));
	return key;
}

uint64_t
job_key_serial(const struct row_key *key)
{
	uint64_t number;

	memcpy(&number, key->uuid, sizeof(number));
	return UINT64_MAX - GUINT64_FROM_BE(number);
}

static enum severity
job_fault(const struct row_ctx *ctx G_GNUC_UNUSED, const void *row, char *out, size_t size)
{
	const struct queue_entry *entry = row;

	if (entry->state != JOB_FAILED && entry->state != JOB_UNKNOWN)
		return SEVERITY_NONE;
	if (out)
		g_strlcpy(out, entry->error ? entry->error : job_state_name(entry->state), size);
	return entry->state == JOB_FAILED ? SEVERITY_BAD : SEVERITY_WARN;
}

const struct row_kind job_rows = {
	.name = "jobs",
	.singular = "job",
	.plural = "jobs",
	.none = "nothing was done yet: what verbs do to VMs is shown here",
	.columns = columns,
	.ncolumns = G_N_ELEMENTS(columns),
	.name_column = 2,
	.sort = "order up",
	.gather = job_gather,
	.gathered = job_gathered,
	.host = job_host_of,
	.key = job_row_key,
	.fault = job_fault,
};
