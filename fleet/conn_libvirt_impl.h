/*
 * conn_libvirt_impl: what the parts of the libvirt connection share. Private to fleet/conn_libvirt*.c; includes no
 * libvirt header.
 *
 * conn_libvirt.c         open, cancel, free
 * conn_libvirt_hook.c    libvirt's callbacks, event thread
 * conn_libvirt_sample.c  a sample, and the list of guests where there are no bulk statistics
 * conn_libvirt_bulk.c    bulk statistics
 * conn_libvirt_guest.c   the guests we hold
 * conn_libvirt_turn.c    whose turn it is, where guests have to be read one by one
 * conn_libvirt_read.c    all that can be known of one guest
 * conn_libvirt_node.c    the host's own numbers
 * conn_libvirt_facts.c   facts of host and guests
 * conn_libvirt_detail*.c what pages show beyond samples
 * conn_libvirt_xen.c     what Xen's own tools say, where libvirt is not enough
 * conn_libvirt_act.c     verbs
 * conn_libvirt_take.c    what it says of a guest that may come
 * conn_libvirt_pin.c     where guests may run: read, and changed
 * conn_libvirt_move.c    migration
 * conn_libvirt_reach.c   where another host finds this one
 * conn_libvirt_console.c a guest's console
 *
 * A struct libvirt belongs to one thread, as its conn does; one RPC at a time, because Debian's libvirt 9.0 client loses
 * wake-ups when two threads call on one connection. Exceptions say so.
 */
#pragma once

#include "fleet/capsxml.h"
#include "fleet/conn_libvirt.h"
#include "fleet/events.h"
#include "fleet/stats.h"

#include <stdatomic.h>

struct _virConnect;
struct _virDomain;

enum libvirt_driver {
	DRIVER_OTHER, /* we make no promises: the daemon will say what it can't do */
	DRIVER_QEMU,
	DRIVER_XEN,
	DRIVER_LXC,
	DRIVER_TEST,
	DRIVER_COUNT
};

/* What turned out not to be there; learned by asking, kept as long as the connection. */
struct libvirt_lacks {
	bool bulk;           /* virConnectGetAllDomainStats() */
	bool nowait;         /* its flag NOWAIT */
	bool list_filters;   /* flags of virConnectListAllDomains() */
	bool node_cpu;       /* virNodeGetCPUStats() */
	bool node_mem;       /* virNodeGetMemoryStats() */
	bool node_free;      /* virNodeGetFreeMemory() */
	bool ksm;            /* virNodeGetMemoryParameters() with the shared pages */
	bool guest_mem;      /* virDomainMemoryStats(), or nothing in it that we don't know already */
	bool guest_block_times; /* virDomainBlockStatsFlags() */
	bool guest_block;    /* virDomainBlockStats() */
	bool guest_net;      /* virDomainInterfaceStats() */
	unsigned groups;     /* STATS_BIT of bulk groups that no running guest had in the last sample */
};

/* A guest that the last list had. */
struct guest {
	uint8_t uuid[UUID_LEN];
	struct _virDomain *dom;       /* a reference */
	uint64_t listed;              /* number of the last sample that listed it */
	int id;                       /* -1: off */
	enum vm_state state;          /* as the last list told, or the guest itself since */
	const char *reason;           /* likewise */
	bool off_known;               /* it was off in each list since off_vm was read */
	struct vm_sample *off_vm;     /* as bulk statistics told, no name; NULL: never off when they did */
	uint64_t read;                /* number of the last sample that read it on its own, 0: never */
	bool was_active;              /* when it was read */
	bool no_block;                /* a disk of it can't ever be measured: its disk numbers stay unknown */
	unsigned astray;              /* so many times in a row Xen ran it while libvirt said that it is off */
	int64_t silent_us;            /* since when nothing was heard from its monitor, 0: it answers */
	unsigned changes;             /* grows with each event that may have changed its XML */
	bool autostart, persistent;
	bool flags_known;             /* the two above were read */
	struct vm_sample last;        /* numbers read on its own; no name */
	const struct vm_facts *facts; /* for the names of its devices, NULL: not read; a reference */
	unsigned vcpus_max;           /* from the XML, 0: unknown */
};

struct hook;
struct inspect; /* fleet/conn_libvirt_detail.h */

struct libvirt {
	struct conn conn;               /* first: a struct conn * is cast to this */
	struct conn_libvirt_opts opts;  /* constant */
	struct hostspec *spec;          /* constant */
	struct conn_listener listener;  /* constant */
	struct tunnel *tunnel;          /* constant; NULL: none is needed */
	struct events_line line;        /* without a tunnel: libvirt's own connection to the daemon */
	atomic_bool cancelled;          /* any thread */
	struct hook *hook;              /* has its own lock */
	struct _virConnect *vir;        /* NULL: not open */
	enum libvirt_driver driver;
	char *type;                     /* virConnectGetType() */
	char *via;
	bool link_lost;                 /* a call failed because of the connection */
	bool attached;                  /* the events that can't wait are registered */
	struct libvirt_lacks lacks;
	uint64_t samples;               /* number of the sample under way, from 1 */
	uint64_t list_due;              /* number of the sample that lists all guests anew */
	unsigned list_groups;           /* STATS_BIT of what was asked for with the last list */
	uint64_t off_due;               /* number of the sample that reads guests anew that are off */
	uint64_t full_samples;          /* number of the full sample under way, from 1 */
	uint64_t flags_due;             /* number of the full sample that reads autostart and persistent anew */
	uint64_t ksm_due;               /* likewise, same-page merging */
	uint64_t events_due;            /* likewise, registers the events that can wait */
	GHashTable *guests;             /* uuid in the guest to struct guest, owned */
	unsigned spent;                 /* round trips on the per-guest path */
	int cpu_params, mem_params;     /* how many the host has */
	int ksm_params;                 /* likewise, 0: not asked yet */
	uint64_t mem_free;              /* 0: not told */
	uint64_t mem_due;               /* number of the sample that reads it anew */
	uint64_t pcpus, mem_total;      /* of virNodeGetInfo(), 0: not asked yet or not told */
	uint64_t ksm_saved;
	bool ksm_known;
	bool tells_rss;                 /* its bulk statistics have the resident memory of guests */
	bool someone_busy;              /* … but in this sample not that of some guest, whose monitor was busy */
	bool version_read;              /* the daemon's, to know the above before a guest told it */
	bool caps_read;
	struct capsxml caps;
	struct inspect *inspect;        /* of the page that is looked at, NULL: none was yet */
	struct xen_tools {              /* fleet/conn_libvirt_xen.c */
		int fd;                 /* -1: not started */
		const char *why_not;    /* static: they are not asked, for this reason; NULL: they are */
		int64_t due_us;         /* not asked again before this */
		GHashTable *vms;        /* what they said in this sample: name to struct xentop_vm; NULL: were not asked */
	} xen;
};

static inline struct libvirt *
libvirt_of(struct conn *conn)
{
	return (struct libvirt *)conn;
}

/* A call that asks much has got an answer: the next one has its own time. */
static inline void
libvirt_progress(struct libvirt *lv)
{
	if (lv->listener.progress)
		lv->listener.progress(lv->listener.ctx);
}

/* True when the connection may be used; else false with FLEET_ERROR_CANCELLED or GONE. */
bool libvirt_ready(struct libvirt *lv, GError **error);

/* Sets *ERROR from libvirt's last error, which it forgets, or CANCELLED when that is why; remembers a lost link. Always
 * false. */
bool libvirt_fail(struct libvirt *lv, GError **error, const char *doing);

/* After a call whose failure can be lived with: true when the connection itself was lost, with *ERROR set. Forgets
 * libvirt's last error. */
bool libvirt_lost(struct libvirt *lv, GError **error, const char *doing);

/* Whether the last error says that the driver or daemon doesn't know the call or its flags at all. */
bool libvirt_unsupported(void);

/* ---- hook ---- */

struct hook *hook_new(const struct conn_listener *listener);
/* Waits for a callback under way, then drops the reference: the listener is not called any more. */
void hook_free(struct hook *hook);
/* Registers what can't wait: the close callback and lifecycle events. */
void hook_attach(struct libvirt *lv);
/* Registers the rest, where the driver emits it. Some more round trips. */
void hook_attach_extra(struct libvirt *lv);
void hook_detach(struct libvirt *lv);
/* The guests whose facts may have changed since the last call, as an array of uint8_t[UUID_LEN] for the caller. *LIST
 * says whether a guest was defined or undefined. */
GArray *hook_take_changed(struct hook *hook, bool *list);
bool hook_closed_by_keepalive(struct hook *hook);
/* Whether lifecycle events come. */
bool hook_hears(const struct hook *hook);

/* ---- guests ---- */

void guests_init(struct libvirt *lv);
void guests_done(struct libvirt *lv);
/* The guest behind DOM, which the sample under way has listed; keeps a reference to DOM. */
struct guest *guests_seen(struct libvirt *lv, struct _virDomain *dom);
/* Forgets the guests that this sample has not listed. */
void guests_sweep(struct libvirt *lv);
struct guest *guests_find(struct libvirt *lv, const uint8_t uuid[UUID_LEN]);
/* Drops what is known of one guest's devices. */
void guests_changed(struct libvirt *lv, const uint8_t uuid[UUID_LEN]);
/* A reference to the domain, by what we hold or by asking. NULL with NO_DOMAIN or a lost link. */
struct _virDomain *guests_domain(struct libvirt *lv, const uint8_t uuid[UUID_LEN], GError **error);
/* Reads all that can be known of one guest, ID -1 when it is off, into GUEST->last. False when the link was lost. */
bool guest_read(struct libvirt *lv, struct guest *guest, int id, GError **error);
/* Reads guests one by one, within the limits of OPTS, and puts the newest numbers of the GROUPS into all of OUT's. */
bool guests_read(struct libvirt *lv, const struct sample_opts *opts, unsigned groups, struct host_sample *out,
                 GError **error);

/* ---- samples ---- */

/* Reads GROUPS of all guests into VMS; when the driver has no bulk statistics, LV->lacks says so afterwards. */
bool bulk_sample(struct libvirt *lv, unsigned groups, GArray *vms, GError **error);
/* Whether GUEST's monitor has been silent for so long that it is frozen, or busy as if it were. */
bool guest_is_silent(const struct guest *guest);
/* Appends GUEST, so far without state and numbers. Valid until the next one is appended. */
struct vm_sample *libvirt_append_vm(struct libvirt *lv, struct guest *guest, GArray *vms);

/* ---- Xen's own tools ---- */

struct xentop_vm;

void xen_init(struct libvirt *lv);
void xen_done(struct libvirt *lv);
/* Asks them, where there are some and it is time. What goes wrong is no error: then libvirt is asked alone. Blocks for at
 * most some seconds. */
void xen_ask(struct libvirt *lv);
/* Guests among VMS that Xen runs although libvirt says that they are off: it notices late that one has rebooted. */
void xen_find_astray(struct libvirt *lv, GArray *vms);
/* What they said of the guest called NAME in this sample; NULL: nothing. */
const struct xentop_vm *xen_said(const struct libvirt *lv, const char *name);

/* ---- the rest ---- */

bool libvirt_sample(struct conn *conn, const struct sample_opts *opts, struct host_sample *out, GError **error);
/* Forgets what events since the last call say is out of date. */
void libvirt_forget_changed(struct libvirt *lv);
/* Asks how many CPUs and how much memory the host has, once. False when the link was lost, here and below. */
bool node_read_info(struct libvirt *lv, GError **error);
/* The host's own numbers; FRESH: also those that are otherwise read now and then. */
bool node_sample(struct libvirt *lv, bool fresh, struct host_sample *out, GError **error);
/* Reads anew what same-page merging saves, which takes more round trips; node_sample() keeps putting it in. */
bool node_read_ksm(struct libvirt *lv, GError **error);
/* Reads the capabilities, once. */
bool libvirt_read_caps(struct libvirt *lv, GError **error);
struct host_facts *libvirt_host_facts(struct conn *conn, GError **error);
/* A guest's XML as its facts, *VCPUS_MAX as domxml_parse() has it. */
struct vm_facts *libvirt_parse_facts(const struct libvirt *lv, const char *xml, unsigned *vcpus_max, GError **error);
struct vm_facts *libvirt_vm_facts(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error);
struct vm_detail *libvirt_vm_detail(struct conn *conn, const uint8_t uuid[UUID_LEN], const struct vm_detail *old,
                                    bool no_monitor, GError **error);
struct host_detail *libvirt_host_detail(struct conn *conn, const struct host_detail *old, GError **error);
void libvirt_inspect_free(struct inspect *inspect); /* accepts NULL */
GArray *libvirt_take_check(struct conn *conn, const char *xml, GError **error);
char *libvirt_move_xml(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error);
char *libvirt_vm_xml(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error);
bool libvirt_act(struct conn *conn, const uint8_t uuid[UUID_LEN], enum vm_act act, GError **error);
struct vm_pins *libvirt_pins(struct conn *conn, const uint8_t uuid[UUID_LEN], bool no_monitor, GError **error);
bool libvirt_pin(struct conn *conn, const uint8_t uuid[UUID_LEN], const struct pin_change *change, GError **error);
bool libvirt_can(const struct conn *conn, enum vm_act act, const char **why_not);
bool libvirt_move(struct conn *conn, const uint8_t uuid[UUID_LEN], struct conn *dest, const struct move_opts *opts,
                  GError **error);
bool libvirt_move_progress(struct conn *conn, const uint8_t uuid[UUID_LEN], bool completed, struct job_progress *out,
                           GError **error);
bool libvirt_move_abort(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error);
bool libvirt_move_post_copy(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error);
bool libvirt_console(struct conn *conn, const uint8_t uuid[UUID_LEN], struct console_call *call, GError **error);
bool libvirt_whereabouts(struct conn *conn, const uint8_t uuid[UUID_LEN], struct whereabouts *out, GError **error);
/* Bit per enum move_feature that the driver takes. */
uint32_t libvirt_moves(const struct libvirt *lv);
/* Where FROM's host may find TO's, the likeliest first: an array of char * for the caller. Asks TO. */
GPtrArray *libvirt_addresses(struct libvirt *to, const struct libvirt *from);
bool libvirt_is_dom0(const struct libvirt *lv, const uint8_t uuid[UUID_LEN], int id);
/* A driver in words: "Xen's libxl driver", "the QEMU driver". */
const char *libvirt_driver_title(const struct libvirt *lv);
