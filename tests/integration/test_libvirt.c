/* The libvirt connection against real drivers and daemons. */
#include "fleet/clock.h"
#include "fleet/conn_libvirt.h"
#include "fleet/error.h"
#include "fleet/events.h"
#include "fleet/snapshot.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

/* ---- a connection under test, and what it told its listener ---- */

struct told {
	pthread_mutex_t lock;
	pthread_cond_t more;
	GArray *events; /* struct conn_event; guarded by lock */
	bool step_ok[CONN_STEP_COUNT], step_failed[CONN_STEP_COUNT];
};

static void
on_event(void *ctx, const struct conn_event *event)
{
	struct told *told = ctx;

	pthread_mutex_lock(&told->lock);
	g_array_append_val(told->events, *event);
	pthread_cond_broadcast(&told->more);
	pthread_mutex_unlock(&told->lock);
}

static void
on_step(void *ctx, enum conn_step step, bool ok, int64_t took_us, const char *text)
{
	struct told *told = ctx;

	(void)text;
	cr_assert(took_us >= 0);
	*(ok ? &told->step_ok[step] : &told->step_failed[step]) = true;
}

static struct told told;
static struct conn_listener listener = { .ctx = &told, .event = on_event, .step = on_step };

static void
start(void)
{
	g_autoptr(GError) error = NULL;

	pthread_mutex_init(&told.lock, NULL);
	pthread_cond_init(&told.more, NULL);
	told.events = g_array_new(FALSE, FALSE, sizeof(struct conn_event));
	cr_assert(events_start(&error), "%s", error->message);
}

static void
stop(void)
{
	events_stop();
	g_array_unref(told.events);
}

/* Waits until KIND was told of UUID (NULL: of anybody). */
static bool
event_came(enum conn_event_kind kind, const uint8_t *uuid)
{
	struct timespec deadline;
	bool found = false;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += 10;
	pthread_mutex_lock(&told.lock);
	for (guint seen = 0; !found;) {
		for (; seen < told.events->len && !found; seen++) {
			const struct conn_event *event = &g_array_index(told.events, struct conn_event, seen);

			found = event->kind == kind && (!uuid || memcmp(event->uuid, uuid, UUID_LEN) == 0);
		}
		if (!found && pthread_cond_timedwait(&told.more, &told.lock, &deadline) != 0)
			break;
	}
	pthread_mutex_unlock(&told.lock);
	return found;
}

static struct conn *
direct(const char *uri, bool readonly)
{
	struct hostspec spec = { .transport = TRANSPORT_DIRECT, .uri = (char *)(uintptr_t)uri };
	struct conn_libvirt_opts opts = { .readonly = readonly, .keepalive_ms = 5000 };

	return conn_libvirt_new(&opts, &spec, 0, &listener);
}

static struct conn *
opened(const char *uri)
{
	g_autoptr(GError) error = NULL;
	struct conn *conn = direct(uri, false);

	cr_assert(conn->ops->open(conn, &error), "%s", error->message);
	return conn;
}

static void
take(struct conn *conn, const struct sample_opts *opts, struct host_sample *sample)
{
	g_autoptr(GError) error = NULL;

	host_sample_init(sample);
	cr_assert(conn->ops->sample(conn, opts, sample, &error), "%s", error->message);
}

static const struct vm_sample *
vm_named(const struct host_sample *sample, const char *name)
{
	for (guint i = 0; i < sample->vms->len; i++)
		if (g_str_equal(g_array_index(sample->vms, struct vm_sample, i).name, name))
			return &g_array_index(sample->vms, struct vm_sample, i);
	return NULL;
}

#define HAS(sample, bit) (((sample)->valid >> (bit)) & 1u)

TestSuite(libvirt, .init = start, .fini = stop, .timeout = 120);

/* ---- the test driver, in this process ---- */

static const struct sample_opts list_opts = { .depth = SAMPLE_LIST };
static const struct sample_opts cheap_opts = { .depth = SAMPLE_CHEAP };
static const struct sample_opts full_opts = { .depth = SAMPLE_FULL };

Test(libvirt, direct_list)
{
	struct conn *conn = opened("test:///default");
	struct host_sample sample;

	cr_assert(told.step_ok[CONN_STEP_LIBVIRT] && told.step_ok[CONN_STEP_PERMISSION]);
	take(conn, &list_opts, &sample);
	cr_assert_eq(sample.vms->len, 1);
	const struct vm_sample *vm = vm_named(&sample, "test");
	cr_assert(vm);
	cr_assert_eq(vm->state, VM_STATE_RUNNING);
	cr_assert_eq(vm->id, 1);
	cr_assert_not(vm->is_dom0);
	cr_assert_eq(vm->valid, 0);
	host_sample_done(&sample);
	conn->ops->free(conn);
}

Test(libvirt, direct_full_reads_guests_one_by_one)
{
	struct conn *conn = opened("test:///default");
	struct host_sample sample;

	take(conn, &full_opts, &sample);
	const struct vm_sample *vm = vm_named(&sample, "test");
	cr_assert(HAS(vm, RAW_CPU_NS) && HAS(vm, RAW_MEM_BYTES) && HAS(vm, RAW_VCPUS));
	cr_assert_eq(vm->raw[RAW_MEM_MAX_BYTES], 8388608ull * 1024);
	cr_assert_eq(vm->raw[RAW_VCPUS], 2);
	cr_assert_not(HAS(vm, RAW_DELAY_NS));
	cr_assert(vm->persistent && vm->autostart_known && !vm->autostart);
	cr_assert(HAS(&sample, HRAW_PCPUS) && HAS(&sample, HRAW_MEM_TOTAL) && HAS(&sample, HRAW_MEM_FREE));
	cr_assert_not(HAS(&sample, HRAW_KSM_SAVED));
	cr_assert_not(HAS(&sample, HRAW_RTT_US));
	host_sample_done(&sample);
	conn->ops->free(conn);
}
