/* Tunnels through real sshds, to small servers of unix sockets in this process. */
#include "fleet/tunnel.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <libssh/libssh.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fleet/clock.h"
#include "fleet/error.h"
#include "tests/support/lab.h"

enum { CONNECT_MS = 20000, WAIT_MS = 30000 };

/* ---- a server that echoes ---- */

struct echo {
	char *path;
	int fd;
	pthread_t thread;
	atomic_uint accepted;
	_Atomic pid_t peer; /* of the last connection: the session's sshd */
};

static void *
echo_one(void *arg)
{
	int fd = GPOINTER_TO_INT(arg);
	char *buf = g_malloc(1 << 16);
	ssize_t n;

	while ((n = read(fd, buf, 1 << 16)) > 0) {
		for (ssize_t done = 0, w; done < n; done += w) {
			w = send(fd, buf + done, (size_t)(n - done), MSG_NOSIGNAL);
			if (w <= 0)
				break;
		}
	}
	close(fd);
	g_free(buf);
	return NULL;
}

static void *
echo_main(void *arg)
{
	struct echo *echo = arg;
	g_autoptr(GArray) threads = g_array_new(FALSE, FALSE, sizeof(pthread_t));
	int fd;

	while ((fd = accept4(echo->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		struct ucred peer = { 0 };
		socklen_t len = sizeof(peer);
		pthread_t thread;

		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
		atomic_store(&echo->peer, peer.pid);
		atomic_fetch_add(&echo->accepted, 1);
		pthread_create(&thread, NULL, echo_one, GINT_TO_POINTER(fd));
		g_array_append_val(threads, thread);
	}
	for (guint i = 0; i < threads->len; i++)
		pthread_join(g_array_index(threads, pthread_t, i), NULL);
	return NULL;
}

static int
listen_on(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	cr_assert_eq(
		bind(fd, (struct sockaddr *)&address, sizeof(address)), 0, "%s: %s", path, g_strerror(errno));
	cr_assert_eq(listen(fd, 64), 0);
	return fd;
}

static void
echo_start(struct echo *echo, const char *path)
{
	echo->path = g_strdup(path);
	echo->fd = listen_on(path);
	atomic_store(&echo->accepted, 0);
	pthread_create(&echo->thread, NULL, echo_main, echo);
}

static void
echo_stop(struct echo *echo)
{
	shutdown(echo->fd, SHUT_RDWR);
	pthread_join(echo->thread, NULL);
	close(echo->fd);
	g_unlink(echo->path);
	g_free(echo->path);
}

/* ---- a world to connect in ---- */

struct world {
	struct lab *lab;
	struct asks *asks;
	struct tunnels *tunnels;
	char *config;      /* our own -F file */
	char *socket;      /* where an echo server may be */
	atomic_uint pokes; /* by asks */
	unsigned fds;      /* open before */
};

static unsigned
count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void
on_poke(void *ctx, uint32_t host)
{
	struct world *world = ctx;

	(void)host;
	atomic_fetch_add(&world->pokes, 1);
}

/* CONFIG: lines before the lab's own; "@" stands for the lab's folder. */
static struct world *
world_new(bool interactive, const char *config, unsigned gate_parallel, int64_t connect_ms)
{
	struct world *world = g_new0(struct world, 1);
	struct tunnels_opts opts = {
		.connect_timeout_ms = connect_ms, .parallel = 64, .gate_parallel = gate_parallel
	};
	g_autoptr(GError) error = NULL;

	ssh_init();
	world->fds = count_fds();
	world->lab = lab_new();
	world->asks = asks_new(interactive, on_poke, NULL, world);
	world->config = g_build_filename(lab_dir(world->lab), "our_config", NULL);
	world->socket = g_build_filename(lab_dir(world->lab), "echo-sock", NULL);
	if (config) {
		g_auto(GStrv) parts = g_strsplit(config, "@", -1);
		g_autofree char *filled = g_strjoinv(lab_dir(world->lab), parts);
		g_autofree char *text =
			g_strdup_printf("%s\nHost *\nInclude %s\n", filled, lab_ssh_config(world->lab));

		cr_assert(g_file_set_contents(world->config, text, -1, NULL));
	}
	opts.asks = world->asks;
	opts.ssh_config = config ? world->config : lab_ssh_config(world->lab);
	world->tunnels = tunnels_new(&opts, &error);
	cr_assert(world->tunnels, "%s", error ? error->message : "");
	return world;
}

static struct world *
plain_world(void)
{
	return world_new(true, NULL, 8, CONNECT_MS);
}

static void
world_free(struct world *world)
{
	tunnels_free(world->tunnels);
	asks_free(world->asks);
	lab_free(world->lab);
	cr_assert_leq(count_fds(), world->fds, "descriptors are left");
	g_free(world->config);
	g_free(world->socket);
	g_free(world);
}

static struct tunnel *
tunnel_to(struct world *world, const char *host, uint16_t port)
{
	struct hostspec spec = { .transport = TRANSPORT_SSH,
		.host = (char *)(uintptr_t)host,
		.port = port,
		.driver = (char *)(uintptr_t) "auto" };

	return tunnel_new(world->tunnels, &spec, 7);
}

static struct tunnel *
tunnel_to_sshd(struct world *world, struct lab_sshd *sshd)
{
	return tunnel_to(world, lab_sshd_address(sshd), lab_sshd_port(sshd));
}

struct steps {
	unsigned seen, ok;
	char *text[CONN_STEP_COUNT];
};

static void
on_step(void *ctx, enum conn_step step, bool ok, int64_t took_us, const char *text)
{
	struct steps *steps = ctx;

	cr_assert_geq(took_us, 0);
	steps->seen |= 1u << step;
	steps->ok |= (unsigned)ok << step;
	g_free(steps->text[step]);
	steps->text[step] = g_strdup(text);
}

static void
steps_done(struct steps *steps)
{
	for (unsigned i = 0; i < CONN_STEP_COUNT; i++)
		g_clear_pointer(&steps->text[i], g_free);
}

static void
must_connect(struct tunnel *tunnel)
{
	g_autoptr(GError) error = NULL;

	cr_assert(tunnel_connect(tunnel, NULL, &error), "%s", error ? error->message : "");
}

/* Connecting fails with CODE and WORDS; uses up the tunnel. */
static void
must_fail(struct tunnel *tunnel, enum fleet_error code, const char *words)
{
	g_autoptr(GError) error = NULL;

	cr_assert_not(tunnel_connect(tunnel, NULL, &error));
	cr_assert(error);
	cr_assert(g_error_matches(error, FLEET_ERROR, (int)code), "%d: %s", error->code, error->message);
	cr_assert(strstr(error->message, words), "'%s' does not say '%s'", error->message, words);
	tunnel_unref(tunnel);
}

static int
dial_local(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0, "%s: %s", path,
		g_strerror(errno));
	return fd;
}

/* A connection through TUNNEL to the far end's SOCKET. *VIA may be NULL. */
static int
must_open(struct tunnel *tunnel, const char *socket, char **via)
{
	g_autofree char *path = NULL, *used = NULL, *driver = NULL;
	g_autoptr(GError) error = NULL;
	int fd;

	cr_assert(tunnel_open_daemon(tunnel, "auto", socket, false, NULL, &path, &used, &driver, &error),
		"%s", error ? error->message : "");
	fd = dial_local(path);
	if (via)
		*via = g_steal_pointer(&used);
	return fd;
}

static bool
wait_readable(int fd)
{
	struct pollfd pfd = { fd, POLLIN, 0 };

	return poll(&pfd, 1, WAIT_MS) == 1;
}

static void
must_echo(int fd, const char *text)
{
	char buf[256];
	size_t len = strlen(text), got = 0;

	cr_assert_eq(send(fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
	while (got < len) {
		ssize_t n;

		cr_assert(wait_readable(fd), "no echo");
		n = read(fd, buf + got, sizeof(buf) - got);
		cr_assert_gt(n, 0);
		got += (size_t)n;
	}
	cr_assert_eq(memcmp(buf, text, len), 0);
}

static void
must_end(int fd)
{
	char c;

	cr_assert(wait_readable(fd), "the local end stays open");
	cr_assert_leq(read(fd, &c, 1), 0);
	close(fd);
}

static bool
is_dead(void *tunnel)
{
	return !tunnel_alive(tunnel, NULL);
}

/* ---- logging in ---- */

Test(tunnel, steps_are_told)
{
	struct world *world = plain_world();
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, NULL, true);
	struct tunnel *tunnel = tunnel_to_sshd(world, sshd);
	struct steps steps = { 0 };
	struct conn_listener listener = { .ctx = &steps, .step = on_step };
	struct echo echo;
	g_autofree char *path = NULL, *via = NULL, *driver = NULL;
	g_autoptr(GError) error = NULL;
	unsigned wanted =
		1u << CONN_STEP_NAME | 1u << CONN_STEP_TCP | 1u << CONN_STEP_HOSTKEY | 1u << CONN_STEP_LOGIN;

	cr_assert(tunnel_connect(tunnel, &listener, &error), "%s", error ? error->message : "");
	cr_assert_eq(steps.ok, wanted);
	cr_assert_str_eq(steps.text[CONN_STEP_NAME], "127.0.0.1");
	cr_assert(g_str_has_prefix(steps.text[CONN_STEP_TCP], "127.0.0.1 port "));
	cr_assert(g_str_has_prefix(steps.text[CONN_STEP_HOSTKEY], "SHA256:"));
	cr_assert(g_str_has_suffix(steps.text[CONN_STEP_HOSTKEY], " known"));
	cr_assert(g_str_has_prefix(steps.text[CONN_STEP_LOGIN], "publickey "), "%s",
		steps.text[CONN_STEP_LOGIN]);
	cr_assert(tunnel_alive(tunnel, NULL));
	cr_assert_gt(tunnel_rtt_us(tunnel), 0);

	echo_start(&echo, world->socket);
	cr_assert(tunnel_open_daemon(
			  tunnel, "auto", world->socket, false, &listener, &path, &via, &driver, &error),
		"%s", error ? error->message : "");
	cr_assert(steps.ok & 1u << CONN_STEP_SOCKET);
	cr_assert(g_str_has_prefix(via, "streamlocal "), "%s", via);
	cr_assert_null(driver);
	tunnel_unref(tunnel);
	echo_stop(&echo);
	steps_done(&steps);
	world_free(world);
}

static void
run(const char *const *argv)
{
	int status = -1;

	cr_assert(g_spawn_sync(NULL, (char **)(uintptr_t)argv, NULL,
		G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL, &status, NULL));
	cr_assert_eq(status, 0, "%s failed", argv[0]);
}

static char *
make_key(struct world *world, const char *name, const char *passphrase)
{
	char *path = g_build_filename(lab_dir(world->lab), name, NULL);

	run((const char *[]){
		"ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", path, NULL });
	return path;
}

/* LOGIN step's text of a connection that must succeed. */
static char *
login_text(struct tunnel *tunnel)
{
	struct steps steps = { 0 };
	struct conn_listener listener = { .ctx = &steps, .step = on_step };
	g_autoptr(GError) error = NULL;
	char *text;

	cr_assert(tunnel_connect(tunnel, &listener, &error), "%s", error ? error->message : "");
	text = g_steal_pointer(&steps.text[CONN_STEP_LOGIN]);
	steps_done(&steps);
	tunnel_unref(tunnel);
	return text;
}

static bool
exists(void *path)
{
	return access(path, F_OK) == 0;
}

/* A test that fails ends without killing its agent. */
static void
die_with_parent(gpointer data)
{
	(void)data;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
}

/* The right key is the agent's last, the server takes two tries, and there is no private key on disk. */
Test(tunnel, agent_offers_the_configured_key_only)
{
	struct world *world = world_new(true, "Host *\nIdentityAgent @/agent\n", 8, CONNECT_MS);
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, "MaxAuthTries 2", true);
	g_autofree char *socket = g_build_filename(lab_dir(world->lab), "agent", NULL);
	g_autofree char *text = NULL;
	const char *agent[] = { "ssh-agent", "-D", "-a", socket, NULL };
	GPid pid;

	cr_assert(g_spawn_async(NULL, (char **)(uintptr_t)agent, NULL,
		G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL, die_with_parent,
		NULL, &pid, NULL));
	cr_assert(lab_wait(exists, socket, WAIT_MS));
	g_setenv("SSH_AUTH_SOCK", socket, TRUE);
	for (unsigned i = 0; i < 4; i++) {
		g_autofree char *name = g_strdup_printf("other%u", i);
		g_autofree char *other = make_key(world, name, "");

		run((const char *[]){ "ssh-add", "-q", other, NULL });
	}
	run((const char *[]){ "ssh-add", "-q", lab_client_key(world->lab), NULL });
	cr_assert_eq(g_unlink(lab_client_key(world->lab)), 0);

	text = login_text(tunnel_to_sshd(world, sshd));
	cr_assert(g_str_has_suffix(text, "id_ed25519 (agent)"), "%s", text);

	kill(pid, SIGTERM);
	g_spawn_close_pid(pid);
	world_free(world);
}

Test(tunnel, a_silent_agent_is_not_waited_for)
{
	struct world *world = world_new(true, "Host *\nIdentityAgent @/agent\n", 8, CONNECT_MS);
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, NULL, true);
	g_autofree char *socket = g_build_filename(lab_dir(world->lab), "agent", NULL);
	g_autofree char *text = NULL;
	int fd = listen_on(socket);

	text = login_text(tunnel_to_sshd(world, sshd));
	cr_assert(g_str_has_suffix(text, "id_ed25519"), "%s", text);
	close(fd);
	world_free(world);
}

static const char *const key_types[][2] = { { "rsa", "" }, { "ecdsa", "" }, { "rsa", "secret" },
	{ "ecdsa", "secret" } };

Test(tunnel, keys_of_other_kinds)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(key_types); i++) {
		struct world *world = plain_world();
		const char *key = lab_client_key(world->lab);
		g_autofree char *pub = g_strdup_printf("%s.pub", key);
		struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, NULL, true);

		g_unlink(key);
		g_unlink(pub);
		run((const char *[]){
			"ssh-keygen", "-q", "-t", key_types[i][0], "-N", key_types[i][1], "-f", key, NULL });
		if (*key_types[i][1]) {
			must_fail(tunnel_to_sshd(world, sshd), FLEET_ERROR_NEEDS_SECRET,
				"waits for the passphrase");
			asks_answer(world->asks, ASK_PASSPHRASE, key, true, key_types[i][1]);
		}
		g_free(login_text(tunnel_to_sshd(world, sshd)));
		world_free(world);
	}
}

Test(tunnel, passphrase_is_asked_once_for_all)
{
	struct world *world = plain_world();
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, NULL, true);
	const char *key = lab_client_key(world->lab);
	g_autofree char *text = NULL;
	struct ask *ask;

	run((const char *[]){ "ssh-keygen", "-q", "-p", "-P", "", "-N", "correct horse", "-f", key, NULL });
	must_fail(tunnel_to_sshd(world, sshd), FLEET_ERROR_NEEDS_SECRET, "waits for the passphrase of");
	must_fail(tunnel_to_sshd(world, sshd), FLEET_ERROR_NEEDS_SECRET, "waits for the passphrase of");
	cr_assert_eq(asks_open_count(world->asks), 1);

	ask = asks_next(world->asks);
	cr_assert_eq(ask->kind, ASK_PASSPHRASE);
	cr_assert_str_eq(ask->subject, key);
	asks_answer(world->asks, ask->kind, ask->subject, true, "wrong");
	ask_free(ask);
	cr_assert_eq(atomic_load(&world->pokes), 1);
	must_fail(tunnel_to_sshd(world, sshd), FLEET_ERROR_NEEDS_SECRET, "right passphrase");
	cr_assert_eq(asks_open_count(world->asks), 1, "a wrong one is asked for again");
	asks_answer(world->asks, ASK_PASSPHRASE, key, true, "correct horse");
	cr_assert_eq(atomic_load(&world->pokes), 2, "nobody waits for the second answer");

	text = login_text(tunnel_to_sshd(world, sshd));
	cr_assert(g_str_has_suffix(text, "id_ed25519"), "%s", text);
	world_free(world);
}

Test(tunnel, denied_login_tells_what_was_tried)
{
	struct world *world = plain_world();
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, "AuthorizedKeysFile none", true);

	must_fail(tunnel_to_sshd(world, sshd), FLEET_ERROR_LOGIN, "no key was accepted: ");
	must_fail(tunnel_to_sshd(world, sshd), FLEET_ERROR_LOGIN, "id_ed25519; server offers publickey");
	world_free(world);
}

Test(tunnel, open_key_files_are_not_used)
{
	struct world *world = plain_world();
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, NULL, true);

	cr_assert_eq(g_chmod(lab_client_key(world->lab), 0644), 0);
	must_fail(tunnel_to_sshd(world, sshd), FLEET_ERROR_LOGIN, "permissions 0644 are too open");
	world_free(world);
}

Test(tunnel, two_keys_are_wanted)
{
	struct world *world = world_new(true, "Host *\nIdentityFile @/second\n", 8, CONNECT_MS);
	g_autofree char *second = make_key(world, "second", "");
	g_autofree char *extra =
		g_strdup_printf("AuthenticationMethods publickey,publickey\nAuthorizedKeysFile %s.pub %s.pub",
			second, lab_client_key(world->lab));
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, extra, true);

	g_free(login_text(tunnel_to_sshd(world, sshd)));
	cr_assert_eq(g_unlink(second), 0);
	must_fail(tunnel_to_sshd(world, sshd), FLEET_ERROR_LOGIN, "server offers publickey");
	world_free(world);
}

Test(tunnel, certificate_beside_the_key)
{
	struct world *world = plain_world();
	g_autofree char *ca = make_key(world, "ca", "");
	g_autofree char *ca_pub = g_strdup_printf("%s.pub", ca);
	g_autofree char *extra = g_strdup_printf("AuthorizedKeysFile none\nTrustedUserCAKeys %s", ca_pub);
	g_autofree char *user_pub = g_strdup_printf("%s.pub", lab_client_key(world->lab));
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, extra, true);
	g_autofree char *text = NULL;

	run((const char *[]){
		"ssh-keygen", "-q", "-s", ca, "-I", "test", "-n", g_get_user_name(), user_pub, NULL });
	text = login_text(tunnel_to_sshd(world, sshd));
	cr_assert(g_str_has_suffix(text, "id_ed25519-cert.pub"), "%s", text);
	world_free(world);
}

/* ---- host keys ---- */

Test(tunnel, unknown_host_key_waits_and_is_noted)
{
	struct world *world = plain_world();
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, NULL, false);
	g_autofree char *known = NULL;
	struct ask *ask;

	must_fail(tunnel_to_sshd(world, sshd), FLEET_ERROR_HOSTKEY_UNKNOWN, "ED25519 SHA256:");
	ask = asks_next(world->asks);
	cr_assert(ask);
	cr_assert_eq(ask->kind, ASK_HOSTKEY);
	cr_assert(g_str_has_prefix(ask->subject, "[127.0.0.1]:"), "%s", ask->subject);
	cr_assert(strstr(ask->text, "ED25519 SHA256:"), "%s", ask->text);
	asks_answer(world->asks, ask->kind, ask->subject, true, NULL);
	ask_free(ask);
	g_free(login_text(tunnel_to_sshd(world, sshd)));
	g_free(login_text(tunnel_to_sshd(world, sshd)));
	cr_assert(g_file_get_contents(lab_known_hosts(world->lab), &known, NULL, NULL));
	cr_assert(g_str_has_prefix(known, "[127.0.0.1]:"), "%s", known);
	cr_assert_eq(strchr(known, '\n') - known + 1, (ssize_t)strlen(known), "noted once");
	world_free(world);
}

Test(tunnel, unknown_host_key_refused)
{
	struct world *world = world_new(false, NULL, 8, CONNECT_MS);
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, NULL, false);

	must_fail(tunnel_to_sshd(world, sshd), FLEET_ERROR_HOSTKEY_UNKNOWN, "not accepted");
	world_free(world);
}

Test(tunnel, accept_new_is_obeyed_and_hashed)
{
	struct world *world = world_new(
		false, "Host *\nStrictHostKeyChecking accept-new\nHashKnownHosts yes\n", 8, CONNECT_MS);
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, NULL, false);
	g_autofree char *known = NULL;

	g_free(login_text(tunnel_to_sshd(world, sshd)));
	cr_assert(g_file_get_contents(lab_known_hosts(world->lab), &known, NULL, NULL));
	cr_assert(g_str_has_prefix(known, "|1|"), "%s", known);
	g_free(login_text(tunnel_to_sshd(world, sshd)));
	lab_sshd_new_hostkey(sshd);
	must_fail(tunnel_to_sshd(world, sshd), FLEET_ERROR_HOSTKEY_CHANGED, "has changed");
	world_free(world);
}

Test(tunnel, changed_host_key_is_refused)
{
	struct world *world = world_new(true, "Host *\nStrictHostKeyChecking no\n", 8, CONNECT_MS);
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, NULL, true);

	lab_sshd_new_hostkey(sshd);
	must_fail(tunnel_to_sshd(world, sshd), FLEET_ERROR_HOSTKEY_CHANGED, "has changed");
	cr_assert_eq(asks_open_count(world->asks), 0);
	world_free(world);
}

Test(tunnel, revoked_host_key_is_refused)
{
	struct world *world = plain_world();
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, NULL, true);
	g_autofree char *known = NULL, *both = NULL;

	cr_assert(g_file_get_contents(lab_known_hosts(world->lab), &known, NULL, NULL));
	both = g_strdup_printf("%s@revoked * %s", known, strchr(known, ' ') + 1);
	cr_assert(g_file_set_contents(lab_known_hosts(world->lab), both, -1, NULL));
	must_fail(tunnel_to_sshd(world, sshd), FLEET_ERROR_HOSTKEY_CHANGED, "revoked");
	world_free(world);
}

/* The host has two keys; only the one ssh would not ask for first is known, under a hashed name at that. */
Test(tunnel, a_known_key_of_another_type_is_asked_for)
{
	struct world *world = plain_world();
	g_autofree char *second = g_build_filename(lab_dir(world->lab), "ecdsa", NULL);
	g_autofree char *pub_file = g_strdup_printf("%s.pub", second);
	g_autofree char *extra = g_strdup_printf("HostKey %s", second);
	g_autofree char *pub = NULL, *line = NULL;
	struct lab_sshd *sshd;
	char *known = (char *)(uintptr_t)lab_known_hosts(world->lab);

	run((const char *[]){ "ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", second, NULL });
	sshd = lab_sshd_start(world->lab, NULL, extra, false);
	cr_assert(g_file_get_contents(pub_file, &pub, NULL, NULL));
	line = g_strdup_printf("[127.0.0.1]:%u %s", lab_sshd_port(sshd), pub);
	cr_assert(g_file_set_contents(known, line, -1, NULL));
	g_free(login_text(tunnel_to_sshd(world, sshd)));
	run((const char *[]){ "sh", "-c", "ssh-keygen -q -H -f \"$0\" 2>/dev/null", known, NULL });
	g_free(login_text(tunnel_to_sshd(world, sshd)));
	world_free(world);
}

Test(tunnel, host_key_alias)
{
	struct world *world = world_new(false, "Host *\nHostKeyAlias the-alias\n", 8, CONNECT_MS);
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, NULL, true);
	g_autofree char *known = NULL, *renamed = NULL;

	must_fail(tunnel_to_sshd(world, sshd), FLEET_ERROR_HOSTKEY_UNKNOWN, "the-alias");
	cr_assert(g_file_get_contents(lab_known_hosts(world->lab), &known, NULL, NULL));
	renamed = g_strdup_printf("the-alias %s", strchr(known, ' ') + 1);
	cr_assert(g_file_set_contents(lab_known_hosts(world->lab), renamed, -1, NULL));
	g_free(login_text(tunnel_to_sshd(world, sshd)));
	world_free(world);
}

/* ---- data ---- */

Test(tunnel, echo_and_ends)
{
	struct world *world = plain_world();
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, NULL, true);
	struct tunnel *tunnel = tunnel_to_sshd(world, sshd);
	g_autofree char *via = NULL, *why = NULL;
	struct echo echo;
	int one, two;
	char c;

	echo_start(&echo, world->socket);
	must_connect(tunnel);
	one = must_open(tunnel, world->socket, &via);
	cr_assert(g_str_has_prefix(via, "streamlocal "), "%s", via);
	two = must_open(tunnel, world->socket, NULL);
	must_echo(one, "first");
	must_echo(two, "second");

	/* A half close reaches the far end, whose close comes back. */
	cr_assert_eq(send(one, "last", 4, MSG_NOSIGNAL), 4);
	cr_assert_eq(shutdown(one, SHUT_WR), 0);
	for (unsigned i = 0; i < 4; i++) {
		cr_assert(wait_readable(one));
		cr_assert_eq(read(one, &c, 1), 1);
		cr_assert_eq(c, "last"[i]);
	}
	must_end(one);
	must_echo(two, "still there");
	tunnel_cancel(tunnel);
	must_end(two);
	cr_assert_not(tunnel_alive(tunnel, &why));
	cr_assert_str_eq(why, "cancelled");
	tunnel_unref(tunnel);
	echo_stop(&echo);
	world_free(world);
}

struct bulk {
	int fd;
	size_t bytes;
	GChecksum *sum;
};

static void
fill(guint8 *buf, size_t len, guint64 *state)
{
	for (size_t i = 0; i < len; i++) {
		*state = *state * 6364136223846793005u + 1442695040888963407u;
		buf[i] = (guint8)(*state >> 56);
	}
}

static void *
bulk_send(void *arg)
{
	struct bulk *bulk = arg;
	guint8 *buf = g_malloc(1 << 16);
	guint64 state = 42;

	for (size_t sent = 0; sent < bulk->bytes;) {
		size_t len = MIN(bulk->bytes - sent, (size_t)1 << 16);

		fill(buf, len, &state);
		g_checksum_update(bulk->sum, buf, (gssize)len);
		for (size_t done = 0; done < len;) {
			ssize_t n = send(bulk->fd, buf + done, len - done, MSG_NOSIGNAL);

			if (n <= 0)
				goto out;
			done += (size_t)n;
		}
		sent += len;
	}
out:
	shutdown(bulk->fd, SHUT_WR);
	g_free(buf);
	return NULL;
}

/* There and back, with the sender and the echo free to run ahead of each other. */
static void
must_carry(int fd, size_t bytes)
{
	struct bulk out = { .fd = fd, .bytes = bytes, .sum = g_checksum_new(G_CHECKSUM_SHA256) };
	GChecksum *in = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 *buf = g_malloc(1 << 16);
	pthread_t sender;
	size_t got = 0;
	ssize_t n;

	pthread_create(&sender, NULL, bulk_send, &out);
	while (wait_readable(fd) && (n = read(fd, buf, 1 << 16)) > 0) {
		g_checksum_update(in, buf, n);
		got += (size_t)n;
	}
	pthread_join(sender, NULL);
	cr_assert_eq(got, bytes, "%zu of %zu bytes came back", got, bytes);
	cr_assert_str_eq(g_checksum_get_string(in), g_checksum_get_string(out.sum));
	g_checksum_free(in);
	g_checksum_free(out.sum);
	g_free(buf);
}

Test(tunnel, fifty_megabytes_there_and_back)
{
	struct world *world = plain_world();
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, "RekeyLimit 8M", true);
	struct tunnel *tunnel = tunnel_to_sshd(world, sshd);
	struct echo echo;
	int fd;

	echo_start(&echo, world->socket);
	must_connect(tunnel);
	fd = must_open(tunnel, world->socket, NULL);
	must_carry(fd, 50 << 20);
	close(fd);
	tunnel_unref(tunnel);
	echo_stop(&echo);
	world_free(world);
}

/* Nobody reads at this end: the pump must stop taking, not swallow the far end's output. */
Test(tunnel, back_pressure)
{
	struct world *world = plain_world();
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, NULL, true);
	struct tunnel *tunnel = tunnel_to_sshd(world, sshd);
	static char chunk[1 << 16];
	struct echo echo;
	struct pollfd pfd = { .events = POLLOUT };
	size_t taken = 0;

	echo_start(&echo, world->socket);
	must_connect(tunnel);
	pfd.fd = must_open(tunnel, world->socket, NULL);
	while (poll(&pfd, 1, 1500) == 1) {
		ssize_t n = send(pfd.fd, chunk, sizeof(chunk), MSG_NOSIGNAL | MSG_DONTWAIT);

		cr_assert_gt(n, 0);
		taken += (size_t)n;
		cr_assert_lt(taken, 64u << 20, "somebody keeps it all");
	}
	close(pfd.fd);
	tunnel_unref(tunnel);
	echo_stop(&echo);
	world_free(world);
}

/* ---- through a command ---- */

static const char no_forward[] = "AllowStreamLocalForwarding no\n";

Test(tunnel, command_when_forwarding_is_forbidden)
{
	struct world *world = plain_world();
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, no_forward, true);
	struct tunnel *tunnel = tunnel_to_sshd(world, sshd);
	g_autofree char *via = NULL;
	struct echo echo;
	int fd;

	echo_start(&echo, world->socket);
	must_connect(tunnel);
	fd = must_open(tunnel, world->socket, &via);
	cr_assert(g_str_has_suffix(via, world->socket), "%s", via);
	cr_assert_not(g_str_has_prefix(via, "streamlocal"), "%s", via);
	must_echo(fd, "through nc");
	must_carry(fd, 5 << 20);
	close(fd);
	tunnel_unref(tunnel);
	echo_stop(&echo);
	world_free(world);
}

/* A login shell that greets everybody, without even ending its line. */
Test(tunnel, noisy_start_up_files_are_dropped)
{
	struct world *world = plain_world();
	struct lab_sshd *sshd;
	struct tunnel *tunnel;
	g_autofree char *extra = NULL;
	struct echo echo;
	int fd;

	extra = g_strdup_printf(
		"%sForceCommand printf 'Welcome!'; yes | head -c 20000; eval \"$SSH_ORIGINAL_COMMAND\"\n",
		no_forward);
	sshd = lab_sshd_start(world->lab, NULL, extra, true);
	tunnel = tunnel_to_sshd(world, sshd);
	echo_start(&echo, world->socket);
	must_connect(tunnel);
	fd = must_open(tunnel, world->socket, NULL);
	must_echo(fd, "clean");
	close(fd);
	tunnel_unref(tunnel);
	echo_stop(&echo);
	world_free(world);
}

static void
must_not_open(struct tunnel *tunnel, const char *socket, enum fleet_error code, const char *words)
{
	g_autofree char *path = NULL, *via = NULL, *driver = NULL;
	g_autoptr(GError) error = NULL;

	cr_assert_not(tunnel_open_daemon(tunnel, "auto", socket, false, NULL, &path, &via, &driver, &error));
	cr_assert(g_error_matches(error, FLEET_ERROR, (int)code), "%d: %s", error->code, error->message);
	cr_assert(strstr(error->message, words), "'%s' does not say '%s'", error->message, words);
	cr_assert_null(path);
	cr_assert_null(via);
}

Test(tunnel, missing_and_dead_sockets)
{
	static const char *const configs[] = { "", no_forward };

	for (unsigned i = 0; i < G_N_ELEMENTS(configs); i++) {
		struct world *world = plain_world();
		struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, configs[i], true);
		struct tunnel *tunnel = tunnel_to_sshd(world, sshd);

		must_connect(tunnel);
		must_not_open(tunnel, world->socket, FLEET_ERROR_NO_SOCKET, "looked for ");
		close(listen_on(world->socket));
		must_not_open(tunnel, world->socket, FLEET_ERROR_GONE, "nobody listens");
		cr_assert(tunnel_alive(tunnel, NULL));
		tunnel_unref(tunnel);
		world_free(world);
	}
}

/* ---- proxies ---- */

/* Tunnels to TARGET through JUMP, in WORLD otherwise. */
static struct tunnels *
tunnels_through(struct world *world, struct lab_sshd *jump, struct lab_sshd *target)
{
	g_autofree char *text =
		g_strdup_printf("Host %s\nProxyJump %s:%u\nHost *\nInclude %s\n", lab_sshd_address(target),
			lab_sshd_address(jump), lab_sshd_port(jump), lab_ssh_config(world->lab));
	struct tunnels_opts opts = { .connect_timeout_ms = CONNECT_MS,
		.parallel = 64,
		.gate_parallel = 64,
		.asks = world->asks,
		.ssh_config = world->config };
	struct tunnels *tunnels;

	cr_assert(g_file_set_contents(world->config, text, -1, NULL));
	tunnels = tunnels_new(&opts, NULL);
	cr_assert(tunnels);
	return tunnels;
}

static struct tunnel *
tunnel_through(struct tunnels *tunnels, struct lab_sshd *target)
{
	struct hostspec spec = { .transport = TRANSPORT_SSH,
		.host = (char *)(uintptr_t)lab_sshd_address(target),
		.port = lab_sshd_port(target) };

	return tunnel_new(tunnels, &spec, 0);
}

Test(tunnel, proxy_jump)
{
	struct world *world = plain_world();
	struct lab_sshd *jump = lab_sshd_start(world->lab, "127.0.4.1", NULL, true);
	struct lab_sshd *target = lab_sshd_start(world->lab, "127.0.4.2", NULL, true);
	struct tunnels *tunnels = tunnels_through(world, jump, target);
	struct tunnel *tunnel = tunnel_through(tunnels, target);
	struct echo echo;
	int fd;

	echo_start(&echo, world->socket);
	must_connect(tunnel);
	fd = must_open(tunnel, world->socket, NULL);
	must_echo(fd, "two hops");
	cr_assert_eq(tunnel_rtt_us(tunnel), 0);
	lab_sshd_kill_sessions(jump);
	must_end(fd);
	cr_assert(lab_wait(is_dead, tunnel, WAIT_MS));
	tunnel_unref(tunnel);

	lab_sshd_stop(jump);
	must_fail(tunnel_through(tunnels, target), FLEET_ERROR_REFUSED, "Connection refused");
	tunnels_free(tunnels);
	echo_stop(&echo);
	world_free(world);
}

Test(tunnel, proxy_command)
{
	struct world *world = world_new(true, "Host *\nProxyCommand nc %h %p\n", 8, CONNECT_MS);
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, NULL, true);
	struct tunnel *tunnel = tunnel_to_sshd(world, sshd);
	struct echo echo;
	int fd;

	echo_start(&echo, world->socket);
	must_connect(tunnel);
	fd = must_open(tunnel, world->socket, NULL);
	must_carry(fd, 5 << 20);
	close(fd);
	tunnel_unref(tunnel);
	echo_stop(&echo);
	world_free(world);
}

/* Refused by ssh itself where it is new enough, else by us. */
Test(tunnel, names_are_no_shell_words)
{
	struct world *world = world_new(true, "Host *\nProxyCommand nc %h %p\n", 8, CONNECT_MS);

	must_fail(tunnel_to(world, "a;touch${IFS}b", 22), FLEET_ERROR_FAILED, "characters");
	world_free(world);
}

/* ---- faults ---- */

Test(tunnel, the_far_end_dies)
{
	struct world *world = plain_world();
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, NULL, true);
	struct tunnel *tunnel = tunnel_to_sshd(world, sshd);
	g_autofree char *why = NULL;
	struct echo echo;
	int fd;

	echo_start(&echo, world->socket);
	must_connect(tunnel);
	fd = must_open(tunnel, world->socket, NULL);
	must_echo(fd, "alive");
	lab_sshd_kill_sessions(sshd);
	must_end(fd);
	cr_assert(lab_wait(is_dead, tunnel, WAIT_MS));
	cr_assert_not(tunnel_alive(tunnel, &why));
	cr_assert(*why);
	must_not_open(tunnel, world->socket, FLEET_ERROR_GONE, "");
	tunnel_unref(tunnel);
	lab_sshd_stop(sshd);
	must_fail(tunnel_to_sshd(world, sshd), FLEET_ERROR_REFUSED, "Connection refused");
	echo_stop(&echo);
	world_free(world);
}

/* One far end stops in the middle of a flood; the others must not notice. */
Test(tunnel, a_frozen_far_end_holds_up_nobody, .timeout = 60)
{
	struct world *world = plain_world();
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, NULL, true);
	struct tunnel *frozen = tunnel_to_sshd(world, sshd), *other = tunnel_to_sshd(world, sshd);
	struct pollfd pfd = { .events = POLLOUT };
	static char chunk[1 << 16];
	struct echo echo;
	pid_t pid;
	int fd;

	echo_start(&echo, world->socket);
	must_connect(frozen);
	must_connect(other);
	fd = must_open(other, world->socket, NULL);
	must_echo(fd, "before");
	pfd.fd = must_open(frozen, world->socket, NULL);
	must_echo(pfd.fd, "before");
	pid = atomic_load(&echo.peer);
	cr_assert_eq(kill(pid, SIGSTOP), 0);
	while (poll(&pfd, 1, 500) == 1)
		cr_assert_gt(send(pfd.fd, chunk, sizeof(chunk), MSG_NOSIGNAL | MSG_DONTWAIT), 0);
	must_echo(fd, "during");
	must_carry(fd, 2 << 20);
	close(fd);

	/* Letting go of it does not wait for it either. */
	tunnel_cancel(frozen);
	must_end(pfd.fd);
	tunnel_unref(frozen);
	tunnel_unref(other);
	kill(pid, SIGCONT);
	echo_stop(&echo);
	world_free(world);
}

/* A listener that never answers, and one that answers nonsense. */
static int
tcp_listener(uint16_t *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 8), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

Test(tunnel, a_black_hole_times_out)
{
	struct world *world = world_new(true, NULL, 8, 500);
	uint16_t port;
	int fd = tcp_listener(&port);

	must_fail(tunnel_to(world, "127.0.0.1", port), FLEET_ERROR_TIMEOUT, "does not answer in time");
	close(fd);
	world_free(world);
}

static void *
talk_nonsense(void *arg)
{
	int fd = accept4(GPOINTER_TO_INT(arg), NULL, NULL, SOCK_CLOEXEC);
	char nonsense[600];

	memset(nonsense, 'x', sizeof(nonsense));
	send(fd, nonsense, sizeof(nonsense), MSG_NOSIGNAL);
	while (recv(fd, nonsense, sizeof(nonsense), 0) > 0)
		;
	close(fd);
	return NULL;
}

Test(tunnel, nonsense_is_told)
{
	struct world *world = plain_world();
	uint16_t port;
	int fd = tcp_listener(&port);
	pthread_t thread;

	pthread_create(&thread, NULL, talk_nonsense, GINT_TO_POINTER(fd));
	must_fail(tunnel_to(world, "127.0.0.1", port), FLEET_ERROR_PROTOCOL, "banner");
	pthread_join(thread, NULL);
	close(fd);
	world_free(world);
}

/* A full backlog drops what comes, as a router does that has no route back. */
Test(tunnel, packets_that_vanish)
{
	struct world *world = world_new(true, NULL, 8, 700);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fds[12], listening;
	uint16_t port;

	listening = tcp_listener(&port);
	address.sin_port = htons(port);
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)!connect(fds[i], (struct sockaddr *)&address, sizeof(address));
	}
	must_fail(tunnel_to(world, "127.0.0.1", port), FLEET_ERROR_UNREACHABLE, "timed out");
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++)
		close(fds[i]);
	close(listening);
	world_free(world);
}

/* "localhost" is ::1 first, where nobody listens. */
Test(tunnel, the_other_family_is_tried)
{
	struct world *world = world_new(
		true, "Host localhost\nHostKeyAlias [127.0.0.1]\nStrictHostKeyChecking no\n", 8, CONNECT_MS);
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, NULL, true);

	g_free(login_text(tunnel_to(world, "localhost", lab_sshd_port(sshd))));
	world_free(world);
}

Test(tunnel, names_and_ports_that_are_not_there)
{
	struct world *world = plain_world();
	uint16_t port;

	close(tcp_listener(&port));
	must_fail(tunnel_to(world, "127.0.0.1", port), FLEET_ERROR_REFUSED, "refused");
	must_fail(tunnel_to(world, "no-such-host.invalid", 0), FLEET_ERROR_NAME, "no-such-host.invalid");
	world_free(world);
}

/* ---- cancelling ---- */

struct canceller {
	struct tunnel *tunnel;
	pthread_t thread;
	GError *error;
	bool connected;
};

static void *
connect_main(void *arg)
{
	struct canceller *c = arg;

	c->connected = tunnel_connect(c->tunnel, NULL, &c->error);
	return NULL;
}

static void
must_cancel(struct canceller *c)
{
	tunnel_cancel(c->tunnel);
	pthread_join(c->thread, NULL);
	cr_assert_not(c->connected);
	cr_assert(g_error_matches(c->error, FLEET_ERROR, FLEET_ERROR_CANCELLED), "%s", c->error->message);
	g_clear_error(&c->error);
	tunnel_unref(c->tunnel);
}

Test(tunnel, cancel_in_every_phase, .timeout = 60)
{
	struct world *world = world_new(true, NULL, 1, 3600 * 1000);
	struct canceller first = { 0 }, second = { 0 }, before = { 0 };
	struct pollfd pfd = { .events = POLLIN };
	uint16_t port;

	pfd.fd = tcp_listener(&port);
	before.tunnel = tunnel_to(world, "127.0.0.1", port);
	tunnel_cancel(before.tunnel);
	pthread_create(&before.thread, NULL, connect_main, &before);
	must_cancel(&before);

	/* The first is in its handshake, the second waits at the gate. */
	first.tunnel = tunnel_to(world, "127.0.0.1", port);
	pthread_create(&first.thread, NULL, connect_main, &first);
	cr_assert_eq(poll(&pfd, 1, WAIT_MS), 1);
	second.tunnel = tunnel_to(world, "127.0.0.1", port);
	pthread_create(&second.thread, NULL, connect_main, &second);
	must_cancel(&second);
	must_cancel(&first);
	close(pfd.fd);
	world_free(world);
}

struct opener {
	struct tunnel *tunnel;
	const char *socket;
	pthread_t thread;
	GError *error;
};

static void *
open_main(void *arg)
{
	struct opener *o = arg;
	g_autofree char *path = NULL, *via = NULL, *driver = NULL;

	tunnel_open_daemon(o->tunnel, "auto", o->socket, false, NULL, &path, &via, &driver, &o->error);
	return NULL;
}

static bool
has_accepted(void *echo)
{
	return atomic_load(&((struct echo *)echo)->accepted) > 0;
}

/* A command that never says what it found: sh is a profile that waits. */
Test(tunnel, cancel_while_a_channel_opens, .timeout = 60)
{
	struct world *world = world_new(true, NULL, 8, 3600 * 1000);
	g_autofree char *waits = g_build_filename(lab_dir(world->lab), "waits", NULL);
	g_autofree char *extra = g_strdup_printf(
		"AllowStreamLocalForwarding no\nForceCommand touch %s; exec cat >/dev/null", waits);
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, extra, true);
	struct opener o = { .tunnel = tunnel_to_sshd(world, sshd), .socket = world->socket };

	must_connect(o.tunnel);
	pthread_create(&o.thread, NULL, open_main, &o);
	cr_assert(lab_wait(exists, waits, WAIT_MS));
	tunnel_cancel(o.tunnel);
	pthread_join(o.thread, NULL);
	cr_assert(g_error_matches(o.error, FLEET_ERROR, FLEET_ERROR_CANCELLED), "%s", o.error->message);
	g_clear_error(&o.error);
	tunnel_unref(o.tunnel);
	world_free(world);
}

/* ---- many ---- */

static void
must_all_connect(struct canceller *c, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		pthread_create(&c[i].thread, NULL, connect_main, &c[i]);
	for (unsigned i = 0; i < n; i++) {
		pthread_join(c[i].thread, NULL);
		cr_assert(c[i].connected, "%s", c[i].error ? c[i].error->message : "");
		tunnel_unref(c[i].tunnel);
	}
}

Test(tunnel, many_through_a_busy_jump_host, .timeout = 180)
{
	enum { MANY = 16 };
	struct world *world = plain_world();
	struct lab_sshd *jump = lab_sshd_start(world->lab, "127.0.5.1", "MaxStartups 4:50:10", true);
	struct lab_sshd *target = lab_sshd_start(world->lab, "127.0.5.2", NULL, true);
	struct tunnels *tunnels = tunnels_through(world, jump, target);
	struct canceller c[MANY] = { 0 };

	for (unsigned i = 0; i < MANY; i++)
		c[i].tunnel = tunnel_through(tunnels, target);
	must_all_connect(c, MANY);
	tunnels_free(tunnels);
	world_free(world);
}

Test(tunnel, fifty_at_once_past_max_startups, .timeout = 180)
{
	enum { MANY = 50 };
	struct world *world = world_new(true, NULL, 64, 60000);
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, "MaxStartups 10:30:100", true);
	struct canceller c[MANY] = { 0 };

	for (unsigned i = 0; i < MANY; i++)
		c[i].tunnel = tunnel_to_sshd(world, sshd);
	must_all_connect(c, MANY);
	world_free(world);
}

Test(tunnel, strangers_and_second_comers_are_turned_away)
{
	struct world *world = plain_world();
	struct lab_sshd *sshd = lab_sshd_start(world->lab, NULL, NULL, true);
	struct tunnel *tunnel = tunnel_to_sshd(world, sshd);
	g_autofree char *path = NULL, *via = NULL, *driver = NULL, *folder = NULL;
	struct stat st;
	struct echo echo;
	int fd;

	echo_start(&echo, world->socket);
	must_connect(tunnel);
	cr_assert(tunnel_open_daemon(tunnel, "auto", world->socket, false, NULL, &path, &via, &driver, NULL));
	folder = g_path_get_dirname(path);
	cr_assert_eq(stat(folder, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0700);

	/* Another process of the same user gets nothing. */
	run((const char *[]){
		"sh", "-c", "test -z \"$(echo stranger | timeout 5 nc -U \"$0\")\"", path, NULL });
	fd = dial_local(path);
	must_echo(fd, "our own");
	cr_assert_neq(access(path, F_OK), 0, "unlinked");
	cr_assert(has_accepted(&echo));
	close(fd);
	tunnel_unref(tunnel);
	echo_stop(&echo);
	world_free(world);
	cr_assert_neq(access(folder, F_OK), 0, "removed");
}
