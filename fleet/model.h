/*
 * model: plain data that a fleet consists of. No functions, no libvirt, no locks. Everything here is written by
 * its builder (fleet/snapshot.c) and immutable from publication on.
 *
 * Times: _us are microseconds of CLOCK_MONOTONIC (clock_now_us()). Unknown values: a bit in `valid` says whether
 * a field holds anything; nothing is ever 0 for want of knowledge.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_LEN 16

/* Units of a field: how it is printed, and what the number in JSON and CSV means. */
enum unit {
	UNIT_COUNT,
	UNIT_PCT,     /* 0..100 and above */
	UNIT_BYTES,
	UNIT_BYTES_S, /* bytes per second */
	UNIT_PER_S,   /* operations per second */
	UNIT_MS,
	UNIT_SECONDS,
	UNIT_RATIO,   /* printed "2.3:1" */
};

/* _(ENUM, "name: column, JSON key, query field", unit, "help") – the one list of a guest's numbers */
#define VM_FIELDS(_)                                                                                  \
	_(VCPUS, "vcpus", UNIT_COUNT, "virtual CPUs")                                                 \
	_(VCPUS_MAX, "vcpus-max", UNIT_COUNT, "virtual CPUs at most")                                 \
	_(CPU, "cpu", UNIT_PCT, "CPU use: CPU time / wall time / vCPUs")                              \
	_(CPU_TIME, "cpu-time", UNIT_SECONDS, "CPU time used since the guest started")                \
	_(READY, "ready", UNIT_PCT, "waiting for a physical CPU: run-queue delay / wall time / vCPUs") \
	_(WAIT, "wait", UNIT_PCT, "vCPUs waiting on I/O: wait time / wall time / vCPUs")              \
	_(MEM, "mem", UNIT_BYTES, "memory the guest has now (balloon)")                               \
	_(MEM_MAX, "mem-max", UNIT_BYTES, "memory the guest may have")                                \
	_(MEM_RSS, "rss", UNIT_BYTES, "host memory that the guest's process holds")                   \
	_(MEM_USED, "mem-used", UNIT_BYTES, "memory used inside the guest, as its balloon driver says") \
	_(NET_RX, "net-rx", UNIT_BYTES_S, "network received by the guest")                            \
	_(NET_TX, "net-tx", UNIT_BYTES_S, "network sent by the guest")                                \
	_(NET, "net", UNIT_BYTES_S, "network, both directions")                                       \
	_(DISK_RD, "disk-rd", UNIT_BYTES_S, "disk read")                                              \
	_(DISK_WR, "disk-wr", UNIT_BYTES_S, "disk written")                                           \
	_(DISK, "disk", UNIT_BYTES_S, "disk, both directions")                                        \
	_(DISK_RD_OPS, "disk-rd-ops", UNIT_PER_S, "disk reads")                                       \
	_(DISK_WR_OPS, "disk-wr-ops", UNIT_PER_S, "disk writes")                                      \
	_(DISK_RD_MS, "disk-rd-ms", UNIT_MS, "latency of a disk read")                                \
	_(DISK_WR_MS, "disk-wr-ms", UNIT_MS, "latency of a disk write")

enum vm_field {
#define VM_FIELD_ENUM(id, name, unit, help) VM_##id,
	VM_FIELDS(VM_FIELD_ENUM)
#undef VM_FIELD_ENUM
		VM_FIELD_COUNT
};

/* Raw counters and gauges of a guest, as sampled; rates.c makes VM_FIELDS of two of them. */
enum vm_raw {
	RAW_VCPUS,         /* gauge */
	RAW_VCPUS_MAX,     /* gauge */
	RAW_CPU_NS,        /* counter */
	RAW_DELAY_NS,      /* counter, sum over vCPUs */
	RAW_WAIT_NS,       /* counter, sum over vCPUs */
	RAW_MEM_BYTES,     /* gauge */
	RAW_MEM_MAX_BYTES, /* gauge */
	RAW_RSS_BYTES,     /* gauge */
	RAW_USED_BYTES,    /* gauge */
	RAW_NET_RX_BYTES,  /* counter, sum over NICs */
	RAW_NET_TX_BYTES,
	RAW_DISK_RD_BYTES, /* counter, sum over disks */
	RAW_DISK_WR_BYTES,
	RAW_DISK_RD_OPS,
	RAW_DISK_WR_OPS,
	RAW_DISK_RD_NS,
	RAW_DISK_WR_NS,
	RAW_COUNT
};

/* _(ENUM, "name", unit, "help") – a host's numbers; those marked * are sums over its guests */
#define HOST_FIELDS(_)                                                                                \
	_(PCPUS, "pcpus", UNIT_COUNT, "physical CPUs (threads)")                                      \
	_(CPU, "cpu", UNIT_PCT, "CPU use of the host")                                                \
	_(MEM_TOTAL, "mem-total", UNIT_BYTES, "physical memory")                                      \
	_(MEM_USED, "mem-used", UNIT_BYTES, "physical memory in use (without caches where the driver tells)") \
	_(MEM_USED_PCT, "mem", UNIT_PCT, "physical memory in use")                                    \
	_(MEM_PROMISED, "mem-promised", UNIT_BYTES, "sum of the running guests' current memory")      \
	_(MEM_PROMISED_PCT, "promised", UNIT_PCT, "memory promised / physical memory")                \
	_(VMS, "vms", UNIT_COUNT, "guests, Domain-0 not counted")                                     \
	_(VMS_RUNNING, "running", UNIT_COUNT, "guests running, Domain-0 not counted")                 \
	_(VCPUS, "vcpus", UNIT_COUNT, "vCPUs of the running guests")                                  \
	_(VCPU_RATIO, "vcpu-ratio", UNIT_RATIO, "running vCPUs : physical CPUs")                      \
	_(NET, "net", UNIT_BYTES_S, "network of all guests, both directions")                         \
	_(NET_RX, "net-rx", UNIT_BYTES_S, "network received by all guests")                           \
	_(NET_TX, "net-tx", UNIT_BYTES_S, "network sent by all guests")                               \
	_(DISK, "disk", UNIT_BYTES_S, "disk of all guests, both directions")                          \
	_(DISK_RD, "disk-rd", UNIT_BYTES_S, "disk read by all guests")                                \
	_(DISK_WR, "disk-wr", UNIT_BYTES_S, "disk written by all guests")                             \
	_(KSM_SAVED, "ksm", UNIT_BYTES, "memory saved by same-page merging")                          \
	_(RTT, "rtt", UNIT_MS, "round trip of the SSH link")                                          \
	_(SAMPLE_MS, "sample", UNIT_MS, "time the last sample took")

enum host_field {
#define HOST_FIELD_ENUM(id, name, unit, help) HOST_##id,
	HOST_FIELDS(HOST_FIELD_ENUM)
#undef HOST_FIELD_ENUM
		HOST_FIELD_COUNT
};

/* Raw counters and gauges of a host. */
enum host_raw {
	HRAW_PCPUS,         /* gauge */
	HRAW_CPU_BUSY_NS,   /* counter over all physical CPUs: user + kernel (+ interrupts, steal) */
	HRAW_CPU_TOTAL_NS,  /* counter over all physical CPUs: busy + idle + iowait */
	HRAW_MEM_TOTAL,     /* gauge, bytes */
	HRAW_MEM_FREE,      /* gauge, bytes: free, plus caches and buffers where the driver tells them */
	HRAW_KSM_SAVED,     /* gauge, bytes */
	HRAW_RTT_US,        /* gauge */
	HRAW_COUNT
};

/* _(ENUM, "name") – a guest's state, libvirt's virDomainState in its words */
#define VM_STATES(_)              \
	_(UNKNOWN, "unknown")     \
	_(RUNNING, "running")     \
	_(IDLE, "idle")           \
	_(PAUSED, "paused")       \
	_(STOPPING, "stopping")   \
	_(OFF, "off")             \
	_(CRASHED, "crashed")     \
	_(SUSPENDED, "suspended")

enum vm_state {
#define VM_STATE_ENUM(id, name) VM_STATE_##id,
	VM_STATES(VM_STATE_ENUM)
#undef VM_STATE_ENUM
		VM_STATE_COUNT
};

/* How a guest is virtualised. */
#define VM_TYPES(_)               \
	_(UNKNOWN, "-")           \
	_(KVM, "KVM")             \
	_(QEMU, "QEMU")           \
	_(PV, "PV")               \
	_(HVM, "HVM")             \
	_(PVH, "PVH")             \
	_(CONTAINER, "container") \
	_(TEST, "test")

enum vm_type {
#define VM_TYPE_ENUM(id, name) VM_TYPE_##id,
	VM_TYPES(VM_TYPE_ENUM)
#undef VM_TYPE_ENUM
		VM_TYPE_COUNT
};

#define HYPERVISORS(_)          \
	_(UNKNOWN, "-", "-")    \
	_(KVM, "kvm", "KVM")    \
	_(XEN, "xen", "Xen")    \
	_(LXC, "lxc", "LXC")    \
	_(TEST, "test", "test") \
	_(OTHER, "other", "other")

enum hypervisor {
#define HYPERVISOR_ENUM(id, name, title) HYPERVISOR_##id,
	HYPERVISORS(HYPERVISOR_ENUM)
#undef HYPERVISOR_ENUM
		HYPERVISOR_COUNT
};

/* _(ENUM, "word on the screen", glyph, ASCII glyph, role, "what it means") – why a host is as it is. SLOW and STALE
 * are never stored: host_snap_link() derives them from the clock. */
#define LINK_STATES(_)                                                                                       \
	_(CONNECTING, "connecting", "○", "o", DIM, "not connected yet; being tried")                         \
	_(UP, "up", "●", "*", GOOD, "answers")                                                               \
	_(SLOW, "slow", "◐", "~", WARN, "answers late")                                                      \
	_(STALE, "stale", "◌", "?", WARN, "has not answered for three intervals; the row shows old numbers") \
	_(NAME, "no name", "✕", "x", BAD, "the name can't be resolved")                                      \
	_(UNREACHABLE, "unreachable", "✕", "x", BAD, "no answer on the network")                             \
	_(REFUSED, "refused", "✕", "x", BAD, "the SSH port refuses connections")                             \
	_(KEY_UNKNOWN, "new host key", "?", "?", WARN, "the host key is not known yet: A asks you about it")    \
	_(KEY_CHANGED, "KEY CHANGED", "✕", "x", BAD, "the host key differs from the known one: refused")     \
	_(LOGIN, "login denied", "✕", "x", BAD, "no key or password was accepted")                           \
	_(NEEDS_SECRET, "needs login", "?", "?", WARN, "waits for a passphrase or password")                 \
	_(NO_SOCKET, "no libvirt", "✕", "x", BAD, "no libvirt socket on the host")                           \
	_(DENIED, "denied", "✕", "x", BAD, "libvirt does not let this user in")                              \
	_(DAEMON_GONE, "daemon gone", "✕", "x", BAD, "libvirt's daemon ended or can't be started")           \
	_(TIMEOUT, "hung", "✕", "x", BAD, "took longer than the limit and was cut")                          \
	_(DOWN, "down", "✕", "x", BAD, "lost for another reason, see the host's page")

enum link_state {
#define LINK_STATE_ENUM(id, word, glyph, ascii, role, help) LINK_##id,
	LINK_STATES(LINK_STATE_ENUM)
#undef LINK_STATE_ENUM
		LINK_STATE_COUNT
};

/* ---- facts: what changes rarely; shared between snapshots by reference (vm_facts_ref) ---- */

/* _(ENUM, "name") – what a disk lies on; which of these several hosts can share is known to vm_disk_shared() */
#define STORAGES(_)               \
	_(UNKNOWN, "-")           \
	_(FILE, "file")           \
	_(BLOCK, "block")         \
	_(NFS, "nfs")             \
	_(RBD, "rbd")             \
	_(ISCSI, "iscsi")         \
	_(GLUSTER, "gluster")     \
	_(NBD, "nbd")             \
	_(NVME, "nvme")           \
	_(VOLUME, "pool")         \
	_(OTHER, "other")

enum storage {
#define STORAGE_ENUM(id, name) STORAGE_##id,
	STORAGES(STORAGE_ENUM)
#undef STORAGE_ENUM
		STORAGE_COUNT
};

/* _(ENUM, "name", "help") – how a NIC reaches the network */
#define NIC_KINDS(_)                                                            \
	_(UNKNOWN, "-", "not known")                                            \
	_(VIRTIO, "virtio", "paravirtual, of QEMU")                             \
	_(PV, "pv", "paravirtual, of Xen")                                      \
	_(EMULATED, "emulated", "a real card, imitated: slow")                  \
	_(MACVTAP, "macvtap", "directly on a device of the host")               \
	_(VHOST_USER, "vhost-user", "shared memory with a switch in user space") \
	_(SRIOV, "sr-iov", "a function of a card, passed through")

enum nic_kind {
#define NIC_KIND_ENUM(id, name, help) NIC_##id,
	NIC_KINDS(NIC_KIND_ENUM)
#undef NIC_KIND_ENUM
		NIC_KIND_COUNT
};

struct vm_disk {
	char *target;  /* "vda" */
	char *device;  /* "disk", "cdrom", "lun", "floppy" */
	char *type;    /* libvirt's disk type: "file", "block", "network", "volume", … */
	char *source;  /* path, or protocol:name for network disks; NULL: empty drive */
	char *bus;     /* "virtio", "scsi", "ide", "xen", … */
	char *format;  /* "qcow2", "raw"; NULL unknown */
	char *cache;   /* NULL: default */
	bool readonly, shareable;
	enum storage storage;
};

struct vm_nic {
	char *mac;
	char *target; /* "vnet3", "vif3.0"; NULL while off */
	char *type;   /* "bridge", "network", "hostdev", "direct", "vhostuser", … */
	char *source; /* bridge, network or device name */
	char *model;  /* "virtio", "e1000", "netfront"; NULL: default */
	enum nic_kind kind;
};

struct vm_hostdev {
	char *type;    /* "pci", "usb", "mdev", "scsi" */
	char *address; /* "0000:03:00.0" */
};

/* A screen of the guest's, as its host serves it. */
struct vm_graphics {
	char *type;   /* "vnc", "spice", "sdl", … */
	char *listen; /* address on the host; NULL: none, or not told */
	char *socket; /* path on the host, in place of a port; NULL: none */
	int port;     /* 0: none: off, or not told */
	int tls_port; /* SPICE's other one; 0: none */
};

struct vm_facts {
	gint refs; /* private to snapshot*.c */
	enum vm_type type;
	char *os_type; /* "hvm", "linux", "xenpvh", "exe" */
	char *machine; /* "pc-q35-7.2" */
	char *arch;
	char *title, *description; /* NULL: none */
	char *tenant;              /* NULL: none found */
	char *emulator;
	struct vm_disk *disks;
	size_t ndisks;
	struct vm_nic *nics;
	size_t nnics;
	struct vm_hostdev *hostdevs;
	size_t nhostdevs;
	struct vm_graphics *graphics;
	size_t ngraphics;
	bool has_console; /* a serial or paravirtual console */
	bool pinned;      /* some vCPU may not run on every physical CPU, as its XML says */
	char *cpuset;     /* "0-3,8": where its vCPUs may run, all together, as its XML says; NULL: everywhere */
	char *numa_nodes; /* of its memory, as its XML says; NULL: any */
	char *cpu_mode;   /* "host-passthrough", "host-model", "custom: EPYC-Rome"; NULL: default */
};

struct numa_cell {
	int id;
	uint64_t mem_bytes;
	int ncpus;
};

/* A physical CPU (thread). */
struct host_cpu {
	int id, cell, socket, core; /* -1: not told */
};

/* What a driver can do to one guest, the first ones through conn_ops.act(). */
enum vm_act {
	VM_ACT_START,
	VM_ACT_SHUTDOWN,
	VM_ACT_REBOOT,
	VM_ACT_RESET,
	VM_ACT_DESTROY,
	VM_ACT_SUSPEND,
	VM_ACT_RESUME,
	VM_ACT_AUTOSTART_ON,
	VM_ACT_AUTOSTART_OFF,
	VM_ACT_CALLS, /* how many these are; the others have calls of their own, and only can() knows them */
	VM_ACT_MIGRATE = VM_ACT_CALLS,
	VM_ACT_PIN,
	VM_ACT_CONSOLE,
	VM_ACT_COUNT
};

/* _(ENUM, "parameter", "in words: a driver offers no …") – what a move to another host can be, as far as drivers differ in
 * it. The parameter is what the command line and the journal call it. */
#define MOVE_FEATURES(_)                                           \
	_(LIVE, "live", "live migration")                          \
	_(OFFLINE, "offline", "migration of a guest that is off")  \
	_(P2P, "p2p", "peer-to-peer migration")                    \
	_(COPY_ALL, "copy=all", "copy of storage")                 \
	_(COPY_INC, "copy=inc", "incremental copy of storage")     \
	_(POST_COPY, "postcopy", "post-copy")                      \
	_(AUTO_CONVERGE, "autoconverge", "auto-converge")          \
	_(COMPRESS, "compress", "compression")                     \
	_(BANDWIDTH, "bandwidth", "limit of bandwidth")            \
	_(DOWNTIME, "downtime", "limit of downtime")               \
	_(TLS, "tls", "encryption of migrations")                  \
	_(PARALLEL, "parallel", "migration over several connections") \
	_(UNSAFE, "unsafe", "migration that is known to be unsafe") \
	_(PROGRESS, "progress", "word of how far a migration is")  \
	_(ABORT, "abort", "way to give a migration up")            \
	_(OLDER, "older", "migration to an older version of itself")

enum move_feature {
#define MOVE_FEATURE_ENUM(id, parameter, words) MOVE_##id,
	MOVE_FEATURES(MOVE_FEATURE_ENUM)
#undef MOVE_FEATURE_ENUM
		MOVE_FEATURE_COUNT
};

#define MOVE_BIT(feature) (UINT32_C(1) << (MOVE_##feature))

struct host_facts {
	gint refs; /* private to snapshot*.c */
	enum hypervisor hypervisor;
	char *driver;          /* libvirt's virConnectGetType(): "QEMU", "Xen", "TEST" */
	char *hv_version;      /* "7.2.22", "4.17.5" */
	char *libvirt_version; /* of the daemon */
	char *hostname;        /* the host's own */
	char *uuid;            /* NULL: not told (Xen, test) */
	char *cpu_model;
	char *arch;
	int sockets, cores, threads, mhz; /* 0: not told */
	struct numa_cell *cells;
	size_t ncells;
	struct host_cpu *cpus; /* by id; none: not told */
	size_t ncpus;
	bool live_migration; /* capabilities say so */
	uint32_t moves;      /* bit per enum move_feature: what its driver takes; 0: it moves nothing */
	char *uri;           /* as the far end calls itself */
	char *via;           /* "streamlocal /run/libvirt/libvirt-sock", "exec nc …", "direct" */
	char **unknowns;     /* NULL-terminated "what: why": what this driver can't tell */
	const char *why_not[VM_ACT_COUNT]; /* static: why this connection can't do it to any guest; NULL: it can */
};

/* ---- details: what is read only while somebody looks at the page of this guest or host (fleet_inspect) ---- */

/* The places in a set of physical CPUs: bit i of byte i/8. */
struct cpu_set {
	uint8_t *bits;
	size_t nbytes;
};

enum disk_field { DISK_F_RD, DISK_F_WR, DISK_F_RD_OPS, DISK_F_WR_OPS, DISK_F_RD_MS, DISK_F_WR_MS,
	DISK_F_CAPACITY, DISK_F_ALLOCATION, DISK_F_PHYSICAL, DISK_F_COUNT };

struct disk_detail {
	char *target;                 /* as in vm_disk */
	uint32_t valid;               /* bit per enum disk_field */
	double value[DISK_F_COUNT];   /* bytes/s, operations/s, ms per operation, bytes: as the guest sees it, taken of
	                               * what it lies on, size of the device that it lies on */
};

enum nic_field { NIC_F_RX, NIC_F_TX, NIC_F_RX_PACKETS, NIC_F_TX_PACKETS, NIC_F_RX_ERRORS, NIC_F_TX_ERRORS,
	NIC_F_RX_DROPS, NIC_F_TX_DROPS, NIC_F_COUNT };

struct nic_detail {
	char *target;                 /* as in vm_nic */
	uint32_t valid;               /* bit per enum nic_field */
	double value[NIC_F_COUNT];    /* bytes/s, packets/s; errors and drops: since the guest started */
};

struct vcpu_detail {
	bool online;
	int cpu;                      /* the physical CPU it is on, -1: not told */
	double cpu_pct, ready_pct;    /* -1: not known */
	struct cpu_set affinity;      /* where it may run, as it really is; no bytes: not known */
};

/* A file system inside the guest, as its agent says. */
struct guest_fs {
	char *mountpoint, *type;
	uint64_t total_bytes, used_bytes; /* 0: not told */
};

/* How the host's scheduler treats a guest among the others. */
struct vm_scheduling {
	char *name;                   /* of the scheduler: "credit", "posix"; NULL: not known */
	int64_t weight;               /* its share when CPUs are scarce, against the others' on this host; -1: not known */
	double cap_pct, vcpu_cap_pct; /* of one physical CPU, at most: the guest as a whole, and each of its vCPUs;
	                               * 0: none, -1: not told, or the scheduler has no such */
};

struct vm_detail {
	gint refs; /* private to snapshot*.c */
	uint8_t uuid[UUID_LEN];
	int64_t taken_us; /* 0: nothing was read, and the unknowns tell why */
	struct disk_detail *disks;
	size_t ndisks;
	struct nic_detail *nics;
	size_t nnics;
	struct vcpu_detail *vcpus;
	size_t nvcpus;
	struct cpu_set emulator;      /* no bytes: not known */
	struct vm_scheduling scheduling;
	char *agent_hostname, *agent_os; /* NULL: no agent, or it does not say */
	char **addresses;             /* NULL-terminated, "eth0 10.0.0.7/24"; never NULL */
	struct guest_fs *fs;
	size_t nfs;
	int snapshots;                /* libvirt snapshots, -1: not known */
	bool managed_save;            /* its memory is saved: a start resumes it */
	char *xml;                    /* as it runs, or as it is defined when off */
	char **unknowns;              /* NULL-terminated "what: why"; never NULL */
};

/* Where one guest of the host may run. */
struct vm_affinity {
	uint8_t uuid[UUID_LEN];
	struct cpu_set cpus;          /* of all its vCPUs together, as it really is */
	bool pinned;                  /* not every physical CPU is in it */
};

struct host_detail {
	gint refs; /* private to snapshot*.c */
	int64_t taken_us;             /* 0: nothing was read, and the unknowns tell why */
	double *cpu_pct;              /* per physical CPU, -1: not known */
	size_t ncpus;
	uint64_t *cell_free;          /* bytes, in the order of host_facts.cells; 0 of them: not known */
	size_t ncells;
	struct vm_affinity *vms;      /* of the running guests */
	size_t nvms;
	char **pools, **networks;     /* NULL-terminated, "default active 12G of 40G", for the eye; never NULL */
	char **unknowns;              /* NULL-terminated "what: why"; never NULL */
};

/* What can be kept to physical CPUs: the threads of a guest. */
enum pin_what { PIN_VCPU, PIN_EMULATOR, PIN_IOTHREAD, PIN_WHATS };

/* Where one of them may run. */
struct pin_row {
	enum pin_what what;
	unsigned number;              /* of the vCPU or I/O thread; 0 for the emulator */
	bool active;                  /* it runs: not a vCPU that is offline, nor of a guest that is off */
	int cpu;                      /* the physical CPU it is on, -1: not told */
	struct cpu_set live;          /* now, as it really is where that can be seen; no bytes: not known */
	struct cpu_set kept;          /* as the guest's definition says; no bytes: not known */
};

/* What the pin map shows of a guest (fleet_inspect_pins()). */
struct vm_pins {
	gint refs; /* private to fleet/pins.c */
	uint8_t uuid[UUID_LEN];
	int64_t taken_us;
	bool running, persistent;
	GArray *rows;                 /* struct pin_row: vCPUs by number, the emulator, I/O threads by number */
	const char *cannot[PIN_WHATS]; /* static: why this driver can't pin such; NULL: it can */
	char **unknowns;              /* NULL-terminated "what: why"; never NULL */
};

/* ---- snapshots ---- */

/* A sum, and how many of what is summed up had the number. */
struct sum {
	double value;
	unsigned covered;
};

struct guest_totals {
	unsigned vms;     /* as last known, those of hosts that do not answer included */
	unsigned unknown; /* of these: on hosts that do not answer */
	unsigned running;
	unsigned by_state[VM_STATE_COUNT]; /* the others, by state */
};

/* What guests come to; Domain-0 is left out. Sums are over those that run. */
struct vm_totals {
	struct guest_totals guests;
	struct sum vcpus, mem, net, disk;
	struct sum cores_used, cpu_vcpus; /* of guests whose CPU use is known */
};

/* What a pass over all guests of a fleet looks at first, close together: of most it needs to know no more. */
struct vm_gist {
	uint32_t tag;  /* vm_tag() of its uuid: guests with another tag are others */
	uint8_t state; /* enum vm_state */
};

struct host_snap;

struct vm {
	/* What is looked at of all guests comes first. */
	const struct host_snap *host;
	const char *name;
	const char *words;            /* name, reason, tenant, title and description in lower case (of ASCII), each with a line
	                               * end; made with the snapshot */
	const struct vm_facts *facts; /* NULL: not read yet */
	uint8_t uuid[UUID_LEN];
	int id; /* hypervisor's, -1 when off */
	enum vm_state state;
	const char *reason;   /* libvirt's state reason in words, NULL: none */
	int64_t sampled_us;   /* when the numbers below were taken */
	int64_t since_us;     /* when it was first seen in its state, 0: it was before it was watched */
	uint32_t valid;       /* bit per enum vm_field */
	bool is_dom0;         /* Domain-0: shown, counted nowhere, never a target */
	bool autostart, autostart_known, persistent; /* persistent, too, holds only when the other is known */
	double value[VM_FIELD_COUNT];
};

#define VM_HAS(vm, field) (((vm)->valid >> (field)) & 1u)
#define HOST_HAS(host, field) (((host)->valid >> (field)) & 1u)

struct host_snap {
	gint refs;      /* private to snapshot*.c */
	uint32_t index; /* the host's slot in its fleet; constant for the life of the process */
	const char *name;
	const struct host_static *config; /* site, tags: constant after start, outlives all snapshots */
	enum link_state link;             /* never SLOW or STALE; ask host_snap_link() */
	const char *why;                  /* the last error in words, NULL: none */
	int64_t link_since_us;
	int64_t retry_us;                 /* next try, 0: none planned */
	int64_t sampled_us;               /* when the numbers were taken, 0: never */
	int64_t interval_us;              /* at which it is sampled */
	bool once;                        /* it is not sampled again by itself, so that its age says nothing */
	int64_t slow_us;                  /* an answer later than this is slow */
	bool listed;                      /* the guests' names and states are known */
	uint32_t samples;                 /* full samples since it was connected: rates need two */
	bool warming;                     /* its first full sample is under way, which may take long: slow, but not stale */
	bool facts_complete;              /* the host's and all guests' facts are read */
	uint32_t valid;                   /* bit per enum host_field */
	double value[HOST_FIELD_COUNT];
	const struct host_facts *facts;   /* NULL: not read yet */
	const struct host_detail *detail; /* while its page is looked at; else NULL */
	const struct vm_detail *vm_detail; /* of the guest (its uuid tells) whose page is looked at; else NULL */
	const struct vm_pins *pins;       /* of the guest (its uuid tells) whose pin map is looked at; else NULL */
	const struct vm *vms;             /* sorted by name, then uuid */
	size_t nvms;
	const struct vm_gist *gists;      /* of the same guests */
	struct vm_totals totals;          /* what they come to, as if the host answered */
	uint64_t roster;                  /* the same number: the same guests by uuid and name, in the same order */
	uint64_t facts_roster;            /* the same number, and the same roster: the very same facts, the host's own included. Addresses are in it, so
	                                   * that it can be compared only while the older one of both snapshots lives */
	char *strings, *words;            /* private to snapshot*.c: the blocks that the guests' texts point into */
};

/* What the config says of a host; owned by the fleet, constant after start. */
struct host_static {
	uint32_t index;
	bool maintenance; /* as the config says; actions/maintenance.h has what operators say */
	char *name;
	char *site;
	char **tags;
	GHashTable *labels;
	char *tag_list, *label_list; /* "prod,ssd", "owner=net,rack=b7"; NULL or "": none */
};

struct fleet_snap {
	gint refs; /* private to snapshot*.c */
	uint64_t generation;
	int64_t taken_us;
	size_t nhosts;
	const struct host_snap *hosts[]; /* every slot has one from the first moment (LINK_CONNECTING) */
};

/* A row's identity across snapshots; uuid all zero and is_host set for a host's row. */
struct row_key {
	uint32_t host;
	bool is_host;
	uint8_t uuid[UUID_LEN];
};
