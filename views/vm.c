/* vm: everything known of one guest. vm_use.c, vm_devices.c and vm_inside.c have most of its blocks. */
#include "views/catalog.h"
#include "views/request.h"
#include "views/units.h"
#include "views/vm_page.h"

#include <string.h>

/* ---- head ---- */

static const struct look *
look_of(const struct vm *vm)
{
	return vm_look(vm_plight(vm) != PLIGHT_NONE ? VM_STATE_CRASHED : vm->state);
}

/* "● web-1  running  on kvm017  of acme" */
static void
head_state(const struct vm_page *on)
{
	const struct vm *vm = on->vm;
	const struct look *look = look_of(vm);
	char ascii[] = { look->ascii, '\0' };
	enum role role = on->fresh ? look->role : ROLE_WARN;

	page_head(on->page);
	page_piece(on->page, NULL, role, "%s", on->env->row.ascii ? ascii : look->glyph);
	page_piece(on->page, NULL, ROLE_TITLE, "%s", vm->name);
	if (on->fresh)
		page_piece(on->page, NULL, role == ROLE_GOOD ? ROLE_NORMAL : role, "%s%s%s",
			vm_state_name(vm->state), vm->reason ? ", " : "", vm->reason ? vm->reason : "");
	else
		page_piece(on->page, NULL, ROLE_WARN, "was %s; its host is %s", vm_state_name(vm->state),
			link_state_word(host_snap_link(vm->host, on->env->row.now_us)));
	page_piece(on->page, "on", ROLE_NORMAL, "%s", vm->host->name);
	if (vm->facts && vm->facts->tenant)
		page_piece(on->page, "of", ROLE_NORMAL, "%s", vm->facts->tenant);
}

/* What it would have if it ran. */
static void
head_size(const struct vm_page *on)
{
	struct cell vcpus, most;

	dossier_cell(on->env, &vm_rows, on->vm, "vcpus", &vcpus);
	dossier_cell(on->env, &vm_rows, on->vm, "mem-max", &most);
	page_head(on->page);
	page_piece(on->page, "vCPUs", vcpus.role, "%s", vcpus.text);
	page_piece(on->page, "memory", most.role, "%s", most.text);
	if (on->vm->autostart_known)
		page_piece(on->page, NULL, ROLE_NORMAL, "%s",
			on->vm->autostart ? "starts with its host" : "does not start with its host");
	if (on->detail && on->detail->managed_save)
		page_piece(on->page, NULL, ROLE_WARN, "its memory is saved: a start resumes it");
}

/* Its process may hold more than the guest has: then it says of what the percents are. */
static void
head_memory(const struct vm_page *on)
{
	bool inside;
	double bytes, used = vm_memory_used(on, &bytes, &inside);
	char text[UNIT_TEXT] = "-";
	struct cell mem;

	dossier_cell(on->env, &vm_rows, on->vm, "mem", &mem);
	if (used >= 0)
		unit_format(text, UNIT_PCT, used);
	if (inside || used < 0)
		page_piece_meter(on->page, "memory used", ROLE_NORMAL, used, "%s of %s", text, mem.text);
	else
		page_piece_meter(on->page, "memory held on the host", ROLE_NORMAL, MIN(used, 100),
			"%s of the guest's %s", text, mem.text);
}

/* "CPU ████──── 41% of 4 vCPUs  ready 1%  memory used ██────── 61% of 8.0G" */
static void
head_use(const struct vm_page *on)
{
	struct cell cpu, vcpus, ready;

	dossier_cell(on->env, &vm_rows, on->vm, "cpu", &cpu);
	dossier_cell(on->env, &vm_rows, on->vm, "vcpus", &vcpus);
	dossier_cell(on->env, &vm_rows, on->vm, "ready", &ready);
	page_head(on->page);
	page_piece_meter(on->page, "CPU", cpu.role == ROLE_DIM ? ROLE_NORMAL : cpu.role,
		dossier_number(on->env, &vm_rows, on->vm, "cpu"), "%s of %s vCPU%s", cpu.text, vcpus.text,
		strcmp(vcpus.text, "1") == 0 ? "" : "s");
	page_piece(on->page, "ready", ready.role, "%s", ready.text);
	head_memory(on);
	dossier_head_traffic(on->page, on->env, &vm_rows, on->vm);
}

/* ---- identity ---- */

static const char *
yes_no(bool known, bool yes)
{
	return !known ? "-" : yes ? "yes" : "no";
}

static void
add_state(struct view *view, const struct vm_page *on)
{
	const struct vm *vm = on->vm;
	int64_t since = dossier_since_us(view);
	char age[UNIT_TEXT] = "";

	if (since)
		unit_age(age, on->env->row.now_us - since);
	page_field(on->page, "state", on->fresh ? ROLE_NORMAL : ROLE_DIM, "%s%s%s%s%s%s%s",
		vm_state_name(vm->state), on->fresh ? "" : "?", vm->reason ? " (" : "",
		vm->reason ? vm->reason : "", vm->reason ? ")" : "", since ? ", for " : "", age);
	if (!on->fresh)
		page_field(on->page, "why unknown", ROLE_WARN, "its host is %s%s%s: Enter tells what to do",
			link_state_word(host_snap_link(vm->host, on->env->row.now_us)),
			vm->host->why ? ": " : "", vm->host->why ? vm->host->why : "");
	if (!vm->sampled_us) {
		page_field(on->page, "numbers", ROLE_DIM, "none yet");
		return;
	}
	unit_age(age, on->env->row.now_us - vm->sampled_us);
	page_field(on->page, "numbers", on->fresh ? ROLE_NORMAL : ROLE_WARN, "%s old", age);
}

/* Words that are known, with what stands between the parts of a line. */
static char *
join(const struct env *env, const char *const *words, size_t n)
{
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < n; i++)
		if (words[i] && *words[i])
			g_string_append_printf(out, "%s%s", out->len ? env_dot(env) : "", words[i]);
	return g_string_free(out, FALSE);
}

static void
add_kind(const struct vm_page *on)
{
	const struct vm_facts *facts = on->vm->facts;
	const char *words[4];
	g_autofree char *text = NULL;

	if (!facts) {
		page_field(on->page, "type", ROLE_DIM, "not read yet");
		return;
	}
	words[0] = facts->type == VM_TYPE_UNKNOWN ? NULL : vm_type_name(facts->type);
	words[1] = facts->os_type;
	words[2] = facts->machine;
	words[3] = facts->arch;
	text = join(on->env, words, G_N_ELEMENTS(words));
	dossier_text(on->page, "type", text);
	dossier_text(on->page, "CPU mode", facts->cpu_mode);
	dossier_text(on->page, "run by", facts->emulator);
	if (facts->title)
		page_field(on->page, "title", ROLE_NORMAL, "%s", facts->title);
	if (facts->description)
		page_field(on->page, "description", ROLE_NORMAL, "%s", facts->description);
}

static void
add_identity(struct view *view, const struct vm_page *on)
{
	const struct vm *vm = on->vm;
	const struct host_static *config = vm->host->config;
	g_autofree char *tags = config && config->tags ? g_strjoinv(" ", config->tags) : NULL;
	const char *place[] = { vm->host->name, config ? config->site : NULL, tags };
	g_autofree char *where = join(on->env, place, G_N_ELEMENTS(place));
	char uuid[37];

	page_section(on->page, "Identity");
	add_state(view, on);
	page_field(on->page, "host", ROLE_NORMAL, "%s", where);
	dossier_text(on->page, "tenant", vm->facts ? vm->facts->tenant : NULL);
	add_kind(on);
	page_field(on->page, "starts", ROLE_NORMAL, "with its host: %s%sdefinition kept: %s",
		yes_no(vm->autostart_known, vm->autostart), env_dot(on->env), yes_no(true, vm->persistent));
	uuid_format(vm->uuid, uuid);
	page_field(on->page, "uuid", ROLE_NORMAL, "%s", uuid);
	dossier_field(on->page, on->env, &vm_rows, vm, "id", "id");
}

/* ---- the page ---- */

double
vm_memory_used(const struct vm_page *on, double *bytes, bool *inside)
{
	double used = dossier_number(on->env, &vm_rows, on->vm, "mem-used");
	double mem = dossier_number(on->env, &vm_rows, on->vm, "mem");

	*inside = used >= 0;
	*bytes = *inside ? used : dossier_number(on->env, &vm_rows, on->vm, "rss");
	return *bytes >= 0 && mem > 0 ? 100 * *bytes / mem : -1;
}

static void
add_histories(struct view *view, const struct vm_page *on)
{
	double now[HISTORY_SERIES_COUNT], bytes, mem = vm_memory_used(on, &bytes, &(bool){ false });
	double ready = dossier_number(on->env, &vm_rows, on->vm, "ready");

	dossier_now(on->env, &vm_rows, on->vm, now);
	if (mem >= 0)
		now[HISTORY_MEM] = mem;
	if (ready >= 0)
		now[HISTORY_READY] = ready;
	dossier_histories(view, on->page, now);
}

static const struct vm_detail *
detail_of(const struct vm *vm)
{
	const struct vm_detail *detail = vm->host->vm_detail;

	return detail && memcmp(detail->uuid, vm->uuid, UUID_LEN) == 0 ? detail : NULL;
}

static void
vm_fill(struct view *view, struct page *page)
{
	const struct vm *vm = view_subject_vm(view);
	struct vm_page on = { .page = page, .env = view->env, .vm = vm };

	dossier_look(view);
	if (!vm) {
		page_section(page, view->subject_name ? view->subject_name : "gone");
		page_text(page, ROLE_WARN,
			"This VM is no longer there: undefined, or moved to a host that is not watched.");
		dossier_events(view, page);
		return;
	}
	on.fresh = host_snap_fresh(vm->host, view->env->row.now_us);
	on.lives = vm_is_running(vm) || vm->state == VM_STATE_PAUSED;
	on.detail = on.fresh ? detail_of(vm) : NULL; /* old numbers are not shown as if they were of today */
	head_state(&on);
	if (!on.fresh)
		dossier_head_silence(page, view->env, vm->host);
	else if (on.lives)
		head_use(&on);
	else
		head_size(&on);
	if (on.lives || dossier_has_history(view))
		add_histories(view, &on);
	add_identity(view, &on);
	vm_page_cpu(&on);
	vm_page_memory(&on);
	vm_page_disks(&on);
	vm_page_nics(&on);
	vm_page_hostdevs(&on);
	vm_page_migration(&on);
	dossier_events(view, page);
	vm_page_vcpus(&on);
	vm_page_agent(&on);
	vm_page_screen(&on);
	vm_page_saved(&on);
	dossier_unknowns(page, vm->host->facts ? vm->host->facts->unknowns : NULL,
		on.detail ? on.detail->unknowns : NULL);
}

static char *
vm_title(struct view *view)
{
	return g_strdup_printf("vm %s", view->subject_name ? view->subject_name : "-");
}

static const struct binding keys[] = {
	{ "T", REQ_SPAN },
	{ "X", REQ_XML },
	{ NULL, 0 },
};

const struct view_ops vm_view = {
	.name = "vm",
	.help = "Everything known of one VM",
	.target = TARGET_VM,
	.keys = keys,
	.about_one = true,
	.fill = vm_fill,
	.least = 58,
	.state_size = sizeof(struct dossier),
	.request = dossier_request,
	.title = vm_title,
	.done = dossier_done,
};
