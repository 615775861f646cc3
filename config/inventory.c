#include "config/inventory.h"

#include "config/command.h"
#include "config/error.h"
#include "config/words.h"

#include <cjson/cJSON.h>
#include <string.h>

#define OUTPUT_MAX ((size_t)16 << 20)

/* What hosts say about themselves, and the options it is here; of several for one option the first counts. */
static const struct {
	const char *variable, *option;
} variables[] = {
	{ "virt_fleet_uri", "uri" },
	{ "ansible_host", "host" },
	{ "ansible_ssh_host", "host" },
	{ "ansible_user", "user" },
	{ "ansible_ssh_user", "user" },
	{ "ansible_port", "port" },
	{ "ansible_ssh_port", "port" },
	{ "virt_fleet_hypervisor", "hypervisor" },
	{ "virt_fleet_socket", "socket" },
	{ "virt_fleet_maintenance", "maintenance" },
	{ "virt_fleet_migration_address", "migration_address" },
	{ "virt_fleet_site", "site" },
	{ "virt_fleet_labels", "labels" },
};

/* A host while the groups are read. Texts belong to the JSON. */
struct member {
	const char *name;
	GPtrArray *groups; /* names of those that list it */
};

struct inventory {
	const cJSON *root;
	const char *name;
	GPtrArray *members;  /* struct member *, in the order in which they come */
	GHashTable *by_name; /* their names to them, borrowed */
	GHashTable *parents; /* a group's name to a GPtrArray of those that list it as a child */
};

static void
member_free(struct member *member)
{
	g_ptr_array_unref(member->groups);
	g_free(member);
}

static void
inventory_init(struct inventory *inventory, const cJSON *root, const char *name)
{
	inventory->root = root;
	inventory->name = name;
	inventory->members = g_ptr_array_new_with_free_func((GDestroyNotify)member_free);
	inventory->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	inventory->parents =
		g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
}

static void
inventory_done(struct inventory *inventory)
{
	g_ptr_array_unref(inventory->members);
	g_hash_table_unref(inventory->by_name);
	g_hash_table_unref(inventory->parents);
}

static void
add_member(struct inventory *inventory, const char *name, const char *group)
{
	struct member *member = g_hash_table_lookup(inventory->by_name, name);

	if (member == NULL) {
		member = g_new0(struct member, 1);
		member->name = name;
		member->groups = g_ptr_array_new();
		g_ptr_array_add(inventory->members, member);
		g_hash_table_insert(inventory->by_name, (char *)(uintptr_t)name, member);
	}
	if (group != NULL)
		g_ptr_array_add(member->groups, (char *)(uintptr_t)group);
}

static void
add_child(struct inventory *inventory, const char *child, const char *group)
{
	GPtrArray *parents = g_hash_table_lookup(inventory->parents, child);

	if (parents == NULL) {
		parents = g_ptr_array_new();
		g_hash_table_insert(inventory->parents, (char *)(uintptr_t)child, parents);
	}
	g_ptr_array_add(parents, (char *)(uintptr_t)group);
}

/* Calls ADD for each text of LIST, which belongs to GROUP's WHAT. */
static bool
each_text(struct inventory *inventory, const cJSON *list, const char *group, const char *what,
	void (*add)(struct inventory *inventory, const char *text, const char *group), GError **error)
{
	g_autofree char *quoted = words_quote(group);
	const cJSON *item;

	if (list != NULL && !cJSON_IsArray(list))
		return config_fail(error, CONFIG_ERROR_VALUE, "%s: the group %s has %s that are no list",
			inventory->name, quoted, what);
	cJSON_ArrayForEach(item, list)
	{
		if (!cJSON_IsString(item))
			return config_fail(error, CONFIG_ERROR_VALUE,
				"%s: the group %s has %s that are no texts", inventory->name, quoted, what);
		add(inventory, item->valuestring, group);
	}
	return true;
}

/* A group is {"hosts": [], "children": [], "vars": {}}, or, in old inventories, the list of its hosts. */
static bool
read_group(struct inventory *inventory, const cJSON *group, GError **error)
{
	const cJSON *hosts = cJSON_IsArray(group) ? group : cJSON_GetObjectItemCaseSensitive(group, "hosts");
	const cJSON *children = cJSON_GetObjectItemCaseSensitive(group, "children");
	g_autofree char *quoted = words_quote(group->string);

	if (!cJSON_IsArray(group) && !cJSON_IsObject(group))
		return config_fail(error, CONFIG_ERROR_VALUE,
			"%s: the group %s is neither a list nor an object", inventory->name, quoted);
	return each_text(inventory, hosts, group->string, "hosts", add_member, error) &&
	       each_text(inventory, children, group->string, "children", add_child, error);
}

static bool
read_groups(struct inventory *inventory, GError **error)
{
	const cJSON *group, *vars;

	cJSON_ArrayForEach(group, inventory->root)
	{
		if (strcmp(group->string, "_meta") != 0 && !read_group(inventory, group, error))
			return false;
	}
	/* Hosts in no group may be known by their variables alone. */
	vars = cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(inventory->root, "_meta"), "hostvars");
	cJSON_ArrayForEach(group, vars)
	{
		if (group->string != NULL)
			add_member(inventory, group->string, NULL);
	}
	return true;
}

/* All groups MEMBER is in, the nearest first: each once, whatever circles they make. */
static GPtrArray *
groups_of(const struct inventory *inventory, const struct member *member)
{
	GPtrArray *groups = g_ptr_array_new();
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	const GPtrArray *more = member->groups;

	for (guint next = 0;; next++) {
		for (guint i = 0; more != NULL && i < more->len; i++) {
			if (g_hash_table_add(seen, more->pdata[i]))
				g_ptr_array_add(groups, more->pdata[i]);
		}
		if (next >= groups->len)
			break;
		more = g_hash_table_lookup(inventory->parents, groups->pdata[next]);
	}
	if (!g_hash_table_contains(seen, "all"))
		g_ptr_array_add(groups, (char *)(uintptr_t) "all");
	return groups;
}

/* The host's own variable, else that of the nearest group that has it. */
static const cJSON *
variable_of(const struct inventory *inventory, const struct member *member, const GPtrArray *groups,
	const char *variable)
{
	const cJSON *meta = cJSON_GetObjectItemCaseSensitive(inventory->root, "_meta");
	const cJSON *hosts = cJSON_GetObjectItemCaseSensitive(meta, "hostvars");
	const cJSON *vars = cJSON_GetObjectItemCaseSensitive(hosts, member->name);
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(vars, variable);

	for (guint i = 0; value == NULL && i < groups->len; i++) {
		const cJSON *group = cJSON_GetObjectItemCaseSensitive(inventory->root, groups->pdata[i]);

		vars = cJSON_GetObjectItemCaseSensitive(group, "vars");
		value = cJSON_GetObjectItemCaseSensitive(vars, variable);
	}
	return value;
}

/* As if the config had said it. */
static struct yaml_value *
value_from(const cJSON *json, const char *name)
{
	struct yaml_value *value;
	const cJSON *item;

	if (cJSON_IsString(json))
		return yaml_new(YAML_TEXT, name, json->valuestring);
	if (cJSON_IsBool(json))
		return yaml_new(YAML_TEXT, name, cJSON_IsTrue(json) ? "true" : "false");
	if (cJSON_IsNumber(json)) {
		char text[G_ASCII_DTOSTR_BUF_SIZE];

		return yaml_new(YAML_TEXT, name, g_ascii_dtostr(text, sizeof(text), json->valuedouble));
	}
	if (!cJSON_IsArray(json) && !cJSON_IsObject(json))
		return yaml_new(YAML_NOTHING, name, NULL);
	value = yaml_new(cJSON_IsArray(json) ? YAML_LIST : YAML_MAP, name, NULL);
	cJSON_ArrayForEach(item, json)
	{
		yaml_add(value, item->string, value_from(item, name));
	}
	return value;
}

/* The groups' names but for the two that every inventory has. */
static struct yaml_value *
tags_from(const GPtrArray *groups, const char *name)
{
	struct yaml_value *tags = yaml_new(YAML_LIST, name, NULL);

	for (guint i = 0; i < groups->len; i++) {
		if (strcmp(groups->pdata[i], "all") != 0 && strcmp(groups->pdata[i], "ungrouped") != 0)
			yaml_add(tags, NULL, yaml_new(YAML_TEXT, name, groups->pdata[i]));
	}
	return tags;
}

/* An entry of "hosts:" that says about MEMBER what the inventory does. */
static struct yaml_value *
entry_from(const struct inventory *inventory, const struct member *member, const GPtrArray *groups,
	const char *name)
{
	struct yaml_value *entry = yaml_new(YAML_MAP, name, NULL);

	yaml_add(entry, "name", yaml_new(YAML_TEXT, name, member->name));
	yaml_add(entry, "tags", tags_from(groups, name));
	for (size_t i = 0; i < G_N_ELEMENTS(variables); i++) {
		const cJSON *json = variable_of(inventory, member, groups, variables[i].variable);
		bool login = g_str_has_prefix(variables[i].variable, "ansible_");

		/* A URI says itself where the host is and who logs in. */
		if (json == NULL || yaml_get(entry, variables[i].option) || (login && yaml_get(entry, "uri")))
			continue;
		yaml_add(entry, variables[i].option, value_from(json, name));
	}
	if (yaml_get(entry, "uri") == NULL && yaml_get(entry, "host") == NULL)
		yaml_add(entry, "host", yaml_new(YAML_TEXT, name, member->name));
	return entry;
}

static bool
is_wanted(const GPtrArray *groups, const char *const *wanted)
{
	if (wanted == NULL || *wanted == NULL)
		return true;
	for (guint i = 0; i < groups->len; i++) {
		if (g_strv_contains(wanted, groups->pdata[i]))
			return true;
	}
	return false;
}

static bool
add_hosts(const struct inventory *inventory, const char *const *wanted, struct hosts *hosts, GError **error)
{
	bool ok = true;

	for (guint i = 0; ok && i < inventory->members->len; i++) {
		const struct member *member = inventory->members->pdata[i];
		g_autoptr(GPtrArray) groups = groups_of(inventory, member);
		g_autofree char *quoted = words_quote(member->name);
		g_autofree char *name = g_strdup_printf("%s, host %s", inventory->name, quoted);
		struct yaml_value *entry;

		if (!is_wanted(groups, wanted))
			continue;
		entry = entry_from(inventory, member, groups, name);
		ok = hosts_add_entry(hosts, entry, error);
		yaml_unref(entry);
	}
	return ok;
}

/* Names in "groups:" that the inventory does not have are slips, not empty groups. */
static bool
check_wanted(const struct inventory *inventory, const char *const *wanted, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const cJSON *group;

	g_ptr_array_add(names, (char *)(uintptr_t) "all");
	cJSON_ArrayForEach(group, inventory->root)
	{
		if (strcmp(group->string, "_meta") != 0 && strcmp(group->string, "all") != 0)
			g_ptr_array_add(names, group->string);
	}
	g_ptr_array_add(names, NULL);
	for (size_t i = 0; wanted != NULL && wanted[i] != NULL; i++) {
		const char *const *known = (const char *const *)names->pdata;
		g_autofree char *quoted = words_quote(wanted[i]),
				*allowed = words_allowed("", wanted[i], known);

		if (!g_strv_contains(known, wanted[i]))
			return config_fail(error, CONFIG_ERROR_VALUE,
				"%s: inventory.groups: there is no group %s%s", inventory->name, quoted,
				allowed);
	}
	return true;
}

bool
inventory_read(
	const char *text, const char *name, const char *const *groups, struct hosts *hosts, GError **error)
{
	const char *end = NULL;
	cJSON *root = cJSON_ParseWithOpts(text, &end, true);
	struct inventory inventory;
	bool ok;

	if (!cJSON_IsObject(root)) {
		cJSON_Delete(root);
		return config_fail(error, CONFIG_ERROR_SYNTAX,
			"%s: the output is no inventory in JSON (wrong from byte %zu "
			"on); allowed: an object of groups, as 'ansible-inventory --list' prints it",
			name, end ? (size_t)(end - text) : 0);
	}
	inventory_init(&inventory, root, name);
	ok = read_groups(&inventory, error) && check_wanted(&inventory, groups, error) &&
	     add_hosts(&inventory, groups, hosts, error);
	inventory_done(&inventory);
	cJSON_Delete(root);
	return ok;
}

/* A program with a path of its own is looked for beside the config, not wherever virt-fleet was started. */
static char **
resolve(const struct inventory_opts *opts)
{
	char **argv = g_strdupv((char **)(uintptr_t)opts->command);

	if (strchr(argv[0], '/') != NULL && !g_path_is_absolute(argv[0])) {
		char *path = g_build_filename(opts->folder, argv[0], NULL);

		g_free(argv[0]);
		argv[0] = path;
	}
	return argv;
}

bool
inventory_run(const struct inventory_opts *opts, struct hosts *hosts, GError **error)
{
	g_auto(GStrv) argv = NULL;
	g_autofree char *text = NULL;

	if (opts->command == NULL || *opts->command == NULL)
		return true;
	argv = resolve(opts);
	text = command_run((const char *const *)argv, opts->timeout_ms, OUTPUT_MAX, error);
	if (text == NULL) {
		g_prefix_error(error, "inventory.command: ");
		return false;
	}
	return inventory_read(text, "inventory.command", opts->groups, hosts, error);
}
