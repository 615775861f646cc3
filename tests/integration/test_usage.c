/* Wrong usage, of the real binary: each ends with 2, says what is wrong on stderr in a line, and prints nothing else. */
#include <criterion/criterion.h>
#include <glib.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#define WORDS_MOST 6

static const char *
program(void)
{
	const char *path = g_getenv("VIRT_FLEET");

	cr_assert_not_null(path, "VIRT_FLEET must name the program to test (make check-integration does)");
	return path;
}

static const struct {
	const char *words[WORDS_MOST];
	const char *complaint;
} wrong[] = {
	{ { "--bogus" }, "Unknown option --bogus; virt-fleet --help shows the options" },
	{ { "list" }, "list what? allowed are: hosts, vms, groups, events" },
	{ { "list", "guests" }, "list what? 'guests' is unknown; allowed are: hosts, vms, groups, events" },
	{ { "list", "vms", "--size", "80x24" }, "--size does not go with list" },
	{ { "list", "vms", "--demo=many" }, "\"many\" is no fleet size" },
	{ { "list", "hosts", "kvm1", "--demo" }, "--demo makes up its hosts; 'kvm1' can't be one of them" },
	{ { "list", "hosts", "kvm[1-" }, "the range '[' is not closed; allowed: [001-120]" },
	{ { "list", "hosts", "-F", "/nonexistent", "kvm1" },
		"--ssh-config: can't read /nonexistent: No such file" },
	{ { "list", "vms", "--demo=1x1", "-o", "xml" },
		"--output: there is no 'xml'; allowed are: table, wide, json, jsonl, csv" },
	{ { "list", "vms", "--demo=1x1", "--columns=nix" },
		"VMs have no column 'nix'; there are: light, name" },
	{ { "list", "vms", "--demo=1x1", "--sort=nix" },
		"--sort: VMs have no column 'nix'; there are: light, name" },
	{ { "list", "vms", "--demo=1x1", "--watch=now" },
		"--watch: 'now' is no such time; allowed: 500ms to 1d" },
	{ { "list", "vms", "--demo=1x1", "--by=site" }, "--by goes with list groups alone" },
	{ { "--refresh=5", "--demo" }, "virt-fleet: --refresh: '5' is no duration" },
	{ { "snapshot", "--demo=1x1", "--view=nix" },
		"there is no view 'nix'; allowed are: pulse, hosts, vms" },
	{ { "--theme=nix", "--demo" }, "there is no theme 'nix'; allowed are: default" },
	{ { "check", "--config", "/dev/null" }, "no hosts: name some" },
};

Test(usage, says_what_is_wrong)
{
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		const char *argv[WORDS_MOST + 2] = { program() };
		g_autofree char *out = NULL, *complaint = NULL;
		int status;

		memcpy(argv + 1, wrong[i].words, sizeof(wrong[i].words));
		cr_assert(g_spawn_sync(NULL, (char **)(uintptr_t)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL,
			&out, &complaint, &status, NULL));
		cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 2, "%s", wrong[i].complaint);
		cr_expect_str_eq(out, "");
		cr_expect(g_str_has_prefix(complaint, "virt-fleet: "), "%s", complaint);
		cr_expect(strstr(complaint, wrong[i].complaint), "%s", complaint);
		cr_expect_eq(strchr(complaint, '\n'), complaint + strlen(complaint) - 1, "%s", complaint);
	}
}

/* A command may follow --demo: it is not taken for the fleet's size. */
Test(usage, demo_takes_no_word_of_others)
{
	const char *const orders[][4] = { { "--demo", "list", "hosts" }, { "list", "--demo", "hosts" },
		{ "list", "hosts", "--demo" } };

	for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
		const char *argv[] = { program(), orders[i][0], orders[i][1], orders[i][2], "--columns=name",
			NULL };
		g_autofree char *out = NULL;
		int status;

		cr_assert(g_spawn_sync(NULL, (char **)(uintptr_t)argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL,
			NULL, &out, NULL, &status, NULL));
		cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		cr_expect(strstr(out, "\nkvm001\n"), "%.200s", out);
	}
}
