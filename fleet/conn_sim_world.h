/*
 * conn_sim_world: the simulated machines behind conn_sim's connections. Private to fleet/conn_sim*.
 *
 * What never changes about a guest (its load's shape, disks, NICs) is computed from its uuid when asked for; only what
 * changes is stored. A host's world is guarded by its own lock and goes on only when somebody looks at it.
 */
#pragma once

#include "fleet/conn.h"
#include "fleet/conn_sim.h"

#include <pthread.h>

/* What is under way with a guest until its due time. */
enum sim_pending {
	SIM_PENDING_NONE,
	SIM_PENDING_STOPPING, /* asked to shut down, has not begun */
	SIM_PENDING_OFF,      /* shutting down */
	SIM_PENDING_REBOOT,
	SIM_PENDING_MOVING,   /* on its way to another host, see fleet/conn_sim_migrate.c */
	SIM_PENDING_REVIVE,   /* crashed or stopped by accident; somebody will start it */
};

struct sim_pins;

/* Where in its load a guest stands: while it runs, its wave now minus the mark is what it has used since it started;
 * while it does not, the mark is that itself. */
struct sim_vm {
	uint8_t uuid[UUID_LEN];
	double cpu_mark, io_mark;
	int64_t due_us;
	const char *reason; /* static */
	uint32_t tenant, mem_mib;
	int32_t id;         /* -1: off */
	float util;         /* mean use of each vCPU, 0..1 */
	uint16_t number;
	uint8_t role, group;
	uint8_t vcpus;
	uint8_t state;      /* enum vm_state */
	uint8_t pending;    /* enum sim_pending */
	bool autostart;
	const struct sim_pins *pins; /* NULL: as it was at first */
};

/* What is wrong with a host. */
enum sim_trouble {
	SIM_FINE,
	SIM_REFUSED,
	SIM_UNREACHABLE,
	SIM_KEY_UNKNOWN,
	SIM_KEY_CHANGED,
	SIM_DENIED,
	SIM_NO_SOCKET,
	SIM_SLOW, /* answers after seconds */
	SIM_HUNG, /* accepts everything, answers nothing */
	SIM_TROUBLE_COUNT
};

struct sim_host {
	/* constant after sim_new() */
	struct sim *sim;
	char name[16];
	enum hypervisor hypervisor;
	unsigned site, rack;
	unsigned cpus;      /* threads */
	uint32_t mem_mib, dom0_mib;
	int64_t rtt_us;
	uint64_t bits;
	float load;         /* mean CPU use with the guests that run at first, 0..1 */
	float swing;        /* how far its guests' loads go up and down without exceeding the host */
	unsigned home_vms;  /* guests at first */

	pthread_mutex_t lock;
	/* guarded by lock */
	struct sim_vm *vms;
	unsigned nvms;
	GArray *arrived;         /* struct sim_vm: have come from other hosts since somebody looked */
	struct sim_vm leaving;   /* is on its way to … */
	int leaving_to;          /* … this host; -1: none is */
	GArray *trips;           /* struct sim_trip: those under way from here, and the last one of each that came here */
	GArray *unheard;         /* struct conn_event: for the next connection that listens */
	double retired_ns;       /* CPU time of guests' earlier lives */
	uint64_t dice;
	int64_t next_life_us;    /* when a guest starts, stops or crashes by itself */
	int64_t trouble_us;      /* when the trouble begins or ends */
	enum sim_trouble trouble, next_trouble;
	unsigned link_epoch;     /* grows when the trouble cuts the links */
	int32_t last_id;
	GPtrArray *old_pins;     /* struct sim_pins: all there were, so that copies of guests stay good */
};

struct sim {
	struct sim_opts opts;
	int64_t epoch_us;        /* world time 0 */
	unsigned nhosts, nxen, nvms, ntenants;
	struct sim_host *hosts;
};

/* Seconds of world time at NOW_US of clock_now_us(). */
double sim_time(const struct sim *sim, int64_t now_us);

/* The guest's own hash number SALT. */
uint64_t sim_vm_bits(const struct sim_vm *vm, uint64_t salt);
char *sim_vm_label(const struct sim_vm *vm);
bool sim_vm_active(const struct sim_vm *vm);
/* Load-seconds since the guest started, at world time T. */
double sim_vm_cpu_load(const struct sim_host *host, const struct sim_vm *vm, double t);
double sim_vm_io_load(const struct sim_host *host, const struct sim_vm *vm, double t);
/* CPU time since it started, ns. */
double sim_vm_cpu_ns(const struct sim_host *host, const struct sim_vm *vm, double t);
enum vm_type sim_vm_type(const struct sim_host *host, const struct sim_vm *vm);
/* Index of the guest with UUID, or -1. host->lock held. */
int sim_host_find(const struct sim_host *host, const uint8_t uuid[UUID_LEN]);

/* ---- fleet/conn_sim_life.c: what happens; host->lock held ---- */

/* Starts the schedules of a new host. */
void sim_life_init(struct sim_host *host, unsigned index, int64_t now_us);
/* Lets everything happen that is due at NOW_US; appends struct conn_event to EVENTS. */
void sim_life_advance(struct sim_host *host, int64_t now_us, GArray *events);
/* Does ACT to guest VM at once or sets it going. */
bool sim_life_act(struct sim_host *host, struct sim_vm *vm, enum vm_act act, int64_t now_us, GArray *events,
                  GError **error);

/* The load of VM from now on is measured from HAD load-seconds. */
void sim_marks_run(struct sim_host *host, struct sim_vm *vm, double t, double had_cpu, double had_io);

/* ---- fleet/conn_sim_move.c: guests that move to another host; host->lock held unless it says otherwise ---- */

/* Sets running guest VM on its way; then it is no longer among host->vms. False: it stays. DICE: a random number. */
bool sim_move_begin(struct sim_host *host, struct sim_vm *vm, double t, uint64_t dice, GArray *events);
/* Lets in those that have come. */
void sim_move_arrive(struct sim_host *host, double t, GArray *events);
/* The guest on its way and its goal, which is for sim_move_deliver(); false: none is. */
bool sim_move_take(struct sim_host *host, struct sim_vm *vm, int *to);
/* Hands VM to host TO, or to another that has room, at worst to FROM. No lock held. */
void sim_move_deliver(struct sim_host *from, const struct sim_vm *vm, int to);

/* ---- fleet/conn_sim_migrate.c: migrations on request; no lock held ---- */

uint32_t sim_host_moves(const struct sim_host *host); /* bit per enum move_feature; pure */
bool sim_move(struct conn *conn, const uint8_t uuid[UUID_LEN], struct conn *dest, const struct move_opts *opts,
              GError **error);
bool sim_move_progress(struct conn *conn, const uint8_t uuid[UUID_LEN], bool completed, struct job_progress *out,
                       GError **error);
bool sim_move_abort(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error);
bool sim_move_post_copy(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error);
bool sim_whereabouts(struct conn *conn, const uint8_t uuid[UUID_LEN], struct whereabouts *out, GError **error);

/* ---- fleet/conn_sim_sample.c: what a sample shows; host->lock held ---- */

void sim_sample_host(const struct sim_host *host, int64_t now_us, enum sample_depth depth, struct host_sample *out);
double sim_host_busy_ns(const struct sim_host *host, double t);
uint64_t sim_host_free_bytes(const struct sim_host *host);
/* All that is counted of a guest at world time T, and a bit for each number that its host's driver tells. */
void sim_vm_raw(const struct sim_host *host, const struct sim_vm *vm, double t, uint64_t raw[RAW_COUNT]);
uint32_t sim_vm_tells(const struct sim_host *host, const struct sim_vm *vm);

/* ---- fleet/conn_sim_facts.c: what never changes; no lock needed but for VM's id ---- */

struct host_facts *sim_host_facts(const struct sim_host *host);
struct vm_facts *sim_vm_facts(const struct sim_host *host, const struct sim_vm *vm);
char *sim_vm_xml(const struct sim_host *host, const struct sim_vm *vm);

/* ---- fleet/conn_sim_place.c: CPUs, and who may run where; pure ---- */

/* How a guest is kept to a part of its host. */
enum sim_pin {
	SIM_PIN_NONE,
	SIM_PIN_CELL, /* all of it on one NUMA cell */
	SIM_PIN_CPUS, /* each vCPU on a physical CPU of its own */
	SIM_PIN_XL,   /* like CELL, but done with xl: libvirt's XML does not know of it */
};

#define SIM_CELLS 2 /* sockets, one NUMA cell each */

struct host_cpu sim_host_cpu(const struct sim_host *host, unsigned id);
enum sim_pin sim_vm_pin(const struct sim_host *host, const struct sim_vm *vm);
unsigned sim_vm_cell(const struct sim_vm *vm); /* that a pinned guest is kept to */

/* What an operator said of a guest's CPUs, one for all time: the next change makes another. */
struct sim_pins {
	int32_t id;               /* the guest's when it was said; started anew it has what is kept */
	unsigned nvcpus;
	struct cpu_set *live, *kept; /* nvcpus, and the emulator; no bytes: never said */
};

/* ---- fleet/conn_sim_pin.c: pins; host->lock held ---- */

struct vm_pins *sim_vm_pins(const struct sim_host *host, const struct sim_vm *vm, int64_t now_us);
bool sim_vm_set_pin(struct sim_host *host, struct sim_vm *vm, const struct pin_change *change, GError **error);
void sim_pins_free(gpointer pins);
/* What an operator said of vCPU INDEX, nvcpus of them: the emulator; NULL: nothing. Borrowed. */
const struct cpu_set *sim_pinned_to(const struct sim_vm *vm, unsigned index, bool kept);

/* A guest agent inside. */
enum sim_agent { SIM_AGENT_NONE, SIM_AGENT_SILENT, SIM_AGENT_CONNECTED };
enum sim_agent sim_vm_agent(const struct sim_host *host, const struct sim_vm *vm);
/* Where a vCPU may really run. The bits are the caller's. */
struct cpu_set sim_vcpu_affinity(const struct sim_host *host, const struct sim_vm *vm, unsigned vcpu);

/* ---- fleet/conn_sim_detail.c: what pages show; host->lock held ---- */

struct vm_detail *sim_vm_detail(const struct sim_host *host, const struct sim_vm *vm, int64_t now_us);
struct host_detail *sim_host_detail(const struct sim_host *host, int64_t now_us);

/* ---- fleet/conn_sim_console.c: the serial console; no lock held ---- */

bool sim_console(struct conn *conn, const uint8_t uuid[UUID_LEN], struct console_call *call, GError **error);
