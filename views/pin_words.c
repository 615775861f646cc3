/* pin: the map in words: what it holds for, what the cursor is on, what is not known. */
#include "views/pin_view.h"

#include "fleet/cpuset.h"
#include "fleet/snapshot.h"
#include "views/request.h"

const char *
pin_scope_words(unsigned scope)
{
	static const char *const words[] = { [PIN_LIVE] = "live, until it ends",
		[PIN_KEPT] = "persistent, from its next start on",
		[PIN_BOTH] = "live and persistent" };

	return words[scope];
}

void
pin_draw_presets(
	const struct env *env, const char *view, const struct pin_wish *wish, const struct pane *pane, int y)
{
	static const int requests[PIN_PRESET_COUNT] = { REQ_PIN_SPREAD, REQ_PIN_PACK, REQ_PIN_ISOLATE,
		REQ_PIN_FREE };
	const struct keymap *keymap = keys_of(env->keys, view);
	int x = pane_text(pane, y, 0, -1, ROLE_DIM, "presets") + 2;

	for (enum pin_preset i = 0; i < PIN_PRESET_COUNT; i++) {
		g_autofree char *key = keys_label(keymap, requests[i]);
		bool on = wish && wish->preset == i;

		x += pane_text(pane, y, x, -1, ROLE_KEY, key ? key : "") + 1;
		x += pane_text(pane, y, x, -1, on ? ROLE_SORTED : ROLE_STATUS, pin_preset_word(i)) + 2;
	}
}

/* "pins live and persistent (m)  3 threads to be changed: Enter asks, Esc drops" */
void
pin_draw_state(
	const struct pin_view *state, const struct env *env, const struct vm *vm, const struct pane *pane)
{
	const struct pin_map *map = &state->map;
	const struct keymap *keymap = keys_of(env->keys, "pins");
	g_autofree char *key = keys_label(keymap, REQ_PIN_SCOPE), *apply = keys_label(keymap, REQ_OPEN),
			*drop = keys_label(keymap, REQ_BACK);
	guint wants = pin_map_wants(map);
	int x = pane_printf(pane, 0, 0, ROLE_NORMAL, "%s on %s", vm->name, vm->host->name) + 2;

	x += pane_text(pane, 0, x, -1, ROLE_KEY, key ? key : "") + 1;
	x += pane_text(pane, 0, x, -1, ROLE_STATUS, pin_scope_words(map->scope)) + 2;
	if (!host_snap_fresh(vm->host, env->row.now_us))
		pane_text(pane, 0, x, -1, ROLE_WARN, "old: its host does not answer");
	else if (wants)
		pane_printf(pane, 0, x, ROLE_INFO, "* %u to change: %s applies, %s drops", wants,
			apply ? apply : "open", drop ? drop : "back");
}

/* "CPU 13, cell 0, core 6 with 45  41% busy  other VMs: db-1, mail-2  2.5 vCPUs share it" */
static void
append_siblings(GString *text, const struct pin_map *map)
{
	const struct pinning_cpu *here = pinning_cpu_at(map->host, map->column);
	bool any = false;

	for (guint i = 0; i < pin_map_columns(map); i++) {
		const struct pinning_cpu *cpu = pinning_cpu_at(map->host, i);

		if (cpu == here || cpu->core != here->core)
			continue;
		g_string_append_printf(text, "%s%d", any ? "," : " with CPU ", cpu->cpu.id);
		any = true;
	}
}

/* The others who are pinned to the cursor's CPU, by name, as far as their XML or the host tells. */
static void
append_others(GString *text, const struct pin_map *map, const struct vm *self, const struct env *env)
{
	g_autoptr(GPtrArray) names = pinning_names(
		map->snap, self, map->host, (size_t)pinning_cpu_at(map->host, map->column)->cpu.id);

	if (names->len == 0)
		return;
	g_string_append_printf(text, "%sother VMs: ", env_dot(env));
	for (guint i = 0; i < names->len; i++)
		g_string_append_printf(text, "%s%s", i ? ", " : "", (const char *)names->pdata[i]);
}

void
pin_draw_cpu_words(
	const struct pin_map *map, const struct env *env, const struct vm *vm, const struct pane *pane, int y)
{
	const struct pinning_cpu *cpu = pinning_cpu_at(map->host, map->column);
	double claims = pin_map_claims(map, map->column);
	g_autoptr(GString) text = g_string_new(NULL);

	g_string_printf(text, "CPU %d", cpu->cpu.id);
	if (cpu->cpu.cell >= 0)
		g_string_append_printf(text, ", cell %d", cpu->cpu.cell);
	append_siblings(text, map);
	if (cpu->load >= 0)
		g_string_append_printf(text, "%s%.0f%% busy", env_dot(env), cpu->load);
	if (claims > 0)
		g_string_append_printf(text, "%s%.3g pinned vCPU%s", env_dot(env), claims,
			claims > 0.999 && claims < PIN_CLAIMS_MAX ? "" : "s");
	append_others(text, map, vm, env);
	pane_text(pane, y, 0, -1, claims > PIN_CLAIMS_MAX ? ROLE_WARN : ROLE_NORMAL, text->str);
}

static void
append_set(GString *text, const char *what, const struct cpu_set *set)
{
	g_autofree char *cpus = cpu_set_format(set);

	g_string_append_printf(text, "%s %s", what, cpus ? cpus : set->nbytes ? "none" : "-");
}

void
pin_draw_line_words(const struct pin_map *map, const struct env *env, const struct pane *pane, int y)
{
	const struct pin_line *line = pin_map_line(map, map->row);
	const char *obstacle = pin_line_obstacle(map, line);
	g_autoptr(GString) text = g_string_new(NULL);
	char name[PIN_NAME_SIZE];

	pin_name(line->what, line->number, name);
	g_string_assign(text, name);
	if (line->is->cpu >= 0)
		g_string_append_printf(text, " on CPU %d", line->is->cpu);
	g_string_append(text, env_dot(env));
	append_set(text,
		line->is->active     ? "live"
		: map->pins->running ? "offline, live"
				     : "off, live",
		&line->is->live);
	g_string_append(text, env_dot(env));
	append_set(text, "persistent", &line->is->kept);
	if (line->wants) {
		g_string_append(text, env_dot(env));
		append_set(text, "will be", &line->wanted);
	}
	if (obstacle)
		g_string_append_printf(text, "%s%s", env_dot(env), obstacle);
	pane_text(pane, y, 0, -1,
		line->wants && cpu_set_count(&line->wanted) == 0 ? ROLE_BAD
		: obstacle                                       ? ROLE_WARN
		: pin_line_differs(line)                         ? ROLE_WARN
								 : ROLE_NORMAL,
		text->str);
}

/* What can't be read or pinned at all. */
int
pin_draw_gaps(const struct pin_map *map, const struct pane *pane, int y)
{
	static const char *const kinds[PIN_WHATS] = { "vCPUs", "emulator", "I/O threads" };

	for (int what = 0; what < PIN_WHATS && y < pane->rows; what++)
		if (map->pins->cannot[what])
			pane_printf(pane, y++, 1, ROLE_DIM, "%s: %s", kinds[what], map->pins->cannot[what]);
	for (char **unknown = map->pins->unknowns; *unknown && y < pane->rows; unknown++)
		pane_text(pane, y++, 1, -1, ROLE_DIM, *unknown);
	return y;
}
