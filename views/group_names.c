#include "views/group_names.h"

#include <string.h>

/* ---- guests ---- */

static const void *
facts_of(const struct vm *vm, bool fresh G_GNUC_UNUSED)
{
	return vm->facts;
}

static const char *
tenant_of(const struct vm *vm, bool fresh G_GNUC_UNUSED)
{
	return vm->facts ? vm->facts->tenant : NULL;
}

static const char *
os_of(const struct vm *vm, bool fresh G_GNUC_UNUSED)
{
	return vm->facts ? vm->facts->os_type : NULL;
}

static const char *
type_of(const struct vm *vm, bool fresh G_GNUC_UNUSED)
{
	return vm->facts && vm->facts->type != VM_TYPE_UNKNOWN ? vm_type_name(vm->facts->type) : NULL;
}

static const char *
state_of(const struct vm *vm, bool fresh)
{
	return vm_state_name(fresh ? vm->state : VM_STATE_UNKNOWN);
}

/* Names of states are static. */
static const void *
state_token(const struct vm *vm, bool fresh)
{
	return state_of(vm, fresh);
}

/* ---- hosts ---- */

static void
add_name(GPtrArray *names, const char *name)
{
	if (name && *name)
		g_ptr_array_add(names, (gpointer)(uintptr_t)name);
}

static void
add_site(const struct groups *groups G_GNUC_UNUSED, const struct host_snap *host, GPtrArray *names)
{
	if (host->config)
		add_name(names, host->config->site);
}

static void
add_tags(const struct groups *groups G_GNUC_UNUSED, const struct host_snap *host, GPtrArray *names)
{
	for (size_t i = 0; host->config && host->config->tags && host->config->tags[i]; i++)
		add_name(names, host->config->tags[i]);
}

static void
add_hypervisor(const struct groups *groups G_GNUC_UNUSED, const struct host_snap *host, GPtrArray *names)
{
	if (host->facts && host->facts->hypervisor != HYPERVISOR_UNKNOWN)
		add_name(names, hypervisor_name(host->facts->hypervisor));
}

static void
add_host(const struct groups *groups G_GNUC_UNUSED, const struct host_snap *host, GPtrArray *names)
{
	add_name(names, host->name);
}

static void
add_label(const struct groups *groups, const struct host_snap *host, GPtrArray *names)
{
	if (host->config && host->config->labels && groups->label)
		add_name(names, g_hash_table_lookup(host->config->labels, groups->label));
}

/* ---- the table ---- */

/* clang-format off */
#define OF_GUEST(token_, name_of_) .token = token_, .name_of = name_of_
#define OF_HOST(names_) .of_host = names_

const struct group_dimension group_dimensions[GROUP_BY_COUNT] = {
	[GROUP_BY_TENANT] = { "tenant", "tenant", "tenants", "whom the VM belongs to", "tenant", OF_GUEST(facts_of, tenant_of) },
	[GROUP_BY_SITE] = { "site", "site", "sites", "where its host is", "site", OF_HOST(add_site) },
	[GROUP_BY_TAG] = { "tag", "tag", "tags", "its host's tags; a VM counts in each of them", "tag", OF_HOST(add_tags) },
	[GROUP_BY_HYPERVISOR] = { "hypervisor", "hypervisor", "hypervisors", "its host's hypervisor", "hv", OF_HOST(add_hypervisor) },
	[GROUP_BY_OS] = { "os", "OS type", "OS types", "how it boots: hvm, linux, xenpvh, exe", "os", OF_GUEST(facts_of, os_of) },
	[GROUP_BY_TYPE] = { "type", "type", "types", "KVM, PV, HVM, PVH and others", "type", OF_GUEST(facts_of, type_of) },
	[GROUP_BY_STATE] = { "state", "state", "states", "what it does", "state", OF_GUEST(state_token, state_of) },
	[GROUP_BY_HOST] = { "host", "host", "hosts", "the host it is on", "host", OF_HOST(add_host) },
	[GROUP_BY_LABEL] = { "label", "value", "values", "what a label of its host says: label NAME", "label.", OF_HOST(add_label) },
};
/* clang-format on */

/* ---- what can be chosen ---- */

static gint
compare_strings(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of the labels that SNAP's hosts have, sorted. */
static GPtrArray *
label_names(const struct fleet_snap *snap)
{
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
	GPtrArray *sorted = g_ptr_array_new();
	GHashTableIter iter;
	gpointer name;

	for (size_t i = 0; i < snap->nhosts; i++) {
		const struct host_static *config = snap->hosts[i]->config;

		if (!config || !config->labels)
			continue;
		g_hash_table_iter_init(&iter, config->labels);
		while (g_hash_table_iter_next(&iter, &name, NULL))
			g_hash_table_add(names, name);
	}
	g_hash_table_iter_init(&iter, names);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		g_ptr_array_add(sorted, name);
	g_ptr_array_sort(sorted, compare_strings);
	return sorted;
}

char **
groups_choices(const struct fleet_snap *snap)
{
	g_autoptr(GPtrArray) labels = label_names(snap);
	GPtrArray *choices = g_ptr_array_new();

	for (int i = 0; i < GROUP_BY_COUNT; i++)
		if (i != GROUP_BY_LABEL)
			g_ptr_array_add(choices, g_strdup(group_dimensions[i].name));
	for (guint i = 0; i < labels->len; i++)
		g_ptr_array_add(choices, g_strdup_printf("%s %s", group_dimensions[GROUP_BY_LABEL].name,
						 (const char *)labels->pdata[i]));
	g_ptr_array_add(choices, NULL);
	return (char **)g_ptr_array_free(choices, FALSE);
}

const char *
group_by_name(enum group_by by)
{
	return group_dimensions[by].name;
}

const char *
group_by_help(enum group_by by)
{
	return group_dimensions[by].help;
}

/* ---- queries ---- */

void
group_query(const struct group *group, GString *query)
{
	const struct groups *groups = tally_groups(group->tally);

	g_string_append_printf(
		query, "%s%s=", group_dimensions[groups->by].field, groups->label ? groups->label : "");
	if (!group->name) {
		g_string_append_c(query, '-');
		return;
	}
	g_string_append_c(query, '"');
	for (const char *at = group->name; *at; at++) {
		if (*at == '"' || *at == '\\')
			g_string_append_c(query, '\\');
		g_string_append_c(query, *at);
	}
	g_string_append_c(query, '"');
}
