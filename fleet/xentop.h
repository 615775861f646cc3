/*
 * xentop: what Xen's own xentop(1) says of the guests of a host, as text made with "xentop -b -f -n -x -i 1". It knows in one
 * question what libvirt tells guest by guest. Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

/* Counters since the guest was started, as the guest sees them. */
struct xentop_vm {
	char *name;
	unsigned nics, disks; /* that xentop counts: the numbers are of all these together */
	uint64_t rx_bytes, tx_bytes;
	uint64_t rd_ops, wr_ops, rd_bytes, wr_bytes;
};

/* Name to struct xentop_vm, of all guests that TEXT tells, Domain-0 included; lines that are not understood are passed over.
 * NULL: TEXT is nothing of xentop's. Caller unrefs. */
GHashTable *xentop_parse(const char *text);
