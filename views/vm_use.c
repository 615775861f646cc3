/* The blocks of a guest's page that say how much it uses: CPU, vCPUs one by one, memory. */
#include "views/vm_page.h"

#include "fleet/cpuset.h"
#include "views/units.h"

#include <inttypes.h>
#include <stdio.h>

#define METER_CELL 10

/* ---- CPU ---- */

static void
add_share(const struct vm_page *on, const char *label, const char *name, const char *more)
{
	struct cell cell;

	dossier_cell(on->env, &vm_rows, on->vm, name, &cell);
	if (cell.role == ROLE_DIM)
		page_meter(on->page, label, ROLE_DIM, -1, "%s", cell.text);
	else
		page_meter(on->page, label, cell.role, dossier_number(on->env, &vm_rows, on->vm, name),
			"%s%s", cell.text, more ? more : "");
}

static void
add_pins(const struct vm_page *on)
{
	const struct vm_facts *facts = on->vm->facts;
	g_autofree char *emulator = on->detail ? cpu_set_format(&on->detail->emulator) : NULL;

	if (!facts)
		dossier_text(on->page, "may run on", NULL);
	else
		page_field(on->page, "may run on", ROLE_NORMAL, "%s",
			facts->cpuset   ? facts->cpuset
			: facts->pinned ? "some CPUs (each vCPU has its own)"
					: "all CPUs");
	if (emulator)
		page_field(on->page, "its emulator on", ROLE_NORMAL, "%s", emulator);
}

static void
append_cap(GString *text, const struct env *env, const char *who, double pct)
{
	if (pct > 0)
		g_string_append_printf(text, "%s%sat most %.0f%% of a CPU", env_dot(env), who, pct);
}

/* "credit · weight 256 · no cap": comparable within a host. A scheduler without caps has nothing said of them. */
static void
add_scheduling(const struct vm_page *on)
{
	const struct vm_scheduling *of = on->detail ? &on->detail->scheduling : NULL;
	g_autoptr(GString) text = g_string_new(of ? of->name : NULL);

	if (!of || !of->name)
		return;
	if (of->weight >= 0)
		g_string_append_printf(text, "%sweight %" PRId64, env_dot(on->env), of->weight);
	append_cap(text, on->env, "", of->cap_pct);
	append_cap(text, on->env, "each vCPU ", of->vcpu_cap_pct);
	if (of->cap_pct <= 0 && of->vcpu_cap_pct <= 0 && (of->cap_pct == 0 || of->vcpu_cap_pct == 0))
		g_string_append_printf(text, "%sno cap", env_dot(on->env));
	page_field(on->page, "scheduler", ROLE_NORMAL, "%s", text->str);
}

void
vm_page_cpu(const struct vm_page *on)
{
	double most = dossier_number(on->env, &vm_rows, on->vm, "vcpus-max");
	double now = dossier_number(on->env, &vm_rows, on->vm, "vcpus");
	g_autofree char *more = most > now ? g_strdup_printf(", up to %.0f", most) : NULL;
	g_autofree char *of = NULL;
	struct cell vcpus, cores;

	page_section(on->page, "CPU");
	dossier_cell(on->env, &vm_rows, on->vm, "vcpus", &vcpus);
	dossier_cell(on->env, &vm_rows, on->vm, "cores", &cores);
	if (cores.role != ROLE_DIM)
		of = g_strdup_printf(", %s physical CPUs", cores.text);
	if (on->lives) {
		add_share(on, "use", "cpu", of);
		add_share(on, "ready", "ready", " waiting for a CPU");
		add_share(on, "wait", "wait", " waiting for I/O");
	}
	page_field(on->page, "vCPUs", vcpus.role, "%s%s", vcpus.text, more ? more : "");
	if (on->lives)
		dossier_field(on->page, on->env, &vm_rows, on->vm, "CPU time", "cpu-time");
	add_pins(on);
	add_scheduling(on);
}

/* ---- vCPUs, one by one ---- */

static int
cell_of_cpu(const struct vm *vm, int cpu)
{
	const struct host_facts *facts = vm->host->facts;

	for (size_t i = 0; facts && i < facts->ncpus; i++)
		if (facts->cpus[i].id == cpu)
			return facts->cpus[i].cell;
	return -1;
}

static void
number_or_dash(char out[UNIT_TEXT], enum unit unit, double number)
{
	if (number >= 0)
		unit_format(out, unit, number);
	else
		g_strlcpy(out, "-", UNIT_TEXT);
}

static void
add_vcpu(const struct vm_page *on, size_t i)
{
	const struct vcpu_detail *vcpu = &on->detail->vcpus[i];
	g_autofree char *affinity = cpu_set_format(&vcpu->affinity);
	char id[UNIT_TEXT], cpu[UNIT_TEXT], cell[UNIT_TEXT], use[UNIT_TEXT], ready[UNIT_TEXT];
	enum role role = threshold_role(on->env->config, THRESHOLD_CPU, vcpu->cpu_pct);
	const struct page_cell cells[] = {
		{ id, 4, ALIGN_RIGHT, ROLE_NORMAL },
		{ cpu, 3, ALIGN_RIGHT, ROLE_NORMAL },
		{ cell, 4, ALIGN_RIGHT, ROLE_DIM },
		{ NULL, METER_CELL, ALIGN_LEFT, role },
		{ use, 4, ALIGN_RIGHT, vcpu->cpu_pct < 0 ? ROLE_DIM : role },
		{ ready, 5, ALIGN_RIGHT,
			vcpu->ready_pct < 0
				? ROLE_DIM
				: threshold_role(on->env->config, THRESHOLD_READY, vcpu->ready_pct) },
		{ !vcpu->online ? "off" : affinity, 0, ALIGN_LEFT, affinity ? ROLE_NORMAL : ROLE_DIM },
	};

	snprintf(id, sizeof(id), "%zu", i);
	number_or_dash(cpu, UNIT_COUNT, vcpu->cpu);
	number_or_dash(cell, UNIT_COUNT, cell_of_cpu(on->vm, vcpu->cpu));
	number_or_dash(use, UNIT_PCT, vcpu->cpu_pct);
	number_or_dash(ready, UNIT_PCT, vcpu->ready_pct);
	page_cells(on->page, cells, G_N_ELEMENTS(cells));
	page_cells_meter(on->page, 3, vcpu->cpu_pct);
}

void
vm_page_vcpus(const struct vm_page *on)
{
	static const struct page_cell titles[] = {
		{ "VCPU", 4, ALIGN_RIGHT, ROLE_COLUMN },
		{ "ON", 3, ALIGN_RIGHT, ROLE_COLUMN },
		{ "CELL", 4, ALIGN_RIGHT, ROLE_COLUMN },
		{ "USE", METER_CELL, ALIGN_LEFT, ROLE_COLUMN },
		{ "", 4, ALIGN_RIGHT, ROLE_COLUMN },
		{ "READY", 5, ALIGN_RIGHT, ROLE_COLUMN },
		{ "MAY RUN ON", 0, ALIGN_LEFT, ROLE_COLUMN },
	};

	if (!on->detail || on->detail->nvcpus == 0)
		return;
	page_section(on->page, "vCPUs");
	page_cells(on->page, titles, G_N_ELEMENTS(titles));
	for (size_t i = 0; i < on->detail->nvcpus; i++)
		add_vcpu(on, i);
}

/* ---- memory ---- */

static void
add_nodes(const struct vm_page *on)
{
	if (on->vm->facts)
		page_field(on->page, "NUMA nodes", ROLE_NORMAL, "%s",
			on->vm->facts->numa_nodes ? on->vm->facts->numa_nodes : "any");
}

void
vm_page_memory(const struct vm_page *on)
{
	struct cell now, most, held;
	char text[UNIT_TEXT];
	bool inside;
	double bytes, used = vm_memory_used(on, &bytes, &inside);

	page_section(on->page, "Memory");
	dossier_cell(on->env, &vm_rows, on->vm, "mem", &now);
	dossier_cell(on->env, &vm_rows, on->vm, "mem-max", &most);
	dossier_cell(on->env, &vm_rows, on->vm, "rss", &held);
	if (!on->lives) {
		page_field(on->page, "may have", most.role, "%s", most.text);
		add_nodes(on);
		return;
	}
	if (used >= 0) {
		unit_format(text, UNIT_BYTES, bytes);
		page_meter(on->page, inside ? "used inside" : "held on the host", ROLE_NORMAL, used,
			"%s of %s, %.0f%%", text, now.text, used);
	} else {
		page_meter(on->page, "used inside", ROLE_DIM, -1, "-");
	}
	page_field(on->page, "now", now.role, "%s%s%s", now.text, most.role == ROLE_DIM ? "" : " of at most ",
		most.role == ROLE_DIM ? "" : most.text);
	if (inside || used < 0)
		page_field(on->page, "held on the host", held.role, "%s", held.text);
	add_nodes(on);
}
