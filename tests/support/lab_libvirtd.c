#include "tests/support/lab_private.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

/*
 * How a private libvirtd is had. A normal user's is a session daemon. Root's is always privileged, with its paths
 * compiled in: so it gets a mount namespace in which they are ours. Where root may not make one (containers), a
 * session daemon runs as nobody.
 */
enum way { SESSION, PRIVILEGED, NOBODYS_SESSION };

struct lab_libvirtd {
	struct lab *lab;
	enum way way;
	char *dir, *log, *socket, *socket_ro;
	pid_t pid; /* 0 when killed */
};

static bool
can_unshare_mounts(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(unshare(CLONE_NEWNS) != 0);
	int status = 1;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status == 0;
}

static enum way
choose_way(void)
{
	if (geteuid() != 0)
		return SESSION;
	return can_unshare_mounts() ? PRIVILEGED : NOBODYS_SESSION;
}

/* max_anonymous_clients: 20 at once would make the tests measure this limit and not the program. */
static const char libvirtd_conf[] = "host_uuid = \"%s\"\n"
				    "auth_unix_ro = \"none\"\n"
				    "auth_unix_rw = \"none\"\n"
				    "unix_sock_rw_perms = \"0700\"\n"
				    "min_workers = 2\n"
				    "prio_workers = 2\n"
				    "max_clients = 5000\n"
				    "max_queued_clients = 5000\n"
				    "max_anonymous_clients = 5000\n"
				    "log_level = 3\n"
				    "log_outputs = \"3:stderr\"\n";

/* No virtlogd, no cgroups, no security labels: nothing that would reach out of the folder. */
static const char qemu_conf[] = "security_driver = \"none\"\n"
				"stdio_handler = \"file\"\n"
				"cgroup_controllers = [ ]\n"
				"namespaces = [ ]\n"
				"dynamic_ownership = 0\n"
				"remember_owner = 0\n";

/* A session daemon would fail on these. */
static const char qemu_conf_privileged[] = "user = \"root\"\n"
					   "group = \"root\"\n";

static void
write_conf(struct lab_libvirtd *daemon, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(daemon->dir, "etc/libvirt", name, NULL);
	lab_write(path, text);
}

static void
give_to_nobody(struct lab_libvirtd *daemon)
{
	g_autofree char *cache = lab_path(daemon->lab, "cache");
	if (chmod(daemon->lab->dir, 0711))
		lab_fail(NULL, "%s: %s", daemon->lab->dir, g_strerror(errno));
	g_free(lab_run((const char *[]){ "chown", "-R", "65534:65534", daemon->dir, cache, NULL }, NULL));
}

static void
make_folder(struct lab_libvirtd *daemon, const char *uuid)
{
	static const char *const folders[] = { "run/lock", "run/libvirt", "etc/libvirt", "lib/libvirt",
		"log/libvirt", "disks" };
	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
		g_autofree char *path = g_build_filename(daemon->dir, folders[i], NULL);
		lab_mkdir(path);
	}
	/* one cache for all daemons of the lab: QEMU is probed by the first of them only */
	g_autofree char *cache = lab_path(daemon->lab, "cache");
	lab_mkdir(cache);
	g_autofree char *random = g_uuid_string_random();
	g_autofree char *conf = g_strdup_printf(libvirtd_conf, uuid ? uuid : random);
	write_conf(daemon, "libvirtd.conf", conf);
	g_autofree char *qemu =
		g_strconcat(qemu_conf, daemon->way == PRIVILEGED ? qemu_conf_privileged : "", NULL);
	write_conf(daemon, "qemu.conf", qemu);
	if (daemon->way == NOBODYS_SESSION)
		give_to_nobody(daemon);
}

static pid_t
spawn_session(struct lab_libvirtd *daemon)
{
	g_autofree char *home = g_strdup_printf("HOME=%s", daemon->dir);
	g_autofree char *run = g_strdup_printf("XDG_RUNTIME_DIR=%s/run", daemon->dir);
	g_autofree char *config = g_strdup_printf("XDG_CONFIG_HOME=%s/etc", daemon->dir);
	g_autofree char *data = g_strdup_printf("XDG_DATA_HOME=%s/lib", daemon->dir);
	g_autofree char *cache = g_strdup_printf("XDG_CACHE_HOME=%s/cache", daemon->lab->dir);
	return keeper_spawn(
		daemon->lab->keeper, &(struct keeper_job){
					     .argv = (const char *[]){ "/usr/sbin/libvirtd", NULL },
					     .env = (const char *[]){ home, run, config, data, cache, NULL },
					     .log = daemon->log,
					     .uid = daemon->way == NOBODYS_SESSION ? NOBODY : 0,
				     });
}

/* Debian's QEMU driver does not start where its user and group are missing, whatever qemu.conf says; a package that is not
 * needed otherwise makes them. So the daemon sees the machine's FILE with LINES at its end where NAME is not in it. Returns
 * "copy:file" to bind. */
static char *
accounts_with(struct lab_libvirtd *daemon, const char *file, const char *name, const char *lines)
{
	g_autofree char *base = g_path_get_basename(file);
	g_autofree char *copy = g_build_filename(daemon->dir, base, NULL);
	g_autofree char *text = NULL, *both = NULL, *entry = g_strdup_printf("\n%s:", name);

	if (!g_file_get_contents(file, &text, NULL, NULL))
		text = g_strdup("root:x:0:\n");
	both = g_strconcat(text, strstr(text, entry) ? "" : lines, NULL);
	g_file_set_contents(copy, both, -1, NULL);
	chmod(copy, 0644);
	return g_strdup_printf("%s:%s", copy, file);
}

static pid_t
spawn_privileged(struct lab_libvirtd *daemon)
{
	g_autofree char *passwd = accounts_with(daemon, "/etc/passwd", "libvirt-qemu",
		"libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin\n");
	g_autofree char *group =
		accounts_with(daemon, "/etc/group", "libvirt-qemu", "libvirt-qemu:x:64055:\nkvm:x:64056:\n");
	g_autofree char *run = g_strdup_printf("%s/run:/run", daemon->dir);
	g_autofree char *etc = g_strdup_printf("%s/etc/libvirt:/etc/libvirt", daemon->dir);
	g_autofree char *lib = g_strdup_printf("%s/lib:/var/lib", daemon->dir);
	g_autofree char *log = g_strdup_printf("%s/log:/var/log", daemon->dir);
	g_autofree char *cache = g_strdup_printf("%s/cache:/var/cache", daemon->lab->dir);
	lab_mkdir("/etc/libvirt");
	return keeper_spawn(daemon->lab->keeper,
		&(struct keeper_job){
			.argv = (const char *[]){ "/usr/sbin/libvirtd", NULL },
			.binds = (const char *[]){ run, etc, lib, log, cache, passwd, group, NULL },
			.log = daemon->log,
		});
}

static bool
accepts_or_died(void *ctx)
{
	struct lab_libvirtd *daemon = ctx;
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	g_strlcpy(sun.sun_path, daemon->socket, sizeof sun.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool accepts = connect(fd, (struct sockaddr *)&sun, sizeof sun) == 0;
	close(fd);
	return accepts || kill(daemon->pid, 0) != 0;
}

/* The socket is there before the drivers are; the first answer says that these are, too. */
static void
start(struct lab_libvirtd *daemon)
{
	daemon->pid = daemon->way == PRIVILEGED ? spawn_privileged(daemon) : spawn_session(daemon);
	if (!lab_wait(accepts_or_died, daemon, LAB_START_MS) || kill(daemon->pid, 0) != 0)
		lab_fail(daemon->log, "libvirtd does not start");
	g_free(lab_virsh(daemon, (const char *[]){ "uri", NULL }));
}

struct lab_libvirtd *
lab_libvirtd_start(struct lab *lab, const char *uuid)
{
	struct lab_libvirtd *daemon = g_new0(struct lab_libvirtd, 1);
	daemon->lab = lab;
	daemon->way = choose_way();
	daemon->dir = lab_path(lab, "d%u", lab->daemons->len);
	daemon->log = lab_path(lab, "d%u.log", lab->daemons->len);
	g_ptr_array_add(lab->daemons, daemon);
	daemon->socket = g_build_filename(daemon->dir, "run/libvirt/libvirt-sock", NULL);
	if (daemon->way == PRIVILEGED)
		daemon->socket_ro = g_strconcat(daemon->socket, "-ro", NULL);
	make_folder(daemon, uuid);
	start(daemon);
	return daemon;
}

void
lab_libvirtd_free(struct lab_libvirtd *daemon)
{
	g_free(daemon->dir);
	g_free(daemon->log);
	g_free(daemon->socket);
	g_free(daemon->socket_ro);
	g_free(daemon);
}

const char *
lab_libvirtd_socket(const struct lab_libvirtd *daemon)
{
	return daemon->socket;
}

const char *
lab_libvirtd_socket_ro(const struct lab_libvirtd *daemon)
{
	return daemon->socket_ro;
}

pid_t
lab_libvirtd_pid(const struct lab_libvirtd *daemon)
{
	return daemon->pid;
}

struct lab *
lab_libvirtd_lab(const struct lab_libvirtd *daemon)
{
	return daemon->lab;
}

const char *
lab_libvirtd_dir(const struct lab_libvirtd *daemon)
{
	return daemon->dir;
}

bool
lab_libvirtd_is_session(const struct lab_libvirtd *daemon)
{
	return daemon->way != PRIVILEGED;
}

void
lab_libvirtd_freeze(struct lab_libvirtd *daemon)
{
	if (!keeper_kill(daemon->lab->keeper, daemon->pid, SIGSTOP))
		lab_fail(daemon->log, "no libvirtd to freeze");
}

void
lab_libvirtd_thaw(struct lab_libvirtd *daemon)
{
	if (!keeper_kill(daemon->lab->keeper, daemon->pid, SIGCONT))
		lab_fail(daemon->log, "no libvirtd to thaw");
}

void
lab_libvirtd_kill(struct lab_libvirtd *daemon)
{
	if (!daemon->pid)
		return;
	lab_kill_and_wait(daemon->lab, daemon->pid, SIGKILL, daemon->log);
	daemon->pid = 0;
}

void
lab_libvirtd_restart(struct lab_libvirtd *daemon)
{
	lab_libvirtd_kill(daemon);
	start(daemon);
}

char *
lab_virsh(struct lab_libvirtd *daemon, const char *const *argv)
{
	g_autofree char *uri = g_strdup_printf("qemu+unix:///%s?socket=%s",
		lab_libvirtd_is_session(daemon) ? "session" : "system", daemon->socket);
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_strv_builder_add_many(builder, "virsh", "-q", "-c", uri, NULL);
	for (; *argv; argv++)
		g_strv_builder_add(builder, *argv);
	g_auto(GStrv) line = g_strv_builder_end(builder);
	return lab_run((const char *const *)line, daemon->log);
}
