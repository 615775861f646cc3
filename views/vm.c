/* vm: everything known of one guest. */
#include "views/catalog.h"
#include "views/units.h"

#include <string.h>

/* The columns whose facts make up a section, under shorter labels. */
struct entry {
	const char *label, *column;
};

static const struct entry cpu_entries[] = {
	{ "vCPUs", "vcpus" },
	{ "at most", "vcpus-max" },
	{ "use", "cpu" },
	{ "physical CPUs used", "cores" },
	{ "ready, waiting", "ready" },
	{ "waiting on I/O", "wait" },
	{ "CPU time", "cpu-time" },
};

static const struct entry memory_entries[] = {
	{ "now", "mem" },
	{ "at most", "mem-max" },
	{ "used inside", "mem-used" },
	{ "held on the host", "rss" },
};

static const struct entry traffic_entries[] = {
	{ "network in", "net-rx" },
	{ "network out", "net-tx" },
	{ "disk read", "disk-rd" },
	{ "disk written", "disk-wr" },
	{ "reads", "disk-rd-ops" },
	{ "writes", "disk-wr-ops" },
	{ "read latency", "disk-rd-ms" },
	{ "write latency", "disk-wr-ms" },
};

static const struct entry identity_entries[] = {
	{ "host", "host" },
	{ "tenant", "tenant" },
	{ "site", "site" },
	{ "type", "type" },
	{ "title", "title" },
	{ "boots as", "os" },
	{ "machine", "machine" },
	{ "architecture", "arch" },
	{ "uuid", "uuid" },
	{ "id", "id" },
	{ "autostart", "autostart" },
	{ "persistent", "persistent" },
};

static void
add_entries(
	struct page *page, const struct env *env, const struct vm *vm, const struct entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct column *column = column_by_name(&vm_rows, entries[i].column);
		bool per_s = column->info->unit == UNIT_BYTES_S || column->info->unit == UNIT_PER_S;
		struct cell cell;

		column_cell(column, &env->row, vm, &cell);
		page_field(page, entries[i].label, cell.role, "%s%s", cell.text,
			per_s && cell.role != ROLE_DIM ? "/s" : "");
	}
}

static void
add_state(struct page *page, const struct env *env, const struct vm *vm)
{
	const struct look *look = vm_look(vm_plight(vm) != PLIGHT_NONE ? VM_STATE_CRASHED : vm->state);
	bool fresh = host_snap_fresh(vm->host, env->row.now_us);
	char age[UNIT_TEXT];

	if (fresh)
		page_field(page, "state", look->role == ROLE_GOOD ? ROLE_NORMAL : look->role, "%s%s%s%s",
			vm_state_name(vm->state), vm->reason ? " (" : "", vm->reason ? vm->reason : "",
			vm->reason ? ")" : "");
	else
		page_field(page, "state", ROLE_WARN, "not known: host is %s; was %s",
			link_state_word(host_snap_link(vm->host, env->row.now_us)), vm_state_name(vm->state));
	if (!vm->sampled_us) {
		page_field(page, "numbers", ROLE_DIM, "none yet");
		return;
	}
	unit_age(age, env->row.now_us - vm->sampled_us);
	page_field(page, "numbers", fresh ? ROLE_NORMAL : ROLE_WARN, "%s old", age);
}

/* What the card is to the guest: that is what decides its speed. */
static const char *
nic_kind(const struct vm_nic *nic)
{
	if (g_strcmp0(nic->type, "hostdev") == 0)
		return "passthrough";
	if (g_strcmp0(nic->model, "virtio") == 0)
		return "virtio";
	if (g_strcmp0(nic->model, "netfront") == 0)
		return "Xen PV";
	return nic->model ? nic->model : "default";
}

static void
append_word(GString *text, const char *before, const char *word)
{
	if (word)
		g_string_append_printf(text, ", %s%s", before, word);
}

/* "vda  /images/a.qcow2 (disk, virtio, qcow2, cache none)" */
static void
add_disks(struct page *page, const struct vm_facts *facts)
{
	page_section(page, "Disks");
	if (facts->ndisks == 0)
		page_text(page, ROLE_DIM, "none");
	for (size_t i = 0; i < facts->ndisks; i++) {
		const struct vm_disk *disk = &facts->disks[i];
		g_autoptr(GString) text = g_string_new(disk->device ? disk->device : "disk");

		append_word(text, "", disk->bus);
		append_word(text, "", disk->format);
		append_word(text, "cache ", disk->cache);
		append_word(text, "", disk->readonly ? "read-only" : NULL);
		append_word(text, "", disk->shareable ? "shared" : NULL);
		page_field(page, disk->target ? disk->target : "?", disk->source ? ROLE_NORMAL : ROLE_DIM,
			"%s (%s)", disk->source ? disk->source : "empty", text->str);
	}
}

/* "vnet3  virtio, 52:54:00:12:34:56, bridge br0" */
static void
add_nics(struct page *page, const struct vm_facts *facts)
{
	page_section(page, "Network cards");
	if (facts->nnics == 0)
		page_text(page, ROLE_DIM, "none");
	for (size_t i = 0; i < facts->nnics; i++) {
		const struct vm_nic *nic = &facts->nics[i];
		g_autofree char *label =
			nic->target ? g_strdup(nic->target) : g_strdup_printf("card %zu", i + 1);
		g_autoptr(GString) text = g_string_new(nic_kind(nic));

		append_word(text, "", nic->mac);
		append_word(text, "", nic->type);
		if (nic->source)
			g_string_append_printf(text, " %s", nic->source);
		page_field(page, label, ROLE_NORMAL, "%s", text->str);
	}
}

static void
add_devices(struct page *page, const struct vm *vm)
{
	const struct vm_facts *facts = vm->facts;

	if (!facts) {
		page_section(page, "Devices");
		page_text(page, ROLE_DIM, "not read yet");
		return;
	}
	add_disks(page, facts);
	add_nics(page, facts);
	if (facts->nhostdevs)
		page_section(page, "Devices of the host");
	for (size_t i = 0; i < facts->nhostdevs; i++)
		page_text(page, ROLE_NORMAL, "%s %s", facts->hostdevs[i].type, facts->hostdevs[i].address);
	if (facts->description) {
		page_section(page, "Description");
		page_text(page, ROLE_NORMAL, "%s", facts->description);
	}
}

static void
vm_fill(struct view *view, struct page *page)
{
	const struct vm *vm = view_subject_vm(view);
	const struct env *env = view->env;

	page_section(page, view->subject_name ? view->subject_name : "gone");
	if (!vm) {
		page_text(page, ROLE_WARN,
			"This VM is no longer there: undefined, or moved to a host that is not watched.");
		return;
	}
	add_state(page, env, vm);
	add_entries(page, env, vm, identity_entries, G_N_ELEMENTS(identity_entries));
	page_section(page, "CPU");
	add_entries(page, env, vm, cpu_entries, G_N_ELEMENTS(cpu_entries));
	page_section(page, "Memory");
	add_entries(page, env, vm, memory_entries, G_N_ELEMENTS(memory_entries));
	page_section(page, "Traffic");
	add_entries(page, env, vm, traffic_entries, G_N_ELEMENTS(traffic_entries));
	add_devices(page, vm);
	if (vm->host->facts && vm->host->facts->unknowns && *vm->host->facts->unknowns) {
		page_section(page, "What can't be known on this host");
		for (size_t i = 0; vm->host->facts->unknowns[i]; i++)
			page_text(page, ROLE_DIM, "%s", vm->host->facts->unknowns[i]);
	}
}

static char *
vm_title(struct view *view)
{
	return g_strdup_printf("vm %s", view->subject_name ? view->subject_name : "-");
}

const struct view_ops vm_view = {
	.name = "vm",
	.help = "Everything known of one VM",
	.target = TARGET_VM,
	.about_one = true,
	.fill = vm_fill,
	.least = 58,
	.title = vm_title,
};
