#include "views/pin_map.h"

#include "actions/pin_changes.h"
#include "fleet/cpuset.h"
#include "fleet/error.h"
#include "fleet/snapshot.h"

#include <string.h>

static void
line_clear(gpointer line)
{
	cpu_set_clear(&((struct pin_line *)line)->wanted);
}

static GArray *
lines_new(void)
{
	GArray *lines = g_array_new(FALSE, TRUE, sizeof(struct pin_line));

	g_array_set_clear_func(lines, line_clear);
	return lines;
}

void
pin_map_init(struct pin_map *map)
{
	*map = (struct pin_map){ .lines = lines_new(), .scope = PIN_BOTH };
}

static void
release(struct pin_map *map)
{
	if (map->snap)
		host_snap_unref(map->snap);
	vm_pins_unref(map->pins);
	g_clear_pointer(&map->host, pinning_host_free);
	map->snap = NULL;
	map->pins = NULL;
}

void
pin_map_done(struct pin_map *map)
{
	release(map);
	g_array_free(map->lines, TRUE);
}

/* ---- what is ---- */

const struct cpu_set *
pin_line_is(const struct pin_map *map, const struct pin_line *line)
{
	return map->scope & PIN_LIVE && line->is->active ? &line->is->live : &line->is->kept;
}

const struct cpu_set *
pin_line_shown(const struct pin_map *map, const struct pin_line *line)
{
	return line->wants ? &line->wanted : pin_line_is(map, line);
}

bool
pin_line_differs(const struct pin_line *line)
{
	return line->is->live.nbytes && line->is->kept.nbytes &&
	       !cpu_set_equal(&line->is->live, &line->is->kept);
}

const char *
pin_line_obstacle(const struct pin_map *map, const struct pin_line *line)
{
	if (map->pins->cannot[line->what])
		return map->pins->cannot[line->what];
	if (map->scope == PIN_LIVE && !line->is->active)
		return map->pins->running ? "this vCPU is offline: only its persistent pin can be set"
					  : "the VM does not run: only its persistent pins can be set";
	if (map->scope == PIN_KEPT && !map->pins->persistent)
		return "the VM is transient: there is no definition to keep pins in";
	return NULL;
}

/* ---- keeping up ---- */

/* Nothing of what is wanted is left to be done. */
static bool
has_come_true(const struct pin_map *map, const struct pin_line *line)
{
	bool live = map->scope & PIN_LIVE && line->is->active;
	bool kept = map->scope & PIN_KEPT && map->pins->persistent;

	return (!live || cpu_set_equal(&line->wanted, &line->is->live)) &&
	       (!kept || cpu_set_equal(&line->wanted, &line->is->kept));
}

/* What a line of BEFORE wanted goes over to LINE. */
static void
inherit(const struct pin_map *map, struct pin_line *line, const GArray *before)
{
	for (guint i = 0; i < before->len; i++) {
		struct pin_line *old = &g_array_index(before, struct pin_line, i);

		if (!old->wants || old->what != line->what || old->number != line->number)
			continue;
		line->wants = true;
		line->wanted = cpu_set_copy(&old->wanted);
	}
	if (line->wants && has_come_true(map, line)) {
		line->wants = false;
		cpu_set_clear(&line->wanted);
	}
}

static void
make_lines(struct pin_map *map)
{
	g_autoptr(GArray) before = map->lines;

	map->lines = lines_new();
	for (guint i = 0; i < map->pins->rows->len; i++) {
		const struct pin_row *row = vm_pins_at(map->pins, i);
		struct pin_line line = { .what = row->what, .number = row->number, .is = row };

		inherit(map, &line, before);
		g_array_append_val(map->lines, line);
	}
	if (map->lines->len)
		map->row = MIN(map->row, map->lines->len - 1);
	map->corner_row = MIN(map->corner_row, map->row);
	map->range &= map->lines->len == before->len;
}

guint
pin_map_columns(const struct pin_map *map)
{
	return map->host ? map->host->cpus->len : 0;
}

static void
make_columns(struct pin_map *map, const struct vm *vm)
{
	g_autoptr(GHashTable) self = g_hash_table_new(row_key_hash, row_key_equal_g);
	struct row_key key = vm_key(vm);

	g_hash_table_add(self, &key);
	map->host = pinning_host_new(vm->host, self);
	if (map->host)
		map->column = MIN(map->column, pin_map_columns(map) - 1);
	map->corner_column = MIN(map->corner_column, MAX(pin_map_columns(map), 1) - 1);
}

void
pin_map_take(struct pin_map *map, const struct vm *vm)
{
	const struct vm_pins *pins = vm->host->pins;
	bool ours = pins && memcmp(pins->uuid, vm->uuid, UUID_LEN) == 0;

	if (map->snap && map->snap->index != vm->host->index) { /* it has moved to other CPUs */
		release(map);
		g_array_set_size(map->lines, 0);
	}
	if (map->snap == vm->host || (!ours && map->pins))
		return; /* what was read last stands, with its age */
	release(map);
	map->snap = host_snap_ref(vm->host);
	make_columns(map, vm);
	if (!ours)
		return;
	map->pins = vm_pins_ref(pins);
	make_lines(map);
}

/* ---- what is wanted ---- */

struct pin_area
pin_map_area(const struct pin_map *map)
{
	guint row = map->range ? MIN(map->row, map->corner_row) : map->row;
	guint column = map->range ? MIN(map->column, map->corner_column) : map->column;
	guint last_row = map->range ? MAX(map->row, map->corner_row) : map->row;
	guint last_column = map->range ? MAX(map->column, map->corner_column) : map->column;

	return (struct pin_area){ row, last_row - row + 1, column, last_column - column + 1 };
}

static void
want(struct pin_map *map, struct pin_line *line, struct cpu_set set)
{
	cpu_set_clear(&line->wanted);
	line->wanted = set;
	line->wants = true;
	if (!has_come_true(map, line))
		return;
	line->wants = false;
	cpu_set_clear(&line->wanted);
}

static size_t
cpu_of(const struct pin_map *map, guint column)
{
	return (size_t)pinning_cpu_at(map->host, column)->cpu.id;
}

static bool
is_all_on(const struct pin_map *map, const struct pin_area *area)
{
	for (guint y = area->row; y < area->row + area->rows; y++) {
		const struct pin_line *line = pin_map_line(map, y);

		for (guint x = area->column; x < area->column + area->columns; x++)
			if (!pin_line_obstacle(map, line) &&
				!cpu_set_has(pin_line_shown(map, line), cpu_of(map, x)))
				return false;
	}
	return true;
}

void
pin_map_toggle(struct pin_map *map, const struct pin_area *area)
{
	bool on = !is_all_on(map, area);

	for (guint y = area->row; y < area->row + area->rows; y++) {
		struct pin_line *line = pin_map_line(map, y);
		struct cpu_set set = cpu_set_copy(pin_line_shown(map, line));

		if (pin_line_obstacle(map, line)) {
			cpu_set_clear(&set);
			continue;
		}
		for (guint x = area->column; x < area->column + area->columns; x++) {
			if (on)
				cpu_set_add(&set, cpu_of(map, x));
			else
				cpu_set_remove(&set, cpu_of(map, x));
		}
		want(map, line, set);
	}
}

void
pin_map_set(struct pin_map *map, const struct pin_area *area, const struct cpu_set *set)
{
	for (guint y = area->row; y < area->row + area->rows; y++)
		if (!pin_line_obstacle(map, pin_map_line(map, y)))
			want(map, pin_map_line(map, y), cpu_set_copy(set));
}

void
pin_map_forget(struct pin_map *map, guint row, guint rows)
{
	for (guint y = row; y < row + rows; y++) {
		pin_map_line(map, y)->wants = false;
		cpu_set_clear(&pin_map_line(map, y)->wanted);
	}
}

/* A vCPU that is offline while others run would take a place that nobody uses. */
static bool
gets_a_place(const struct pin_map *map, const struct pin_line *line)
{
	if (line->what == PIN_VCPU && map->pins->running && !line->is->active)
		return false;
	return !pin_line_obstacle(map, line);
}

static unsigned
count_vcpus(const struct pin_map *map)
{
	unsigned n = 0;

	for (guint i = 0; i < map->lines->len; i++)
		n += pin_map_line(map, i)->what == PIN_VCPU && gets_a_place(map, pin_map_line(map, i));
	return n;
}

enum pinning_fault
pin_map_preset(struct pin_map *map, const struct pin_wish *wish)
{
	struct pinning pinning = { 0 };
	enum pinning_fault fault = pinning_make(map->host, wish, count_vcpus(map), &pinning);
	unsigned vcpu = 0;

	if (fault != PINNING_NONE)
		return fault;
	for (guint i = 0; i < map->lines->len; i++) {
		struct pin_line *line = pin_map_line(map, i);

		if (gets_a_place(map, line))
			want(map, line,
				cpu_set_copy(
					line->what == PIN_VCPU ? &pinning.vcpus[vcpu++] : &pinning.rest));
	}
	pinning_clear(&pinning);
	return PINNING_NONE;
}

guint
pin_map_wants(const struct pin_map *map)
{
	guint n = 0;

	for (guint i = 0; i < map->lines->len; i++)
		n += pin_map_line(map, i)->wants;
	return n;
}

char *
pin_map_changes(const struct pin_map *map, GError **error)
{
	g_autoptr(GArray) changes = pin_changes_new();

	for (guint i = 0; i < map->lines->len; i++) {
		const struct pin_line *line = pin_map_line(map, i);
		char name[PIN_NAME_SIZE];

		if (!line->wants)
			continue;
		if (cpu_set_count(&line->wanted) == 0) {
			pin_name(line->what, line->number, name);
			g_set_error(error, FLEET_ERROR, FLEET_ERROR_UNSUPPORTED,
				"no CPU would be left for %s", name);
			return NULL;
		}
		pin_changes_add(changes, line->what, line->number, &line->wanted);
	}
	return pin_changes_format(changes);
}

double
pin_map_claims(const struct pin_map *map, guint column)
{
	double claims = pinning_cpu_at(map->host, column)->claims;

	for (guint i = 0; i < map->lines->len; i++) {
		const struct pin_line *line = pin_map_line(map, i);
		const struct cpu_set *set = pin_line_shown(map, line);

		if (line->what != PIN_VCPU || !line->is->active || !cpu_set_has(set, cpu_of(map, column)) ||
			pinning_is_everywhere(map->host, set))
			continue;
		claims += 1.0 / (double)cpu_set_count(set);
	}
	return claims;
}
