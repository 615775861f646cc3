/* refs: the reference counts of what snapshots share. Sharing is by const pointer; only the count behind it changes. Any
 * thread. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

static inline void
refs_take(const gint *refs)
{
	__atomic_add_fetch((gint *)(uintptr_t)refs, 1, __ATOMIC_RELAXED);
}

/* True: that was the last one. */
static inline bool
refs_drop(const gint *refs)
{
	return __atomic_sub_fetch((gint *)(uintptr_t)refs, 1, __ATOMIC_ACQ_REL) == 0;
}
