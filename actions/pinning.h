/*
 * pinning: which physical CPUs the vCPUs of a guest should have: a host's CPUs with what is pinned to them, and presets over
 * these. Pure. Any thread.
 */
#pragma once

#include "fleet/model.h"

#include <glib.h>

/* _(ENUM, "word", "help") – those that need no more words than their own */
#define PIN_PRESETS(_)                                                                         \
	_(SPREAD, "spread", "each vCPU on a CPU of its own, as far apart as there is room")    \
	_(PACK, "pack", "all vCPUs on one NUMA cell, that with the most room or as told")      \
	_(ISOLATE, "isolate", "each vCPU on a CPU that no other VM is pinned to")              \
	_(FREE, "free", "every vCPU on every CPU")

enum pin_preset {
#define PIN_PRESET_ENUM(id, word, help) PIN_##id,
	PIN_PRESETS(PIN_PRESET_ENUM)
#undef PIN_PRESET_ENUM
		PIN_CPUS, /* every vCPU on the same CPUs, as told */
	PIN_PRESET_COUNT = PIN_CPUS
};

const char *pin_preset_word(enum pin_preset preset); /* not of PIN_CPUS */
const char *pin_preset_help(enum pin_preset preset);

struct pin_wish {
	enum pin_preset preset;
	int cell;            /* PIN_PACK: this one; -1: choose */
	struct cpu_set cpus; /* PIN_CPUS; borrowed */
};

/* A physical CPU, and what is on it. */
struct pinning_cpu {
	struct host_cpu cpu;
	unsigned core, cell; /* which it is of the host's, counted from 0; one of which nothing is told has a core of its own */
	double load;     /* percent, -1: not known */
	unsigned pinned; /* guests that are kept to it, and to others maybe, but not to all */
	double claims;   /* vCPUs of such that run, a part for each CPU they may use: above 1 it is over-committed */
};

struct pinning_host {
	GArray *cpus;      /* struct pinning_cpu: cell by cell, core by core, so that siblings stand together */
	size_t all;        /* one more than the highest number of a CPU */
	bool cells, cores; /* the host told its NUMA cells; which CPUs are siblings */
	bool others_known; /* all guests have told what they are pinned to */
};

/* HOST's CPUs with the pins of all its guests but Domain-0 and those in WITHOUT (a set of struct row_key; NULL: none), as they
 * really are where its detail tells, else as their XML says. NULL: nothing is known of its CPUs. */
struct pinning_host *pinning_host_new(const struct host_snap *host, GHashTable *without);
void pinning_host_free(struct pinning_host *host); /* accepts NULL */
static inline const struct pinning_cpu *
pinning_cpu_at(const struct pinning_host *host, size_t i)
{
	return &g_array_index(host->cpus, struct pinning_cpu, i);
}
/* Who is kept to CPU, and to others maybe, but not to all: names, borrowed from SNAP, without that of SELF. Caller unrefs. */
GPtrArray *pinning_names(const struct host_snap *snap, const struct vm *self, const struct pinning_host *host, size_t cpu);
/* One more guest with VCPUS that may run on SET; no part of its claims when it does not run. */
void pinning_host_add(struct pinning_host *host, const struct cpu_set *set, double vcpus);
/* All CPUs, those that are offline, too. For the caller. */
struct cpu_set pinning_everywhere(const struct pinning_host *host);
/* Whether SET leaves nothing of the host out. */
bool pinning_is_everywhere(const struct pinning_host *host, const struct cpu_set *set);

/* What a wish comes to. */
struct pinning {
	struct cpu_set *vcpus;
	unsigned nvcpus;
	struct cpu_set rest; /* of all vCPUs together: for the emulator and I/O threads */
};
void pinning_clear(struct pinning *pinning); /* accepts one that is all zero */

/* _(ENUM, "words") */
#define PINNING_FAULTS(_)                                                           \
	_(NONE, "nothing")                                                          \
	_(NO_VCPUS, "the number of its vCPUs is not known yet")                     \
	_(NO_CELLS, "its host tells of no NUMA cells")                              \
	_(NO_SUCH_CELL, "its host has no such NUMA cell")                           \
	_(NO_SUCH_CPU, "its host has not all of these CPUs")                        \
	_(TOO_FEW, "its host has too few CPUs that no other VM is pinned to")       \
	_(OTHERS_UNKNOWN, "not all VMs of its host have told yet what they are pinned to")

enum pinning_fault {
#define PINNING_FAULT_ENUM(id, words) PINNING_##id,
	PINNING_FAULTS(PINNING_FAULT_ENUM)
#undef PINNING_FAULT_ENUM
};
const char *pinning_fault_words(enum pinning_fault fault);

/* Fills OUT (all zero before; to be cleared) for a guest of NVCPUS that is not among those on HOST. On a fault OUT is
 * untouched. */
enum pinning_fault pinning_make(const struct pinning_host *host, const struct pin_wish *wish, unsigned nvcpus,
                                struct pinning *out);
/* How many CPUs PIN_ISOLATE could have. */
unsigned pinning_unpinned(const struct pinning_host *host);
