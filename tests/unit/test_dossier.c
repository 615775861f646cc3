/* The pages of a host and of a VM: what they say of states, details, histories and events. */
#include "fleet/cpuset.h"
#include "fleet/timeline.h"
#include "tests/support/snaps.h"
#include "views/console.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define WALL_US INT64_C(1786363331000000)
#define GIB     (1024.0 * 1024 * 1024)
#define ROWS    70
#define COLS    200

static const char xml[] = "<domain type='kvm'>\n"
			  "  <name>web-1</name>\n"
			  "  <devices>\n"
			  "    <disk type='file'>\n"
			  "      <source file='/images/a.qcow2'/>\n"
			  "    </disk>\n"
			  "    <disk type='block'>\n"
			  "      <source dev='/dev/vg0/Web'/>\n"
			  "    </disk>\n"
			  "  </devices>\n"
			  "</domain>\n";

/* A host with a pinned guest that has everything, and another one; what tests change before they open it. */
struct world {
	struct config *config;
	struct console *console;
	struct timeline *timeline;
	struct vm vms[2];
	struct host_snap host;
	struct vm_facts *facts;
	struct vm_detail *detail;
	struct host_facts *host_facts;
	struct host_detail *host_detail;
	char *copied;
	bool refuses; /* the clipboard */
};

static struct cpu_set
cpus(const char *text)
{
	struct cpu_set set = { 0 };

	cr_assert(cpu_set_parse(text, &set));
	return set;
}

static struct vm_detail *
make_detail(const struct vm *vm)
{
	struct vm_detail *detail = vm_detail_new();

	detail->taken_us = 1;
	memcpy(detail->uuid, vm->uuid, UUID_LEN);
	detail->disks = g_new0(struct disk_detail, 1);
	detail->ndisks = 1;
	detail->disks[0] = (struct disk_detail){ .target = g_strdup("vda"),
		.valid = 1u << DISK_F_CAPACITY | 1u << DISK_F_ALLOCATION | 1u << DISK_F_RD_MS,
		.value = { [DISK_F_CAPACITY] = 40 * GIB,
			[DISK_F_ALLOCATION] = 10 * GIB,
			[DISK_F_RD_MS] = 1.5 } };
	detail->vcpus = g_new0(struct vcpu_detail, 2);
	detail->nvcpus = 2;
	detail->vcpus[0] = (struct vcpu_detail){
		.online = true, .cpu = 5, .cpu_pct = 75, .ready_pct = 12, .affinity = cpus("4-7")
	};
	detail->vcpus[1] = (struct vcpu_detail){ .online = true, .cpu = -1, .cpu_pct = -1, .ready_pct = -1 };
	detail->agent_os = g_strdup("Debian GNU/Linux 12");
	detail->fs = g_new0(struct guest_fs, 1);
	detail->nfs = 1;
	detail->fs[0] = (struct guest_fs){ .mountpoint = g_strdup("/srv"),
		.type = g_strdup("xfs"),
		.total_bytes = (uint64_t)(20 * GIB),
		.used_bytes = (uint64_t)(15 * GIB) };
	detail->snapshots = 2;
	detail->xml = g_strdup(xml);
	return detail;
}

static struct host_facts *
make_host_facts(void)
{
	struct host_facts *facts = (struct host_facts *)(uintptr_t)snaps_host_facts(HYPERVISOR_KVM);

	facts->cells = g_new0(struct numa_cell, 2);
	facts->ncells = 2;
	facts->cpus = g_new0(struct host_cpu, 8);
	facts->ncpus = 8;
	for (int i = 0; i < 8; i++)
		facts->cpus[i] = (struct host_cpu){ .id = i, .cell = i / 4, .socket = 0, .core = i };
	for (int i = 0; i < 2; i++)
		facts->cells[i] =
			(struct numa_cell){ .id = i, .mem_bytes = (uint64_t)(64 * GIB), .ncpus = 4 };
	return facts;
}

static struct host_detail *
make_host_detail(const struct vm *pinned, const struct vm *free_one)
{
	struct host_detail *detail = host_detail_new();

	detail->taken_us = 1;
	detail->ncpus = 8;
	detail->cpu_pct = g_new0(double, 8);
	detail->cpu_pct[5] = 100;
	detail->cpu_pct[7] = -1;
	detail->ncells = 2;
	detail->cell_free = g_new0(uint64_t, 2);
	detail->cell_free[1] = (uint64_t)(16 * GIB);
	detail->nvms = 2;
	detail->vms = g_new0(struct vm_affinity, 2);
	memcpy(detail->vms[0].uuid, pinned->uuid, UUID_LEN);
	detail->vms[0].cpus = cpus("4-7");
	detail->vms[0].pinned = true;
	memcpy(detail->vms[1].uuid, free_one->uuid, UUID_LEN);
	detail->vms[1].cpus = cpus("0-7");
	return detail;
}

static void
world_init(struct world *world)
{
	setenv("TZ", "UTC", 1);
	setlocale(LC_ALL, "C.UTF-8");
	*world = (struct world){ .config = snaps_config(), .timeline = timeline_new(100) };
	world->vms[0] = snaps_vm("web-1", 1);
	world->vms[1] = snaps_vm("web-2", 2);
	world->facts = (struct vm_facts *)(uintptr_t)snaps_vm_facts("acme");
	world->detail = make_detail(&world->vms[0]);
	world->vms[0].facts = world->facts;
	world->host = snaps_host(0, "kvm1");
	world->host_facts = make_host_facts();
	world->host_detail = make_host_detail(&world->vms[0], &world->vms[1]);
}

static void
quit(void *ctx, bool abort)
{
	(void)ctx;
	(void)abort;
}

static bool
copy(void *ctx, const char *text, GError **error)
{
	struct world *world = ctx;

	if (world->refuses) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "too long");
		return false;
	}
	g_free(world->copied);
	world->copied = g_strdup(text);
	return true;
}

static void
show(struct world *world)
{
	struct snaps_part part = { .host = world->host, .vms = world->vms, .nvms = 2 };
	const struct fleet_snap *snap;

	part.host.facts = world->host_facts;
	part.host.detail = world->host_detail;
	part.host.vm_detail = world->detail;
	snap = snaps_fleet(&part, 1);
	console_set_snapshot(world->console, snap);
	fleet_snap_unref(snap);
}

static void
type(struct world *world, const char *keys)
{
	struct canvas *canvas = canvas_new(ROWS, COLS, false);

	for (; *keys; keys++) {
		uint32_t code = *keys == '\n'   ? KEY_CODE_ENTER
				: *keys == '\b' ? KEY_CODE_ESC
						: (uint32_t)(unsigned char)*keys;

		console_input(world->console, (struct input){ .type = INPUT_KEY, .key = { code, 0 } });
		console_draw(world->console, canvas);
	}
	canvas_free(canvas);
}

/* The world as it is now, with the page that KEYS lead to. */
static void
open_page(struct world *world, const char *keys)
{
	world->console = console_new(
		&(struct console_opts){
			.config = world->config,
			.timeline = world->timeline,
			.view = "vms",
			.quit = quit,
			.copy = copy,
			.ctx = world,
		},
		NULL);
	console_tick(world->console, SNAPS_NOW_US, WALL_US);
	show(world);
	type(world, keys);
}

static char *
text_of(struct world *world)
{
	struct canvas *canvas = canvas_new(ROWS, COLS, false);
	char *text;

	console_draw(world->console, canvas);
	text = canvas_text(canvas);
	canvas_free(canvas);
	return text;
}

static void
expect(struct world *world, const char *const *parts)
{
	g_autofree char *text = text_of(world);

	for (; *parts; parts++)
		cr_expect(strstr(text, *parts), "'%s' is not in\n%s", *parts, text);
}

#define EXPECT(...) expect(&world, (const char *const[]){ __VA_ARGS__, NULL })

static void
expect_not(struct world *world, const char *part)
{
	g_autofree char *text = text_of(world);

	cr_expect_not(strstr(text, part), "'%s' is in\n%s", part, text);
}

static void
world_done(struct world *world)
{
	console_free(world->console);
	timeline_free(world->timeline);
	vm_facts_unref(world->facts);
	vm_detail_unref(world->detail);
	host_facts_unref(world->host_facts);
	host_detail_unref(world->host_detail);
	config_free(world->config);
	g_free(world->copied);
}

Test(dossier, a_guest_with_details)
{
	struct world world;

	world_init(&world);
	open_page(&world, ":vm web-1\n");
	EXPECT("10G of 40G", "1.5ms", "   0    5     1  ", "75%    12%  4-7", "Debian GNU/Linux 12", "/srv",
		"15G of 20G, xfs", "snapshots  2", "has 2", "can't move live");
	world_done(&world);
}

/* A cap is told when there is one; that there is none only where there could be one. */
Test(dossier, a_guest_and_its_scheduler)
{
	static const struct {
		const char *name;
		struct vm_scheduling scheduling;
		const char *says, *says_not;
	} cases[] = {
		{ NULL, { NULL, -1, -1, -1 }, "may run on", "scheduler" },
		{ "credit", { NULL, 512, 0, -1 }, "credit · weight 512 · no cap", "at most" },
		{ "credit", { NULL, 256, 150, -1 }, "credit · weight 256 · at most 150% of a CPU", "no cap" },
		{ "posix", { NULL, 100, 0, 50 }, "posix · weight 100 · each vCPU at most 50% of a CPU",
			"no cap" },
		{ "posix", { NULL, 100, 0, 0 }, "posix · weight 100 · no cap", "at most" },
		{ "fair", { NULL, 50, -1, -1 }, "fair · weight 50", "no cap" },
		{ "credit2", { NULL, -1, -1, -1 }, "credit2", "weight" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct world world;

		world_init(&world);
		world.detail->scheduling = cases[i].scheduling;
		world.detail->scheduling.name = g_strdup(cases[i].name);
		open_page(&world, ":vm web-1\n");
		EXPECT(cases[i].says);
		expect_not(&world, cases[i].says_not);
		world_done(&world);
	}
}

/* The detail of one guest is not shown for another, and that of one that is off asks nobody. */
Test(dossier, a_guest_without_details)
{
	struct world world;

	world_init(&world);
	world.vms[1] = snaps_idle_vm("web-2", 2, VM_STATE_OFF);
	open_page(&world, ":vm web-2\n");
	EXPECT("○ web-2  off", "does not run: only its definition", "not read yet", "asking its host");
	expect_not(&world, "Debian");
	expect_not(&world, "waiting for"); /* no meters for what does not run */
	world_done(&world);
}

/* What a guest uses and what its host holds for it are two things, the second may be more than there is. */
Test(dossier, memory_says_of_what)
{
	struct world world = { 0 };

	world_init(&world);
	snaps_set_vm(&world.vms[0], VM_MEM, GIB);
	snaps_set_vm(&world.vms[0], VM_MEM_USED, GIB / 2);
	snaps_set_vm(&world.vms[0], VM_MEM_RSS, 2.57 * GIB);
	open_page(&world, ":vm web-1\n");
	EXPECT("memory used ████──── 50% of 1.0G", " memory used ");
	world_done(&world);

	world_init(&world);
	snaps_set_vm(&world.vms[0], VM_MEM, GIB);
	snaps_unset_vm(&world.vms[0], VM_MEM_USED);
	snaps_set_vm(&world.vms[0], VM_MEM_RSS, 2.57 * GIB);
	open_page(&world, ":vm web-1\n");
	EXPECT("memory held on the host ████████ 257% of the guest's 1.0G", " memory held ");
	world_done(&world);
}

Test(dossier, a_guest_of_a_lost_host)
{
	struct world world;

	world_init(&world);
	world.host.link = LINK_UNREACHABLE;
	world.host.why = "no route to host";
	world.host.retry_us = SNAPS_NOW_US + 7000000;
	g_clear_pointer(&world.detail, vm_detail_unref);
	open_page(&world, ":vm web-1\n");
	EXPECT("was running; its host is unreachable",
		"next try in 7s  last numbers 1s old  no route to host", "running?",
		"its host does not answer");
	world_done(&world);
}

Test(dossier, a_host_with_details)
{
	struct world world;

	world_init(&world);
	open_page(&world, ":host kvm1\n");
	EXPECT("▁▁▁▁", "▁█▁·", "0 free of 64G", "16G free of 64G", "4 CPUs: 4-7", "no VM pinned there",
		"1 VM pinned there: web-1", " web-1       ···· ■■■■", " pinned VMs  0000 1111",
		"and 1 running VMs that may use every CPU");
	world_done(&world);
}

/* The host's own part, where the host is a domain; a number that is not known is not zero. */
Test(dossier, a_host_that_is_a_domain)
{
	static const struct {
		bool dom0, known;
		const char *says, *says_not;
	} cases[] = {
		{ false, true, "room for", "Domain-0" },
		{ true, true, "18% of 4 CPUs, 512M", "- of 4 CPUs" },
		{ true, false, "- of 4 CPUs, 512M", "% of 4 CPUs, " },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct world world;

		world_init(&world);
		world.vms[0].is_dom0 = cases[i].dom0;
		world.vms[0].name = cases[i].dom0 ? "Domain-0" : "web-1";
		snaps_set_vm(&world.vms[0], VM_CPU, 36);
		snaps_set_vm(&world.vms[0], VM_VCPUS, 2);
		snaps_set_vm(&world.vms[0], VM_MEM, GIB / 2);
		snaps_set_host(&world.host, HOST_PCPUS, 4);
		if (!cases[i].known)
			snaps_unset_vm(&world.vms[0], VM_CPU);
		open_page(&world, ":host kvm1\n");
		EXPECT(cases[i].says);
		expect_not(&world, cases[i].says_not);
		world_done(&world);
	}
}

Test(dossier, nobody_is_pinned)
{
	struct world world;

	world_init(&world);
	world.host_detail->vms[0].pinned = false;
	open_page(&world, ":host kvm1\n");
	EXPECT("nobody is pinned: all 2 running VMs may use every CPU");
	world_done(&world);
}

Test(dossier, each_bad_state_has_a_remedy)
{
	for (int link = 0; link < LINK_SLOW; link++) {
		struct world world;

		world_init(&world);
		world.host.link = (enum link_state)link;
		open_page(&world, ":host kvm1\n");
		if (link == LINK_UP)
			expect_not(&world, "what to do");
		else
			EXPECT("what to do");
		expect_not(&world, "%s");
		world_done(&world);
	}
}

static const struct {
	enum link_state link;
	const char *why, *words;
} remedies[] = {
	{ LINK_KEY_CHANGED, NULL, "ssh-keygen -R kvm1" },
	{ LINK_KEY_CHANGED, "host key of [kvm1]:2222 has changed: now ED25519", "ssh-keygen -R [kvm1]:2222" },
	{ LINK_KEY_CHANGED, "host key of", "ssh-keygen -R kvm1" },
	{ LINK_KEY_CHANGED,
		"host key of kvm1 has changed: now A, another one in /etc/known_hosts2:3. Somebody",
		"ssh-keygen -R kvm1 -f /etc/known_hosts2" },
	{ LINK_REFUSED, NULL, "ssh -v kvm1" },
	{ LINK_NO_SOCKET, NULL, "libvirtd.socket" },
	{ LINK_DENIED, NULL, "-aG libvirt" },
	{ LINK_LOGIN, NULL, "ssh-copy-id kvm1" },
	{ LINK_DOWN, NULL, "virt-fleet check kvm1" },
};

Test(dossier, remedies_name_the_host)
{
	for (size_t i = 0; i < G_N_ELEMENTS(remedies); i++) {
		struct world world;
		g_autofree char *text = NULL;

		world_init(&world);
		world.host.link = remedies[i].link;
		world.host.why = remedies[i].why;
		open_page(&world, ":host kvm1\n");
		text = text_of(&world);
		cr_expect(strstr(text, remedies[i].words), "case %zu: no '%s' in\n%s", i, remedies[i].words,
			text);
		world_done(&world);
	}
}

Test(dossier, a_key_switches_the_span)
{
	struct world world;

	world_init(&world);
	open_page(&world, ":vm web-1\n");
	EXPECT("Last 15 minutes (T switches)", "50%");
	type(&world, "T");
	EXPECT("Last hour");
	type(&world, "T");
	EXPECT("Last minute");
	type(&world, "T");
	EXPECT("Last 15 minutes");
	world_done(&world);
}

static void
tell(struct world *world, uint32_t host, const struct vm *vm, enum event_level level, const char *what)
{
	struct event *event = g_new0(struct event, 1);

	event->at_us = SNAPS_NOW_US - 3 * SNAPS_AGE_US;
	event->wall_us = WALL_US - 3 * SNAPS_AGE_US;
	event->kind = EVENT_KIND_GUEST;
	event->level = level;
	event->subject.host = host;
	memcpy(event->subject.uuid, vm->uuid, UUID_LEN);
	event->host = g_strdup("kvm1");
	event->vm = g_strdup(vm->name);
	event->what = g_strdup(what);
	timeline_add(world->timeline, event);
}

Test(dossier, events_of_the_subject_and_errors_from_before)
{
	struct world world;

	world_init(&world);
	tell(&world, 0, &world.vms[0], EVENT_BAD, "crashed");
	for (int i = 0; i < 20; i++)
		tell(&world, 0, &world.vms[0], EVENT_INFO, "resumed");
	tell(&world, 0, &world.vms[1], EVENT_INFO, "suspended");
	open_page(&world, ":vm web-1\n");
	EXPECT("Last events", "12:02:08", "resumed", "Errors before", "crashed", "running, for 3s");
	expect_not(&world, "suspended");
	type(&world, ":host kvm1\n");
	EXPECT("web-2 suspended", "web-1 resumed", "Errors before", "web-1 crashed");
	world_done(&world);
}

Test(dossier, xml_is_read_searched_and_copied)
{
	struct world world;

	world_init(&world);
	open_page(&world, ":vm web-1\nX");
	EXPECT("xml web-1", "<source file='/images/a.qcow2'/>");
	type(&world, "y");
	cr_assert_not_null(world.copied);
	cr_expect_str_eq(world.copied, xml);
	EXPECT("sent the XML of web-1, 11 lines");
	type(&world, "n");
	EXPECT("nothing is searched for");
	type(&world, "/nowhere\nn");
	EXPECT("no line matches");
	world.refuses = true;
	type(&world, "y");
	EXPECT("not copied: too long");
	type(&world, "\b");
	EXPECT("vm web-1");
	world_done(&world);
}

/* The line of the match that the search stands at, -1: none. */
static int
match_line(struct world *world)
{
	struct canvas *canvas = canvas_new(ROWS, COLS, false);
	int line = -1;

	console_draw(world->console, canvas);
	for (int y = 1; y < ROWS - 1; y++)
		for (int x = 0; x < COLS; x++)
			if (canvas_at(canvas, y, x)->role == ROLE_CURSOR)
				line = y - 1;
	canvas_free(canvas);
	return line;
}

Test(dossier, xml_matches_are_walked_through)
{
	struct world world;

	world_init(&world);
	open_page(&world, ":vm web-1\nX/WEB\n");
	cr_expect_eq(match_line(&world), 1);
	type(&world, "n");
	cr_expect_eq(match_line(&world), 7);
	type(&world, "n");
	cr_expect_eq(match_line(&world), 1);
	type(&world, "N");
	cr_expect_eq(match_line(&world), 7);
	type(&world, "/disk");
	cr_expect_eq(match_line(&world), 3);
	type(&world, "\b");
	cr_expect_eq(match_line(&world), -1);
	world_done(&world);
}

/* What was read before stays to be read; new text keeps the place. */
Test(dossier, xml_outlives_its_host)
{
	struct world world;

	world_init(&world);
	open_page(&world, ":vm web-1\nX/source\n");
	g_clear_pointer(&world.detail, vm_detail_unref);
	world.host.link = LINK_DOWN;
	show(&world);
	EXPECT("<source file='/images/a.qcow2'/>");
	world_done(&world);
}

Test(dossier, xml_that_is_not_there)
{
	struct world world;

	world_init(&world);
	g_clear_pointer(&world.detail, vm_detail_unref);
	open_page(&world, ":vm web-1\nXy");
	EXPECT("Asking its host", "there is nothing to copy yet");
	world.host.link = LINK_DOWN;
	show(&world);
	EXPECT("Its host does not answer");
	world_done(&world);
}

Test(dossier, hostile_details)
{
	static const char evil[] = "\033]0;x\a\xe2\x80\xaegnp\xc2\x9b\n\tx";
	static const char *const ways[] = { ":vm web-1\n", ":vm web-1\nX", ":host kvm1\n" };

	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		struct world world;
		g_autofree char *text = NULL;

		world_init(&world);
		world.detail->agent_hostname = g_strdup(evil);
		g_free(world.detail->xml);
		world.detail->xml = g_strdup(evil);
		g_free(world.detail->fs[0].mountpoint);
		world.detail->fs[0].mountpoint = g_strdup(evil);
		world.vms[0].reason = evil;
		g_strfreev(world.host_detail->pools);
		world.host_detail->pools = g_new0(char *, 2);
		world.host_detail->pools[0] = g_strdup(evil);
		open_page(&world, ways[i]);
		text = text_of(&world);
		for (const char *at = text; *at; at++)
			cr_assert(*at == '\n' || (unsigned char)*at >= ' ', "%02x after '%s'",
				(unsigned char)*at, ways[i]);
		cr_expect_null(strstr(text, "\xe2\x80\xae"));
		cr_expect_null(strstr(text, "\xc2\x9b"));
		world_done(&world);
	}
}
