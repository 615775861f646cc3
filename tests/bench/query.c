/*
 * query: what it costs to look through a whole fleet with a query.
 *
 *   query [--guests 100000] [QUERY…]
 *
 * A line per query: CPU time of one look at all guests, best of several, in milliseconds; how many match; the query.
 */
#include "fleet/snapshot.h"
#include "views/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS   9
#define PER_HOST 100
#define NOW_US   INT64_C(1000000000)
#define TAGS     3

static const char *const queries[] = { "web", "!web", "nobody", "web db or cache", "state=running", "cpu>80",
	"cpu>80 mem>=4G state=running", "host=kvm00*", "tag=prod cpu>50", "label.rack=b7", "name=web-1*",
	"name~^db-\\d+$", "tenant=-", "age>30s", "(web or db) !state=off tag!=test cpu>20", "deadbeef" };

static double
cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* ---- a fleet ---- */

static const struct vm_facts *
make_facts(unsigned number)
{
	struct vm_facts *facts = vm_facts_new();

	facts->type = VM_TYPE_KVM;
	facts->tenant = number % 7 ? g_strdup_printf("tenant-%u", number % 2340) : NULL;
	facts->os_type = g_strdup("hvm");
	facts->nnics = 1;
	facts->nics = g_new0(struct vm_nic, 1);
	facts->nics[0].mac = g_strdup_printf(
		"52:54:00:%02x:%02x:%02x", number >> 16 & 255, number >> 8 & 255, number & 255);
	return facts;
}

static struct vm
make_vm(unsigned number)
{
	static const char *const roles[] = { "web", "db", "cache", "ci-runner", "mail" };
	struct vm vm = { .id = (int)number,
		.name = g_strdup_printf("%s-%u", roles[number % G_N_ELEMENTS(roles)], number),
		.state = number % 16 ? VM_STATE_RUNNING : VM_STATE_OFF,
		.sampled_us = NOW_US - 1000000,
		.facts = make_facts(number) };

	g_snprintf((char *)vm.uuid, sizeof(vm.uuid), "%u", number);
	vm.valid = 1u << VM_CPU | 1u << VM_MEM | 1u << VM_VCPUS;
	vm.value[VM_CPU] = number * 37 % 100;
	vm.value[VM_MEM] = (double)(1 + number % 8) * 1024 * 1024 * 1024;
	vm.value[VM_VCPUS] = 1 + number % 8;
	return vm;
}

static struct host_static *
make_static(struct config *config, unsigned number)
{
	struct host_static *host = g_new0(struct host_static, 1);
	const struct config_host *known = config->hosts->pdata[0];

	host->name = g_strdup_printf("kvm%04u", number);
	host->site = g_strdup_printf("dc%u", number % TAGS);
	host->tags = g_new0(char *, 2);
	host->tags[0] = g_strdup(number % TAGS ? "prod" : "test");
	host->tag_list = g_strdup(host->tags[0]);
	host->labels = known->labels;
	return host;
}

static const struct host_snap *
make_host(struct config *config, unsigned number)
{
	struct vm vms[PER_HOST];
	struct host_static *where = make_static(config, number);
	struct host_snap skeleton = { .index = number,
		.name = where->name,
		.config = where,
		.link = LINK_UP,
		.sampled_us = NOW_US - 1000000,
		.interval_us = 2000000,
		.slow_us = 2000000,
		.listed = true };
	const struct host_snap *snap;

	for (unsigned i = 0; i < PER_HOST; i++)
		vms[i] = make_vm(number * PER_HOST + i);
	snap = host_snap_build(&skeleton, vms, PER_HOST);
	for (unsigned i = 0; i < PER_HOST; i++) {
		g_free((char *)(uintptr_t)vms[i].name);
		vm_facts_unref(vms[i].facts);
	}
	return snap;
}

/* ---- the measurement ---- */

static size_t
look(struct filter *filter, const struct host_snap *const *hosts, unsigned nhosts, const struct row_ctx *ctx)
{
	size_t found = 0;

	filter_forget(filter);
	for (unsigned i = 0; i < nhosts; i++)
		for (size_t j = 0; j < hosts[i]->nvms; j++)
			found += filter_match(filter, ctx, &hosts[i]->vms[j]);
	return found;
}

static bool
measure(const char *text, const struct host_snap *const *hosts, unsigned nhosts, const struct row_ctx *ctx)
{
	g_autoptr(GError) error = NULL;
	struct filter *filter = filter_new(&vm_rows, ctx->config, text, QUERY_WHOLE, NULL, &error);
	double best = 0;
	size_t found = 0;

	if (!filter) {
		fprintf(stderr, "query: %s: %s\n", text, error->message);
		return false;
	}
	for (int round = 0; round < ROUNDS; round++) {
		double began = cpu_ms(), took;

		found = look(filter, hosts, nhosts, ctx);
		took = cpu_ms() - began;
		best = round == 0 ? took : MIN(best, took);
	}
	printf("%8.2f ms  %7zu  %s\n", best, found, text);
	filter_free(filter);
	return true;
}

int
main(int argc, char **argv)
{
	static const char yaml[] = "hosts:\n  - host: kvm0000\n    labels: { rack: b7 }\n";
	int guests = 100000;
	const GOptionEntry entries[] = {
		{ "guests", 0, 0, G_OPTION_ARG_INT, &guests, "guests in all", "N" },
		{ 0 },
	};
	g_autoptr(GOptionContext) context = g_option_context_new("[QUERY…]");
	g_autoptr(GError) error = NULL;
	struct config *config = config_parse(yaml, sizeof(yaml) - 1, "bench", NULL);
	struct row_ctx ctx = { .config = config, .now_us = NOW_US };
	g_autofree const struct host_snap **hosts = NULL;
	unsigned nhosts;
	bool ok = true;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!config || !g_option_context_parse(context, &argc, &argv, &error) || guests < PER_HOST) {
		fprintf(stderr, "query: %s\n", error ? error->message : "too few guests");
		return 2;
	}
	nhosts = (unsigned)guests / PER_HOST;
	hosts = g_new(const struct host_snap *, nhosts);
	for (unsigned i = 0; i < nhosts; i++)
		hosts[i] = make_host(config, i);
	for (int i = 1; i < argc; i++)
		ok &= measure(argv[i], hosts, nhosts, &ctx);
	for (size_t i = 0; argc == 1 && i < G_N_ELEMENTS(queries); i++)
		ok &= measure(queries[i], hosts, nhosts, &ctx);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
