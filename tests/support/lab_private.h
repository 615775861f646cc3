/* What the files of the lab share among themselves. */
#pragma once

#include "tests/support/lab.h"
#include "tests/support/lab_keeper.h"

/* Long enough for a loaded machine; a lab that works never comes near it. */
#define LAB_START_MS 60000

struct lab {
	char *dir, *ssh_config, *known_hosts, *client_key;
	struct keeper *keeper;
	GPtrArray *sshds;      /* struct lab_sshd, owned */
	GPtrArray *daemons;    /* struct lab_libvirtd, owned */
	GPtrArray *node_files; /* char, owned */
};

/* Says what went wrong, with the end of LOG (or NULL), and aborts: a test without its lab proves nothing. */
_Noreturn void lab_fail(const char *log, const char *format, ...) G_GNUC_PRINTF(2, 3);

char *lab_path(const struct lab *lab, const char *format, ...) G_GNUC_PRINTF(2, 3);
void lab_write(const char *path, const char *text);
void lab_mkdir(const char *path);

/* Runs ARGV to its end, at most 60 s; aborts when it fails, showing LOG (or NULL). Returns its stdout, newly allocated. */
char *lab_run(const char *const *argv, const char *log);

void lab_kill_and_wait(struct lab *lab, pid_t pid, int signal, const char *log);

void lab_sshd_free(struct lab_sshd *sshd);
void lab_libvirtd_free(struct lab_libvirtd *daemon);

struct lab *lab_libvirtd_lab(const struct lab_libvirtd *daemon);
/* The folder that is the daemon's /run (or XDG_RUNTIME_DIR), and the one its guests' disks may lie in. */
const char *lab_libvirtd_dir(const struct lab_libvirtd *daemon);
bool lab_libvirtd_is_session(const struct lab_libvirtd *daemon);
