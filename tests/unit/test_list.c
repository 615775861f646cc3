/* Tables under an operator's fingers: two sort columns, groups and the tree, marks, columns, and the config's say. */
#include "views/console.h"

#include "tests/support/snaps.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#define ROWS    24
#define WALL_US INT64_C(1786363331000000)

struct world {
	struct config *config;
	struct console *console;
	int cols;
};

static void
quit(void *ctx, bool abort)
{
	(void)ctx;
	(void)abort;
}

/* CONFIG: YAML; NULL: the defaults. */
static void
world_init(struct world *world, const char *view, const char *config)
{
	g_autoptr(GError) error = NULL;

	setlocale(LC_ALL, "C.UTF-8");
	world->cols = world->cols ? world->cols : 120;
	world->config = config ? config_parse(config, strlen(config), "c.yaml", &error) : snaps_config();
	cr_assert(world->config, "%s", error ? error->message : "");
	world->console = console_new(
		&(struct console_opts){ .config = world->config, .view = view, .quit = quit }, &error);
	cr_assert(world->console, "%s", error ? error->message : "");
	console_tick(world->console, SNAPS_NOW_US, WALL_US);
}

static void
world_done(struct world *world)
{
	console_free(world->console);
	config_free(world->config);
}

static char *
screen(struct world *world)
{
	struct canvas *canvas = canvas_new(ROWS, world->cols, false);
	char *text;

	console_draw(world->console, canvas);
	text = canvas_text(canvas);
	canvas_free(canvas);
	return text;
}

/* '\n' is Enter, '\b' Esc; '{' and '}' are Left and Right. */
static void
type(struct world *world, const char *keys)
{
	for (; *keys; keys++) {
		uint32_t code = *keys == '\n'   ? KEY_CODE_ENTER
				: *keys == '\b' ? KEY_CODE_ESC
				: *keys == '{'  ? KEY_CODE_LEFT
				: *keys == '}'  ? KEY_CODE_RIGHT
						: (uint32_t)(unsigned char)*keys;

		console_input(world->console, (struct input){ .type = INPUT_KEY, .key = { code, 0 } });
	}
	g_free(screen(world)); /* keys such as > need to know what is on the screen */
}

#define expect_shown(part)                                                                   \
	do {                                                                                 \
		g_autofree char *shown_text = screen(&world);                                \
		cr_expect(strstr(shown_text, part), "'%s' is not in\n%s", part, shown_text); \
	} while (0)
#define expect_not_shown(part)                                                               \
	do {                                                                                 \
		g_autofree char *shown_text = screen(&world);                                \
		cr_expect_not(strstr(shown_text, part), "'%s' is in\n%s", part, shown_text); \
	} while (0)

/* The names in the table, a group's led by how it is, marked ones by '*'; the cursor's row in brackets. */
static char *
names(struct world *world)
{
	struct canvas *canvas = canvas_new(ROWS, world->cols, false);
	g_auto(GStrv) lines = NULL;
	g_autofree char *text = NULL;
	GString *out = g_string_new(NULL);

	console_draw(world->console, canvas);
	text = canvas_text(canvas);
	lines = g_strsplit(text, "\n", -1);
	for (int y = 2; y < ROWS - 2 && *lines[y]; y++) {
		bool cursor = canvas_at(canvas, y, 10)->role == ROLE_CURSOR;
		const char *light = g_utf8_offset_to_pointer(lines[y], 1);
		g_autofree char *name = g_strndup(light, 40);

		if (out->len)
			g_string_append_c(out, ' ');
		g_string_append(out, cursor ? "[" : "");
		g_string_append(out, g_str_has_prefix(lines[y], "◆") ? "*" : "");
		g_string_append(out, g_str_has_prefix(light, "▸")   ? "+"
				     : g_str_has_prefix(light, "▾") ? "-"
								    : "");
		name = (g_free(name), g_strstrip(g_strdup(g_utf8_offset_to_pointer(lines[y], 3))));
		name[strcspn(name, " ")] = '\0';
		g_string_append_printf(out, "%s%s", name, cursor ? "]" : "");
	}
	canvas_free(canvas);
	return g_string_free(out, FALSE);
}

#define expect_names(wanted)                                              \
	do {                                                              \
		g_autofree char *shown_names = names(&world);             \
		cr_expect_str_eq(shown_names, wanted, "%s", shown_names); \
	} while (0)

/* ---- a fleet of three hosts ---- */

static const struct {
	const char *name;
	uint32_t host;
	const char *tenant;
	double cpu, vcpus;
	enum vm_state state;
} guests[] = {
	{ "web-1", 0, "acme", 10, 2, VM_STATE_RUNNING },
	{ "web-2", 0, "acme", 90, 6, VM_STATE_RUNNING },
	{ "db-1", 0, "bolt", 50, 4, VM_STATE_RUNNING },
	{ "web-10", 1, "bolt", 50, 2, VM_STATE_RUNNING },
	{ "old", 1, NULL, 0, 1, VM_STATE_OFF },
};

static const struct fleet_snap *
fleet(void)
{
	static const char *const hosts[] = { "kvm1", "kvm2", "kvm3" };
	struct vm vms[3][8];
	struct snaps_part parts[3] = { 0 };
	const struct vm_facts *facts[G_N_ELEMENTS(guests)] = { NULL };
	const struct fleet_snap *snap;

	for (uint32_t i = 0; i < 3; i++)
		parts[i] = (struct snaps_part){ .host = snaps_host(i, hosts[i]), .vms = vms[i] };
	for (size_t i = 0; i < G_N_ELEMENTS(guests); i++) {
		struct snaps_part *part = &parts[guests[i].host];
		struct vm *vm = &vms[guests[i].host][part->nvms++];

		*vm = guests[i].state == VM_STATE_RUNNING
			      ? snaps_vm(guests[i].name, (unsigned)i)
			      : snaps_idle_vm(guests[i].name, (unsigned)i, guests[i].state);
		if (guests[i].tenant)
			vm->facts = facts[i] = snaps_vm_facts(guests[i].tenant);
		snaps_set_vm(vm, VM_VCPUS, guests[i].vcpus);
		if (guests[i].state == VM_STATE_RUNNING)
			snaps_set_vm(vm, VM_CPU, guests[i].cpu);
	}
	vms[0][parts[0].nvms] = snaps_vm("Domain-0", 99);
	vms[0][parts[0].nvms++].is_dom0 = true;
	snap = snaps_fleet(parts, 3);
	for (size_t i = 0; i < G_N_ELEMENTS(guests); i++)
		vm_facts_unref(facts[i]);
	return snap;
}

static void
show(struct world *world, const struct fleet_snap *snap)
{
	console_set_snapshot(world->console, snap);
	fleet_snap_unref(snap);
	g_free(screen(world));
}

static void
open_world(struct world *world, const char *view, const char *config)
{
	world_init(world, view, config);
	show(world, fleet());
}

/* ---- sorting ---- */

Test(list, sorts_by_two_columns)
{
	struct world world = { 0 };

	open_world(&world, "vms", NULL);
	expect_names("[db-1] Domain-0 old web-1 web-2 web-10");
	type(&world, ":sort cpu,-name\n");
	expect_names("[web-2] web-10 Domain-0 db-1 web-1 old");
	expect_shown("▾"); /* the second column's arrow */
	expect_shown("▼CPU");
	type(&world, ":sort cpu,name\n");
	expect_names("[web-2] db-1 Domain-0 web-10 web-1 old");
	type(&world, ":sort +cpu\n");
	expect_names("[web-1] db-1 Domain-0 web-10 web-2 old");
	type(&world, ":sort vcpus down,cpu up\n");
	expect_names("[web-2] db-1 web-1 Domain-0 web-10 old");
	type(&world, ":sort cpu,name,host\n");
	expect_shown("one column too many");
	type(&world, ":sort speed\n");
	expect_shown("no column 'speed'");
	world_done(&world);
}

/* What was sorted by before decides among equals. */
Test(list, the_last_column_becomes_the_second)
{
	struct world world = { 0 };

	open_world(&world, "vms", NULL);
	type(&world, ":sort -name\n");
	expect_names("[web-10] web-2 web-1 old Domain-0 db-1");
	type(&world, ":sort -name\n>>>>>");
	expect_shown("sorted by vcpus, the highest first, then by type");
	type(&world, "<");
	expect_shown("sorted by type");
	world_done(&world);
}

/* ---- groups ---- */

Test(list, a_tree_of_hosts)
{
	struct world world = { 0 };

	open_world(&world, "vms", NULL);
	type(&world, "t");
	expect_names("[-kvm1] db-1 Domain-0 web-1 web-2 -kvm2 old web-10 -kvm3");
	type(&world, "jj-");
	expect_names("[+kvm1] -kvm2 old web-10 -kvm3");
	type(&world, "+");
	expect_names("[-kvm1] db-1 Domain-0 web-1 web-2 -kvm2 old web-10 -kvm3");
	type(&world, "_");
	expect_names("[+kvm1] +kvm2 +kvm3");
	type(&world, "j=");
	expect_names("-kvm1 db-1 Domain-0 web-1 web-2 [-kvm2] old web-10 -kvm3");
	type(&world, "/web\n");
	expect_names("-kvm1 web-1 web-2 [-kvm2] web-10");
	type(&world, "\n");
	expect_shown("host kvm2");
	type(&world, "\bt");
	expect_names("web-1 web-2 [web-10]");
	world_done(&world);
}

/* Groups stand in the order of what their rows come to; unknown ones last. */
Test(list, groups_with_totals)
{
	struct world world = { 0 };

	open_world(&world, "vms", NULL);
	type(&world, ":group tenant\n");
	expect_names("[+acme] +bolt +-");
	expect_shown("2/2"); /* running, of all */
	expect_shown("0/1"); /* Domain-0 is counted nowhere */
	type(&world, "\n");
	expect_names("[-acme] web-1 web-2 +bolt +-");
	type(&world, ":sort vcpus,name\n");
	expect_names("[-acme] web-2 web-1 +bolt +-");
	expect_shown("70%"); /* acme: (10 x 2 + 90 x 6) / 8 */
	type(&world, ":sort +cpu\n");
	expect_names("+bolt [-acme] web-1 web-2 +-");
	type(&world, ":group\n");
	expect_names("web-1 [db-1] Domain-0 web-10 web-2 old");
	type(&world, ":group cpu\n");
	expect_shown("can't be grouped by 'cpu'");
	world_done(&world);
}

Test(list, a_tree_from_the_hosts)
{
	struct world world = { 0 };

	open_world(&world, "hosts", NULL);
	type(&world, "jt");
	expect_names("+kvm1 [-kvm2] old web-10 +kvm3");
	world_done(&world);
}

/* ---- marks ---- */

Test(list, marks_spare_domain_0)
{
	struct world world = { 0 };

	open_world(&world, "vms", NULL);
	type(&world, "*");
	expect_shown("5 marked");
	expect_names("[*db-1] Domain-0 *old *web-1 *web-2 *web-10");
	type(&world, "Ugvjj");
	expect_shown("2 marked"); /* while the range is made */
	type(&world, "v");
	expect_names("*db-1 Domain-0 [*old] web-1 web-2 web-10");
	type(&world, "Ugj ");
	expect_shown("Domain-0 is never a target");
	expect_not_shown("1 marked");
	world_done(&world);
}

Test(list, a_range_that_is_left_marks_nothing)
{
	struct world world = { 0 };

	open_world(&world, "vms", NULL);
	type(&world, "vjj");
	expect_shown("2 marked");
	type(&world, "\b");
	expect_not_shown("marked");
	world_done(&world);
}

Test(list, marks_survive_filter_and_sort)
{
	struct world world = { 0 };

	open_world(&world, "vms", NULL);
	type(&world, " jj /web\n");
	expect_shown("2 marked (1 hidden)");
	type(&world, ":sort cpu\n");
	expect_shown("2 marked (1 hidden)");
	show(&world, fleet());
	expect_shown("2 marked (1 hidden)");
	type(&world, "/\b\b");
	world_done(&world);
}

/* Of guests that are gone nothing is left; those that are hidden are not gone. */
Test(list, marks_die_with_their_rows)
{
	const struct fleet_snap *all = fleet();
	const struct host_snap *hosts[] = { all->hosts[0] };
	struct world world = { 0 };

	open_world(&world, "vms", NULL);
	type(&world, "*/web-1\n");
	expect_shown("5 marked (3 hidden)");
	show(&world, snaps_fleet_of(hosts, 1));
	expect_shown("3 marked (2 hidden)");
	show(&world, all);
	expect_shown("3 marked (2 hidden)");
	world_done(&world);
}

/* A group is marked as a whole, what is folded away included. */
Test(list, marks_groups)
{
	struct world world = { 0 };

	open_world(&world, "vms", NULL);
	type(&world, "t_ ");
	expect_shown("3 marked (3 hidden)");
	expect_names("+kvm1 [+kvm2] +kvm3");
	type(&world, "=");
	expect_names("-kvm1 *db-1 Domain-0 *web-1 *web-2 [-kvm2] old web-10 -kvm3");
	type(&world, "g ");
	expect_not_shown("marked");
	world_done(&world);
}

/* ---- columns ---- */

Test(list, chooses_columns_with_widths)
{
	struct world world = { 0 };

	open_world(&world, "vms", NULL);
	type(&world, ":columns vcpus,name=20,cpu=9\n");
	expect_shown("VCPU  NAME▲                       CPU");
	type(&world, ":columns name=0\n");
	expect_shown("'0' is no width");
	type(&world, ":columns nets\n");
	expect_shown("no column 'nets'");
	type(&world, "w");
	expect_shown("wide: ");
	type(&world, "w");
	expect_shown("as many columns as there is room for");
	world_done(&world);
}

static const char prefs[] = "views:\n"
			    "  vms:\n"
			    "    columns: [name=16, cpu, vcpus]\n"
			    "    sort: cpu,-name\n"
			    "    sets: {net: [name, net-rx], two: 'name,net'}\n";

Test(list, the_config_has_columns_order_and_sets)
{
	struct world world = { 0 };

	open_world(&world, "vms", prefs);
	expect_shown("NAME");
	expect_shown("▼CPU  VCPU");
	expect_not_shown("HOST");
	expect_names("[web-2] web-10 Domain-0 db-1 web-1 old");
	type(&world, ":columns net\n");
	expect_shown("RX");
	type(&world, ":columns two,vcpus\n");
	expect_shown("NET  VCPU");
	type(&world, ":columns default\n");
	expect_shown("▼CPU  VCPU");
	type(&world, ":columns ne\t");
	expect_shown("net");
	world_done(&world);
}

Test(list, wrong_tables_in_the_config_are_found_at_start)
{
	static const struct {
		const char *yaml, *part;
	} wrong[] = {
		{ "views: {vms: {columns: [name, spede]}}", "c.yaml:1:31: VMs have no column 'spede'" },
		{ "views: {vms: {sort: 'cpu,spede'}}", "c.yaml:1:21: VMs have no column 'spede'" },
		{ "views: {vms: {sets: {a: [name, spede]}}}", "c.yaml:1:32: VMs have no column 'spede'" },
		{ "views: {vms: {sets: {all: [name]}}}", "c.yaml:1:22: a set can't be called 'all'" },
		{ "views: {guests: {sort: cpu}}", "c.yaml:1:9: there is no table 'guests'" },
		{ "views: {vms: {colums: [name]}}", "c.yaml:1:15: unknown key 'colums'" },
		{ "views: {vms: {columns: []}}", "no column is named" },
		{ "views: {vms: {columns: {a: b}}}", "columns can't be a mapping" },
		{ "views: {vms: {sets: {default: [name]}}}", "a set can't be called 'default'" },
		{ "views: [vms]", "views can't be a list" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		struct config *config = config_parse(wrong[i].yaml, strlen(wrong[i].yaml), "c.yaml", &error);
		struct console *console =
			config ? console_new(&(struct console_opts){ .config = config }, &error) : NULL;

		cr_expect_null(console, "%s", wrong[i].yaml);
		cr_assert(error, "%s", wrong[i].yaml);
		cr_expect(strstr(error->message, wrong[i].part), "%s", error->message);
		console_free(console);
		if (config)
			config_free(config);
	}
}

/* ---- the totals line ---- */

/* A number says what it covers, as long as that is not all. */
Test(list, totals_say_what_they_cover)
{
	struct world world = { 0 };
	const struct vm vms[] = { snaps_vm("a", 1), snaps_vm("b", 2) };
	struct snaps_part parts[] = { { .host = snaps_host(0, "kvm1"), .vms = vms, .nvms = 2 },
		{ .host = snaps_host(1, "kvm2"), .vms = vms, .nvms = 1 }, { .host = snaps_host(2, "kvm3") } };

	world_init(&world, "vms", NULL);
	show(&world, snaps_fleet(parts, 3));
	expect_shown("3 VMs: 3 running");
	parts[1].host.link = LINK_REFUSED;
	show(&world, snaps_fleet(parts, 3));
	expect_shown("3 VMs (1 host unknown): 2 running, 1 unknown");
	type(&world, "2");
	expect_shown("3 hosts: 2 up, 1 refused");
	expect_shown("CPU 25% of 2/3 hosts");
	parts[1].host = (struct host_snap){ .index = 1, .name = "kvm2", .link = LINK_CONNECTING };
	parts[1].nvms = 0;
	show(&world, snaps_fleet(parts, 3));
	type(&world, "3");
	expect_shown("2 VMs of 2/3 hosts: 2 running");
	world_done(&world);
}

/* ---- sideways ---- */

Test(list, scrolls_sideways_with_the_name_in_sight)
{
	struct world world = { .cols = 60 };

	open_world(&world, "vms", NULL);
	expect_shown("›");
	expect_not_shown("‹");
	type(&world, "}}}}");
	expect_shown("‹  NAME");
	expect_names("[db-1] Domain-0 old web-1 web-2 web-10");
	type(&world, "{{{{");
	expect_not_shown("‹");
	world_done(&world);
}
