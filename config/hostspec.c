#include "config/hostspec.h"

#include "config/error.h"
#include "config/words.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#define SOCKET_MAX 107 /* what a struct sockaddr_un can hold on the far end */

/* What may be said for a hypervisor, and what a libvirt URI calls its driver and its usual path. */
/* clang-format off */
static const struct {
	const char *word, *driver, *path;
} hypervisors[] = {
	{ "auto", "auto", NULL },
	{ "qemu", "qemu", "/system" },
	{ "kvm", "qemu", "/system" },
	{ "xen", "xen", "/system" },
	{ "lxc", "lxc", "/system" },
	{ "test", "test", "/default" },
};
/* clang-format on */

const char *const hostspec_hypervisors[] = { "auto", "qemu", "kvm", "xen", "lxc", "test", NULL };

static_assert(
	G_N_ELEMENTS(hypervisors) + 1 == G_N_ELEMENTS(hostspec_hypervisors), "every hypervisor is listed");

void
hostspec_free(struct hostspec *spec)
{
	if (spec == NULL)
		return;
	g_free(spec->user);
	g_free(spec->host);
	g_free(spec->driver);
	g_free(spec->path);
	g_free(spec->socket);
	g_free(spec->uri);
	g_free(spec);
}

struct hostspec *
hostspec_copy(const struct hostspec *spec)
{
	struct hostspec *copy = g_new(struct hostspec, 1);

	*copy = (struct hostspec){
		.transport = spec->transport,
		.user = g_strdup(spec->user),
		.host = g_strdup(spec->host),
		.port = spec->port,
		.driver = g_strdup(spec->driver),
		.path = g_strdup(spec->path),
		.socket = g_strdup(spec->socket),
		.uri = g_strdup(spec->uri),
	};
	return copy;
}

static bool
is_ipv6(const char *text)
{
	struct in6_addr ignored;
	g_autofree char *address = g_strndup(text, strcspn(text, "%"));
	const char *zone = strchr(text, '%');

	if (zone != NULL &&
		(zone[1] == '\0' || zone[1 + strspn(zone + 1, G_CSET_A_2_Z G_CSET_a_2_z "0123456789._-")]))
		return false;
	return inet_pton(AF_INET6, address, &ignored) == 1;
}

/* The names end up in ssh's argument list and on screens: what ssh refuses there, and what could mean
 * something else (another user, a port, a range, an option), is no name. */
static bool
check_word(const char *what, const char *word, const char *forbidden, GError **error)
{
	g_autofree char *quoted = words_quote(word);
	size_t bad = strcspn(word, forbidden);

	if (*word == '\0')
		return config_fail(error, CONFIG_ERROR_VALUE, "the %s is empty", what);
	if (*word == '-')
		return config_fail(
			error, CONFIG_ERROR_VALUE, "the %s %s begins with '-', as options do", what, quoted);
	if (!words_are_clean(word))
		return config_fail(
			error, CONFIG_ERROR_VALUE, "the %s %s holds control characters", what, quoted);
	if (word[bad] != '\0')
		return config_fail(error, CONFIG_ERROR_VALUE, "the %s %s holds a '%c', which no %s has", what,
			quoted, word[bad], what);
	return true;
}

bool
hostspec_check_user(const char *user, GError **error)
{
	return check_word("user name", user, " '`\"$;&<>|(){}[]:/", error);
}

static bool
check_host(const char *host, GError **error)
{
	return is_ipv6(host) || check_word("host name", host, " '`\"$\\;&<>|(){}[]:/,@*?!%#", error);
}

bool
hostspec_check_socket(const char *path, GError **error)
{
	g_autofree char *quoted = words_quote(path);

	if (*path != '/')
		return config_fail(error, CONFIG_ERROR_VALUE, "the socket %s is no absolute path", quoted);
	if (!words_are_clean(path))
		return config_fail(
			error, CONFIG_ERROR_VALUE, "the socket %s holds control characters", quoted);
	if (strlen(path) > SOCKET_MAX)
		return config_fail(error, CONFIG_ERROR_VALUE, "the socket %s is longer than %d bytes", quoted,
			SOCKET_MAX);
	return true;
}

bool
hostspec_check_address(const char *address, GError **error)
{
	g_autofree char *quoted = words_quote(address);
	size_t length = strspn(address, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-:[],");

	return (*address && *address != '-' && !address[length]) ||
	       config_fail(error, CONFIG_ERROR_VALUE,
		       "%s is no address; allowed: a name or an address of the host, without a port", quoted);
}

static bool
parse_port(const char *text, uint16_t *out, GError **error)
{
	g_autofree char *quoted = words_quote(text);
	guint64 port;

	if (!g_ascii_string_to_unsigned(text, 10, 1, UINT16_MAX, &port, NULL))
		return config_fail(error, CONFIG_ERROR_VALUE, "%s is no port; allowed: 1 to 65535", quoted);
	*out = (uint16_t)port;
	return true;
}

/* Splits "name[:port]", "[v6]:port" or a bare IPv6 address. */
static bool
parse_address(const char *text, struct hostspec *spec, GError **error)
{
	const char *colon = strchr(text, ':'), *close = strchr(text, ']');
	g_autofree char *quoted = words_quote(text);

	if (*text == '[' && close != NULL) {
		spec->host = g_strndup(text + 1, (gsize)(close - text - 1));
		colon = close + 1;
		if (!is_ipv6(spec->host) || (*colon != ':' && *colon != '\0'))
			return config_fail(error, CONFIG_ERROR_VALUE,
				"%s is no host; allowed in brackets: an IPv6 address, "
				"with :port behind it",
				quoted);
	} else if (is_ipv6(text)) {
		spec->host = g_strdup(text);
		colon = "";
	} else if (colon != NULL && strchr(colon + 1, ':') != NULL) {
		return config_fail(error, CONFIG_ERROR_VALUE,
			"%s is no host; an IPv6 address with a port is "
			"written [address]:port",
			quoted);
	} else {
		spec->host = g_strndup(text, strcspn(text, ":"));
	}
	return check_host(spec->host, error) &&
	       (colon == NULL || *colon == '\0' || parse_port(colon + 1, &spec->port, error));
}

static bool
parse_host(const char *text, struct hostspec *spec, GError **error)
{
	const char *at = strrchr(text, '@'); /* the last one: ssh too allows user@realm@host */

	if (at != NULL) {
		spec->user = g_strndup(text, (gsize)(at - text));
		if (!hostspec_check_user(spec->user, error))
			return false;
	}
	return parse_address(at ? at + 1 : text, spec, error);
}

bool
hostspec_set_hypervisor(struct hostspec *spec, const char *hypervisor, GError **error)
{
	g_autofree char *quoted = words_quote(hypervisor), *allowed = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(hypervisors); i++) {
		if (strcmp(hypervisors[i].word, hypervisor) != 0)
			continue;
		g_free(spec->driver);
		g_free(spec->path);
		spec->driver = g_strdup(hypervisors[i].driver);
		spec->path = g_strdup(hypervisors[i].path);
		return true;
	}
	allowed = words_allowed("", hypervisor, hostspec_hypervisors);
	return config_fail(error, CONFIG_ERROR_VALUE, "%s is no hypervisor known here%s", quoted, allowed);
}

/* "scheme:/": a port can't begin with a slash, so this is no "[user@]name:port". */
static bool
is_uri(const char *text)
{
	size_t scheme = strspn(text, G_CSET_A_2_Z G_CSET_a_2_z "0123456789+.-");

	return g_ascii_isalpha(*text) && text[scheme] == ':' && text[scheme + 1] == '/';
}

static bool
parse_query(const char *query, struct hostspec *spec, GError **error)
{
	GUriParamsIter iter;
	char *name, *value;
	g_autoptr(GError) why = NULL;

	g_uri_params_iter_init(&iter, query ? query : "", -1, "&;", G_URI_PARAMS_NONE);
	while (g_uri_params_iter_next(&iter, &name, &value, &why)) {
		g_autofree char *key = name, *path = value, *quoted = words_quote(name);

		if (strcmp(key, "socket") != 0)
			return config_fail(error, CONFIG_ERROR_VALUE,
				"the parameter %s of a +ssh URI is not supported; "
				"allowed: socket; all about the login belongs into ~/.ssh/config",
				quoted);
		if (!hostspec_check_socket(path, error))
			return false;
		if (spec->socket != NULL)
			return config_fail(
				error, CONFIG_ERROR_VALUE, "the URI names two sockets; allowed: one");
		spec->socket = g_steal_pointer(&path);
	}
	return why == NULL ||
	       config_fail(error, CONFIG_ERROR_VALUE, "the URI's parameters: %s", why->message);
}

/* The path to ask the daemon for: where the URI has none, the one everybody means. */
static char *
path_or_usual(const char *path, const char *driver)
{
	for (size_t i = 0; i < G_N_ELEMENTS(hypervisors) && strlen(path) <= 1; i++) {
		if (hypervisors[i].path != NULL && strcmp(hypervisors[i].driver, driver) == 0)
			return g_strdup(hypervisors[i].path);
	}
	return g_strdup(*path ? path : "/");
}

static bool
fill_from_uri(GUri *uri, struct hostspec *spec, GError **error)
{
	const char *scheme = g_uri_get_scheme(uri), *path = g_uri_get_path(uri);

	if (g_uri_get_host(uri) == NULL || *g_uri_get_host(uri) == '\0')
		return config_fail(
			error, CONFIG_ERROR_VALUE, "a +ssh URI names a host: %s://host%s", scheme, path);
	if (g_str_has_prefix(scheme, "auto+"))
		return config_fail(error, CONFIG_ERROR_VALUE,
			"a URI names its driver; to have it found out, give the host alone");
	if (g_uri_get_password(uri) != NULL)
		return config_fail(error, CONFIG_ERROR_VALUE,
			"a password in a URI is not used; ssh's keys and agent are, "
			"or you are asked");
	if (g_uri_get_fragment(uri) != NULL)
		return config_fail(
			error, CONFIG_ERROR_VALUE, "a '#' has no meaning in a libvirt URI; write it %%23");
	if (g_uri_get_port(uri) == 0)
		return config_fail(error, CONFIG_ERROR_VALUE, "'0' is no port; allowed: 1 to 65535");
	if (!words_are_clean(path))
		return config_fail(error, CONFIG_ERROR_VALUE, "the URI's path holds control characters");

	spec->user = g_strdup(g_uri_get_user(uri));
	spec->host = g_strdup(g_uri_get_host(uri));
	spec->port = g_uri_get_port(uri) < 0 ? 0 : (uint16_t)g_uri_get_port(uri);
	spec->driver = g_strndup(scheme, strlen(scheme) - strlen("+ssh"));
	spec->path = path_or_usual(path, spec->driver);
	return (spec->user == NULL || hostspec_check_user(spec->user, error)) &&
	       check_host(spec->host, error) && parse_query(g_uri_get_query(uri), spec, error);
}

static bool
parse_uri(const char *text, struct hostspec *spec, GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED_QUERY, &why);
	g_autofree char *quoted = words_quote(text);

	if (uri == NULL)
		return config_fail(error, CONFIG_ERROR_VALUE, "%s is no URI: %s", quoted, why->message);
	if (!words_are_clean(text))
		return config_fail(error, CONFIG_ERROR_VALUE, "the URI %s holds control characters", quoted);
	if (g_str_has_suffix(g_uri_get_scheme(uri), "+ssh"))
		return fill_from_uri(uri, spec, error);
	spec->transport = TRANSPORT_DIRECT;
	spec->driver = g_strndup(g_uri_get_scheme(uri), strcspn(g_uri_get_scheme(uri), "+"));
	spec->path = g_strdup(g_uri_get_path(uri));
	spec->uri = g_strdup(text);
	return true;
}

struct hostspec *
hostspec_parse(const char *text, const char *hypervisor, GError **error)
{
	struct hostspec *spec = g_new0(struct hostspec, 1);
	bool ok;

	spec->transport = TRANSPORT_SSH;
	if (is_uri(text))
		ok = parse_uri(text, spec, error);
	else
		ok = parse_host(text, spec, error) &&
		     hostspec_set_hypervisor(spec, hypervisor ? hypervisor : "auto", error);
	if (!ok)
		g_clear_pointer(&spec, hostspec_free);
	return spec;
}

char *
hostspec_address(const struct hostspec *spec, bool with_user, bool with_port)
{
	GString *out;

	if (spec->host == NULL)
		return NULL;
	out = g_string_new(NULL);
	if (with_user && spec->user != NULL)
		g_string_append_printf(out, "%s@", spec->user);
	if (!with_port || spec->port == 0)
		g_string_append(out, spec->host);
	else if (strchr(spec->host, ':') != NULL)
		g_string_append_printf(out, "[%s]:%u", spec->host, spec->port);
	else
		g_string_append_printf(out, "%s:%u", spec->host, spec->port);
	return g_string_free(out, FALSE);
}

char *
hostspec_format(const struct hostspec *spec)
{
	g_autofree char *query = NULL, *scheme = NULL;

	if (spec->transport == TRANSPORT_SIM)
		return g_strdup("simulated");
	if (spec->transport == TRANSPORT_DIRECT)
		return g_strdup(spec->uri);
	if (spec->socket != NULL) {
		g_autofree char *escaped = g_uri_escape_string(spec->socket, "/", FALSE);

		query = g_strconcat("socket=", escaped, NULL);
	}
	if (strcmp(spec->driver, "auto") == 0) {
		g_autofree char *address = hostspec_address(spec, true, true);

		return g_strconcat(address, query ? "?" : NULL, query, NULL);
	}
	scheme = g_strdup_printf("%s+ssh", spec->driver);
	return g_uri_join_with_user(G_URI_FLAGS_ENCODED_QUERY, scheme, spec->user, NULL, NULL, spec->host,
		spec->port ? spec->port : -1, spec->path ? spec->path : "", query, NULL);
}
