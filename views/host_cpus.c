/* The blocks of a host's page with a sign per physical CPU: how busy each is, and which guests may run on it. */
#include "views/host_page.h"

#include "fleet/cpuset.h"
#include "tui/bar.h"
#include "views/units.h"

#include <string.h>

#define CPUS_A_ROW 32 /* of the use: more would not fit beside other blocks */
#define TICKS      8  /* CPUs from one number above the map to the next */
#define MAP_MOST   64 /* guests */

static gint
compare_cpus(gconstpointer a, gconstpointer b)
{
	const struct host_cpu *left = a, *right = b;

	return left->cell != right->cell ? left->cell - right->cell : left->id - right->id;
}

/* Without a topology all CPUs are one cell. */
static GArray *
ordered_cpus(const struct host_page *on)
{
	const struct host_facts *facts = on->host->facts;
	size_t n = on->detail && on->detail->ncpus ? on->detail->ncpus : (size_t)on->host->value[HOST_PCPUS];
	GArray *cpus = g_array_new(FALSE, TRUE, sizeof(struct host_cpu));

	if (facts && facts->ncpus) {
		g_array_append_vals(cpus, facts->cpus, (guint)facts->ncpus);
		g_array_sort(cpus, compare_cpus);
		return cpus;
	}
	for (size_t i = 0; i < n; i++)
		g_array_append_val(
			cpus, ((struct host_cpu){ .id = (int)i, .cell = -1, .socket = -1, .core = -1 }));
	return cpus;
}

/* ---- strips: text and roles grow together ---- */

struct strip {
	GString *text;
	GByteArray *roles;
};

static struct strip
strip_new(void)
{
	return (struct strip){ g_string_new(NULL), g_byte_array_new() };
}

static void
strip_add(struct strip *strip, enum role role, const char *sign)
{
	const guint8 byte = (guint8)role;

	g_string_append(strip->text, sign);
	g_byte_array_append(strip->roles, &byte, 1);
}

static void
strip_put(struct strip *strip, const struct host_page *on, const char *label)
{
	page_strip(on->page, label, strip->text->str, strip->roles->data);
	g_string_free(strip->text, TRUE);
	g_byte_array_free(strip->roles, TRUE);
}

/* ---- use ---- */

static void
add_use(struct strip *strip, const struct host_page *on, int cpu)
{
	double pct = cpu >= 0 && (size_t)cpu < on->detail->ncpus ? on->detail->cpu_pct[cpu] : -1;
	const uint8_t value = pct < 0 ? SPARK_UNKNOWN : (uint8_t)MIN(pct, 100);
	enum role role = threshold_role(on->env->config, THRESHOLD_CPU, pct);
	char sign[8];

	bar_spark_text(sign, sizeof(sign), 1, on->env->row.ascii, &value, 1);
	strip_add(strip, pct < 0 ? ROLE_DIM : role == ROLE_NORMAL ? ROLE_GRAPH : role, sign);
}

static void
add_uses(const struct host_page *on, const GArray *cpus)
{
	for (guint first = 0, end; first < cpus->len; first = end) {
		int cell = g_array_index(cpus, struct host_cpu, first).cell;
		bool begins = first == 0 || g_array_index(cpus, struct host_cpu, first - 1).cell != cell;
		g_autofree char *label = !begins    ? g_strdup("")
					 : cell < 0 ? g_strdup("all")
						    : g_strdup_printf("cell %d", cell);
		struct strip strip = strip_new();

		for (end = first; end < cpus->len && end - first < CPUS_A_ROW; end++) {
			const struct host_cpu *cpu = &g_array_index(cpus, struct host_cpu, end);

			if (cpu->cell != cell)
				break;
			add_use(&strip, on, cpu->id);
		}
		strip_put(&strip, on, label);
	}
}

static void
add_model(const struct host_page *on)
{
	const struct host_facts *facts = on->host->facts;

	if (!facts)
		return;
	dossier_text(on->page, "model", facts->cpu_model);
	if (facts->sockets && facts->cores && facts->threads)
		page_field(on->page, "topology", ROLE_NORMAL, "%d x %d cores x %d threads", facts->sockets,
			facts->cores, facts->threads);
	if (facts->mhz)
		page_field(on->page, "clock", ROLE_NORMAL, "%d MHz, %s", facts->mhz,
			facts->arch ? facts->arch : "-");
	else
		dossier_text(on->page, "architecture", facts->arch);
}

void
host_page_cpus(const struct host_page *on)
{
	double use = dossier_number(on->env, &host_rows, on->host, "cpu");
	struct cell cpu, pcpus;

	page_section(on->page, "Physical CPUs");
	dossier_cell(on->env, &host_rows, on->host, "cpu", &cpu);
	dossier_cell(on->env, &host_rows, on->host, "pcpus", &pcpus);
	if (on->fresh)
		page_meter(on->page, "use", cpu.role, use, "%s of %s CPUs", cpu.text, pcpus.text);
	else
		page_field(on->page, "CPUs", pcpus.role, "%s", pcpus.text);
	if (on->detail && on->detail->ncpus) {
		g_autoptr(GArray) cpus = ordered_cpus(on);

		add_uses(on, cpus);
	} else if (on->fresh) {
		page_field(on->page, "each", ROLE_DIM, "%s", on->detail ? "-" : "asking the host");
	}
	add_model(on);
}

/* ---- CPUs x guests ---- */

/* A row of the map: SIGN says what stands for a CPU; cells are apart by a blank. */
static void
add_row(const struct host_page *on, const GArray *cpus, const char *label,
	const char *(*sign)(const struct host_page *on, const void *of, const struct host_cpu *cpu,
		guint place, enum role *role),
	const void *of)
{
	struct strip strip = strip_new();

	for (guint i = 0, place = 0; i < cpus->len; i++, place++) {
		const struct host_cpu *cpu = &g_array_index(cpus, struct host_cpu, i);
		enum role role = ROLE_NORMAL;
		const char *text;

		if (i > 0 && cpu->cell != g_array_index(cpus, struct host_cpu, i - 1).cell) {
			strip_add(&strip, ROLE_NORMAL, " ");
			place = 0;
		}
		text = sign(on, of, cpu, place, &role);
		strip_add(&strip, role, text);
	}
	strip_put(&strip, on, label);
}

static const char *
affinity_sign(const struct host_page *on, const void *of, const struct host_cpu *cpu,
	guint place G_GNUC_UNUSED, enum role *role)
{
	const struct vm_affinity *affinity = of;
	bool may = cpu->id >= 0 && cpu_set_has(&affinity->cpus, (size_t)cpu->id);

	*role = may ? ROLE_GRAPH : ROLE_DIM;
	if (on->env->row.ascii)
		return may ? "#" : ".";
	return may ? "■" : "·";
}

/* How many of the pinned guests may run there. */
static const char *
count_sign(const struct host_page *on, const void *of G_GNUC_UNUSED, const struct host_cpu *cpu,
	guint place G_GNUC_UNUSED, enum role *role)
{
	static const char *const digits[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "+" };
	size_t n = 0;

	for (size_t i = 0; i < on->detail->nvms; i++)
		if (on->detail->vms[i].pinned && cpu->id >= 0 &&
			cpu_set_has(&on->detail->vms[i].cpus, (size_t)cpu->id))
			n++;
	*role = n > 1 ? ROLE_WARN : n ? ROLE_NORMAL : ROLE_DIM;
	return digits[MIN(n, G_N_ELEMENTS(digits) - 1)];
}

/* The numbers of the CPUs, read downwards: tens, then ones, at every so many of a cell. OF: which digit. */
static const char *
number_sign(const struct host_page *on G_GNUC_UNUSED, const void *of, const struct host_cpu *cpu, guint place,
	enum role *role)
{
	static const char *const digits[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };
	const int *power = of;

	*role = ROLE_COLUMN;
	if (place % TICKS || cpu->id < 0 || (*power > 1 && cpu->id < *power))
		return " ";
	return digits[cpu->id / *power % 10];
}

static void
add_numbers(const struct host_page *on, const GArray *cpus)
{
	static const int powers[] = { 100, 10, 1 };
	int most = 0;

	for (guint i = 0; i < cpus->len; i++)
		most = MAX(most, g_array_index(cpus, struct host_cpu, i).id);
	for (size_t i = 0; i < G_N_ELEMENTS(powers); i++)
		if (powers[i] == 1 || most >= powers[i])
			add_row(on, cpus, powers[i] == 1 ? "CPU" : "", number_sign, &powers[i]);
}

static void
add_pinned(const struct host_page *on, const GArray *cpus)
{
	size_t shown = 0;

	for (size_t i = 0; i < on->host->nvms && shown < MAP_MOST; i++) {
		const struct vm *vm = &on->host->vms[i];

		for (size_t j = 0; j < on->detail->nvms; j++) {
			const struct vm_affinity *affinity = &on->detail->vms[j];

			if (!affinity->pinned || memcmp(affinity->uuid, vm->uuid, UUID_LEN) != 0)
				continue;
			add_row(on, cpus, vm->name, affinity_sign, affinity);
			shown++;
		}
	}
}

void
host_page_map(const struct host_page *on)
{
	size_t pinned = 0;
	g_autoptr(GArray) cpus = NULL;

	if (!on->detail || on->detail->nvms == 0)
		return;
	for (size_t i = 0; i < on->detail->nvms; i++)
		pinned += on->detail->vms[i].pinned;
	page_section_wide(on->page, "Who may run where");
	if (!pinned) {
		page_text(on->page, ROLE_NORMAL, "nobody is pinned: all %zu running VMs may use every CPU",
			on->detail->nvms);
		return;
	}
	cpus = ordered_cpus(on);
	add_numbers(on, cpus);
	add_pinned(on, cpus);
	add_row(on, cpus, "pinned VMs", count_sign, NULL);
	if (pinned < on->detail->nvms)
		page_text(on->page, ROLE_DIM, "and %zu running VMs that may use every CPU",
			on->detail->nvms - pinned);
}
