/*
 * stage: sets up what a bench measures against, runs a command there, and takes everything away.
 *
 *   stage [--hosts 221] [--xen 50] [--guests 4780] [--hang 12] COMMAND [ARGUMENT…]
 *
 * One sshd and one libvirtd on loopback serve all hosts, each a node file of libvirt's test driver under a name of its
 * own. HANG more hosts are there to be hung, when the command wants: half never answer on their ssh port, half belong to
 * a second libvirtd. The command finds in its environment:
 *
 *   STAGE_DIR         folder with:  ssh_config; ssh, a wrapper that uses it; fleet.yaml and hung.yaml, the fleet
 *                     without and with the hanging hosts; uris, a line per host, for libvirt's own +ssh transport
 *   STAGE_FREEZE_PID  the second libvirtd: SIGSTOP it, and its hosts hang
 *   STAGE_HOSTS, STAGE_GUESTS, STAGE_HUNG_HOSTS, STAGE_HUNG_GUESTS
 *                     what fleet.yaml holds; what hung.yaml holds in all
 */
#include "tests/support/lab.h"
#include "tests/support/lab_fleet.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_S           300
#define BACKLOG           4096
#define GUESTS_PER_FROZEN 20

struct stage {
	struct lab_fleet_opts fleet;
	int hang;
	struct lab *lab;
	struct lab_sshd *sshd;
	struct lab_libvirtd *daemon, *frozen;
};

/* A port that takes connections and never says a word: the kernel accepts, nobody else does. */
static uint16_t
silent_port(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof sin;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof sin) || listen(fd, BACKLOG) ||
		getsockname(fd, (struct sockaddr *)&sin, &length))
		g_error("stage: no silent port");
	return ntohs(sin.sin_port);
}

static void
write_file(const struct stage *stage, const char *name, const GString *text)
{
	g_autofree char *path = g_build_filename(lab_dir(stage->lab), name, NULL);
	g_autoptr(GError) error = NULL;

	if (!g_file_set_contents(path, text->str, (gssize)text->len, &error))
		g_error("stage: %s", error->message);
}

static void
write_ssh_config(const struct stage *stage)
{
	g_autofree char *old = NULL;
	g_autoptr(GString) text = g_string_new(NULL);

	if (!g_file_get_contents(lab_ssh_config(stage->lab), &old, NULL, NULL))
		g_error("stage: no ssh_config");
	g_string_append_printf(text,
		"Host kvm* xen* frozen*\nHostName %s\nPort %u\n"
		"Host silent*\nHostName 127.0.0.1\nPort %u\n%s",
		lab_sshd_address(stage->sshd), lab_sshd_port(stage->sshd), silent_port(), old);
	write_file(stage, "ssh_config", text);
}

static void
add_host(GString *yaml, const char *name, const char *path, struct lab_libvirtd *daemon)
{
	g_string_append_printf(yaml, "  - uri: test+ssh://%s%s?socket=%s\n    name: %s\n", name, path,
		lab_libvirtd_socket(daemon), name);
}

/* Returns how many guests the frozen ones have. */
static unsigned
add_hanging(const struct stage *stage, GString *yaml)
{
	const char *node = lab_node_file(stage->lab, "frozen", GUESTS_PER_FROZEN);
	int frozen = stage->hang / 2;

	for (int i = 0; i < stage->hang; i++) {
		g_autofree char *name = g_strdup_printf("%s%02d", i < frozen ? "frozen" : "silent", i);

		add_host(yaml, name, node, i < frozen ? stage->frozen : stage->daemon);
	}
	return (unsigned)frozen * GUESTS_PER_FROZEN;
}

static void
set_number(const char *name, unsigned number)
{
	g_autofree char *text = g_strdup_printf("%u", number);

	g_setenv(name, text, TRUE);
}

static void
write_fleet(const struct stage *stage)
{
	g_autoptr(GArray) hosts = lab_fleet_write(stage->lab, &stage->fleet);
	g_autoptr(GString) yaml = g_string_new("hosts:\n"), uris = g_string_new(NULL);
	unsigned hung_guests;

	for (unsigned i = 0; i < hosts->len; i++) {
		const struct lab_fleet_host *host = &g_array_index(hosts, struct lab_fleet_host, i);

		add_host(yaml, host->name, host->path, stage->daemon);
		g_string_append_printf(uris, "test+ssh://%s%s?socket=%s&command=%s/ssh\n", host->name,
			host->path, lab_libvirtd_socket(stage->daemon), lab_dir(stage->lab));
	}
	write_file(stage, "uris", uris);
	write_file(stage, "fleet.yaml", yaml);
	hung_guests = add_hanging(stage, yaml);
	write_file(stage, "hung.yaml", yaml);
	set_number("STAGE_HOSTS", stage->fleet.hosts);
	set_number("STAGE_GUESTS", stage->fleet.guests);
	set_number("STAGE_HUNG_HOSTS", stage->fleet.hosts + (unsigned)stage->hang);
	set_number("STAGE_HUNG_GUESTS", stage->fleet.guests + hung_guests);
	set_number("STAGE_FREEZE_PID", (unsigned)lab_libvirtd_pid(stage->frozen));
	g_setenv("STAGE_DIR", lab_dir(stage->lab), TRUE);
}

static int
run(char **argv)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return EXIT_FAILURE;
	return WEXITSTATUS(status);
}

int
main(int argc, char **argv)
{
	struct stage stage = { .hang = 12 };
	int hosts = 221, xen = 50, guests = 4780, status;
	const GOptionEntry entries[] = {
		{ "hosts", 0, 0, G_OPTION_ARG_INT, &hosts, "hosts in all", "N" },
		{ "xen", 0, 0, G_OPTION_ARG_INT, &xen, "how many of them are like Xen", "N" },
		{ "guests", 0, 0, G_OPTION_ARG_INT, &guests, "guests on all together", "N" },
		{ "hang", 0, 0, G_OPTION_ARG_INT, &stage.hang, "hosts to be hung, besides", "N" },
		{ 0 },
	};
	g_autoptr(GOptionContext) context = g_option_context_new("COMMAND [ARGUMENT…]");
	g_autoptr(GError) error = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_set_strict_posix(context, TRUE);
	if (!g_option_context_parse(context, &argc, &argv, &error) || argc < 2 || hosts < 1 || xen > hosts) {
		fprintf(stderr, "stage: %s\n", error ? error->message : "COMMAND is missing");
		return 2;
	}
	stage.fleet = (struct lab_fleet_opts){
		.hosts = (unsigned)hosts, .xen = (unsigned)xen, .guests = (unsigned)guests, .seed = 7
	};
	alarm(LIMIT_S); /* the lab then goes by itself, and the command by the death of its parent */
	stage.lab = lab_new();
	stage.sshd = lab_sshd_start(stage.lab, NULL, NULL, true);
	stage.daemon = lab_libvirtd_start(stage.lab, NULL);
	stage.frozen = lab_libvirtd_start(stage.lab, NULL);
	write_ssh_config(&stage);
	write_fleet(&stage);
	status = run(argv + 1);
	lab_free(stage.lab);
	return status;
}
