/* What can be said of a move that is planned. */
#include "views/column_table.h"
#include "views/jobs.h"
#include "views/plan_view.h"

#include <string.h>

#define PLAN_VALUE(name)                                                                                     \
	static void name(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, \
		const void *data, struct value *out)

PLAN_VALUE(plan_number)
{
	const struct plan_row *row = data;

	if (row->number)
		value_number(out, row->number);
}

/* ---- how far it is ---- */

static const struct look planned_look = { "·", '.', ROLE_DIM, "planned" },
			 caution_look = { "◐", '~', ROLE_WARN, "planned, with caution" },
			 there_look = { "●", '*', ROLE_GOOD, "has moved" },
			 stays_look = { "✕", 'x', ROLE_BAD, "can't move" };

static const struct look *
look_of(const struct plan_row *row)
{
	if (row->stay)
		return &stays_look;
	if (row->there)
		return &there_look;
	if (row->entry)
		return job_look(row->entry->state);
	return row->move->verdict == VERDICT_CAUTION ? &caution_look : &planned_look;
}

PLAN_VALUE(plan_light)
{
	const struct plan_row *row = data;

	value_number(out, row->stay ? 3 : row->there ? 0 : row->entry ? 1 : 2);
}

static void
plan_light_cell(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *data,
	struct cell *out)
{
	const struct look *look = look_of(data);

	if (ctx->ascii)
		cell_printf(out, look->role, "%c", look->ascii);
	else
		cell_set(out, look->role, look->glyph);
}

static const char *
state_of(const struct plan_row *row)
{
	if (row->stay)
		return "stays";
	if (row->there)
		return "moved";
	return row->entry ? job_state_name(row->entry->state) : "planned";
}

PLAN_VALUE(plan_state)
{
	value_text(out, state_of(data));
}

static void
plan_state_cell(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *data, struct cell *out)
{
	const struct plan_row *row = data;
	struct job_progress progress;

	cell_set(out, look_of(row)->role, state_of(row));
	if (row->there || !row->entry || row->entry->state != JOB_RUNNING)
		return;
	job_gauge_get(row->entry->gauge, &progress);
	if (progress.mem_total > 0 && progress.mem_left >= 0)
		cell_printf(out, ROLE_NORMAL, "%.0f%%",
			100.0 * (double)(progress.mem_total - progress.mem_left) /
				(double)progress.mem_total);
}

/* ---- what is planned ---- */

PLAN_VALUE(plan_vm)
{
	const struct plan_row *row = data;

	value_text(out, row->move ? row->move->name : row->stay->name);
}

PLAN_VALUE(plan_from)
{
	const struct plan_row *row = data;

	value_text(out, row->move ? row->move->from : row->stay->host);
}

PLAN_VALUE(plan_to)
{
	const struct plan_row *row = data;

	value_text(out, row->move ? row->move->to : NULL);
}

PLAN_VALUE(plan_mem)
{
	const struct plan_row *row = data;

	if (row->move && row->move->mem >= 0)
		value_number(out, row->move->mem);
}

PLAN_VALUE(plan_takes)
{
	const struct plan_row *row = data;

	if (row->move && row->move->mem >= 0)
		value_number(out, move_seconds(row->move->mem));
}

/* What failed says why; before that, why there. */
PLAN_VALUE(plan_why)
{
	const struct plan_row *row = data;

	if (row->stay)
		value_text(out, row->stay->why);
	else
		value_text(out, row->entry && row->entry->error ? row->entry->error : row->move->why);
}

static void
plan_why_cell(const struct column *column, const struct row_ctx *ctx, const void *data, struct cell *out)
{
	const struct plan_row *row = data;
	struct value value = { .type = VALUE_UNKNOWN };
	bool bad = row->stay || (row->entry && row->entry->error);

	plan_why(column, ctx, data, &value);
	cell_set(out, bad ? ROLE_WARN : ROLE_NORMAL, value.type == VALUE_TEXT ? value.text : "");
}

static const char *const state_words[] = { "planned", "stays", "moved", "queued", "running", "done", "failed",
	"cancelled", "unknown", NULL };

/* clang-format off */
static const struct column columns[] = {
	{ .info = TEXT_INFO("light", "how far it is, as one character"), .title = "", .width = 1,
	  .flags = COLUMN_DEFAULT | COLUMN_SCREEN | COLUMN_STICKY | COLUMN_VOLATILE, .value = plan_light, .cell = plan_light_cell },
	{ .info = NUMBER_INFO("number", UNIT_COUNT, "its place in the plan"), .title = "#", .width = 3, .align = ALIGN_RIGHT,
	  .flags = COLUMN_DEFAULT | COLUMN_STICKY, .value = plan_number },
	{ .info = TEXT_INFO("vm", "the VM"), .title = "VM", .width = 12, .max_width = 40, .flex = 4,
	  .flags = COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_STICKY, .value = plan_vm },
	{ .info = TEXT_INFO("from", "the host it is on"), .title = "FROM", .width = 8, .max_width = 32, .flex = 2, .priority = 2,
	  .flags = COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, .value = plan_from },
	{ .info = TEXT_INFO("to", "the host it is to go to"), .title = "TO", .width = 8, .max_width = 32, .flex = 2,
	  .flags = COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, .value = plan_to },
	{ .info = TEXT_INFO("state", "how far it is"), .title = "STATE", .width = 9,
	  .flags = COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_VOLATILE, .words = state_words, .value = plan_state, .cell = plan_state_cell },
	{ .info = NUMBER_INFO("mem", UNIT_BYTES, "memory that is to be copied"), .title = "MEM", .width = 4, .align = ALIGN_RIGHT,
	  .flags = COLUMN_DEFAULT, .value = plan_mem },
	{ .info = NUMBER_INFO("takes", UNIT_SECONDS, "how long that takes on a gigabit, if nothing is written meanwhile"),
	  .title = "TAKES", .width = 5, .align = ALIGN_RIGHT, .priority = 3, .flags = COLUMN_DEFAULT, .value = plan_takes },
	{ .info = TEXT_INFO("why", "why there, or why not at all"), .title = "WHY", .width = 20, .flex = 1,
	  .flags = COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_VOLATILE, .value = plan_why, .cell = plan_why_cell },
};
/* clang-format on */

/* ---- rows ---- */

/* The newest job that moves the guest of ROW's move, of those that were begun after the plan was made. */
static struct queue_entry *
entry_of(const struct planning *planning, const struct row_ctx *ctx, const struct plan_row *row)
{
	const GPtrArray *entries = ctx->queue ? queue_entries(ctx->queue) : NULL;

	for (guint i = 0; entries && i < entries->len; i++) {
		struct queue_entry *entry = entries->pdata[i];

		if (entry->queued_us < planning->made_us)
			break; /* the newest come first */
		if (entry->class == JOB_MOVE && row_key_equal(&entry->target, &row->move->guest))
			return queue_entry_ref(entry);
	}
	return NULL;
}

static bool
is_there(const struct fleet_snap *snap, const struct plan_row *row)
{
	struct row_key key = row->move->guest;
	const struct vm *vm;

	key.host = row->move->dest;
	vm = key.host < snap->nhosts ? fleet_snap_find_vm(snap, &key) : NULL;
	return vm && vm_is_running(vm) && !fleet_snap_find_vm(snap, &row->move->guest);
}

static void
plan_gather(void *source, const struct fleet_snap *snap, const struct row_ctx *ctx, GPtrArray *rows)
{
	struct planning *planning = source;

	for (guint i = 0; planning->rows && i < planning->rows->len; i++) {
		struct plan_row *row = &g_array_index(planning->rows, struct plan_row, i);

		if (row->move) {
			queue_entry_unref(row->entry);
			row->entry = entry_of(planning, ctx, row);
			row->there = is_there(snap, row);
		}
		g_ptr_array_add(rows, row);
	}
}

static uint64_t
plan_gathered(const void *source)
{
	return ((const struct planning *)source)->roster;
}

static const struct host_snap *
plan_host_of(const void *row G_GNUC_UNUSED)
{
	return NULL;
}

static struct row_key
plan_key(const void *data)
{
	const struct plan_row *row = data;

	return row->move ? row->move->guest : row->stay->guest;
}

static enum severity
plan_fault(const struct row_ctx *ctx G_GNUC_UNUSED, const void *data, char *out, size_t size)
{
	const struct plan_row *row = data;
	bool bad = row->stay || (row->entry && row->entry->error);

	if (bad && out)
		g_strlcpy(out, row->stay ? row->stay->why : row->entry->error, size);
	return bad ? SEVERITY_WARN : SEVERITY_NONE;
}

const struct row_kind plan_rows = {
	.name = "plan",
	.singular = "move",
	.plural = "moves",
	.columns = columns,
	.ncolumns = G_N_ELEMENTS(columns),
	.name_column = 2,
	.sort = "number up",
	.gather = plan_gather,
	.gathered = plan_gathered,
	.host = plan_host_of,
	.key = plan_key,
	.fault = plan_fault,
};
