/* host: everything known of one host. */
#include "views/catalog.h"
#include "views/units.h"

#include <string.h>

#define GUESTS_MOST   200
#define HISTORY_WIDTH 40

/* A number of the host by its unit and limits, "-" when it is not known or not of today. */
static void
add_number(struct page *page, const struct env *env, const struct host_snap *host, const char *label,
	enum host_field field, enum threshold threshold)
{
	char text[UNIT_TEXT];

	if (!HOST_HAS(host, field) ||
		(host->link != LINK_UP && field != HOST_MEM_TOTAL && field != HOST_PCPUS)) {
		page_field(page, label, ROLE_DIM, "-");
		return;
	}
	unit_format_long(text, host_field_info[field].unit, host->value[field]);
	page_field(page, label, threshold_role(env->config, threshold, host->value[field]), "%s", text);
}

static void
add_text(struct page *page, const char *label, const char *text)
{
	page_field(page, label, text ? ROLE_NORMAL : ROLE_DIM, "%s", text ? text : "-");
}

static void
add_link(struct page *page, const struct env *env, const struct host_snap *host)
{
	enum link_state link = host_snap_link(host, env->row.now_us);
	const struct look *look = link_look(link);
	char age[UNIT_TEXT];

	unit_age(age, env->row.now_us - host->link_since_us);
	if (link == LINK_UP)
		page_field(page, "state", ROLE_NORMAL, "up for %s", age);
	else
		page_field(
			page, "state", look->role, "%s for %s: %s", link_state_word(link), age, look->help);
	if (host->why)
		page_field(page, "why", look->role, "%s", host->why);
	if (host->retry_us) {
		unit_age(age, host->retry_us - env->row.now_us);
		page_field(page, "next try", ROLE_NORMAL, "in %s", age);
	}
	if (host->sampled_us)
		unit_age(age, env->row.now_us - host->sampled_us);
	page_field(page, "numbers", host_snap_fresh(host, env->row.now_us) ? ROLE_NORMAL : ROLE_WARN, "%s%s",
		host->sampled_us ? age : "none yet", host->sampled_us ? " old" : "");
	add_number(page, env, host, "round trip", HOST_RTT, THRESHOLD_NONE);
	add_number(page, env, host, "last sample took", HOST_SAMPLE_MS, THRESHOLD_NONE);
}

static void
add_identity(struct page *page, const struct host_snap *host)
{
	const struct host_facts *facts = host->facts;
	const struct host_static *config = host->config;
	g_autofree char *tags = config && config->tags ? g_strjoinv(" ", config->tags) : NULL;

	add_text(page, "site", config ? config->site : NULL);
	add_text(page, "tags", tags && *tags ? tags : NULL);
	if (config && config->labels) {
		GHashTableIter iter;
		gpointer key, value;

		g_hash_table_iter_init(&iter, config->labels);
		while (g_hash_table_iter_next(&iter, &key, &value))
			page_field(page, key, ROLE_NORMAL, "%s", (const char *)value);
	}
	if (!facts)
		return;
	page_field(page, "hypervisor", ROLE_NORMAL, "%s %s", hypervisor_title(facts->hypervisor),
		facts->hv_version ? facts->hv_version : "");
	page_field(page, "libvirt", ROLE_NORMAL, "%s, driver %s",
		facts->libvirt_version ? facts->libvirt_version : "-", facts->driver ? facts->driver : "-");
	add_text(page, "its own name", facts->hostname);
	add_text(page, "uuid", facts->uuid);
	add_text(page, "reached", facts->via);
	add_text(page, "uri", facts->uri);
	page_field(page, "live migration", ROLE_NORMAL, "%s", facts->live_migration ? "yes" : "not offered");
}

static void
add_processor(struct page *page, const struct env *env, const struct host_snap *host)
{
	const struct host_facts *facts = host->facts;
	char graph[HISTORY_WIDTH * 4];

	page_section(page, "Processor");
	if (facts) {
		add_text(page, "model", facts->cpu_model);
		add_text(page, "architecture", facts->arch);
		if (facts->sockets && facts->cores && facts->threads)
			page_field(page, "topology", ROLE_NORMAL, "%d x %d cores x %d threads",
				facts->sockets, facts->cores, facts->threads);
		if (facts->mhz)
			page_field(page, "clock", ROLE_NORMAL, "%d MHz", facts->mhz);
	}
	add_number(page, env, host, "physical CPUs", HOST_PCPUS, THRESHOLD_NONE);
	add_number(page, env, host, "use", HOST_CPU, THRESHOLD_CPU);
	host_history_text(&env->row, host, HISTORY_WIDTH, graph, sizeof(graph));
	page_field(page, "last 5 minutes", ROLE_GRAPH, "%s", graph);
	add_number(page, env, host, "running vCPUs", HOST_VCPUS, THRESHOLD_NONE);
	add_number(page, env, host, "vCPU:pCPU", HOST_VCPU_RATIO, THRESHOLD_NONE);
}

static void
add_memory(struct page *page, const struct env *env, const struct host_snap *host)
{
	bool fresh = host_snap_fresh(host, env->row.now_us);
	double fit = fresh ? headroom_host(host, env->config, &env->row.size) : -1;

	page_section(page, "Memory");
	add_number(page, env, host, "total", HOST_MEM_TOTAL, THRESHOLD_NONE);
	add_number(page, env, host, "used", HOST_MEM_USED, THRESHOLD_NONE);
	add_number(page, env, host, "used of total", HOST_MEM_USED_PCT, THRESHOLD_MEM);
	add_number(page, env, host, "promised to VMs", HOST_MEM_PROMISED, THRESHOLD_NONE);
	add_number(page, env, host, "promised of total", HOST_MEM_PROMISED_PCT, THRESHOLD_NONE);
	add_number(page, env, host, "saved by KSM", HOST_KSM_SAVED, THRESHOLD_NONE);
	if (fit >= 0) {
		char mem[UNIT_TEXT];

		unit_format(mem, UNIT_BYTES, env->row.size.mem_bytes);
		page_field(page, "room for", ROLE_NORMAL,
			"%.0f more of %.0f vCPU, %s (the fleet's median VM)", fit, env->row.size.vcpus, mem);
	}
	for (size_t i = 0; host->facts && i < host->facts->ncells; i++) {
		const struct numa_cell *cell = &host->facts->cells[i];
		g_autofree char *label = g_strdup_printf("NUMA cell %d", cell->id);
		char mem[UNIT_TEXT];

		unit_format(mem, UNIT_BYTES, (double)cell->mem_bytes);
		page_field(page, label, ROLE_NORMAL, "%s, %d CPUs", mem, cell->ncpus);
	}
}

static void
add_traffic(struct page *page, const struct env *env, const struct host_snap *host)
{
	page_section(page, "Traffic of all VMs");
	add_number(page, env, host, "network in", HOST_NET_RX, THRESHOLD_NONE);
	add_number(page, env, host, "network out", HOST_NET_TX, THRESHOLD_NONE);
	add_number(page, env, host, "disk read", HOST_DISK_RD, THRESHOLD_NONE);
	add_number(page, env, host, "disk written", HOST_DISK_WR, THRESHOLD_NONE);
}

static void
add_guest(struct page *page, const struct env *env, const struct vm *vm)
{
	static const char *const names[] = { "name", "state", "vcpus", "cpu", "ready", "mem" };
	static const int widths[] = { 20, 9, 4, 4, 5, 4 };
	struct cell texts[G_N_ELEMENTS(names)];
	struct page_cell cells[G_N_ELEMENTS(names)];

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		const struct column *column = column_by_name(&vm_rows, names[i]);

		column_cell(column, &env->row, vm, &texts[i]);
		cells[i] = (struct page_cell){ .text = texts[i].text,
			.width = widths[i],
			.align = column->align,
			.role = texts[i].role };
	}
	page_cells(page, cells, G_N_ELEMENTS(cells));
}

static void
add_guests(struct page *page, const struct env *env, const struct host_snap *host)
{
	static const struct page_cell titles[] = {
		{ "NAME", 20, ALIGN_LEFT, ROLE_COLUMN },
		{ "STATE", 9, ALIGN_LEFT, ROLE_COLUMN },
		{ "VCPU", 4, ALIGN_RIGHT, ROLE_COLUMN },
		{ "CPU", 4, ALIGN_RIGHT, ROLE_COLUMN },
		{ "READY", 5, ALIGN_RIGHT, ROLE_COLUMN },
		{ "MEM", 4, ALIGN_RIGHT, ROLE_COLUMN },
	};

	page_section(page, "VMs (Enter opens their table)");
	if (!host->listed) {
		page_text(page, ROLE_DIM, "not known yet");
		return;
	}
	page_cells(page, titles, G_N_ELEMENTS(titles));
	for (size_t i = 0; i < host->nvms && i < GUESTS_MOST; i++)
		add_guest(page, env, &host->vms[i]);
	if (host->nvms == 0)
		page_text(page, ROLE_DIM, "none");
	else if (host->nvms > GUESTS_MOST)
		page_text(page, ROLE_DIM, "and %zu more", host->nvms - GUESTS_MOST);
}

static void
host_fill(struct view *view, struct page *page)
{
	const struct host_snap *host = view_subject_host(view);

	page_section(page, host ? host->name : "gone");
	if (!host)
		return;
	add_link(page, view->env, host);
	add_identity(page, host);
	add_processor(page, view->env, host);
	add_memory(page, view->env, host);
	add_traffic(page, view->env, host);
	if (host->facts && host->facts->unknowns && *host->facts->unknowns) {
		page_section(page, "What can't be known here");
		for (size_t i = 0; host->facts->unknowns[i]; i++)
			page_text(page, ROLE_DIM, "%s", host->facts->unknowns[i]);
	}
	add_guests(page, view->env, host);
}

static char *
host_title(struct view *view)
{
	return g_strdup_printf("host %s", view->subject_name ? view->subject_name : "-");
}

const struct view_ops host_view = {
	.name = "host",
	.help = "Everything known of one host",
	.target = TARGET_HOST,
	.about_one = true,
	.fill = host_fill,
	.least = 58,
	.title = host_title,
};
