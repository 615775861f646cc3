#include "fleet/conn_sim_link.h"

#include "fleet/clock.h"

#include <errno.h>

#define MS_US              INT64_C(1000)
#define SECOND_US          INT64_C(1000000)
#define CONNECT_TIMEOUT_US (10 * SECOND_US) /* of a black-holed address */
#define KEEPALIVE_US       (20 * SECOND_US) /* until a dead link is noticed */
#define UNHEARD_MAX        256              /* nobody will ever listen */
#define ANSWER_MAX_US      (400 * MS_US)    /* however many guests are asked one by one */

/* ---- time passes ---- */

bool
sim_fail(GError **error, enum fleet_error code, const char *text)
{
	g_set_error_literal(error, FLEET_ERROR, (gint)code, text);
	return false;
}

bool
sim_pass_time(struct sim_link *link, int64_t us, GError **error)
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
		return sim_fail(error, FLEET_ERROR_CANCELLED, "cancelled");
	return true;
}

static bool
pass_trips(struct sim_link *link, double trips, GError **error)
{
	int64_t us = (int64_t)(trips * (double)link->host->rtt_us);

	return sim_pass_time(link, MIN(us, ANSWER_MAX_US), error);
}

void
sim_visit_begin(struct sim_visit *visit, struct sim_link *link)
{
	visit->link = link;
	visit->events = g_array_new(FALSE, FALSE, sizeof(struct conn_event));
	pthread_mutex_lock(&link->host->lock);
	visit->now_us = clock_now_us();
	sim_life_advance(link->host, visit->now_us, visit->events);
	visit->link_epoch = link->host->link_epoch;
	visit->trouble = link->host->trouble;
}

/* What happened belongs to the connection that listens, whichever noticed it. Host's lock held. */
static void
hand_on(struct sim_visit *visit)
{
	GArray *unheard = visit->link->host->unheard;

	if (unheard->len > UNHEARD_MAX)
		g_array_set_size(unheard, 0);
	g_array_append_vals(unheard, visit->events->data, visit->events->len);
	g_array_set_size(visit->events, 0);
	if (!visit->link->listener.event)
		return;
	g_array_append_vals(visit->events, unheard->data, unheard->len);
	g_array_set_size(unheard, 0);
}

void
sim_visit_end(struct sim_visit *visit)
{
	struct sim_link *link = visit->link;
	struct sim_vm leaving;
	int to;
	bool leaves = sim_move_take(link->host, &leaving, &to);

	hand_on(visit);
	pthread_mutex_unlock(&link->host->lock);
	if (leaves)
		sim_move_deliver(link->host, &leaving, to);
	for (guint i = 0; i < visit->events->len; i++)
		link->listener.event(link->listener.ctx, &g_array_index(visit->events, struct conn_event, i));
	g_array_free(visit->events, TRUE);
}

static enum sim_trouble
look(struct sim_link *link, unsigned *link_epoch)
{
	struct sim_visit visit;

	sim_visit_begin(&visit, link);
	sim_visit_end(&visit);
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
	if (!sim_pass_time(link, obstacle->after_us, error))
		return false;
	report(link, step, false, begun_us, obstacle->text);
	return sim_fail(error, obstacle->code, obstacle->text);
}

bool
sim_open(struct conn *conn, GError **error)
{
	struct sim_link *link = sim_link_of(conn);
	enum sim_trouble trouble = look(link, &link->link_epoch);
	const struct obstacle *obstacle = obstacles[trouble].text ? &obstacles[trouble] : NULL;

	for (enum conn_step step = 0; step < CONN_STEP_COUNT; step++) {
		if (!take_step(link, step, obstacle, error))
			return false;
	}
	link->opened = true;
	return true;
}

/* ---- asking ---- */

bool
sim_ask_host(struct sim_link *link, double trips, GError **error)
{
	unsigned link_epoch;
	enum sim_trouble trouble = look(link, &link_epoch);

	if (!link->opened)
		return sim_fail(error, FLEET_ERROR_GONE, "not connected");
	if (!pass_trips(link, trips, error))
		return false;
	if (trouble == SIM_SLOW &&
		!sim_pass_time(link, SECOND_US * (3 + (int64_t)(link->host->bits % 6)), error))
		return false;
	if (trouble == SIM_HUNG && !sim_pass_time(link, obstacles[SIM_HUNG].after_us, error))
		return false;
	if (link_epoch == link->link_epoch)
		return true;
	if (trouble == SIM_UNREACHABLE) {
		if (!sim_pass_time(link, KEEPALIVE_US, error))
			return false;
		return sim_fail(error, FLEET_ERROR_GONE, "connection closed due to keepalive timeout");
	}
	return sim_fail(error, FLEET_ERROR_GONE, "End of file while reading data: Input/output error");
}
