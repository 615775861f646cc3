/* cpuset: sets of physical CPUs (struct cpu_set in fleet/model.h) and libvirt's text for them, "0-3,^2,8". Pure. */
#pragma once

#include "fleet/model.h"

/* More than any machine has; what lies beyond it in a text is an error. */
#define CPU_SET_MAX 8192

/* Fills OUT (all zero before, or cpu_set_clear() it afterwards); "^3" takes out what came before it. False when TEXT is
 * NULL or no such list, OUT untouched. */
bool cpu_set_parse(const char *text, struct cpu_set *out);

/* "0-3,8", for the caller; NULL when SET is empty. */
char *cpu_set_format(const struct cpu_set *set);

void cpu_set_add(struct cpu_set *set, size_t cpu);
void cpu_set_remove(struct cpu_set *set, size_t cpu);
void cpu_set_add_all(struct cpu_set *set, const struct cpu_set *more);
struct cpu_set cpu_set_copy(const struct cpu_set *set);
void cpu_set_clear(struct cpu_set *set); /* frees what it holds; it is empty then */
size_t cpu_set_count(const struct cpu_set *set);
bool cpu_set_equal(const struct cpu_set *a, const struct cpu_set *b); /* whatever room they have */

/* Whether each of the CPUs 0 … NCPUS - 1 is in SET. */
bool cpu_set_full(const struct cpu_set *set, size_t ncpus);
