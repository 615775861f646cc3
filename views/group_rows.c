/* What can be said about a group of guests. */
#include "views/column_table.h"
#include "views/groups.h"
#include "views/units.h"

#include <stdio.h>
#include <string.h>

/* What a column shows of a sum: of nothing that runs it is 0, and of guests that don't tell it is not known. */
static bool
sum_known(const struct group *group, const struct sum *sum)
{
	const struct guest_totals *guests = &group->totals.guests;

	return sum->covered || (guests->vms && !guests->running && !guests->unknown);
}

/* The sum is at least so much: some guests don't tell, or not now. */
static bool
sum_partial(const struct group *group, const struct sum *sum)
{
	return sum->covered && (sum->covered < group->totals.guests.running || group->totals.guests.unknown);
}

/* The sums that columns show, by their place in struct group. */
static const struct sum *
sum_at(const struct group *group, size_t offset)
{
	return (const struct sum *)(const void *)((const char *)group + offset);
}

static void
group_sum(const struct column *column, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct sum *sum = sum_at(row, column->field);

	if (sum_known(row, sum))
		value_number(out, sum->value);
}

/* "3.2G", or "3.2G+" for a sum that is not the whole. The digits stay in line. */
static void
group_sum_cell(const struct column *column, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct cell *out)
{
	const struct sum *sum = sum_at(row, column->field);
	char text[UNIT_TEXT];

	unit_format(text, column->info->unit, sum->value);
	cell_printf(out, sum_known(row, sum) ? ROLE_NORMAL : ROLE_DIM, "%s%c",
		sum_known(row, sum) ? text : "-", sum_partial(row, sum) ? '+' : ' ');
}

/* Cores of a small group are told by tenths, those of a big one in whole numbers. */
static void
group_cores_cell(const struct column *column, const struct row_ctx *ctx, const void *row, struct cell *out)
{
	const struct sum *sum = sum_at(row, column->field);
	char text[UNIT_TEXT];

	if (!sum_known(row, sum) || sum->value >= 9999.5) {
		group_sum_cell(column, ctx, row, out);
		return;
	}
	if (sum->value >= 99.95)
		unit_thousands(text, sum->value);
	else
		snprintf(text, sizeof(text), "%.1f", sum->value);
	cell_printf(out, ROLE_NORMAL, "%s%c", text, sum_partial(row, sum) ? '+' : ' ');
}

static void
group_cpu(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct vm_totals *totals = &((const struct group *)row)->totals;
	double pct = sum_pct(&totals->cores_used, &totals->cpu_vcpus);

	if (pct >= 0)
		value_number(out, pct);
}

static void
group_used_pct(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct group *group = row;
	double pct = sum_pct(&group->sums[GROUP_MEM_USED], &group->mem_telling);

	if (pct >= 0)
		value_number(out, pct);
}

/* The part of the fleet's sum that is the group's. */
static void
group_share(const struct column *column, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct group *group = row;
	const struct sum *part = sum_at(group, column->field);
	double whole = sum_at(&tally_totals(group->tally)->all, column->field)->value;

	if (sum_known(group, part) && whole > 0)
		value_number(out, 100 * part->value / whole);
}

static void
group_share_of_vms(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct group *group = row;
	unsigned whole = tally_totals(group->tally)->all.totals.guests.vms;

	if (whole)
		value_number(out, 100.0 * group->totals.guests.vms / whole);
}

/* Shares of 2340 groups are small: "0.3%", "41%". */
static void
group_share_cell(const struct column *column, const struct row_ctx *ctx, const void *row, struct cell *out)
{
	struct value value;

	column_value(column, ctx, row, &value);
	if (value.type != VALUE_NUMBER)
		cell_unknown(out);
	else if (value.number > 0 && value.number < 0.05)
		cell_set(out, ROLE_NORMAL, "<0.1%");
	else
		cell_printf(out, ROLE_NORMAL, value.number < 9.95 ? "%.1f%%" : "%.0f%%", value.number);
}

/* ---- counts ---- */

static void
group_vms(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	value_number(out, ((const struct group *)row)->totals.guests.vms);
}

static void
group_running(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct guest_totals *guests = &((const struct group *)row)->totals.guests;

	if (guests->unknown < guests->vms)
		value_number(out, guests->running);
}

static void
group_hosts(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	value_number(out, ((const struct group *)row)->hosts);
}

static void
group_off(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct guest_totals *guests = &((const struct group *)row)->totals.guests;

	if (guests->unknown < guests->vms)
		value_number(out, guests->by_state[VM_STATE_OFF]);
}

static void
group_halted(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct guest_totals *guests = &((const struct group *)row)->totals.guests;

	if (guests->unknown < guests->vms)
		value_number(out, guests->by_state[VM_STATE_PAUSED] + guests->by_state[VM_STATE_SUSPENDED]);
}

static void
group_crashed(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct group *group = row;

	if (group->totals.guests.unknown < group->totals.guests.vms)
		value_number(out, group->crashed);
}

static void
group_unknown(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	value_number(out, ((const struct group *)row)->totals.guests.unknown);
}

/* "21/23": running of all; those of hosts that do not answer are a question. */
static void
group_vms_cell(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct cell *out)
{
	const struct guest_totals *guests = &((const struct group *)row)->totals.guests;

	if (guests->unknown == guests->vms)
		cell_printf(out, ROLE_NORMAL, "?/%u", guests->vms);
	else
		cell_printf(out, ROLE_NORMAL, "%u/%u", guests->running, guests->vms);
}

static void
count_cell(const struct column *column, const struct row_ctx *ctx, const void *row, enum role role,
	struct cell *out)
{
	struct value value;

	column_value(column, ctx, row, &value);
	if (value.type != VALUE_NUMBER)
		cell_unknown(out);
	else
		cell_printf(out, value.number > 0 ? role : ROLE_DIM, "%.0f", value.number);
}

/* Counts of what mostly is not there step back while they are 0. */
static void
group_count_cell(const struct column *column, const struct row_ctx *ctx, const void *row, struct cell *out)
{
	count_cell(column, ctx, row, ROLE_NORMAL, out);
}

static void
group_crashed_cell(const struct column *column, const struct row_ctx *ctx, const void *row, struct cell *out)
{
	count_cell(column, ctx, row, ROLE_BAD, out);
}

/* ---- words ---- */

static void
group_name(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	value_text(out, ((const struct group *)row)->name);
}

static void
group_by(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	g_autofree char *by = groups_by_name(tally_groups(((const struct group *)row)->tally));

	g_strlcpy(out->buffer, by, sizeof(out->buffer));
	value_text(out, out->buffer);
}

/* The state of the group as that of its worst guest. */
static enum vm_state
group_state(const struct group *group)
{
	const struct guest_totals *guests = &group->totals.guests;

	return group->crashed    ? VM_STATE_CRASHED
	       : guests->unknown ? VM_STATE_UNKNOWN
	       : guests->running ? VM_STATE_RUNNING
				 : VM_STATE_OFF;
}

static void
group_light(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	value_number(out, group_state(row));
}

static void
group_light_cell(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct cell *out)
{
	const struct look *look = vm_look(group_state(row));

	if (ctx->ascii)
		cell_printf(out, look->role, "%c", look->ascii);
	else
		cell_set(out, look->role, look->glyph);
}

static void
group_ready(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct vm *waiting = ((const struct group *)row)->waiting;

	if (waiting)
		value_number(out, waiting->value[VM_READY]);
}

static void
group_ready_vm(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct vm *waiting = ((const struct group *)row)->waiting;

	value_text(out, waiting ? waiting->name : NULL);
}

/* ---- the table ---- */

static void group_partial(
	const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);

#define SUM_OF(member)  .field = G_STRUCT_OFFSET(struct group, member)
#define SUM(member)     SUM_OF(member), .align = ALIGN_RIGHT, .value = group_sum, .cell = group_sum_cell
#define SHARE(member)   SUM_OF(member), .align = ALIGN_RIGHT, .value = group_share, .cell = group_share_cell
#define COUNT(function) .align = ALIGN_RIGHT, .value = function

/* Sums have one column more than their numbers, for the "+". */
/* clang-format off */
static const struct column columns[] = {
	{ .info = TEXT_INFO("light", "the state of its worst VM as one character"), .title = "", .width = 1,
	  .flags = COLUMN_DEFAULT | COLUMN_SCREEN | COLUMN_STICKY, .value = group_light, .cell = group_light_cell },
	{ .info = TEXT_INFO("name", "what its VMs have in common; - for those that have none"), .title = "GROUP", .width = 12,
	  .max_width = 40, .flex = 5, .value = group_name,
	  .flags = COLUMN_FACT | COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_STICKY },
	{ .info = TEXT_INFO("by", "what the groups are made by"), .title = "BY", .width = 10, .priority = 20,
	  .flags = COLUMN_TEXT, .value = group_by },
	{ .info = NUMBER_INFO("vms", UNIT_COUNT, "VMs, those of hosts that do not answer included"), .title = "VMS",
	  .width = 9, .flags = COLUMN_DEFAULT, COUNT(group_vms), .cell = group_vms_cell },
	{ .info = NUMBER_INFO("running", UNIT_COUNT, "VMs running"), .title = "RUN", .width = 5, .priority = 20,
	  COUNT(group_running) },
	{ .info = NUMBER_INFO("off", UNIT_COUNT, "VMs powered off"), .title = "OFF", .width = 4, .priority = 6,
	  .flags = COLUMN_DEFAULT, COUNT(group_off), .cell = group_count_cell },
	{ .info = NUMBER_INFO("halted", UNIT_COUNT, "VMs paused, or asleep"), .title = "HALT", .width = 4, .priority = 16,
	  .flags = COLUMN_WIDE, COUNT(group_halted), .cell = group_count_cell },
	{ .info = NUMBER_INFO("crashed", UNIT_COUNT, "VMs crashed, or stopped by an error"), .title = "CRASH", .width = 5,
	  .priority = 3, .flags = COLUMN_DEFAULT, COUNT(group_crashed), .cell = group_crashed_cell },
	{ .info = NUMBER_INFO("unknown", UNIT_COUNT, "VMs whose host does not answer"), .title = "UNKN", .width = 4,
	  .priority = 9, .flags = COLUMN_WIDE, COUNT(group_unknown), .cell = group_count_cell },
	{ .info = NUMBER_INFO("hosts", UNIT_COUNT, "hosts that it has VMs on"), .title = "HOSTS", .width = 5, .priority = 5,
	  .flags = COLUMN_DEFAULT, COUNT(group_hosts) },
	{ .info = NUMBER_INFO("vcpus", UNIT_COUNT, "vCPUs of the running VMs"), .title = "VCPUS ", .width = 6, .priority = 4,
	  .flags = COLUMN_DEFAULT, SUM(totals.vcpus) },
	{ .info = NUMBER_INFO("cores", UNIT_COUNT, "physical CPUs they use: CPU time / wall time"), .title = "CORES ",
	  .width = 6, .priority = 1, .flags = COLUMN_RATE | COLUMN_DEFAULT, SUM_OF(totals.cores_used), .align = ALIGN_RIGHT,
	  .value = group_sum, .cell = group_cores_cell },
	{ .info = NUMBER_INFO("cpu", UNIT_PCT, "CPU use: CPU time / wall time / vCPUs"), .title = "CPU", .width = 4,
	  .align = ALIGN_RIGHT, .flags = COLUMN_RATE | COLUMN_DEFAULT, .threshold = THRESHOLD_CPU, .value = group_cpu },
	{ .info = NUMBER_INFO("cpu-share", UNIT_PCT, "its part of the CPU that all VMs use"), .title = "OF CPU", .width = 6,
	  .priority = 7, .flags = COLUMN_RATE | COLUMN_DEFAULT, SHARE(totals.cores_used) },
	{ .info = NUMBER_INFO("mem", UNIT_BYTES, "memory promised to the running VMs"), .title = "MEM ", .width = 5,
	  .flags = COLUMN_DEFAULT, SUM(totals.mem) },
	{ .info = NUMBER_INFO("mem-share", UNIT_PCT, "its part of the memory promised to all VMs"), .title = "OF MEM",
	  .width = 6, .priority = 7, .flags = COLUMN_DEFAULT, SHARE(totals.mem) },
	{ .info = NUMBER_INFO("vms-share", UNIT_PCT, "its part of all VMs"), .title = "OF VMS", .width = 6, .priority = 15,
	  .flags = COLUMN_WIDE, .align = ALIGN_RIGHT, .value = group_share_of_vms, .cell = group_share_cell },
	{ .info = NUMBER_INFO("mem-used", UNIT_BYTES, "memory used inside the VMs, of those whose balloon driver tells"),
	  .title = "USED ", .width = 5, .priority = 8, .flags = COLUMN_DEFAULT, SUM(sums[GROUP_MEM_USED]) },
	{ .info = NUMBER_INFO("mem-used-pct", UNIT_PCT, "the same, of the memory of these VMs"), .title = "USED%", .width = 5,
	  .align = ALIGN_RIGHT, .priority = 13, .flags = COLUMN_WIDE, .value = group_used_pct },
	{ .info = NUMBER_INFO("rss", UNIT_BYTES, "host memory that the VMs' processes hold"), .title = "RSS ", .width = 5,
	  .priority = 14, .flags = COLUMN_WIDE, SUM(sums[GROUP_RSS]) },
	{ .info = NUMBER_INFO("net", UNIT_BYTES_S, "network, both directions"), .title = "NET ", .width = 5, .priority = 2,
	  .flags = COLUMN_RATE | COLUMN_DEFAULT, SUM(totals.net) },
	{ .info = NUMBER_INFO("net-rx", UNIT_BYTES_S, "network received"), .title = "RX ", .width = 5, .priority = 11,
	  .flags = COLUMN_RATE | COLUMN_WIDE, SUM(sums[GROUP_NET_RX]) },
	{ .info = NUMBER_INFO("net-tx", UNIT_BYTES_S, "network sent"), .title = "TX ", .width = 5, .priority = 11,
	  .flags = COLUMN_RATE | COLUMN_WIDE, SUM(sums[GROUP_NET_TX]) },
	{ .info = NUMBER_INFO("disk", UNIT_BYTES_S, "disk, both directions"), .title = "DISK ", .width = 5, .priority = 2,
	  .flags = COLUMN_RATE | COLUMN_DEFAULT, SUM(totals.disk) },
	{ .info = NUMBER_INFO("disk-rd", UNIT_BYTES_S, "disk read"), .title = "READ ", .width = 5, .priority = 12,
	  .flags = COLUMN_RATE | COLUMN_WIDE, SUM(sums[GROUP_DISK_RD]) },
	{ .info = NUMBER_INFO("disk-wr", UNIT_BYTES_S, "disk written"), .title = "WRITE ", .width = 6, .priority = 12,
	  .flags = COLUMN_RATE | COLUMN_WIDE, SUM(sums[GROUP_DISK_WR]) },
	{ .info = NUMBER_INFO("ready", UNIT_PCT, "how long the VM waits for a physical CPU that waits the most"),
	  .title = "READY", .width = 5, .align = ALIGN_RIGHT, .priority = 3, .flags = COLUMN_RATE | COLUMN_DEFAULT,
	  .threshold = THRESHOLD_READY, .value = group_ready },
	{ .info = TEXT_INFO("ready-vm", "which VM that is"), .title = "WAITING VM", .width = 10, .max_width = 24, .flex = 2,
	  .priority = 10, .flags = COLUMN_RATE | COLUMN_FIT | COLUMN_WIDE | COLUMN_TEXT, .value = group_ready_vm },
	{ .info = TEXT_INFO("partial", "sums that are at least so much: not all its VMs tell; a + on the screen"),
	  .title = "AT LEAST", .width = 12, .priority = 20, .flags = COLUMN_LIST | COLUMN_TEXT, .value = group_partial },
};
/* clang-format on */

static void
group_partial(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	out->buffer[0] = '\0';
	for (size_t i = 0; i < G_N_ELEMENTS(columns); i++) {
		if (columns[i].value != group_sum || !sum_partial(row, sum_at(row, columns[i].field)))
			continue;
		if (out->buffer[0])
			g_strlcat(out->buffer, ",", sizeof(out->buffer));
		g_strlcat(out->buffer, columns[i].info->name, sizeof(out->buffer));
	}
	value_text(out, out->buffer);
}

/* ---- the kind ---- */

static const struct host_snap *
group_host(const void *row G_GNUC_UNUSED)
{
	return NULL;
}

static struct row_key
group_key(const void *row)
{
	return ((const struct group *)row)->key;
}

static enum severity
group_fault(const struct row_ctx *ctx, const void *row, char *out, size_t size)
{
	const struct group *group = row;
	unsigned unknown = group->totals.guests.unknown;

	if (group->crashed) {
		if (out)
			snprintf(
				out, size, "%u VM%s crashed", group->crashed, group->crashed == 1 ? "" : "s");
		return SEVERITY_BAD;
	}
	if (unknown) {
		if (out)
			snprintf(out, size, "%u VM%s unknown: hosts do not answer", unknown,
				unknown == 1 ? "" : "s");
		return SEVERITY_WARN;
	}
	if (group->waiting && group->waiting->value[VM_READY] >= (double)ctx->config->ready_bad_pct) {
		if (out)
			snprintf(out, size, "%s waits for a CPU %.0f%% of the time", group->waiting->name,
				group->waiting->value[VM_READY]);
		return SEVERITY_WARN;
	}
	return SEVERITY_NONE;
}

const struct row_kind group_rows = {
	.name = "groups",
	.singular = "group",
	.plural = "groups",
	.columns = columns,
	.ncolumns = G_N_ELEMENTS(columns),
	.name_column = 1,
	.sort = "mem",
	.gather = groups_gather,
	.gathered = groups_roster,
	.host = group_host,
	.key = group_key,
	.fault = group_fault,
};
