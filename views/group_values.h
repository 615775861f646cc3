/* group_values: what the columns of group_rows.c say of a group. Rows are const struct group *. Pure. UI thread only. */
#pragma once

#include "views/column_table.h"
#include "views/groups.h"

/* The sum that COLUMN shows, which stands in struct group at column->field, is at least so much: some guests don't tell. */
bool group_sum_partial(const struct column *column, const struct group *group);

#define GROUP_VALUE(name) \
	void name(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out)
#define GROUP_CELL(name) \
	void name(const struct column *column, const struct row_ctx *ctx, const void *row, struct cell *out)

GROUP_VALUE(group_sum);
GROUP_CELL(group_sum_cell);
GROUP_CELL(group_cores_cell);
GROUP_VALUE(group_cpu);
GROUP_VALUE(group_used_pct);
GROUP_VALUE(group_share);
GROUP_VALUE(group_share_of_vms);
GROUP_CELL(group_share_cell);
GROUP_VALUE(group_vms);
GROUP_VALUE(group_running);
GROUP_VALUE(group_hosts);
GROUP_VALUE(group_off);
GROUP_VALUE(group_halted);
GROUP_VALUE(group_crashed);
GROUP_VALUE(group_unknown);
GROUP_CELL(group_vms_cell);
GROUP_CELL(group_count_cell);
GROUP_CELL(group_crashed_cell);
GROUP_VALUE(group_name);
GROUP_VALUE(group_by);
GROUP_VALUE(group_light);
GROUP_CELL(group_light_cell);
GROUP_VALUE(group_ready);
GROUP_VALUE(group_ready_vm);

#undef GROUP_VALUE
#undef GROUP_CELL
