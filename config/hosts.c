#include "config/hosts.h"

#include "config/error.h"
#include "config/words.h"

#include <string.h>

void
hosts_init(struct hosts *hosts, const struct host_settings *defaults)
{
	hosts->list = g_ptr_array_new_with_free_func((GDestroyNotify)config_host_free);
	hosts->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	hosts->defaults = defaults;
}

void
hosts_done(struct hosts *hosts)
{
	g_clear_pointer(&hosts->list, g_ptr_array_unref);
	g_clear_pointer(&hosts->seen, g_hash_table_unref);
}

void
config_host_free(struct config_host *host)
{
	if (host == NULL)
		return;
	g_free(host->name);
	hostspec_free(host->spec);
	g_free(host->site);
	g_strfreev(host->tags);
	g_clear_pointer(&host->labels, g_hash_table_unref);
	g_free(host->migration_address);
	g_free(host->origin);
	g_free(host);
}

static void
labels_merge(GHashTable *into, GHashTable *from)
{
	GHashTableIter iter;
	void *key, *value;

	if (from == NULL)
		return;
	g_hash_table_iter_init(&iter, from);
	while (g_hash_table_iter_next(&iter, &key, &value))
		g_hash_table_replace(into, g_strdup(key), g_strdup(value));
}

struct config_host *
config_host_copy(const struct config_host *host)
{
	struct config_host *copy = g_new0(struct config_host, 1);

	copy->name = g_strdup(host->name);
	copy->spec = hostspec_copy(host->spec);
	copy->maintenance = host->maintenance;
	copy->site = g_strdup(host->site);
	copy->tags = g_strdupv(host->tags);
	copy->labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	labels_merge(copy->labels, host->labels);
	copy->migration_address = g_strdup(host->migration_address);
	copy->origin = g_strdup(host->origin);
	return copy;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Both lists in one, sorted, each once. */
static char **
tags_merge(char **a, char **b)
{
	GPtrArray *tags = g_ptr_array_new();
	char **lists[] = { a, b };

	for (size_t l = 0; l < G_N_ELEMENTS(lists); l++) {
		for (size_t i = 0; lists[l] != NULL && lists[l][i] != NULL; i++) {
			if (!g_ptr_array_find_with_equal_func(tags, lists[l][i], g_str_equal, NULL))
				g_ptr_array_add(tags, g_strdup(lists[l][i]));
		}
	}
	g_ptr_array_sort(tags, compare_texts);
	g_ptr_array_add(tags, NULL);
	return (char **)g_ptr_array_free(tags, FALSE);
}

/* Where FROM says KEY, or FROM itself: the best place for a message. */
static const struct yaml_value *
place_of(const struct yaml_value *from, const char *key)
{
	const struct yaml_value *value = yaml_get(from, key);

	return value ? value : from;
}

static bool
fail_twice(const struct yaml_value *from, const char *key, const char *text, GError **error)
{
	g_autofree char *quoted = words_quote(text);

	return yaml_fail(place_of(from, key), error, CONFIG_ERROR_VALUE,
		"%s: %s says it already; allowed: one of the two", key, quoted);
}

/* What a libvirt URI that is handed on as it is leaves no room for. */
static bool
check_direct(const struct host_settings *own, const char *text, const struct yaml_value *from, GError **error)
{
	const char *key = own->user ? "user" : own->port ? "port" : own->socket ? "socket" : NULL;
	g_autofree char *quoted = words_quote(text);

	return key == NULL ||
	       yaml_fail(place_of(from, key), error, CONFIG_ERROR_VALUE,
		       "%s: %s goes to libvirt as it is; allowed: write it into the URI, or use a +ssh URI",
		       key, quoted);
}

/* What OWN and DEFAULTS say, in that order, about what TEXT left open in SPEC. */
static bool
fill_spec(struct hostspec *spec, const struct host_settings *own, const struct host_settings *defaults,
	const char *text, const struct yaml_value *from, GError **error)
{
	const char *hypervisor = own->hypervisor ? own->hypervisor : defaults->hypervisor;
	bool is_uri = spec->transport == TRANSPORT_DIRECT || strcmp(spec->driver, "auto") != 0;

	if (own->hypervisor != NULL && is_uri)
		return fail_twice(from, "hypervisor", text, error);
	if (spec->transport == TRANSPORT_DIRECT)
		return check_direct(own, text, from, error);
	if (own->user != NULL && spec->user != NULL)
		return fail_twice(from, "user", text, error);
	if (own->port != 0 && spec->port != 0)
		return fail_twice(from, "port", text, error);
	if (own->socket != NULL && spec->socket != NULL)
		return fail_twice(from, "socket", text, error);

	if (spec->user == NULL)
		spec->user = g_strdup(own->user ? own->user : defaults->user);
	if (spec->port == 0)
		spec->port = (uint16_t)(own->port ? own->port : defaults->port);
	if (spec->socket == NULL)
		spec->socket = g_strdup(own->socket ? own->socket : defaults->socket);
	return is_uri || hypervisor == NULL || hostspec_set_hypervisor(spec, hypervisor, error);
}

static struct hostspec *
make_spec(const struct hosts *hosts, const struct host_settings *own, const char *text,
	const struct yaml_value *from, GError **error)
{
	const char *key = own->uri ? "uri" : "host";
	struct hostspec *spec = hostspec_parse(text, "auto", error);

	if (spec == NULL) {
		yaml_prefix(place_of(from, key), error);
		return NULL;
	}
	if (fill_spec(spec, own, hosts->defaults, text, from, error))
		return spec;
	hostspec_free(spec);
	return NULL;
}

bool
hosts_take(struct hosts *hosts, struct config_host *host, GError **error)
{
	g_autofree char *host_name = host->spec->host, *key = NULL;
	struct config_host *twin;
	bool ok = false;

	/* Names of hosts know no case; everything else in a spec does. */
	if (host_name != NULL)
		host->spec->host = g_ascii_strdown(host_name, -1);
	key = hostspec_format(host->spec);
	if (host_name != NULL) {
		g_free(host->spec->host);
		host->spec->host = g_steal_pointer(&host_name);
	}

	twin = g_hash_table_lookup(hosts->seen, key);
	if (twin != NULL) {
		g_autofree char *quoted = words_quote(key);

		config_fail(error, CONFIG_ERROR_VALUE, "%s: the host %s comes twice; first: %s", host->origin,
			quoted, twin->origin);
	} else if (hosts->list->len >= HOSTS_MAX) {
		config_fail(error, CONFIG_ERROR_VALUE, "%s: there are too many hosts; allowed: %d",
			host->origin, HOSTS_MAX);
	} else {
		g_hash_table_insert(hosts->seen, g_steal_pointer(&key), host);
		g_ptr_array_add(hosts->list, host);
		ok = true;
	}
	if (!ok)
		config_host_free(host);
	return ok;
}

/* What one of the hosts that an entry stands for has alone. */
struct own_texts {
	const char *text, *name, *migration_address; /* NULL: none, but for text */
};

static bool
add_one(struct hosts *hosts, const struct host_settings *own, const struct own_texts *texts,
	const struct yaml_value *from, GError **error)
{
	const struct host_settings *defaults = hosts->defaults;
	struct hostspec *spec = make_spec(hosts, own, texts->text, from, error);
	struct config_host *host;

	if (spec == NULL)
		return false;
	host = g_new0(struct config_host, 1);
	host->name = g_strdup(texts->name);
	host->migration_address = g_strdup(texts->migration_address);
	host->spec = spec;
	host->maintenance = own->maintenance;
	host->site = g_strdup(own->site ? own->site : defaults->site);
	host->tags = tags_merge(defaults->tags, own->tags);
	host->labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	labels_merge(host->labels, defaults->labels);
	labels_merge(host->labels, own->labels);
	host->origin = yaml_place(from);
	return hosts_take(hosts, host, error);
}

/* The text that says where the host is; exactly one of host and uri does. */
static const char *
text_of(const struct host_settings *own, const struct yaml_value *from, GError **error)
{
	bool looks_like_uri = own->host != NULL && strstr(own->host, "://") != NULL;
	bool is_uri = own->uri != NULL && strstr(own->uri, ":/") != NULL;
	g_autofree char *quoted = NULL;

	if ((own->host == NULL) == (own->uri == NULL)) {
		yaml_fail(place_of(from, "uri"), error, CONFIG_ERROR_VALUE,
			"a host has either a key 'host' or a key 'uri'%s",
			own->host ? ", not both" : "; this one has none");
		return NULL;
	}
	if (looks_like_uri || (own->uri != NULL && !is_uri)) {
		quoted = words_quote(own->host ? own->host : own->uri);
		yaml_fail(place_of(from, own->host ? "host" : "uri"), error, CONFIG_ERROR_VALUE,
			looks_like_uri ? "host: %s is a URI; call it uri"
				       : "uri: %s is no URI; allowed: one like "
					 "qemu+ssh://root@kvm1/system",
			quoted);
		return NULL;
	}
	return own->host ? own->host : own->uri;
}

static char **
expand(const struct hosts *hosts, const char *text, const char *key, const struct yaml_value *from,
	GError **error)
{
	char **names = hostspec_expand(text, HOSTS_MAX - hosts->list->len, error);

	if (names == NULL)
		yaml_prefix(place_of(from, key), error);
	return names;
}

/* TEXT, of KEY, for each of N hosts; NULL when it is not set. */
static bool
expand_beside(const struct hosts *hosts, const char *text, const char *key, guint n,
	const struct yaml_value *from, char ***out, GError **error)
{
	if (text == NULL)
		return true;
	*out = expand(hosts, text, key, from, error);
	if (*out == NULL || g_strv_length(*out) == n)
		return *out != NULL;
	return yaml_fail(place_of(from, key), error, CONFIG_ERROR_VALUE,
		"%s: this makes %u names for %u hosts; allowed: as many", key, g_strv_length(*out), n);
}

bool
hosts_add(struct hosts *hosts, const struct host_settings *settings, const struct yaml_value *from,
	GError **error)
{
	const char *text = text_of(settings, from, error);
	g_auto(GStrv) texts = NULL;
	g_auto(GStrv) names = NULL;
	g_auto(GStrv) addresses = NULL;
	guint n;

	if (text == NULL)
		return false;
	texts = expand(hosts, text, settings->uri ? "uri" : "host", from, error);
	if (texts == NULL)
		return false;
	n = g_strv_length(texts);
	if (!expand_beside(hosts, settings->name, "name", n, from, &names, error) ||
		!expand_beside(
			hosts, settings->migration_address, "migration_address", n, from, &addresses, error))
		return false;
	for (guint i = 0; i < n; i++) {
		struct own_texts own = { .text = texts[i],
			.name = names ? names[i] : NULL,
			.migration_address = addresses ? addresses[i] : NULL };

		if (!add_one(hosts, settings, &own, from, error))
			return false;
	}
	return true;
}

bool
hosts_add_entry(struct hosts *hosts, const struct yaml_value *entry, GError **error)
{
	struct host_settings settings = { 0 };
	bool ok;

	if (entry->type == YAML_TEXT) {
		bool is_uri = strstr(entry->text, ":/") != NULL;

		settings.host = is_uri ? NULL : entry->text;
		settings.uri = is_uri ? entry->text : NULL;
		return hosts_add(hosts, &settings, entry, error);
	}
	if (entry->type != YAML_MAP)
		return yaml_fail(entry, error, CONFIG_ERROR_VALUE,
			"a host can't be %s; allowed: kvm1, root@kvm[01-20].dc1:22, "
			"a libvirt URI, or a mapping like {host: kvm1, user: root}",
			yaml_type_name(entry->type));
	ok = option_read(&schema_host, entry, &settings, error) && hosts_add(hosts, &settings, entry, error);
	option_clear(&schema_host, &settings);
	return ok;
}
