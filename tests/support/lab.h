/*
 * lab: real daemons for tests – sshd, libvirtd and QEMU guests on loopback, in a private folder, each killed by pid at
 * the end. Needs no root (the guests then belong to the user) and no KVM. Criterion tests and the benches use it.
 * Everything waits for visible conditions with deadlines; nothing sleeps and hopes. Failures to start abort the test
 * with the daemon's log.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct lab;

/* A private folder (short path, 0700) with a client key pair and an ssh_config (-F) that uses it and the lab's own known_hosts. */
struct lab *lab_new(void);
void lab_free(struct lab *lab); /* ends every process it started, by pid, and removes the folder */
const char *lab_dir(const struct lab *lab);
const char *lab_ssh_config(const struct lab *lab);
const char *lab_known_hosts(const struct lab *lab);
const char *lab_client_key(const struct lab *lab);

/* An sshd on ADDRESS (NULL: 127.0.0.1; any 127.x.y.z) and a free port. EXTRA: sshd_config lines or NULL. KNOWN: its key is put
 * into known_hosts. */
struct lab_sshd;
struct lab_sshd *lab_sshd_start(struct lab *lab, const char *address, const char *extra, bool known);
uint16_t lab_sshd_port(const struct lab_sshd *sshd);
const char *lab_sshd_address(const struct lab_sshd *sshd);
void lab_sshd_stop(struct lab_sshd *sshd);            /* the listener; sessions stay */
void lab_sshd_kill_sessions(struct lab_sshd *sshd);   /* the sessions; the listener stays */
void lab_sshd_restart(struct lab_sshd *sshd, const char *extra);
void lab_sshd_new_hostkey(struct lab_sshd *sshd);     /* and restart; known_hosts keeps the old one */

/* A private libvirtd (session mode under its own XDG folders). QEMU: the qemu driver is wanted, else the test driver
 * is all that is used. UUID becomes host_uuid (NULL: a random one). */
struct lab_libvirtd;
struct lab_libvirtd *lab_libvirtd_start(struct lab *lab, const char *uuid);
const char *lab_libvirtd_socket(const struct lab_libvirtd *daemon);
const char *lab_libvirtd_socket_ro(const struct lab_libvirtd *daemon); /* NULL when a session daemon offers none */
pid_t lab_libvirtd_pid(const struct lab_libvirtd *daemon);
void lab_libvirtd_freeze(struct lab_libvirtd *daemon); /* SIGSTOP */
void lab_libvirtd_thaw(struct lab_libvirtd *daemon);
void lab_libvirtd_kill(struct lab_libvirtd *daemon);   /* SIGKILL; guests live on */
void lab_libvirtd_restart(struct lab_libvirtd *daemon);

/* A tiny real QEMU guest (TCG), defined and started with virsh's own connection, not through virt-fleet. */
void lab_guest_start(struct lab_libvirtd *daemon, const char *name);
/* One with 14 MiB of memory to copy, at most a second after it was started. */
void lab_guest_start_full(struct lab_libvirtd *daemon, const char *name);
/* One that says back what it is told on its serial console, and "!" when it is there. */
void lab_guest_start_echo(struct lab_libvirtd *daemon, const char *name);
pid_t lab_guest_pid(struct lab_libvirtd *daemon, const char *name); /* its qemu process */
/* Runs virsh on the daemon's own socket; returns its output, fails the test on a non-zero exit. */
char *lab_virsh(struct lab_libvirtd *daemon, const char *const *argv);

/* "qemu+ssh://127.0.0.1:PORT/session?socket=…": DAEMON through SSHD. Caller frees. */
char *lab_uri(const struct lab_sshd *sshd, const struct lab_libvirtd *daemon, const char *driver, const char *path);

/* Writes a test-driver node file with NVMS guests and returns its path (owned by LAB). */
const char *lab_node_file(struct lab *lab, const char *name, unsigned nvms);

/* Waits until CHECK(CTX) is true; false after DEADLINE_MS. */
bool lab_wait(bool (*check)(void *ctx), void *ctx, int64_t deadline_ms);
