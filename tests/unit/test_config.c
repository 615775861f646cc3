#include "config/config.h"
#include "config/schema.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct config *
parse(const char *text)
{
	g_autoptr(GError) error = NULL;
	struct config *config = config_parse(text, strlen(text), "c.yaml", &error);

	cr_assert_not_null(config, "%s\n%s", text, error ? error->message : "");
	return config;
}

static const struct config_host *
host_at(const struct config *config, guint i)
{
	cr_assert_lt(i, config->hosts->len);
	return config->hosts->pdata[i];
}

/* "name=spec" of all hosts, separated by blanks. */
static char *
fleet_of(const struct config *config)
{
	GString *line = g_string_new(NULL);

	for (guint i = 0; i < config->hosts->len; i++) {
		const struct config_host *host = host_at(config, i);
		g_autofree char *spec = hostspec_format(host->spec);

		g_string_append_printf(line, "%s%s=%s", i ? " " : "", host->name, spec);
	}
	return g_string_free(line, FALSE);
}

static bool
same_option(const struct option_def *def, const struct draft *a, const struct draft *b)
{
	const char *x = (const char *)a + def->offset, *y = (const char *)b + def->offset;

	switch (def->type) {
	case OPTION_BOOL:
		return *(const bool *)x == *(const bool *)y;
	case OPTION_WORD:
	case OPTION_TEXT:
		return g_strcmp0(*(char *const *)x, *(char *const *)y) == 0;
	case OPTION_LIST:
	case OPTION_ARGV: { /* unset and empty are the same */
		static const char *const none[] = { NULL };
		const char *const *left = *(const char *const *const *)x;
		const char *const *right = *(const char *const *const *)y;

		return g_strv_equal(left ? left : none, right ? right : none);
	}
	case OPTION_MAP:
	case OPTION_RAW:
		return true;
	default:
		return *(const int64_t *)x == *(const int64_t *)y;
	}
}

Test(config, shipped_defaults_are_the_compiled_ones)
{
	struct draft compiled = { 0 }, shipped = { 0 };
	const char *text = config_defaults_text();
	struct yaml_value *root = yaml_parse(text, strlen(text), "defaults.yaml", NULL);
	struct config *config;

	cr_assert_not_null(root);
	option_preset(&schema_config, &compiled);
	cr_assert(option_read(&schema_config, root, &shipped, NULL)); /* over nothing: it must say it all */
	for (const struct option_def *def = schema_config.defs; def->path != NULL; def++) {
		cr_expect_not_null(option_value(root, def->path), "defaults.yaml lacks %s", def->path);
		cr_expect(same_option(def, &compiled, &shipped), "defaults.yaml differs in %s", def->path);
		cr_expect(def->type != OPTION_RAW || option_value(root, def->path)->type == YAML_MAP ||
				  option_value(root, def->path)->items->len == 0,
			"%s", def->path);
	}
	for (const struct option_def *def = schema_defaults.defs; def->path != NULL; def++)
		cr_expect_not_null(yaml_get(shipped.defaults, def->path),
			"defaults.yaml lacks %s of defaults", def->path);
	option_clear(&schema_config, &compiled);
	option_clear(&schema_config, &shipped);
	yaml_unref(root);

	config = parse(text);
	cr_expect_eq(config->hosts->len, 0);
	cr_expect_eq(config->keys->len, 0);
	cr_expect_str_eq(config->theme->name, "default");
	cr_expect_null(config->tenant_regex);
	config_free(config);
	config_free(NULL);
}

Test(config, header_names_the_defaults)
{
	g_autoptr(GError) error = NULL;
	struct config *config = config_load(NULL, &error);

	cr_assert_not_null(config, "%s", error ? error->message : "");
	cr_expect_eq(config->interval_ms, 2000);
	cr_expect_eq(config->connect_timeout_ms, 10000);
	cr_expect_eq(config->slow_ms, 2000);
	cr_expect_eq(config->call_timeout_ms, 15000);
	cr_expect_eq(config->keepalive_ms, 5000);
	cr_expect_eq(config->retry_min_ms, 1000);
	cr_expect_eq(config->retry_max_ms, 60000);
	cr_expect_eq(config->connect_parallel, 64);
	cr_expect_eq(config->gate_parallel, 8);
	cr_expect_eq(config->calls_per_second, 10);
	cr_expect_eq(config->fleet_calls_per_second, 200);
	cr_expect_eq(config->confirm_type_count, 20);
	cr_expect_eq(config->cpu_warn_pct, 70);
	cr_expect_eq(config->cpu_bad_pct, 90);
	cr_expect_eq(config->mem_warn_pct, 85);
	cr_expect_eq(config->mem_bad_pct, 95);
	cr_expect_eq(config->ready_warn_pct, 5);
	cr_expect_eq(config->ready_bad_pct, 10);
	cr_expect_eq(config->vcpu_cap_pct, 400);
	cr_expect_not(config->ascii);
	cr_expect(config->mouse);
	config_free(config);
}

/* The whole file of PATH below the source's top. */
static char *
source_file(const char *path)
{
	g_autoptr(GError) error = NULL;
	char *text = NULL;

	cr_assert(g_file_get_contents(path, &text, NULL, &error), "%s", error ? error->message : "");
	return text;
}

/* What MANUAL says about PATH, up to the next option; NULL when it says nothing. */
static char *
manual_entry(const char *manual, const char *path)
{
	g_autofree char *item = g_strdup_printf("\n.It Ic %s\n", path);
	const char *entry = strstr(manual, item), *next;

	if (entry == NULL)
		return NULL;
	entry += strlen(item);
	next = strstr(entry, "\n.It Ic ");
	return next ? g_strndup(entry, (gsize)(next - entry)) : g_strdup(entry);
}

Test(config, manual_knows_every_option_and_its_range)
{
	const struct option_table *tables[] = { &schema_config, &schema_host };
	g_autofree char *manual = source_file("man/virt-fleet.yaml.5");

	for (size_t t = 0; t < G_N_ELEMENTS(tables); t++) {
		for (const struct option_def *def = tables[t]->defs; def->path != NULL; def++) {
			g_autofree char *entry = manual_entry(manual, def->path);
			g_autofree char *min = option_format(def->type, def->min);
			g_autofree char *max = option_format(def->type, def->max);
			g_autofree char *range = g_strdup_printf("%s to %s", min, max);

			cr_assert_not_null(entry, "the manual lacks %s", def->path);
			cr_expect(def->max == 0 || strstr(entry, range) != NULL,
				"the manual lacks the range %s of %s", range, def->path);
			cr_expect(def->preset == NULL || strstr(entry, def->preset) != NULL,
				"the manual lacks the default %s of %s", def->preset, def->path);
		}
	}
}

Test(config, manual_knows_every_word)
{
	g_autofree char *manual = source_file("man/virt-fleet.yaml.5");

	for (size_t role = 0; role < ROLE_COUNT; role++) {
		g_autofree char *entry = manual_entry(manual, role_name((enum role)role));

		cr_expect_not_null(entry, "the manual lacks the role %s", role_name((enum role)role));
	}
	for (size_t i = 0; theme_names()[i] != NULL; i++)
		cr_expect_not_null(strstr(manual, theme_names()[i]), "the manual lacks %s", theme_names()[i]);
	for (size_t i = 0; hostspec_hypervisors[i] != NULL; i++)
		cr_expect_not_null(strstr(manual, hostspec_hypervisors[i]));
}

Test(config, reads_numbers_as_people_write_them)
{
	static const struct {
		const char *text;
		size_t offset;
		int64_t value;
	} cases[] = {
		{ "refresh: 500ms", offsetof(struct config, interval_ms), 500 },
		{ "refresh: 1.5s", offsetof(struct config, interval_ms), 1500 },
		{ "refresh: 1m", offsetof(struct config, interval_ms), 60000 },
		{ "refresh: 1h", offsetof(struct config, interval_ms), 3600000 },
		{ "refresh: \"3s\"", offsetof(struct config, interval_ms), 3000 },
		{ "limits: {retry_max: 24h}", offsetof(struct config, retry_max_ms), 86400000 },
		{ "limits: {connect_parallel: 1}", offsetof(struct config, connect_parallel), 1 },
		{ "thresholds: {cpu: {warn: 60%}}", offsetof(struct config, cpu_warn_pct), 60 },
		{ "thresholds: {cpu: {warn: 60, bad: 80}}", offsetof(struct config, cpu_bad_pct), 80 },
		{ "thresholds: {vcpu_per_cpu: 3:1}", offsetof(struct config, vcpu_cap_pct), 300 },
		{ "thresholds: {vcpu_per_cpu: 2.5:1}", offsetof(struct config, vcpu_cap_pct), 250 },
		{ "thresholds: {vcpu_per_cpu: 5}", offsetof(struct config, vcpu_cap_pct), 500 },
		{ "limits: {connect_parallel: }", offsetof(struct config, connect_parallel), 64 },
		{ "limits:", offsetof(struct config, connect_parallel), 64 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct config *config = parse(cases[i].text);
		int64_t have = *(const int64_t *)((const char *)config + cases[i].offset);

		cr_expect_eq(have, cases[i].value, "%s is %" G_GINT64_FORMAT, cases[i].text, have);
		config_free(config);
	}
}

Test(config, reads_switches_and_texts)
{
	struct config *config =
		parse("ui: {ascii: Yes, mouse: off, theme: light}\ntenant: {regex: '^([^-]+)-'}\n");

	cr_expect(config->ascii);
	cr_expect_not(config->mouse);
	cr_expect_str_eq(config->theme->name, "light");
	cr_expect_str_eq(config->tenant_regex, "^([^-]+)-");
	config_free(config);
}

Test(config, hosts_say_or_inherit)
{
	struct config *config =
		parse("defaults: {user: adm, port: 2200, hypervisor: xen, site: dc1,\n"
		      "  tags: [prod, all], labels: {rack: r1, owner: ops}, socket: /run/s}\n"
		      "hosts:\n"
		      "  - a\n"
		      "  - root@b:22\n"
		      "  - {host: c, user: bob, port: 23, hypervisor: kvm, socket: /run/c, site: dc2,\n"
		      "     maintenance: yes, tags: [ssd, prod], labels: {rack: r2}}\n"
		      "  - qemu+ssh://d/system\n"
		      "  - {uri: 'qemu+ssh://eve@e:24/system?socket=/run/e', name: echo}\n"
		      "  - {uri: 'test:///default', tags: toy}\n");
	g_autofree char *fleet = fleet_of(config), *tags = NULL;
	const struct config_host *c = host_at(config, 2);

	cr_expect_str_eq(fleet, "a=xen+ssh://adm@a:2200/system?socket=/run/s "
				"b=xen+ssh://root@b:22/system?socket=/run/s "
				"c=qemu+ssh://bob@c:23/system?socket=/run/c "
				"d=qemu+ssh://adm@d:2200/system?socket=/run/s "
				"echo=qemu+ssh://eve@e:24/system?socket=/run/e "
				"test:///default=test:///default");
	cr_expect_str_eq(host_at(config, 0)->site, "dc1");
	cr_expect_str_eq(host_at(config, 0)->origin, "c.yaml:4:5");
	cr_expect_str_eq(c->site, "dc2");
	cr_expect(c->maintenance && !host_at(config, 0)->maintenance);
	tags = g_strjoinv(" ", c->tags);
	cr_expect_str_eq(tags, "all prod ssd", "sorted, each once: %s", tags);
	cr_expect_str_eq(g_hash_table_lookup(c->labels, "rack"), "r2");
	cr_expect_str_eq(g_hash_table_lookup(c->labels, "owner"), "ops");
	config_free(config);
}

Test(config, hosts_without_settings_have_none)
{
	struct config *config = parse("hosts: [a]");
	const struct config_host *host = host_at(config, 0);

	cr_expect_null(host->site);
	cr_expect_null(host->tags[0]);
	cr_expect_eq(g_hash_table_size(host->labels), 0);
	config_free(config);
}

Test(config, names_are_short_and_unique)
{
	static const struct {
		const char *hosts, *names;
	} cases[] = {
		{ "[a]", "a" },
		{ "[root@a:22]", "a" },
		{ "['a:22', 'a:2222']", "a:22 a:2222" },
		{ "[a, 'a:2222']", "a a:2222" },
		{ "[alice@a, bob@a]", "alice@a bob@a" },
		{ "['alice@a:22', 'bob@a:22']", "alice@a bob@a" },
		{ "[a, 'a:22', alice@a, 'alice@a:22']", "a a:22 alice@a alice@a:22" },
		{ "['[::1]:22', '[::1]:23']", "[::1]:22 [::1]:23" },
		{ "['root@[::1]:22']", "::1" },
		{ "['kvm[08-10].x']", "kvm08.x kvm09.x kvm10.x" },
		{ "['qemu+ssh://root@a/system', b]", "a b" },
		{ "['qemu+ssh://a/system', 'lxc+ssh://a/system']", "qemu+ssh://a/system lxc+ssh://a/system" },
		{ "['qemu+ssh://h:1/session?socket=/a', 'qemu+ssh://h:2/session?socket=/b']", "h:1 h:2" },
		{ "['test+ssh://root@127.0.0.1:2200/var/x/kvm[001-003].xml']", "kvm001 kvm002 kvm003" },
		{ "['test+ssh://a/x/node.xml', 'test+ssh://b/x/node.xml']", "a/node b/node" },
		{ "['test+ssh://a:1/x/node.xml', 'test+ssh://a:2/x/node.xml']", "a:1/node a:2/node" },
		{ "['test+ssh://a/x/node.xml', 'test+ssh://a/y/node.xml']",
			"test+ssh://a/x/node.xml test+ssh://a/y/node.xml" },
		{ "['test+ssh://a/node.xml']", "node" },
		{ "['test+ssh://a/x/kvm1.xml', kvm1]", "a/kvm1 kvm1" },
		{ "['test:///default', 'qemu:///system']", "test:///default qemu:///system" },
		{ "['test:///x/one.xml', 'qemu+tls://h/system']", "one h" },
		{ "[{host: a, name: b}, b]", NULL },
		{ "[{host: a, name: b}, 'b:22']", "b b:22" },
		{ "[{host: '10.0.0.[1-2]', name: 'kvm[1-2]'}]", "kvm1 kvm2" },
		{ "[{host: a, name: x}, {host: b, name: x}]", NULL },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = g_strdup_printf("hosts: %s", cases[i].hosts);
		g_autoptr(GError) error = NULL;
		struct config *config = config_parse(text, strlen(text), "c.yaml", &error);
		GString *names = g_string_new(NULL);

		cr_assert_eq(
			config == NULL, cases[i].names == NULL, "%s: %s", text, error ? error->message : "");
		for (guint k = 0; config != NULL && k < config->hosts->len; k++)
			g_string_append_printf(names, "%s%s", k ? " " : "", host_at(config, k)->name);
		cr_expect(config == NULL || strcmp(names->str, cases[i].names) == 0, "%s: %s", text,
			names->str);
		g_string_free(names, TRUE);
		config_free(config);
	}
}

Test(config, reads_keys)
{
	struct config *config = parse("keys:\n"
				      "  ctrl-R: refresh\n"
				      "  \"~\": jobs\n"
				      "  vms: {S: none, f5: refresh}\n");
	const struct config_key *key;

	cr_assert_eq(config->keys->len, 4);
	key = config->keys->pdata[0];
	cr_expect_null(key->view);
	cr_expect(keyspec_equal(key->key, (struct keyspec){ 'r', KEY_MOD_CTRL }));
	cr_expect_str_eq(key->request, "refresh");
	cr_expect_str_eq(key->origin, "c.yaml:2:3");
	key = config->keys->pdata[2];
	cr_expect_str_eq(key->view, "vms");
	cr_expect_str_eq(key->request, "none");
	cr_expect_str_eq(key->origin, "c.yaml:4:9");
	config_free(config);
}

Test(config, the_command_line_knows_the_files_themes)
{
	struct config *config = parse("themes: {night: {base: mono, warn: bold 208}}\nhosts: [a]\n");
	g_autoptr(GError) error = NULL;

	cr_expect(config_set_theme(config, "night", NULL));
	cr_expect_str_eq(config->theme->name, "night");
	cr_expect_eq(config->theme->styles[ROLE_WARN].fg, 208);
	cr_expect(config_set_theme(config, "light", NULL));
	cr_expect_str_eq(config->theme->name, "light");
	cr_expect_not(config_set_theme(config, "day", &error));
	cr_expect_str_eq(error->message,
		"there is no theme 'day'; allowed are: default, light, colour-blind, mono, night");
	cr_expect_str_eq(config->theme->name, "light", "it is left alone");
	config_free(config);
}

Test(config, themes_build_on_each_other)
{
	struct config *config = parse("ui: {theme: night}\n"
				      "themes: {night: {base: mono, warn: bold 208, bad: 196 on 17}}\n"
				      "colours: {bad: reverse}\n");
	struct theme *mono = theme_new("mono");

	cr_expect_str_eq(config->theme->name, "night");
	cr_expect_eq(config->theme->styles[ROLE_WARN].fg, 208);
	cr_expect_eq(config->theme->styles[ROLE_BAD].fg, -1);
	cr_expect_eq(config->theme->styles[ROLE_BAD].attrs, STYLE_REVERSE);
	cr_expect_eq(config->theme->styles[ROLE_MARKED].attrs, mono->styles[ROLE_MARKED].attrs);
	theme_free(mono);
	config_free(config);
}

Test(config, aliases_are_shared_settings)
{
	struct config *config = parse("hosts:\n"
				      "  - {host: a, labels: &l {rack: r1}, tags: &t [x, y]}\n"
				      "  - {host: b, labels: *l, tags: *t}\n");

	cr_expect_str_eq(g_hash_table_lookup(host_at(config, 1)->labels, "rack"), "r1");
	cr_expect_str_eq(host_at(config, 1)->tags[1], "y");
	config_free(config);
}

/* clang-format off */
static const struct {
	const char *text, *message;
} bad[] = {
	/* YAML itself */
	{ "hosts: [a", "c.yaml:2:1: this is not YAML: did not find expected ',' or ']' while parsing a flow sequence" },
	{ "ui:\n\tascii: yes\n", "c.yaml:2:1: this is not YAML: found character that cannot start any token while scanning for "
	  "the next token; YAML indents with spaces, never with tabs" },
	{ "ui: {\n  theme: \xff}\n", "c.yaml:2:10: this is not YAML: invalid leading UTF-8 octet" },
	{ "hosts: *x\n", "c.yaml:1:8: the alias *x stands before the end of its anchor &x, or there is none" },
	{ "hosts: &x [*x]\n", "c.yaml:1:12: the alias *x stands before the end of its anchor &x, or there is none" },
	{ "ui: {}\n---\nui: {}\n", "c.yaml:3:1: a second document begins here; allowed: one" },
	{ "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "c.yaml:1:17: this is nested too deeply; allowed: 16 levels" },
	{ "refresh: \"2s\\0\"", "c.yaml:1:10: a text can't hold a NUL character" },
	{ "? [a]\n: b\n", "c.yaml:1:3: a key must be a text, not a list" },
	{ "~: b\n", "c.yaml:1:1: a key must be a text, not nothing" },
	{ "refresh: 2s\nui: {}\nrefresh: 3s\n", "c.yaml:3:1: the key 'refresh' comes twice; first: c.yaml:1:1" },

	/* keys and sections */
	{ "hots: [a]\n", "c.yaml:1:1: unknown key 'hots' at the top level; allowed here: hosts, defaults, inventory, refresh, "
	  "limits, thresholds, xen, journal, tenant, ui, themes, colours, guards, keys, views; did you mean 'hosts'?" },
	{ "colors: {}\n", "c.yaml:1:1: unknown key 'colors' at the top level; allowed here: hosts, defaults, inventory, refresh, "
	  "limits, thresholds, xen, journal, tenant, ui, themes, colours, guards, keys, views; did you mean 'colours'?" },
	{ "thresholds:\n  cpu: {wran: 3}\n", "c.yaml:2:9: unknown key 'wran' in thresholds.cpu; allowed here: warn, bad; did you "
	  "mean 'warn'?" },
	{ "ui: {\"a\\eb\": 1}\n", "c.yaml:1:6: unknown key 'a\\u001bb' in ui; allowed here: ascii, mouse, theme" },
	{ "- a\n", "c.yaml:1:1: a list stands where keys should at the top level; allowed here: hosts, defaults, inventory, "
	  "refresh, limits, thresholds, xen, journal, tenant, ui, themes, colours, guards, keys, views" },
	{ "limits: 5\n", "c.yaml:1:9: a text stands where keys should in limits; allowed here: connect_timeout, slow_answer, "
	  "call_timeout, keepalive, retry_min, retry_max, connect_parallel, gate_parallel, calls_per_second, fleet_calls_per_second, "
	  "events, jobs_parallel, jobs_per_host, moves_out, moves_in, shutdown_wait, jobs_kept, confirm_count" },

	/* values */
	{ "refresh: 2\n", "c.yaml:1:10: refresh: '2' is no duration; allowed: 500ms to 1h, with the unit ms, s, m or h" },
	{ "refresh: 0.1ms\n", "c.yaml:1:10: refresh: '0.1ms' is no duration; allowed: 500ms to 1h, with the unit ms, s, m or h" },
	{ "refresh: -2s\n", "c.yaml:1:10: refresh: '-2s' is no duration; allowed: 500ms to 1h, with the unit ms, s, m or h" },
	{ "refresh: 10ms\n", "c.yaml:1:10: refresh: '10ms' is out of range; allowed: 500ms to 1h, with the unit ms, s, m or h" },
	{ "refresh: 999999999h\n", "c.yaml:1:10: refresh: '999999999h' is out of range; allowed: 500ms to 1h, with the unit ms, "
	  "s, m or h" },
	{ "refresh: 9999999999s\n", "c.yaml:1:10: refresh: '9999999999s' is no duration; allowed: 500ms to 1h, with the unit ms, "
	  "s, m or h" },
	{ "refresh: [2s]\n", "c.yaml:1:10: refresh: a list is no duration; allowed: 500ms to 1h, with the unit ms, s, m or h" },
	{ "limits: {gate_parallel: 0}\n", "c.yaml:1:25: limits.gate_parallel: '0' is out of range; allowed: 1 to 1024" },
	{ "limits: {events: 100001}\n", "c.yaml:1:18: limits.events: '100001' is out of range; allowed: 10 to 100000" },
	{ "limits: {gate_parallel: 1.5}\n", "c.yaml:1:25: limits.gate_parallel: '1.5' is no number; allowed: 1 to 1024" },
	{ "limits: {gate_parallel: 0x8}\n", "c.yaml:1:25: limits.gate_parallel: '0x8' is no number; allowed: 1 to 1024" },
	{ "thresholds: {cpu: {warn: 70 %}}\n", "c.yaml:1:26: thresholds.cpu.warn: '70 %' is no percentage; allowed: 1% to 1000%" },
	{ "thresholds: {vcpu_per_cpu: 4:2}\n", "c.yaml:1:28: thresholds.vcpu_per_cpu: '4:2' is no ratio; allowed: 0.10:1 to 100:1, "
	  "written 4:1 or 2.5:1" },
	{ "ui: {ascii: maybe}\n", "c.yaml:1:13: ui.ascii: 'maybe' is neither yes nor no; allowed: yes, no" },
	{ "ui: {theme: drak}\n", "c.yaml:1:13: there is no theme 'drak'; allowed: default, light, colour-blind, mono" },
	{ "ui: {theme: lihgt}\nthemes: {night: {}}\n", "c.yaml:1:13: there is no theme 'lihgt'; allowed: default, light, "
	  "colour-blind, mono, night; did you mean 'light'?" },
	{ "tenant: {regex: '('}\n", "c.yaml:1:17: tenant.regex: *" },
	{ "tenant: {match: [name, titel]}\n",
	  "c.yaml:1:24: tenant.match: 'titel' is nothing to match on; allowed: name, title, description" },
	{ "tenant:\n  metadata:\n    namespace: nova\n    path: owner\n",
	  "c.yaml:3:16: tenant.metadata.namespace: 'nova' is no namespace; allowed: what xmlns= says *" },
	{ "tenant: {metadata: {path: 'nova:owner/nova:project'}}\n",
	  "c.yaml:1:27: tenant.metadata.path: 'nova:owner' is no element; allowed: *" },
	{ "tenant: {metadata: {path: /owner}}\n", "c.yaml:1:27: tenant.metadata.path: '' is no element; *" },
	{ "tenant: {metadata: {path: owner, attribute: 'a b'}}\n",
	  "c.yaml:1:45: tenant.metadata.attribute: 'a b' is no attribute; *" },
	{ "tenant: {metadata: {namespace: 'urn:x:1'}}\n",
	  "c.yaml:1:32: tenant.metadata.namespace is set without tenant.metadata.path, *" },
	{ "tenant: {metadata: {attribute: id}}\n",
	  "c.yaml:1:32: tenant.metadata.attribute is set without tenant.metadata.path, *" },
	{ "tenant: {regex: abc}\n", "c.yaml:1:17: tenant.regex: the expression has no group, which would be the tenant; allowed: "
	  "one like ^([^-]+)-" },

	/* what only makes sense together */
	{ "thresholds:\n  cpu: {warn: 95}\n", "c.yaml:2:15: thresholds.cpu.warn is 95% and thresholds.cpu.bad is 90%; allowed: "
	  "the first not above the second" },
	{ "limits:\n  retry_min: 2m\n  retry_max: 90s\n", "c.yaml:3:14: limits.retry_min is 2m and limits.retry_max is 90s; "
	  "allowed: the first not above the second" },

	/* hosts */
	{ "hosts:\n  - {host: x1, prot: 22}\n", "c.yaml:2:16: unknown key 'prot' in a host; allowed here: host, uri, name, "
	  "maintenance, migration_address, hypervisor, user, port, socket, site, tags, labels; did you mean 'port'?" },
	{ "hosts: kvm1\n", "c.yaml:1:8: hosts can't be a text; allowed: a list, like [kvm1, kvm2] or lines that begin with '- '" },
	{ "hosts: [[a]]\n", "c.yaml:1:9: a host can't be a list; allowed: kvm1, root@kvm[01-20].dc1:22, a libvirt URI, or a "
	  "mapping like {host: kvm1, user: root}" },
	{ "hosts:\n  -\n", "c.yaml:2:4: a host can't be nothing; allowed: kvm1, root@kvm[01-20].dc1:22, a libvirt URI, or a "
	  "mapping like {host: kvm1, user: root}" },
	{ "hosts: [a, b, a]\n", "c.yaml:1:15: the host 'a' comes twice; first: c.yaml:1:9" },
	{ "hosts:\n  - kvm[1-9]\n  - b\n  - KVM7\n", "c.yaml:4:5: the host 'kvm7' comes twice; first: c.yaml:2:5" },
	{ "hosts:\n  - qemu+ssh://a/system\n  - {host: a, hypervisor: kvm}\n", "c.yaml:3:5: the host 'qemu+ssh://a/system' comes "
	  "twice; first: c.yaml:2:5" },
	{ "hosts: ['-x']\n", "c.yaml:1:9: the host name '-x' begins with '-', as options do" },
	{ "hosts:\n  - host: a b\n", "c.yaml:2:11: the host name 'a b' holds a ' ', which no host name has" },
	{ "hosts:\n  - host: a[1-\n", "c.yaml:2:11: the range '[' is not closed; allowed: [001-120], [1,3,7-9]" },
	{ "hosts: ['a[1-99999]']\n", "c.yaml:1:9: the ranges make more than 10000 names" },
	{ "hosts: [{user: bob}]\n", "c.yaml:1:9: a host has either a key 'host' or a key 'uri'; this one has none" },
	{ "hosts: [{host: a, uri: 'test:///default'}]\n", "c.yaml:1:24: a host has either a key 'host' or a key 'uri', not both" },
	{ "hosts: [{host: 'test:///default'}]\n", "c.yaml:1:16: host: 'test:///default' is a URI; call it uri" },
	{ "hosts: [{uri: kvm1}]\n", "c.yaml:1:15: uri: 'kvm1' is no URI; allowed: one like qemu+ssh://root@kvm1/system" },
	{ "hosts: [{host: root@a, user: bob}]\n", "c.yaml:1:30: user: 'root@a' says it already; allowed: one of the two" },
	{ "hosts: [{host: 'a:22', port: 22}]\n", "c.yaml:1:30: port: 'a:22' says it already; allowed: one of the two" },
	{ "hosts: [{uri: 'xen+ssh://a/', hypervisor: xen}]\n", "c.yaml:1:43: hypervisor: 'xen+ssh://a/' says it already; allowed: "
	  "one of the two" },
	{ "hosts: [{uri: 'test:///default', user: bob}]\n", "c.yaml:1:40: user: 'test:///default' goes to libvirt as it is; "
	  "allowed: write it into the URI, or use a +ssh URI" },
	{ "hosts: [{host: a, port: 70000}]\n", "c.yaml:1:25: port: '70000' is out of range; allowed: 1 to 65535" },
	{ "hosts: [{host: a, hypervisor: qumu}]\n", "c.yaml:1:31: hypervisor: 'qumu' is not known; allowed: auto, qemu, kvm, xen, "
	  "lxc, test; did you mean 'qemu'?" },
	{ "hosts: [{host: a, socket: run}]\n", "c.yaml:1:27: socket: the socket 'run' is no absolute path" },
	{ "hosts: [{host: a, user: -l}]\n", "c.yaml:1:25: user: the user name '-l' begins with '-', as options do" },
	{ "hosts: [{host: a, site: \"x\\ty\"}]\n", "c.yaml:1:25: site: 'x\\u0009y' holds control characters; allowed: a text" },
	{ "hosts: [{host: a, tags: {x: y}}]\n", "c.yaml:1:25: tags: a mapping is no list; allowed: a list of texts" },
	{ "hosts: [{host: a, tags: [x, [y]]}]\n", "c.yaml:1:29: tags: a list is no text; allowed: a list of texts" },
	{ "hosts: [{host: a, labels: [x]}]\n", "c.yaml:1:27: labels: a list is no mapping; allowed: a mapping of texts" },
	{ "hosts: [{host: a, labels: {x: }}]\n", "c.yaml:1:31: labels: nothing is no text; allowed: a mapping of texts" },
	{ "hosts: [{host: 'a[1-2]', name: x}]\n", "c.yaml:1:32: name: this makes 1 names for 2 hosts; allowed: as many" },
	{ "hosts:\n  - {host: a, name: x}\n  - {host: b, name: x}\n", "c.yaml:3:5: the name 'x' is taken; first: c.yaml:2:5; "
	  "allowed: names that differ" },
	{ "defaults: {host: a}\n", "c.yaml:1:12: unknown key 'host' in defaults; allowed here: hypervisor, user, port, socket, "
	  "site, tags, labels" },
	{ "defaults: {user: 'a b'}\nhosts: [x]\n", "c.yaml:1:18: user: the user name 'a b' holds a ' ', which no user name has" },

	/* keys, colours */
	{ "keys: {ctrl-a: up}\n", "c.yaml:1:8: 'ctrl-a' can't be bound: screen and many a tmux keep it for themselves" },
	{ "keys: {vms: {pgdwn: up}}\n", "c.yaml:1:14: 'pgdwn' is no key; *; did you mean 'pgdn'?" },
	{ "keys: {ctrl-r: up, ctrl-R: down}\n", "c.yaml:1:20: the key ctrl-r comes twice; first: c.yaml:1:8" },
	{ "keys: {j: }\n", "c.yaml:1:*: a key can't be bound to nothing; allowed: the name of a request or an action, or none" },
	{ "keys: [j]\n", "c.yaml:1:7: keys can't be a list; allowed: a mapping" },
	{ "colours: {wran: red}\n", "c.yaml:1:11: unknown role 'wran'; allowed here: normal, *; did you mean 'warn'?" },
	{ "colours: {warn: rde}\n", "c.yaml:1:17: 'rde' is no style; *; did you mean 'red'?" },
	{ "colours: {warn: [red]}\n", "c.yaml:1:17: a style can't be a list; allowed: one like 'bold 208 on 17'" },
	{ "themes: {light: {}}\n", "c.yaml:1:10: the theme 'light' is built in; allowed: another name" },
	{ "themes: {x: {base: y}}\n", "c.yaml:1:20: there is no theme 'y'; allowed: default, light, colour-blind, mono" },
	{ "themes: {x: {wran: red}}\n", "c.yaml:1:14: unknown role 'wran'; *" },
	{ "themes: {x: red}\n", "c.yaml:1:13: a theme can't be a text; allowed: a mapping" },
};
/* clang-format on */

Test(config, errors_say_where_and_what_is_allowed)
{
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;

		cr_expect_null(
			config_parse(bad[i].text, strlen(bad[i].text), "c.yaml", &error), "%s", bad[i].text);
		cr_assert_not_null(error, "%s", bad[i].text);
		cr_expect_eq(error->domain, CONFIG_ERROR);
		if (strchr(bad[i].message, '*') != NULL && strcmp(bad[i].message, error->message) != 0)
			cr_expect(g_pattern_match_simple(bad[i].message, error->message), "%s\n%s",
				bad[i].message, error->message);
		else
			cr_expect_str_eq(error->message, bad[i].message);
	}
}

Test(config, errors_have_codes)
{
	static const struct {
		const char *text;
		int code;
	} cases[] = {
		{ "hosts: [", CONFIG_ERROR_SYNTAX },
		{ "hots: []", CONFIG_ERROR_KEY },
		{ "refresh: 1s\nrefresh: 1s", CONFIG_ERROR_KEY },
		{ "refresh: 1", CONFIG_ERROR_VALUE },
	};
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		cr_expect_null(config_parse(cases[i].text, strlen(cases[i].text), "c.yaml", &error));
		cr_expect(g_error_matches(error, CONFIG_ERROR, cases[i].code), "%s", error->message);
		g_clear_error(&error);
	}
	cr_expect_null(config_load("/no/such/file.yaml", &error));
	cr_expect(g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_FILE));
	cr_expect_not_null(strstr(error->message, "/no/such/file.yaml"));
	cr_expect_null(config_parse("hosts: [", 8, "c.yaml", NULL), "without a place for the error");
}

/* Nine levels of nine aliases each: half a billion values in 400 bytes. */
Test(config, aliases_do_not_blow_up)
{
	GString *text = g_string_new("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
	g_autoptr(GError) error = NULL;

	for (int i = 1; i < 9; i++) {
		g_string_append_printf(text, "a%d: &a%d [", i, i);
		for (int k = 0; k < 9; k++)
			g_string_append_printf(text, "%s*a%d", k ? ", " : "", i - 1);
		g_string_append(text, "]\n");
	}
	cr_expect_null(config_parse(text->str, text->len, "c.yaml", &error));
	cr_expect(g_pattern_match_simple("c.yaml:*: there are too many values up to here; allowed: 500000, *",
			  error->message),
		"%s", error->message);
	g_string_free(text, TRUE);
}

Test(config, sizes_are_bounded)
{
	size_t len = YAML_MAX_BYTES + 1;
	g_autofree char *text = g_malloc(len);
	g_autoptr(GError) error = NULL;

	memset(text, '#', len);
	cr_expect_null(config_parse(text, len, "c.yaml", &error));
	cr_expect_str_eq(error->message, "c.yaml: the file is too big; allowed: 16 MiB");
	g_clear_error(&error);
	memset(text, '[', 1000000);
	cr_expect_null(config_parse(text, 1000000, "c.yaml", &error));
	cr_expect_str_eq(error->message, "c.yaml:1:17: this is nested too deeply; allowed: 16 levels");
}

Test(config, thousands_of_hosts_are_quick_enough_to_test)
{
	struct config *config = parse("hosts: ['kvm[0001-9999].dc1']");

	cr_expect_eq(config->hosts->len, 9999);
	cr_expect_str_eq(host_at(config, 9998)->name, "kvm9999.dc1");
	config_free(config);
}

Test(config, empty_files_are_all_defaults)
{
	static const char *const texts[] = { "", "# nothing\n", "---\n", "{}", "~" };

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		config_free(parse(texts[i]));
}

static void
select_hosts(struct config *config, const char *const *hosts, const char *const *uris, const char *want)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *fleet = NULL;

	cr_assert(config_select(config, hosts, uris, &error), "%s", error ? error->message : "");
	fleet = fleet_of(config);
	cr_expect_str_eq(fleet, want);
}

static const char fleet_text[] = "defaults: {user: adm}\n"
				 "hosts:\n"
				 "  - {host: 'kvm[1-3]', hypervisor: kvm, tags: prod}\n"
				 "  - {host: 10.0.0.9, name: nine}\n"
				 "  - test:///default\n";

Test(config, command_line_keeps_what_the_config_knows)
{
	struct config *config = parse(fleet_text);

	select_hosts(config, (const char *[]){ "kvm2", "nine", "other", NULL }, NULL,
		"kvm2=qemu+ssh://adm@kvm2/system nine=adm@10.0.0.9 other=adm@other");
	cr_expect_str_eq(host_at(config, 0)->tags[0], "prod");
	cr_expect_str_eq(host_at(config, 2)->origin, "command line");
	config_free(config);
}

Test(config, command_line_may_name_user_and_port)
{
	struct config *config = parse(fleet_text);

	select_hosts(config, (const char *[]){ "root@kvm1", "bob@kvm1:2222", "kvm[2-3]:23", NULL }, NULL,
		"kvm1=qemu+ssh://root@kvm1/system kvm1:2222=qemu+ssh://bob@kvm1:2222/system "
		"kvm2=qemu+ssh://adm@kvm2:23/system kvm3=qemu+ssh://adm@kvm3:23/system");
	cr_expect_str_eq(host_at(config, 3)->tags[0], "prod");
	config_free(config);
}

Test(config, command_line_takes_uris)
{
	struct config *config = parse(fleet_text);

	select_hosts(config, (const char *[]){ "test:///default", NULL },
		(const char *[]){ "xen+ssh://x/", "qemu+tls://y/system", NULL },
		"test:///default=test:///default x=xen+ssh://adm@x/system y=qemu+tls://y/system");
	select_hosts(config, NULL, NULL,
		"test:///default=test:///default x=xen+ssh://adm@x/system y=qemu+tls://y/system");
	select_hosts(config, (const char *[]){ NULL }, (const char *[]){ "test:///default", NULL },
		"test:///default=test:///default");
	config_free(config);

	/* a URI is taken as it is, though the config knows its host */
	config = parse(fleet_text);
	select_hosts(config, (const char *[]){ "lxc+ssh://root@kvm1/system", NULL }, NULL,
		"kvm1=lxc+ssh://root@kvm1/system");
	config_free(config);
}

Test(config, command_line_errors_change_nothing)
{
	const struct {
		const char *const *hosts, *const *uris;
		const char *message;
	} cases[] = {
		{ (const char *[]){ "a", "a", NULL }, NULL,
			"command line: the host 'adm@a' comes twice; first: command line" },
		{ (const char *[]){ "kvm1", "kvm[1-2]", NULL }, NULL,
			"command line: the host 'qemu+ssh://adm@kvm1/system' comes twice; first: command "
			"line" },
		{ (const char *[]){ "a", "-x", NULL }, NULL,
			"command line: the host name '-x' begins with '-', as options do" },
		{ (const char *[]){ "a[", NULL }, NULL,
			"command line: the range '[' is not closed; allowed: [001-120], [1,3,7-9]" },
		{ NULL, (const char *[]){ "kvm1", NULL },
			"command line: uri: 'kvm1' is no URI; allowed: one like "
			"qemu+ssh://root@kvm1/system" },
	};
	struct config *config = parse(fleet_text);

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *fleet = NULL;

		cr_assert_not(config_select(config, cases[i].hosts, cases[i].uris, &error));
		cr_expect_str_eq(error->message, cases[i].message);
		fleet = fleet_of(config);
		cr_expect_str_eq(fleet,
			"kvm1=qemu+ssh://adm@kvm1/system kvm2=qemu+ssh://adm@kvm2/system "
			"kvm3=qemu+ssh://adm@kvm3/system nine=adm@10.0.0.9 test:///default=test:///default");
	}
	config_free(config);
}

Test(config, single_options_can_be_set)
{
	struct config *config = config_load(NULL, NULL);
	g_autoptr(GError) error = NULL;

	cr_assert(config_set(config, "refresh", "5s", "--refresh", NULL));
	cr_expect_eq(config->interval_ms, 5000);
	cr_assert(config_set(config, "ui.ascii", "yes", "-U", NULL));
	cr_expect(config->ascii);
	cr_assert_not(config_set(config, "refresh", "5", "--refresh", &error));
	cr_expect_str_eq(error->message,
		"--refresh: '5' is no duration; allowed: 500ms to 1h, with the unit ms, s, m or h");
	cr_expect_eq(config->interval_ms, 5000);
	config_free(config);
}

Test(config, file_of_the_user_comes_first)
{
	g_autofree char *folder = g_dir_make_tmp("vf-XXXXXX", NULL),
			*own = g_build_filename(folder, "virt-fleet", NULL),
			*file = g_build_filename(own, "config.yaml", NULL), *found = NULL;
	struct config *config;

	setenv("XDG_CONFIG_HOME", folder, true);
	cr_assert_eq(g_mkdir(own, 0700), 0);
	cr_assert(g_file_set_contents(file, "hosts: [a]\nrefresh: 3s\n", -1, NULL));
	found = config_find();
	cr_expect_str_eq(found, file);
	config = config_load(found, NULL);
	cr_assert_not_null(config);
	cr_expect_eq(config->interval_ms, 3000);
	cr_expect(g_str_has_suffix(host_at(config, 0)->origin, "virt-fleet/config.yaml:1:9"));
	config_free(config);
	unlink(file);
	rmdir(own);
	rmdir(folder);
}
