#include "tests/support/witness.h"

#include "fleet/conn_libvirt.h"

#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

static void
on_event(void *ctx, const struct conn_event *event)
{
	struct witness *witness = ctx;

	pthread_mutex_lock(&witness->lock);
	g_array_append_val(witness->events, *event);
	pthread_cond_broadcast(&witness->more);
	pthread_mutex_unlock(&witness->lock);
}

static void
on_step(void *ctx, enum conn_step step, bool ok, int64_t took_us, const char *text)
{
	struct witness *witness = ctx;

	(void)text;
	cr_assert(took_us >= 0);
	*(ok ? &witness->step_ok[step] : &witness->step_failed[step]) = true;
}

static void
on_progress(void *ctx)
{
	struct witness *witness = ctx;

	witness->answers++;
}

void
witness_init(struct witness *witness)
{
	*witness = (struct witness){
		.listener = { .ctx = witness, .event = on_event, .step = on_step, .progress = on_progress }
	};
	pthread_mutex_init(&witness->lock, NULL);
	pthread_cond_init(&witness->more, NULL);
	witness->events = g_array_new(FALSE, FALSE, sizeof(struct conn_event));
}

void
witness_done(struct witness *witness)
{
	g_array_unref(witness->events);
	pthread_cond_destroy(&witness->more);
	pthread_mutex_destroy(&witness->lock);
}

static bool
was_told(const struct witness *witness, guint *seen, enum conn_event_kind kind, const uint8_t *uuid)
{
	for (; *seen < witness->events->len; ++*seen) {
		const struct conn_event *event = &g_array_index(witness->events, struct conn_event, *seen);

		if (event->kind == kind && (!uuid || memcmp(event->uuid, uuid, UUID_LEN) == 0))
			return true;
	}
	return false;
}

bool
witness_saw(struct witness *witness, enum conn_event_kind kind, const uint8_t *uuid)
{
	struct timespec deadline;
	guint seen = 0;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += 10;
	pthread_mutex_lock(&witness->lock);
	bool found = was_told(witness, &seen, kind, uuid);
	while (!found && pthread_cond_timedwait(&witness->more, &witness->lock, &deadline) == 0)
		found = was_told(witness, &seen, kind, uuid);
	pthread_mutex_unlock(&witness->lock);
	return found;
}

void
witness_forget(struct witness *witness)
{
	pthread_mutex_lock(&witness->lock);
	g_array_set_size(witness->events, 0);
	pthread_mutex_unlock(&witness->lock);
}

struct conn *
witness_conn(struct witness *witness, const char *uri, bool readonly, int64_t keepalive_ms)
{
	g_autofree char *copy = g_strdup(uri);
	struct hostspec spec = { .transport = TRANSPORT_DIRECT, .uri = copy };
	struct conn_libvirt_opts opts = { .readonly = readonly, .keepalive_ms = keepalive_ms };

	return conn_libvirt_new(&opts, &spec, 0, &witness->listener);
}

struct conn *
witness_open(struct witness *witness, const char *uri)
{
	g_autoptr(GError) error = NULL;
	struct conn *conn = witness_conn(witness, uri, false, 5000);

	cr_assert(conn->ops->open(conn, &error), "%s: %s", uri, error ? error->message : "no error");
	return conn;
}

void
take_sample(struct conn *conn, const struct sample_opts *opts, struct host_sample *sample)
{
	g_autoptr(GError) error = NULL;

	host_sample_init(sample);
	cr_assert(conn->ops->sample(conn, opts, sample, &error), "%s", error ? error->message : "no error");
}

const struct vm_sample *
sample_vm(const struct host_sample *sample, const char *name)
{
	for (guint i = 0; i < sample->vms->len; i++)
		if (g_str_equal(g_array_index(sample->vms, struct vm_sample, i).name, name))
			return &g_array_index(sample->vms, struct vm_sample, i);
	return NULL;
}

enum vm_state
state_of(struct conn *conn, const char *name, uint8_t uuid[UUID_LEN])
{
	static const struct sample_opts opts = { .depth = SAMPLE_FULL };
	struct host_sample sample;

	take_sample(conn, &opts, &sample);
	const struct vm_sample *vm = sample_vm(&sample, name);
	cr_assert(vm, "no guest %s", name);
	enum vm_state state = vm->state;
	if (uuid)
		memcpy(uuid, vm->uuid, UUID_LEN);
	host_sample_done(&sample);
	return state;
}

void
do_act(struct conn *conn, const uint8_t uuid[UUID_LEN], enum vm_act verb)
{
	g_autoptr(GError) error = NULL;

	cr_assert(conn->ops->act(conn, uuid, verb, &error), "%s", error ? error->message : "no error");
}
