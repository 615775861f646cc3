#include "fleet/xentop.h"

#define SECTOR 512

/* "  shop-1 --b---   39  0.0  98304  6.3  99328  6.3  1  1  26  20  1  0  1822  228  14576  7296  0": the name may have blanks,
 * and the memory "no limit n/a"; so the flags are looked for, and then it counts from the right. */
static const char guest_pattern[] = "^ *(.+) [-d][-s][-b][-p][-c][-r] .* (\\d+) +\\d+ +\\d+ +(\\d+) +\\d+ "
				    "+(\\d+) +(\\d+) +(\\d+) +(\\d+) +\\d+$";
enum { NAME = 1, NICS, DISKS, READS, WRITES, SECTORS_READ, SECTORS_WRITTEN };

/* "Net0 RX:    20640bytes  266pkts  0err  0drop  TX:    26700bytes  …": as dom0's end of the cable sees it. */
static const char nic_pattern[] = "^Net\\d+ RX: *(\\d+)bytes .*TX: *(\\d+)bytes ";

static void
vm_free(gpointer pointer)
{
	struct xentop_vm *vm = pointer;

	g_free(vm->name);
	g_free(vm);
}

static uint64_t
number(const GMatchInfo *match, gint group)
{
	g_autofree char *digits = g_match_info_fetch(match, group);

	return g_ascii_strtoull(digits, NULL, 10);
}

static struct xentop_vm *
read_guest(const GMatchInfo *match)
{
	struct xentop_vm *vm = g_new0(struct xentop_vm, 1);

	vm->name = g_match_info_fetch(match, NAME);
	vm->nics = (unsigned)number(match, NICS);
	vm->disks = (unsigned)number(match, DISKS);
	vm->rd_ops = number(match, READS);
	vm->wr_ops = number(match, WRITES);
	vm->rd_bytes = number(match, SECTORS_READ) * SECTOR;
	vm->wr_bytes = number(match, SECTORS_WRITTEN) * SECTOR;
	return vm;
}

/* What dom0 receives the guest has sent. */
static void
add_nic(struct xentop_vm *vm, const GMatchInfo *match)
{
	vm->tx_bytes += number(match, 1);
	vm->rx_bytes += number(match, 2);
}

GHashTable *
xentop_parse(const char *text)
{
	g_autoptr(GRegex) guest = g_regex_new(guest_pattern, G_REGEX_OPTIMIZE, 0, NULL);
	g_autoptr(GRegex) nic = g_regex_new(nic_pattern, G_REGEX_OPTIMIZE, 0, NULL);
	g_autoptr(GHashTable) vms = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, vm_free);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	struct xentop_vm *vm = NULL;

	for (char **line = lines; *line; line++) {
		g_autoptr(GMatchInfo) found = NULL, cable = NULL;

		if (g_regex_match(guest, g_strchomp(*line), 0, &found)) {
			vm = read_guest(found);
			g_hash_table_replace(vms, vm->name, vm);
		} else if (vm && g_regex_match(nic, *line, 0, &cable)) {
			add_nic(vm, cable);
		}
	}
	return g_hash_table_size(vms) ? g_steal_pointer(&vms) : NULL;
}
