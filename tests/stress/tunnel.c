/*
 * Threads connect through one sshd, hand their sessions to the pump, move bytes, are cancelled by others in all
 * phases, ask and let go, while others come and go in the same sessions – for a bounded number of rounds. A plain program, because Criterion does not start under
 * ThreadSanitizer. Ends with 0 when every tunnel that was left alone worked and every one that was cut ended.
 */
#include "fleet/tunnel.h"

#include <errno.h>
#include <libssh/libssh.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fleet/error.h"
#include "tests/support/lab.h"

enum { HOSTS = 8, ROUNDS = 6, CONNECT_MS = 60000 };

struct world {
	struct tunnels *tunnels;
	struct hostspec spec;
	atomic_uint worked, cut, wrong;
	atomic_uint besides, shared; /* tunnels beside others, and those that worked */
};

struct host {
	struct world *world;
	pthread_t thread;
	unsigned index;
	atomic_bool over;
};

struct cutter {
	struct tunnel *tunnel;
	unsigned after; /* looks at the tunnel before it cuts: so much later, or earlier */
};

static void *
cutter_main(void *arg)
{
	struct cutter *cutter = arg;

	for (unsigned i = 0; i < cutter->after; i++) {
		tunnel_alive(cutter->tunnel, NULL);
		tunnel_rtt_us(cutter->tunnel);
		sched_yield();
	}
	tunnel_cancel(cutter->tunnel);
	return NULL;
}

/* Through the far end to our echo and back. */
static bool
exchange(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char buf[8] = "";
	bool ok;

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	ok = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	     send(fd, "ping", 4, MSG_NOSIGNAL) == 4 && recv(fd, buf, 4, MSG_WAITALL) == 4 &&
	     memcmp(buf, "ping", 4) == 0;
	close(fd);
	return ok;
}

static bool
use(struct world *world, struct tunnel *tunnel)
{
	g_autofree char *path = NULL, *via = NULL, *driver = NULL;

	return tunnel_connect(tunnel, NULL, NULL) &&
	       tunnel_open_daemon(
		       tunnel, "auto", world->spec.socket, false, NULL, &path, &via, &driver, NULL) &&
	       exchange(path);
}

/* As an act does, while the host's own connection is there, is cut or goes. */
static void *
beside_main(void *arg)
{
	struct host *host = arg;
	struct world *world = host->world;

	while (!atomic_load(&host->over)) {
		struct tunnel *tunnel = tunnel_new_beside(world->tunnels, &world->spec, host->index);
		struct cutter cutter = { .tunnel = tunnel, .after = 200 };
		bool is_cut = atomic_fetch_add(&world->besides, 1) % 3 == 0;
		pthread_t thread;

		if (is_cut)
			pthread_create(&thread, NULL, cutter_main, &cutter);
		if (use(world, tunnel))
			atomic_fetch_add(&world->shared, 1);
		if (is_cut)
			pthread_join(thread, NULL);
		tunnel_unref(tunnel);
		g_usleep(500);
	}
	return NULL;
}

static void
run_round(struct host *host, unsigned round)
{
	struct world *world = host->world;
	struct tunnel *tunnel = tunnel_new(world->tunnels, &world->spec, host->index);
	struct cutter cutter = { .tunnel = tunnel_ref(tunnel), .after = round * 400 };
	bool is_cut = round % 2;
	pthread_t thread;
	bool ok;

	if (is_cut)
		pthread_create(&thread, NULL, cutter_main, &cutter);
	ok = use(world, tunnel);
	if (is_cut) {
		pthread_join(thread, NULL);
		atomic_fetch_add(&world->cut, 1);
	} else {
		atomic_fetch_add(ok ? &world->worked : &world->wrong, 1);
	}
	tunnel_unref(tunnel);
	tunnel_unref(cutter.tunnel);
}

static void *
host_main(void *arg)
{
	struct host *host = arg;
	pthread_t beside;

	pthread_create(&beside, NULL, beside_main, host);
	for (unsigned round = 0; round < ROUNDS; round++)
		run_round(host, round);
	atomic_store(&host->over, true);
	pthread_join(beside, NULL);
	return NULL;
}

static void *
echo_main(void *arg)
{
	int listening = GPOINTER_TO_INT(arg), fd;

	while ((fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		char buf[4];

		if (recv(fd, buf, sizeof(buf), MSG_WAITALL) == sizeof(buf))
			send(fd, buf, sizeof(buf), MSG_NOSIGNAL);
		close(fd);
	}
	return NULL;
}

static int
listen_on(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 64)) {
		perror(path);
		exit(1);
	}
	return fd;
}

int
main(void)
{
	struct lab *lab = lab_new();
	struct lab_sshd *sshd = lab_sshd_start(lab, NULL, NULL, true);
	struct asks *asks = asks_new(true, NULL, NULL, NULL);
	struct tunnels_opts opts = { .connect_timeout_ms = CONNECT_MS,
		.parallel = 6,
		.gate_parallel = 4,
		.asks = asks,
		.ssh_config = lab_ssh_config(lab) };
	struct world world = { .spec = { .transport = TRANSPORT_SSH,
				       .host = g_strdup("127.0.0.1"),
				       .port = lab_sshd_port(sshd),
				       .driver = g_strdup("auto"),
				       .socket = g_build_filename(lab_dir(lab), "echo", NULL) } };
	struct host hosts[HOSTS];
	pthread_t echo;
	int fd;

	ssh_init();
	fd = listen_on(world.spec.socket);
	pthread_create(&echo, NULL, echo_main, GINT_TO_POINTER(fd));
	world.tunnels = tunnels_new(&opts, NULL);
	for (unsigned i = 0; i < HOSTS; i++) {
		hosts[i] = (struct host){ .world = &world, .index = i };
		pthread_create(&hosts[i].thread, NULL, host_main, &hosts[i]);
	}
	for (unsigned i = 0; i < HOSTS; i++)
		pthread_join(hosts[i].thread, NULL);
	tunnels_free(world.tunnels);
	shutdown(fd, SHUT_RDWR);
	pthread_join(echo, NULL);
	close(fd);
	asks_free(asks);
	lab_free(lab);
	g_free(world.spec.host);
	g_free(world.spec.driver);
	g_free(world.spec.socket);
	printf("tunnel: %u worked, %u were cut, %u failed, %u of %u beside others worked\n",
		atomic_load(&world.worked), atomic_load(&world.cut), atomic_load(&world.wrong),
		atomic_load(&world.shared), atomic_load(&world.besides));
	return atomic_load(&world.worked) == HOSTS * ROUNDS / 2 && !atomic_load(&world.wrong) &&
			       atomic_load(&world.shared) > 0
		       ? 0
		       : 1;
}
