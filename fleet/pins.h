/* pins: where the threads of a guest may run (struct vm_pins in fleet/model.h), and changes of that. Pure. Any thread. */
#pragma once

#include "fleet/model.h"

/* What a change holds for. */
enum pin_scope {
	PIN_LIVE = 1 << 0, /* now, until the guest ends */
	PIN_KEPT = 1 << 1, /* from its next start on, in its definition */
	PIN_BOTH = PIN_LIVE | PIN_KEPT,
};

/* One thread, and the CPUs it may run on. */
struct pin_change {
	enum pin_what what;
	unsigned number; /* as in struct pin_row */
	unsigned scope;  /* enum pin_scope */
	struct cpu_set cpus;
};

/* Without rows, one reference. Written to by its maker alone, until others see it. */
struct vm_pins *vm_pins_new(const uint8_t uuid[UUID_LEN]);
const struct vm_pins *vm_pins_ref(const struct vm_pins *pins); /* accepts NULL */
void vm_pins_unref(const struct vm_pins *pins);                /* accepts NULL */

/* The row of NUMBER, made in its place when there was none: not active, on no CPU, sets unknown. Valid until the next. */
struct pin_row *vm_pins_add(struct vm_pins *pins, enum pin_what what, unsigned number);
/* NULL: there is none. */
const struct pin_row *vm_pins_find(const struct vm_pins *pins, enum pin_what what, unsigned number);

static inline const struct pin_row *
vm_pins_at(const struct vm_pins *pins, size_t i)
{
	return &g_array_index(pins->rows, struct pin_row, i);
}

/* "vCPU 3", "emulator", "I/O thread 1". */
#define PIN_NAME_SIZE 24
void pin_name(enum pin_what what, unsigned number, char out[PIN_NAME_SIZE]);
/* "live", "persistent", "both". */
const char *pin_scope_name(unsigned scope);
/* False: nothing is called so. */
bool pin_scope_parse(const char *name, unsigned *scope);
