/*
 * snapshot: building, sharing and reading immutable snapshots. A snapshot is a value: nothing in it depends on this
 * process but the pointers to its own parts.
 */
#pragma once

#include "fleet/model.h"

/* Facts and snapshots are reference-counted; _ref returns its argument, _unref accepts NULL. Any thread. */
struct vm_facts *vm_facts_new(void);
const struct vm_facts *vm_facts_ref(const struct vm_facts *facts);
void vm_facts_unref(const struct vm_facts *facts);
struct host_facts *host_facts_new(void);
const struct host_facts *host_facts_ref(const struct host_facts *facts);
void host_facts_unref(const struct host_facts *facts);
struct vm_detail *vm_detail_new(void); /* addresses and unknowns are empty, snapshots -1 */
const struct vm_detail *vm_detail_ref(const struct vm_detail *detail);
void vm_detail_unref(const struct vm_detail *detail);
struct host_detail *host_detail_new(void); /* its lists are empty */
const struct host_detail *host_detail_ref(const struct host_detail *detail);
void host_detail_unref(const struct host_detail *detail);
const struct host_snap *host_snap_ref(const struct host_snap *snap);
void host_snap_unref(const struct host_snap *snap);
const struct fleet_snap *fleet_snap_ref(const struct fleet_snap *snap);
void fleet_snap_unref(const struct fleet_snap *snap);

/* Builds a host_snap from SKELETON (its scalar fields; name, why, facts, vms may be set to borrowed data) and NVMS
 * guests in VMS (borrowed; host pointers are set here). Strings are copied, facts get a reference, guests are sorted,
 * the sums over guests (HOST_VMS …) are computed. One reference for the caller. Any thread. */
const struct host_snap *host_snap_build(const struct host_snap *skeleton, const struct vm *vms, size_t nvms);

/* A skeleton for the snapshot that follows SNAP: all its scalar fields and borrowed pointers, but not the count of
 * references, which other threads may be changing. Any thread. */
struct host_snap host_snap_skeleton(const struct host_snap *snap);

/* The same snapshot with another link state and reason (the guests stay, with their age). One reference. */
const struct host_snap *host_snap_with_link(const struct host_snap *snap, enum link_state link, const char *why,
                                            int64_t since_us, int64_t retry_us);

/* What to show at NOW_US: UP becomes SLOW or STALE by the clock. Pure. */
enum link_state host_snap_link(const struct host_snap *snap, int64_t now_us);

/* True when HOST's guests can be trusted as current (UP or SLOW). Pure. */
bool host_snap_fresh(const struct host_snap *snap, int64_t now_us);

/* What is wanted of a host when it is asked once, as for a list. All zero: its guests' names and states. */
struct snap_need {
	unsigned samples; /* full ones: 1 for numbers, 2 for rates */
	bool host_facts;  /* the host's own facts */
	bool vm_facts;    /* the facts of all its guests */
};

/* True when all that NEED asks for is known of HOST. Pure. */
bool host_snap_meets(const struct host_snap *host, const struct snap_need *need);

/* A guest counts as running when it is RUNNING, IDLE or STOPPING. Pure. */
static inline bool
vm_state_runs(enum vm_state state)
{
	return state == VM_STATE_RUNNING || state == VM_STATE_IDLE || state == VM_STATE_STOPPING;
}

static inline bool
vm_is_running(const struct vm *vm)
{
	return vm_state_runs(vm->state);
}

/* A digest of UUID. Pure. */
uint32_t vm_tag(const uint8_t uuid[UUID_LEN]);

/* One more guest; FRESH: its host answers. Domain-0, and who is on his way to another host, are the caller's to leave out. */
void vm_totals_add(struct vm_totals *totals, const struct vm *vm, bool fresh);
/* What MORE counts is counted in TO; without FRESH as unknown. */
void guest_totals_join(struct guest_totals *to, const struct guest_totals *more, bool fresh);
void vm_totals_join(struct vm_totals *to, const struct vm_totals *more, bool fresh);

struct row_key vm_key(const struct vm *vm);
struct row_key host_key(const struct host_snap *host);
bool row_key_equal(const struct row_key *a, const struct row_key *b);
guint row_key_hash(gconstpointer key);        /* for GHashTable */
gboolean row_key_equal_g(gconstpointer a, gconstpointer b);

/* Looks a row up; NULL when it is not there any more. Linear in the guests of one host. */
const struct vm *fleet_snap_find_vm(const struct fleet_snap *snap, const struct row_key *key);

/* "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" into OUT[37]. */
void uuid_format(const uint8_t uuid[UUID_LEN], char out[37]);
bool uuid_parse(const char *text, uint8_t out[UUID_LEN]);

/* Names from the tables in model.h. */
const char *vm_state_name(enum vm_state state);
const char *vm_type_name(enum vm_type type);
const char *hypervisor_name(enum hypervisor hypervisor);  /* "kvm" */
const char *hypervisor_title(enum hypervisor hypervisor); /* "KVM" */
const char *link_state_word(enum link_state link);
const char *storage_name(enum storage storage);
const char *nic_kind_name(enum nic_kind kind);

/* Whether other hosts can reach what DISK lies on, as far as its XML tells: network storage and NFS are shared, files and
 * devices are taken for local. Pure. */
bool vm_disk_shared(const struct vm_disk *disk);

bool cpu_set_has(const struct cpu_set *set, size_t cpu);

/* Static descriptions of the fields, indexed by enum vm_field / host_field. */
struct field_info {
	const char *name;
	enum unit unit;
	const char *help;
};
extern const struct field_info vm_field_info[VM_FIELD_COUNT];
extern const struct field_info host_field_info[HOST_FIELD_COUNT];
