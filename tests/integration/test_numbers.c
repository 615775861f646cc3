/*
 * The numbers that our binary prints, against virsh's, on one daemon with real QEMU guests: one that runs, one that is
 * paused, one that is off. virsh is asked before and after. What can't move must be equal, counters must lie between, and
 * what moves a little must be near.
 */
#include "tests/support/lab.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct lab *lab;
static struct lab_libvirtd *host;

static void
start(void)
{
	lab = lab_new();
	host = lab_libvirtd_start(lab, NULL);
	lab_guest_start(host, "runs");
	lab_guest_start(host, "rests");
	lab_guest_start(host, "is-off");
	g_free(lab_virsh(host, (const char *[]){ "suspend", "rests", NULL }));
	g_free(lab_virsh(host, (const char *[]){ "destroy", "is-off", NULL }));
	g_free(lab_virsh(host, (const char *[]){ "autostart", "rests", NULL }));
}

static void
stop(void)
{
	lab_free(lab);
}

TestSuite(numbers, .init = start, .fini = stop, .timeout = 240);

static const char *const guests[] = { "runs", "rests", "is-off" };

/* ---- both sides ---- */

static cJSON *
our_list(const char *what)
{
	g_autofree char *uri = g_strdup_printf("remote+unix:///?socket=%s", lab_libvirtd_socket(host));
	const char *program = g_getenv("VIRT_FLEET");
	const char *argv[] = { program, "--config", "/dev/null", "-c", uri, "list", what, "-o", "json",
		NULL };
	g_autofree char *out = NULL, *complaint = NULL;
	cJSON *list;
	int status;

	cr_assert(program, "VIRT_FLEET must name the program to test (make check-integration does)");
	cr_assert(g_spawn_sync(NULL, (char **)(uintptr_t)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out,
		&complaint, &status, NULL));
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s", complaint);
	list = cJSON_Parse(out);
	cr_assert(cJSON_IsArray(list), "%s", out);
	return list;
}

static const cJSON *
row_named(const cJSON *list, const char *name)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, list)
	{
		if (g_strcmp0(cJSON_GetStringValue(cJSON_GetObjectItem(row, "name")), name) == 0)
			return row;
	}
	cr_assert_fail("%s is not in our list", name);
	return NULL;
}

static char *
virsh(const char *verb, const char *guest)
{
	return lab_virsh(host, (const char *[]){ verb, guest, NULL });
}

/* What group 1 of PATTERN matches in TEXT; NULL: nothing. */
static char *
found(const char *text, const char *pattern)
{
	g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_MULTILINE, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;

	cr_assert(regex, "%s", pattern);
	return g_regex_match(regex, text, 0, &match) ? g_match_info_fetch(match, 1) : NULL;
}

/* ---- guests by domstats ---- */

enum how { SAME, BETWEEN, NEAR };

struct number {
	const char *column, *pattern;
	double unit;
	enum how how;
	bool when_off; /* virsh tells it of a guest that is off, too */
};

static const struct number numbers[] = {
	{ "vcpus", "^ +vcpu\\.current=(\\d+)$", 1, SAME, true },
	{ "vcpus-max", "^ +vcpu\\.maximum=(\\d+)$", 1, SAME, true },
	{ "mem", "^ +balloon\\.current=(\\d+)$", 1024, SAME, false },
	{ "mem-max", "^ +balloon\\.maximum=(\\d+)$", 1024, SAME, true },
	{ "rss", "^ +balloon\\.rss=(\\d+)$", 1024, NEAR, false },
	{ "cpu-time", "^ +cpu\\.time=(\\d+)$", 1e-9, BETWEEN, false },
};

/* OURS against virsh's LOW and HIGH. */
static bool
agrees(enum how how, double ours, double low, double high)
{
	const double slack = 1e-9; /* seconds are printed with fewer digits than nanoseconds have */

	switch (how) {
	case SAME:
		return ours == low && ours == high;
	case BETWEEN:
		return low * (1 - slack) <= ours && ours <= high * (1 + slack);
	default:
		return MIN(low, high) * 0.75 <= ours && ours <= MAX(low, high) * 1.25;
	}
}

static void
compare(const cJSON *row, const struct number *number, bool runs, const char *before, const char *after)
{
	const cJSON *item = cJSON_GetObjectItem(row, number->column);
	g_autofree char *low = found(before, number->pattern), *high = found(after, number->pattern);

	if (!runs && !number->when_off) {
		cr_assert_null(item, "%s of a guest that is off", number->column);
		return;
	}
	cr_assert(low && high, "virsh has no %s: %s", number->pattern, before);
	cr_assert(cJSON_IsNumber(item), "we have no %s", number->column);
	cr_assert(agrees(number->how, item->valuedouble, g_ascii_strtod(low, NULL) * number->unit,
			  g_ascii_strtod(high, NULL) * number->unit),
		"%s: ours is %f, virsh's %s and %s", number->column, item->valuedouble, low, high);
}

Test(numbers, guests_are_what_domstats_says)
{
	char *before[G_N_ELEMENTS(guests)], *after[G_N_ELEMENTS(guests)];

	for (size_t i = 0; i < G_N_ELEMENTS(guests); i++)
		before[i] = virsh("domstats", guests[i]);
	cJSON *list = our_list("vms");
	for (size_t i = 0; i < G_N_ELEMENTS(guests); i++)
		after[i] = virsh("domstats", guests[i]);

	cr_assert_eq(cJSON_GetArraySize(list), (int)G_N_ELEMENTS(guests));
	for (size_t i = 0; i < G_N_ELEMENTS(guests); i++) {
		for (size_t k = 0; k < G_N_ELEMENTS(numbers); k++)
			compare(row_named(list, guests[i]), &numbers[k], i < 2, before[i], after[i]);
		g_free(before[i]);
		g_free(after[i]);
	}
	cJSON_Delete(list);
}

/* ---- rates ---- */

static const struct {
	const char *column, *pattern;
} rates[] = {
	{ "disk-rd", "^ +block\\.0\\.rd\\.bytes=(\\d+)$" },
	{ "disk-wr", "^ +block\\.0\\.wr\\.bytes=(\\d+)$" },
	{ "disk-rd-ops", "^ +block\\.0\\.rd\\.reqs=(\\d+)$" },
	{ "disk-wr-ops", "^ +block\\.0\\.wr\\.reqs=(\\d+)$" },
};

/* No two samples that make a rate lie nearer than half a second, so no rate can be more than twice what virsh saw move. */
static void
compare_rate(const cJSON *row, const char *column, const char *pattern, double unit, const char *before,
	const char *after)
{
	const cJSON *item = cJSON_GetObjectItem(row, column);
	g_autofree char *low = found(before, pattern), *high = found(after, pattern);
	double moved = (g_ascii_strtod(high, NULL) - g_ascii_strtod(low, NULL)) * unit;

	cr_assert(cJSON_IsNumber(item), "we have no %s", column);
	cr_assert(item->valuedouble >= 0 && item->valuedouble <= 2 * moved * (1 + 1e-9),
		"%s: ours is %f/s, virsh saw %f move", column, item->valuedouble, moved);
}

Test(numbers, rates_are_what_moved)
{
	g_autofree char *before = virsh("domstats", "runs");
	cJSON *list = our_list("vms");
	g_autofree char *after = virsh("domstats", "runs");
	const cJSON *row = row_named(list, "runs");

	for (size_t k = 0; k < G_N_ELEMENTS(rates); k++) {
		compare_rate(row, rates[k].column, rates[k].pattern, 1, before, after);
		cr_assert_null(cJSON_GetObjectItem(row_named(list, "rests"), rates[k].column),
			"a guest that does not run has no rates");
	}
	compare_rate(row, "cores", "^ +cpu\\.time=(\\d+)$", 1e-9, before, after);
	compare_rate(row, "cpu", "^ +cpu\\.time=(\\d+)$", 1e-7, before, after);
	compare_rate(row, "ready", "^ +vcpu\\.0\\.delay=(\\d+)$", 1e-7, before, after);
	compare_rate(row, "wait", "^ +vcpu\\.0\\.wait=(\\d+)$", 1e-7, before, after);
	cr_assert_eq(cJSON_GetObjectItem(row, "net")->valuedouble, 0, "no NIC moves nothing");
	cr_assert_null(cJSON_GetObjectItem(row, "mem-used"), "no balloon driver tells it");
	cJSON_Delete(list);
}

/* ---- guests by dominfo ---- */

static char *
printed(const cJSON *item)
{
	if (cJSON_IsBool(item))
		return g_strdup(cJSON_IsTrue(item) ? "yes" : "no");
	if (cJSON_IsNumber(item))
		return g_strdup_printf("%.0f", item->valuedouble);
	return g_strdup(cJSON_IsString(item) ? item->valuestring : "-");
}

/* virsh's words for what we call otherwise. */
static const char *
our_word(const char *word)
{
	static const struct {
		const char *virsh, *ours;
	} words[] = { { "shut off", "off" }, { "enable", "yes" }, { "disable", "no" } };

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(word, words[i].virsh) == 0)
			return words[i].ours;
	return word;
}

Test(numbers, guests_are_what_dominfo_says)
{
	static const struct {
		const char *column, *pattern;
	} facts[] = {
		{ "id", "^Id: +(\\S+)" },
		{ "name", "^Name: +(\\S+)" },
		{ "uuid", "^UUID: +(\\S+)" },
		{ "os", "^OS Type: +(\\S+)" },
		{ "state", "^State: +(.*\\S)" },
		{ "vcpus", "^CPU\\(s\\): +(\\d+)" },
		{ "persistent", "^Persistent: +(\\S+)" },
		{ "autostart", "^Autostart: +(\\S+)" },
	};
	cJSON *list = our_list("vms");

	for (size_t i = 0; i < G_N_ELEMENTS(guests); i++) {
		g_autofree char *info = virsh("dominfo", guests[i]);
		const cJSON *row = row_named(list, guests[i]);

		for (size_t k = 0; k < G_N_ELEMENTS(facts); k++) {
			g_autofree char *theirs = found(info, facts[k].pattern);
			g_autofree char *ours = printed(cJSON_GetObjectItem(row, facts[k].column));

			cr_assert(theirs, "%s: %s", facts[k].pattern, info);
			cr_assert_str_eq(ours, our_word(theirs), "%s of %s", facts[k].column, guests[i]);
		}
	}
	cJSON_Delete(list);
}

/* ---- the host ---- */

/* Kibibytes of a line of nodememstats. */
static double
kib_of(const char *stats, const char *name)
{
	g_autofree char *pattern = g_strdup_printf("^%s *: +(\\d+) KiB", name);
	g_autofree char *number = found(stats, pattern);

	cr_assert(number, "no %s in %s", name, stats);
	return g_ascii_strtod(number, NULL) * 1024;
}

static double
used_of(const char *stats)
{
	return kib_of(stats, "total") - kib_of(stats, "free") - kib_of(stats, "buffers") -
	       kib_of(stats, "cached");
}

static double
field_of(const cJSON *row, const char *column)
{
	const cJSON *item = cJSON_GetObjectItem(row, column);

	cr_assert(cJSON_IsNumber(item), "we have no %s", column);
	return item->valuedouble;
}

/* Other programs take and give back memory meanwhile, so used memory is near, with a tenth of all for them. */
Test(numbers, the_host_is_what_virsh_says)
{
	g_autofree char *before = lab_virsh(host, (const char *[]){ "nodememstats", NULL });
	cJSON *list = our_list("hosts");
	g_autofree char *after = lab_virsh(host, (const char *[]){ "nodememstats", NULL });
	g_autofree char *info = lab_virsh(host, (const char *[]){ "nodeinfo", NULL });
	g_autofree char *cpus = found(info, "^CPU\\(s\\): +(\\d+)");
	const cJSON *row = cJSON_GetArrayItem(list, 0);
	double total = kib_of(before, "total"), used = field_of(row, "mem-used");

	cr_assert_eq(field_of(row, "mem-total"), total);
	cr_assert_geq(used, MIN(used_of(before), used_of(after)) - total / 10);
	cr_assert_leq(used, MAX(used_of(before), used_of(after)) + total / 10);
	cr_assert_float_eq(field_of(row, "mem"), 100 * used / total, 1e-6);
	cr_assert_eq(field_of(row, "pcpus"), g_ascii_strtod(cpus, NULL));
	cr_assert_eq(field_of(row, "vms"), 3);
	cr_assert_eq(field_of(row, "running"), 1, "paused is not running");
	cr_assert(field_of(row, "cpu") >= 0 && field_of(row, "cpu") <= 100);
	cr_assert_eq(
		field_of(row, "mem-promised"), 2 * 16 * 1024 * 1024.0, "a paused guest keeps its memory");
	cJSON_Delete(list);
}
