#include "fleet/conn_sim.h"

#include "fleet/clock.h"
#include "fleet/conn_sim_load.h"
#include "fleet/conn_sim_world.h"
#include "fleet/error.h"
#include "fleet/snapshot.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define MS_US              INT64_C(1000)
#define SECOND_US          INT64_C(1000000)

#define CONNECT_TIMEOUT_US (10 * SECOND_US) /* of a black-holed address */
#define KEEPALIVE_US       (20 * SECOND_US) /* until a dead link is noticed */
#define ANSWER_MAX_US      (400 * MS_US)    /* however many guests are asked one by one */

struct sim_link {
	struct conn conn;
	struct sim_host *host;
	bool readonly;
	struct conn_listener listener;
	unsigned link_epoch; /* the link it was opened on; the using thread's */
	bool opened;         /* the using thread's */

	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool cancelled; /* guarded by lock */
};

static struct sim_link *
self(struct conn *conn)
{
	return (struct sim_link *)conn;
}

/* ---- time passes ---- */

static bool
fail(GError **error, enum fleet_error code, const char *text)
{
	g_set_error_literal(error, FLEET_ERROR, (gint)code, text);
	return false;
}

/* Blocks for US or until cancelled; then false. */
static bool
pass_time(struct sim_link *link, int64_t us, GError **error)
{
	int64_t until_us = clock_now_us() + us;
	struct timespec until = { .tv_sec = until_us / SECOND_US, .tv_nsec = until_us % SECOND_US * 1000 };
	int rc = 0;
	bool cancelled;

	pthread_mutex_lock(&link->lock);
	while (!link->cancelled && us > 0 && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&link->cond, &link->lock, &until);
	cancelled = link->cancelled;
	pthread_mutex_unlock(&link->lock);
	if (cancelled)
		return fail(error, FLEET_ERROR_CANCELLED, "cancelled");
	return true;
}

static bool
pass_trips(struct sim_link *link, double trips, GError **error)
{
	int64_t us = (int64_t)(trips * (double)link->host->rtt_us);

	return pass_time(link, MIN(us, ANSWER_MAX_US), error);
}

/* Between begin and end the host's world is caught up and locked; end tells the listener what happened meanwhile. */
struct visit {
	struct sim_link *link;
	int64_t now_us;
	GArray *events; /* struct conn_event */
	unsigned link_epoch;
	enum sim_trouble trouble;
};

static void
visit_begin(struct visit *visit, struct sim_link *link)
{
	visit->link = link;
	visit->events = g_array_new(FALSE, FALSE, sizeof(struct conn_event));
	pthread_mutex_lock(&link->host->lock);
	visit->now_us = clock_now_us();
	sim_life_advance(link->host, visit->now_us, visit->events);
	visit->link_epoch = link->host->link_epoch;
	visit->trouble = link->host->trouble;
}

static void
visit_end(struct visit *visit)
{
	struct sim_link *link = visit->link;

	pthread_mutex_unlock(&link->host->lock);
	for (guint i = 0; i < visit->events->len && link->listener.event; i++)
		link->listener.event(link->listener.ctx, &g_array_index(visit->events, struct conn_event, i));
	g_array_free(visit->events, TRUE);
}

static enum sim_trouble
look(struct sim_link *link, unsigned *link_epoch)
{
	struct visit visit;

	visit_begin(&visit, link);
	visit_end(&visit);
	*link_epoch = visit.link_epoch;
	return visit.trouble;
}

/* ---- open ---- */

/* Where each trouble stops a connection, and in which words. */
static const struct obstacle {
	enum conn_step step;
	enum fleet_error code;
	int64_t after_us;
	const char *text;
} obstacles[SIM_TROUBLE_COUNT] = {
	[SIM_REFUSED] = { .step = CONN_STEP_TCP,
		.code = FLEET_ERROR_REFUSED,
		.text = "connection refused (port 22)" },
	[SIM_UNREACHABLE] = { .step = CONN_STEP_TCP,
		.code = FLEET_ERROR_UNREACHABLE,
		.after_us = CONNECT_TIMEOUT_US,
		.text = "connection timed out (port 22)" },
	[SIM_KEY_UNKNOWN] = { .step = CONN_STEP_HOSTKEY,
		.code = FLEET_ERROR_HOSTKEY_UNKNOWN,
		.text = "host key is not known: ED25519 SHA256:t7Qb0nXo5Zr3qk9sVwYp1LfUe8mJcHdAa2TgRiKx4Ns" },
	[SIM_KEY_CHANGED] = { .step = CONN_STEP_HOSTKEY,
		.code = FLEET_ERROR_HOSTKEY_CHANGED,
		.text = "host key has changed: ED25519 SHA256:Zk3fWm0yQe6uXb9Lr1PtVh7nGcJsDa5Ti2RoYx8Bq4E" },
	[SIM_DENIED] = { .step = CONN_STEP_PERMISSION,
		.code = FLEET_ERROR_DENIED,
		.text = "authentication unavailable: no polkit agent available to authenticate action "
			"'org.libvirt.unix.manage'" },
	[SIM_NO_SOCKET] = { .step = CONN_STEP_SOCKET,
		.code = FLEET_ERROR_NO_SOCKET,
		.text = "no libvirt socket in /run/libvirt" },
	/* Hung: nobody gives up but the caller. */
	[SIM_HUNG] = { .step = CONN_STEP_LIBVIRT,
		.code = FLEET_ERROR_TIMEOUT,
		.after_us = INT64_MAX / 4,
		.text = "no answer" },
};

/* Round trips of each step. */
static const double step_trips[CONN_STEP_COUNT] = {
	[CONN_STEP_NAME] = 1,
	[CONN_STEP_TCP] = 1,
	[CONN_STEP_HOSTKEY] = 3,
	[CONN_STEP_LOGIN] = 4,
	[CONN_STEP_SOCKET] = 1,
	[CONN_STEP_LIBVIRT] = 5,
};

static void
report(struct sim_link *link, enum conn_step step, bool ok, int64_t begun_us, const char *text)
{
	if (link->listener.step)
		link->listener.step(link->listener.ctx, step, ok, clock_now_us() - begun_us, text);
}

static bool
take_step(struct sim_link *link, enum conn_step step, const struct obstacle *obstacle, GError **error)
{
	int64_t begun_us = clock_now_us();

	if (!pass_trips(link, step_trips[step], error))
		return false;
	if (!obstacle || obstacle->step != step) {
		report(link, step, true, begun_us, NULL);
		return true;
	}
	if (!pass_time(link, obstacle->after_us, error))
		return false;
	report(link, step, false, begun_us, obstacle->text);
	return fail(error, obstacle->code, obstacle->text);
}

static bool
sim_open(struct conn *conn, GError **error)
{
	struct sim_link *link = self(conn);
	enum sim_trouble trouble = look(link, &link->link_epoch);
	const struct obstacle *obstacle = obstacles[trouble].text ? &obstacles[trouble] : NULL;

	for (enum conn_step step = 0; step < CONN_STEP_COUNT; step++) {
		if (!take_step(link, step, obstacle, error))
			return false;
	}
	link->opened = true;
	return true;
}

/* ---- questions ---- */

/* Blocks as long as the host takes for TRIPS round trips. False when the link is gone. */
static bool
ask_host(struct sim_link *link, double trips, GError **error)
{
	unsigned link_epoch;
	enum sim_trouble trouble = look(link, &link_epoch);

	if (!link->opened)
		return fail(error, FLEET_ERROR_GONE, "not connected");
	if (!pass_trips(link, trips, error))
		return false;
	if (trouble == SIM_SLOW && !pass_time(link, SECOND_US * (3 + (int64_t)(link->host->bits % 6)), error))
		return false;
	if (trouble == SIM_HUNG && !pass_time(link, obstacles[SIM_HUNG].after_us, error))
		return false;
	if (link_epoch == link->link_epoch)
		return true;
	if (trouble == SIM_UNREACHABLE) {
		if (!pass_time(link, KEEPALIVE_US, error))
			return false;
		return fail(error, FLEET_ERROR_GONE, "connection closed due to keepalive timeout");
	}
	return fail(error, FLEET_ERROR_GONE, "End of file while reading data: Input/output error");
}

static bool
sim_sample(struct conn *conn, const struct sample_opts *opts, struct host_sample *out, GError **error)
{
	struct sim_link *link = self(conn);
	enum sample_depth depth = opts->depth;
	struct visit visit;
	double trips = 1 + (double)depth;

	if (opts->no_monitor && depth == SAMPLE_FULL)
		depth = SAMPLE_CHEAP;
	/* Libxl has no bulk statistics: a call for each guest. */
	if (link->host->hypervisor == HYPERVISOR_XEN && depth == SAMPLE_FULL)
		trips += link->host->nvms;
	if (!ask_host(link, trips, error))
		return false;
	visit_begin(&visit, link);
	sim_sample_host(link->host, visit.now_us, depth, out);
	visit_end(&visit);
	return true;
}

static struct host_facts *
sim_facts_of_host(struct conn *conn, GError **error)
{
	struct sim_link *link = self(conn);

	return ask_host(link, 4, error) ? sim_host_facts(link->host) : NULL;
}

static bool
is_dom0(const struct sim_link *link, const uint8_t uuid[UUID_LEN])
{
	static const uint8_t zero[UUID_LEN];

	return link->host->hypervisor == HYPERVISOR_XEN && memcmp(uuid, zero, UUID_LEN) == 0;
}

static void
no_domain(const uint8_t uuid[UUID_LEN], GError **error)
{
	char text[37];

	uuid_format(uuid, text);
	g_set_error(error, FLEET_ERROR, FLEET_ERROR_NO_DOMAIN,
		"Domain not found: no domain with matching uuid '%s'", text);
}

/* A copy of what is known of a guest, so that no lock is held while texts are made of it. */
static bool
find_vm(struct sim_link *link, const uint8_t uuid[UUID_LEN], struct sim_vm *out, GError **error)
{
	struct visit visit;
	int index;

	visit_begin(&visit, link);
	index = sim_host_find(link->host, uuid);
	if (index >= 0)
		*out = link->host->vms[index];
	visit_end(&visit);
	if (index < 0)
		no_domain(uuid, error);
	return index >= 0;
}

static struct vm_facts *
dom0_facts(void)
{
	struct vm_facts *facts = vm_facts_new();

	facts->type = VM_TYPE_PV;
	facts->os_type = g_strdup("linux");
	facts->machine = g_strdup("xenpv");
	facts->arch = g_strdup("x86_64");
	return facts;
}

static struct vm_facts *
sim_facts_of_vm(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error)
{
	struct sim_link *link = self(conn);
	struct sim_vm vm;

	if (!ask_host(link, 0.25, error))
		return NULL;
	if (is_dom0(link, uuid))
		return dom0_facts();
	return find_vm(link, uuid, &vm, error) ? sim_vm_facts(link->host, &vm) : NULL;
}

static char *
dom0_xml(void)
{
	return g_strdup("<domain type='xen' id='0'>\n  <name>Domain-0</name>\n</domain>\n");
}

static char *
sim_xml(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error)
{
	struct sim_link *link = self(conn);
	struct sim_vm vm;

	if (!ask_host(link, 1, error))
		return NULL;
	if (is_dom0(link, uuid))
		return dom0_xml();
	return find_vm(link, uuid, &vm, error) ? sim_vm_xml(link->host, &vm) : NULL;
}

/* ---- details ---- */

static struct vm_detail *
sim_detail_of_vm(struct conn *conn, const uint8_t uuid[UUID_LEN], const struct vm_detail *old, GError **error)
{
	struct sim_link *link = self(conn);
	struct vm_detail *detail;
	struct visit visit;
	int index;

	(void)old; /* the counters of any moment can be worked out */
	if (!ask_host(link, 2, error))
		return NULL;
	if (is_dom0(link, uuid)) {
		detail = vm_detail_new();
		detail->taken_us = clock_now_us();
		detail->xml = dom0_xml();
		return detail;
	}
	visit_begin(&visit, link);
	index = sim_host_find(link->host, uuid);
	detail = index < 0 ? NULL : sim_vm_detail(link->host, &link->host->vms[index], visit.now_us);
	visit_end(&visit);
	if (!detail)
		no_domain(uuid, error);
	return detail;
}

static struct host_detail *
sim_detail_of_host(struct conn *conn, const struct host_detail *old, GError **error)
{
	struct sim_link *link = self(conn);
	struct host_detail *detail;
	struct visit visit;

	(void)old;
	if (!ask_host(link, 2, error))
		return NULL;
	visit_begin(&visit, link);
	detail = sim_host_detail(link->host, visit.now_us);
	visit_end(&visit);
	return detail;
}

/* ---- acts ---- */

/* How long the daemon is at it. */
static const struct call {
	int64_t min_ms, max_ms;
} calls[] = {
	[VM_ACT_START] = { .min_ms = 250, .max_ms = 1200 },
	[VM_ACT_SHUTDOWN] = { .min_ms = 5, .max_ms = 40 },
	[VM_ACT_REBOOT] = { .min_ms = 5, .max_ms = 40 },
	[VM_ACT_RESET] = { .min_ms = 5, .max_ms = 40 },
	[VM_ACT_DESTROY] = { .min_ms = 100, .max_ms = 500 },
	[VM_ACT_SUSPEND] = { .min_ms = 5, .max_ms = 60 },
	[VM_ACT_RESUME] = { .min_ms = 5, .max_ms = 60 },
	[VM_ACT_AUTOSTART_ON] = { .min_ms = 2, .max_ms = 10 },
	[VM_ACT_AUTOSTART_OFF] = { .min_ms = 2, .max_ms = 10 },
};
static_assert(G_N_ELEMENTS(calls) == VM_ACT_COUNT, "a call for each act");

static bool
sim_can(const struct conn *conn, enum vm_act act, const char **why_not)
{
	const struct sim_link *link = (const struct sim_link *)conn;
	const char *words = NULL;

	if (link->readonly)
		words = "the connection is read-only";
	else if (act == VM_ACT_RESET && link->host->hypervisor == HYPERVISOR_XEN)
		words = "Xen's libxl driver can't reset a guest";
	if (words && why_not)
		*why_not = words;
	return !words;
}

static bool
may_act(struct sim_link *link, const uint8_t uuid[UUID_LEN], enum vm_act act, GError **error)
{
	const char *words;

	if (is_dom0(link, uuid))
		return fail(error, FLEET_ERROR_UNSUPPORTED, "Domain-0 is the host itself");
	if (sim_can(&link->conn, act, &words))
		return true;
	return fail(error, link->readonly ? FLEET_ERROR_DENIED : FLEET_ERROR_UNSUPPORTED, words);
}

static int64_t
call_us(const struct sim_link *link, const uint8_t uuid[UUID_LEN], enum vm_act act)
{
	const struct call *call = &calls[act];
	double luck = sim_unit(sim_mix(link->host->bits ^ uuid[0], uuid[1]));

	return (int64_t)((double)(call->min_ms * MS_US) +
			 luck * (double)((call->max_ms - call->min_ms) * MS_US));
}

static bool
sim_act(struct conn *conn, const uint8_t uuid[UUID_LEN], enum vm_act act, GError **error)
{
	struct sim_link *link = self(conn);
	struct visit visit;
	bool ok = false;
	int index;

	if (!ask_host(link, 1, error) || !may_act(link, uuid, act, error) ||
		!pass_time(link, call_us(link, uuid, act), error))
		return false;
	visit_begin(&visit, link);
	index = sim_host_find(link->host, uuid);
	if (index >= 0)
		ok = sim_life_act(
			link->host, &link->host->vms[index], act, visit.now_us, visit.events, error);
	else
		no_domain(uuid, error);
	visit_end(&visit);
	return ok;
}

/* ---- life of a connection ---- */

static void
sim_cancel(struct conn *conn)
{
	struct sim_link *link = self(conn);

	pthread_mutex_lock(&link->lock);
	link->cancelled = true;
	pthread_cond_broadcast(&link->cond);
	pthread_mutex_unlock(&link->lock);
}

static void
sim_conn_free(struct conn *conn)
{
	struct sim_link *link = self(conn);

	if (!link)
		return;
	pthread_cond_destroy(&link->cond);
	pthread_mutex_destroy(&link->lock);
	g_free(link);
}

static const struct conn_ops sim_ops = {
	.name = "sim",
	.open = sim_open,
	.sample = sim_sample,
	.host_facts = sim_facts_of_host,
	.vm_facts = sim_facts_of_vm,
	.vm_detail = sim_detail_of_vm,
	.host_detail = sim_detail_of_host,
	.vm_xml = sim_xml,
	.act = sim_act,
	.can = sim_can,
	.cancel = sim_cancel,
	.free = sim_conn_free,
};

struct conn *
conn_sim_new(struct sim *world, uint32_t index, bool readonly, const struct conn_listener *listener)
{
	struct sim_link *link = g_new0(struct sim_link, 1);
	pthread_condattr_t attr;

	link->conn.ops = &sim_ops;
	link->host = &world->hosts[index];
	link->readonly = readonly;
	if (listener)
		link->listener = *listener;
	pthread_mutex_init(&link->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&link->cond, &attr);
	pthread_condattr_destroy(&attr);
	return &link->conn;
}
