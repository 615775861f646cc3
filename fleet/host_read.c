/* host: what is read besides samples – facts, and what pages show. */
#include "fleet/host_private.h"

#include "fleet/clock.h"
#include "fleet/detail.h"
#include "fleet/error.h"

#include <inttypes.h>
#include <string.h>

/* Guests whose facts (XML) are read per sample, so that 200 new guests do not delay the numbers of all. */
#define FACTS_PER_SAMPLE 8

/* A detail that hangs takes the connection with it: were it asked for again at once, an open page would keep its host down. */
#define NO_DETAIL_US (60 * INT64_C(1000000))

GHashTable *
host_dirty_new(void)
{
	return g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
}

/* ---- facts ---- */

/* Forgets the facts of guests whose XML may have changed. */
static void
facts_expire(struct host *host)
{
	g_autoptr(GHashTable) dirty = NULL;
	GHashTableIter iter;
	gpointer key;

	pthread_mutex_lock(&host->lock);
	if (g_hash_table_size(host->dirty) > 0) {
		dirty = host->dirty;
		host->dirty = host_dirty_new();
	}
	pthread_mutex_unlock(&host->lock);
	if (!dirty)
		return;
	g_hash_table_iter_init(&iter, dirty);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		tracker_set_vm_facts(host->tracker, g_bytes_get_data(key, NULL), NULL);
}

/* What the connection can't do at all is a fact of the host, too: so nobody has to know drivers. */
static void
add_why_not(const struct conn *conn, struct host_facts *facts)
{
	for (int act = 0; act < VM_ACT_COUNT; act++) {
		const char *why_not = "this hypervisor's driver can't";

		if (!conn->ops->can(conn, (enum vm_act)act, &why_not))
			facts->why_not[act] = why_not;
	}
}

static bool
facts_read_host(struct host *host, GError **error)
{
	g_autoptr(GError) failed = NULL;
	struct host_facts *facts;

	host_set_deadline(host, FIRST_SAMPLE_US); /* capabilities, too, may make the daemon probe */
	facts = host->conn->ops->host_facts(host->conn, &failed);
	host_set_deadline(host, 0);
	if (!facts && fleet_error_is_link(failed)) {
		g_propagate_error(error, g_steal_pointer(&failed));
		return false;
	}
	/* nothing can be known: do not ask again each time */
	if (!facts)
		facts = host_facts_new();
	add_why_not(host->conn, facts);
	tracker_set_host_facts(host->tracker, facts);
	return true;
}

/* Reads one guest's facts. A guest that vanished meanwhile is no error. */
static bool
facts_read_vm(struct host *host, const uint8_t uuid[UUID_LEN], GError **error)
{
	g_autoptr(GError) failed = NULL;
	struct vm_facts *facts;

	host_set_deadline(host, host_call_limit_us(host));
	facts = host->conn->ops->vm_facts(host->conn, uuid, &failed);
	host_set_deadline(host, 0);
	if (!facts && fleet_error_is_link(failed)) {
		g_propagate_error(error, g_steal_pointer(&failed));
		return false;
	}
	tracker_set_vm_facts(host->tracker, uuid, facts ? facts : vm_facts_new());
	return true;
}

/* How many guests' facts are read now. */
static unsigned
facts_allowed(const struct host *host)
{
	if (!host->env->once)
		return FACTS_PER_SAMPLE;
	return host->env->once->vm_facts ? G_MAXUINT : 0;
}

/* Reads what facts are missing, a few at a time, and shows them without waiting for the next sample. */
bool
host_read_facts(struct host *host, GError **error)
{
	bool host_too = !host->env->once || host->env->once->host_facts;
	unsigned left = facts_allowed(host);
	bool changed = false;
	uint8_t uuid[UUID_LEN];

	facts_expire(host);
	if (host_too && !tracker_knows_host(host->tracker)) {
		if (!facts_read_host(host, error))
			return false;
		changed = true;
	}
	while (left-- > 0 && tracker_next_unknown(host->tracker, uuid)) {
		if (!facts_read_vm(host, uuid, error))
			return false;
		changed = true;
	}
	if (changed)
		host_publish(host, tracker_with_facts(host->tracker, host->snap));
	return true;
}
/* ---- details ---- */

static bool
read_host_detail(struct host *host, struct host_snap *skeleton, GError **error)
{
	if (!host->conn->ops->host_detail)
		return true;
	skeleton->detail = host->conn->ops->host_detail(host->conn, host->snap->detail, error);
	return skeleton->detail != NULL;
}

/* A guest that is gone has none, which is no error. */
static bool
read_vm_detail(struct host *host, const uint8_t uuid[UUID_LEN], struct host_snap *skeleton, GError **error)
{
	const struct vm_detail *old = host->snap->vm_detail;
	g_autoptr(GError) failed = NULL;

	if (!host->conn->ops->vm_detail)
		return true;
	if (old && memcmp(old->uuid, uuid, UUID_LEN) != 0)
		old = NULL;
	skeleton->vm_detail = host->conn->ops->vm_detail(
		host->conn, uuid, old, clock_now_us() < host->no_monitor_until_us, &failed);
	if (failed && fleet_error_is_link(failed)) {
		g_propagate_error(error, g_steal_pointer(&failed));
		return false;
	}
	return true;
}

/* What is asked for of the host, by a copy of what somebody looks at. */
struct looking {
	bool wanted, pins;
	struct row_key key;
};

static struct looking
looking_of(struct host *host)
{
	struct looking looking;

	pthread_mutex_lock(&host->lock);
	looking = (struct looking){ host->inspected, host->inspect_pins, host->inspect };
	pthread_mutex_unlock(&host->lock);
	return looking;
}

/* Of a guest that is gone nothing is read, which is no error. */
static bool
read_pins(struct host *host, const uint8_t uuid[UUID_LEN], struct host_snap *skeleton, GError **error)
{
	g_autoptr(GError) failed = NULL;

	if (!host->conn->ops->pins)
		return true;
	skeleton->pins =
		host->conn->ops->pins(host->conn, uuid, clock_now_us() < host->no_monitor_until_us, &failed);
	if (failed && fleet_error_is_link(failed)) {
		g_propagate_error(error, g_steal_pointer(&failed));
		return false;
	}
	return true;
}

static bool
read_wanted(struct host *host, const struct looking *looking, struct host_snap *skeleton, GError **error)
{
	if (looking->pins)
		return read_host_detail(host, skeleton, error) &&
		       read_pins(host, looking->key.uuid, skeleton, error);
	return looking->key.is_host ? read_host_detail(host, skeleton, error)
				    : read_vm_detail(host, looking->key.uuid, skeleton, error);
}

static bool
read_detail(struct host *host, const struct looking *looking, struct host_snap *skeleton, GError **error)
{
	bool ok;

	host_set_deadline(host, host_call_limit_us(host));
	ok = read_wanted(host, looking, skeleton, error);
	host_set_deadline(host, 0);
	if (ok)
		return true;
	pthread_mutex_lock(&host->lock);
	if (host->cut) {
		host->no_detail_until_us = clock_now_us() + NO_DETAIL_US;
		host->detail_limit_us = host->limit_us;
	}
	pthread_mutex_unlock(&host->lock);
	return false;
}

/* In place of a detail that is not asked for: just the reason. */
static void
explain_no_detail(const struct host *host, const struct looking *looking, struct host_snap *skeleton)
{
	GPtrArray *unknowns = g_ptr_array_new();

	g_ptr_array_add(
		unknowns, g_strdup_printf("details: no answer within %" PRId64 " s; not asked for a minute",
				  host->detail_limit_us / 1000000));
	if (looking->pins) {
		struct vm_pins *pins = vm_pins_new(looking->key.uuid);

		detail_take(unknowns, &pins->unknowns);
		skeleton->pins = pins;
	} else if (looking->key.is_host) {
		struct host_detail *detail = host_detail_new();

		detail_take(unknowns, &detail->unknowns);
		skeleton->detail = detail;
	} else {
		struct vm_detail *detail = vm_detail_new();

		memcpy(detail->uuid, looking->key.uuid, UUID_LEN);
		detail_take(unknowns, &detail->unknowns);
		skeleton->vm_detail = detail;
	}
}

/* Reads what the page that is looked at shows beyond the samples; nobody looks: lets go of the last. */
bool
host_read_detail(struct host *host, GError **error)
{
	struct host_snap skeleton = host_snap_skeleton(host->snap);
	const struct looking looking = looking_of(host);
	bool ok = true;

	if (!looking.wanted && !skeleton.detail && !skeleton.vm_detail && !skeleton.pins)
		return true;
	skeleton.detail = NULL;
	skeleton.vm_detail = NULL;
	skeleton.pins = NULL;
	if (looking.wanted && clock_now_us() < host->no_detail_until_us)
		explain_no_detail(host, &looking, &skeleton);
	else if (looking.wanted)
		ok = read_detail(host, &looking, &skeleton, error);
	if (ok)
		host_publish(host, host_snap_build(&skeleton, host->snap->vms, host->snap->nvms));
	host_detail_unref(skeleton.detail);
	vm_detail_unref(skeleton.vm_detail);
	vm_pins_unref(skeleton.pins);
	return ok;
}
