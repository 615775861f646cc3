/* The view `groups` as an operator handles it. */
#include "views/console.h"

#include "tests/support/snaps.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

#define ROWS    24
#define COLS    140
#define WALL_US INT64_C(1786363331000000)
#define NVMS    6

static struct config *config;
static struct console *console;
static struct vm vms[NVMS];
static char *tags[] = { (char *)(uintptr_t) "prod", (char *)(uintptr_t) "ssd", NULL };
static struct host_static statics = {
	.site = (char *)(uintptr_t) "dc1", .tags = tags, .tag_list = (char[]){ "prod,ssd" }
};
static struct snaps_part part;

static void
show(void)
{
	const struct fleet_snap *snap = snaps_fleet(&part, 1);

	console_set_snapshot(console, snap);
	fleet_snap_unref(snap);
}

static void
quit(void *unused G_GNUC_UNUSED, bool abort G_GNUC_UNUSED)
{
}

static void
setup(void)
{
	static const char *const names[NVMS] = { "web1", "web2", "web3", "db1", "db2", "mail" };
	static const char *const tenants[NVMS] = { "acme", "acme", "acme", "bolt", "bolt", NULL };

	setlocale(LC_ALL, "C.UTF-8");
	config = snaps_config();
	console =
		console_new(&(struct console_opts){ .config = config, .view = "groups", .quit = quit }, NULL);
	console_tick(console, SNAPS_NOW_US, WALL_US);
	for (unsigned i = 0; i < NVMS; i++) {
		vms[i] = snaps_vm(names[i], i);
		vms[i].facts = snaps_vm_facts(tenants[i]);
	}
	part = (struct snaps_part){ snaps_host(0, "kvm1"), vms, NVMS };
	part.host.config = &statics;
	show();
}

static void
teardown(void)
{
	console_free(console);
	for (unsigned i = 0; i < NVMS; i++)
		vm_facts_unref(vms[i].facts);
	config_free(config);
}

TestSuite(groups_view, .init = setup, .fini = teardown);

/* '\n' is Enter, '\t' Tab, '\b' Esc. */
static void
type(const char *keys)
{
	for (; *keys; keys++) {
		uint32_t code = *keys == '\n'   ? KEY_CODE_ENTER
				: *keys == '\t' ? KEY_CODE_TAB
				: *keys == '\b' ? KEY_CODE_ESC
						: (uint32_t)(unsigned char)*keys;

		console_input(console, (struct input){ .type = INPUT_KEY, .key = { code, 0 } });
	}
}

static void
expect_screen(bool wanted, const char *part_of)
{
	struct canvas *canvas = canvas_new(ROWS, COLS, false);
	g_autofree char *text = NULL;

	console_draw(console, canvas);
	text = canvas_text(canvas);
	cr_expect_eq(strstr(text, part_of) != NULL, wanted, "%s '%s' in:\n%s", wanted ? "no" : "there is",
		part_of, text);
	canvas_free(canvas);
}

#define SHOWS(text) expect_screen(true, text)
#define LACKS(text) expect_screen(false, text)

Test(groups_view, totals_say_what_they_cover)
{
	SHOWS("groups by tenant");
	SHOWS("2 tenants, 1 VM has none · 6 VMs: 6 running · vCPUs 12");
	type("/acme\n");
	SHOWS("1 of 2 tenants, 1 VM has none · 3 VMs: 3 running · vCPUs 6");
	type("\bb");
	SHOWS("groups by site");
	SHOWS("1 site · 6 VMs");
	type("b");
	SHOWS("2 tags · a VM counts in each of its tags · 6 VMs: 6 running");
}

Test(groups_view, not_all_is_read_at_once)
{
	const struct vm_facts *facts = vms[0].facts;

	vms[0].facts = NULL;
	show();
	SHOWS("2 tenants, 1 VM has none, 1 VM is not read yet · 6 VMs");
	vms[0].facts = facts;
}

/* The operator sees what was asked for him, can change it, and comes back to it and then to the groups. */
Test(groups_view, opens_the_guests_of_a_group)
{
	type("j\n");
	SHOWS("/ tenant=\"bolt\"");
	SHOWS("db1");
	SHOWS("2 of 6 VMs");
	LACKS("web1");
	type("/ db2\n");
	SHOWS("1 of 6 VMs");
	type("\b");
	SHOWS("2 of 6 VMs");
	type("\b");
	SHOWS("groups by tenant");
	type("\n"); /* the cursor is where it was */
	SHOWS("/ tenant=\"bolt\"");
	type("3");
	SHOWS("6 VMs: 6 running");
}

Test(groups_view, opens_the_guests_of_the_marked_groups)
{
	type("  \n");
	SHOWS("/ tenant=\"acme\" or tenant=\"bolt\"");
	SHOWS("5 of 6 VMs");
	type("\b");
	SHOWS("2 marked");
}

Test(groups_view, opens_those_without_a_name)
{
	type("G\n");
	SHOWS("/ tenant=-");
	SHOWS("1 of 6 VMs");
	SHOWS("mail");
}

Test(groups_view, opens_no_more_groups_than_a_query_has_room_for)
{
	struct vm many[80];

	for (unsigned i = 0; i < G_N_ELEMENTS(many); i++) {
		g_autofree char *tenant = g_strdup_printf("t%02u", i);

		many[i] = snaps_vm("web", i);
		many[i].facts = snaps_vm_facts(tenant);
	}
	part.vms = many;
	part.nvms = G_N_ELEMENTS(many);
	show();
	type("*\n");
	SHOWS("80 groups are marked; the VMs of 64 at most can be shown together");
	SHOWS("groups by tenant");
	for (unsigned i = 0; i < G_N_ELEMENTS(many); i++)
		vm_facts_unref(many[i].facts);
}

/* Marks last while their group does, though none of it is a host or a guest. */
Test(groups_view, marks_stay_with_their_group)
{
	type("j ");
	for (int i = 1; i <= 3; i++) {
		console_tick(console, SNAPS_NOW_US + i * INT64_C(15000000), WALL_US + i * INT64_C(15000000));
		part.host.sampled_us = SNAPS_NOW_US + i * INT64_C(15000000);
		show();
	}
	SHOWS("1 marked");
	vm_facts_unref(vms[3].facts); /* bolt is sold */
	vm_facts_unref(vms[4].facts);
	vms[3].facts = snaps_vm_facts("acme");
	vms[4].facts = snaps_vm_facts("acme");
	console_tick(console, SNAPS_NOW_US + INT64_C(60000000), WALL_US + INT64_C(60000000));
	show();
	LACKS("marked");
}

Test(groups_view, is_chosen_by_command)
{
	type("3:groups state\n");
	SHOWS("groups by state");
	SHOWS("1 state · 6 VMs");
	type(":groups customer\n");
	SHOWS("there are no groups by 'customer'; allowed are: tenant, site, tag");
	SHOWS("groups by state");
	type("x:groups hy\t\n");
	SHOWS("groups by hypervisor");
	type(":groups\n");
	SHOWS("groups by hypervisor");
	type("bbbbb");
	SHOWS("groups by tenant");
}
