#include "views/filter.h"

#include "tests/support/snaps.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

static struct config *config;
static const struct fleet_snap *snap;
static const struct host_static where = { .name = (char[]){ "kvm017" }, .site = (char[]){ "dc1" } };

static void
setup(void)
{
	struct vm vm = snaps_vm("Web-Éclair-01", 0xbeef);
	struct snaps_part part = { .host = snaps_host(0, "kvm017"), .vms = &vm, .nvms = 1 };

	config = snaps_config();
	vm.facts = snaps_vm_facts("acme-logistics");
	part.host.facts = snaps_host_facts(HYPERVISOR_KVM);
	part.host.config = &where;
	snap = snaps_fleet(&part, 1);
	vm_facts_unref(vm.facts);
	host_facts_unref(part.host.facts);
}

static void
teardown(void)
{
	fleet_snap_unref(snap);
	config_free(config);
}

static bool
match(const struct row_kind *kind, const char *text)
{
	struct row_ctx ctx = { .config = config, .now_us = SNAPS_NOW_US };
	g_autoptr(GError) error = NULL;
	struct filter *filter = filter_new(kind, config, text, QUERY_WHOLE, NULL, &error);
	bool yes;

	cr_assert(filter, "%s: %s", text, error ? error->message : "no error");
	cr_expect_str_eq(filter_text(filter), text);
	yes = filter_match(filter, &ctx, kind->at(snap->hosts[0], 0));
	cr_expect_eq(
		filter_match(filter, &ctx, kind->at(snap->hosts[0], 0)), yes, "%s: the memo differs", text);
	filter_free(filter);
	return yes;
}

TestSuite(filter, .init = setup, .fini = teardown);

struct example {
	char text[48];
	bool matches;
};

ParameterizedTestParameters(filter, guests)
{
	static struct example examples[] = {
		{ "", true }, { "   ", true }, { "web", true }, { "WEB-", true }, { "eb-", true },
		{ "éclair", true }, /* case of all of Unicode once the word leaves ASCII */
		{ "wab", false }, { "!web", false }, { "!db", true },
		{ "web acme", true },    /* words of different columns */
		{ "web\tkvm017", true }, /* of its host */
		{ "web kvm018", false }, { "web !kvm017", false },
		{ "dc1 running kvm", true },                 /* site, state, type */
		{ "!running", false }, { "52:54:00", true }, /* a card's address */
		{ "0000beef", true },                        /* the uuid, from six digits on */
		{ "beef", false }, { "ec", false },          /* "É" is no E */
		{ "qcow2", false },                          /* not a column */
		{ "q35", false }, /* the machine type is not searched: it is everybody's */
	};

	return cr_make_param_array(struct example, examples, G_N_ELEMENTS(examples));
}

ParameterizedTest(struct example *example, filter, guests)
{
	cr_expect_eq(match(&vm_rows, example->text), example->matches, "'%s'", example->text);
}

Test(filter, hosts)
{
	cr_expect(match(&host_rows, "kvm0 up dc1"));
	cr_expect(match(&host_rows, "epyc"));
	cr_expect_not(match(&host_rows, "refused"));
	cr_expect_not(match(&host_rows, "web"));
}

/* The same filter over hosts of different snapshots: the memo must not mix them up. */
Test(filter, follows_the_host)
{
	struct vm vm = snaps_vm("x", 1);
	const struct snaps_part parts[] = { { .host = snaps_host(0, "one"), .vms = &vm, .nvms = 1 },
		{ .host = snaps_host(1, "two"), .vms = &vm, .nvms = 1 } };
	const struct fleet_snap *two = snaps_fleet(parts, 2);
	struct filter *filter = filter_new(&vm_rows, NULL, "two", QUERY_WHOLE, NULL, NULL);
	struct row_ctx ctx = { .config = config, .now_us = SNAPS_NOW_US };

	cr_expect_not(filter_match(filter, &ctx, &two->hosts[0]->vms[0]));
	cr_expect(filter_match(filter, &ctx, &two->hosts[1]->vms[0]));
	cr_expect_not(filter_match(filter, &ctx, &two->hosts[0]->vms[0]));
	filter_free(filter);
	fleet_snap_unref(two);
}
