#include "views/totals.h"

#include <math.h>
#include <string.h>

/* ---- guests on two hosts at once ---- */

/* Names the guest whatever host it is on. */
static guint
twin_hash(gconstpointer pointer)
{
	const struct vm *vm = pointer;
	guint hash;

	memcpy(&hash, vm->uuid, sizeof(hash));
	return hash;
}

static gboolean
twin_equal(gconstpointer a, gconstpointer b)
{
	const struct vm *left = a, *right = b;

	return memcmp(left->uuid, right->uuid, UUID_LEN) == 0 && strcmp(left->name, right->name) == 0;
}

/* Calls EACH for the guests of all hosts that answer. */
static void
each_guest(const struct fleet_snap *snap, int64_t now_us, void (*each)(void *ctx, const struct vm *vm),
	void *ctx)
{
	for (size_t i = 0; i < snap->nhosts; i++) {
		const struct host_snap *host = snap->hosts[i];

		if (!host_snap_fresh(host, now_us))
			continue;
		for (size_t j = 0; j < host->nvms; j++)
			each(ctx, &host->vms[j]);
	}
}

static void
twins_add_paused(void *paused, const struct vm *vm)
{
	if (vm->state == VM_STATE_PAUSED)
		g_hash_table_add(paused, (gpointer)(uintptr_t)vm);
}

struct twin_search {
	GHashTable *paused, *arriving;
};

static void
twins_add_arriving(void *ctx, const struct vm *vm)
{
	struct twin_search *search = ctx;
	gpointer twin;

	if (vm_is_running(vm) && (twin = g_hash_table_lookup(search->paused, vm)))
		g_hash_table_add(search->arriving, twin);
}

/* The paused guests that run elsewhere, by pointer; NULL: none. Free where nothing is paused. */
static GHashTable *
twins_find(const struct fleet_snap *snap, int64_t now_us)
{
	g_autoptr(GHashTable) paused = g_hash_table_new(twin_hash, twin_equal);
	struct twin_search search = { .paused = paused };

	each_guest(snap, now_us, twins_add_paused, paused);
	if (g_hash_table_size(paused) == 0)
		return NULL;
	search.arriving = g_hash_table_new(NULL, NULL);
	each_guest(snap, now_us, twins_add_arriving, &search);
	return search.arriving;
}

/* ---- the median guest ---- */

/* The middle of VALUES, which is left in disorder; 0 for none. Wirth's selection: linear, where sorting is not. */
static double
median(GArray *values)
{
	double *v = (double *)(void *)values->data;
	ptrdiff_t low = 0, high = (ptrdiff_t)values->len - 1, middle = (ptrdiff_t)(values->len / 2);

	if (values->len == 0)
		return 0;
	while (low < high) {
		double pivot = v[middle];
		ptrdiff_t i = low, j = high;

		while (i <= j) {
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i <= j) {
				double swap = v[i];

				v[i++] = v[j];
				v[j--] = swap;
			}
		}
		if (j < middle)
			low = i;
		if (i > middle)
			high = j;
	}
	return v[middle];
}

struct sizes {
	GArray *vcpus, *mem;
};

static void
sizes_add(void *ctx, const struct vm *vm)
{
	struct sizes *sizes = ctx;

	if (vm->is_dom0 || !vm_is_running(vm))
		return;
	if (VM_HAS(vm, VM_VCPUS))
		g_array_append_val(sizes->vcpus, vm->value[VM_VCPUS]);
	if (VM_HAS(vm, VM_MEM))
		g_array_append_val(sizes->mem, vm->value[VM_MEM]);
}

struct vm_size
totals_median(const struct fleet_snap *snap, int64_t now_us)
{
	struct sizes sizes = {
		.vcpus = g_array_new(FALSE, FALSE, sizeof(double)),
		.mem = g_array_new(FALSE, FALSE, sizeof(double)),
	};
	struct vm_size size;

	each_guest(snap, now_us, sizes_add, &sizes);
	size = (struct vm_size){ .vcpus = median(sizes.vcpus), .mem_bytes = median(sizes.mem) };
	g_array_free(sizes.vcpus, TRUE);
	g_array_free(sizes.mem, TRUE);
	return size;
}

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

static void
sum_add_vm(struct sum *sum, const struct vm *vm, enum vm_field field)
{
	if (VM_HAS(vm, field))
		sum_add(sum, vm->value[field]);
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

static void
count_guest(struct guest_totals *totals, const struct vm *vm, bool fresh)
{
	totals->vms++;
	if (!fresh)
		totals->unknown++;
	else if (vm_is_running(vm))
		totals->running++;
	else
		totals->by_state[vm->state]++;
}

static void
count_guests(struct fleet_totals *out, struct host_totals *part, const struct host_snap *host, bool fresh,
	GHashTable *arriving)
{
	for (size_t i = 0; i < host->nvms; i++) {
		const struct vm *vm = &host->vms[i];

		if (vm->is_dom0 || (arriving && g_hash_table_contains(arriving, vm)))
			continue;
		count_guest(&out->all.guests, vm, fresh);
		count_guest(&part->guests, vm, fresh);
	}
}

static void
count_density(struct fleet_totals *out, const struct host_snap *host, bool first)
{
	unsigned running = (unsigned)host->value[HOST_VMS_RUNNING];

	out->density_min = first ? running : MIN(out->density_min, running);
	out->density_max = first ? running : MAX(out->density_max, running);
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
	count_density(out, host, out->all.up == 0);
	out->all.up++;
	part->up++;
	add_host_sums(out, host, ctx);
}

void
totals_fleet(const struct fleet_snap *snap, const struct row_ctx *ctx, struct fleet_totals *out)
{
	g_autoptr(GHashTable) arriving = twins_find(snap, ctx->now_us);

	*out = (struct fleet_totals){ .size = ctx->size, .oldest_us = -1 };
	for (size_t i = 0; i < snap->nhosts; i++)
		add_host(out, snap->hosts[i], ctx, arriving);
}

void
totals_hosts(const void *const *rows, size_t n, const struct row_ctx *ctx, struct fleet_totals *out)
{
	*out = (struct fleet_totals){ .size = ctx->size, .oldest_us = -1 };
	for (size_t i = 0; i < n; i++)
		add_host(out, rows[i], ctx, NULL);
}

void
totals_vms(const void *const *rows, size_t n, const struct row_ctx *ctx, struct vm_totals *out)
{
	*out = (struct vm_totals){ 0 };
	for (size_t i = 0; i < n; i++) {
		const struct vm *vm = rows[i];
		bool fresh = host_snap_fresh(vm->host, ctx->now_us);

		if (vm->is_dom0)
			continue;
		count_guest(&out->guests, vm, fresh);
		if (!fresh || !vm_is_running(vm))
			continue;
		sum_add_vm(&out->vcpus, vm, VM_VCPUS);
		sum_add_vm(&out->mem, vm, VM_MEM);
		sum_add_vm(&out->net, vm, VM_NET);
		sum_add_vm(&out->disk, vm, VM_DISK);
		if (VM_HAS(vm, VM_CPU) && VM_HAS(vm, VM_VCPUS)) {
			sum_add(&out->cores_used, vm->value[VM_CPU] * vm->value[VM_VCPUS] / 100);
			sum_add(&out->cpu_vcpus, vm->value[VM_VCPUS]);
		}
	}
}
