#include "fleet/conn_sim.h"

#include "fleet/clock.h"
#include "fleet/conn_sim_link.h"
#include "fleet/conn_sim_load.h"
#include "fleet/snapshot.h"
#include "fleet/takexml.h"

#include <assert.h>
#include <string.h>

#define MS_US INT64_C(1000)

/* ---- questions ---- */

static bool
sim_sample(struct conn *conn, const struct sample_opts *opts, struct host_sample *out, GError **error)
{
	struct sim_link *link = sim_link_of(conn);
	enum sample_depth depth = opts->depth;
	struct sim_visit visit;
	double trips = 1 + (double)depth;

	if (opts->no_monitor && depth == SAMPLE_FULL)
		depth = SAMPLE_CHEAP;
	/* Libxl has no bulk statistics: a call for each guest. */
	if (link->host->hypervisor == HYPERVISOR_XEN && depth == SAMPLE_FULL)
		trips += link->host->home_vms;
	if (!sim_ask_host(link, trips, error))
		return false;
	sim_visit_begin(&visit, link);
	sim_sample_host(link->host, visit.now_us, depth, out);
	sim_visit_end(&visit);
	return true;
}

static struct host_facts *
sim_facts_of_host(struct conn *conn, GError **error)
{
	struct sim_link *link = sim_link_of(conn);

	return sim_ask_host(link, 4, error) ? sim_host_facts(link->host) : NULL;
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
	struct sim_visit visit;
	int index;

	sim_visit_begin(&visit, link);
	index = sim_host_find(link->host, uuid);
	if (index >= 0)
		*out = link->host->vms[index];
	sim_visit_end(&visit);
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
	struct sim_link *link = sim_link_of(conn);
	struct sim_vm vm;

	if (!sim_ask_host(link, 0.25, error))
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
	struct sim_link *link = sim_link_of(conn);
	struct sim_vm vm;

	if (!sim_ask_host(link, 1, error))
		return NULL;
	if (is_dom0(link, uuid))
		return dom0_xml();
	return find_vm(link, uuid, &vm, error) ? sim_vm_xml(link->host, &vm) : NULL;
}

/* What the machine would have to find out: is there memory now? */
static GArray *
sim_take_check(struct conn *conn, const char *xml, GError **error)
{
	struct sim_link *link = sim_link_of(conn);
	struct sim_visit visit;
	struct takexml take;
	GArray *found;
	uint64_t free_bytes;

	if (!sim_ask_host(link, 3, error) || !takexml_parse(xml, &take, error))
		return NULL;
	sim_visit_begin(&visit, link);
	free_bytes = sim_host_free_bytes(link->host);
	sim_visit_end(&visit);
	found = take_findings_new();
	if (take.mem_bytes > free_bytes) {
		struct take_finding finding = { .blocks = true, .what = "memory" };

		finding.why = g_strdup_printf("needs %.1f GiB, %.1f GiB are free now",
			(double)take.mem_bytes / (1 << 30), (double)free_bytes / (1 << 30));
		g_array_append_val(found, finding);
	}
	takexml_done(&take);
	return found;
}

/* ---- details ---- */

static struct vm_detail *
sim_detail_of_vm(struct conn *conn, const uint8_t uuid[UUID_LEN], const struct vm_detail *old,
	bool no_monitor, GError **error)
{
	struct sim_link *link = sim_link_of(conn);
	struct vm_detail *detail;
	struct sim_visit visit;
	int index;

	(void)old; /* the counters of any moment can be worked out */
	(void)no_monitor;
	if (!sim_ask_host(link, 2, error))
		return NULL;
	if (is_dom0(link, uuid)) {
		detail = vm_detail_new();
		detail->taken_us = clock_now_us();
		detail->xml = dom0_xml();
		return detail;
	}
	sim_visit_begin(&visit, link);
	index = sim_host_find(link->host, uuid);
	detail = index < 0 ? NULL : sim_vm_detail(link->host, &link->host->vms[index], visit.now_us);
	sim_visit_end(&visit);
	if (!detail)
		no_domain(uuid, error);
	return detail;
}

static struct host_detail *
sim_detail_of_host(struct conn *conn, const struct host_detail *old, GError **error)
{
	struct sim_link *link = sim_link_of(conn);
	struct host_detail *detail;
	struct sim_visit visit;

	(void)old;
	if (!sim_ask_host(link, 2, error))
		return NULL;
	sim_visit_begin(&visit, link);
	detail = sim_host_detail(link->host, visit.now_us);
	sim_visit_end(&visit);
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
static_assert(G_N_ELEMENTS(calls) == VM_ACT_CALLS, "a call for each act");

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
		return sim_fail(error, FLEET_ERROR_UNSUPPORTED, "Domain-0 is the host itself");
	if (sim_can(&link->conn, act, &words) && act < VM_ACT_CALLS)
		return true;
	if (act >= VM_ACT_CALLS && !link->readonly)
		words = "this is no single call";
	return sim_fail(error, link->readonly ? FLEET_ERROR_DENIED : FLEET_ERROR_UNSUPPORTED, words);
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
	struct sim_link *link = sim_link_of(conn);
	struct sim_visit visit;
	bool ok = false;
	int index;

	if (!sim_ask_host(link, 1, error) || !may_act(link, uuid, act, error) ||
		!sim_pass_time(link, call_us(link, uuid, act), error))
		return false;
	sim_visit_begin(&visit, link);
	index = sim_host_find(link->host, uuid);
	if (index >= 0)
		ok = sim_life_act(
			link->host, &link->host->vms[index], act, visit.now_us, visit.events, error);
	else
		no_domain(uuid, error);
	sim_visit_end(&visit);
	return ok;
}

/* ---- pins ---- */

/* What DO_IT makes of the guest, in its host's world. */
static bool
visit_vm(struct sim_link *link, const uint8_t uuid[UUID_LEN],
	bool (*do_it)(struct sim_visit *visit, struct sim_vm *vm, void *ctx, GError **error), void *ctx,
	GError **error)
{
	struct sim_visit visit;
	bool ok = false;
	int index;

	sim_visit_begin(&visit, link);
	index = sim_host_find(link->host, uuid);
	if (index >= 0)
		ok = do_it(&visit, &link->host->vms[index], ctx, error);
	else
		no_domain(uuid, error);
	sim_visit_end(&visit);
	return ok;
}

static bool
take_pins(struct sim_visit *visit, struct sim_vm *vm, void *ctx, GError **error)
{
	(void)error;
	*(struct vm_pins **)ctx = sim_vm_pins(visit->link->host, vm, visit->now_us);
	return true;
}

static struct vm_pins *
sim_pins_of_vm(struct conn *conn, const uint8_t uuid[UUID_LEN], bool no_monitor, GError **error)
{
	struct sim_link *link = sim_link_of(conn);
	struct vm_pins *pins = NULL;

	(void)no_monitor;
	if (!sim_ask_host(link, 3, error))
		return NULL;
	if (is_dom0(link, uuid))
		return vm_pins_new(uuid);
	visit_vm(link, uuid, take_pins, &pins, error);
	return pins;
}

static bool
set_pin(struct sim_visit *visit, struct sim_vm *vm, void *ctx, GError **error)
{
	struct conn_event changed = { .kind = CONN_EVENT_CHANGED, .name = NULL };

	if (!sim_vm_set_pin(visit->link->host, vm, ctx, error))
		return false;
	memcpy(changed.uuid, vm->uuid, UUID_LEN);
	g_array_append_val(visit->events, changed);
	return true;
}

static bool
sim_pin(struct conn *conn, const uint8_t uuid[UUID_LEN], const struct pin_change *change, GError **error)
{
	struct sim_link *link = sim_link_of(conn);
	struct pin_change copy = *change;

	if (!sim_ask_host(link, 1, error))
		return false;
	if (is_dom0(link, uuid))
		return sim_fail(error, FLEET_ERROR_UNSUPPORTED, "Domain-0 is the host itself");
	if (link->readonly)
		return sim_fail(error, FLEET_ERROR_DENIED, "the connection is read-only");
	return visit_vm(link, uuid, set_pin, &copy, error);
}

/* ---- life of a connection ---- */

static bool
sim_ping(struct conn *conn, GError **error)
{
	return sim_ask_host(sim_link_of(conn), 1, error);
}

static void
sim_cancel(struct conn *conn)
{
	struct sim_link *link = sim_link_of(conn);

	pthread_mutex_lock(&link->lock);
	link->cancelled = true;
	pthread_cond_broadcast(&link->cond);
	pthread_mutex_unlock(&link->lock);
}

static void
sim_conn_free(struct conn *conn)
{
	struct sim_link *link = sim_link_of(conn);

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
	.pins = sim_pins_of_vm,
	.pin = sim_pin,
	.move = sim_move,
	.move_progress = sim_move_progress,
	.move_abort = sim_move_abort,
	.move_post_copy = sim_move_post_copy,
	.whereabouts = sim_whereabouts,
	.move_xml = sim_xml,
	.take_check = sim_take_check,
	.console = sim_console,
	.cancel = sim_cancel,
	.free = sim_conn_free,
	.ping = sim_ping,
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
