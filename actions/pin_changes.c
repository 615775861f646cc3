#include "actions/pin_changes.h"

#include "config/config.h"
#include "fleet/cpuset.h"
#include "fleet/error.h"
#include "fleet/snapshot.h"

#include <string.h>

static const char *const kinds[PIN_WHATS] = {
	[PIN_VCPU] = "vcpu",
	[PIN_EMULATOR] = "emulator",
	[PIN_IOTHREAD] = "iothread",
};

static void
change_clear(gpointer change)
{
	cpu_set_clear(&((struct pin_change *)change)->cpus);
}

GArray *
pin_changes_new(void)
{
	GArray *changes = g_array_new(FALSE, TRUE, sizeof(struct pin_change));

	g_array_set_clear_func(changes, change_clear);
	return changes;
}

static const struct pin_change *
change_at(const GArray *changes, guint i)
{
	return &g_array_index(changes, struct pin_change, i);
}

void
pin_changes_add(GArray *changes, enum pin_what what, unsigned number, const struct cpu_set *cpus)
{
	struct pin_change change = { .what = what, .number = number, .cpus = cpu_set_copy(cpus) };

	g_array_append_val(changes, change);
}

/* ---- as text ---- */

/* "vcpu0-3", of the changes FIRST to END - 1, which are of a kind and have the same CPUs. */
static void
append_threads(GString *text, const GArray *changes, guint first, guint end)
{
	const struct pin_change *change = change_at(changes, first);
	struct cpu_set numbers = { 0 };
	g_autofree char *list = NULL;

	g_string_append(text, kinds[change->what]);
	if (change->number == PIN_ALL) {
		g_string_append_c(text, '*');
		return;
	}
	if (change->what == PIN_EMULATOR)
		return;
	for (guint i = first; i < end; i++)
		cpu_set_add(&numbers, change_at(changes, i)->number);
	list = cpu_set_format(&numbers);
	g_string_append(text, list);
	cpu_set_clear(&numbers);
}

static bool
told_together(const struct pin_change *a, const struct pin_change *b)
{
	return a->what == b->what && a->what != PIN_EMULATOR && a->number != PIN_ALL &&
	       b->number != PIN_ALL && cpu_set_equal(&a->cpus, &b->cpus);
}

char *
pin_changes_format(const GArray *changes)
{
	GString *text = g_string_new(NULL);

	for (guint first = 0, end; first < changes->len; first = end) {
		g_autofree char *cpus = cpu_set_format(&change_at(changes, first)->cpus);

		for (end = first + 1; end < changes->len; end++)
			if (!told_together(change_at(changes, first), change_at(changes, end)))
				break;
		if (first)
			g_string_append_c(text, ';');
		append_threads(text, changes, first, end);
		g_string_append_printf(text, ":%s", cpus ? cpus : "");
	}
	return g_string_free(text, FALSE);
}

/* What TEXT begins with: the kind, and the numbers behind it. */
static bool
parse_threads(const char *text, enum pin_what *what, struct cpu_set *numbers, bool *all)
{
	for (*what = 0; *what < PIN_WHATS; (*what)++)
		if (g_str_has_prefix(text, kinds[*what]))
			break;
	if (*what == PIN_WHATS)
		return false;
	text += strlen(kinds[*what]);
	*all = strcmp(text, "*") == 0;
	if (*all || (*what == PIN_EMULATOR && !*text)) {
		cpu_set_add(numbers, 0);
		return true;
	}
	return *what != PIN_EMULATOR && cpu_set_parse(text, numbers);
}

static bool
parse_part(const char *part, GArray *changes)
{
	const char *colon = strchr(part, ':');
	g_autofree char *threads = colon ? g_strndup(part, (gsize)(colon - part)) : NULL;
	struct cpu_set cpus = { 0 }, numbers = { 0 };
	enum pin_what what;
	bool all, ok = colon && cpu_set_parse(colon + 1, &cpus) && cpu_set_count(&cpus) > 0 &&
		       parse_threads(threads, &what, &numbers, &all);

	for (size_t i = 0; ok && i < numbers.nbytes * 8; i++)
		if (cpu_set_has(&numbers, i))
			pin_changes_add(changes, what, all ? PIN_ALL : (unsigned)i, &cpus);
	cpu_set_clear(&cpus);
	cpu_set_clear(&numbers);
	return ok;
}

GArray *
pin_changes_parse(const char *text, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(text, ";", -1);
	GArray *changes = pin_changes_new();
	guint i = 0;

	while (parts[i] && parse_part(parts[i], changes))
		i++;
	if (i > 0 && !parts[i])
		return changes;
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
		"'%s' is no pin: they are written vcpu0-3:0-7;emulator:0-7;iothread1:4",
		parts[i] ? parts[i] : "");
	g_array_unref(changes);
	return NULL;
}

/* ---- for the threads there are ---- */

static bool
refuse(GError **error, const struct pin_change *change, const char *why)
{
	char name[PIN_NAME_SIZE];

	pin_name(change->what, change->number, name);
	g_set_error(error, FLEET_ERROR, FLEET_ERROR_STATE, "%s: %s", name, why);
	return false;
}

/* What of SCOPE can be for ROW, is worth it, and wanted. */
static unsigned
scope_for(const struct pin_row *row, const struct vm_pins *pins, const struct cpu_set *cpus, unsigned scope)
{
	if (!row->active || (row->live.nbytes && cpu_set_equal(&row->live, cpus)))
		scope &= ~(unsigned)PIN_LIVE;
	if (!pins->persistent || (row->kept.nbytes && cpu_set_equal(&row->kept, cpus)))
		scope &= ~(unsigned)PIN_KEPT;
	return scope;
}

static void
aim_at(const struct pin_row *row, const struct vm_pins *pins, const struct pin_change *change, unsigned scope,
	GArray *out)
{
	unsigned left = scope_for(row, pins, &change->cpus, scope);

	if (!left)
		return;
	pin_changes_add(out, row->what, row->number, &change->cpus);
	g_array_index(out, struct pin_change, out->len - 1).scope = left;
}

static bool
aim_one(const struct pin_change *change, const struct vm_pins *pins, unsigned scope, GArray *out,
	GError **error)
{
	const struct pin_row *row = vm_pins_find(pins, change->what, change->number);

	if (pins->cannot[change->what])
		return refuse(error, change, pins->cannot[change->what]);
	if (!row)
		return refuse(error, change, "the guest has no such");
	if (scope == PIN_LIVE && !row->active)
		return refuse(error, change, "is offline: only its persistent pin can be set");
	aim_at(row, pins, change, scope, out);
	return true;
}

static void
aim_all(const struct pin_change *change, const struct vm_pins *pins, unsigned scope, GArray *out)
{
	for (guint i = 0; i < pins->rows->len && !pins->cannot[change->what]; i++)
		if (vm_pins_at(pins, i)->what == change->what)
			aim_at(vm_pins_at(pins, i), pins, change, scope, out);
}

bool
pin_changes_aim(
	const GArray *changes, const struct vm_pins *pins, unsigned scope, GArray **out, GError **error)
{
	GArray *aimed = pin_changes_new();

	for (guint i = 0; i < changes->len; i++) {
		const struct pin_change *change = change_at(changes, i);

		if (change->number == PIN_ALL) {
			aim_all(change, pins, scope, aimed);
		} else if (!aim_one(change, pins, scope, aimed, error)) {
			g_array_unref(aimed);
			return false;
		}
	}
	*out = aimed;
	return true;
}

/* ---- read back ---- */

/* IS, read back, is what was ASKED for, but maybe for CPUs that are offline. Not known is no contradiction. */
static bool
is_as_asked(const struct cpu_set *is, const struct cpu_set *asked)
{
	for (size_t cpu = 0; cpu < is->nbytes * 8; cpu++)
		if (cpu_set_has(is, cpu) && !cpu_set_has(asked, cpu))
			return false;
	return is->nbytes == 0 || cpu_set_count(is) > 0;
}

static bool
holds(const struct pin_change *change, const struct cpu_set *is, const char *scope, char **words)
{
	g_autofree char *has = cpu_set_format(is), *wanted = cpu_set_format(&change->cpus);
	char name[PIN_NAME_SIZE];

	if (is_as_asked(is, &change->cpus))
		return true;
	pin_name(change->what, change->number, name);
	*words = g_strdup_printf(
		"%s reads back as %s (%s), not as %s", name, has ? has : "no CPU", scope, wanted);
	return false;
}

bool
pin_changes_hold(const GArray *changes, const struct vm_pins *after, char **words)
{
	*words = NULL;
	for (guint i = 0; i < changes->len; i++) {
		const struct pin_change *change = change_at(changes, i);
		const struct pin_row *row = vm_pins_find(after, change->what, change->number);

		if (row && change->scope & PIN_LIVE && !holds(change, &row->live, "live", words))
			return false;
		if (row && change->scope & PIN_KEPT && !holds(change, &row->kept, "persistent", words))
			return false;
	}
	return true;
}
