#include "views/filter.h"

#include "tests/support/snaps.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

static struct config *config;
static const struct fleet_snap *snap;
static char *tags[] = { (char[]){ "nvme" }, (char[]){ "prod" }, NULL };
static const struct host_static where = { .name = (char[]){ "kvm017" },
	.site = (char[]){ "dc1" },
	.tags = tags,
	.tag_list = (char[]){ "nvme,prod" } };

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

/* ---- the columns as fields ---- */

/* What help and manual say can be typed. */
Test(filter, examples_are_right)
{
	static const char text[] = "hosts:\n  - host: kvm1\n    labels: { rack: b7 }\n";
	g_autoptr(GError) error = NULL;
	struct config *labelled = config_parse(text, strlen(text), "test", &error);
	size_t n;
	const struct query_note *notes = query_notes(&n);

	cr_assert(labelled, "%s", error ? error->message : "");
	for (size_t i = 0; i < n; i++) {
		struct filter *filter =
			filter_new(&vm_rows, labelled, notes[i].example, QUERY_WHOLE, NULL, &error);

		cr_assert(filter, "%s: %s", notes[i].example, error ? error->message : "");
		filter_free(filter);
	}
	config_free(labelled);
}

ParameterizedTestParameters(filter, fields)
{
	static struct example examples[] = {
		{ "cpu>49 cpu<51", true },
		{ "mem=4G", true },
		{ "state=running", true },
		{ "state!=off", true },
		{ "host=kvm0*", true },
		{ "site=dc1", true },
		{ "tag=prod", true },
		{ "tags=nvme", true },
		{ "tag!=test", true },
		{ "tag=test", false },

		{ "type=kvm", true },
		{ "hv=kvm", true },
		{ "host-state=up", true },
		{ "tenant=acme*", true },
		{ "age<30s", true },
		{ "age>30s", false },
		{ "autostart=no", true },
		{ "persistent=yes", true },
		{ "mac=52:54:00*", true },
		{ "uuid~beef$", true },
		{ "net-rx=-", true },
		{ "net!=-", true },
	};

	return cr_make_param_array(struct example, examples, G_N_ELEMENTS(examples));
}

ParameterizedTest(struct example *example, filter, fields)
{
	cr_expect_eq(match(&vm_rows, example->text), example->matches, "'%s'", example->text);
}

Test(filter, hosts_have_fields)
{
	cr_expect(match(&host_rows, "state=up vms=1 tag=prod"));
	cr_expect_not(match(&host_rows, "age>1h"));
	cr_expect_not(match(&host_rows, "state=login-denied"));
}

Test(filter, pictures_are_no_fields)
{
	g_autoptr(GError) error = NULL;

	cr_expect_null(filter_new(&host_rows, config, "history>5", QUERY_WHOLE, NULL, &error));
	cr_assert_not_null(error);
}

Test(filter, tells_what_it_looks_at)
{
	static const struct {
		const char *text;
		unsigned has, lacks;
	} cases[] = {
		{ "age>1s", COLUMN_VOLATILE, COLUMN_RATE | COLUMN_FACT },
		{ "cpu>1", COLUMN_RATE, COLUMN_VOLATILE | COLUMN_FACT },
		{ "web", COLUMN_FACT, COLUMN_VOLATILE | COLUMN_RATE },
		{ "host=x", COLUMN_OF_HOST, COLUMN_FACT | COLUMN_RATE },
		{ "", 0, ~0u },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct filter *filter = filter_new(&vm_rows, config, cases[i].text, QUERY_WHOLE, NULL, NULL);
		unsigned flags = filter_flags(filter);

		cr_expect_eq(flags & cases[i].has, cases[i].has, "%s", cases[i].text);
		cr_expect_eq(flags & cases[i].lacks, 0, "%s: %x", cases[i].text, flags);
		filter_free(filter);
	}
}

/* ---- completion ---- */

Test(filter, completes_what_is_there)
{
	static const struct {
		const char *text, *completions;
	} cases[] = {
		{ "host=", "host=kvm017" },
		{ "tag=", "tag=nvme|tag=prod" },
		{ "tenant=a", "tenant=acme-logistics" },
		{ "!site=d", "!site=dc1" },
		{ "name=w", "name=Web-Éclair-01" },
		{ "type=p", "type=pv|type=pvh" },
		{ "auto", "autostart" },
	};
	struct row_ctx ctx = { .config = config, .now_us = SNAPS_NOW_US };

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(GStrv) found = filter_complete(&vm_rows, &ctx, snap, cases[i].text);
		g_autofree char *joined = found ? g_strjoinv("|", found) : NULL;

		cr_expect_eq(g_strcmp0(joined, cases[i].completions), 0, "'%s': %s", cases[i].text, joined);
	}
}

/* ---- shortcuts ---- */

enum { GUESTS = 300 };

/* Guests with all kinds of texts, of which some are missing. */
static const struct fleet_snap *
strange_guests(GRand *rand)
{
	static const char *const stems[] = { "web", "DB-", "Ärger", "\xff", "x\ny", "ABCDEF", "5254", "run",
		"", "İ" };
	static const char *const reasons[] = { NULL, "I/O error", "Migrated" };
	static struct vm vms[GUESTS];
	static char names[GUESTS][40];
	struct snaps_part part = { .host = snaps_host(0, "Host-One"), .vms = vms, .nvms = GUESTS };
	const struct fleet_snap *strange;

	for (unsigned i = 0; i < GUESTS; i++) {
		struct vm_facts *facts = (struct vm_facts *)(uintptr_t)snaps_vm_facts(
			i % 3 ? stems[g_rand_int_range(rand, 0, G_N_ELEMENTS(stems))] : NULL);

		snprintf(names[i], sizeof(names[i]), "%s%d%s",
			stems[g_rand_int_range(rand, 0, G_N_ELEMENTS(stems))], g_rand_int_range(rand, 0, 20),
			stems[g_rand_int_range(rand, 0, G_N_ELEMENTS(stems))]);
		vms[i] = snaps_idle_vm(names[i], i, (enum vm_state)g_rand_int_range(rand, 0, VM_STATE_COUNT));
		vms[i].reason = reasons[i % G_N_ELEMENTS(reasons)];
		facts->title = i % 5 ? NULL : g_strdup(stems[g_rand_int_range(rand, 0, G_N_ELEMENTS(stems))]);
		facts->description = i % 7 ? NULL : g_strdup("Two\nlines of the WEB");
		vms[i].facts = i % 11 ? facts : NULL;
		if (!vms[i].facts)
			vm_facts_unref(facts);
	}
	strange = snaps_fleet(&part, 1);
	for (unsigned i = 0; i < GUESTS; i++)
		vm_facts_unref(vms[i].facts);
	return strange;
}

static const char *const words[] = { "w", "we", "web", "b", "\"x\ny\"", "error", "o", "ä", "är", "Ärger", "i",
	"run", "run2", "abcde", "abcdef", "5254", "52:54:00", "host", "lines", "\"lines of the web\"", "w*b",
	"web !error", "!web", "!we", "web or 5254", "we 5254", "state=running", "state=running we",
	"tenant=web", "cpu>5", "mem>1G web", "kvm", "KV", "name~^w", "name~^we", "(web or db) run",
	"run (web or db)", "-", "\"0\nr\"", "unkn", "paused" };

/* A guest's texts searched at once are the same as one after the other. */
Test(filter, texts_are_searched_like_columns)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(5);
	const struct fleet_snap *strange = strange_guests(rand);
	const struct row_ctx ctx = { .config = config, .now_us = SNAPS_NOW_US };
	struct row_kind plain = vm_rows;
	unsigned found = 0;

	plain.text = NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		struct filter *by_text = filter_new(&vm_rows, config, words[i], QUERY_WHOLE, NULL, NULL);
		struct filter *by_column = filter_new(&plain, config, words[i], QUERY_WHOLE, NULL, NULL);

		cr_assert(by_text && by_column, "%s", words[i]);
		for (size_t j = 0; j < GUESTS; j++) {
			bool matches = filter_match(by_column, &ctx, &strange->hosts[0]->vms[j]);

			found += matches;
			cr_assert_eq(filter_match(by_text, &ctx, &strange->hosts[0]->vms[j]), matches,
				"%s: %s", words[i], strange->hosts[0]->vms[j].name);
		}
		filter_free(by_text);
		filter_free(by_column);
	}
	cr_expect_gt(found, GUESTS);
	fleet_snap_unref(strange);
}

/* What is said to narrow never finds what the wider one does not. */
Test(filter, narrower_ones_find_no_more)
{
	static const struct {
		const char *narrow, *wide;
		bool narrows;
	} known[] = { { "web", "we", true }, { "web db", "we", true }, { "db web", "we d", true },
		{ "we", "web", false }, { "!web", "!we", false }, { "!we", "!we", true }, { "web", "", true },
		{ "", "web", false }, { "abcdef", "abcde", false }, { "web cpu>5", "cpu>5", true },
		{ "cpu>6", "cpu>5", false }, { "web or db", "we", false },
		{ "web or db run", "web or db run", true }, { "w*b", "w", false } };
	g_autoptr(GRand) rand = g_rand_new_with_seed(6);
	const struct fleet_snap *strange = strange_guests(rand);
	const struct row_ctx ctx = { .config = config, .now_us = SNAPS_NOW_US };
	struct filter *filters[G_N_ELEMENTS(words)];
	unsigned pairs = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
		struct filter *narrow =
			filter_new(&vm_rows, config, known[i].narrow, QUERY_WHOLE, NULL, NULL);
		struct filter *wide = filter_new(&vm_rows, config, known[i].wide, QUERY_WHOLE, NULL, NULL);

		cr_expect_eq(filter_narrows(narrow, wide), known[i].narrows, "'%s' and '%s'", known[i].narrow,
			known[i].wide);
		filter_free(narrow);
		filter_free(wide);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		filters[i] = filter_new(&vm_rows, config, words[i], QUERY_WHOLE, NULL, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		for (size_t j = 0; j < G_N_ELEMENTS(words); j++) {
			if (!filter_narrows(filters[i], filters[j]))
				continue;
			pairs++;
			for (size_t k = 0; k < GUESTS; k++)
				cr_assert(!filter_match(filters[i], &ctx, &strange->hosts[0]->vms[k]) ||
						  filter_match(filters[j], &ctx, &strange->hosts[0]->vms[k]),
					"'%s' and '%s': %s", words[i], words[j],
					strange->hosts[0]->vms[k].name);
		}
	cr_expect_gt(pairs, G_N_ELEMENTS(words));
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		filter_free(filters[i]);
	fleet_snap_unref(strange);
}
