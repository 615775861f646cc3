#include "fleet/xentop.h"

#include <criterion/criterion.h>

/* Of a real host: "a b" has a disk of QEMU's, which Xen does not count. */
Test(xentop, real_host)
{
	g_autofree char *text = NULL;
	g_autoptr(GHashTable) vms = NULL;
	const struct xentop_vm *vm;

	cr_assert(g_file_get_contents("tests/data/xen/xentop.txt", &text, NULL, NULL));
	vms = xentop_parse(text);
	cr_assert(vms);
	cr_expect_eq(g_hash_table_size(vms), 4);
	vm = g_hash_table_lookup(vms, "shop-1");
	cr_assert(vm);
	cr_expect_eq(vm->nics, 1);
	cr_expect_eq(vm->disks, 1);
	cr_expect_eq(vm->tx_bytes, 8404);
	cr_expect_eq(vm->rx_bytes, 11858);
	cr_expect_eq(vm->rd_ops, 691);
	cr_expect_eq(vm->wr_ops, 86);
	cr_expect_eq(vm->rd_bytes, 5528 * 512);
	cr_expect_eq(vm->wr_bytes, 2752 * 512);
	vm = g_hash_table_lookup(vms, "a b");
	cr_assert(vm, "a name with a blank");
	cr_expect_eq(vm->nics + vm->disks, 0);
	vm = g_hash_table_lookup(vms, "Domain-0");
	cr_assert(vm);
	cr_expect_eq(vm->nics + vm->disks, 0);
}

Test(xentop, hostile_and_odd)
{
	static const char text[] =
		"  Domain-0 -----r   1   0.0   524288   33.3   no limit       n/a     2    0        0        "
		"0    0        "
		"0        0        0          0          0    0\n"
		"Net0 RX:        9bytes        1pkts        0err        0drop  TX:        9bytes        "
		"1pkts  0err 0drop\n"
		" web --b--- --b---   39   0.0   98304    6.3   99328  6.3   1   2   26   20   1  0  3  4  5 "
		" 6  0\n"
		"Net0 RX:       10bytes        1pkts        0err        0drop  TX:      100bytes        "
		"1pkts  0err 0drop\n"
		"Net1 RX:        1bytes        1pkts        0err        0drop  TX:        2bytes        "
		"1pkts  0err 0drop\n"
		"VBD BlkBack 51712 [ca: 0]  OO:        0   RD:     1822   WR:      228   RSECT:      14576   "
		"WSECT: 7296\n"
		" torn --b---   39   0.0   98304    6.3   99328  6.3   1   2   26   20   1  0  3  4\n";
	g_autoptr(GHashTable) vms = xentop_parse(text);
	const struct xentop_vm *vm;

	cr_assert(vms);
	cr_expect_eq(g_hash_table_size(vms), 2);
	vm = g_hash_table_lookup(vms, "web --b---");
	cr_assert(vm, "a name that looks like flags");
	cr_expect_eq(vm->nics, 2);
	cr_expect_eq(vm->tx_bytes, 11, "what dom0 receives");
	cr_expect_eq(vm->rx_bytes, 102);
	cr_expect_eq(vm->wr_bytes, 6 * 512);
}

Test(xentop, nothing_of_it)
{
	cr_expect_null(xentop_parse(""));
	cr_expect_null(xentop_parse("sh: 1: xentop: not found\n"));
	cr_expect_null(xentop_parse("Failed to initialize xenstat library\n"));
}
