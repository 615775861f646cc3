#include "views/totals.h"
#include "views/rows.h"
#include "views/twins.h"

#include <math.h>

/* ---- sums ---- */

static void
sum_add(struct sum *sum, double value)
{
	sum->value += value;
	sum->covered++;
}

static void
sum_add_host(struct sum *sum, const struct host_snap *host, enum host_field field)
{
	if (HOST_HAS(host, field))
		sum_add(sum, host->value[field]);
}

double
sum_pct(const struct sum *part, const struct sum *whole)
{
	return part->covered && whole->covered && whole->value > 0 ? 100 * part->value / whole->value : -1;
}

double
totals_vcpu_ratio(const struct fleet_totals *totals)
{
	return totals->vcpu_pcpus.value > 0 ? totals->vcpus.value / totals->vcpu_pcpus.value : -1;
}

double
headroom_host(const struct host_snap *host, const struct config *config, const struct vm_size *size)
{
	double by_mem, by_cpu;

	if (!HOST_HAS(host, HOST_MEM_TOTAL) || !HOST_HAS(host, HOST_MEM_PROMISED) ||
		!HOST_HAS(host, HOST_PCPUS) || !HOST_HAS(host, HOST_VCPUS) || size->mem_bytes <= 0 ||
		size->vcpus <= 0)
		return -1;
	by_mem = (host->value[HOST_MEM_TOTAL] - host->value[HOST_MEM_PROMISED]) / size->mem_bytes;
	by_cpu = (host->value[HOST_PCPUS] * (double)config->vcpu_cap_pct / 100 - host->value[HOST_VCPUS]) /
		 size->vcpus;
	return MAX(floor(MIN(by_mem, by_cpu)), 0);
}

/* HOST has guests that run elsewhere by now. */
static bool
any_arriving(const struct host_snap *host, GHashTable *arriving)
{
	GHashTableIter iter;
	gpointer vm;

	if (!arriving)
		return false;
	g_hash_table_iter_init(&iter, arriving);
	while (g_hash_table_iter_next(&iter, &vm, NULL))
		if (((const struct vm *)vm)->host == host)
			return true;
	return false;
}

/* What HOST's guests come to; only where some are to be left out they must be looked at. */
static struct vm_totals
host_vm_totals(const struct host_snap *host, GHashTable *arriving)
{
	struct vm_totals totals = { 0 };

	if (!any_arriving(host, arriving))
		return host->totals;
	for (size_t i = 0; i < host->nvms; i++)
		if (!host->vms[i].is_dom0 && !g_hash_table_contains(arriving, &host->vms[i]))
			vm_totals_add(&totals, &host->vms[i], true);
	return totals;
}

static void
count_guests(struct fleet_totals *out, struct host_totals *part, const struct host_snap *host, bool fresh,
	GHashTable *arriving)
{
	struct vm_totals own = host_vm_totals(host, arriving);

	guest_totals_join(&out->all.guests, &own.guests, fresh);
	guest_totals_join(&part->guests, &own.guests, fresh);
}

static void
add_host_sums(struct fleet_totals *out, const struct host_snap *host, const struct row_ctx *ctx)
{
	double fit = headroom_host(host, ctx->config, &ctx->size);

	/* Shares need both their parts from the same hosts. */
	if (HOST_HAS(host, HOST_CPU) && HOST_HAS(host, HOST_PCPUS)) {
		sum_add(&out->pcpus, host->value[HOST_PCPUS]);
		sum_add(&out->cores_used, host->value[HOST_PCPUS] * host->value[HOST_CPU] / 100);
	}
	if (HOST_HAS(host, HOST_MEM_TOTAL) && HOST_HAS(host, HOST_MEM_USED)) {
		sum_add(&out->mem_total, host->value[HOST_MEM_TOTAL]);
		sum_add(&out->mem_used, host->value[HOST_MEM_USED]);
	}
	if (HOST_HAS(host, HOST_MEM_PROMISED) && HOST_HAS(host, HOST_MEM_TOTAL)) {
		sum_add(&out->mem_promised, host->value[HOST_MEM_PROMISED]);
		sum_add(&out->promised_total, host->value[HOST_MEM_TOTAL]);
	}
	if (HOST_HAS(host, HOST_VCPUS) && HOST_HAS(host, HOST_PCPUS)) {
		sum_add(&out->vcpus, host->value[HOST_VCPUS]);
		sum_add(&out->vcpu_pcpus, host->value[HOST_PCPUS]);
	}
	sum_add_host(&out->ksm_saved, host, HOST_KSM_SAVED);
	sum_add_host(&out->net_rx, host, HOST_NET_RX);
	sum_add_host(&out->net_tx, host, HOST_NET_TX);
	sum_add_host(&out->disk_rd, host, HOST_DISK_RD);
	sum_add_host(&out->disk_wr, host, HOST_DISK_WR);
	if (fit >= 0)
		sum_add(&out->fit, fit);
}

static void
add_host(struct fleet_totals *out, const struct host_snap *host, const struct row_ctx *ctx,
	GHashTable *arriving)
{
	enum hypervisor hypervisor = host->facts ? host->facts->hypervisor : HYPERVISOR_UNKNOWN;
	struct host_totals *part = &out->by_hypervisor[hypervisor];
	bool fresh = host_snap_fresh(host, ctx->now_us);

	out->by_link[host_snap_link(host, ctx->now_us)]++;
	out->all.hosts++;
	part->hosts++;
	count_guests(out, part, host, fresh, arriving);
	if (host->link == LINK_UP && host->sampled_us)
		out->oldest_us = MAX(out->oldest_us, MAX(ctx->now_us - host->sampled_us, 0));
	if (!fresh) {
		out->silent++;
		return;
	}
	out->all.up++;
	part->up++;
	add_host_sums(out, host, ctx);
}

void
totals_hosts(const void *const *rows, size_t n, const struct row_ctx *ctx, struct fleet_totals *out)
{
	g_autoptr(GHashTable) arriving = twins_of_hosts(rows, n, ctx->now_us);

	*out = (struct fleet_totals){ .size = ctx->size, .oldest_us = -1 };
	for (size_t i = 0; i < n; i++)
		add_host(out, rows[i], ctx, arriving);
}

void
totals_fleet(const struct fleet_snap *snap, const struct row_ctx *ctx, struct fleet_totals *out)
{
	totals_hosts((const void *const *)snap->hosts, snap->nhosts, ctx, out);
}

static gint
compare_parts(gconstpointer a, gconstpointer b)
{
	const struct part_totals *left = a, *right = b;

	if (!left->name || !right->name)
		return !left->name - !right->name;
	return natural_compare(left->name, right->name);
}

static struct fleet_totals *
find_part(GArray *parts, const char *name, const struct row_ctx *ctx)
{
	struct part_totals new = { .name = name, .totals = { .size = ctx->size, .oldest_us = -1 } };

	for (guint i = 0; i < parts->len; i++) {
		struct part_totals *known = &g_array_index(parts, struct part_totals, i);

		if (g_strcmp0(known->name, name) == 0)
			return &known->totals;
	}
	g_array_append_val(parts, new);
	return &g_array_index(parts, struct part_totals, parts->len - 1).totals;
}

GArray *
totals_by(const struct fleet_snap *snap, const struct row_ctx *ctx,
	const char *(*part)(const struct host_snap *host))
{
	g_autoptr(GHashTable) arriving =
		twins_of_hosts((const void *const *)snap->hosts, snap->nhosts, ctx->now_us);
	GArray *parts = g_array_new(FALSE, FALSE, sizeof(struct part_totals));

	for (size_t i = 0; i < snap->nhosts; i++)
		add_host(find_part(parts, part(snap->hosts[i]), ctx), snap->hosts[i], ctx, arriving);
	g_array_sort(parts, compare_parts);
	return parts;
}

void
totals_vms(const void *const *rows, size_t n, const struct row_ctx *ctx, struct vm_totals *out)
{
	g_autoptr(GHashTable) arriving = twins_of_vms(rows, n, ctx->now_us);

	*out = (struct vm_totals){ 0 };
	for (size_t i = 0; i < n; i++) {
		const struct vm *vm = rows[i];

		if (!vm->is_dom0 && !(arriving && g_hash_table_contains(arriving, vm)))
			vm_totals_add(out, vm, host_snap_fresh(vm->host, ctx->now_us));
	}
}

void
totals_all_vms(const struct fleet_snap *snap, const struct row_ctx *ctx, struct vm_totals *out)
{
	g_autoptr(GHashTable) arriving =
		twins_of_hosts((const void *const *)snap->hosts, snap->nhosts, ctx->now_us);

	*out = (struct vm_totals){ 0 };
	for (size_t i = 0; i < snap->nhosts; i++) {
		struct vm_totals own = host_vm_totals(snap->hosts[i], arriving);

		vm_totals_join(out, &own, host_snap_fresh(snap->hosts[i], ctx->now_us));
	}
}
