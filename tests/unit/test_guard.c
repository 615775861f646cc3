/* Guard rails: what the config may say, where it is wrong, and whom and what the rules keep apart. */
#include "actions/guard.h"
#include "actions/plan.h"
#include "actions/registry.h"
#include "tests/support/snaps.h"
#include "views/guard_filter.h"
#include "views/pick.h"

#include <criterion/criterion.h>
#include <string.h>

struct world {
	struct config *config;
	struct guards *guards;
	const struct fleet_snap *snap;
	struct vm vms[4];
};

/* Two hosts, one of them with a tag; the facts of the last guest are not read yet. */
static void
world_init(struct world *world, const char *rules)
{
	g_autofree char *yaml =
		g_strdup_printf("hosts:\n  - {host: kvm1, tags: [prod]}\n  - kvm2\nguards:\n%s", rules);
	static const char *const tags[] = { "prod", NULL };
	static struct host_static prod = { .tags = (char **)(uintptr_t)tags,
		.tag_list = (char *)(uintptr_t) "prod" };
	const struct vm_facts *facts = snaps_vm_facts("acme");
	const struct host_facts *host_facts = snaps_host_facts(HYPERVISOR_KVM);
	struct snaps_part parts[2];
	g_autoptr(GError) error = NULL;

	world->config = config_parse(yaml, strlen(yaml), "c.yaml", &error);
	cr_assert(world->config, "%s", error ? error->message : "");
	world->guards = guards_new(world->config, &guard_filters, &error);
	cr_assert(world->guards, "%s", error ? error->message : "");
	for (unsigned i = 0; i < G_N_ELEMENTS(world->vms); i++) {
		static const char *const names[] = { "web-1", "web-2", "db-1", "new" };

		world->vms[i] = snaps_vm(names[i], i + 1);
		world->vms[i].facts = i < 3 ? facts : NULL;
	}
	parts[0] = (struct snaps_part){ .host = snaps_host(0, "kvm1"), .vms = world->vms, .nvms = 2 };
	parts[1] = (struct snaps_part){ .host = snaps_host(1, "kvm2"), .vms = world->vms + 2, .nvms = 2 };
	parts[0].host.config = &prod;
	parts[0].host.facts = parts[1].host.facts = host_facts;
	world->snap = snaps_fleet(parts, 2);
	vm_facts_unref(facts);
	host_facts_unref(host_facts);
}

static void
world_done(struct world *world)
{
	guards_free(world->guards);
	config_free(world->config);
	fleet_snap_unref(world->snap);
}

static struct plan *
plan_of(struct world *world, const char *verb, const char *where)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));
	struct pick *pick = pick_new(TARGET_VM, world->config, where, NULL);

	cr_assert(pick);
	pick_rows(pick, world->snap, SNAPS_NOW_US, keys);
	pick_free(pick);
	return plan_new(&(struct plan_opts){ .action = registry_find(false, verb),
		.snap = world->snap,
		.keys = keys,
		.guards = world->guards,
		.now_us = SNAPS_NOW_US,
		.config = world->config });
}

static void
expect_part(char *text, const char *part)
{
	cr_expect(strstr(text, part), "no '%s' in: %s", part, text);
	g_free(text);
}

Test(guard, denied_guests_are_left_out_and_the_rule_is_named)
{
	struct world world;
	struct plan *plan;

	world_init(&world, "  - deny: stop, reset where tag=prod\n");
	plan = plan_of(&world, "stop", "name=*");
	cr_expect_eq(plan->targets->len, 2);
	expect_part(plan_text(plan), "Left out: deny: stop, reset where tag=prod (web-1, web-2)");
	plan_free(plan);
	plan = plan_of(&world, "shutdown", "name=*");
	cr_expect_eq(plan->targets->len, 4, "another verb is not meant");
	plan_free(plan);
	plan = plan_of(&world, "reset", "web");
	cr_expect_eq(plan->targets->len, 0);
	expect_part(plan_nothing(plan), "nothing to reset: deny: stop, reset where tag=prod (web-1, web-2)");
	plan_free(plan);
	world_done(&world);
}

/* Who empties a host migrates its guests. */
Test(guard, evacuating_is_migrating)
{
	struct world world;
	const struct action *evacuate = registry_find(false, "evacuate");
	const struct vm *vm;

	world_init(&world, "  - deny: migrate where tag=prod\n  - max: migrate 3\n");
	vm = &world.snap->hosts[0]->vms[0];
	cr_expect_str_eq(guards_deny(world.guards, evacuate, vm), "deny: migrate where tag=prod");
	cr_expect_null(guards_max(world.guards, evacuate, 3));
	cr_expect_str_eq(guards_max(world.guards, evacuate, 4), "max: migrate 3");
	world_done(&world);
}

Test(guard, without_a_query_all_guests_are_meant)
{
	struct world world;
	struct plan *plan;

	world_init(&world, "  - deny: reset\n  - deny: any where name=db-1\n");
	plan = plan_of(&world, "reset", "name=*");
	cr_expect_eq(plan->targets->len, 0);
	plan_free(plan);
	plan = plan_of(&world, "suspend", "name=*");
	cr_expect_eq(plan->targets->len, 3);
	expect_part(plan_text(plan), "deny: any where name=db-1 (db-1)");
	plan_free(plan);
	world_done(&world);
}

/* One whose facts are not read might be acme's; of one that tells no memory nobody knows how much it has. */
Test(guard, what_is_not_known_is_taken_for_what_is_meant)
{
	struct world world;
	struct plan *plan;

	world_init(&world, "  - deny: stop where tenant=acme\n  - deny: suspend where ready>50\n");
	plan = plan_of(&world, "stop", "name=*");
	cr_expect_eq(plan->targets->len, 0, "%u", plan->targets->len);
	plan_free(plan);
	world_done(&world);

	world_init(&world, "  - deny: stop where tenant=other\n");
	plan = plan_of(&world, "stop", "name=*");
	cr_expect_eq(plan->targets->len, 3);
	expect_part(plan_text(plan), "(new)");
	plan_free(plan);
	world_done(&world);
}

Test(guard, confirm_has_the_count_typed_even_for_one)
{
	struct world world;
	struct plan *plan;

	world_init(&world, "  - confirm: start, suspend where tag=prod\n");
	plan = plan_of(&world, "suspend", "name=web-1");
	cr_expect_eq(plan->targets->len, 1);
	cr_expect(plan_types_count(plan, world.config));
	expect_part(plan_text(plan), "Guard rail: confirm: start, suspend where tag=prod");
	plan_free(plan);
	plan = plan_of(&world, "suspend", "name=db-1");
	cr_expect_not(plan_types_count(plan, world.config));
	plan_free(plan);
	world_done(&world);
}

Test(guard, max_refuses_the_whole_selection)
{
	struct world world;
	struct plan *plan;

	world_init(&world, "  - max: 3\n  - max: stop reset 1\n");
	plan = plan_of(&world, "suspend", "name=*");
	cr_expect_eq(plan->targets->len, 0);
	expect_part(plan_nothing(plan), "nothing to suspend: 4 guests are too many (max: 3)");
	cr_assert_eq(plan->refusals->len, 1);
	cr_expect(((const struct plan_refusal *)plan->refusals->pdata[0])->denied);
	cr_expect_eq(((const struct plan_refusal *)plan->refusals->pdata[0])->guests->len, 4);
	plan_free(plan);
	plan = plan_of(&world, "suspend", "!new");
	cr_expect_eq(plan->targets->len, 3);
	plan_free(plan);
	plan = plan_of(&world, "stop", "web");
	expect_part(plan_nothing(plan), "nothing to force off: 2 guests are too many (max: stop reset 1)");
	plan_free(plan);
	world_done(&world);
}

/* Rules tell what hosts have to be asked for them. */
Test(guard, needs_what_its_queries_look_at)
{
	struct snap_need need = { 0 };
	struct world world;

	world_init(&world, "  - deny: stop where cpu>80\n  - deny: start where tenant=acme\n");
	guards_need(world.guards, registry_find(false, "stop"), &need);
	cr_expect_eq(need.samples, 2);
	cr_expect_not(need.vm_facts);
	guards_need(world.guards, registry_find(false, "start"), &need);
	cr_expect(need.vm_facts);
	world_done(&world);
}

Test(guard, errors_say_where_and_what_is_allowed)
{
	static const struct {
		const char *yaml;
		const char *parts[3];
	} cases[] = {
		{ "guards: 5\n", { "c.yaml:1:9: guards can't be a text", "allowed: a list of rules" } },
		{ "guards: [5]\n", { "c.yaml:1:10: a guard can't be a text" } },
		{ "guards:\n  - denny: stop\n",
			{ "c.yaml:2:5: unknown key 'denny'", "deny, confirm, max", "did you mean 'deny'?" } },
		{ "guards:\n  - max: [1]\n", { "c.yaml:2:10: max can't be a list" } },
		{ "guards:\n  - deny: stopp where web\n",
			{ "c.yaml:2:11: deny: there is no verb 'stopp'", "did you mean 'stop'?" } },
		{ "guards:\n  - deny: where web\n", { "c.yaml:2:11: deny: no verb is named" } },
		{ "guards:\n  - confirm: stop where\n",
			{ "c.yaml:2:14: confirm: nothing stands behind where" } },
		{ "guards:\n  - deny: stop where web cpu>x\n",
			{ "c.yaml:2:11: deny: ", "web cpu>x\n", "\n          ^" } },
		{ "guards:\n  - deny: stop where nam=web\n",
			{ "c.yaml:2:11: deny: ", "did you mean 'name'?" } },
		{ "guards:\n  - max: many\n", { "c.yaml:2:10: max: there is no number in 'many'" } },
		{ "guards:\n  - max: 0\n", { "c.yaml:2:10: max: there is no number" } },
		{ "guards:\n  - max: stpo 3\n", { "c.yaml:2:10: max: there is no verb 'stpo'" } },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		struct config *config = config_parse(cases[i].yaml, strlen(cases[i].yaml), "c.yaml", &error);
		struct guards *guards = config ? guards_new(config, &guard_filters, &error) : NULL;

		cr_assert_null(guards, "row %zu", i);
		for (size_t j = 0; j < 3 && cases[i].parts[j]; j++)
			cr_expect(strstr(error->message, cases[i].parts[j]), "row %zu: no '%s' in %s", i,
				cases[i].parts[j], error->message);
		config_free(config);
	}
}

/* Domain-0 is never meant, whatever the query says. */
Test(pick, domain_0_never_matches)
{
	struct vm vms[] = { snaps_vm("Domain-0", 1), snaps_vm("web", 2) };
	struct snaps_part part = { .host = snaps_host(0, "xen1"), .vms = vms, .nvms = 2 };
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));
	struct config *config = snaps_config();
	const struct fleet_snap *snap;
	struct pick *pick;

	vms[0].is_dom0 = true;
	snap = snaps_fleet(&part, 1);
	for (size_t i = 0; i < 3; i++) {
		static const char *const queries[] = { "name=*", "Domain-0 or web", "!nothing" };

		g_array_set_size(keys, 0);
		pick = pick_new(TARGET_VM, config, queries[i], NULL);
		pick_rows(pick, snap, SNAPS_NOW_US, keys);
		cr_assert_eq(keys->len, 1, "%s", queries[i]);
		cr_expect_eq(g_array_index(keys, struct row_key, 0).uuid[UUID_LEN - 1], 2);
		pick_free(pick);
	}
	fleet_snap_unref(snap);
	config_free(config);
}

Test(pick, points_at_what_is_wrong)
{
	struct config *config = snaps_config();
	g_autoptr(GError) error = NULL;

	cr_expect_null(pick_new(TARGET_HOST, config, "cpu>", &error));
	cr_assert(error);
	cr_expect(g_str_has_prefix(error->message, "--where: "), "%s", error->message);
	cr_expect(strstr(error->message, "^"), "%s", error->message);
	config_free(config);
}
