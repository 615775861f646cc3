#include "actions/migration.h"

#include "actions/action.h"
#include "fleet/error.h"
#include "fleet/query.h"

#include <string.h>

#define STALL_MS (30 * 1000)

/* ---- how ---- */

/* PARAMETER is "name", which is given or not, or "name=value". */
static bool
is_wanted(char *const *params, const char *parameter)
{
	g_auto(GStrv) parts = g_strsplit(parameter, "=", 2);
	const char *value = action_param(params, parts[0]);

	return value && (!parts[1] || strcmp(parts[1], value) == 0);
}

/* 0: not given. */
static double
number(char *const *params, const char *name, enum unit unit)
{
	const char *text = action_param(params, name);
	double value, slack;

	return text && query_parse_number(text, unit, &value, &slack) ? value : 0;
}

bool
migration_opts(char *const *params, struct move_opts *out, GError **error)
{
	static const char *const parameters[] = {
#define PARAMETER(id, parameter, words) [MOVE_##id] = (parameter),
		MOVE_FEATURES(PARAMETER)
#undef PARAMETER
	};
	struct move_opts opts = { 0 };
	const uint32_t copies = MOVE_BIT(COPY_ALL) | MOVE_BIT(COPY_INC);

	for (unsigned i = 0; i < MOVE_FEATURE_COUNT; i++)
		if (is_wanted(params, parameters[i]))
			opts.wants |= UINT32_C(1) << i;
	if (!(opts.wants & MOVE_BIT(OFFLINE)))
		opts.wants |= MOVE_BIT(LIVE);
	if (opts.wants & MOVE_BIT(OFFLINE) && opts.wants & copies) {
		g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_FAILED,
			"offline, only the definition moves: copy its storage yourself");
		return false;
	}
	if (action_param(params, "uri") && !(opts.wants & MOVE_BIT(P2P))) {
		g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_FAILED,
			"uri is where p2p finds the target's daemon: say p2p, too");
		return false;
	}
	opts.bandwidth = (int64_t)number(params, "bandwidth", UNIT_BYTES_S);
	opts.downtime_ms = (int64_t)number(params, "downtime", UNIT_MS);
	opts.connections = (unsigned)number(params, "parallel", UNIT_COUNT);
	opts.dest_uri = action_param(params, "uri");
	*out = opts;
	return true;
}

int64_t
migration_stall_ms(char *const *params)
{
	int64_t ms = (int64_t)(1000 * number(params, "stall", UNIT_SECONDS));

	return ms ? ms : STALL_MS;
}

/* ---- why not ---- */

/* The first whose words are in the message says what to do. */
static const struct {
	const char *words, *advice;
} advices[] = {
	{ "Migration without shared storage is unsafe",
		"its storage is not shared: copy it along (copy=all), or insist (unsafe) if it is" },
	{ "may lead to data corruption if disks use cache",
		"set its disks to cache=none, or insist (unsafe)" },
	{ "to the same host", "both have one host UUID: set host_uuid in libvirtd.conf of one of them" },
	{ "already exists with uuid", "the target has a guest of this name: rename or remove it" },
	{ "already defined with uuid", "the target has a guest of this UUID: remove its definition" },
	{ "is already active", "the target runs a guest of this name or UUID already" },
	{ "localhost, but migration requires an FQDN", "give the target a migration_address in the config" },
	{ ":16509'", "the target's daemon takes no plain TCP: have it listen, or say uri=qemu+ssh://…" },
	{ ":16514'", "the target's daemon takes no TLS: have it listen, or say uri=qemu+ssh://…" },
	{ "unable to connect to server at",
		"the source can't reach the target's port: open 49152 to 49215 there, or set its "
		"migration_address" },
	{ "Failed to connect to",
		"the source can't reach the target's port: open 49152 to 49215 there, or set its "
		"migration_address" },
	{ "Unable to resolve address",
		"the source can't find the target by that name: set its migration_address" },
	{ "unable to resolve", "the source can't find the target by that name: set its migration_address" },
	{ "guest CPU doesn't match specification",
		"the target's CPU lacks what the guest has: choose another" },
	{ "the CPU is incompatible with host CPU",
		"the target's CPU lacks what the guest has: choose another" },
	{ "invtsc",
		"its CPU has the invtsc feature, which does not move: set the TSC's frequency or drop it" },
	{ "snapshot", "delete its snapshots, or their metadata, first" },
	{ "active block job", "a block job is under way: wait for it, or end it" },
	{ "host devices", "it has a device of the host: detach it first" },
	{ "hostdev", "it has a device of the host: detach it first" },
	{ "VFIO", "it has a device of the host: detach it first" },
	{ "virtiofs", "it shares a folder of the host (virtiofs): take that off first" },
	{ "Block node is read-only", "the target has the same storage already: move it without a copy" },
	{ "acquire state change lock", "something else is being done to it: try again later" },
	{ "Cannot allocate memory", "the target has not enough memory" },
	{ "cannot set up guest memory", "the target has not enough memory" },
	{ "Postcopy is not supported", "QEMU may not use userfaultfd on one of the hosts: set "
				       "vm.unprivileged_userfaultfd=1 there, or go "
				       "without postcopy" },
	{ "incremental storage migration is not supported",
		"make the disk on the target first, over the same base (qemu-img create -b), or copy=all" },
	{ "precreate storage", "the target needs a storage pool on that folder, or the file" },
	{ "Cannot access storage file", "a disk's file is not there: copy it along (copy=all), or share it" },
	{ "Could not open", "a disk's file is not there: copy it along (copy=all), or share it" },
	{ "Network not found", "the target has no such network: define it there" },
	{ "Cannot get interface MTU", "the target has no such bridge: make it there" },
	{ "Unable to add bridge", "the target has no such bridge: make it there" },
	{ "Unable to find an unused port", "too many migrations go there at once: try again later" },
	{ "Xen migration stream version", "the target's Xen does not know the source's format: update it" },
	{ "Unable to access credentials", "QEMU found no certificates on one of the hosts: see "
					  "migrate_tls_x509_cert_dir in qemu.conf" },
	{ "TLS", "look at the certificates for migration on both hosts (default_tls_x509_cert_dir)" },
	{ "driver: virDomainMigrate", "the target's driver migrates nothing" },
	{ "Permission denied", "the target's QEMU may not open its disks: look at owner and labels" },
	{ "Host key verification failed", "the source's root must know the target's host key, for p2p" },
};

const char *
migration_advice(const char *message)
{
	for (size_t i = 0; i < G_N_ELEMENTS(advices); i++)
		if (strstr(message, advices[i].words))
			return advices[i].advice;
	return NULL;
}
