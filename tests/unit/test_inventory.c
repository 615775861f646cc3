#include "config/command.h"
#include "config/config.h"
#include "config/inventory.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* "name=spec[tags]" of all hosts, separated by blanks. */
static char *
fleet_of(const GPtrArray *list)
{
	GString *line = g_string_new(NULL);

	for (guint i = 0; i < list->len; i++) {
		const struct config_host *host = list->pdata[i];
		g_autofree char *spec = hostspec_format(host->spec), *tags = g_strjoinv(",", host->tags);

		g_string_append_printf(line, "%s%s=%s[%s]", i ? " " : "", host->name, spec, tags);
	}
	return g_string_free(line, FALSE);
}

/* The fleet that TEXT makes, or the message of its error. */
static char *
read_fleet(const char *text, const char *const *groups)
{
	struct host_settings defaults = { .user = (char *)(uintptr_t) "adm" };
	struct hosts hosts;
	g_autoptr(GError) error = NULL;
	char *result;

	hosts_init(&hosts, &defaults);
	if (inventory_read(text, "inv", groups, &hosts, &error))
		result = fleet_of(hosts.list);
	else
		result = g_strdup(error->message);
	hosts_done(&hosts);
	return result;
}

#define META(vars) "\"_meta\": {\"hostvars\": {" vars "}}"

/* clang-format off */
static const struct {
	const char *text, *result;
} cases[] = {
	{ "{}", "" },
	{ "{\"kvm\": {\"hosts\": [\"a\", \"b\"]}}", "a=adm@a[kvm] b=adm@b[kvm]" },
	{ "{\"kvm\": [\"a\", \"b\"]}", "a=adm@a[kvm] b=adm@b[kvm]" },
	{ "{" META("\"a\": {}, \"b\": {}") "}", "a=adm@a[] b=adm@b[]" },
	{ "{\"all\": {\"hosts\": [\"a\"], \"children\": [\"ungrouped\"]}, \"ungrouped\": {\"hosts\": [\"a\"]}}", "a=adm@a[]" },
	{ "{\"kvm\": [\"a\"], \"prod\": [\"a\"], \"kvm2\": [\"b\"]}", "a=adm@a[kvm,prod] b=adm@b[kvm2]" },
	{ "{\"dc\": {\"children\": [\"kvm\"]}, \"kvm\": {\"hosts\": [\"a\"]}}", "a=adm@a[dc,kvm]" },
	{ "{\"x\": {\"children\": [\"y\"], \"hosts\": [\"a\"]}, \"y\": {\"children\": [\"x\"]}}", "a=adm@a[x,y]" },
	{ "{\"x\": {\"children\": [\"x\"], \"hosts\": [\"a\"]}}", "a=adm@a[x]" },
	{ "{\"x\": {\"children\": [\"not-there\"], \"hosts\": [\"a\"]}}", "a=adm@a[x]" },

	{ "{\"k\": [\"a\"], " META("\"a\": {\"ansible_host\": \"10.0.0.1\", \"ansible_user\": \"root\", \"ansible_port\": 2222}")
	  "}", "a=root@10.0.0.1:2222[k]" },
	{ "{\"k\": [\"a\"], " META("\"a\": {\"ansible_ssh_host\": \"h\", \"ansible_ssh_user\": \"u\", \"ansible_ssh_port\": \"22\"}")
	  "}", "a=u@h:22[k]" },
	{ "{\"k\": [\"a\"], " META("\"a\": {\"virt_fleet_hypervisor\": \"xen\", \"virt_fleet_socket\": \"/s\"}") "}",
	  "a=xen+ssh://adm@a/system?socket=/s[k]" },
	{ "{\"k\": [\"a\"], " META("\"a\": {\"virt_fleet_uri\": \"test:///default\", \"ansible_user\": \"u\"}") "}",
	  "a=test:///default[k]" },
	{ "{\"k\": [\"a\"], " META("\"a\": {\"ansible_host\": \"::1\", \"ansible_port\": 22}") "}", "a=adm@[::1]:22[k]" },
	{ "{\"k\": [\"a\"], " META("\"a\": {\"ansible_host\": null, \"ansible_port\": null}") "}", "inv, host 'a': a host has either "
	  "a key 'host' or a key 'uri'; this one has none" },

	/* whose variable counts: the host's, else the nearest group's, else all's */
	{ "{\"all\": {\"vars\": {\"ansible_user\": \"u-all\"}}, \"dc\": {\"children\": [\"k\"], \"vars\": {\"ansible_user\": \"u-dc\"}},"
	  " \"k\": {\"hosts\": [\"a\", \"b\"], \"vars\": {\"ansible_user\": \"u-k\"}}, \"o\": [\"c\"], \"dc2\": [\"d\"], \"dc\": {},"
	  META("\"a\": {\"ansible_user\": \"u-a\"}") "}",
	  "a=u-a@a[dc,k] b=u-k@b[dc,k] c=u-all@c[o] d=u-all@d[dc2]" },
	{ "{\"dc\": {\"children\": [\"k\"], \"vars\": {\"ansible_user\": \"u-dc\"}}, \"k\": {\"hosts\": [\"a\"]}}", "a=u-dc@a[dc,k]" },

	{ "", "inv: the output is no inventory in JSON (wrong from byte 0 on); allowed: an object of groups, as "
	  "'ansible-inventory --list' prints it" },
	{ "{\"k\": [}", "inv: the output is no inventory in JSON (wrong from byte 7 on); *" },
	{ "{} x", "inv: the output is no inventory in JSON (wrong from byte 3 on); *" },
	{ "[]", "inv: the output is no inventory in JSON *" },
	{ "{\"k\": 5}", "inv: the group 'k' is neither a list nor an object" },
	{ "{\"k\": {\"hosts\": {\"a\": {}}}}", "inv: the group 'k' has hosts that are no list" },
	{ "{\"k\": [5]}", "inv: the group 'k' has hosts that are no texts" },
	{ "{\"k\": {\"children\": [[]]}}", "inv: the group 'k' has children that are no texts" },
	{ "{\"k\": [\"-x\"]}", "inv, host '-x': the host name '-x' begins with '-', as options do" },
	{ "{\"k\": [\"a\"], " META("\"a\": {\"ansible_port\": 1.5}") "}", "inv, host 'a': port: '1.5' is no number; allowed: 1 to "
	  "65535" },
	{ "{\"k\": [\"a\"], " META("\"a\": {\"ansible_user\": true, \"ansible_port\": []}") "}", "inv, host 'a': port: a list is no "
	  "number; allowed: 1 to 65535" },
	{ "{\"k\": [\"a\"], " META("\"a\": {\"virt_fleet_hypervisor\": \"kwm\"}") "}", "inv, host 'a': hypervisor: 'kwm' is not known; "
	  "allowed: *; did you mean 'kvm'?" },
	{ "{\"k\": [\"a\", \"b\"], " META("\"a\": {\"ansible_host\": \"h\"}, \"b\": {\"ansible_host\": \"H\"}") "}",
	  "inv, host 'b': the host 'adm@h' comes twice; first: inv, host 'a'" },
};
/* clang-format on */

Test(inventory, reads_what_ansible_prints)
{
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *result = read_fleet(cases[i].text, NULL);
		bool same = strchr(cases[i].result, '*') ? g_pattern_match_simple(cases[i].result, result)
							 : strcmp(cases[i].result, result) == 0;

		cr_expect(same, "%s\n%s\n%s", cases[i].text, result, cases[i].result);
	}
}

Test(inventory, labels_and_site_are_variables)
{
	struct host_settings defaults = { 0 };
	struct hosts hosts;
	const struct config_host *host;

	hosts_init(&hosts, &defaults);
	cr_assert(inventory_read("{\"k\": {\"hosts\": [\"a\"], \"vars\": {\"virt_fleet_site\": \"dc1\","
				 "\"virt_fleet_labels\": {\"rack\": 7, \"hot\": true}}}}",
		"inv", NULL, &hosts, NULL));
	host = hosts.list->pdata[0];
	cr_expect_str_eq(host->site, "dc1");
	cr_expect_str_eq(g_hash_table_lookup(host->labels, "rack"), "7");
	cr_expect_str_eq(g_hash_table_lookup(host->labels, "hot"), "true");
	cr_expect_str_eq(host->origin, "inv, host 'a'");
	hosts_done(&hosts);
}

Test(inventory, groups_choose_hosts)
{
	static const char text[] =
		"{\"dc1\": {\"children\": [\"kvm\"]}, \"kvm\": [\"a\"], \"xen\": [\"b\"], \"web\": [\"c\"]}";
	static const struct {
		const char *groups[3], *result;
	} choices[] = {
		{ { NULL }, "a=adm@a[dc1,kvm] b=adm@b[xen] c=adm@c[web]" },
		{ { "kvm", "xen" }, "a=adm@a[dc1,kvm] b=adm@b[xen]" },
		{ { "dc1" }, "a=adm@a[dc1,kvm]" },
		{ { "all" }, "a=adm@a[dc1,kvm] b=adm@b[xen] c=adm@c[web]" },
		{ { "kwm" }, "inv: inventory.groups: there is no group 'kwm'; allowed: all, dc1, kvm, xen, "
			     "web; did you "
			     "mean 'kvm'?" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(choices); i++) {
		g_autofree char *result = read_fleet(text, choices[i].groups);

		cr_expect_str_eq(result, choices[i].result);
	}
}

/* What a shell's SCRIPT prints, or the message of the error. */
static char *
run(const char *script, int64_t timeout_ms, size_t limit)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	g_autoptr(GError) error = NULL;
	char *output = command_run(argv, timeout_ms, limit, &error);

	cr_expect_eq(output == NULL, error != NULL);
	cr_expect(error == NULL || g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_FILE));
	return output ? output : g_strdup(error->message);
}

Test(command, returns_the_output_or_says_what_happened)
{
	static const struct {
		const char *script, *result;
	} scripts[] = {
		{ "echo hello; echo ignored >&2", "hello\n" },
		{ "exit 0", "" },
		{ "cat", "" }, /* nothing to read, and no terminal to wait for */
		{ "exec >&- 2>&-; exit 0", "" },
		{ "exit 3", "'sh' ended with status 3" },
		{ "echo first >&2; echo no such vault >&2; exit 1",
			"'sh' ended with status 1 and said 'no such vault'" },
		{ "kill -TERM $$", "'sh' ended with signal 15" },
		{ "head -c 100000 /dev/zero | tr '\\0' x >&2; echo; echo end >&2; exit 1",
			"'sh' ended with status 1 and said 'xxxx*" },
		{ "yes", "'sh' prints more than 1 MiB" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(scripts); i++) {
		g_autofree char *result = run(scripts[i].script, 60000, 1 << 20);

		cr_expect(g_pattern_match_simple(scripts[i].result, result), "%s: %s", scripts[i].script,
			result);
	}
}

Test(command, ends_what_takes_too_long)
{
	static const char *const scripts[] = { "sleep 1000", "exec >&- 2>&-; sleep 1000",
		"sleep 1000 & exit 0" };

	for (size_t i = 0; i < G_N_ELEMENTS(scripts); i++) {
		g_autofree char *result = run(scripts[i], 200, 1 << 20);

		cr_expect_str_eq(result, "'sh' takes too long; see inventory.timeout", "%s", scripts[i]);
	}
}

Test(command, says_what_can_not_be_run)
{
	const char *const argv[] = { "/no/such/program", NULL };
	g_autoptr(GError) error = NULL;

	cr_assert_null(command_run(argv, 1000, 1 << 20, &error));
	cr_expect_str_eq(error->message, "'/no/such/program' can't be run: No such file or directory");
}

/* A program in FILE, which is made or replaced. */
static void
write_script(const char *file, const char *text)
{
	cr_assert(g_file_set_contents(file, text, -1, NULL));
	cr_assert_eq(g_chmod(file, 0700), 0);
}

Test(inventory, config_runs_the_command_beside_it)
{
	g_autofree char *folder = g_dir_make_tmp("vf-XXXXXX", NULL), *fleet = NULL;
	g_autofree char *script = g_build_filename(folder, "hosts.sh", NULL);
	g_autofree char *file = g_build_filename(folder, "config.yaml", NULL);
	g_autoptr(GError) error = NULL;
	struct config *config;

	write_script(script, "#!/bin/sh\necho '{\"kvm\": [\"a\", \"b\"], \"web\": [\"c\"]}'\n");
	cr_assert(g_file_set_contents(
		file, "hosts: [x]\ninventory: {command: ./hosts.sh --list, groups: kvm}\n", -1, NULL));
	config = config_load(file, &error);
	cr_assert_not_null(config, "%s", error ? error->message : "");
	fleet = fleet_of(config->hosts);
	cr_expect_str_eq(fleet, "x=x[] a=a[kvm] b=b[kvm]");
	config_free(config);

	write_script(script, "#!/bin/sh\necho no >&2; exit 1\n");
	cr_expect_null(config_load(file, &error));
	cr_expect(g_pattern_match_simple(
			  "inventory.command: '*hosts.sh' ended with status 1 and said 'no'", error->message),
		"%s", error->message);
	unlink(script);
	unlink(file);
	rmdir(folder);
}
