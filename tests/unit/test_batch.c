#include "views/batch.h"

#include "tests/support/snaps.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

#define EVIL "evil\033[31m\n\"x\",\xe2\x80\xae"

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

/* What is printed; caller frees. */
static char *
print(const char *what, const char *format, const char *columns, const char *where)
{
	g_autoptr(GError) error = NULL;
	struct batch *batch = make(what, format, columns, where, &error);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert(batch, "%s", error ? error->message : "");
	cr_assert(batch_print(batch, snap, SNAPS_NOW_US, out, &error));
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

Test(batch, knows_what_it_needs)
{
	static const struct {
		const char *columns, *where;
		bool rates, facts;
	} cases[] = {
		{ "name,state", NULL, false, false },
		{ "name,cpu", NULL, true, false },
		{ "name,tenant", NULL, false, true },
		{ "name", "acme", false, true },
		{ "all", NULL, true, true },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct batch *batch = make("vms", NULL, cases[i].columns, cases[i].where, NULL);

		cr_assert_not_null(batch);
		cr_expect_eq(batch_needs_rates(batch), cases[i].rates, "%s", cases[i].columns);
		cr_expect_eq(batch_needs_facts(batch), cases[i].facts, "%s", cases[i].columns);
		batch_free(batch);
	}
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

	cr_assert_not_null(full);
	cr_expect_not(batch_print(batch, snap, SNAPS_NOW_US, full, &error));
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
