#include "fleet/stats.h"

#include <criterion/criterion.h>
#include <libvirt/libvirt.h>
#include <string.h>

#define HAS(sample, bit) (((sample)->valid >> (bit)) & 1u)

struct param {
	const char *name;
	int type;
	long long value;
};

#define ULL        VIR_TYPED_PARAM_ULLONG
#define UINT       VIR_TYPED_PARAM_UINT
#define INT        VIR_TYPED_PARAM_INT
#define LLONG      VIR_TYPED_PARAM_LLONG
#define MAX_PARAMS 64

static unsigned
read_params(const struct param *params, size_t n, int id, struct vm_sample *out)
{
	virTypedParameter typed[MAX_PARAMS] = { 0 };

	cr_assert_leq(n, MAX_PARAMS);
	for (size_t i = 0; i < n; i++) {
		g_strlcpy(typed[i].field, params[i].name, sizeof(typed[i].field));
		typed[i].type = params[i].type;
		switch (params[i].type) {
		case ULL:
			typed[i].value.ul = (unsigned long long)params[i].value;
			break;
		case UINT:
			typed[i].value.ui = (unsigned)params[i].value;
			break;
		case INT:
			typed[i].value.i = (int)params[i].value;
			break;
		case LLONG:
			typed[i].value.l = params[i].value;
			break;
		}
	}
	out->id = id;
	return stats_read(typed, (int)n, out);
}

#define READ(params, id, out) read_params(params, G_N_ELEMENTS(params), id, out)

/* As a QEMU guest of libvirt 9 with two vCPUs, a NIC, a disk and an empty CD drive answers. */
static const struct param running[] = {
	{ "state.state", INT, VIR_DOMAIN_RUNNING },
	{ "state.reason", INT, VIR_DOMAIN_RUNNING_BOOTED },
	{ "cpu.time", ULL, 5000000000 },
	{ "cpu.user", ULL, 1000000000 },
	{ "cpu.system", ULL, 400 },
	{ "cpu.cache.monitor.count", UINT, 0 },
	{ "balloon.current", ULL, 1048576 },
	{ "balloon.maximum", ULL, 2097152 },
	{ "balloon.rss", ULL, 300000 },
	{ "balloon.available", ULL, 1000000 },
	{ "balloon.usable", ULL, 700000 },
	{ "balloon.unused", ULL, 600000 },
	{ "vcpu.current", UINT, 2 },
	{ "vcpu.maximum", UINT, 4 },
	{ "vcpu.0.state", INT, 1 },
	{ "vcpu.0.time", ULL, 77 },
	{ "vcpu.0.wait", ULL, 5 },
	{ "vcpu.0.delay", ULL, 100 },
	{ "vcpu.1.state", INT, 1 },
	{ "vcpu.1.wait", ULL, 6 },
	{ "vcpu.1.delay", ULL, 200 },
	{ "net.count", UINT, 1 },
	{ "net.0.name", 0, 0 },
	{ "net.0.rx.bytes", ULL, 1000 },
	{ "net.0.rx.pkts", ULL, 3 },
	{ "net.0.tx.bytes", ULL, 2000 },
	{ "block.count", UINT, 2 },
	{ "block.0.rd.reqs", ULL, 10 },
	{ "block.0.rd.bytes", ULL, 4096 },
	{ "block.0.rd.times", ULL, 11 },
	{ "block.0.wr.reqs", ULL, 20 },
	{ "block.0.wr.bytes", ULL, 8192 },
	{ "block.0.wr.times", ULL, 22 },
	{ "block.0.fl.reqs", ULL, 5 },
	{ "block.0.allocation", ULL, 123456 },
	{ "block.10.rd.reqs", ULL, 1 },
	{ "block.10.rd.bytes", ULL, 512 },
	{ "block.10.rd.times", ULL, 2 },
	{ "block.10.wr.reqs", ULL, 0 },
	{ "block.10.wr.bytes", ULL, 0 },
	{ "block.10.wr.times", ULL, 0 },
};

Test(stats, running_guest)
{
	static const struct {
		enum vm_raw raw;
		uint64_t value;
	} expected[] = {
		{ RAW_VCPUS, 2 },
		{ RAW_VCPUS_MAX, 4 },
		{ RAW_CPU_NS, 5000000000 },
		{ RAW_DELAY_NS, 300 },
		{ RAW_WAIT_NS, 11 },
		{ RAW_MEM_BYTES, 1073741824 },
		{ RAW_MEM_MAX_BYTES, 2147483648 },
		{ RAW_RSS_BYTES, 307200000 },
		{ RAW_USED_BYTES, 307200000 },
		{ RAW_NET_RX_BYTES, 1000 },
		{ RAW_NET_TX_BYTES, 2000 },
		{ RAW_DISK_RD_BYTES, 4608 },
		{ RAW_DISK_WR_BYTES, 8192 },
		{ RAW_DISK_RD_OPS, 11 },
		{ RAW_DISK_WR_OPS, 20 },
		{ RAW_DISK_RD_NS, 13 },
		{ RAW_DISK_WR_NS, 22 },
	};
	struct vm_sample vm = { 0 };

	cr_assert_eq(G_N_ELEMENTS(expected), RAW_COUNT);
	cr_assert_eq(READ(running, 7, &vm), STATS_ALL);
	cr_assert_eq(vm.state, VM_STATE_RUNNING);
	cr_assert_str_eq(vm.reason, "booted");
	for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
		cr_assert(HAS(&vm, expected[i].raw), "raw %d is missing", (int)expected[i].raw);
		cr_assert_eq(vm.raw[expected[i].raw], expected[i].value, "raw %d is %llu",
			(int)expected[i].raw, (unsigned long long)vm.raw[expected[i].raw]);
	}
}

Test(stats, guest_that_is_off_has_a_size_but_no_memory)
{
	static const struct param params[] = {
		{ "state.state", INT, VIR_DOMAIN_SHUTOFF },
		{ "state.reason", INT, VIR_DOMAIN_SHUTOFF_CRASHED },
		{ "balloon.current", ULL, 1024 },
		{ "balloon.maximum", ULL, 2048 },
		{ "vcpu.current", UINT, 1 },
		{ "vcpu.maximum", UINT, 1 },
		{ "block.count", UINT, 0 },
	};
	struct vm_sample vm = { 0 };

	READ(params, -1, &vm);
	cr_assert_eq(vm.state, VM_STATE_OFF);
	cr_assert_str_eq(vm.reason, "crashed");
	cr_assert_not(HAS(&vm, RAW_MEM_BYTES));
	cr_assert_eq(vm.raw[RAW_MEM_MAX_BYTES], 2097152);
	cr_assert_not(HAS(&vm, RAW_DISK_RD_BYTES));
	cr_assert_not(HAS(&vm, RAW_NET_RX_BYTES));
}

Test(stats, no_devices_is_a_true_zero)
{
	static const struct param params[] = {
		{ "state.state", INT, VIR_DOMAIN_RUNNING },
		{ "net.count", UINT, 0 },
		{ "block.count", UINT, 0 },
	};
	struct vm_sample vm = { 0 };

	cr_assert_eq(
		READ(params, 1, &vm), STATS_BIT(STATS_STATE) | STATS_BIT(STATS_NET) | STATS_BIT(STATS_BLOCK));
	cr_assert_eq(vm.valid, stats_group_raw(STATS_NET) | stats_group_raw(STATS_BLOCK));
	cr_assert_eq(vm.raw[RAW_DISK_WR_NS], 0);
}

Test(stats, devices_without_numbers_are_unknown)
{
	static const struct param params[] = {
		{ "state.state", INT, VIR_DOMAIN_RUNNING },
		{ "net.count", UINT, 1 }, /* passed through: nobody counts it */
		{ "block.count", UINT, 1 }, { "block.0.allocation", ULL, 5 }, /* NOWAIT and a busy monitor */
	};
	struct vm_sample vm = { 0 };

	READ(params, 1, &vm);
	cr_assert_eq(vm.valid, 0);
}

Test(stats, only_state)
{
	static const struct param params[] = {
		{ "state.state", INT, VIR_DOMAIN_PAUSED },
		{ "state.reason", INT, VIR_DOMAIN_PAUSED_IOERROR },
		{ "iothread.count", UINT, 0 },
	};
	struct vm_sample vm = { 0 };

	cr_assert_eq(READ(params, 1, &vm), STATS_BIT(STATS_STATE));
	cr_assert_eq(vm.state, VM_STATE_PAUSED);
	cr_assert_str_eq(vm.reason, "I/O error");
	cr_assert_eq(vm.valid, 0);
}

Test(stats, nonsense_stays_unknown)
{
	static const struct param params[] = {
		{ "state.state", INT, 4711 },
		{ "state.reason", INT, -1 },
		{ "cpu.time", LLONG, -1 },
		{ "cpu.time", VIR_TYPED_PARAM_DOUBLE, 5 },
		{ "vcpu.delay", ULL, 5 },
		{ "vcpu..delay", ULL, 5 },
		{ "vcpu.0.current", ULL, 5 },
		{ "vcpu.0", ULL, 5 },
		{ "block.x.rd.bytes", ULL, 5 },
		{ "block.0.rd.bytes.x", ULL, 5 },
		{ "balloon.available", ULL, 5 },
		{ "balloon.unused", ULL, 6 },
		{ "", ULL, 5 },
	};
	struct vm_sample vm = { .state = VM_STATE_RUNNING };

	READ(params, 1, &vm);
	cr_assert_eq(vm.state, VM_STATE_UNKNOWN);
	cr_assert_null(vm.reason);
	cr_assert_eq(vm.valid, 0);
}

Test(stats, used_without_usable_is_what_is_not_unused)
{
	static const struct param params[] = {
		{ "balloon.available", ULL, 10 },
		{ "balloon.unused", ULL, 4 },
	};
	struct vm_sample vm = { 0 };

	READ(params, 1, &vm);
	cr_assert_eq(vm.raw[RAW_USED_BYTES], 6 * 1024);
}

Test(stats, every_state_has_its_word)
{
	static const struct {
		int vir, reason;
		enum vm_state state;
		const char *words;
	} cases[] = {
		{ VIR_DOMAIN_NOSTATE, 0, VM_STATE_UNKNOWN, NULL },
		{ VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNKNOWN, VM_STATE_RUNNING, NULL },
		{ VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_MIGRATED, VM_STATE_RUNNING, "migrated here" },
		{ VIR_DOMAIN_BLOCKED, 0, VM_STATE_IDLE, NULL },
		{ VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER, VM_STATE_PAUSED, "by user" },
		{ VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTDOWN_USER, VM_STATE_STOPPING, "by user" },
		{ VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_DESTROYED, VM_STATE_OFF, "forced off" },
		{ VIR_DOMAIN_CRASHED, VIR_DOMAIN_CRASHED_PANICKED, VM_STATE_CRASHED, "panicked" },
		{ VIR_DOMAIN_PMSUSPENDED, 0, VM_STATE_SUSPENDED, NULL },
		{ -1, 0, VM_STATE_UNKNOWN, NULL },
		{ VIR_DOMAIN_PMSUSPENDED + 1, 0, VM_STATE_UNKNOWN, NULL },
		{ VIR_DOMAIN_RUNNING, 99, VM_STATE_RUNNING, NULL },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *words = stats_reason(cases[i].vir, cases[i].reason);

		cr_assert_eq(stats_state(cases[i].vir), cases[i].state, "case %zu", i);
		cr_assert_eq(g_strcmp0(words, cases[i].words), 0, "case %zu: %s", i, words);
	}
}
