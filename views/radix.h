/* radix: a stable sort by one number each, without comparisons: linear, and the same for every order it meets. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct keyed {
	uint64_t key;
	uint32_t id;
};

/* Sorts the N ITEMS by key, ascending; equal keys stay in their order. SCRATCH has room for N. */
void radix_sort(struct keyed *items, struct keyed *scratch, size_t n);
