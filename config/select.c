/* What the command line makes of the fleet. */
#include "config/error.h"
#include "config/hosts.h"

#include <string.h>

#define COMMAND_LINE "command line"

/* The config's host called NAME. */
static const struct config_host *
find_host(const struct config *config, const char *name)
{
	for (guint i = 0; i < config->hosts->len; i++) {
		const struct config_host *host = config->hosts->pdata[i];

		if (strcmp(host->name, name) == 0)
			return host;
	}
	return NULL;
}

/* A copy of the config's host that TEXT names, with TEXT's own user and port; NULL when there is none. */
static struct config_host *
known_host(const struct config *config, const char *text)
{
	const struct config_host *known = find_host(config, text);
	struct hostspec *spec = known ? NULL : hostspec_parse(text, "auto", NULL);
	struct config_host *host;

	/* A URI says more than a name can stand for. */
	if (spec != NULL && strcmp(spec->driver, "auto") == 0)
		known = find_host(config, spec->host);
	if (known == NULL || (spec != NULL && known->spec->transport != TRANSPORT_SSH)) {
		hostspec_free(spec);
		return NULL;
	}
	host = config_host_copy(known);
	g_free(host->origin);
	host->origin = g_strdup(COMMAND_LINE);
	if (spec != NULL) {
		/* The same host may be named for two users: then its name must be found anew. */
		if (strcmp(host->name, host->spec->host) == 0)
			g_clear_pointer(&host->name, g_free);
		if (spec->user != NULL) {
			g_free(host->spec->user);
			host->spec->user = g_strdup(spec->user);
		}
		if (spec->port != 0)
			host->spec->port = spec->port;
	}
	hostspec_free(spec);
	return host;
}

static bool
select_text(const struct config *config, struct hosts *hosts, const char *text, bool is_uri, GError **error)
{
	struct config_host *known = is_uri ? NULL : known_host(config, text);
	struct host_settings settings = { .uri = (char *)(uintptr_t)text };
	struct yaml_value *from;
	bool ok;

	if (known != NULL)
		return hosts_take(hosts, known, error);
	from = yaml_new(YAML_TEXT, COMMAND_LINE, text);
	ok = is_uri ? hosts_add(hosts, &settings, from, error) : hosts_add_entry(hosts, from, error);
	yaml_unref(from);
	return ok;
}

static bool
select_all(const struct config *config, struct hosts *hosts, const char *const *texts, bool are_uris,
	GError **error)
{
	for (size_t i = 0; texts != NULL && texts[i] != NULL; i++) {
		g_auto(GStrv) names = hostspec_expand(texts[i], HOSTS_MAX, error);

		if (names == NULL) {
			g_prefix_error(error, COMMAND_LINE ": ");
			return false;
		}
		for (size_t k = 0; names[k] != NULL; k++) {
			if (!select_text(config, hosts, names[k], are_uris, error))
				return false;
		}
	}
	return true;
}

bool
config_select(struct config *config, const char *const *hosts, const char *const *uris, GError **error)
{
	struct hosts selected;
	bool ok;

	if ((hosts == NULL || *hosts == NULL) && (uris == NULL || *uris == NULL))
		return true;
	hosts_init(&selected, config->defaults);
	ok = select_all(config, &selected, hosts, false, error) &&
	     select_all(config, &selected, uris, true, error) && hosts_name(selected.list, error);
	if (ok) {
		g_ptr_array_unref(config->hosts);
		config->hosts = g_steal_pointer(&selected.list);
	}
	hosts_done(&selected);
	return ok;
}
