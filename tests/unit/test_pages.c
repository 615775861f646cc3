/* What the views draw, on a canvas: pulse, tables, pages and help, at all sizes, with hostile and missing data. */
#include "tests/support/snaps.h"
#include "views/console.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define WALL_US INT64_C(1786363331000000)

static struct config *config;

static void
setup(void)
{
	setenv("TZ", "UTC", 1);
	setlocale(LC_ALL, "C.UTF-8");
	config = snaps_config();
}

static void
teardown(void)
{
	config_free(config);
}

TestSuite(pages, .init = setup, .fini = teardown);

static void
quit(void *ctx, bool abort)
{
	(void)ctx;
	(void)abort;
}

static struct console *
open_view(const char *view, const struct fleet_snap *snap, bool ascii)
{
	g_autoptr(GError) error = NULL;
	struct console *console = console_new(
		&(struct console_opts){ .config = config, .view = view, .ascii = ascii, .quit = quit },
		&error);

	cr_assert(console, "%s", error ? error->message : "");
	console_tick(console, SNAPS_NOW_US, WALL_US);
	console_set_snapshot(console, snap);
	return console;
}

static char *
draw(struct console *console, int rows, int cols, bool ascii)
{
	struct canvas *canvas = canvas_new(rows, cols, ascii);
	char *text;

	console_draw(console, canvas);
	text = canvas_text(canvas);
	canvas_free(canvas);
	return text;
}

static void
type(struct console *console, const char *keys)
{
	for (; *keys; keys++)
		console_input(console,
			(struct input){ .type = INPUT_KEY,
				.key = { *keys == '\n' ? KEY_CODE_ENTER : (uint32_t)(unsigned char)*keys,
					0 } });
}

static void
expect_shown(struct console *console, int rows, int cols, const char *const *parts)
{
	g_autofree char *text = draw(console, rows, cols, false);

	for (; *parts; parts++)
		cr_expect(strstr(text, *parts), "'%s' is not in\n%s", *parts, text);
}

static const struct fleet_snap *
a_fleet(void)
{
	static struct vm one[3], two[2];
	struct snaps_part parts[3];
	const struct fleet_snap *snap;

	one[0] = snaps_vm("web-1", 1);
	one[1] = snaps_vm("db-1", 2);
	one[2] = snaps_idle_vm("old-1", 3, VM_STATE_CRASHED);
	two[0] = snaps_vm("Domain-0", 4);
	two[0].is_dom0 = true;
	two[1] = snaps_vm("mail-1", 5);
	one[0].facts = snaps_vm_facts("acme");
	snaps_set_vm(&one[1], VM_READY, 14);
	parts[0] = (struct snaps_part){ .host = snaps_host(0, "kvm017"), .vms = one, .nvms = 3 };
	parts[1] = (struct snaps_part){ .host = snaps_host(1, "xen042"), .vms = two, .nvms = 2 };
	parts[2] = (struct snaps_part){ .host = snaps_host(2, "xen007"), .vms = two, .nvms = 2 };
	parts[0].host.facts = snaps_host_facts(HYPERVISOR_KVM);
	parts[1].host.facts = parts[2].host.facts = snaps_host_facts(HYPERVISOR_XEN);
	parts[2].host.link = LINK_REFUSED;
	parts[2].host.why = "connection refused (port 22)";
	parts[2].host.retry_us = SNAPS_NOW_US + 5000000;
	snap = snaps_fleet(parts, 3);
	vm_facts_unref(one[0].facts);
	host_facts_unref(parts[0].host.facts);
	host_facts_unref(parts[1].host.facts);
	return snap;
}

Test(pages, pulse)
{
	const struct fleet_snap *snap = a_fleet();
	struct console *console = open_view("pulse", snap, false);

	expect_shown(console, 24, 80,
		(const char *const[]){ "2/3", "3/5 VMs running", "oldest  1s", "12:02:11", "KVM", "Xen",
			"all", "crashed", "unknown", "1.5 VMs/host, 1 to 2, median 2", "now of 2/3 hosts",
			"busiest hosts", "db-1", "✕ xen007", "✕ old-1@kvm017 crashed",
			"! db-1@kvm017 waiting long for a CPU: 14% ready", NULL });
	console_free(console);
	fleet_snap_unref(snap);
}

Test(pages, hosts)
{
	const struct fleet_snap *snap = a_fleet();
	struct console *console = open_view("hosts", snap, false);

	expect_shown(console, 24, 120,
		(const char *const[]){ "hosts", "kvm017", "kvm 7.2", "2/3", "xen 4.17", "refused", "?/1",
			"3 hosts: 2 up, 1 refused · CPU 25% of 2/3 hosts · memory 50% used", NULL });
	console_free(console);
	fleet_snap_unref(snap);
}

Test(pages, vms)
{
	const struct fleet_snap *snap = a_fleet();
	struct console *console = open_view("vms", snap, false);

	expect_shown(console, 24, 120,
		(const char *const[]){ "web-1", "acme", "running?",
			"5 VMs (1 host unknown): 3 running, 1 crashed", "Domain-0", NULL });
	console_free(console);
	fleet_snap_unref(snap);
}

Test(pages, a_host)
{
	const struct fleet_snap *snap = a_fleet();
	g_autofree char *silent = NULL;
	struct console *console = open_view("hosts", snap, false);

	type(console, "\n");
	expect_shown(console, 60, 200,
		(const char *const[]){ "host kvm017", "EPYC-Rome", "KVM 7.2.22", "Physical CPUs", "128G",
			"ready time", "room for", "old-1", "crashed", NULL });
	type(console, "2j\n");
	expect_shown(console, 60, 200,
		(const char *const[]){
			"host xen007", "refused for 1m", "connection refused (port 22)", "in 5s", NULL });
	silent = draw(console, 60, 200, false);
	cr_expect_not(strstr(silent, "room for"), "of old numbers:\n%s", silent);
	console_free(console);
	fleet_snap_unref(snap);
}

Test(pages, a_guest_and_back)
{
	const struct fleet_snap *snap = a_fleet();
	struct console *console = open_view("vms", snap, false);

	type(console, ":vm web-1\n");
	expect_shown(console, 60, 120,
		(const char *const[]){ "vm web-1", "acme", "pc-q35-7.2", "virtio · qcow2", "/images/a.qcow2",
			"bridge br0 · 52:54:00:12:34:56", "Live migration", NULL });
	type(console, "\n");
	expect_shown(console, 24, 80, (const char *const[]){ "host kvm017", NULL });
	type(console, "\n");
	expect_shown(console, 24, 80, (const char *const[]){ "vms of kvm017", "3 VMs:", NULL });
	console_free(console);
	fleet_snap_unref(snap);
}

Test(pages, a_guest_that_goes)
{
	const struct fleet_snap *snap = a_fleet(), *empty = snaps_fleet(NULL, 0);
	struct console *console = open_view("vms", snap, false);

	type(console, ":vm web-1\n");
	console_set_snapshot(console, empty);
	expect_shown(console, 24, 80, (const char *const[]){ "vm web-1", "no longer there", NULL });
	console_free(console);
	fleet_snap_unref(snap);
	fleet_snap_unref(empty);
}

/* A page stays with its guest when that is migrated. */
Test(pages, a_guest_that_moves)
{
	const struct vm vm = snaps_vm("web-1", 1);
	struct snaps_part parts[] = { { .host = snaps_host(0, "kvm1"), .vms = &vm, .nvms = 1 },
		{ .host = snaps_host(1, "kvm2") } };
	const struct fleet_snap *before = snaps_fleet(parts, 2), *after;
	struct console *console = open_view("vms", before, false);

	type(console, "\n");
	parts[0].nvms = 0;
	parts[1].vms = &vm;
	parts[1].nvms = 1;
	after = snaps_fleet(parts, 2);
	console_set_snapshot(console, after);
	expect_shown(console, 24, 80, (const char *const[]){ "vm web-1", "kvm2", NULL });
	console_free(console);
	fleet_snap_unref(before);
	fleet_snap_unref(after);
}

Test(pages, help_explains_everything)
{
	const struct fleet_snap *snap = a_fleet();
	struct console *console = open_view("help", snap, false);

	expect_shown(console, 340, 120,
		(const char *const[]){ "shutdown", "Ask the guest to power off", "sort A,B", "PgDn", "Ctrl-R",
			"new host key", "crashed", "vcpu-ratio", "latency", NULL });
	console_free(console);
	fleet_snap_unref(snap);
}

Test(pages, nothing_at_all)
{
	static const char *const views[] = { "pulse", "hosts", "vms", "help" };
	const struct fleet_snap *snap = snaps_fleet(NULL, 0);

	for (size_t i = 0; i < G_N_ELEMENTS(views); i++) {
		struct console *console = open_view(views[i], snap, false);

		expect_shown(console, 24, 80, (const char *const[]){ views[i], "0/0", "oldest   -", NULL });
		type(console, "jkG\nvv*U<>IFw!");
		g_free(draw(console, 24, 80, false));
		console_free(console);
	}
	fleet_snap_unref(snap);
}

/* Guests choose their names: nothing of them may reach the terminal raw, wherever it is drawn. */
Test(pages, hostile_names)
{
	static const char evil[] = "\033]0;x\a\033[2J\xe2\x80\xaegnp\xc2\x9b\n\tname";
	struct vm vm = snaps_idle_vm(evil, 1, VM_STATE_CRASHED);
	struct snaps_part part = { .host = snaps_host(0, "kvm1"), .vms = &vm, .nvms = 1 };
	const struct fleet_snap *snap;
	static const char *const ways[] = { "1", "2", "2\n", "3", "3\n", "3:vm \n", "3/\033\n" };

	vm.reason = evil;
	part.host.why = evil;
	part.host.link = LINK_DOWN;
	snap = snaps_fleet(&part, 1);
	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		struct console *console = open_view("pulse", snap, false);
		g_autofree char *text = NULL;

		type(console, ways[i]);
		text = draw(console, 40, 120, false);
		for (const char *at = text; *at; at++)
			cr_assert(*at == '\n' || (unsigned char)*at >= ' ',
				"control character %02x after '%s'", (unsigned char)*at, ways[i]);
		cr_expect_null(strstr(text, "\xe2\x80\xae"));
		cr_expect_null(strstr(text, "\xc2\x9b"));
		console_free(console);
	}
	fleet_snap_unref(snap);
}

/* No size may crash or write outside the canvas (the sanitizers watch). */
Test(pages, any_size)
{
	static const char *const ways[] = { "1", "2", "2\n", "3", "3\n", "?", "3/w", "3:", "3v" };
	const struct fleet_snap *snap = a_fleet();

	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		struct console *console = open_view("pulse", snap, false);

		type(console, ways[i]);
		for (int rows = 1; rows <= 30; rows += rows < 8 ? 1 : 7)
			for (int cols = 1; cols <= 250; cols += cols < 20 ? 1 : 37)
				g_free(draw(console, rows, cols, false));
		console_free(console);
	}
	fleet_snap_unref(snap);
}

/* Several '?' in a row stand for something unknown, not for signs without a look-alike. */
static void
expect_look_alikes(struct console *console, struct console *utf8, const char *way)
{
	struct canvas *plain = canvas_new(50, 200, true), *rich = canvas_new(50, 200, false);

	console_draw(console, plain);
	console_draw(utf8, rich);
	for (int y = 0; y < 50; y++)
		for (int x = 0; x < 200; x++) {
			gunichar c = canvas_at(plain, y, x)->ch[0], same = canvas_at(rich, y, x)->ch[0];

			cr_expect(c < 0x80, "after '%s', %d,%d: U+%04x", way, y, x, c);
			cr_expect(c != '?' || x == 0 || canvas_at(plain, y, x - 1)->ch[0] != '?' ||
					  same == 0xb7,
				"after '%s', %d,%d: U+%04x", way, y, x, same);
		}
	canvas_free(plain);
	canvas_free(rich);
}

Test(pages, ascii_is_ascii)
{
	static const char *const ways[] = { "1", "2", "2\n", "3", "3\n", "?" };
	const struct fleet_snap *snap = a_fleet();

	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		struct console *console = open_view("pulse", snap, true);
		struct console *utf8 = open_view("pulse", snap, false);

		type(console, ways[i]);
		type(utf8, ways[i]);
		expect_look_alikes(console, utf8, ways[i]);
		console_free(console);
		console_free(utf8);
	}
	fleet_snap_unref(snap);
}

/* The numbers of the table must not move sideways when they change. */
Test(pages, columns_do_not_jitter)
{
	static const double loads[] = { 0, 7, 99, 100 }, bytes[] = { 0, 999, 1024, 5e6, 9.99e8, 1e12 };
	g_autofree char *first = NULL;
	glong width = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(loads); i++)
		for (size_t j = 0; j < G_N_ELEMENTS(bytes); j++) {
			struct vm vm = snaps_vm("web-1", 1);
			struct snaps_part part = { .host = snaps_host(0, "kvm1"), .vms = &vm, .nvms = 1 };
			const struct fleet_snap *snap;
			struct console *console;
			g_autofree char *text = NULL;
			g_auto(GStrv) lines = NULL;

			snaps_set_vm(&vm, VM_CPU, loads[i]);
			snaps_set_vm(&vm, VM_NET, bytes[j]);
			snap = snaps_fleet(&part, 1);
			console = open_view("vms", snap, false);
			text = draw(console, 24, 120, false);
			lines = g_strsplit(text, "\n", -1);
			if (!first) {
				first = g_strdup(lines[1]);
				width = g_utf8_strlen(lines[2], -1);
			}
			cr_expect_str_eq(lines[1], first);
			cr_expect_eq(g_utf8_strlen(lines[2], -1), width, "%s", lines[2]);
			console_free(console);
			fleet_snap_unref(snap);
		}
}
