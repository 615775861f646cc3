#include "views/host_values.h"

#include "views/totals.h"

#include <stdio.h>
#include <string.h>

void
host_fit(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct value *out)
{
	double fit = headroom_host(row, ctx->config, &ctx->size);

	if (fit >= 0 && ((const struct host_snap *)row)->link == LINK_UP)
		value_number(out, fit);
}

void
host_site(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	place_site(((const struct host_snap *)row)->config, out);
}

void
host_tags(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	place_tags(((const struct host_snap *)row)->config, out);
}

void
host_labels(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	place_labels(((const struct host_snap *)row)->config, out);
}

/* How many of its guests are of which type: "KVM 18,QEMU 2". */
void
host_types(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct host_snap *host = row;
	unsigned counts[VM_TYPE_COUNT] = { 0 };

	for (size_t i = 0; i < host->nvms; i++)
		if (host->vms[i].facts && !host->vms[i].is_dom0)
			counts[host->vms[i].facts->type]++;
	out->buffer[0] = '\0';
	for (int i = VM_TYPE_UNKNOWN + 1; i < VM_TYPE_COUNT; i++) {
		char text[32];

		snprintf(text, sizeof(text), "%s %u", vm_type_name((enum vm_type)i), counts[i]);
		if (counts[i])
			value_append(out, text);
	}
	value_text(out, out->buffer);
}

/* The guest that waits most. */
void
host_ready(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct host_snap *host = row;
	double most = -1;

	for (size_t i = 0; host->link == LINK_UP && i < host->nvms; i++)
		if (VM_HAS(&host->vms[i], VM_READY))
			most = MAX(most, host->vms[i].value[VM_READY]);
	if (most >= 0)
		value_number(out, most);
}

const struct vm *
host_own_domain(const struct host_snap *host)
{
	for (size_t i = 0; i < host->nvms; i++)
		if (host->vms[i].is_dom0)
			return &host->vms[i];
	return NULL;
}

/* What the host itself takes of all its CPUs, where it is a domain beside its guests. */
void
host_overhead(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct host_snap *host = row;
	const struct vm *own = host->link == LINK_UP ? host_own_domain(host) : NULL;

	if (own && VM_HAS(own, VM_CPU) && VM_HAS(own, VM_VCPUS) && HOST_HAS(host, HOST_PCPUS) &&
		host->value[HOST_PCPUS] > 0)
		value_number(out, own->value[VM_CPU] * own->value[VM_VCPUS] / host->value[HOST_PCPUS]);
}

void
host_mem_free(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct host_snap *host = row;

	if (host->link == LINK_UP && HOST_HAS(host, HOST_MEM_TOTAL) && HOST_HAS(host, HOST_MEM_USED))
		value_number(out, host->value[HOST_MEM_TOTAL] - host->value[HOST_MEM_USED]);
}

void
host_since(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct value *out)
{
	const struct host_snap *host = row;

	/* one that was never reached was in its state before we looked */
	if (host->link_since_us &&
		(host->sampled_us || host->link == LINK_CONNECTING || host->link == LINK_UP))
		value_number(out, (double)MAX(ctx->now_us - host->link_since_us, 0) / 1e6);
}

void
host_cells(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct host_facts *facts = ((const struct host_snap *)row)->facts;

	if (facts && facts->ncells)
		value_number(out, (double)facts->ncells);
}

/* "2x16x2": sockets, cores of each, threads of each. */
void
host_topology(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct value *out)
{
	const struct host_facts *facts = ((const struct host_snap *)row)->facts;

	if (!facts || !facts->sockets || !facts->cores || !facts->threads)
		return;
	snprintf(out->buffer, sizeof(out->buffer), "%dx%dx%d", facts->sockets, facts->cores, facts->threads);
	value_text(out, out->buffer);
}

void
host_mhz(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct host_facts *facts = ((const struct host_snap *)row)->facts;

	if (facts && facts->mhz)
		value_number(out, facts->mhz);
}

void
host_why(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	value_text(out, ((const struct host_snap *)row)->why);
}

/* The texts of host_facts by their place in it. */
void
host_fact(const struct column *column, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct host_snap *host = row;
	const char *text = NULL;

	if (host->facts)
		memcpy(&text, (const char *)host->facts + column->field, sizeof(text));
	value_text(out, text);
}
