/* The blocks of a host's page on what there is and how much of it is taken: memory, NUMA cells, pools and networks. */
#include "views/host_page.h"

#include "fleet/cpuset.h"
#include "views/host_values.h"
#include "views/units.h"

#include <string.h>

#define NAMES_SHOWN 6

/* ---- room ---- */

/* NUMBER of the host under LABEL as a share of its memory. */
static void
add_memory(const struct host_page *on, const char *label, const char *bytes, const char *pct,
	enum threshold threshold)
{
	double share = dossier_number(on->env, &host_rows, on->host, pct);
	struct cell part, percent, whole;

	dossier_cell(on->env, &host_rows, on->host, bytes, &part);
	dossier_cell(on->env, &host_rows, on->host, pct, &percent);
	dossier_cell(on->env, &host_rows, on->host, "mem-total", &whole);
	if (share < 0)
		page_meter(on->page, label, ROLE_DIM, -1, "-");
	else
		page_meter(on->page, label, threshold_role(on->env->config, threshold, share), share,
			"%s of %s, %s", part.text, whole.text, percent.text);
}

static void
add_density(const struct host_page *on)
{
	const struct fleet_totals *totals = &on->env->totals;
	double ratio = dossier_number(on->env, &host_rows, on->host, "vcpu-ratio");
	double cap = (double)on->env->config->vcpu_cap_pct / 100;
	struct cell vms, vcpus, pcpus, text;

	dossier_cell(on->env, &host_rows, on->host, "vms", &vms);
	dossier_cell(on->env, &host_rows, on->host, "vcpus", &vcpus);
	dossier_cell(on->env, &host_rows, on->host, "pcpus", &pcpus);
	dossier_cell(on->env, &host_rows, on->host, "vcpu-ratio", &text);
	if (totals->all.up)
		page_field(on->page, "VMs", vms.role, "%s running; the fleet's mean is %.1f", vms.text,
			(double)totals->all.guests.running / totals->all.up);
	else
		page_field(on->page, "VMs", vms.role, "%s running", vms.text);
	if (ratio < 0)
		page_meter(on->page, "vCPUs", ROLE_DIM, -1, "-");
	else
		page_meter(on->page, "vCPUs", ROLE_NORMAL, 100 * ratio / cap, "%s on %s CPUs, %s of %.3g:1",
			vcpus.text, pcpus.text, text.text, cap);
}

/* "Domain-0  18% of 4 CPUs, 512M", where the host is a domain beside its guests. */
static void
add_own_domain(const struct host_page *on)
{
	const struct vm *own = host_own_domain(on->host);
	double share = dossier_number(on->env, &host_rows, on->host, "overhead");
	struct cell overhead, pcpus;
	char mem[UNIT_TEXT] = "-";

	if (!own)
		return;
	dossier_cell(on->env, &host_rows, on->host, "overhead", &overhead);
	dossier_cell(on->env, &host_rows, on->host, "pcpus", &pcpus);
	if (VM_HAS(own, VM_MEM))
		unit_format(mem, UNIT_BYTES, own->value[VM_MEM]);
	page_meter(on->page, own->name, share < 0 ? ROLE_DIM : ROLE_NORMAL, share, "%s of %s CPUs, %s",
		overhead.text, pcpus.text, mem);
}

void
host_page_room(const struct host_page *on)
{
	double fit = on->fresh ? headroom_host(on->host, on->env->config, &on->env->row.size) : -1;
	char mem[UNIT_TEXT];

	page_section(on->page, "Room");
	add_memory(on, "memory used", "mem-used", "mem", THRESHOLD_MEM);
	add_memory(on, "promised", "mem-promised", "promised", THRESHOLD_NONE);
	add_density(on);
	add_own_domain(on);
	if (fit >= 0) {
		unit_format(mem, UNIT_BYTES, on->env->row.size.mem_bytes);
		page_field(on->page, "room for", ROLE_NORMAL, "%.0f more of %.0f vCPU, %s (the median VM)",
			fit, on->env->row.size.vcpus, mem);
	} else {
		dossier_text(on->page, "room for", NULL);
	}
	dossier_field(on->page, on->env, &host_rows, on->host, "saved by KSM", "ksm");
}

/* ---- NUMA cells ---- */

static struct cpu_set
cpus_of_cell(const struct host_facts *facts, int cell)
{
	struct cpu_set set = { 0 };

	for (size_t i = 0; i < facts->ncpus; i++)
		if (facts->cpus[i].cell == cell)
			cpu_set_add(&set, (size_t)facts->cpus[i].id);
	return set;
}

/* Every CPU of PART is in WHOLE. */
static bool
is_within(const struct cpu_set *part, const struct cpu_set *whole)
{
	for (size_t cpu = 0; cpu < part->nbytes * 8; cpu++)
		if (cpu_set_has(part, cpu) && !cpu_set_has(whole, cpu))
			return false;
	return true;
}

static const char *
name_of(const struct host_snap *host, const uint8_t uuid[UUID_LEN])
{
	for (size_t i = 0; i < host->nvms; i++)
		if (memcmp(host->vms[i].uuid, uuid, UUID_LEN) == 0)
			return host->vms[i].name;
	return NULL;
}

/* "3 VMs pinned there: db-1, db-2, web-7" */
static char *
pinned_within(const struct host_page *on, const struct cpu_set *cpus)
{
	g_autoptr(GString) names = g_string_new(NULL);
	unsigned n = 0;

	for (size_t i = 0; on->detail && i < on->detail->nvms; i++) {
		const struct vm_affinity *affinity = &on->detail->vms[i];
		const char *name = affinity->pinned && is_within(&affinity->cpus, cpus)
					   ? name_of(on->host, affinity->uuid)
					   : NULL;

		if (!name)
			continue;
		if (n < NAMES_SHOWN)
			g_string_append_printf(names, "%s%s", n ? ", " : "", name);
		else if (n == NAMES_SHOWN)
			g_string_append(names, ", …");
		n++;
	}
	return n ? g_strdup_printf("%u VM%s pinned there: %s", n, n == 1 ? "" : "s", names->str)
		 : g_strdup("no VM pinned there");
}

static void
add_cell(const struct host_page *on, size_t i)
{
	const struct numa_cell *cell = &on->host->facts->cells[i];
	bool known = on->detail && i < on->detail->ncells && cell->mem_bytes > 0;
	double taken = known ? (double)cell->mem_bytes - (double)on->detail->cell_free[i] : -1;
	g_autofree char *label = g_strdup_printf("cell %d", cell->id);
	struct cpu_set cpus = cpus_of_cell(on->host->facts, cell->id);
	g_autofree char *list = cpu_set_format(&cpus), *pinned = pinned_within(on, &cpus);
	char free_text[UNIT_TEXT], total[UNIT_TEXT];

	unit_format(total, UNIT_BYTES, (double)cell->mem_bytes);
	if (known) {
		unit_format(free_text, UNIT_BYTES, (double)on->detail->cell_free[i]);
		page_meter(on->page, label, ROLE_NORMAL, 100 * taken / (double)cell->mem_bytes,
			"%s free of %s", free_text, total);
	} else {
		page_field(on->page, label, ROLE_NORMAL, "%s", total);
	}
	page_field(on->page, "", ROLE_NORMAL, "%d CPUs%s%s", cell->ncpus, list ? ": " : "", list ? list : "");
	if (on->detail && on->detail->taken_us)
		page_field(on->page, "", ROLE_NORMAL, "%s", pinned);
	cpu_set_clear(&cpus);
}

void
host_page_cells(const struct host_page *on)
{
	const struct host_facts *facts = on->host->facts;

	if (!facts || facts->ncells == 0)
		return;
	page_section(on->page, "NUMA cells");
	for (size_t i = 0; i < facts->ncells; i++)
		add_cell(on, i);
}

/* ---- pools and networks ---- */

static void
add_list(const struct host_page *on, const char *title, char *const *lines)
{
	page_section(on->page, title);
	if (!*lines)
		page_text(on->page, ROLE_DIM, "none");
	for (; *lines; lines++)
		page_text(on->page, ROLE_NORMAL, "%s", *lines);
}

void
host_page_stores(const struct host_page *on)
{
	if (!on->detail || !on->detail->taken_us)
		return;
	add_list(on, "Storage pools", on->detail->pools);
	add_list(on, "Networks", on->detail->networks);
}
