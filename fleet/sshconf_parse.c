#include "fleet/sshconf.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fleet/error.h"

static const char *const default_identities[] = { "~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ecdsa_sk",
	"~/.ssh/id_ed25519", "~/.ssh/id_ed25519_sk", "~/.ssh/id_dsa", NULL };
static const char *const default_methods = "publickey,keyboard-interactive,password";

/* The passwd entry's, as ssh does: $HOME is not asked. USER NULL: who runs this. */
static char *
passwd_field(const char *user, bool home)
{
	char buf[4096];
	struct passwd pw, *found = NULL;

	if (user)
		getpwnam_r(user, &pw, buf, sizeof(buf), &found);
	else
		getpwuid_r(getuid(), &pw, buf, sizeof(buf), &found);
	return found ? g_strdup(home ? found->pw_dir : found->pw_name) : NULL;
}

/* ---- tokens ---- */

static char *
local_host(bool full)
{
	char name[256] = "";
	char *dot;

	gethostname(name, sizeof(name) - 1);
	dot = strchr(name, '.');
	if (dot && !full)
		*dot = '\0';
	return g_strdup(name);
}

static char *
connection_hash(const struct sshconf_host *host)
{
	g_autofree char *local = local_host(true);
	g_autofree char *text = g_strdup_printf("%s%s%u%s", local, host->hostname, host->port, host->user);

	return g_compute_checksum_for_string(G_CHECKSUM_SHA1, text, -1);
}

static char *
expand_token(const struct sshconf_host *host, char token)
{
	switch (token) {
	case '%':
		return g_strdup("%");
	case 'h':
		return g_strdup(host->hostname);
	case 'n':
		return g_strdup(host->name);
	case 'k':
		return g_strdup(host->host_key_alias ? host->host_key_alias : host->name);
	case 'p':
		return g_strdup_printf("%u", host->port);
	case 'r':
		return g_strdup(host->user);
	case 'u':
		return passwd_field(NULL, false);
	case 'd':
		return passwd_field(NULL, true);
	case 'i':
		return g_strdup_printf("%u", (unsigned)getuid());
	case 'j':
		return g_strdup(host->proxy_jump ? host->proxy_jump : "");
	case 'L':
		return local_host(false);
	case 'l':
		return local_host(true);
	case 'C':
		return connection_hash(host);
	default:
		return NULL;
	}
}

/* *TEXT at "${NAME}": its value, and *TEXT behind it. NULL: not set or not closed. */
static char *
expand_variable(const char **text)
{
	const char *end = strchr(*text, '}');
	g_autofree char *name = NULL;

	if (!end)
		return NULL;
	name = g_strndup(*text + 2, (gsize)(end - *text - 2));
	*text = end + 1;
	return g_strdup(getenv(name));
}

/* The same for "~" or "~user" at the beginning of a path. */
static char *
expand_home(const char **text)
{
	const char *end = strchrnul(*text, '/');
	g_autofree char *user = g_strndup(*text + 1, (gsize)(end - *text - 1));

	*text = end;
	return passwd_field(*user ? user : NULL, true);
}

char *
sshconf_expand(const struct sshconf_host *host, const char *text)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (*text == '~') {
		g_autofree char *home = expand_home(&text);

		if (!home)
			return NULL;
		g_string_append(out, home);
	}
	while (*text) {
		g_autofree char *value = NULL;

		if (*text == '%' && text[1]) {
			value = expand_token(host, text[1]);
			text += 2;
		} else if (*text == '$' && text[1] == '{') {
			value = expand_variable(&text);
		} else {
			g_string_append_c(out, *text++);
			continue;
		}
		if (!value)
			return NULL;
		g_string_append(out, value);
	}
	return g_strdup(out->str);
}

/* ---- the output of ssh -G ---- */

/* What is read in one form and kept in another until everything is known. */
struct reader {
	struct sshconf_host *host;
	GPtrArray *identities, *certificates; /* raw */
	char *agent;                          /* raw; NULL: not said */
	bool no_pubkey, no_password, no_kbdint;
};

static bool
is_yes(const char *value)
{
	return !g_ascii_strcasecmp(value, "yes") || !g_ascii_strcasecmp(value, "true");
}

static bool
is_no(const char *value)
{
	return !g_ascii_strcasecmp(value, "no") || !g_ascii_strcasecmp(value, "false") ||
	       !g_ascii_strcasecmp(value, "off");
}

static void
set_string(char **field, const char *value)
{
	g_free(*field);
	*field = g_ascii_strcasecmp(value, "none") ? g_strdup(value) : NULL;
}

static void
set_list(char ***field, const char *value)
{
	g_strfreev(*field);
	*field = g_ascii_strcasecmp(value, "none") ? g_strsplit(value, " ", -1) : g_new0(char *, 1);
}

#define READ_STRING(field)                                        \
	static void read_##field(struct reader *r, const char *v) \
	{                                                         \
		set_string(&r->host->field, v);                   \
	}
#define READ_LIST(field)                                          \
	static void read_##field(struct reader *r, const char *v) \
	{                                                         \
		set_list(&r->host->field, v);                     \
	}
#define READ_IF_NO(field)                                         \
	static void read_##field(struct reader *r, const char *v) \
	{                                                         \
		r->field = is_no(v);                              \
	}

READ_STRING(hostname)
READ_STRING(user)
READ_STRING(bind_address)
READ_STRING(proxy_command)
READ_STRING(proxy_jump)
READ_STRING(host_key_alias)
READ_STRING(hostkey_algorithms)
READ_STRING(kex_algorithms)
READ_STRING(ciphers)
READ_STRING(macs)
READ_STRING(pubkey_algorithms)
READ_LIST(user_known_hosts)
READ_LIST(global_known_hosts)
READ_IF_NO(no_pubkey)
READ_IF_NO(no_password)
READ_IF_NO(no_kbdint)

static void
read_port(struct reader *r, const char *value)
{
	r->host->port = (uint16_t)atoi(value);
}

static void
read_family(struct reader *r, const char *value)
{
	r->host->family = !strcmp(value, "inet") ? AF_INET : !strcmp(value, "inet6") ? AF_INET6 : AF_UNSPEC;
}

static void
read_connect_timeout(struct reader *r, const char *value)
{
	r->host->connect_timeout_s = atoi(value);
}

static void
read_strict(struct reader *r, const char *value)
{
	if (is_yes(value))
		r->host->strict = SSHCONF_STRICT_YES;
	else if (is_no(value))
		r->host->strict = SSHCONF_STRICT_NO;
	else if (!g_ascii_strcasecmp(value, "accept-new"))
		r->host->strict = SSHCONF_STRICT_ACCEPT_NEW;
	else
		r->host->strict = SSHCONF_STRICT_ASK;
}

static void
read_hash(struct reader *r, const char *value)
{
	r->host->hash_known_hosts = is_yes(value);
}

static void
read_identities_only(struct reader *r, const char *value)
{
	r->host->identities_only = is_yes(value);
}

static void
read_identity(struct reader *r, const char *value)
{
	g_ptr_array_add(r->identities, g_strdup(value));
}

static void
read_certificate(struct reader *r, const char *value)
{
	g_ptr_array_add(r->certificates, g_strdup(value));
}

static void
read_agent(struct reader *r, const char *value)
{
	g_free(r->agent);
	r->agent = g_strdup(value);
}

static void
read_preferred(struct reader *r, const char *value)
{
	g_strfreev(r->host->preferred);
	r->host->preferred = g_strsplit(value, ",", -1);
}

static const struct {
	const char *keyword;
	void (*read)(struct reader *reader, const char *value);
} fields[] = {
	{ "hostname", read_hostname },
	{ "user", read_user },
	{ "port", read_port },
	{ "addressfamily", read_family },
	{ "connecttimeout", read_connect_timeout },
	{ "bindaddress", read_bind_address },
	{ "proxycommand", read_proxy_command },
	{ "proxyjump", read_proxy_jump },
	{ "hostkeyalias", read_host_key_alias },
	{ "userknownhostsfile", read_user_known_hosts },
	{ "globalknownhostsfile", read_global_known_hosts },
	{ "stricthostkeychecking", read_strict },
	{ "hashknownhosts", read_hash },
	{ "identityfile", read_identity },
	{ "certificatefile", read_certificate },
	{ "identitiesonly", read_identities_only },
	{ "identityagent", read_agent },
	{ "preferredauthentications", read_preferred },
	{ "pubkeyauthentication", read_no_pubkey },
	{ "passwordauthentication", read_no_password },
	{ "kbdinteractiveauthentication", read_no_kbdint },
	{ "hostkeyalgorithms", read_hostkey_algorithms },
	{ "kexalgorithms", read_kex_algorithms },
	{ "ciphers", read_ciphers },
	{ "macs", read_macs },
	{ "pubkeyacceptedalgorithms", read_pubkey_algorithms },
};

static void
read_setting(struct reader *reader, char *line)
{
	char *value = strchr(line, ' ');

	if (!value)
		return;
	*value++ = '\0';
	for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++) {
		if (strcmp(line, fields[i].keyword) == 0)
			fields[i].read(reader, value);
	}
}

static struct reader
reader_new(const char *name)
{
	struct sshconf_host *host = g_new0(struct sshconf_host, 1);

	host->name = g_strdup(name);
	host->family = AF_UNSPEC;
	host->user_known_hosts = g_new0(char *, 1);
	host->global_known_hosts = g_new0(char *, 1);
	host->preferred = g_strsplit(default_methods, ",", -1);
	return (struct reader){ .host = host,
		.identities = g_ptr_array_new_with_free_func(g_free),
		.certificates = g_ptr_array_new_with_free_func(g_free) };
}

static char **
expand_all(const struct sshconf_host *host, GPtrArray *raw)
{
	GPtrArray *paths = g_ptr_array_new();

	for (guint i = 0; i < raw->len; i++) {
		char *path = g_ascii_strcasecmp(raw->pdata[i], "none") ? sshconf_expand(host, raw->pdata[i])
								       : NULL;

		if (path)
			g_ptr_array_add(paths, path);
	}
	g_ptr_array_add(paths, NULL);
	return (char **)g_ptr_array_free(paths, FALSE);
}

/* RAW NULL: not said. */
static char *
find_agent(const struct sshconf_host *host, const char *raw)
{
	char *path;

	if (!raw || !strcmp(raw, "SSH_AUTH_SOCK"))
		path = g_strdup(getenv("SSH_AUTH_SOCK"));
	else if (!g_ascii_strcasecmp(raw, "none"))
		path = NULL;
	else if (raw[0] == '$' && raw[1] != '{')
		path = g_strdup(getenv(raw + 1));
	else
		path = sshconf_expand(host, raw);
	if (path && !*path)
		g_clear_pointer(&path, g_free);
	return path;
}

static void
drop_methods(struct reader *r)
{
	GPtrArray *kept = g_ptr_array_new();

	for (char **method = r->host->preferred; *method; method++) {
		if ((r->no_pubkey && !strcmp(*method, "publickey")) ||
			(r->no_password && !strcmp(*method, "password")) ||
			(r->no_kbdint && !strcmp(*method, "keyboard-interactive")))
			continue;
		g_ptr_array_add(kept, g_strdup(*method));
	}
	g_ptr_array_add(kept, NULL);
	g_strfreev(r->host->preferred);
	r->host->preferred = (char **)g_ptr_array_free(kept, FALSE);
}

static struct sshconf_host *
reader_finish(struct reader *r)
{
	r->host->identity_files = expand_all(r->host, r->identities);
	r->host->certificate_files = expand_all(r->host, r->certificates);
	r->host->agent = find_agent(r->host, r->agent);
	drop_methods(r);
	g_ptr_array_unref(r->identities);
	g_ptr_array_unref(r->certificates);
	g_free(r->agent);
	return r->host;
}

struct sshconf_host *
sshconf_parse(const char *name, const char *output, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
	struct reader reader = reader_new(name);
	struct sshconf_host *host;

	for (char **line = lines; *line; line++)
		read_setting(&reader, *line);
	host = reader_finish(&reader);
	if (!host->hostname || !host->user || !host->port) {
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL,
			"ssh -G %s does not say hostname, user and port", name);
		sshconf_host_free(host);
		return NULL;
	}
	return host;
}

struct sshconf_host *
sshconf_defaults(const char *name, const char *user, uint16_t port)
{
	struct reader reader = reader_new(name);
	struct sshconf_host *host = reader.host;

	host->hostname = g_ascii_strdown(name, -1);
	host->user = user ? g_strdup(user) : passwd_field(NULL, false);
	if (!host->user)
		host->user = g_strdup("root");
	host->port = port ? port : 22;
	for (unsigned i = 0; default_identities[i]; i++)
		read_identity(&reader, default_identities[i]);
	reader_finish(&reader);
	g_strfreev(host->user_known_hosts);
	host->user_known_hosts = g_new0(char *, 2);
	host->user_known_hosts[0] = sshconf_expand(host, "~/.ssh/known_hosts");
	set_list(&host->global_known_hosts, "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2");
	return host;
}

void
sshconf_host_free(struct sshconf_host *host)
{
	if (!host)
		return;
	g_free(host->name);
	g_free(host->hostname);
	g_free(host->user);
	g_free(host->bind_address);
	g_free(host->proxy_command);
	g_free(host->proxy_jump);
	g_free(host->host_key_alias);
	g_strfreev(host->user_known_hosts);
	g_strfreev(host->global_known_hosts);
	g_strfreev(host->identity_files);
	g_strfreev(host->certificate_files);
	g_free(host->agent);
	g_strfreev(host->preferred);
	g_free(host->hostkey_algorithms);
	g_free(host->kex_algorithms);
	g_free(host->ciphers);
	g_free(host->macs);
	g_free(host->pubkey_algorithms);
	g_free(host);
}
