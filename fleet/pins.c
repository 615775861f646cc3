#include "fleet/pins.h"

#include "fleet/cpuset.h"
#include "fleet/refs.h"

#include <stdio.h>
#include <string.h>

static void
row_clear(gpointer data)
{
	struct pin_row *row = data;

	cpu_set_clear(&row->live);
	cpu_set_clear(&row->kept);
}

struct vm_pins *
vm_pins_new(const uint8_t uuid[UUID_LEN])
{
	struct vm_pins *pins = g_new0(struct vm_pins, 1);

	pins->refs = 1;
	memcpy(pins->uuid, uuid, UUID_LEN);
	pins->rows = g_array_new(FALSE, TRUE, sizeof(struct pin_row));
	g_array_set_clear_func(pins->rows, row_clear);
	pins->unknowns = g_new0(char *, 1);
	return pins;
}

const struct vm_pins *
vm_pins_ref(const struct vm_pins *pins)
{
	if (pins)
		refs_take(&pins->refs);
	return pins;
}

void
vm_pins_unref(const struct vm_pins *pins)
{
	struct vm_pins *mine = (struct vm_pins *)(uintptr_t)pins;

	if (!mine || !refs_drop(&mine->refs))
		return;
	g_array_free(mine->rows, TRUE);
	g_strfreev(mine->unknowns);
	g_free(mine);
}

/* By kind, then by number. */
static int
compare(const struct pin_row *row, enum pin_what what, unsigned number)
{
	if (row->what != what)
		return row->what < what ? -1 : 1;
	return row->number < number ? -1 : row->number > number;
}

struct pin_row *
vm_pins_add(struct vm_pins *pins, enum pin_what what, unsigned number)
{
	struct pin_row row = { .what = what, .number = number, .cpu = -1 };
	guint at = pins->rows->len;

	while (at > 0 && compare(vm_pins_at(pins, at - 1), what, number) > 0)
		at--;
	if (at == 0 || compare(vm_pins_at(pins, at - 1), what, number) != 0)
		g_array_insert_val(pins->rows, at, row);
	else
		at--;
	return &g_array_index(pins->rows, struct pin_row, at);
}

const struct pin_row *
vm_pins_find(const struct vm_pins *pins, enum pin_what what, unsigned number)
{
	for (guint i = 0; i < pins->rows->len; i++)
		if (compare(vm_pins_at(pins, i), what, number) == 0)
			return vm_pins_at(pins, i);
	return NULL;
}

void
pin_name(enum pin_what what, unsigned number, char out[PIN_NAME_SIZE])
{
	if (what == PIN_EMULATOR)
		g_strlcpy(out, "emulator", PIN_NAME_SIZE);
	else
		snprintf(out, PIN_NAME_SIZE, "%s %u", what == PIN_VCPU ? "vCPU" : "I/O thread", number);
}

static const char *const scope_names[] = {
	[PIN_LIVE] = "live", [PIN_KEPT] = "persistent", [PIN_BOTH] = "both"
};

const char *
pin_scope_name(unsigned scope)
{
	return scope_names[scope];
}

bool
pin_scope_parse(const char *name, unsigned *scope)
{
	for (unsigned i = PIN_LIVE; i <= PIN_BOTH; i++) {
		if (g_strcmp0(name, scope_names[i]) == 0) {
			*scope = i;
			return true;
		}
	}
	return false;
}
