#include "fleet/stats.h"

#include <assert.h>
#include <libvirt/libvirt.h>
#include <string.h>

#define KIB 1024

/* Fields that are needed to work something out, kept behind the raw ones while a record is read. */
enum slot {
	SLOT_STATE = RAW_COUNT,
	SLOT_REASON,
	SLOT_AVAILABLE,
	SLOT_USABLE,
	SLOT_UNUSED,
	SLOT_NET_COUNT,
	SLOT_BLOCK_COUNT,
	SLOT_COUNT
};

static_assert(SLOT_COUNT <= 32, "the mask of a scan has 32 bits");

struct scan {
	uint32_t has;
	uint64_t value[SLOT_COUNT];
};

struct field {
	const char *name; /* what follows the group and, when each is set, the device's number */
	bool each;        /* one per device: summed up */
	unsigned slot;
	unsigned unit;
};

struct group {
	const char *prefix;
	size_t prefix_len;
	const struct field *fields;
	size_t nfields;
	uint32_t raw;
};

static const struct field state_fields[] = {
	{ "state", false, SLOT_STATE, 1 },
	{ "reason", false, SLOT_REASON, 1 },
};
static const struct field cpu_fields[] = {
	{ "time", false, RAW_CPU_NS, 1 },
};
static const struct field balloon_fields[] = {
	{ "current", false, RAW_MEM_BYTES, KIB },
	{ "maximum", false, RAW_MEM_MAX_BYTES, KIB },
	{ "rss", false, RAW_RSS_BYTES, KIB },
	{ "available", false, SLOT_AVAILABLE, KIB },
	{ "usable", false, SLOT_USABLE, KIB },
	{ "unused", false, SLOT_UNUSED, KIB },
};
static const struct field vcpu_fields[] = {
	{ "delay", true, RAW_DELAY_NS, 1 },
	{ "wait", true, RAW_WAIT_NS, 1 },
	{ "current", false, RAW_VCPUS, 1 },
	{ "maximum", false, RAW_VCPUS_MAX, 1 },
};
static const struct field net_fields[] = {
	{ "rx.bytes", true, RAW_NET_RX_BYTES, 1 },
	{ "tx.bytes", true, RAW_NET_TX_BYTES, 1 },
	{ "count", false, SLOT_NET_COUNT, 1 },
};
static const struct field block_fields[] = {
	{ "rd.bytes", true, RAW_DISK_RD_BYTES, 1 },
	{ "wr.bytes", true, RAW_DISK_WR_BYTES, 1 },
	{ "rd.reqs", true, RAW_DISK_RD_OPS, 1 },
	{ "wr.reqs", true, RAW_DISK_WR_OPS, 1 },
	{ "rd.times", true, RAW_DISK_RD_NS, 1 },
	{ "wr.times", true, RAW_DISK_WR_NS, 1 },
	{ "count", false, SLOT_BLOCK_COUNT, 1 },
};

#define RAW_BIT(raw) (1u << (raw))
#define NET_RAW      (RAW_BIT(RAW_NET_RX_BYTES) | RAW_BIT(RAW_NET_TX_BYTES))
#define BLOCK_RAW                                                                             \
	(RAW_BIT(RAW_DISK_RD_BYTES) | RAW_BIT(RAW_DISK_WR_BYTES) | RAW_BIT(RAW_DISK_RD_OPS) | \
		RAW_BIT(RAW_DISK_WR_OPS) | RAW_BIT(RAW_DISK_RD_NS) | RAW_BIT(RAW_DISK_WR_NS))
#define BALLOON_RAW                                                                     \
	(RAW_BIT(RAW_MEM_BYTES) | RAW_BIT(RAW_MEM_MAX_BYTES) | RAW_BIT(RAW_RSS_BYTES) | \
		RAW_BIT(RAW_USED_BYTES))
#define VCPU_RAW (RAW_BIT(RAW_VCPUS) | RAW_BIT(RAW_VCPUS_MAX) | RAW_BIT(RAW_DELAY_NS) | RAW_BIT(RAW_WAIT_NS))

#define GROUP(text, table, raw_bits)                                             \
	{                                                                        \
		.prefix = text ".", .prefix_len = sizeof(text), .fields = table, \
		.nfields = G_N_ELEMENTS(table), .raw = raw_bits                  \
	}

static const struct group groups[STATS_GROUP_COUNT] = {
	[STATS_STATE] = GROUP("state", state_fields, 0),
	[STATS_CPU] = GROUP("cpu", cpu_fields, RAW_BIT(RAW_CPU_NS)),
	[STATS_BALLOON] = GROUP("balloon", balloon_fields, BALLOON_RAW),
	[STATS_VCPU] = GROUP("vcpu", vcpu_fields, VCPU_RAW),
	[STATS_NET] = GROUP("net", net_fields, NET_RAW),
	[STATS_BLOCK] = GROUP("block", block_fields, BLOCK_RAW),
};

uint32_t
stats_group_raw(enum stats_group group)
{
	return groups[group].raw;
}

/* ---- states ---- */

static const enum vm_state states[] = {
	[VIR_DOMAIN_NOSTATE] = VM_STATE_UNKNOWN,
	[VIR_DOMAIN_RUNNING] = VM_STATE_RUNNING,
	[VIR_DOMAIN_BLOCKED] = VM_STATE_IDLE,
	[VIR_DOMAIN_PAUSED] = VM_STATE_PAUSED,
	[VIR_DOMAIN_SHUTDOWN] = VM_STATE_STOPPING,
	[VIR_DOMAIN_SHUTOFF] = VM_STATE_OFF,
	[VIR_DOMAIN_CRASHED] = VM_STATE_CRASHED,
	[VIR_DOMAIN_PMSUSPENDED] = VM_STATE_SUSPENDED,
};

static const char *const running_reasons[] = {
	[VIR_DOMAIN_RUNNING_BOOTED] = "booted",
	[VIR_DOMAIN_RUNNING_MIGRATED] = "migrated here",
	[VIR_DOMAIN_RUNNING_RESTORED] = "restored",
	[VIR_DOMAIN_RUNNING_FROM_SNAPSHOT] = "from snapshot",
	[VIR_DOMAIN_RUNNING_UNPAUSED] = "resumed",
	[VIR_DOMAIN_RUNNING_MIGRATION_CANCELED] = "migration cancelled",
	[VIR_DOMAIN_RUNNING_SAVE_CANCELED] = "save cancelled",
	[VIR_DOMAIN_RUNNING_WAKEUP] = "woken up",
	[VIR_DOMAIN_RUNNING_CRASHED] = "crashed before",
	[VIR_DOMAIN_RUNNING_POSTCOPY] = "post-copy migration",
	[VIR_DOMAIN_RUNNING_POSTCOPY_FAILED] = "post-copy migration failed",
};
static const char *const paused_reasons[] = {
	[VIR_DOMAIN_PAUSED_USER] = "by user",
	[VIR_DOMAIN_PAUSED_MIGRATION] = "migrating",
	[VIR_DOMAIN_PAUSED_SAVE] = "saving",
	[VIR_DOMAIN_PAUSED_DUMP] = "dumping core",
	[VIR_DOMAIN_PAUSED_IOERROR] = "I/O error",
	[VIR_DOMAIN_PAUSED_WATCHDOG] = "watchdog",
	[VIR_DOMAIN_PAUSED_FROM_SNAPSHOT] = "from snapshot",
	[VIR_DOMAIN_PAUSED_SHUTTING_DOWN] = "shutting down",
	[VIR_DOMAIN_PAUSED_SNAPSHOT] = "taking a snapshot",
	[VIR_DOMAIN_PAUSED_CRASHED] = "crashed",
	[VIR_DOMAIN_PAUSED_STARTING_UP] = "starting up",
	[VIR_DOMAIN_PAUSED_POSTCOPY] = "post-copy migration",
	[VIR_DOMAIN_PAUSED_POSTCOPY_FAILED] = "post-copy migration failed",
};
static const char *const shutdown_reasons[] = {
	[VIR_DOMAIN_SHUTDOWN_USER] = "by user",
};
static const char *const shutoff_reasons[] = {
	[VIR_DOMAIN_SHUTOFF_SHUTDOWN] = "shut down",
	[VIR_DOMAIN_SHUTOFF_DESTROYED] = "forced off",
	[VIR_DOMAIN_SHUTOFF_CRASHED] = "crashed",
	[VIR_DOMAIN_SHUTOFF_MIGRATED] = "migrated away",
	[VIR_DOMAIN_SHUTOFF_SAVED] = "saved",
	[VIR_DOMAIN_SHUTOFF_FAILED] = "failed to start",
	[VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT] = "from snapshot",
	[VIR_DOMAIN_SHUTOFF_DAEMON] = "daemon lost it",
};
static const char *const crashed_reasons[] = {
	[VIR_DOMAIN_CRASHED_PANICKED] = "panicked",
};

#define REASONS(table)                     \
	{                                  \
		table, G_N_ELEMENTS(table) \
	}

static const struct {
	const char *const *words;
	size_t count;
} reasons[] = {
	[VIR_DOMAIN_NOSTATE] = { NULL, 0 },
	[VIR_DOMAIN_RUNNING] = REASONS(running_reasons),
	[VIR_DOMAIN_BLOCKED] = { NULL, 0 },
	[VIR_DOMAIN_PAUSED] = REASONS(paused_reasons),
	[VIR_DOMAIN_SHUTDOWN] = REASONS(shutdown_reasons),
	[VIR_DOMAIN_SHUTOFF] = REASONS(shutoff_reasons),
	[VIR_DOMAIN_CRASHED] = REASONS(crashed_reasons),
	[VIR_DOMAIN_PMSUSPENDED] = { NULL, 0 },
};

enum vm_state
stats_state(int vir_state)
{
	if (vir_state < 0 || (size_t)vir_state >= G_N_ELEMENTS(states))
		return VM_STATE_UNKNOWN;
	return states[vir_state];
}

const char *
stats_reason(int vir_state, int vir_reason)
{
	if (vir_state < 0 || (size_t)vir_state >= G_N_ELEMENTS(reasons))
		return NULL;
	if (vir_reason < 0 || (size_t)vir_reason >= reasons[vir_state].count)
		return NULL;
	return reasons[vir_state].words[vir_reason];
}

void
vm_sample_set(struct vm_sample *sample, enum vm_raw raw, uint64_t value)
{
	sample->raw[raw] = value;
	sample->valid |= RAW_BIT(raw);
}

/* ---- typed parameters ---- */

/* False when the parameter holds no number, or a negative one, which is how libvirt says "not told". */
static bool
param_value(const virTypedParameter *param, uint64_t *value)
{
	int64_t n;

	switch (param->type) {
	case VIR_TYPED_PARAM_ULLONG:
		*value = param->value.ul;
		return true;
	case VIR_TYPED_PARAM_UINT:
		*value = param->value.ui;
		return true;
	case VIR_TYPED_PARAM_LLONG:
		n = param->value.l;
		break;
	case VIR_TYPED_PARAM_INT:
		n = param->value.i;
		break;
	default:
		return false;
	}
	*value = (uint64_t)n;
	return n >= 0;
}

/* Skips "12." of "12.rd.bytes"; false when there is no such number. */
static bool
skip_number(const char **name)
{
	const char *p = *name;

	while (g_ascii_isdigit(*p))
		p++;
	if (p == *name || *p != '.')
		return false;
	*name = p + 1;
	return true;
}

static void
scan_field(struct scan *scan, const struct group *group, const char *name, const virTypedParameter *param)
{
	bool each = skip_number(&name);
	uint64_t value;

	for (size_t i = 0; i < group->nfields; i++) {
		const struct field *field = &group->fields[i];

		if (field->each != each || strcmp(field->name, name) != 0)
			continue;
		if (!param_value(param, &value))
			return;
		value *= field->unit;
		scan->value[field->slot] = each ? scan->value[field->slot] + value : value;
		scan->has |= 1u << field->slot;
		return;
	}
}

static unsigned
scan_params(struct scan *scan, const virTypedParameter *params, int nparams)
{
	unsigned present = 0;

	for (int i = 0; i < nparams; i++) {
		for (unsigned g = 0; g < STATS_GROUP_COUNT; g++) {
			if (strncmp(params[i].field, groups[g].prefix, groups[g].prefix_len) != 0)
				continue;
			present |= STATS_BIT(g);
			scan_field(scan, &groups[g], params[i].field + groups[g].prefix_len, &params[i]);
			break;
		}
	}
	return present;
}

static bool
scan_has(const struct scan *scan, unsigned slot)
{
	return (scan->has >> slot) & 1u;
}

/* A running guest without such devices moved nothing: that is known, not guessed. */
static void
zero_without_devices(struct scan *scan, unsigned count_slot, uint32_t raw)
{
	if (scan_has(scan, count_slot) && scan->value[count_slot] == 0)
		scan->has |= raw;
}

/* What the guest itself calls used: without its caches where its balloon driver tells that much. */
static void
set_used(const struct scan *scan, struct vm_sample *out)
{
	unsigned free_slot = scan_has(scan, SLOT_USABLE) ? SLOT_USABLE : SLOT_UNUSED;

	if (!scan_has(scan, SLOT_AVAILABLE) || !scan_has(scan, free_slot))
		return;
	if (scan->value[free_slot] <= scan->value[SLOT_AVAILABLE])
		vm_sample_set(out, RAW_USED_BYTES, scan->value[SLOT_AVAILABLE] - scan->value[free_slot]);
}

static void
set_state(const struct scan *scan, struct vm_sample *out)
{
	uint64_t reason = scan_has(scan, SLOT_REASON) ? scan->value[SLOT_REASON] : INT_MAX;

	if (!scan_has(scan, SLOT_STATE))
		return;
	int state = (int)MIN(scan->value[SLOT_STATE], (uint64_t)INT_MAX);
	out->state = stats_state(state);
	out->reason = stats_reason(state, (int)MIN(reason, (uint64_t)INT_MAX));
}

unsigned
stats_read(const struct _virTypedParameter *params, int nparams, struct vm_sample *out)
{
	struct scan scan = { 0 };
	unsigned present = scan_params(&scan, params, nparams);

	set_state(&scan, out);
	if (out->id >= 0) {
		zero_without_devices(&scan, SLOT_NET_COUNT, NET_RAW);
		zero_without_devices(&scan, SLOT_BLOCK_COUNT, BLOCK_RAW);
		set_used(&scan, out);
	} else {
		/* libvirt tells the configured size of a guest that is off; it has none now */
		scan.has &= ~RAW_BIT(RAW_MEM_BYTES);
	}
	for (unsigned raw = 0; raw < RAW_COUNT; raw++)
		if (scan_has(&scan, raw))
			vm_sample_set(out, raw, scan.value[raw]);
	return present;
}
