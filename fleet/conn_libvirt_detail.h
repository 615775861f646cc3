/*
 * conn_libvirt_detail: what is remembered of the guest and the host whose page is looked at, from one reading to the next.
 * Private to fleet/conn_libvirt*.c; includes no libvirt header.
 *
 * conn_libvirt_detail.c          a guest: its XML, and what is read now and then
 * conn_libvirt_detail_devices.c  its disks and NICs
 * conn_libvirt_detail_vcpus.c    its vCPUs, and where they run
 * conn_libvirt_detail_sched.c    how its host's scheduler treats it
 * conn_libvirt_detail_agent.c    what the agent inside says
 * conn_libvirt_detail_host.c     a host
 * conn_libvirt_detail_places.c   where its guests may run
 */
#pragma once

#include "fleet/conn_libvirt_impl.h"
#include "fleet/domxml.h"
#include "fleet/meter.h"

struct _virTypedParameter;

struct inspect_vm {
	uint8_t uuid[UUID_LEN];
	struct meter *meter;      /* NULL: no guest is remembered */
	char *xml;                /* NULL: not read */
	int64_t xml_us;
	unsigned changes;         /* struct guest's, when it was read */
	int id;                   /* likewise */
	struct vm_facts *facts;   /* of the XML; NULL: it can't be read */
	unsigned vcpus_max;
	enum domxml_agent agent;
	char *no_vcpus;           /* "what: why" when it can't be told where its vCPUs run, NULL: it can */
	struct vm_detail *slow;   /* emulator, scheduling, snapshots, managed_save, addresses, unknowns; NULL: not read */
	struct vm_detail *inside; /* agent_*, addresses, fs, unknowns; NULL: not asked */
	bool agent_all;           /* the agent knows not all questions: it is asked for whatever it knows */
};

struct inspect_host {
	struct meter *meter;      /* NULL: not looked at yet */
	double *cpu_pct;          /* ncpus of them, -1: not known */
	uint64_t ncpus;           /* as many as the host had when it was asked last */
	unsigned next_cpu;        /* whose turn it is */
	bool no_cpus;             /* the driver doesn't count each CPU by itself */
	GHashTable *affinities;   /* uuid (GBytes) to struct affinity, both owned */
	struct host_detail *slow; /* pools, networks, unknowns; NULL: not read */
};

/* The host's scheduler; the same for all guests. */
struct inspect_sched {
	char *name;               /* NULL: not read */
	int nparams;              /* that it tells of a guest */
	char *unknown;            /* "what: why" when the driver tells of none, NULL: it does, or was not asked yet */
};

struct inspect {
	struct inspect_vm vm;
	struct inspect_host host;
	struct inspect_sched sched;
};

void inspect_vm_done(struct inspect_vm *vm);
void inspect_host_done(struct inspect_host *host);

/* One reading of a guest's detail. The parts return false when the link was lost, with *ERROR set. */
struct look {
	struct libvirt *lv;
	struct inspect_vm *vm;
	struct _virDomain *dom;
	int64_t now_us;
	bool active, running; /* running: and its state is RUNNING, so that an agent can answer */
	bool silent;          /* its monitor does not answer: what needs it is not asked for */
	struct vm_detail *detail;
	GPtrArray *unknowns;  /* char *, owned */
	GError **error;
};

/* After a call that failed: says so in UNKNOWNS as "WHAT: why", in an operator's words. False when the link was lost. */
bool detail_failed(struct libvirt *lv, GPtrArray *unknowns, const char *what, GError **error);
/* A driver in words, and what it doesn't do: "WHAT: Xen's libxl driver WHY". */
void detail_lacks(struct libvirt *lv, GPtrArray *unknowns, const char *what, const char *why);
/* As many CPUs as a map needs room for. */
size_t detail_ncpus(const struct libvirt *lv);
struct cpu_set detail_cpu_map(const unsigned char *map, size_t len);

bool look_at_devices(struct look *look);
/* The vCPUs of a record of bulk statistics. */
void look_at_vcpu_params(struct look *look, struct _virTypedParameter *params, int n);
bool look_at_vcpus(struct look *look);
/* One round trip, and once for each connection another one. What is not known is added to UNKNOWNS. */
bool look_at_scheduler(struct look *look, struct vm_detail *slow, GPtrArray *unknowns);
bool look_inside(struct look *look);
/* Copies what the agent said of INSIDE into DETAIL, but for the addresses and unknowns. */
void detail_take_inside(struct vm_detail *detail, const struct vm_detail *inside);

/* What takes a round trip for each CPU or guest is read in turns, so long at a time. */
#define TURNS_US (200 * INT64_C(1000))

/* One reading of a host's detail. The parts return false when the link was lost, with *ERROR set. */
struct host_look {
	struct libvirt *lv;
	struct inspect_host *host;
	int64_t now_us;
	struct host_detail *detail;
	GPtrArray *unknowns;
	GError **error;
};

/* Where one guest may run, as read last. */
struct affinity {
	struct guest *guest; /* whose it is; for the reading under way */
	struct cpu_set cpus;
	int64_t read_us;
	unsigned changes; /* struct guest's, when it was read */
	int id;
};

void inspect_affinity_free(gpointer affinity);
/* Orders pointers to struct affinity by whose turn it is: those never read first, then the one read longest ago. */
gint affinity_by_age(gconstpointer a, gconstpointer b);
bool look_at_affinities(struct host_look *look);
