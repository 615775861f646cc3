#include "views/density.h"

/* ---- medians ---- */

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

static void
add_size(const struct vm *vm, GArray *vcpus, GArray *mem)
{
	if (vm->is_dom0 || !vm_is_running(vm))
		return;
	if (VM_HAS(vm, VM_VCPUS))
		g_array_append_val(vcpus, vm->value[VM_VCPUS]);
	if (VM_HAS(vm, VM_MEM))
		g_array_append_val(mem, vm->value[VM_MEM]);
}

struct vm_size
density_size(const struct fleet_snap *snap, int64_t now_us)
{
	g_autoptr(GArray) vcpus = g_array_new(FALSE, FALSE, sizeof(double));
	g_autoptr(GArray) mem = g_array_new(FALSE, FALSE, sizeof(double));

	for (size_t i = 0; i < snap->nhosts; i++) {
		const struct host_snap *host = snap->hosts[i];

		for (size_t j = 0; host_snap_fresh(host, now_us) && j < host->nvms; j++)
			add_size(&host->vms[j], vcpus, mem);
	}
	return (struct vm_size){ .vcpus = median(vcpus), .mem_bytes = median(mem) };
}

/* ---- guests per host ---- */

static void
fill_bins(const GArray *counts, unsigned nbins, struct density *out)
{
	unsigned range = out->max - out->min + 1;

	nbins = CLAMP(nbins, 1, DENSITY_BINS);
	out->step = (range + nbins - 1) / nbins;
	out->first = out->min;
	out->nbins = (range + out->step - 1) / out->step;
	for (guint i = 0; i < counts->len; i++)
		out->bins[((unsigned)g_array_index(counts, double, i) - out->first) / out->step]++;
}

void
density_of(const struct fleet_snap *snap, int64_t now_us, unsigned nbins, struct density *out)
{
	g_autoptr(GArray) counts = g_array_new(FALSE, FALSE, sizeof(double));
	double sum = 0;

	*out = (struct density){ .min = G_MAXUINT };
	for (size_t i = 0; i < snap->nhosts; i++) {
		const struct host_snap *host = snap->hosts[i];
		double running = host->value[HOST_VMS_RUNNING];

		if (!host_snap_fresh(host, now_us))
			continue;
		g_array_append_val(counts, running);
		sum += running;
		out->min = MIN(out->min, (unsigned)running);
		out->max = MAX(out->max, (unsigned)running);
	}
	out->hosts = counts->len;
	if (out->hosts == 0)
		return;
	out->mean = sum / out->hosts;
	fill_bins(counts, nbins, out);
	out->median = median(counts);
}
