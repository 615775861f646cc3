#include "views/job_values.h"

#include "views/jobs.h"
#include "views/units.h"

#include "fleet/clock.h"

#include <string.h>
#include <time.h>

#define BAR    8   /* columns of a move's bar */
#define MOST_S 1e9 /* what would take longer never ends: that is no time to wait for */

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

const char *const job_state_words[] = {
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
	double left = bytes_left(entry), speed = (double)progress_of(entry).speed;

	if (entry->state == JOB_WAITING)
		return MAX(entry->deadline_us - now_us, 0);
	return left >= 0 && speed > 0 && left / speed < MOST_S ? (int64_t)(left / speed * 1e6) : -1;
}

static double
took_s(const struct queue_entry *entry, int64_t now_us)
{
	if (!entry->started_us)
		return -1;
	return (double)MAX((entry->ended_us ? entry->ended_us : now_us) - entry->started_us, 0) / 1e6;
}

/* ---- values ---- */

static void
known_number(struct value *out, double number)
{
	if (number >= 0)
		value_number(out, number);
}

/* Running ones on top, then what waits in its order, then what failed, then what is done; the newest of these first. */
void
job_order(VALUE_ARGS)
{
	const struct queue_entry *entry = row;
	double place = (double)places[entry->state] * 1e12;

	value_number(
		out, entry->ending ? place + 1e11 - (double)entry->ending : place + (double)entry->serial);
}

void
job_order_cell(CELL_ARGS)
{
	const struct look *look = job_look(((const struct queue_entry *)row)->state);

	if (ctx->ascii)
		cell_printf(out, look->role, "%c", look->ascii);
	else
		cell_set(out, look->role, look->glyph);
}

void
job_state(VALUE_ARGS)
{
	value_text(out, job_state_name(((const struct queue_entry *)row)->state));
}

void
job_state_cell(CELL_ARGS)
{
	const struct look *look = job_look(((const struct queue_entry *)row)->state);

	cell_set(out, look->role == ROLE_GOOD || look->role == ROLE_INFO ? ROLE_NORMAL : look->role,
		look->help);
}

void
job_verb(VALUE_ARGS)
{
	value_text(out, ((const struct queue_entry *)row)->action->name);
}

void
job_vm(VALUE_ARGS)
{
	value_text(out, ((const struct queue_entry *)row)->vm_name);
}

void
job_host(VALUE_ARGS)
{
	value_text(out, ((const struct queue_entry *)row)->host_name);
}

void
job_to(VALUE_ARGS)
{
	value_text(out, ((const struct queue_entry *)row)->dest_name);
}

/* What is not a move goes nowhere: that is nothing unknown. */
void
job_to_cell(CELL_ARGS)
{
	const char *to = ((const struct queue_entry *)row)->dest_name;

	cell_set(out, ROLE_NORMAL, to ? to : "");
}

void
job_progress(VALUE_ARGS)
{
	known_number(out, percent(row));
}

void
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

void
job_left(VALUE_ARGS)
{
	known_number(out, bytes_left(row));
}

void
job_speed(VALUE_ARGS)
{
	const struct queue_entry *entry = row;

	known_number(out, entry->state == JOB_RUNNING ? (double)progress_of(entry).speed : -1);
}

void
job_dirty(VALUE_ARGS)
{
	const struct queue_entry *entry = row;

	known_number(out, entry->state == JOB_RUNNING ? (double)progress_of(entry).dirty : -1);
}

void
job_round(VALUE_ARGS)
{
	const struct queue_entry *entry = row;

	known_number(out, entry->state == JOB_RUNNING ? (double)progress_of(entry).iteration : -1);
}

void
job_downtime(VALUE_ARGS)
{
	const struct queue_entry *entry = row;

	known_number(out, entry->state == JOB_RUNNING ? (double)progress_of(entry).downtime_ms : -1);
}

void
job_eta(VALUE_ARGS)
{
	int64_t left_us = job_left_us(row, ctx->now_us);

	known_number(out, left_us < 0 ? -1 : (double)left_us / 1e6);
}

/* What does not apply is left out rather than unknown, or the table would be full of it. */
void
job_quiet_cell(CELL_ARGS)
{
	struct value value;

	column_value(column, ctx, row, &value);
	if (value.type == VALUE_UNKNOWN)
		cell_set(out, ROLE_NORMAL, "");
	else
		column_value_cell(column, ctx, &value, out);
}

/* To the second for as long as somebody may sit and wait for it. */
void
job_eta_cell(CELL_ARGS)
{
	int64_t left_s = job_left_us(row, ctx->now_us) / 1000000;

	if (job_left_us(row, ctx->now_us) < 0 || left_s >= 600)
		job_quiet_cell(column, ctx, row, out);
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

void
job_started(VALUE_ARGS)
{
	const struct queue_entry *entry = row;

	if (!entry->started_us)
		return;
	clock_wall_text(wall_of(ctx, entry->started_us), out->buffer);
	value_text(out, out->buffer);
}

void
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

void
job_queued(VALUE_ARGS)
{
	value_number(out, (double)MAX(ctx->now_us - ((const struct queue_entry *)row)->queued_us, 0) / 1e6);
}

void
job_took(VALUE_ARGS)
{
	known_number(out, took_s(row, ctx->now_us));
}

/* On a narrow screen this is all there is to see of a move. */
static void
running_result(const struct queue_entry *entry, struct value *out)
{
	struct job_progress progress = progress_of(entry);
	g_autofree char *stall = job_stall_text(&progress);
	const char *phase = progress.phase;
	double pct = percent(entry);

	if (stall) {
		g_strlcpy(out->buffer, stall, sizeof(out->buffer));
		value_text(out, out->buffer);
	} else if (phase && pct >= 0) {
		g_snprintf(out->buffer, sizeof(out->buffer), "%s, %.0f%%", phase, pct);
		value_text(out, out->buffer);
	} else {
		value_text(out, phase);
	}
}

void
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

/* A stall is said where eyes go. */
void
job_result_cell(CELL_ARGS)
{
	const struct queue_entry *entry = row;

	job_quiet_cell(column, ctx, row, out);
	if (entry->state == JOB_RUNNING && progress_of(entry).stalled_ms >= 0)
		out->role = ROLE_WARN;
}

void
job_batch(VALUE_ARGS)
{
	value_number(out, (double)((const struct queue_entry *)row)->batch);
}

void
job_uuid(VALUE_ARGS)
{
	uuid_format(((const struct queue_entry *)row)->target.uuid, out->buffer);
	value_text(out, out->buffer);
}
