#include "views/batch.h"

#include "tests/support/snaps.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

#define EVIL    "evil\033[31m\n\"x\",\xe2\x80\xae\xc2\x9b\x7f"

#define WALL_US (INT64_C(1786363331) * 1000000) /* 2026-08-10 12:02:11 UTC */

static struct config *config;
static const struct fleet_snap *snap;

static void
setup(void)
{
	struct vm vms[] = { snaps_vm("web-1", 1), snaps_vm(EVIL, 2), snaps_idle_vm("=off", 3, VM_STATE_OFF) };
	struct snaps_part part = { .host = snaps_host(0, "kvm1"), .vms = vms, .nvms = 3 };

	setlocale(LC_ALL, "C.UTF-8");
	config = snaps_config();
	vms[0].facts = snaps_vm_facts("acme");
	part.host.facts = snaps_host_facts(HYPERVISOR_KVM);
	snap = snaps_fleet(&part, 1);
	vm_facts_unref(vms[0].facts);
	host_facts_unref(part.host.facts);
}

static void
teardown(void)
{
	fleet_snap_unref(snap);
	config_free(config);
}

TestSuite(batch, .init = setup, .fini = teardown);

static struct batch *
make(const char *what, const char *format, const char *columns, const char *where, GError **error)
{
	return batch_new(&(struct batch_opts){ .config = config,
				 .what = what,
				 .format = format,
				 .columns = columns,
				 .where = where },
		error);
}

static struct batch_moment
moment_of(const struct fleet_snap *fleet)
{
	return (struct batch_moment){ .snap = fleet, .now_us = SNAPS_NOW_US, .wall_us = WALL_US };
}

/* What is printed; caller frees. */
static char *
print(const char *what, const char *format, const char *columns, const char *where)
{
	g_autoptr(GError) error = NULL;
	struct batch *batch = make(what, format, columns, where, &error);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct batch_moment moment = moment_of(snap);

	cr_assert(batch, "%s", error ? error->message : "");
	cr_assert(batch_print(batch, &moment, out, &error));
	fclose(out);
	batch_free(batch);
	return text;
}

Test(batch, table)
{
	char *text = print("vms", NULL, "name,state,cpu,mem", "web");

	cr_expect_str_eq(text, "NAME   STATE    CPU   MEM\nweb-1  running  50%  4.0G\n", "%s", text);
	free(text);
}

Test(batch, table_is_harmless)
{
	char *text = print("vms", "table", "name", "evil");

	for (const char *at = text; *at; at++)
		cr_expect(*at == '\n' || (unsigned char)*at >= ' ', "a control character got through");
	cr_expect_null(strstr(text, "\xe2\x80\xae"), "%s", text);
	cr_expect_eq(g_strrstr(text, "\n") - text, (ptrdiff_t)strlen(text) - 1, "the name broke the line");
	free(text);
}

Test(batch, json_is_harmless)
{
	char *text = print("vms", "jsonl", "name", "evil");

	cr_expect_str_eq(text, "{\"name\":\"evil\\u001b[31m\\n\\\"x\\\",\\u202e\\u009b\\u007f\"}\n");
	free(text);
}

static const cJSON *
named(const cJSON *array, const char *name)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, array) if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(item, "name")),
						    name) == 0) return item;
	return NULL;
}

Test(batch, json_is_raw_and_leaves_out_what_is_unknown)
{
	char *text = print("vms", "json", NULL, NULL);
	cJSON *array = cJSON_Parse(text);
	const cJSON *web, *off;

	cr_assert(cJSON_IsArray(array), "%s", text);
	cr_expect_eq(cJSON_GetArraySize(array), 3);
	web = named(array, "web-1");
	off = named(array, "=off");
	cr_assert(web && off && named(array, EVIL), "%s", text);
	cr_expect_float_eq(cJSON_GetNumberValue(cJSON_GetObjectItem(web, "cpu")), 50, 1e-9);
	cr_expect_float_eq(cJSON_GetNumberValue(cJSON_GetObjectItem(web, "mem")), 4294967296.0, 0.5);
	cr_expect_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(web, "tenant")), "acme");
	cr_expect(cJSON_IsFalse(cJSON_GetObjectItem(web, "autostart")));
	cr_expect_null(cJSON_GetObjectItem(off, "cpu"));
	cr_expect_null(cJSON_GetObjectItem(off, "tenant"));
	cr_expect_null(cJSON_GetObjectItem(web, "light"), "a picture is no fact");
	cJSON_Delete(array);
	free(text);
}

Test(batch, json_of_nothing_is_an_array)
{
	char *text = print("vms", "json", NULL, "nobody");

	cr_expect_str_eq(text, "[]\n");
	free(text);
}

Test(batch, a_column_named_twice_is_there_once)
{
	char *text = print("vms", "jsonl", "name,name,state,name", "web");

	cr_expect_str_eq(text, "{\"name\":\"web-1\",\"state\":\"running\"}\n");
	free(text);
}

Test(batch, pictures_are_not_left_out_silently)
{
	g_autoptr(GError) error = NULL;

	cr_expect_null(make("vms", "csv", "light,name", NULL, &error));
	cr_assert_not_null(error);
	cr_expect_not_null(strstr(error->message, "'light' is only for the eye"), "%s", error->message);
}

Test(batch, csv)
{
	char *text = print("vms", "csv", "name,state,cpu,tenant", NULL);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	cr_assert_eq(g_strv_length(lines), 5, "%s", text);
	cr_expect_str_eq(lines[0], "name,state,cpu,tenant");
	cr_expect_str_eq(lines[1], "\"'=off\",\"off\",,");
	cr_expect(g_str_has_prefix(lines[2], "\"evil"), "%s", lines[2]);
	cr_expect(strstr(lines[2], "\"\"x\"\","), "%s", lines[2]);
	cr_expect_str_eq(lines[3], "\"web-1\",\"running\",50,\"acme\"");
	free(text);
}

Test(batch, hosts)
{
	char *text = print("hosts", "csv", "name,hv,vms,running,mem-total,age", NULL);

	cr_expect_str_eq(
		text, "name,hv,vms,running,mem-total,age\n\"kvm1\",\"kvm\",3,2,137438953472,1\n", "%s", text);
	free(text);
}

/* A configuration whose host has a label; config_free(). */
static struct config *
labelled(void)
{
	static const char text[] = "hosts:\n  - host: kvm1\n    labels: { rack: b7 }\n";
	struct config *made = config_parse(text, strlen(text), "test", NULL);

	cr_assert_not_null(made);
	return made;
}

Test(batch, knows_what_it_needs)
{
	static const struct {
		const char *what, *columns, *where, *sort, *by;
		struct snap_need need;
	} cases[] = {
		{ "vms", "name,host,state,tags,id,uuid,dom0", NULL, NULL, NULL, { 0, false, false } },
		{ "vms", "name", "state=running host=kvm* label.rack=-", "-name", NULL, { 0, false, false } },
		{ "vms", "name,mem", NULL, NULL, NULL, { 1, false, false } },
		{ "vms", "name,cpu", NULL, NULL, NULL, { 2, false, false } },
		{ "vms", "name", "cpu>1", NULL, NULL, { 2, false, false } },
		{ "vms", "name", NULL, "-cpu", NULL, { 2, false, false } },
		{ "vms", "name,tenant", NULL, NULL, NULL, { 0, false, true } },
		{ "vms", "name,hv", NULL, NULL, NULL, { 0, true, false } },
		{ "vms", "name", "acme", NULL, NULL, { 1, true, true } },
		{ "vms", "all", NULL, NULL, NULL, { 2, true, true } },
		{ "hosts", "name,state,vms,running", NULL, NULL, NULL, { 0, false, false } },
		{ "hosts", "name,hv", NULL, NULL, NULL, { 0, true, false } },
		{ "hosts", "name,mem-total", NULL, NULL, NULL, { 1, false, false } },
		{ "groups", "vms", NULL, NULL, "site", { 1, false, false } },
		{ "groups", "cpu", NULL, NULL, "hypervisor", { 2, true, false } },
		{ "groups", "vms", NULL, NULL, NULL, { 1, false, true } },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct batch_opts opts = { .config = labelled(),
			.what = cases[i].what,
			.columns = cases[i].columns,
			.where = cases[i].where,
			.sort = cases[i].sort,
			.by = cases[i].by };
		g_autoptr(GError) error = NULL;
		struct batch *batch = batch_new(&opts, &error);
		struct snap_need need;

		cr_assert(batch, "%s", error ? error->message : "");
		need = batch_need(batch);
		cr_expect_eq(
			need.samples, cases[i].need.samples, "%s where %s", cases[i].columns, cases[i].where);
		cr_expect_eq(need.host_facts, cases[i].need.host_facts, "%s where %s", cases[i].columns,
			cases[i].where);
		cr_expect_eq(need.vm_facts, cases[i].need.vm_facts, "%s where %s", cases[i].columns,
			cases[i].where);
		batch_free(batch);
		config_free((struct config *)(uintptr_t)opts.config);
	}
}

/* What is printed with OPTS at each of N moments; caller frees. */
static char *
print_opts(const struct batch_opts *opts, const struct batch_moment *moments, size_t n)
{
	struct batch_opts full = *opts;
	g_autoptr(GError) error = NULL;
	struct batch *batch;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	full.config = config;
	batch = batch_new(&full, &error);
	cr_assert(batch, "%s", error ? error->message : "");
	for (size_t i = 0; i < n; i++)
		cr_assert(batch_print(batch, &moments[i], out, &error));
	fclose(out);
	batch_free(batch);
	return text;
}

Test(batch, sorts)
{
	static const struct {
		const char *sort, *names;
	} cases[] = {
		{ NULL, "name\n\"'=off\"\n\"evil" },
		{ "-name", "name\n\"web-1\"\n\"evil" },
		{ "state,-name", "name\n\"'=off\"\n\"web-1\"\n\"evil" },
		{ "-id,name", "name\n\"evil" },
	};
	struct batch_moment moment = moment_of(snap);

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct batch_opts opts = {
			.what = "vms", .format = "csv", .columns = "name", .sort = cases[i].sort
		};
		char *text = print_opts(&opts, &moment, 1);

		cr_expect(g_str_has_prefix(text, cases[i].names), "%s: %s", cases[i].sort, text);
		free(text);
	}
}

Test(batch, a_stream_says_when)
{
	static const struct {
		const char *format, *text;
	} cases[] = {
		{ "jsonl", "{\"time\":\"2026-08-10T12:02:11Z\",\"name\":\"web-1\"}\n"
			   "{\"time\":\"2026-08-10T12:02:13Z\",\"name\":\"web-1\"}\n" },
		{ "json", "[\n{\"time\":\"2026-08-10T12:02:11Z\",\"name\":\"web-1\"}\n]\n"
			  "[\n{\"time\":\"2026-08-10T12:02:13Z\",\"name\":\"web-1\"}\n]\n" },
		{ "csv", "time,name\n\"2026-08-10T12:02:11Z\",\"web-1\"\n\"2026-08-10T12:02:13Z\",\"web-"
			 "1\"\n" },
		{ "table", "2026-08-10T12:02:11Z\nNAME\nweb-1\n\n2026-08-10T12:02:13Z\nNAME\nweb-1\n" },
	};
	struct batch_moment moments[] = { moment_of(snap), moment_of(snap) };

	moments[1].wall_us += 2000000;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct batch_opts opts = { .what = "vms",
			.format = cases[i].format,
			.columns = "name",
			.where = "web",
			.stream = true };
		char *text = print_opts(&opts, moments, 2);

		cr_expect_str_eq(text, cases[i].text);
		free(text);
	}
}

Test(batch, lines_of_json_without_a_stream_have_no_time)
{
	char *text = print("vms", "jsonl", "name,cpu", "web");

	cr_expect_str_eq(text, "{\"name\":\"web-1\",\"cpu\":50}\n");
	free(text);
}

Test(batch, a_stream_of_events_has_only_what_is_new)
{
	struct timeline *timeline = timeline_new(16);
	struct batch_opts opts = {
		.config = config, .what = "events", .format = "csv", .columns = "what", .stream = true
	};
	struct batch *batch = batch_new(&opts, NULL);
	static const char *const happened[] = { "started", NULL, "crashed" };
	struct batch_moment moment = moment_of(snap);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert_not_null(batch);
	moment.timeline = timeline;
	for (size_t i = 0; i < G_N_ELEMENTS(happened); i++) {
		struct event *event = happened[i] ? g_new0(struct event, 1) : NULL;

		if (event) {
			event->what = g_strdup(happened[i]);
			event->host = g_strdup("kvm1");
			timeline_add(timeline, event);
		}
		cr_assert(batch_print(batch, &moment, out, NULL));
	}
	fclose(out);
	cr_expect_str_eq(text, "what\n\"started\"\n\"crashed\"\n");
	free(text);
	batch_free(batch);
	timeline_free(timeline);
}

/* The Xen host itself is no guest. */
Test(batch, leaves_out_domain_0_unless_it_is_asked_for)
{
	static const struct {
		const char *columns, *where;
		size_t lines;
	} cases[] = { { "name", NULL, 1 }, { "all", NULL, 1 }, { "name", "Domain", 0 },
		{ "name,dom0", NULL, 2 }, { "name", "dom0=yes", 1 }, { "name", "dom0=no", 1 } };
	struct vm vms[] = { snaps_vm("web-1", 1), snaps_vm("Domain-0", 0) };
	struct snaps_part part = { .host = snaps_host(0, "xen1"), .vms = vms, .nvms = 2 };
	const struct fleet_snap *xen;
	struct batch_moment moment;

	vms[1].is_dom0 = true;
	xen = snaps_fleet(&part, 1);
	moment = moment_of(xen);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct batch_opts opts = {
			.what = "vms", .format = "jsonl", .columns = cases[i].columns, .where = cases[i].where
		};
		char *text = print_opts(&opts, &moment, 1);
		size_t lines = 0;

		for (const char *at = text; *at; at++)
			lines += *at == '\n';
		cr_expect_eq(
			lines, cases[i].lines, "%s where %s: %s", cases[i].columns, cases[i].where, text);
		free(text);
	}
	fleet_snap_unref(xen);
}

Test(batch, a_query_is_wrong_at_a_caret)
{
	g_autoptr(GError) error = NULL;

	cr_expect_null(make("vms", NULL, NULL, "web state=runing", &error));
	cr_assert_not_null(error);
	cr_expect(g_str_has_prefix(error->message, "--where: state is never 'runing'"), "%s", error->message);
	cr_expect(g_str_has_suffix(error->message, "\n  web state=runing\n            ^^^^^^"), "%s",
		error->message);
}

Test(batch, wrong_words_are_named)
{
	static const struct {
		const char *what, *format, *columns, *where, *part;
	} wrong[] = {
		{ "dogs", NULL, NULL, NULL, "'dogs'" },
		{ "vms", "xml", NULL, NULL, "'xml'" },
		{ "vms", NULL, "name,speed", NULL, "'speed'" },
		{ "vms", NULL, NULL, "web !", "'!'" },
		{ "vms", "json", "light", NULL, "only for the eye" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;

		cr_expect_null(
			make(wrong[i].what, wrong[i].format, wrong[i].columns, wrong[i].where, &error));
		cr_assert_not_null(error);
		cr_expect(strstr(error->message, wrong[i].part), "%s", error->message);
	}
}

Test(batch, says_when_it_cannot_write)
{
	g_autoptr(GError) error = NULL;
	struct batch *batch = make("vms", NULL, NULL, NULL, NULL);
	FILE *full = fopen("/dev/full", "w");
	struct batch_moment moment = moment_of(snap);

	cr_assert_not_null(full);
	cr_expect_not(batch_print(batch, &moment, full, &error));
	cr_expect_not_null(error);
	fclose(full);
	batch_free(batch);
}

Test(batch, columns_are_explained)
{
	g_autofree char *help = batch_columns_help("vms");

	cr_expect(strstr(help, "mem-used") && strstr(help, "bytes per second") && strstr(help, "text"), "%s",
		help);
	cr_expect_null(batch_columns_help("dogs"));
}

/* One that was never reached may have been so for ever. */
Test(batch, nobody_knows_since_when_a_host_fails_that_was_never_reached)
{
	static const struct {
		int64_t sampled_us;
		const char *text;
	} cases[] = { { 0, "{\"name\":\"kvm1\"}\n" },
		{ SNAPS_NOW_US - 5000000, "{\"name\":\"kvm1\",\"since\":4}\n" } };

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct snaps_part part = { .host = snaps_host(0, "kvm1") };
		struct batch_opts opts = { .what = "hosts", .format = "jsonl", .columns = "name,since" };
		const struct fleet_snap *failed;
		struct batch_moment moment;
		char *text;

		part.host.link = LINK_REFUSED;
		part.host.link_since_us = SNAPS_NOW_US - 4000000;
		part.host.sampled_us = cases[i].sampled_us;
		failed = snaps_fleet(&part, 1);
		moment = moment_of(failed);
		text = print_opts(&opts, &moment, 1);
		cr_expect_str_eq(text, cases[i].text);
		free(text);
		fleet_snap_unref(failed);
	}
}
