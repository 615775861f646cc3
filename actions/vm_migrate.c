/* Migrate: a guest goes to another host, running or off. */
#include "actions/verbs.h"

#include "actions/aim.h"
#include "actions/eye.h"
#include "actions/fate.h"
#include "actions/look.h"
#include "actions/migration.h"
#include "fleet/error.h"
#include "fleet/hands.h"

#include <string.h>

#define CALL_US INT64_C(15000000) /* of a short call */
#define SETTLE_US \
	INT64_C(30000000) /* the daemons get so long to clear away what is left of a move that failed */
#define LOOK_US 1000000

/* ---- before it begins ---- */

bool
migrate_possible(const struct vm *vm, const char **why_not)
{
	if (vm->host->facts && !vm->host->facts->moves)
		*why_not = "its host's driver migrates nothing";
	else if (vm->state == VM_STATE_CRASHED)
		*why_not = "crashed";
	else
		return true;
	return false;
}

bool
migrate_check(char *const *params, GError **error)
{
	struct move_opts opts;

	return migration_opts(params, &opts, error);
}

/* ---- the job ---- */

struct migration {
	struct job *job;
	struct conn *source, *target, *eye; /* NULL: lost, or not made */
	struct move_opts opts;
	enum side goal; /* what the guest is, and is to be */
	char *caution;  /* what the target said and was not heeded; NULL: nothing */
};

static void
say(const struct migration *m, const char *phase)
{
	struct job_progress progress;

	job_gauge_get(m->job->gauge, &progress);
	progress.phase = phase;
	job_gauge_set(m->job->gauge, &progress);
	hand_progress(m->job->hand);
}

static bool
fail(GError **error, enum fleet_error code, char *text)
{
	g_set_error_literal(error, FLEET_ERROR, (gint)code, text);
	g_free(text);
	return false;
}

static bool
ask(const struct migration *m, struct conn *conn, struct whereabouts *out, GError **error)
{
	bool ok;

	hand_begin(m->job->hand, conn, CALL_US);
	ok = conn->ops->whereabouts(conn, m->job->target.uuid, out, error);
	hand_end(m->job->hand, conn);
	return ok;
}

static bool
connect_all(struct migration *m, GError **error)
{
	m->target = hand_connect(m->job->hand, m->job->dest, error);
	if (!m->target) {
		g_prefix_error(error, "%s: ", m->job->dest_name);
		return false;
	}
	/* one that is not to be had now is tried again while the guest moves */
	m->eye = hand_connect(m->job->hand, m->job->target.host, NULL);
	return true;
}

/* Nothing has been touched yet: what fails here is no unknown outcome, even when it is a link. */
static bool
get_ready(struct migration *m, GError **error)
{
	struct whereabouts here, there;
	g_autoptr(GError) why = NULL;

	if (!m->source->ops->move)
		return fail(error, FLEET_ERROR_UNSUPPORTED, g_strdup("this connection migrates nothing"));
	say(m, "connecting");
	if (!connect_all(m, &why) || !ask(m, m->source, &here, &why) || !ask(m, m->target, &there, &why))
		return fail(error, FLEET_ERROR_FAILED, g_strdup_printf("not begun: %s", why->message));
	m->goal = side_of_whereabouts(&here);
	if (there.defined)
		return fail(error, FLEET_ERROR_STATE,
			g_strdup_printf("%s has a guest of this UUID already: remove it there first",
				m->job->dest_name));
	if (m->goal == SIDE_ABSENT)
		return fail(error, FLEET_ERROR_NO_DOMAIN,
			g_strdup_printf("it is not on %s any more", m->job->host_name));
	if ((m->goal == SIDE_OFF) != ((m->opts.wants & MOVE_BIT(OFFLINE)) != 0))
		return fail(error, FLEET_ERROR_STATE,
			g_strdup(m->goal == SIDE_OFF ? "it does not run: say offline to move its definition"
						     : "it runs: only without offline it can go"));
	return true;
}

/* A host that shares pages or takes memory back from its guests has more to give than is free now. */
static bool
is_memory(const struct take_finding *finding)
{
	return strcmp(finding->what, "memory") == 0;
}

/* All that FOUND says against it, about MEMORY or about all else, in one line; NULL: nothing does. Caller frees. */
static char *
words_against(const GArray *found, bool copied, bool memory)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < found->len; i++) {
		const struct take_finding *finding = &g_array_index(found, struct take_finding, i);

		if (finding->blocks && is_memory(finding) == memory && take_finding_counts(finding, copied))
			g_string_append_printf(text, "%s%s", text->len ? "; " : "", finding->why);
	}
	return text->len ? g_strdup(text->str) : NULL;
}

/* What libvirt would say late, after it has begun, or in words that help nobody. A definition alone needs nothing there. */
static bool
ask_target(struct migration *m, GError **error)
{
	g_autoptr(GArray) found = NULL;
	g_autoptr(GError) why = NULL;
	g_autofree char *words = NULL;
	bool copied = m->opts.wants & MOVE_BIT(COPY_ALL);

	if (m->goal == SIDE_OFF)
		return true;
	say(m, "asking the target");
	found = look_ask(m->job->hand, m->job->target.uuid, m->source, m->target, &why);
	/* one that can't say is tried */
	if (!found && fleet_error_is_link(why))
		return fail(error, FLEET_ERROR_FAILED, g_strdup_printf("not begun: %s", why->message));
	if (found) {
		words = words_against(found, copied, false);
		m->caution = words_against(found, copied, true);
	}
	return !words || fail(error, FLEET_ERROR_STATE,
				 g_strdup_printf("%s can't take it: %s", m->job->dest_name, words));
}

static bool
move(struct migration *m, GError **error)
{
	struct job *job = m->job;
	struct eye *eye = NULL;
	bool ok;

	say(m, "preparing");
	if (m->source->ops->move_progress)
		eye = eye_open(&(struct eye_opts){
			.job = job,
			.conn = m->eye,
			.wants = m->opts.wants,
			.stall_ms = migration_stall_ms(job->params),
		});
	ok = m->source->ops->move(m->source, job->target.uuid, m->target, &m->opts, error);
	eye_close(eye);
	return ok;
}

/* ---- after its end ---- */

/* Asks HOST by *CONN, or anew where that is lost. */
static enum side
ask_side(struct migration *m, struct conn **conn, uint32_t host)
{
	struct whereabouts where;

	for (unsigned i = 0; i < 2; i++) {
		if (*conn && ask(m, *conn, &where, NULL))
			return side_of_whereabouts(&where);
		*conn = hand_connect(m->job->hand, host, NULL);
	}
	return SIDE_UNKNOWN;
}

static struct fate
look(struct migration *m)
{
	enum side source = ask_side(m, &m->source, m->job->target.host);
	enum side target = ask_side(m, &m->target, m->job->dest);

	return fate_of(m->goal, source, target);
}

static struct fate
look_until_settled(struct migration *m)
{
	struct fate fate = look(m);

	for (int64_t waited_us = 0; fate.kind == FATE_MOVING && waited_us < SETTLE_US; waited_us += LOOK_US) {
		g_usleep(LOOK_US);
		fate = look(m);
	}
	return fate;
}

/* How long the guest stood still, as its new host knows. */
static void
remark_downtime(struct migration *m)
{
	struct job_progress progress = JOB_PROGRESS_UNKNOWN;
	bool ok;

	if (m->opts.wants & MOVE_BIT(OFFLINE))
		return;
	hand_begin(m->job->hand, m->target, CALL_US);
	ok = m->target->ops->move_progress(m->target, m->job->target.uuid, true, &progress, NULL);
	hand_end(m->job->hand, m->target);
	if (ok && progress.downtime_ms >= 0)
		m->job->remark = g_strdup_printf("downtime %" G_GINT64_FORMAT " ms", progress.downtime_ms);
}

/* What became of it, unless it could only stay; what to do; why. */
static char *
failure_text(const struct fate *fate, const char *where, const GError *failure)
{
	const char *why = failure->message, *advice = migration_advice(why);
	g_autoptr(GString) text = g_string_new(NULL);

	if (fate->kind != FATE_STAYED || fleet_error_is_link(failure))
		g_string_append_printf(text, "%s; ", where);
	if (advice)
		g_string_append_printf(text, "%s – ", advice);
	g_string_append(text, why);
	return g_strdup(text->str);
}

static bool
conclude(struct migration *m, const GError *failure, GError **error)
{
	struct fate fate = look_until_settled(m);
	g_autofree char *where = fate_text(&fate, m->job->host_name, m->job->dest_name);
	bool given_up = job_gauge_cancelled(m->job->gauge);

	if (fate.kind == FATE_ARRIVED) {
		if (failure)
			m->job->remark =
				g_strdup_printf("%s, whatever was said: %s", where, failure->message);
		else
			remark_downtime(m);
		return true;
	}
	if (fate.kind == FATE_STAYED && given_up && failure)
		return fail(error, FLEET_ERROR_CANCELLED, g_strdup_printf("given up; it %s", where));
	/* the hosts may still bring one that is between them to an end: that is no failure yet, and is looked after */
	return fail(error,
		fate.kind == FATE_UNKNOWN || fate.kind == FATE_MOVING ? FLEET_ERROR_GONE : FLEET_ERROR_FAILED,
		failure ? failure_text(&fate, where, failure) : g_strdup(where));
}

static bool
carry_out(struct migration *m, GError **error)
{
	g_autoptr(GError) failure = NULL;

	if (!get_ready(m, error) || !ask_target(m, error))
		return false;
	if (job_gauge_cancelled(m->job->gauge))
		return fail(error, FLEET_ERROR_CANCELLED, g_strdup("given up before it began"));
	move(m, &failure);
	say(m, "checking");
	return conclude(m, failure, error);
}

static void
remark_caution(const struct migration *m)
{
	g_autofree char *said = g_steal_pointer(&m->job->remark);

	m->job->remark = g_strdup_printf(
		"%s%s%s said: memory: %s", said ? said : "", said ? "; " : "", m->job->dest_name, m->caution);
}

bool
migrate_run(struct job *job, struct conn *conn, GError **error)
{
	struct migration m = { .job = job, .source = conn };
	bool ok = migration_opts(job->params, &m.opts, error) && carry_out(&m, error);

	if (m.caution)
		remark_caution(&m);
	g_free(m.caution);
	return ok;
}

/* ---- the verb ---- */

static const char *const copy_words[] = { "all", "inc", NULL };

/* clang-format off: a line each is how a table is read. */
const struct action_arg migrate_args[] = {
	{ .name = "to", .help = "the host it goes to", .kind = ARG_HOST, .bare = true, .needed = true },
	{ .name = "offline", .help = "move the definition of a guest that is off", .kind = ARG_FLAG },
	{ .name = "copy",
		.help = "copy its storage, too: all, or what a base that is there lacks",
		.kind = ARG_WORD,
		.words = copy_words },
	{ .name = "autoconverge", .help = "slow the guest down until it fits", .kind = ARG_FLAG },
	{ .name = "postcopy", .help = "run there as soon as memory was copied once", .kind = ARG_FLAG },
	{ .name = "compress", .help = "compress memory on its way", .kind = ARG_FLAG },
	{ .name = "bandwidth",
		.help = "copy at most so much, from 1M/s on",
		.kind = ARG_NUMBER,
		.unit = UNIT_BYTES_S,
		.min = 1 << 20,
		.max = 1e12 },
	{ .name = "downtime",
		.help = "how long it may stand still, 1ms to 1m",
		.kind = ARG_NUMBER,
		.unit = UNIT_MS,
		.min = 1,
		.max = 60000 },
	{ .name = "parallel",
		.help = "so many connections for memory, 2 to 255",
		.kind = ARG_NUMBER,
		.unit = UNIT_COUNT,
		.min = 2,
		.max = 255 },
	{ .name = "tls", .help = "encrypt what flows between the hosts", .kind = ARG_FLAG },
	{ .name = "unsafe", .help = "do it although libvirt calls it unsafe", .kind = ARG_FLAG },
	{ .name = "p2p",
		.help = "let the source's daemon do it, which logs in to the target's",
		.kind = ARG_FLAG },
	{ .name = "uri",
		.help = "where p2p finds the target's daemon; else by ssh as root",
		.kind = ARG_TEXT },
	{ .name = "stall",
		.help = "say when it gets no nearer its end for so long, 10s to 1d; else 30s",
		.kind = ARG_NUMBER,
		.unit = UNIT_SECONDS,
		.min = 10,
		.max = 86400 },
	{ 0 },
};
/* clang-format on */

const struct action vm_migrate_action = {
	.name = "migrate",
	.help = "Move the guest to another host while it runs",
	.key = "M",
	.verb = "Migrate",
	.doing = "migrating",
	.done = "migrated",
	.effect = "The guest goes on running; it stands still for a moment at the end of its way.",
	.needs = "a guest that runs; offline, one that is off",
	.target = TARGET_VM,
	.flags = ACTION_HURTS,
	.args = migrate_args,
	.act = VM_ACT_MIGRATE,
	.class = JOB_MOVE,
	.check = migrate_check,
	.possible = migrate_possible,
	.aim = aim_migrate,
	.run = migrate_run,
};
