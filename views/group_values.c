/* What a table says of a group of guests. */
#include "views/group_values.h"

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

void
group_sum(const struct column *column, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct sum *sum = sum_at(row, column->field);

	if (sum_known(row, sum))
		value_number(out, sum->value);
}

/* "3.2G", or "3.2G+" for a sum that is not the whole. The digits stay in line. */
void
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
void
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

void
group_cpu(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct vm_totals *totals = &((const struct group *)row)->totals;
	double pct = sum_pct(&totals->cores_used, &totals->cpu_vcpus);

	if (pct >= 0)
		value_number(out, pct);
}

void
group_used_pct(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct group *group = row;
	double pct = sum_pct(&group->sums[GROUP_MEM_USED], &group->mem_telling);

	if (pct >= 0)
		value_number(out, pct);
}

/* The part of the fleet's sum that is the group's. */
void
group_share(const struct column *column, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct group *group = row;
	const struct sum *part = sum_at(group, column->field);
	double whole = sum_at(&tally_totals(group->tally)->all, column->field)->value;

	if (sum_known(group, part) && whole > 0)
		value_number(out, 100 * part->value / whole);
}

void
group_share_of_vms(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct group *group = row;
	unsigned whole = tally_totals(group->tally)->all.totals.guests.vms;

	if (whole)
		value_number(out, 100.0 * group->totals.guests.vms / whole);
}

/* Shares of 2340 groups are small: "0.3%", "41%". */
void
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

void
group_vms(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	value_number(out, ((const struct group *)row)->totals.guests.vms);
}

void
group_running(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct guest_totals *guests = &((const struct group *)row)->totals.guests;

	if (guests->unknown < guests->vms)
		value_number(out, guests->running);
}

void
group_hosts(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	value_number(out, ((const struct group *)row)->hosts);
}

void
group_off(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct guest_totals *guests = &((const struct group *)row)->totals.guests;

	if (guests->unknown < guests->vms)
		value_number(out, guests->by_state[VM_STATE_OFF]);
}

void
group_halted(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct guest_totals *guests = &((const struct group *)row)->totals.guests;

	if (guests->unknown < guests->vms)
		value_number(out, guests->by_state[VM_STATE_PAUSED] + guests->by_state[VM_STATE_SUSPENDED]);
}

void
group_crashed(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct group *group = row;

	if (group->totals.guests.unknown < group->totals.guests.vms)
		value_number(out, group->crashed);
}

void
group_unknown(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	value_number(out, ((const struct group *)row)->totals.guests.unknown);
}

/* "21/23": running of all; those of hosts that do not answer are a question. */
void
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
void
group_count_cell(const struct column *column, const struct row_ctx *ctx, const void *row, struct cell *out)
{
	count_cell(column, ctx, row, ROLE_NORMAL, out);
}

void
group_crashed_cell(const struct column *column, const struct row_ctx *ctx, const void *row, struct cell *out)
{
	count_cell(column, ctx, row, ROLE_BAD, out);
}

/* ---- words ---- */

void
group_name(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	value_text(out, ((const struct group *)row)->name);
}

void
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

void
group_light(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	value_number(out, group_state(row));
}

void
group_light_cell(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct cell *out)
{
	const struct look *look = vm_look(group_state(row));

	if (ctx->ascii)
		cell_printf(out, look->role, "%c", look->ascii);
	else
		cell_set(out, look->role, look->glyph);
}

void
group_ready(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct vm *waiting = ((const struct group *)row)->waiting;

	if (waiting)
		value_number(out, waiting->value[VM_READY]);
}

void
group_ready_vm(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct vm *waiting = ((const struct group *)row)->waiting;

	value_text(out, waiting ? waiting->name : NULL);
}

bool
group_sum_partial(const struct column *column, const struct group *group)
{
	return sum_partial(group, sum_at(group, column->field));
}
