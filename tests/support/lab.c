#include "tests/support/lab_private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_TAIL 4000

void
lab_fail(const char *log, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	fprintf(stderr, "lab: %s\n", what);
	g_autofree char *text = NULL;
	gsize length = 0;
	if (log && g_file_get_contents(log, &text, &length, NULL))
		fprintf(stderr, "---- %s\n%s\n----\n", log,
			text + (length > LOG_TAIL ? length - LOG_TAIL : 0));
	abort();
}

char *
lab_path(const struct lab *lab, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *name = g_strdup_vprintf(format, args);
	va_end(args);
	return g_build_filename(lab->dir, name, NULL);
}

void
lab_write(const char *path, const char *text)
{
	g_autoptr(GError) error = NULL;
	if (!g_file_set_contents(path, text, -1, &error))
		lab_fail(NULL, "%s", error->message);
}

void
lab_mkdir(const char *path)
{
	if (g_mkdir_with_parents(path, 0755))
		lab_fail(NULL, "%s: %s", path, g_strerror(errno));
}

char *
lab_run(const char *const *argv, const char *log)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_strv_builder_add_many(builder, "timeout", "60", NULL);
	for (; *argv; argv++)
		g_strv_builder_add(builder, *argv);
	g_auto(GStrv) bounded = g_strv_builder_end(builder);

	g_autoptr(GError) error = NULL;
	g_autofree char *err = NULL;
	char *out = NULL;
	int status;
	if (!g_spawn_sync(
		    NULL, bounded, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err, &status, &error) ||
		!g_spawn_check_wait_status(status, &error)) {
		g_autofree char *line = g_strjoinv(" ", bounded);
		lab_fail(log, "%s: %s\n%s", line, error->message, err ? err : "");
	}
	return out;
}

bool
lab_wait(bool (*check)(void *ctx), void *ctx, int64_t deadline_ms)
{
	int64_t end = g_get_monotonic_time() + deadline_ms * 1000;
	while (!check(ctx)) {
		if (g_get_monotonic_time() > end)
			return false;
		g_usleep(5000);
	}
	return true;
}

/* The keeper reaps at once, so a pid that can be signalled lives. */
static bool
is_gone(void *ctx)
{
	return kill(*(pid_t *)ctx, 0) != 0 && errno == ESRCH;
}

void
lab_kill_and_wait(struct lab *lab, pid_t pid, int signal, const char *log)
{
	keeper_kill(lab->keeper, pid, signal);
	if (!lab_wait(is_gone, &pid, LAB_START_MS))
		lab_fail(log, "process %d survives signal %d", (int)pid, signal);
}

/* BatchMode is left out: what happens with an unknown host key is for the program under test to show. */
static void
write_ssh_config(struct lab *lab)
{
	g_autofree char *text = g_strdup_printf("Host *\n"
						"IdentityFile %s\n"
						"IdentitiesOnly yes\n"
						"IdentityAgent none\n"
						"UserKnownHostsFile %s\n"
						"GlobalKnownHostsFile /dev/null\n"
						"UpdateHostKeys no\n",
		lab->client_key, lab->known_hosts);
	lab_write(lab->ssh_config, text);
	lab_write(lab->known_hosts, "");
	/* what libvirt's command= parameter wants: a program that takes ssh's arguments */
	g_autofree char *wrapper = lab_path(lab, "ssh");
	g_autofree char *script = g_strdup_printf("#!/bin/sh\nexec ssh -F %s \"$@\"\n", lab->ssh_config);
	lab_write(wrapper, script);
	g_chmod(wrapper, 0755);
}

struct lab *
lab_new(void)
{
	struct lab *lab = g_new0(struct lab, 1);
	/* not TMPDIR: the sockets below must fit into 107 bytes */
	lab->dir = g_strdup("/tmp/vf-lab-XXXXXX");
	if (!g_mkdtemp(lab->dir))
		lab_fail(NULL, "%s: %s", lab->dir, g_strerror(errno));
	lab->keeper = keeper_new(lab->dir);
	lab->sshds = g_ptr_array_new_with_free_func((GDestroyNotify)lab_sshd_free);
	lab->daemons = g_ptr_array_new_with_free_func((GDestroyNotify)lab_libvirtd_free);
	lab->node_files = g_ptr_array_new_with_free_func(g_free);
	lab->client_key = lab_path(lab, "id_ed25519");
	lab->known_hosts = lab_path(lab, "known_hosts");
	lab->ssh_config = lab_path(lab, "ssh_config");
	g_free(lab_run((const char *[]){ "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f",
			       lab->client_key, NULL },
		NULL));
	write_ssh_config(lab);
	return lab;
}

void
lab_free(struct lab *lab)
{
	if (!lab)
		return;
	keeper_free(lab->keeper);
	g_ptr_array_unref(lab->sshds);
	g_ptr_array_unref(lab->daemons);
	g_ptr_array_unref(lab->node_files);
	g_free(lab->client_key);
	g_free(lab->known_hosts);
	g_free(lab->ssh_config);
	g_free(lab->dir);
	g_free(lab);
}

const char *
lab_dir(const struct lab *lab)
{
	return lab->dir;
}

const char *
lab_ssh_config(const struct lab *lab)
{
	return lab->ssh_config;
}

const char *
lab_known_hosts(const struct lab *lab)
{
	return lab->known_hosts;
}

const char *
lab_client_key(const struct lab *lab)
{
	return lab->client_key;
}

char *
lab_uri(const struct lab_sshd *sshd, const struct lab_libvirtd *daemon, const char *driver, const char *path)
{
	if (!path)
		path = lab_libvirtd_is_session(daemon) ? "/session" : "/system";
	return g_strdup_printf("%s+ssh://%s:%u%s?socket=%s", driver, lab_sshd_address(sshd),
		lab_sshd_port(sshd), path, lab_libvirtd_socket(daemon));
}

/* The states of the test driver's <runstate>: running, paused, shut off, crashed – in a mix that has some of each. */
static int
node_state(unsigned i)
{
	static const int states[] = { 1, 1, 1, 5, 1, 1, 3, 1, 1, 6 };
	return states[i % G_N_ELEMENTS(states)];
}

const char *
lab_node_file(struct lab *lab, const char *name, unsigned nvms)
{
	g_autoptr(GString) xml = g_string_new("<node>\n");
	for (unsigned i = 0; i < nvms; i++)
		g_string_append_printf(xml,
			"<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
			"<name>%s-vm%u</name><memory unit='MiB'>%u</memory><vcpu>%u</vcpu>"
			"<os><type>hvm</type></os><test:runstate>%d</test:runstate></domain>\n",
			name, i, 512U << i % 4, 1 + i % 4, node_state(i));
	g_string_append(xml, "<cpu><mhz>2600</mhz><model>x86_64</model><active>32</active><nodes>1</nodes>"
			     "<sockets>2</sockets><cores>8</cores><threads>2</threads></cpu>\n"
			     "<memory>134217728</memory>\n</node>\n");
	char *path = lab_path(lab, "%s.xml", name);
	lab_write(path, xml->str);
	g_ptr_array_add(lab->node_files, path);
	return path;
}
