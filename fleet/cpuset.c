#include "fleet/cpuset.h"

#include "fleet/snapshot.h"

#include <string.h>

void
cpu_set_add(struct cpu_set *set, size_t cpu)
{
	size_t needed = cpu / 8 + 1;

	if (needed > set->nbytes) {
		set->bits = g_realloc(set->bits, needed);
		memset(set->bits + set->nbytes, 0, needed - set->nbytes);
		set->nbytes = needed;
	}
	set->bits[cpu / 8] |= (uint8_t)(1u << cpu % 8);
}

void
cpu_set_remove(struct cpu_set *set, size_t cpu)
{
	if (cpu / 8 < set->nbytes)
		set->bits[cpu / 8] &= (uint8_t) ~(1u << cpu % 8);
}

void
cpu_set_add_all(struct cpu_set *set, const struct cpu_set *more)
{
	for (size_t cpu = 0; cpu < more->nbytes * 8; cpu++)
		if (cpu_set_has(more, cpu))
			cpu_set_add(set, cpu);
}

struct cpu_set
cpu_set_copy(const struct cpu_set *set)
{
	return (struct cpu_set){ .bits = g_memdup2(set->bits, set->nbytes), .nbytes = set->nbytes };
}

void
cpu_set_clear(struct cpu_set *set)
{
	g_free(set->bits);
	*set = (struct cpu_set){ 0 };
}

size_t
cpu_set_count(const struct cpu_set *set)
{
	size_t n = 0;

	for (size_t i = 0; i < set->nbytes; i++)
		n += (size_t)__builtin_popcount(set->bits[i]);
	return n;
}

bool
cpu_set_equal(const struct cpu_set *a, const struct cpu_set *b)
{
	for (size_t i = 0; i < MAX(a->nbytes, b->nbytes); i++)
		if ((i < a->nbytes ? a->bits[i] : 0) != (i < b->nbytes ? b->bits[i] : 0))
			return false;
	return true;
}

bool
cpu_set_full(const struct cpu_set *set, size_t ncpus)
{
	for (size_t cpu = 0; cpu < ncpus; cpu++)
		if (!cpu_set_has(set, cpu))
			return false;
	return true;
}

/* ---- as text ---- */

/* One CPU number at *AT, which moves behind it. */
static bool
parse_cpu(const char **at, size_t *cpu)
{
	guint64 number;
	char *end;

	if (!g_ascii_isdigit(**at))
		return false;
	number = g_ascii_strtoull(*at, &end, 10);
	*at = end;
	*cpu = (size_t)number;
	return number < CPU_SET_MAX;
}

/* "3", "0-3" or "^3" at *AT, which moves behind it. */
static bool
parse_part(const char **at, struct cpu_set *set)
{
	bool out = **at == '^';
	size_t first, last;

	if (out)
		(*at)++;
	if (!parse_cpu(at, &first))
		return false;
	last = first;
	if (!out && **at == '-') {
		(*at)++;
		if (!parse_cpu(at, &last) || last < first)
			return false;
	}
	for (size_t cpu = first; cpu <= last; cpu++) {
		if (out)
			cpu_set_remove(set, cpu);
		else
			cpu_set_add(set, cpu);
	}
	return true;
}

static const char *
skip_blank(const char *text)
{
	while (g_ascii_isspace(*text))
		text++;
	return text;
}

bool
cpu_set_parse(const char *text, struct cpu_set *out)
{
	struct cpu_set set = { 0 };
	bool ok;

	if (!text)
		return false;
	do {
		text = skip_blank(text);
		ok = parse_part(&text, &set);
		text = skip_blank(text);
	} while (ok && *text == ',' && *text++);
	if (!ok || *text) {
		cpu_set_clear(&set);
		return false;
	}
	*out = set;
	return true;
}

char *
cpu_set_format(const struct cpu_set *set)
{
	GString *text = g_string_new(NULL);
	size_t n = set->nbytes * 8;

	for (size_t cpu = 0; cpu < n; cpu++) {
		size_t first = cpu;

		if (!cpu_set_has(set, cpu))
			continue;
		while (cpu_set_has(set, cpu + 1))
			cpu++;
		g_string_append_printf(text, "%s%zu", text->len ? "," : "", first);
		if (cpu > first)
			g_string_append_printf(text, "-%zu", cpu);
	}
	return g_string_free(text, text->len == 0);
}
