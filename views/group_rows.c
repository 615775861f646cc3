/* What can be said about a group of guests. */
#include "views/group_values.h"

#include <stdio.h>

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
		if (columns[i].value != group_sum || !group_sum_partial(&columns[i], row))
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
