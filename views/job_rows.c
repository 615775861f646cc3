/* What can be said about a job. */
#include "views/column_table.h"
#include "views/job_values.h"
#include "views/jobs.h"

#include <string.h>

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
	  .title = "STATE", .width = 9, .flags = COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, .words = job_state_words,
	  .value = job_state, .cell = job_state_cell },
	{ .info = NUMBER_INFO("progress", UNIT_PCT, "how much of a move is done"), .title = "PROGRESS", .width = 13,
	  .priority = 7, .flags = COLUMN_DEFAULT | COLUMN_VOLATILE, .value = job_progress, .cell = job_progress_cell },
	{ .info = NUMBER_INFO("left", UNIT_BYTES, "memory and disks that are still to be copied"), .title = "LEFT",
	  .width = 5, .priority = 9, .align = ALIGN_RIGHT, .flags = COLUMN_DEFAULT | COLUMN_VOLATILE, .value = job_left,
	  .cell = job_quiet_cell },
	{ .info = NUMBER_INFO("speed", UNIT_BYTES_S, "at which it is copied"), .title = "SPEED", .width = 5, .priority = 8,
	  .align = ALIGN_RIGHT, .flags = COLUMN_DEFAULT | COLUMN_VOLATILE, .value = job_speed, .cell = job_quiet_cell },
	{ .info = NUMBER_INFO("dirty", UNIT_BYTES_S, "at which the VM writes to its memory meanwhile"), .title = "DIRTY",
	  .width = 5, .priority = 15, .align = ALIGN_RIGHT, .flags = COLUMN_WIDE | COLUMN_VOLATILE, .value = job_dirty,
	  .cell = job_quiet_cell },
	{ .info = NUMBER_INFO("round", UNIT_COUNT, "how often its memory was gone through"), .title = "ROUND", .width = 5,
	  .priority = 17, .align = ALIGN_RIGHT, .flags = COLUMN_WIDE | COLUMN_VOLATILE, .value = job_round,
	  .cell = job_quiet_cell },
	{ .info = NUMBER_INFO("downtime", UNIT_MS, "for which the VM will stand still, as far as can be told"),
	  .title = "DOWN", .width = 6, .priority = 16, .align = ALIGN_RIGHT, .flags = COLUMN_WIDE | COLUMN_VOLATILE,
	  .value = job_downtime, .cell = job_quiet_cell },
	{ .info = NUMBER_INFO("eta", UNIT_SECONDS, "time left: of a move by its speed, else until the wait is over"),
	  .title = "ETA", .width = 4, .priority = 5, .align = ALIGN_RIGHT, .flags = COLUMN_DEFAULT | COLUMN_VOLATILE,
	  .value = job_eta, .cell = job_eta_cell },
	{ .info = TEXT_INFO("started", "when it began, UTC"), .title = "STARTED", .width = 8, .priority = 10,
	  .flags = COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_VOLATILE, .value = job_started, .cell = job_started_cell },
	{ .info = NUMBER_INFO("queued", UNIT_SECONDS, "how long ago it was asked for"), .title = "AGE", .width = 4,
	  .priority = 13, .align = ALIGN_RIGHT, .flags = COLUMN_WIDE | COLUMN_VOLATILE, .value = job_queued },
	{ .info = NUMBER_INFO("took", UNIT_SECONDS, "how long it took, or takes until now"), .title = "TOOK", .width = 4,
	  .priority = 4, .align = ALIGN_RIGHT, .flags = COLUMN_DEFAULT | COLUMN_VOLATILE, .value = job_took,
	  .cell = job_quiet_cell },
	{ .info = NUMBER_INFO("batch", UNIT_COUNT, "the same number: asked for together"), .title = "BATCH", .width = 5,
	  .priority = 14, .align = ALIGN_RIGHT, .flags = COLUMN_WIDE, .value = job_batch },
	{ .info = TEXT_INFO("result", "how it ended, or what it is at"), .title = "RESULT", .width = 24, .flex = 1,
	  .flags = COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_VOLATILE, .value = job_result, .cell = job_result_cell },
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
