#include "views/vm_values.h"

#include "fleet/snapshot.h"

#include <string.h>

#define OUR_CONFIG(row) (((const struct vm *)(row))->host->config)

/* ---- numbers ---- */

void
vm_latency(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct vm *vm = row;
	bool read = VM_HAS(vm, VM_DISK_RD_MS), write = VM_HAS(vm, VM_DISK_WR_MS);

	if (vm->host->link != LINK_UP || (!read && !write))
		return;
	value_number(out, MAX(read ? vm->value[VM_DISK_RD_MS] : 0, write ? vm->value[VM_DISK_WR_MS] : 0));
}

void
vm_cores(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct vm *vm = row;

	if (vm->host->link == LINK_UP && VM_HAS(vm, VM_CPU) && VM_HAS(vm, VM_VCPUS))
		value_number(out, vm->value[VM_CPU] * vm->value[VM_VCPUS] / 100);
}

void
vm_cores_cell(const struct column *column, const struct row_ctx *ctx, const void *row, struct cell *out)
{
	struct value value;

	value.type = VALUE_UNKNOWN;
	vm_cores(column, ctx, row, &value);
	if (value.type == VALUE_UNKNOWN)
		cell_unknown(out);
	else
		cell_printf(out, ROLE_NORMAL, "%.2f", value.number);
}

void
vm_ops(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct vm *vm = row;

	if (vm->host->link == LINK_UP && VM_HAS(vm, VM_DISK_RD_OPS) && VM_HAS(vm, VM_DISK_WR_OPS))
		value_number(out, vm->value[VM_DISK_RD_OPS] + vm->value[VM_DISK_WR_OPS]);
}

void
vm_since(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct value *out)
{
	const struct vm *vm = row;

	if (vm->since_us && host_snap_fresh(vm->host, ctx->now_us))
		value_number(out, (double)MAX(ctx->now_us - vm->since_us, 0) / 1e6);
}

/* ---- identity ---- */

void
vm_id(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct vm *vm = row;

	if (vm->id >= 0)
		value_number(out, vm->id);
}

void
vm_uuid(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	uuid_format(((const struct vm *)row)->uuid, out->buffer);
	value_text(out, out->buffer);
}

void
vm_autostart(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct vm *vm = row;

	if (vm->autostart_known)
		value_flag(out, vm->autostart);
}

void
vm_persistent(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct vm *vm = row;

	if (vm->autostart_known)
		value_flag(out, vm->persistent);
}

void
vm_dom0(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	value_flag(out, ((const struct vm *)row)->is_dom0);
}

/* ---- facts ---- */

/* The texts of vm_facts by their place in it. */
void
vm_fact(const struct column *column, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct vm *vm = row;
	const char *text = NULL;

	if (vm->facts)
		memcpy(&text, (const char *)vm->facts + column->field, sizeof(text));
	value_text(out, text);
}

static const struct vm_facts *
facts_of(const void *row)
{
	return ((const struct vm *)row)->facts;
}

void
vm_pinned(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	if (facts_of(row))
		value_flag(out, facts_of(row)->pinned);
}

void
vm_console(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	if (facts_of(row))
		value_flag(out, facts_of(row)->has_console);
}

void
vm_disks(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct vm_facts *facts = facts_of(row);
	size_t n = 0;

	for (size_t i = 0; facts && i < facts->ndisks; i++)
		n += g_strcmp0(facts->disks[i].device, "disk") == 0 ||
		     g_strcmp0(facts->disks[i].device, "lun") == 0;
	if (facts)
		value_number(out, (double)n);
}

void
vm_nics(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	if (facts_of(row))
		value_number(out, (double)facts_of(row)->nnics);
}

void
vm_hostdevs(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	if (facts_of(row))
		value_number(out, (double)facts_of(row)->nhostdevs);
}

void
vm_macs(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct vm_facts *facts = ((const struct vm *)row)->facts;

	out->buffer[0] = '\0';
	for (size_t i = 0; facts && i < facts->nnics; i++)
		if (facts->nics[i].mac)
			value_append(out, facts->nics[i].mac);
	value_text(out, out->buffer);
}

void
vm_cards(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct vm_facts *facts = facts_of(row);

	out->buffer[0] = '\0';
	for (size_t i = 0; facts && i < facts->nnics; i++)
		if (facts->nics[i].kind != NIC_UNKNOWN)
			value_append(out, nic_kind_name(facts->nics[i].kind));
	value_text(out, out->buffer);
}

void
vm_storage(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct vm_facts *facts = facts_of(row);

	out->buffer[0] = '\0';
	for (size_t i = 0; facts && i < facts->ndisks; i++)
		if (facts->disks[i].storage != STORAGE_UNKNOWN && facts->disks[i].source)
			value_append(out, storage_name(facts->disks[i].storage));
	value_text(out, out->buffer);
}

void
vm_buses(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct vm_facts *facts = facts_of(row);

	out->buffer[0] = '\0';
	for (size_t i = 0; facts && i < facts->ndisks; i++)
		if (facts->disks[i].bus)
			value_append(out, facts->disks[i].bus);
	value_text(out, out->buffer);
}

/* ---- its host's place ---- */

void
vm_site(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	place_site(OUR_CONFIG(row), out);
}

void
vm_tags(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	place_tags(OUR_CONFIG(row), out);
}

void
vm_labels(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	place_labels(OUR_CONFIG(row), out);
}

/* ---- history ---- */

void
vm_trend(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct vm *vm = row;

	if (vm->host->link == LINK_UP && VM_HAS(vm, VM_CPU))
		value_number(out, vm->value[VM_CPU]);
}

void
vm_trend_cell(const struct column *column, const struct row_ctx *ctx, const void *row, struct cell *out)
{
	struct row_key key = vm_key(row);

	trend_cell(column, ctx, &key, HISTORY_CPU, 100, out);
}
