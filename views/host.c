/* host: everything known of one host. host_link.c, host_room.c, host_cpus.c and host_guests.c have most of its blocks. */
#include "actions/maintenance.h"
#include "views/catalog.h"
#include "views/host_page.h"
#include "views/request.h"
#include "views/units.h"

#include <math.h>

/* ---- head ---- */

/* "● kvm017  up for 3h  KVM 7.2.22  21/23 VMs  dc1" */
static void
head_state(const struct host_page *on)
{
	const struct host_snap *host = on->host;
	enum link_state link = host_snap_link(host, on->env->row.now_us);
	const struct look *look = link_look(link);
	const char ascii[] = { look->ascii, '\0' };
	char age[UNIT_TEXT];
	struct cell vms, version;

	unit_age(age, on->env->row.now_us - (link == LINK_STALE ? host->sampled_us : host->link_since_us));
	dossier_cell(on->env, &host_rows, host, "vms", &vms);
	dossier_cell(on->env, &host_rows, host, "hv", &version);
	page_head(on->page);
	page_piece(on->page, NULL, look->role, "%s", on->env->row.ascii ? ascii : look->glyph);
	page_piece(on->page, NULL, ROLE_TITLE, "%s", host->name);
	page_piece(on->page, NULL, look->role == ROLE_GOOD ? ROLE_NORMAL : look->role, "%s for %s",
		link_state_word(link), age);
	if (maintenance_covers(on->env->maintenance, host->config)) {
		g_autofree char *words = maintenance_words(on->env->maintenance, host->config);

		page_piece(on->page, NULL, ROLE_WARN, "%s", words);
	}
	if (host->facts)
		page_piece(on->page, NULL, version.role, "%s", version.text);
	if (host->listed)
		page_piece(on->page, "VMs", vms.role, "%s", vms.text);
	if (host->config && host->config->site)
		page_piece(on->page, NULL, ROLE_NORMAL, "%s", host->config->site);
}

static void
head_use(const struct host_page *on)
{
	struct cell cpu, pcpus, mem, total, promised;

	dossier_cell(on->env, &host_rows, on->host, "cpu", &cpu);
	dossier_cell(on->env, &host_rows, on->host, "pcpus", &pcpus);
	dossier_cell(on->env, &host_rows, on->host, "mem", &mem);
	dossier_cell(on->env, &host_rows, on->host, "mem-total", &total);
	dossier_cell(on->env, &host_rows, on->host, "promised", &promised);
	page_head(on->page);
	page_piece_meter(on->page, "CPU", cpu.role == ROLE_DIM ? ROLE_NORMAL : cpu.role,
		dossier_number(on->env, &host_rows, on->host, "cpu"), "%s of %s", cpu.text, pcpus.text);
	page_piece_meter(on->page, "memory", mem.role == ROLE_DIM ? ROLE_NORMAL : mem.role,
		dossier_number(on->env, &host_rows, on->host, "mem"), "%s of %s", mem.text, total.text);
	page_piece(on->page, "promised", promised.role, "%s", promised.text);
	dossier_head_traffic(on->page, on->env, &host_rows, on->host);
}

/* ---- identity ---- */

static void
add_labels(const struct host_page *on)
{
	const struct host_static *config = on->host->config;
	g_autoptr(GList) names = config && config->labels ? g_hash_table_get_keys(config->labels) : NULL;

	names = g_list_sort(names, (GCompareFunc)(void (*)(void))g_ascii_strcasecmp);
	for (GList *at = names; at; at = at->next)
		page_field(on->page, at->data, ROLE_NORMAL, "%s",
			(const char *)g_hash_table_lookup(config->labels, at->data));
}

static void
add_identity(const struct host_page *on)
{
	const struct host_facts *facts = on->host->facts;
	const struct host_static *config = on->host->config;
	g_autofree char *tags = config && config->tags ? g_strjoinv(" ", config->tags) : NULL;

	page_section(on->page, "Identity");
	dossier_text(on->page, "site", config ? config->site : NULL);
	dossier_text(on->page, "tags", tags);
	add_labels(on);
	if (!facts) {
		page_text(on->page, ROLE_DIM, "the rest has not been read yet");
		return;
	}
	page_field(on->page, "hypervisor", ROLE_NORMAL, "%s %s", hypervisor_title(facts->hypervisor),
		facts->hv_version ? facts->hv_version : "");
	page_field(on->page, "libvirt", ROLE_NORMAL, "%s, driver %s",
		facts->libvirt_version ? facts->libvirt_version : "-", facts->driver ? facts->driver : "-");
	dossier_text(on->page, "its own name", facts->hostname);
	dossier_text(on->page, "uuid", facts->uuid);
	page_field(
		on->page, "live migration", ROLE_NORMAL, "%s", facts->live_migration ? "yes" : "not offered");
}

/* ---- the page ---- */

/* Ready is that of the guest that waits most. */
static void
add_histories(struct view *view, const struct host_page *on)
{
	double now[HISTORY_SERIES_COUNT], mem = dossier_number(on->env, &host_rows, on->host, "mem");

	dossier_now(on->env, &host_rows, on->host, now);
	if (mem >= 0)
		now[HISTORY_MEM] = mem;
	for (size_t i = 0; on->fresh && i < on->host->nvms; i++)
		if (VM_HAS(&on->host->vms[i], VM_READY))
			now[HISTORY_READY] = fmax(now[HISTORY_READY], on->host->vms[i].value[VM_READY]);
	dossier_histories(view, on->page, now);
}

static void
host_fill(struct view *view, struct page *page)
{
	const struct host_snap *host = view_subject_host(view);
	struct host_page on = { .page = page, .env = view->env, .host = host };

	dossier_look(view);
	if (!host) {
		page_section(page, "gone");
		return;
	}
	on.fresh = host_snap_fresh(host, view->env->row.now_us);
	on.detail = on.fresh ? host->detail : NULL; /* old numbers are not shown as if they were of today */
	head_state(&on);
	if (on.fresh)
		head_use(&on);
	else
		dossier_head_silence(page, view->env, host);
	host_page_trouble(&on);
	add_histories(view, &on);
	if (on.fresh)
		host_page_room(&on);
	host_page_cpus(&on);
	host_page_cells(&on);
	dossier_events(view, page);
	host_page_connection(&on);
	add_identity(&on);
	host_page_guests(&on);
	host_page_stores(&on);
	dossier_unknowns(
		page, host->facts ? host->facts->unknowns : NULL, on.detail ? on.detail->unknowns : NULL);
	host_page_map(&on);
}

static char *
host_title(struct view *view)
{
	return g_strdup_printf("host %s", view->subject_name ? view->subject_name : "-");
}

static const struct binding keys[] = {
	{ "T", REQ_SPAN },
	{ "m", REQ_MAINTENANCE },
	{ "R", REQ_RETURN },
	{ NULL, 0 },
};

const struct view_ops host_view = {
	.name = "host",
	.help = "Everything known of one host",
	.target = TARGET_HOST,
	.keys = keys,
	.about_one = true,
	.fill = host_fill,
	.least = 58,
	.state_size = sizeof(struct dossier),
	.request = dossier_request,
	.title = host_title,
	.done = dossier_done,
};
