/* What stands behind a verb: how it is read, refused, told and completed. */
#include "actions/action.h"

#include "config/config.h"

#include <criterion/criterion.h>
#include <string.h>

static bool
check(char *const *params, GError **error)
{
	if (!action_param(params, "live") || !action_param(params, "limit"))
		return true;
	g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "live has no limit");
	return false;
}

static const char *const ways[] = { "slow", "fast", NULL };
static const struct action_arg args[] = {
	{ .name = "way", .help = "How", .kind = ARG_WORD, .words = ways, .bare = true },
	{ .name = "to", .help = "Where", .kind = ARG_HOST, .bare = true, .needed = true },
	{ .name = "live", .help = "Running", .kind = ARG_FLAG },
	{ .name = "cpus", .help = "On which", .kind = ARG_CPUSET },
	{ .name = "limit",
		.help = "At most, 1M to 1G",
		.kind = ARG_NUMBER,
		.unit = UNIT_BYTES_S,
		.min = 1 << 20,
		.max = 1 << 30 },
	{ 0 },
};
static const struct action action = { .name = "carry", .args = args, .check = check };

static char **
parse(const char *text, GError **error)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);

	return action_params(&action, (const char *const *)words, error);
}

Test(action, reads_words)
{
	static const struct {
		const char *text, *params;
	} cases[] = {
		{ "kvm2", "to kvm2" },
		{ "fast kvm2", "way fast to kvm2" },
		{ "kvm2 slow live", "to kvm2 way slow live yes" },
		{ "to=slow", "to slow" },
		{ "slow fast", "way slow to fast" },
		{ "to=kvm2 cpus=0-3,8 limit=100M", "to kvm2 cpus 0-3,8 limit 100M" },
		{ "live=yes kvm2", "live yes to kvm2" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_auto(GStrv) params = parse(cases[i].text, &error);
		g_autofree char *joined = NULL;

		cr_assert(params, "%s: %s", cases[i].text, error ? error->message : "");
		joined = g_strjoinv(" ", params);
		cr_expect_str_eq(joined, cases[i].params, "%s: %s", cases[i].text, joined);
	}
}

Test(action, refuses_in_words)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{ "slow", "to is missing; type: carry [slow|fast] HOST [live] [cpus=CPUS] [limit=RATE]" },
		{ "kvm2 kvm3", "what is 'kvm3'?" },
		{ "to=kvm2 to=kvm3", "to is said twice" },
		{ "way=slwo kvm2", "did you mean 'slow'?" },
		{ "lmit=5M kvm2", "did you mean 'limit='?" },
		{ "limit=5 kvm2", "allowed: At most, 1M to 1G" },
		{ "limit=much kvm2", "limit can't be 'much'" },
		{ "cpus=x kvm2", "allowed: CPUs, as in 0-3,8" },
		{ "live=no kvm2", "it takes no value" },
		{ "to=", "allowed: a word" },
		{ "kvm2 live limit=5M", "live has no limit" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;

		cr_expect_null(parse(cases[i].text, &error), "%s", cases[i].text);
		cr_assert(g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_VALUE));
		cr_expect(strstr(error->message, cases[i].part), "%s: %s", cases[i].text, error->message);
	}
}

Test(action, one_without_arguments_takes_none)
{
	static const struct action plain = { .name = "start" };
	const char *const none[] = { NULL }, *const some[] = { "now", NULL };
	g_auto(GStrv) params = action_params(&plain, none, NULL);
	g_autoptr(GError) error = NULL;

	cr_assert(params);
	cr_expect_null(params[0]);
	cr_expect_null(action_params(&plain, some, &error));
	cr_expect_str_eq(error->message, "start: what is 'now'? type: start");
}

Test(action, completes_words)
{
	static const char *const hosts[] = { "kvm1", "kvm2", "slowpoke", NULL };
	static const struct {
		const char *prefix, *found;
	} cases[] = {
		{ "", "slow fast kvm1 kvm2 slowpoke live cpus= limit=" },
		{ "s", "slow slowpoke" },
		{ "to=", "to=kvm1 to=kvm2 to=slowpoke" },
		{ "way=f", "way=fast" },
		{ "l", "live limit=" },
		{ "limit=", "" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(GStrv) found = action_complete(&action, cases[i].prefix, hosts);
		g_autofree char *joined = g_strjoinv(" ", found);

		cr_expect_str_eq(joined, cases[i].found, "'%s': %s", cases[i].prefix, joined);
	}
}

/* On the command line hosts stand behind them. */
Test(action, knows_its_own_words)
{
	static const struct {
		const char *word;
		bool owned;
	} cases[] = {
		{ "slow", true },
		{ "live", true },
		{ "to=kvm1", true },
		{ "nonsense=1", true },
		{ "uri=qemu+ssh://root@h/system?socket=/run/x", true },
		{ "kvm1", false },
		{ "0-3", false },
		{ "qemu+ssh://h/system?socket=/run/x", false },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		cr_expect_eq(action_owns(&action, cases[i].word), cases[i].owned, "%s", cases[i].word);
}
