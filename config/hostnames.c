/* The names hosts go by on the screen: as short as they can be while no two are alike. */
#include "config/error.h"
#include "config/hosts.h"
#include "config/words.h"

#include <string.h>

/* How much of a spec a name tells, from little to all. The forms between are tried in this order. */
enum form { FORM_BASE, FORM_NODE, FORM_PORT, FORM_USER, FORM_USER_PORT, FORM_ALL, FORM_COUNT };

/* The name of the node file a test driver's URI ends in ("kvm001" of "/x/kvm001.xml"), the one part that
 * tells such URIs apart; NULL for the usual paths, which say nothing. */
static char *
node_of(const struct hostspec *spec)
{
	const char *slash = spec->path ? strrchr(spec->path, '/') : NULL;
	size_t len = slash ? strlen(slash + 1) : 0;
	bool is_file = slash != NULL && g_str_has_suffix(slash, ".xml");

	if (len == 0 || strspn(slash + 1, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-") != len)
		return NULL;
	if (is_file)
		len -= strlen(".xml");
	return len > 0 && (is_file || slash != spec->path) ? g_strndup(slash + 1, len) : NULL;
}

/* The far end as a direct URI names it; NULL for a local one. */
static char *
direct_address(const struct hostspec *spec)
{
	g_autoptr(GUri) uri = spec->uri ? g_uri_parse(spec->uri, G_URI_FLAGS_NONE, NULL) : NULL;
	const char *host = uri ? g_uri_get_host(uri) : NULL;

	return host != NULL && *host != '\0' ? g_strdup(host) : NULL;
}

static char *
name_in_form(const struct config_host *host, enum form form)
{
	const struct hostspec *spec = host->spec;
	bool with_port = form == FORM_PORT || form == FORM_USER_PORT;
	bool with_user = form == FORM_USER || form == FORM_USER_PORT;
	g_autofree char *node = node_of(spec), *address = NULL;

	if (form == FORM_BASE && node != NULL)
		return g_steal_pointer(&node);
	address = spec->host ? hostspec_address(spec, with_user, with_port) : direct_address(spec);
	if (form == FORM_ALL || address == NULL)
		return hostspec_format(spec);
	return g_strconcat(address, node ? "/" : NULL, node, NULL);
}

/* Names the hosts of GROUP in FORM if that makes them differ from each other and from all in TAKEN. */
static bool
try_form(const GPtrArray *group, enum form form, GHashTable *taken)
{
	g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GHashTableIter iter;
	void *name, *host;

	for (guint i = 0; i < group->len; i++) {
		char *candidate = name_in_form(group->pdata[i], form);

		if (g_hash_table_contains(taken, candidate) || g_hash_table_contains(names, candidate)) {
			g_free(candidate);
			return false;
		}
		g_hash_table_insert(names, candidate, group->pdata[i]);
	}
	g_hash_table_iter_init(&iter, names);
	while (g_hash_table_iter_next(&iter, &name, &host)) {
		((struct config_host *)host)->name = g_strdup(name);
		g_hash_table_insert(taken, ((struct config_host *)host)->name, host);
	}
	return true;
}

/* Hosts that share their shortest name, in the order in which they come. */
static GPtrArray *
groups_of(const GPtrArray *list)
{
	GPtrArray *groups = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
	g_autoptr(GHashTable) by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < list->len; i++) {
		struct config_host *host = list->pdata[i];
		char *base;
		GPtrArray *group;

		if (host->name != NULL)
			continue;
		base = name_in_form(host, FORM_BASE);
		group = g_hash_table_lookup(by_name, base);
		if (group == NULL) {
			group = g_ptr_array_new();
			g_ptr_array_add(groups, group);
			g_hash_table_insert(by_name, base, group);
		} else {
			g_free(base);
		}
		g_ptr_array_add(group, host);
	}
	return groups;
}

static bool
fail_name(const struct config_host *host, const struct config_host *other, const char *name, GError **error)
{
	g_autofree char *quoted = words_quote(name);

	return config_fail(error, CONFIG_ERROR_VALUE,
		"%s: the name %s is taken; first: %s; allowed: names that differ", host->origin, quoted,
		other->origin);
}

bool
hosts_name(GPtrArray *list, GError **error)
{
	g_autoptr(GHashTable) taken = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GPtrArray) groups = groups_of(list);

	for (guint i = 0; i < list->len; i++) {
		struct config_host *host = list->pdata[i];

		if (host->name == NULL)
			continue;
		if (g_hash_table_contains(taken, host->name))
			return fail_name(host, g_hash_table_lookup(taken, host->name), host->name, error);
		g_hash_table_insert(taken, host->name, host);
	}
	for (guint i = 0; i < groups->len; i++) {
		const GPtrArray *group = groups->pdata[i];
		bool named = false;

		for (int form = FORM_BASE; form < FORM_COUNT && !named; form++)
			named = try_form(group, (enum form)form, taken);
		if (!named) {
			const struct config_host *host = group->pdata[0];
			g_autofree char *name = name_in_form(host, FORM_ALL);

			return fail_name(host, g_hash_table_lookup(taken, name), name, error);
		}
	}
	return true;
}
