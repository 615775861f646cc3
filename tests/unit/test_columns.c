#include "views/columns.h"

#include "tests/support/snaps.h"
#include "views/totals.h"
#include "views/trouble.h"
#include "views/units.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct row_kind *const kinds[] = { &host_rows, &vm_rows };

static struct config *config;

static void
setup(void)
{
	config = snaps_config();
}

static void
teardown(void)
{
	config_free(config);
}

TestSuite(columns, .init = setup, .fini = teardown);

static struct row_ctx
ctx_now(void)
{
	return (struct row_ctx){
		.config = config, .now_us = SNAPS_NOW_US, .size = { 2, 4.0 * 1024 * 1024 * 1024 }
	};
}

Test(columns, names_are_unique_and_plain)
{
	for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++)
		for (size_t i = 0; i < kinds[k]->ncolumns; i++) {
			const struct column *column = &kinds[k]->columns[i];

			cr_expect(*column->info->name && *column->info->help, "%s", column->info->name);
			cr_expect_eq(strspn(column->info->name, "abcdefghijklmnopqrstuvwxyz0123456789-"),
				strlen(column->info->name), "%s is no key for JSON and queries",
				column->info->name);
			cr_expect_eq(column_by_name(kinds[k], column->info->name), column, "%s comes twice",
				column->info->name);
			cr_expect(column->value, "%s has no value", column->info->name);
			cr_expect(
				column->flags & (COLUMN_TEXT | COLUMN_SCREEN) || strlen(column->title) <= 10);
		}
}

/* What the model knows can be asked for by the model's name. */
Test(columns, each_field_has_a_column)
{
	for (size_t i = 0; i < VM_FIELD_COUNT; i++)
		cr_expect(column_by_name(&vm_rows, vm_field_info[i].name), "%s", vm_field_info[i].name);
	for (size_t i = 0; i < HOST_FIELD_COUNT; i++)
		cr_expect(column_by_name(&host_rows, host_field_info[i].name), "%s", host_field_info[i].name);
}

Test(columns, numbers_are_wide_enough_for_their_unit)
{
	for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++)
		for (size_t i = 0; i < kinds[k]->ncolumns; i++) {
			const struct column *column = &kinds[k]->columns[i];

			if (column->flags & (COLUMN_TEXT | COLUMN_SCREEN) ||
				column->info->unit == UNIT_COUNT || column->align == ALIGN_LEFT)
				continue;
			cr_expect_geq(
				column->width, unit_width(column->info->unit), "%s", column->info->name);
		}
}

/* What queries, JSON and sorting take a column for is what it gives. */
static void
expect_type(const struct column *column, const struct value *value)
{
	enum value_type wanted = column->flags & COLUMN_FLAG   ? VALUE_FLAG
				 : column->flags & COLUMN_TEXT ? VALUE_TEXT
							       : VALUE_NUMBER;

	if (value->type == VALUE_UNKNOWN)
		return;
	cr_expect_eq(value->type, wanted, "%s", column->info->name);
	if (column->words && value->type == VALUE_TEXT)
		cr_expect(g_strv_contains(column->words, value->text), "%s: %s", column->info->name,
			value->text);
}

Test(columns, values_are_of_the_type_that_their_flags_say)
{
	struct vm vm = snaps_vm("web", 1);
	struct snaps_part part = { .host = snaps_host(0, "kvm1"), .vms = &vm, .nvms = 1 };
	struct row_ctx ctx = ctx_now();
	const struct fleet_snap *snap;

	vm.facts = snaps_vm_facts("acme");
	part.host.facts = snaps_host_facts(HYPERVISOR_KVM);
	snap = snaps_fleet(&part, 1);
	for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++)
		for (size_t i = 0; i < kinds[k]->ncolumns; i++) {
			const struct column *column = &kinds[k]->columns[i];
			struct value value;

			cr_expect(!(column->flags & COLUMN_LIST) || column->flags & COLUMN_TEXT, "%s",
				column->info->name);
			if (column->flags & COLUMN_SCREEN || !kinds[k]->at)
				continue;
			column_value(column, &ctx, kinds[k]->at(snap->hosts[0], 0), &value);
			expect_type(column, &value);
		}
	fleet_snap_unref(snap);
	vm_facts_unref(vm.facts);
	host_facts_unref(part.host.facts);
}

/* A host and a guest of which nothing is known must be all "-", and never 0. */
Test(columns, unknown_is_a_dash)
{
	static const char *const known[] = { "light", "name", "state", "host", "host-state", "uuid",
		"persistent", "history", "trend", "dom0", "maintenance" };
	struct vm nothing = { .name = "x", .id = -1 };
	struct host_snap nowhere = { .name = "h" };
	const struct snaps_part part = { .host = nowhere, .vms = &nothing, .nvms = 1 };
	const struct fleet_snap *snap = snaps_fleet(&part, 1);
	struct row_ctx ctx = ctx_now();

	ctx.size = (struct vm_size){ 0 };
	for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++)
		for (size_t i = 0; i < kinds[k]->ncolumns; i++) {
			const struct column *column = &kinds[k]->columns[i];
			struct value value = { .type = VALUE_UNKNOWN };
			struct cell cell;
			bool is_known = false;

			for (size_t j = 0; j < G_N_ELEMENTS(known); j++)
				is_known = is_known || strcmp(known[j], column->info->name) == 0;
			if (is_known)
				continue;
			column->value(column, &ctx, kinds[k]->at(snap->hosts[0], 0), &value);
			cr_expect_eq(
				value.type, VALUE_UNKNOWN, "%s of %s", column->info->name, kinds[k]->name);
			column_cell(column, &ctx, kinds[k]->at(snap->hosts[0], 0), &cell);
			cr_expect_str_eq(cell.text, "-", "%s of %s", column->info->name, kinds[k]->name);
		}
	fleet_snap_unref(snap);
}

static void
expect_cell(const struct row_kind *kind, const char *name, const struct row_ctx *ctx, const void *row,
	const char *text, enum role role)
{
	struct cell cell;

	column_cell(column_by_name(kind, name), ctx, row, &cell);
	cr_expect_str_eq(cell.text, text, "%s: %s", name, cell.text);
	cr_expect_eq(cell.role, role, "%s has the role %s", name, role_name(cell.role));
}

Test(columns, a_host_that_is_up)
{
	const struct vm vms[] = { snaps_vm("a", 1), snaps_vm("b", 2), snaps_idle_vm("c", 3, VM_STATE_OFF) };
	struct snaps_part part = { .host = snaps_host(0, "kvm1"), .vms = vms, .nvms = 3 };
	struct row_ctx ctx = ctx_now();
	const struct fleet_snap *snap;

	part.host.facts = snaps_host_facts(HYPERVISOR_KVM);
	snaps_set_host(&part.host, HOST_CPU, 92);
	snap = snaps_fleet(&part, 1);
	expect_cell(&host_rows, "name", &ctx, snap->hosts[0], "kvm1", ROLE_NORMAL);
	expect_cell(&host_rows, "hv", &ctx, snap->hosts[0], "kvm 7.2", ROLE_NORMAL);
	expect_cell(&host_rows, "version", &ctx, snap->hosts[0], "7.2.22", ROLE_NORMAL);
	expect_cell(&host_rows, "state", &ctx, snap->hosts[0], "up", ROLE_NORMAL);
	expect_cell(&host_rows, "vms", &ctx, snap->hosts[0], "2/3", ROLE_NORMAL);
	expect_cell(&host_rows, "vcpu-ratio", &ctx, snap->hosts[0], "0.1:1", ROLE_NORMAL);
	expect_cell(&host_rows, "cpu", &ctx, snap->hosts[0], "92%", ROLE_BAD);
	expect_cell(&host_rows, "mem", &ctx, snap->hosts[0], "50%", ROLE_NORMAL);
	expect_cell(&host_rows, "mem-promised", &ctx, snap->hosts[0], "8.0G", ROLE_NORMAL);
	expect_cell(&host_rows, "fit", &ctx, snap->hosts[0], "30", ROLE_NORMAL);
	expect_cell(&host_rows, "age", &ctx, snap->hosts[0], "1s", ROLE_NORMAL);
	host_facts_unref(part.host.facts);
	fleet_snap_unref(snap);
}

/* What was true four minutes ago is not shown as true; what lasts is, and the age says the rest. */
Test(columns, a_host_that_is_gone)
{
	const struct vm vms[] = { snaps_vm("a", 1), snaps_vm("b", 2) };
	struct snaps_part part = { .host = snaps_host(0, "xen007"), .vms = vms, .nvms = 2 };
	struct row_ctx ctx = ctx_now();
	const struct fleet_snap *snap;

	part.host.link = LINK_REFUSED;
	part.host.sampled_us = SNAPS_NOW_US - 4 * 60 * SNAPS_AGE_US;
	snap = snaps_fleet(&part, 1);
	expect_cell(&host_rows, "state", &ctx, snap->hosts[0], "refused", ROLE_BAD);
	expect_cell(&host_rows, "vms", &ctx, snap->hosts[0], "?/2", ROLE_NORMAL);
	expect_cell(&host_rows, "cpu", &ctx, snap->hosts[0], "-", ROLE_DIM);
	expect_cell(&host_rows, "mem", &ctx, snap->hosts[0], "-", ROLE_DIM);
	expect_cell(&host_rows, "mem-total", &ctx, snap->hosts[0], "128G", ROLE_NORMAL);
	expect_cell(&host_rows, "fit", &ctx, snap->hosts[0], "-", ROLE_DIM);
	expect_cell(&host_rows, "age", &ctx, snap->hosts[0], "4m", ROLE_WARN);
	expect_cell(&vm_rows, "state", &ctx, &snap->hosts[0]->vms[0], "running?", ROLE_DIM);
	expect_cell(&vm_rows, "cpu", &ctx, &snap->hosts[0]->vms[0], "-", ROLE_DIM);
	expect_cell(&vm_rows, "mem", &ctx, &snap->hosts[0]->vms[0], "4.0G", ROLE_NORMAL);
	fleet_snap_unref(snap);
}

Test(columns, a_guest)
{
	struct vm vm = snaps_vm("web-1", 7);
	struct snaps_part part = { .host = snaps_host(0, "kvm1"), .vms = &vm, .nvms = 1 };
	struct row_ctx ctx = ctx_now();
	const struct fleet_snap *snap;
	const void *row;

	vm.facts = snaps_vm_facts("acme");
	snaps_set_vm(&vm, VM_READY, 12);
	snaps_set_vm(&vm, VM_DISK_RD_MS, 3);
	snaps_set_vm(&vm, VM_DISK_WR_MS, 8.2);
	snap = snaps_fleet(&part, 1);
	row = &snap->hosts[0]->vms[0];
	expect_cell(&vm_rows, "host", &ctx, row, "kvm1", ROLE_NORMAL);
	expect_cell(&vm_rows, "tenant", &ctx, row, "acme", ROLE_NORMAL);
	expect_cell(&vm_rows, "type", &ctx, row, "KVM", ROLE_NORMAL);
	expect_cell(&vm_rows, "state", &ctx, row, "running", ROLE_NORMAL);
	expect_cell(&vm_rows, "cpu", &ctx, row, "50%", ROLE_NORMAL);
	expect_cell(&vm_rows, "cores", &ctx, row, "1.00", ROLE_NORMAL);
	expect_cell(&vm_rows, "ready", &ctx, row, "12%", ROLE_BAD);
	expect_cell(&vm_rows, "latency", &ctx, row, "8.2ms", ROLE_NORMAL);
	expect_cell(&vm_rows, "macs", &ctx, row, "52:54:00:12:34:56", ROLE_NORMAL);
	expect_cell(&vm_rows, "uuid", &ctx, row, "aa000000-0000-0000-0000-000000000007", ROLE_NORMAL);
	expect_cell(&vm_rows, "autostart", &ctx, row, "no", ROLE_NORMAL);
	vm_facts_unref(vm.facts);
	fleet_snap_unref(snap);
}

Test(columns, lists_are_parsed)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) two = columns_parse(&vm_rows, "name, cpu", &error);
	g_autoptr(GPtrArray) standard = columns_parse(&vm_rows, "default", NULL);
	g_autoptr(GPtrArray) wide = columns_parse(&vm_rows, "wide", NULL);
	g_autoptr(GPtrArray) all = columns_parse(&vm_rows, "all", NULL);

	cr_assert_eq(two->len, 2);
	cr_expect_eq(two->pdata[1], column_by_name(&vm_rows, "cpu"));
	cr_expect(standard->len < wide->len && wide->len < all->len);
	cr_expect_eq(all->len, vm_rows.ncolumns);
	cr_expect_null(columns_parse(&vm_rows, "name,speed", &error));
	cr_assert_not_null(error);
	cr_expect(
		strstr(error->message, "'speed'") && strstr(error->message, "tenant"), "%s", error->message);
	g_clear_error(&error);
	cr_expect_null(columns_parse(&vm_rows, " , ", &error));
	cr_expect_not_null(error);
}

static size_t
count_troubles(const struct fleet_snap *snap, const struct row_ctx *ctx)
{
	struct troubles *troubles = troubles_find(snap, ctx);
	size_t count = troubles_count(troubles);

	troubles_free(troubles);
	return count;
}

/* Not each pause is a fault, and a QEMU that died leaves a guest that is merely "off". */
Test(columns, plights)
{
	static const struct {
		enum vm_state state;
		const char *reason;
		enum vm_plight plight;
		const char *glyph;
	} cases[] = {
		{ VM_STATE_RUNNING, "booted", PLIGHT_NONE, "●" },
		{ VM_STATE_PAUSED, "by user", PLIGHT_NONE, "‖" },
		{ VM_STATE_PAUSED, "I/O error", PLIGHT_HALTED, "✕" },
		{ VM_STATE_RUNNING, "monitor does not answer", PLIGHT_SILENT, "✕" },
		{ VM_STATE_OFF, "shut down", PLIGHT_NONE, "○" },
		{ VM_STATE_OFF, "crashed", PLIGHT_CRASHED, "✕" },
		{ VM_STATE_OFF, NULL, PLIGHT_NONE, "○" },
		{ VM_STATE_CRASHED, "panicked", PLIGHT_CRASHED, "✕" },
	};
	struct row_ctx ctx = ctx_now();

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct vm vm = snaps_idle_vm("x", 1, cases[i].state);
		const struct snaps_part part = { .host = snaps_host(0, "h"), .vms = &vm, .nvms = 1 };
		const struct fleet_snap *snap;
		struct cell cell;

		vm.reason = cases[i].reason;
		snap = snaps_fleet(&part, 1);
		cr_expect_eq(vm_plight(&vm), cases[i].plight, "case %zu", i);
		cr_expect_eq(vm_rows.fault(&ctx, &snap->hosts[0]->vms[0], NULL, 0) != SEVERITY_NONE,
			cases[i].plight != PLIGHT_NONE, "case %zu", i);
		cr_expect_eq(count_troubles(snap, &ctx), cases[i].plight != PLIGHT_NONE,
			"case %zu: each plight is among the pulse's troubles", i);
		column_cell(column_by_name(&vm_rows, "light"), &ctx, &snap->hosts[0]->vms[0], &cell);
		cr_expect_str_eq(cell.text, cases[i].glyph, "case %zu", i);
		fleet_snap_unref(snap);
	}
}

Test(columns, faults)
{
	struct vm vms[] = { snaps_vm("fine", 1), snaps_vm("starving", 2),
		snaps_idle_vm("crashed", 3, VM_STATE_CRASHED) };
	struct snaps_part parts[] = { { .host = snaps_host(0, "kvm1"), .vms = vms, .nvms = 3 },
		{ .host = snaps_host(1, "kvm2"), .vms = vms, .nvms = 1 } };
	struct row_ctx ctx = ctx_now();
	const struct fleet_snap *snap;
	const struct host_snap *host;
	char why[128];

	snaps_set_vm(&vms[1], VM_READY, 50);
	parts[1].host.link = LINK_REFUSED;
	parts[1].host.why = "connection refused (port 22)";
	snap = snaps_fleet(parts, 2);
	host = snap->hosts[0]; /* guests by name: crashed, fine, starving */
	cr_expect_eq(host_rows.fault(&ctx, host, why, sizeof(why)), SEVERITY_NONE);
	cr_expect_eq(vm_rows.fault(&ctx, &host->vms[0], why, sizeof(why)), SEVERITY_BAD);
	cr_expect_eq(vm_rows.fault(&ctx, &host->vms[1], NULL, 0), SEVERITY_NONE);
	cr_expect_eq(vm_rows.fault(&ctx, &host->vms[2], why, sizeof(why)), SEVERITY_WARN);
	cr_expect_str_eq(why, "waits for a CPU 50% of the time");
	cr_expect_eq(host_rows.fault(&ctx, snap->hosts[1], why, sizeof(why)), SEVERITY_BAD);
	cr_expect_str_eq(why, "refused for 1m: connection refused (port 22); 1 VM unknown");
	cr_expect_eq(vm_rows.fault(&ctx, &snap->hosts[1]->vms[0], why, sizeof(why)), SEVERITY_WARN);
	fleet_snap_unref(snap);
}
