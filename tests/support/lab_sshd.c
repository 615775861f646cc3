#include "tests/support/lab_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_SESSIONS 4096

struct lab_sshd {
	struct lab *lab;
	char *address, *dir, *config, *log, *hostkey;
	uint16_t port;
	pid_t pid;       /* 0 when stopped */
	GArray *orphans; /* pid_t: sessions that outlived a listener */
};

static void
sockaddr_of(const char *address, uint16_t port, struct sockaddr_in *sin)
{
	*sin = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
	if (inet_pton(AF_INET, address, &sin->sin_addr) != 1)
		lab_fail(NULL, "%s is no IPv4 address", address);
}

/* A port nobody listens on now. Somebody may take it before sshd does; then sshd fails to start and says so. */
static uint16_t
free_port(const char *address)
{
	struct sockaddr_in sin;
	socklen_t length = sizeof sin;
	sockaddr_of(address, 0, &sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof sin) ||
		getsockname(fd, (struct sockaddr *)&sin, &length))
		lab_fail(NULL, "no free port on %s: %s", address, g_strerror(errno));
	close(fd);
	return ntohs(sin.sin_port);
}

static void
make_hostkey(struct lab_sshd *sshd)
{
	g_autofree char *pub = g_strdup_printf("%s.pub", sshd->hostkey);
	unlink(sshd->hostkey);
	unlink(pub);
	g_free(lab_run((const char *[]){ "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "host", "-f",
			       sshd->hostkey, NULL },
		NULL));
}

static void
add_to_known_hosts(struct lab_sshd *sshd)
{
	g_autofree char *pub = g_strdup_printf("%s.pub", sshd->hostkey);
	g_autofree char *key = NULL;
	FILE *file = fopen(sshd->lab->known_hosts, "ae");
	if (!file || !g_file_get_contents(pub, &key, NULL, NULL) ||
		fprintf(file, "[%s]:%u %s", sshd->address, sshd->port, key) < 0 || fclose(file))
		lab_fail(NULL, "%s: cannot add a key", sshd->lab->known_hosts);
}

/*
 * UsePAM no: a normal user's sshd may not use it, and root's would ask the machine's own. HOME leads to an empty
 * folder, so that no ~/.bashrc or ~/.zshenv of whoever runs the tests costs time or prints anything.
 */
static void
write_config(struct lab_sshd *sshd, const char *extra)
{
	g_autofree char *text = g_strdup_printf("%s\n"
						"ListenAddress %s:%u\n"
						"HostKey %s\n"
						"AuthorizedKeysFile %s.pub\n"
						"PidFile none\n"
						"UsePAM no\n"
						"UseDNS no\n"
						"StrictModes no\n"
						"PermitRootLogin prohibit-password\n"
						"PasswordAuthentication no\n"
						"KbdInteractiveAuthentication no\n"
						"MaxStartups 100:30:200\n"
						"MaxSessions 100\n"
						"SetEnv HOME=%s\n",
		extra ? extra : "", sshd->address, sshd->port, sshd->hostkey, sshd->lab->client_key,
		sshd->dir);
	lab_write(sshd->config, text); /* sshd takes the first value of a setting: EXTRA wins */
}

struct start {
	struct lab_sshd *sshd;
	bool died;
};

static bool
listens_or_died(void *ctx)
{
	struct start *start = ctx;
	struct sockaddr_in sin;
	sockaddr_of(start->sshd->address, start->sshd->port, &sin);
	start->died = kill(start->sshd->pid, 0) != 0;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool listens = connect(fd, (struct sockaddr *)&sin, sizeof sin) == 0;
	close(fd);
	return listens || start->died;
}

static void
start(struct lab_sshd *sshd)
{
	if (geteuid() == 0)
		mkdir("/run/sshd",
			0755); /* root's sshd insists on it; the distribution's own unit makes it, too */
	sshd->pid = keeper_spawn(sshd->lab->keeper,
		&(struct keeper_job){
			.argv = (const char *[]){ "/usr/sbin/sshd", "-D", "-e", "-f", sshd->config, NULL },
			.log = sshd->log,
		});
	struct start starting = { .sshd = sshd };
	if (!lab_wait(listens_or_died, &starting, LAB_START_MS) || starting.died)
		lab_fail(sshd->log, "sshd does not start on %s:%u", sshd->address, sshd->port);
}

struct lab_sshd *
lab_sshd_start(struct lab *lab, const char *address, const char *extra, bool known)
{
	struct lab_sshd *sshd = g_new0(struct lab_sshd, 1);
	sshd->lab = lab;
	sshd->address = g_strdup(address ? address : "127.0.0.1");
	sshd->dir = lab_path(lab, "s%u", lab->sshds->len);
	g_ptr_array_add(lab->sshds, sshd);
	lab_mkdir(sshd->dir);
	sshd->config = g_build_filename(sshd->dir, "sshd_config", NULL);
	sshd->log = g_build_filename(sshd->dir, "log", NULL);
	sshd->hostkey = g_build_filename(sshd->dir, "hostkey", NULL);
	sshd->orphans = g_array_new(FALSE, FALSE, sizeof(pid_t));
	sshd->port = free_port(sshd->address);
	make_hostkey(sshd);
	if (known)
		add_to_known_hosts(sshd);
	write_config(sshd, extra);
	start(sshd);
	return sshd;
}

void
lab_sshd_free(struct lab_sshd *sshd)
{
	g_array_unref(sshd->orphans);
	g_free(sshd->address);
	g_free(sshd->dir);
	g_free(sshd->config);
	g_free(sshd->log);
	g_free(sshd->hostkey);
	g_free(sshd);
}

uint16_t
lab_sshd_port(const struct lab_sshd *sshd)
{
	return sshd->port;
}

const char *
lab_sshd_address(const struct lab_sshd *sshd)
{
	return sshd->address;
}

static void
collect_sessions(struct lab_sshd *sshd)
{
	pid_t pids[MAX_SESSIONS];
	unsigned n = sshd->pid ? keeper_descendants(sshd->lab->keeper, sshd->pid, pids, MAX_SESSIONS) : 0;
	g_array_append_vals(sshd->orphans, pids, n);
}

void
lab_sshd_stop(struct lab_sshd *sshd)
{
	if (!sshd->pid)
		return;
	collect_sessions(sshd);
	lab_kill_and_wait(sshd->lab, sshd->pid, SIGTERM, sshd->log);
	sshd->pid = 0;
}

void
lab_sshd_kill_sessions(struct lab_sshd *sshd)
{
	collect_sessions(sshd);
	for (unsigned i = 0; i < sshd->orphans->len; i++)
		lab_kill_and_wait(sshd->lab, g_array_index(sshd->orphans, pid_t, i), SIGKILL, sshd->log);
	g_array_set_size(sshd->orphans, 0);
}

void
lab_sshd_restart(struct lab_sshd *sshd, const char *extra)
{
	lab_sshd_stop(sshd);
	write_config(sshd, extra);
	start(sshd);
}

void
lab_sshd_new_hostkey(struct lab_sshd *sshd)
{
	lab_sshd_stop(sshd);
	make_hostkey(sshd);
	start(sshd);
}
