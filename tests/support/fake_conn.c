#include "tests/support/fake_conn.h"

#include "fleet/clock.h"
#include "fleet/cpuset.h"
#include "fleet/snapshot.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct fake_host {
	GQueue script[FAKE_CALL_COUNT]; /* struct fake_step * */
	struct fake_step rest[FAKE_CALL_COUNT];
	unsigned begun[FAKE_CALL_COUNT];
	unsigned releases;
	GArray *vms; /* struct vm_sample */
	uint32_t valid;
	unsigned partial;
	uint64_t raw[HRAW_COUNT];
	char *tenant;
	const char *cannot[VM_ACT_COUNT];
	struct vm_pins *pins; /* NULL: the usual ones */
	bool deaf;
	bool console_deaf;
	struct fake_seen seen;
	struct fake_conn *poll; /* the living poll connection */
};

struct fake {
	pthread_mutex_t lock;
	pthread_cond_t cond; /* signalled at every change */
	/* guarded by lock */
	unsigned nhosts;
	struct fake_host *hosts;
};

struct fake_conn {
	struct conn conn;
	struct fake *fake;
	struct fake_host *host;
	enum conn_purpose purpose;
	struct conn_listener listener;
	/* guarded by fake->lock */
	bool cancelled, busy;
};

static void
lock(struct fake *fake)
{
	pthread_mutex_lock(&fake->lock);
}

static void
unlock(struct fake *fake)
{
	pthread_cond_broadcast(&fake->cond);
	pthread_mutex_unlock(&fake->lock);
}

/* Waits for a change; false when UNTIL_US (0: never) has passed. */
static bool
wait_change(struct fake *fake, int64_t until_us)
{
	struct timespec until = { .tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000 };

	if (!until_us)
		return pthread_cond_wait(&fake->cond, &fake->lock) == 0;
	return pthread_cond_timedwait(&fake->cond, &fake->lock, &until) != ETIMEDOUT;
}

/* ---- scripts ---- */

void
fake_script(struct fake *fake, uint32_t host, enum fake_call call, const struct fake_step *steps, size_t n)
{
	lock(fake);
	for (size_t i = 0; i < n; i++)
		g_queue_push_tail(&fake->hosts[host].script[call], g_memdup2(&steps[i], sizeof(steps[i])));
	unlock(fake);
}

void
fake_script_rest(struct fake *fake, uint32_t host, enum fake_call call, const struct fake_step *step)
{
	lock(fake);
	fake->hosts[host].rest[call] = step ? *step : (struct fake_step){ 0 };
	unlock(fake);
}

void
fake_release(struct fake *fake, uint32_t host)
{
	lock(fake);
	fake->hosts[host].releases++;
	unlock(fake);
}

static void
sample_clear(gpointer data)
{
	struct vm_sample *vm = data;

	g_free(vm->name);
}

static GArray *
samples_copy(const struct vm_sample *vms, size_t n)
{
	GArray *copy = g_array_new(FALSE, TRUE, sizeof(*vms));

	g_array_set_clear_func(copy, sample_clear);
	for (size_t i = 0; i < n; i++) {
		struct vm_sample vm = vms[i];

		vm.name = g_strdup(vm.name);
		g_array_append_val(copy, vm);
	}
	return copy;
}

void
fake_set_vms(struct fake *fake, uint32_t host, const struct vm_sample *vms, size_t n)
{
	GArray *copy = samples_copy(vms, n);

	lock(fake);
	g_array_unref(fake->hosts[host].vms);
	fake->hosts[host].vms = copy;
	unlock(fake);
}

void
fake_set_partial(struct fake *fake, uint32_t host, unsigned n)
{
	lock(fake);
	fake->hosts[host].partial = n;
	unlock(fake);
}

void
fake_set_host(struct fake *fake, uint32_t host, uint32_t valid, const uint64_t raw[HRAW_COUNT])
{
	lock(fake);
	fake->hosts[host].valid = valid;
	memcpy(fake->hosts[host].raw, raw, sizeof(fake->hosts[host].raw));
	unlock(fake);
}

void
fake_set_tenant(struct fake *fake, uint32_t host, const char *tenant)
{
	lock(fake);
	g_free(fake->hosts[host].tenant);
	fake->hosts[host].tenant = g_strdup(tenant);
	unlock(fake);
}

void
fake_set_cannot(struct fake *fake, uint32_t host, enum vm_act act, const char *why)
{
	lock(fake);
	fake->hosts[host].cannot[act] = why;
	unlock(fake);
}

void
fake_uuid(uint8_t n, uint8_t out[UUID_LEN])
{
	memset(out, 0xfa, UUID_LEN);
	out[UUID_LEN - 1] = n;
}

/* ---- what was seen ---- */

unsigned
fake_count(struct fake *fake, uint32_t host, enum fake_call call)
{
	unsigned count;

	lock(fake);
	count = fake->hosts[host].begun[call];
	unlock(fake);
	return count;
}

bool
fake_wait_count(struct fake *fake, uint32_t host, enum fake_call call, unsigned n, unsigned timeout_ms)
{
	int64_t until_us = clock_now_us() + (int64_t)timeout_ms * 1000;
	bool reached;

	pthread_mutex_lock(&fake->lock);
	while (fake->hosts[host].begun[call] < n && wait_change(fake, until_us))
		continue;
	reached = fake->hosts[host].begun[call] >= n;
	pthread_mutex_unlock(&fake->lock);
	return reached;
}

struct fake_seen
fake_seen(struct fake *fake, uint32_t host)
{
	struct fake_seen seen;

	lock(fake);
	seen = fake->hosts[host].seen;
	unlock(fake);
	return seen;
}

bool
fake_emit(struct fake *fake, uint32_t host, enum conn_event_kind kind, const uint8_t uuid[UUID_LEN])
{
	struct conn_event event = { .kind = kind };
	struct conn_listener listener = { 0 };

	memcpy(event.uuid, uuid, UUID_LEN);
	lock(fake);
	if (fake->hosts[host].poll)
		listener = fake->hosts[host].poll->listener;
	unlock(fake);
	if (!listener.event)
		return false;
	listener.event(listener.ctx, &event);
	return true;
}

/* ---- the connection ---- */

static struct fake_conn *
self(struct conn *conn)
{
	return (struct fake_conn *)conn;
}

static struct fake_step
next_step(struct fake_host *host, enum fake_call call)
{
	struct fake_step *scripted = g_queue_pop_head(&host->script[call]);
	struct fake_step step = scripted ? *scripted : host->rest[call];

	g_free(scripted);
	return step;
}

/* Blocks as STEP says. Lock held. */
static void
act_out(struct fake_conn *conn, const struct fake_step *step)
{
	int64_t until_us = step->delay_ms ? clock_now_us() + (int64_t)step->delay_ms * 1000 : 0;
	unsigned releases = conn->host->releases;

	while (until_us && !conn->cancelled && wait_change(conn->fake, until_us))
		continue;
	while ((step->hang || (step->hold && conn->host->releases == releases)) && !conn->cancelled)
		wait_change(conn->fake, 0);
}

/* Begins CALL: counts it, does what the script says. True when it may succeed; the lock is held then. */
static bool
call_begin(struct fake_conn *conn, enum fake_call call, GError **error)
{
	struct fake_step step;

	lock(conn->fake);
	if (conn->busy)
		conn->host->seen.overlaps++;
	conn->busy = true;
	conn->host->begun[call]++;
	step = next_step(conn->host, call);
	pthread_cond_broadcast(&conn->fake->cond);
	act_out(conn, &step);
	conn->busy = false;
	if (!conn->cancelled && !step.error)
		return true;
	if (conn->cancelled)
		g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_CANCELLED, "cancelled");
	else
		g_set_error_literal(error, FLEET_ERROR, (gint)step.code, step.error);
	unlock(conn->fake);
	return false;
}

static bool
fake_open(struct conn *base, GError **error)
{
	struct fake_conn *conn = self(base);
	const struct conn_listener *listener = &conn->listener;

	if (!call_begin(conn, conn->purpose == CONN_PURPOSE_JOB ? FAKE_OPEN_JOB : FAKE_OPEN, error))
		return false;
	unlock(conn->fake);
	for (enum conn_step step = 0; step < CONN_STEP_COUNT && listener->step; step++)
		listener->step(listener->ctx, step, true, 1, NULL);
	return true;
}

static void
see_sample(struct fake_seen *seen, const struct sample_opts *opts)
{
	seen->depth = opts->depth;
	seen->no_monitor = opts->no_monitor;
	seen->calls = opts->calls;
	seen->nvisible = opts->nvisible;
	if (opts->nvisible)
		memcpy(seen->visible, opts->visible[0], UUID_LEN);
}

static bool
fake_sample(struct conn *base, const struct sample_opts *opts, struct host_sample *out, GError **error)
{
	struct fake_conn *conn = self(base);
	const GArray *vms;

	lock(conn->fake);
	see_sample(&conn->host->seen, opts);
	unlock(conn->fake);
	if (!call_begin(conn, FAKE_SAMPLE, error))
		return false;
	out->taken_us = clock_now_us();
	vms = conn->host->vms;
	for (guint i = 0; i < vms->len; i++) {
		struct vm_sample vm = g_array_index(vms, struct vm_sample, i);

		vm.name = g_strdup(vm.name);
		vm.taken_us = vm.taken_us ? vm.taken_us : out->taken_us;
		if (opts->depth == SAMPLE_LIST)
			vm.valid = 0;
		g_array_append_val(out->vms, vm);
	}
	if (opts->depth != SAMPLE_LIST) {
		out->valid = conn->host->valid;
		memcpy(out->raw, conn->host->raw, sizeof(out->raw));
	}
	if (opts->depth == SAMPLE_FULL && conn->host->partial) {
		conn->host->partial--;
		out->partial = true;
	}
	unlock(conn->fake);
	return true;
}

static struct host_facts *
fake_host_facts(struct conn *base, GError **error)
{
	struct fake_conn *conn = self(base);
	struct host_facts *facts;

	if (!call_begin(conn, FAKE_HOST_FACTS, error))
		return NULL;
	unlock(conn->fake);
	facts = host_facts_new();
	facts->hypervisor = HYPERVISOR_TEST;
	facts->driver = g_strdup("TEST");
	facts->hostname = g_strdup("fake");
	return facts;
}

static struct vm_facts *
fake_vm_facts(struct conn *base, const uint8_t uuid[UUID_LEN], GError **error)
{
	struct fake_conn *conn = self(base);
	struct vm_facts *facts;

	(void)uuid;
	if (!call_begin(conn, FAKE_VM_FACTS, error))
		return NULL;
	facts = vm_facts_new();
	facts->type = VM_TYPE_TEST;
	facts->tenant = g_strdup(conn->host->tenant);
	unlock(conn->fake);
	return facts;
}

static struct vm_detail *
fake_vm_detail(struct conn *base, const uint8_t uuid[UUID_LEN], const struct vm_detail *old, bool no_monitor,
	GError **error)
{
	struct fake_conn *conn = self(base);
	struct vm_detail *detail;

	lock(conn->fake);
	conn->host->seen.detail_no_monitor = no_monitor;
	unlock(conn->fake);
	if (!call_begin(conn, FAKE_VM_DETAIL, error))
		return NULL;
	unlock(conn->fake);
	detail = vm_detail_new();
	memcpy(detail->uuid, uuid, UUID_LEN);
	detail->taken_us = clock_now_us();
	detail->snapshots =
		old ? old->snapshots + 1 : 0; /* so that a test sees whether it is OLD that comes back */
	return detail;
}

static struct host_detail *
fake_host_detail(struct conn *base, const struct host_detail *old, GError **error)
{
	struct fake_conn *conn = self(base);
	struct host_detail *detail;

	(void)old;
	if (!call_begin(conn, FAKE_HOST_DETAIL, error))
		return NULL;
	unlock(conn->fake);
	detail = host_detail_new();
	detail->taken_us = clock_now_us();
	return detail;
}

static char *
fake_vm_xml(struct conn *base, const uint8_t uuid[UUID_LEN], GError **error)
{
	struct fake_conn *conn = self(base);
	char text[37];

	if (!call_begin(conn, FAKE_VM_XML, error))
		return NULL;
	unlock(conn->fake);
	uuid_format(uuid, text);
	return g_strdup_printf("<domain type='test'><uuid>%s</uuid></domain>", text);
}

static bool
fake_act(struct conn *base, const uint8_t uuid[UUID_LEN], enum vm_act act, GError **error)
{
	struct fake_conn *conn = self(base);

	lock(conn->fake);
	conn->host->seen.act = act;
	conn->host->seen.act_purpose = conn->purpose;
	memcpy(conn->host->seen.act_uuid, uuid, UUID_LEN);
	unlock(conn->fake);
	if (!call_begin(conn, FAKE_ACT, error))
		return false;
	unlock(conn->fake);
	return true;
}

static bool
fake_ping(struct conn *base, GError **error)
{
	struct fake_conn *conn = self(base);

	if (!call_begin(conn, FAKE_PING, error))
		return false;
	unlock(conn->fake);
	return true;
}

static bool
fake_can(const struct conn *base, enum vm_act act, const char **why_not)
{
	const struct fake_conn *conn = (const struct fake_conn *)base;

	lock(conn->fake);
	*why_not = conn->host->cannot[act];
	unlock(conn->fake);
	return *why_not == NULL;
}

static struct vm_pins *
usual_pins(const uint8_t uuid[UUID_LEN])
{
	struct vm_pins *pins = vm_pins_new(uuid);

	pins->running = pins->persistent = true;
	for (unsigned i = 0; i < 2; i++) {
		struct pin_row *row = vm_pins_add(pins, PIN_VCPU, i);

		row->active = true;
		cpu_set_parse("0-7", &row->live);
		cpu_set_parse("0-7", &row->kept);
	}
	return pins;
}

static struct vm_pins *
copy_pins(const struct vm_pins *pins, const uint8_t uuid[UUID_LEN])
{
	struct vm_pins *copy = vm_pins_new(uuid);

	copy->running = pins->running;
	copy->persistent = pins->persistent;
	memcpy(copy->cannot, pins->cannot, sizeof copy->cannot);
	for (guint i = 0; i < pins->rows->len; i++) {
		const struct pin_row *from = vm_pins_at(pins, i);
		struct pin_row *row = vm_pins_add(copy, from->what, from->number);

		row->active = from->active;
		row->cpu = from->cpu;
		row->live = cpu_set_copy(&from->live);
		row->kept = cpu_set_copy(&from->kept);
	}
	return copy;
}

void
fake_set_pins(struct fake *fake, uint32_t host, const struct vm_pins *pins, bool deaf)
{
	lock(fake);
	vm_pins_unref(fake->hosts[host].pins);
	fake->hosts[host].pins = copy_pins(pins, pins->uuid);
	fake->hosts[host].deaf = deaf;
	unlock(fake);
}

static struct vm_pins *
fake_pins(struct conn *base, const uint8_t uuid[UUID_LEN], bool no_monitor, GError **error)
{
	struct fake_conn *conn = self(base);
	struct vm_pins *pins;

	(void)no_monitor;
	if (!call_begin(conn, FAKE_PINS, error))
		return NULL;
	pins = conn->host->pins ? copy_pins(conn->host->pins, uuid) : usual_pins(uuid);
	unlock(conn->fake);
	return pins;
}

static bool
fake_pin(struct conn *base, const uint8_t uuid[UUID_LEN], const struct pin_change *change, GError **error)
{
	struct fake_conn *conn = self(base);
	struct pin_row *row;

	if (!call_begin(conn, FAKE_PIN, error))
		return false;
	if (!conn->host->pins)
		conn->host->pins = usual_pins(uuid);
	row = conn->host->deaf ? NULL : vm_pins_add(conn->host->pins, change->what, change->number);
	if (row && change->scope & PIN_LIVE) {
		cpu_set_clear(&row->live);
		row->live = cpu_set_copy(&change->cpus);
	}
	if (row && change->scope & PIN_KEPT) {
		cpu_set_clear(&row->kept);
		row->kept = cpu_set_copy(&change->cpus);
	}
	unlock(conn->fake);
	return true;
}

void
fake_set_console_deaf(struct fake *fake, uint32_t host, bool deaf)
{
	lock(fake);
	fake->hosts[host].console_deaf = deaf;
	unlock(fake);
}

/* One look at FD; false when its other end is closed. */
static bool
say_back(int fd, bool deaf)
{
	struct pollfd pollfd = { .fd = fd, .events = deaf ? 0 : POLLIN };
	char bytes[4096];
	ssize_t n;

	if (poll(&pollfd, 1, 10) == 0)
		return true;
	if (deaf)
		return false;
	n = read(fd, bytes, sizeof(bytes));
	return n > 0 && send(fd, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

static bool
fake_console(struct conn *base, const uint8_t uuid[UUID_LEN], struct console_call *call, GError **error)
{
	struct fake_conn *conn = self(base);
	bool deaf, cancelled;

	(void)uuid;
	if (!call_begin(conn, FAKE_CONSOLE, error))
		return false;
	unlock(conn->fake);
	call->turned(call->ctx, true);
	do {
		lock(conn->fake);
		deaf = conn->host->console_deaf;
		cancelled = conn->cancelled;
		unlock(conn->fake);
	} while (!cancelled && say_back(call->fd, deaf));
	call->turned(call->ctx, false);
	if (cancelled)
		g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_CANCELLED, "cancelled");
	return !cancelled;
}

static void
fake_cancel(struct conn *base)
{
	struct fake_conn *conn = self(base);

	lock(conn->fake);
	conn->cancelled = true;
	conn->host->seen.cancels++;
	unlock(conn->fake);
}

static void
fake_conn_free(struct conn *base)
{
	struct fake_conn *conn = self(base);

	if (!conn)
		return;
	lock(conn->fake);
	conn->host->seen.freed++;
	if (conn->host->poll == conn)
		conn->host->poll = NULL;
	unlock(conn->fake);
	g_free(conn);
}

static const struct conn_ops fake_ops = {
	.name = "fake",
	.open = fake_open,
	.sample = fake_sample,
	.host_facts = fake_host_facts,
	.vm_facts = fake_vm_facts,
	.vm_detail = fake_vm_detail,
	.host_detail = fake_host_detail,
	.vm_xml = fake_vm_xml,
	.act = fake_act,
	.can = fake_can,
	.pins = fake_pins,
	.pin = fake_pin,
	.console = fake_console,
	.cancel = fake_cancel,
	.free = fake_conn_free,
	.ping = fake_ping,
};

static struct conn *
fake_make(void *ctx, uint32_t index, enum conn_purpose purpose, const struct conn_listener *listener)
{
	struct fake *fake = ctx;
	struct fake_conn *conn = g_new0(struct fake_conn, 1);

	conn->conn.ops = &fake_ops;
	conn->fake = fake;
	conn->host = &fake->hosts[index];
	conn->purpose = purpose;
	if (listener)
		conn->listener = *listener;
	lock(fake);
	conn->host->seen.made++;
	if (purpose == CONN_PURPOSE_POLL)
		conn->host->poll = conn;
	unlock(fake);
	return &conn->conn;
}

/* ---- life ---- */

struct conn_factory
fake_factory(struct fake *fake)
{
	return (struct conn_factory){ .ctx = fake, .make = fake_make };
}

struct fake *
fake_new(unsigned hosts)
{
	struct fake *fake = g_new0(struct fake, 1);
	pthread_condattr_t attr;

	pthread_mutex_init(&fake->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&fake->cond, &attr);
	pthread_condattr_destroy(&attr);
	fake->nhosts = hosts;
	fake->hosts = g_new0(struct fake_host, hosts);
	for (unsigned i = 0; i < hosts; i++) {
		for (unsigned call = 0; call < FAKE_CALL_COUNT; call++)
			g_queue_init(&fake->hosts[i].script[call]);
		fake->hosts[i].vms = samples_copy(NULL, 0);
		fake->hosts[i].tenant = g_strdup("fake");
	}
	return fake;
}

static void
host_done(struct fake_host *host)
{
	g_assert_cmpuint(host->seen.made, ==, host->seen.freed);
	for (unsigned call = 0; call < FAKE_CALL_COUNT; call++)
		g_queue_clear_full(&host->script[call], g_free);
	g_array_unref(host->vms);
	g_free(host->tenant);
	vm_pins_unref(host->pins);
}

void
fake_free(struct fake *fake)
{
	if (!fake)
		return;
	for (unsigned i = 0; i < fake->nhosts; i++)
		host_done(&fake->hosts[i]);
	pthread_cond_destroy(&fake->cond);
	pthread_mutex_destroy(&fake->lock);
	g_free(fake->hosts);
	g_free(fake);
}
