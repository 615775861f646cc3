#include "config/schema.h"

#include "config/error.h"
#include "config/hostspec.h"

#include <string.h>

#define MS         ((int64_t)1)
#define SECOND     (1000 * MS)
#define MINUTE     (60 * SECOND)
#define HOUR       (60 * MINUTE)
#define CONFIG(f)  offsetof(struct draft, config.f)
#define DRAFT(f)   offsetof(struct draft, f)
#define SETTING(f) offsetof(struct host_settings, f)

static bool
check_regex(const char *text, GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GRegex) regex = g_regex_new(text, 0, 0, &why);

	if (regex == NULL)
		return config_fail(error, CONFIG_ERROR_VALUE, "%s", why->message);
	if (g_regex_get_capture_count(regex) < 1)
		return config_fail(error, CONFIG_ERROR_VALUE,
			"the expression has no group, which would be the tenant; allowed: one like "
			"^([^-]+)-");
	return true;
}

static bool
check_namespace(const char *text, GError **error)
{
	if (strchr(text, ':') && !strpbrk(text, " \t<>\"'"))
		return true;
	return config_fail(error, CONFIG_ERROR_VALUE,
		"'%s' is no namespace; allowed: what xmlns= says in the XML (not the prefix), like "
		"http://openstack.org/xmlns/libvirt/nova/*",
		text);
}

static bool
is_xml_name(const char *text)
{
	if (!g_ascii_isalpha(*text) && *text != '_')
		return false;
	while (g_ascii_isalnum(*text) || (*text && strchr("_-.", *text)))
		text++;
	return !*text;
}

static bool
check_path(const char *text, GError **error)
{
	g_auto(GStrv) names = g_strsplit(text, "/", -1);

	for (size_t i = 0; names[i]; i++)
		if (!is_xml_name(names[i]))
			return config_fail(error, CONFIG_ERROR_VALUE,
				"'%s' is no element; allowed: names without a prefix, from <metadata> down, "
				"like owner/project",
				names[i]);
	return true;
}

static bool
check_attribute(const char *text, GError **error)
{
	return is_xml_name(text) ||
	       config_fail(error, CONFIG_ERROR_VALUE,
		       "'%s' is no attribute; allowed: a name without a prefix, like id", text);
}

static bool
check_match(const char *text, GError **error)
{
	static const char *const allowed[] = { "name", "title", "description", NULL };

	return g_strv_contains(allowed, text) ||
	       config_fail(error, CONFIG_ERROR_VALUE,
		       "'%s' is nothing to match on; allowed: name, title, description", text);
}

/* clang-format off: a line each is how a table is read. */
#define NUMBER(path_, type_, offset_, preset_, min_, max_, help_)                                         \
	{                                                                                                 \
		.path = path_, .type = OPTION_##type_, .offset = offset_, .preset = preset_, .min = min_, \
		.max = max_, .help = help_                                                                \
	}
#define OTHER(path_, type_, offset_, preset_, help_)                                                       \
	{                                                                                                  \
		.path = path_, .type = OPTION_##type_, .offset = offset_, .preset = preset_, .help = help_ \
	}
#define CHECKED(path_, offset_, check_, help_)                                                        \
	{                                                                                             \
		.path = path_, .type = OPTION_TEXT, .offset = offset_, .check = check_, .help = help_ \
	}

static const struct option_def config_defs[] = {
	OTHER("hosts", RAW, DRAFT(hosts), NULL, "the hosts of the fleet"),
	OTHER("defaults", RAW, DRAFT(defaults), NULL, "what hosts don't say themselves"),

	OTHER("inventory.command", ARGV, DRAFT(inventory_command), NULL,
		"a program that prints more hosts, as Ansible's inventories do"),
	OTHER("inventory.groups", LIST, DRAFT(inventory_groups), NULL,
		"only hosts in one of these groups of it"),
	NUMBER("inventory.timeout", DURATION, DRAFT(inventory_timeout_ms), "10s", SECOND, 10 * MINUTE,
		"how long it may take"),

	NUMBER("refresh", DURATION, CONFIG(interval_ms), "2s", 500 * MS, HOUR,
		"how often each host is asked"),

	NUMBER("limits.connect_timeout", DURATION, CONFIG(connect_timeout_ms), "10s", SECOND, 10 * MINUTE,
		"name, TCP, host key and login together"),
	NUMBER("limits.slow_answer", DURATION, CONFIG(slow_ms), "2s", 100 * MS, 10 * MINUTE,
		"an answer that takes longer makes a host slow"),
	NUMBER("limits.call_timeout", DURATION, CONFIG(call_timeout_ms), "15s", SECOND, 10 * MINUTE,
		"one that takes even longer costs the host its connection"),
	NUMBER("limits.keepalive", DURATION, CONFIG(keepalive_ms), "5s", SECOND, 10 * MINUTE,
		"how often an idle link is tried; three misses end it"),
	NUMBER("limits.retry_min", DURATION, CONFIG(retry_min_ms), "1s", 100 * MS, HOUR,
		"the wait before a lost host is tried again, at first"),
	NUMBER("limits.retry_max", DURATION, CONFIG(retry_max_ms), "1m", SECOND, 24 * HOUR,
		"the same, in the end"),
	NUMBER("limits.connect_parallel", COUNT, CONFIG(connect_parallel), "64", 1, 1024,
		"logins at the same time, in all"),
	NUMBER("limits.gate_parallel", COUNT, CONFIG(gate_parallel), "8", 1, 1024,
		"logins at the same time, to one address or through one jump host"),
	NUMBER("limits.calls_per_second", COUNT, CONFIG(calls_per_second), "10", 1, 10000,
		"to one host, where guests must be asked one by one, for those that are not on the screen"),
	NUMBER("limits.fleet_calls_per_second", COUNT, CONFIG(fleet_calls_per_second), "200", 1, 1000000,
		"the same, to all hosts together"),
	NUMBER("limits.events", COUNT, CONFIG(events_kept), "5000", 10, 100000,
		"entries of the time line that are kept"),
	NUMBER("limits.jobs_parallel", COUNT, CONFIG(jobs_parallel), "16", 1, 1024,
		"acts at the same time, in all"),
	NUMBER("limits.jobs_per_host", COUNT, CONFIG(jobs_per_host), "2", 1, 1024,
		"acts at the same time on one host, without moves"),
	NUMBER("limits.moves_out", COUNT, CONFIG(moves_out), "2", 1, 1024,
		"moves at the same time from one host"),
	NUMBER("limits.moves_in", COUNT, CONFIG(moves_in), "2", 1, 1024,
		"moves at the same time to one host"),
	NUMBER("limits.shutdown_wait", DURATION, CONFIG(shutdown_wait_ms), "2m", SECOND, 24 * HOUR,
		"how long a guest that was asked to shut down may take"),
	NUMBER("limits.jobs_kept", COUNT, CONFIG(jobs_kept), "5000", 10, 100000,
		"ended acts that are remembered"),
	NUMBER("limits.confirm_count", COUNT, CONFIG(confirm_type_count), "20", 1, 1000000,
		"from this many guests on, their number is typed to confirm"),

	NUMBER("thresholds.cpu.warn", PERCENT, CONFIG(cpu_warn_pct), "70", 1, 1000,
		"CPU use of a host or guest"),
	NUMBER("thresholds.cpu.bad", PERCENT, CONFIG(cpu_bad_pct), "90", 1, 1000,
		"CPU use of a host or guest"),
	NUMBER("thresholds.memory.warn", PERCENT, CONFIG(mem_warn_pct), "85", 1, 1000,
		"memory use of a host"),
	NUMBER("thresholds.memory.bad", PERCENT, CONFIG(mem_bad_pct), "95", 1, 1000, "memory use of a host"),
	NUMBER("thresholds.ready.warn", PERCENT, CONFIG(ready_warn_pct), "5", 1, 1000,
		"a guest's wait for a CPU"),
	NUMBER("thresholds.ready.bad", PERCENT, CONFIG(ready_bad_pct), "10", 1, 1000,
		"a guest's wait for a CPU"),
	NUMBER("thresholds.vcpu_per_cpu", RATIO, CONFIG(vcpu_cap_pct), "4:1", 10, 10000,
		"virtual per physical CPUs up to which a host has room for more guests"),

	OTHER("xen.tools", BOOL, CONFIG(xen_tools), "yes",
		"ask xentop on Xen hosts, too, over the same login"),

	OTHER("journal.path", TEXT, CONFIG(journal_path), NULL, "where every act is written down"),
	NUMBER("journal.max_mib", COUNT, CONFIG(journal_max_mib), "10", 1, 4096,
		"how large that file becomes before it is rotated"),
	OTHER("journal.syslog", BOOL, CONFIG(journal_syslog), "no", "the same lines to syslog, too"),

	CHECKED("tenant.metadata.namespace", CONFIG(tenant_metadata.namespace), check_namespace,
		"what xmlns= says of the element in a guest's metadata; unset: any"),
	CHECKED("tenant.metadata.path", CONFIG(tenant_metadata.path), check_path,
		"the element that says the tenant, from <metadata> down"),
	CHECKED("tenant.metadata.attribute", CONFIG(tenant_metadata.attribute), check_attribute,
		"… in this attribute; unset: as its text"),
	CHECKED("tenant.regex", CONFIG(tenant_regex), check_regex,
		"where the metadata says nothing: its first group, matched on the texts below, is the "
		"tenant"),
	{ .path = "tenant.match",
		.type = OPTION_LIST,
		.offset = CONFIG(tenant_match),
		.preset = "name",
		.check = check_match,
		.help = "name, title, description: the first on which it matches" },
	OTHER("tenant.label", TEXT, CONFIG(tenant_label), NULL,
		"where that says nothing either: this label of the guest's host"),

	OTHER("ui.ascii", BOOL, CONFIG(ascii), "no", "draw with ASCII only"),
	OTHER("ui.mouse", BOOL, CONFIG(mouse), "yes", "use the mouse"),
	OTHER("ui.theme", TEXT, DRAFT(theme), "default", "a built-in theme, or one of themes"),
	OTHER("themes", RAW, DRAFT(themes), NULL, "themes of your own"),
	OTHER("colours", RAW, DRAFT(colours), NULL, "changes to the theme in use"),
	OTHER("guards", RAW, DRAFT(guards), NULL, "what is never done, or not without being asked twice"),
	OTHER("keys", RAW, DRAFT(keys), NULL, "changes to the keys"),
	OTHER("views", RAW, DRAFT(views), NULL, "columns and order of the tables"),
	{ 0 },
};

#define NOT_IN_DEFAULTS 5 /* lines at the top of the next table */

static const struct option_def host_defs[] = {
	OTHER("host", TEXT, SETTING(host), NULL, "[user@]name[:port], ranges allowed"),
	OTHER("uri", TEXT, SETTING(uri), NULL, "a libvirt URI, ranges allowed"),
	OTHER("name", TEXT, SETTING(name), NULL, "what the screen calls it, ranges allowed"),
	OTHER("maintenance", BOOL, SETTING(maintenance), NULL, "no guest is moved to it"),
	CHECKED("migration_address", SETTING(migration_address), hostspec_check_address,
		"where other hosts find it when guests are moved to it, ranges allowed; unset: as we find "
		"it"),

	{ .path = "hypervisor",
		.type = OPTION_WORD,
		.offset = SETTING(hypervisor),
		.words = hostspec_hypervisors,
		.help = "auto: found out on the host" },
	CHECKED("user", SETTING(user), hostspec_check_user, "whom to log in as; unset: as ssh decides"),
	NUMBER("port", COUNT, SETTING(port), NULL, 1, UINT16_MAX, "ssh's port; unset: as ssh decides"),
	CHECKED("socket", SETTING(socket), hostspec_check_socket,
		"the daemon's on the host; unset: the usual in turn"),
	OTHER("site", TEXT, SETTING(site), NULL, "where it stands"),
	OTHER("tags", LIST, SETTING(tags), NULL, "words to find it by"),
	OTHER("labels", MAP, SETTING(labels), NULL, "names with values, to group it by"),
	{ 0 },
};
/* clang-format on */

const struct option_table schema_config = { .where = "at the top level", .defs = config_defs };
const struct option_table schema_host = { .where = "in a host", .defs = host_defs };
const struct option_table schema_defaults = { .where = "in defaults", .defs = host_defs + NOT_IN_DEFAULTS };

/* clang-format off */
#define ORDER(low_, high_, type_, low_field_, high_field_)                                             \
	{ low_, high_, offsetof(struct config, low_field_), offsetof(struct config, high_field_), OPTION_##type_ }

const struct schema_order schema_orders[] = {
	ORDER("limits.slow_answer", "limits.call_timeout", DURATION, slow_ms, call_timeout_ms),
	ORDER("limits.retry_min", "limits.retry_max", DURATION, retry_min_ms, retry_max_ms),
	ORDER("thresholds.cpu.warn", "thresholds.cpu.bad", PERCENT, cpu_warn_pct, cpu_bad_pct),
	ORDER("thresholds.memory.warn", "thresholds.memory.bad", PERCENT, mem_warn_pct, mem_bad_pct),
	ORDER("thresholds.ready.warn", "thresholds.ready.bad", PERCENT, ready_warn_pct, ready_bad_pct),
	{ 0 },
};
/* clang-format on */
