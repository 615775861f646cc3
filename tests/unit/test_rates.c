#include "fleet/rates.h"

#include <criterion/criterion.h>

#define SECOND INT64_C(1000000)

static void
set(struct vm_sample *sample, enum vm_raw raw, uint64_t value)
{
	sample->raw[raw] = value;
	sample->valid |= 1u << raw;
}

static void
hset(struct host_sample *sample, enum host_raw raw, uint64_t value)
{
	sample->raw[raw] = value;
	sample->valid |= 1u << raw;
}

/* Two samples ten seconds apart of a running guest with 4 vCPUs. */
static void
two_samples(struct vm_sample *prev, struct vm_sample *cur)
{
	*prev = (struct vm_sample){ .taken_us = 100 * SECOND };
	*cur = (struct vm_sample){ .taken_us = 110 * SECOND };
	set(prev, RAW_VCPUS, 4);
	set(cur, RAW_VCPUS, 4);
}

static const struct {
	enum vm_raw raw;
	uint64_t before, after;
	enum vm_field field;
	double rate;
} rates[] = {
	/* 20 s of CPU time in 10 s on 4 vCPUs */
	{ RAW_CPU_NS, 5000000000, 25000000000, VM_CPU, 50 },
	{ RAW_DELAY_NS, 0, 4000000000, VM_READY, 10 },
	{ RAW_WAIT_NS, 1, 1, VM_WAIT, 0 },
	{ RAW_NET_RX_BYTES, 100, 1100, VM_NET_RX, 100 },
	{ RAW_NET_TX_BYTES, 0, 50, VM_NET_TX, 5 },
	{ RAW_DISK_RD_BYTES, 1000, 11000, VM_DISK_RD, 1000 },
	{ RAW_DISK_WR_OPS, 10, 40, VM_DISK_WR_OPS, 3 },
};

Test(rates, a_restarted_guest_has_none_at_first)
{
	struct vm_sample prev, cur;
	struct vm vm = { .state = VM_STATE_RUNNING };

	two_samples(&prev, &cur);
	prev.id = 7;
	cur.id = 8;
	set(&prev, RAW_CPU_NS, 1000);
	set(&cur, RAW_CPU_NS, 5000000000);
	rates_vm(&prev, &cur, &vm);
	cr_expect_not(VM_HAS(&vm, VM_CPU));
	cr_expect(VM_HAS(&vm, VM_CPU_TIME));
}

Test(rates, counters_become_rates)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rates); i++) {
		struct vm_sample prev, cur;
		struct vm vm = { .state = VM_STATE_RUNNING };

		two_samples(&prev, &cur);
		set(&prev, rates[i].raw, rates[i].before);
		set(&cur, rates[i].raw, rates[i].after);
		rates_vm(&prev, &cur, &vm);
		cr_assert(VM_HAS(&vm, rates[i].field), "row %zu", i);
		cr_assert_float_eq(vm.value[rates[i].field], rates[i].rate, 1e-9, "row %zu: %g", i,
			vm.value[rates[i].field]);
	}
}

Test(rates, a_counter_that_goes_back_is_unknown_not_a_spike)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rates); i++) {
		struct vm_sample prev, cur;
		struct vm vm = { .state = VM_STATE_RUNNING };

		two_samples(&prev, &cur);
		set(&prev, rates[i].raw, rates[i].after + 1);
		set(&cur, rates[i].raw, rates[i].before);
		rates_vm(&prev, &cur, &vm);
		cr_assert(!VM_HAS(&vm, rates[i].field), "row %zu", i);
	}
}

Test(rates, a_missing_counter_is_unknown)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rates); i++) {
		struct vm_sample prev, cur;
		struct vm vm = { .state = VM_STATE_RUNNING };

		two_samples(&prev, &cur);
		set(&cur, rates[i].raw, rates[i].after);
		rates_vm(&prev, &cur, &vm);
		cr_assert(!VM_HAS(&vm, rates[i].field), "row %zu", i);
	}
}

Test(rates, one_sample_gives_gauges_only)
{
	struct vm_sample prev, cur;
	struct vm vm = { .state = VM_STATE_RUNNING };

	two_samples(&prev, &cur);
	set(&cur, RAW_CPU_NS, 3000000000);
	set(&cur, RAW_MEM_BYTES, 1 << 30);
	rates_vm(NULL, &cur, &vm);
	cr_assert(!VM_HAS(&vm, VM_CPU));
	cr_assert_float_eq(vm.value[VM_CPU_TIME], 3, 1e-9);
	cr_assert(VM_HAS(&vm, VM_MEM));
	cr_assert_float_eq(vm.value[VM_MEM], 1 << 30, 0);
	cr_assert_float_eq(vm.value[VM_VCPUS], 4, 0);
}

Test(rates, a_guest_that_does_not_run_has_none)
{
	struct vm_sample prev, cur;
	struct vm vm = { .state = VM_STATE_OFF };

	two_samples(&prev, &cur);
	set(&prev, RAW_CPU_NS, 1);
	set(&cur, RAW_CPU_NS, 1);
	rates_vm(&prev, &cur, &vm);
	cr_assert(!VM_HAS(&vm, VM_CPU));
}

Test(rates, latency_is_time_over_requests)
{
	struct vm_sample prev, cur;
	struct vm vm = { .state = VM_STATE_RUNNING };

	two_samples(&prev, &cur);
	set(&prev, RAW_DISK_RD_OPS, 0);
	set(&cur, RAW_DISK_RD_OPS, 4);
	set(&prev, RAW_DISK_RD_NS, 0);
	set(&cur, RAW_DISK_RD_NS, 10000000);
	set(&prev, RAW_DISK_WR_OPS, 7);
	set(&cur, RAW_DISK_WR_OPS, 7);
	set(&prev, RAW_DISK_WR_NS, 9);
	set(&cur, RAW_DISK_WR_NS, 9);
	rates_vm(&prev, &cur, &vm);
	cr_assert_float_eq(vm.value[VM_DISK_RD_MS], 2.5, 1e-9);
	cr_assert(!VM_HAS(&vm, VM_DISK_WR_MS), "no request has no latency");
}

Test(rates, the_sum_of_both_directions_needs_both)
{
	struct vm_sample prev, cur;
	struct vm vm = { .state = VM_STATE_RUNNING };

	two_samples(&prev, &cur);
	set(&prev, RAW_NET_RX_BYTES, 0);
	set(&cur, RAW_NET_RX_BYTES, 100);
	rates_vm(&prev, &cur, &vm);
	cr_assert(!VM_HAS(&vm, VM_NET));
	set(&prev, RAW_NET_TX_BYTES, 0);
	set(&cur, RAW_NET_TX_BYTES, 200);
	rates_vm(&prev, &cur, &vm);
	cr_assert_float_eq(vm.value[VM_NET], 30, 1e-9);
}

Test(rates, host_cpu_from_its_counters)
{
	struct host_sample prev = { 0 }, cur = { 0 };
	struct host_snap host = { 0 };

	hset(&prev, HRAW_CPU_BUSY_NS, 100);
	hset(&cur, HRAW_CPU_BUSY_NS, 400);
	hset(&prev, HRAW_CPU_TOTAL_NS, 1000);
	hset(&cur, HRAW_CPU_TOTAL_NS, 2000);
	hset(&cur, HRAW_MEM_TOTAL, 1000);
	hset(&cur, HRAW_MEM_FREE, 250);
	rates_host(&prev, &cur, NULL, 0, &host);
	cr_assert_float_eq(host.value[HOST_CPU], 30, 1e-9);
	cr_assert_float_eq(host.value[HOST_MEM_USED], 750, 0);
	host = (struct host_snap){ 0 };
	rates_host(&cur, &prev, NULL, 0, &host);
	cr_assert(!HOST_HAS(&host, HOST_CPU), "after a reboot of the host there is no rate");
}

static struct vm
domain(bool dom0, double vcpus, double cpu_pct)
{
	return (struct vm){
		.state = VM_STATE_RUNNING,
		.is_dom0 = dom0,
		.valid = 1u << VM_VCPUS | 1u << VM_CPU,
		.value = { [VM_VCPUS] = vcpus, [VM_CPU] = cpu_pct },
	};
}

Test(rates, xen_host_cpu_is_the_sum_of_its_domains)
{
	struct vm vms[] = { domain(true, 2, 50), domain(false, 4, 25), domain(false, 1, 100) };
	struct host_sample cur = { 0 };
	struct host_snap host = { 0 };

	hset(&cur, HRAW_PCPUS, 8);
	rates_host(NULL, &cur, vms, G_N_ELEMENTS(vms), &host);
	/* 2×50 + 4×25 + 1×100 = 300 % of one CPU, of 8 */
	cr_assert_float_eq(host.value[HOST_CPU], 37.5, 1e-9);

	vms[1].valid = 0;
	host = (struct host_snap){ 0 };
	rates_host(NULL, &cur, vms, G_N_ELEMENTS(vms), &host);
	cr_assert(!HOST_HAS(&host, HOST_CPU), "a domain whose use is unknown makes the sum unknown");

	host = (struct host_snap){ 0 };
	rates_host(NULL, &cur, vms + 2, 1, &host);
	cr_assert(!HOST_HAS(&host, HOST_CPU), "without Domain-0 there may be work that is no domain's");
}
