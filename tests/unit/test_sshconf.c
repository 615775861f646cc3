#include "fleet/sshconf.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "fleet/clock.h"
#include "fleet/error.h"

static char *
write_config(const char *text)
{
	char *path;
	int fd = g_file_open_tmp("sshconf-XXXXXX", &path, NULL);

	cr_assert_geq(fd, 0);
	close(fd);
	cr_assert(g_file_set_contents(path, text, -1, NULL));
	return path;
}

static void
remove_config(char *path)
{
	g_unlink(path);
	g_free(path);
}

static int64_t
soon(void)
{
	return clock_now_us() + 30 * G_USEC_PER_SEC;
}

static struct sshconf_host *
resolve(struct sshconf *conf, const char *name)
{
	g_autoptr(GError) error = NULL;
	struct sshconf_host *host = sshconf_resolve(conf, name, NULL, 0, soon(), -1, &error);

	cr_assert(host, "%s: %s", name, error ? error->message : "");
	return host;
}

/* What ssh itself says about NAME. */
static char *
ask_ssh(const char *file, const char *name)
{
	const char *argv[] = { "ssh", "-G", "-F", file, "--", name, NULL };
	char *out = NULL;

	cr_assert(g_spawn_sync(NULL, (char **)(uintptr_t)argv, NULL,
		G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out, NULL, NULL, NULL));
	return out;
}

static void
same_list(char **got, char **wanted, const char *name, const char *what)
{
	g_autofree char *a = g_strjoinv(" ", got);
	g_autofree char *b = g_strjoinv(" ", wanted);

	cr_assert_str_eq(a, b, "%s: %s", name, what);
}

static void
same_text(const char *got, const char *wanted, const char *name, const char *what)
{
	cr_assert_eq(g_strcmp0(got, wanted), 0, "%s: %s is '%s', not '%s'", name, what, got, wanted);
}

static void
same_host(const struct sshconf_host *got, const struct sshconf_host *wanted)
{
	const char *name = wanted->name;

	same_text(got->name, wanted->name, name, "name");
	same_text(got->hostname, wanted->hostname, name, "hostname");
	same_text(got->user, wanted->user, name, "user");
	cr_assert_eq(got->port, wanted->port, "%s: port", name);
	cr_assert_eq(got->family, wanted->family, "%s: family", name);
	cr_assert_eq(got->strict, wanted->strict, "%s: strict", name);
	cr_assert_eq(got->identities_only, wanted->identities_only, "%s: identities only", name);
	cr_assert_eq(got->connect_timeout_s, wanted->connect_timeout_s, "%s: timeout", name);
	same_text(got->proxy_command, wanted->proxy_command, name, "proxy command");
	same_text(got->proxy_jump, wanted->proxy_jump, name, "proxy jump");
	same_text(got->host_key_alias, wanted->host_key_alias, name, "alias");
	same_text(got->agent, wanted->agent, name, "agent");
	same_text(got->bind_address, wanted->bind_address, name, "bind address");
	same_list(got->identity_files, wanted->identity_files, name, "identities");
	same_list(got->certificate_files, wanted->certificate_files, name, "certificates");
	same_list(got->user_known_hosts, wanted->user_known_hosts, name, "user known hosts");
	same_list(got->global_known_hosts, wanted->global_known_hosts, name, "global known hosts");
	same_list(got->preferred, wanted->preferred, name, "methods");
}

struct sample {
	char config[512];
	unsigned runs_max; /* of ssh, for all of the names */
};

static const char *const names[] = { "web1", "web2", "db1", "db2", "bastion", "WEB3", "other", "web1.dc1",
	"10.0.0.1", "fe80::1", "x" };

ParameterizedTestParameters(sshconf, shared_answers_are_the_real_ones)
{
	static struct sample samples[] = {
		{ "", 2 },
		{ "Host *\n  User admin\n  Port 2222\n  IdentityFile ~/.ssh/fleet\n", 2 },
		{ "Host web*\n  User www\nHost db? !db2\n  Port 5432\n  HostName 10.9.8.7\nHost *\n  "
		  "IdentitiesOnly yes\n",
			5 },
		{ "Host web1 web2\n  HostName web1\n", 11 },
		{ "Host web*\n  HostName %h.example.com\n", 11 },
		{ "Host=web1\n HostKeyAlias = alias\nhost  \"web2\" db1\nProxyJump me@bastion:2022,b2\n", 4 },
		{ "Match host web*\n  User www\n", 11 },
		{ "Match all\n  StrictHostKeyChecking accept-new\n", 2 },
		{ "Match final all\n  ConnectTimeout 7\nHost db*\n AddressFamily inet6\n", 3 },
		{ "Host *\n  IdentityFile ~/.ssh/%h_%r\n  CertificateFile ~/.ssh/%n-cert.pub\n", 2 },
		{ "Host *\n  UserKnownHostsFile ~/.ssh/known/%h /dev/null\n", 11 },
		{ "Host *\n  IdentityFile /keys/web1\n", 3 },
		{ "Host *\n  ProxyCommand nc -x proxy %h %p # %r\n  IdentityAgent none\n  BindAddress "
		  "127.0.0.1\n",
			2 },
		{ "CanonicalizeHostname yes\nCanonicalDomains invalid\n", 11 },
		{ "Host *\n PreferredAuthentications password,publickey\n PasswordAuthentication no\n", 2 },
	};

	return cr_make_param_array(struct sample, samples, G_N_ELEMENTS(samples));
}

ParameterizedTest(struct sample *sample, sshconf, shared_answers_are_the_real_ones)
{
	char *file = write_config(sample->config);
	struct sshconf *conf = sshconf_new(file);

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *real = ask_ssh(file, names[i]);
		struct sshconf_host *wanted = sshconf_parse(names[i], real, NULL);
		struct sshconf_host *got = resolve(conf, names[i]);

		cr_assert(wanted, "%s", sample->config);
		same_host(got, wanted);
		sshconf_host_free(got);
		sshconf_host_free(wanted);
	}
	cr_assert_leq(
		sshconf_runs(conf), sample->runs_max, "%u runs for:\n%s", sshconf_runs(conf), sample->config);
	sshconf_free(conf);
	remove_config(file);
}

Test(sshconf, included_files_count)
{
	char *inner = write_config("Host web1\n  User inner\n");
	g_autofree char *outer_text =
		g_strdup_printf("Host web*\n  Include %s\nHost *\n  User outer\n", inner);
	char *outer = write_config(outer_text);
	struct sshconf *conf = sshconf_new(outer);
	struct sshconf_host *two = resolve(conf, "web2"), *one = resolve(conf, "web1");

	cr_assert_str_eq(two->user, "outer");
	cr_assert_str_eq(one->user, "inner");
	sshconf_host_free(one);
	sshconf_host_free(two);
	sshconf_free(conf);
	remove_config(outer);
	remove_config(inner);
}

Test(sshconf, user_and_port_given_win)
{
	char *file = write_config("Host *\n  User conf\n  Port 99\n");
	struct sshconf *conf = sshconf_new(file);
	g_autoptr(GError) error = NULL;
	struct sshconf_host *given = sshconf_resolve(conf, "a", "me", 2022, soon(), -1, &error);
	struct sshconf_host *other = resolve(conf, "b");

	cr_assert_str_eq(given->user, "me");
	cr_assert_eq(given->port, 2022);
	cr_assert_str_eq(other->user, "conf");
	cr_assert_eq(other->port, 99);
	sshconf_host_free(given);
	sshconf_host_free(other);
	sshconf_free(conf);
	remove_config(file);
}

Test(sshconf, mistakes_are_told_in_the_words_of_ssh)
{
	char *file = write_config("Host *\n  NoSuchOption yes\n");
	struct sshconf *conf = sshconf_new(file);
	g_autoptr(GError) error = NULL;

	cr_assert_null(sshconf_resolve(conf, "a", NULL, 0, soon(), -1, &error));
	cr_assert(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_FAILED));
	cr_assert(strstr(error->message, "Bad configuration option"), "%s", error->message);
	cr_assert_null(strstr(error->message, "debug1"), "%s", error->message);
	sshconf_free(conf);
	remove_config(file);
}

struct caller {
	struct sshconf *conf;
	char name[16];
	pthread_t thread;
	struct sshconf_host *host;
};

static void *
call(void *arg)
{
	struct caller *caller = arg;

	caller->host = sshconf_resolve(caller->conf, caller->name, NULL, 0, soon(), -1, NULL);
	return NULL;
}

Test(sshconf, a_fleet_at_once_runs_ssh_twice)
{
	enum { CALLERS = 64 };
	char *file = write_config("Host h*\n  User fleet\n");
	struct sshconf *conf = sshconf_new(file);
	struct caller callers[CALLERS];

	for (unsigned i = 0; i < CALLERS; i++) {
		callers[i].conf = conf;
		g_snprintf(callers[i].name, sizeof(callers[i].name), "h%02u", i);
		pthread_create(&callers[i].thread, NULL, call, &callers[i]);
	}
	for (unsigned i = 0; i < CALLERS; i++) {
		pthread_join(callers[i].thread, NULL);
		cr_assert(callers[i].host);
		cr_assert_str_eq(callers[i].host->hostname, callers[i].name);
		cr_assert_str_eq(callers[i].host->user, "fleet");
		sshconf_host_free(callers[i].host);
	}
	cr_assert_leq(sshconf_runs(conf), 2);
	sshconf_free(conf);
	remove_config(file);
}

Test(sshconf, defaults_without_ssh)
{
	struct sshconf_host *host;
	struct sshconf *conf = sshconf_new(NULL);

	g_setenv("PATH", "/nowhere", TRUE);
	host = resolve(conf, "Some-Host");
	cr_assert_str_eq(host->hostname, "some-host");
	cr_assert_eq(host->port, 22);
	cr_assert(*host->user);
	cr_assert_eq(g_strv_length(host->identity_files), 6);
	cr_assert(g_str_has_suffix(host->user_known_hosts[0], "/.ssh/known_hosts"));
	cr_assert_str_eq(host->preferred[0], "publickey");
	sshconf_host_free(host);
	sshconf_free(conf);
}

Test(sshconf, glob)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = { { "*", "", true }, { "*", "x", true }, { "web*", "web", true },
		{ "web?", "web", false }, { "*.dc1", "a.b.dc1", true }, { "a*b*c", "axxbyyc", true },
		{ "a*b*c", "axxbyy", false }, { "", "", true }, { "", "x", false }, { "x", "", false } };

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++)
		cr_assert_eq(sshconf_glob(cases[i].pattern, cases[i].text), cases[i].matches, "%s ~ %s",
			cases[i].pattern, cases[i].text);
}

Test(sshconf, expand)
{
	struct sshconf_host *host = sshconf_defaults("Name", "me", 2022);
	static const struct {
		const char *text, *wanted;
	} cases[] = { { "/k/%h_%r_%p_%n", "/k/name_me_2022_Name" }, { "100%%", "100%" },
		{ "${VF_TEST}/x", "/v/x" }, { "${VF_NONE}", NULL }, { "%Q", NULL }, { "${VF_TEST", NULL },
		{ "%", "%" } };

	g_setenv("VF_TEST", "/v", TRUE);
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = sshconf_expand(host, cases[i].text);

		cr_assert_eq(g_strcmp0(text, cases[i].wanted), 0, "%s: %s", cases[i].text, text);
	}
	sshconf_host_free(host);
}
