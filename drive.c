#include "drive.h"

#include "actions/queue.h"
#include "fleet/clock.h"
#include "tui/cell.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define LOOK_MS   1000 /* at what jobs wait for, though nothing has changed */
#define ERASE_EOL "\033[K"

struct driving {
	const struct drive_opts *opts;
	const struct plan *plan;
	struct queue *queue;
	struct results *results;
	unsigned total, done, failed;
	unsigned stops;      /* signals so far */
	bool tty;            /* stderr: one line is written anew */
	GHashTable *stalled; /* serials of what was said to stall */
};

/* ---- what is said ---- */

/* The line of progress makes way for MESSAGE. */
static void
say(const struct driving *driving, const char *message)
{
	fprintf(stderr, "%svirt-fleet: %s\n", driving->tty ? "\r" ERASE_EOL : "", message);
}

static void
say_ended(const struct driving *driving, const struct job *job)
{
	static const char *const words[] = {
		[JOB_FAILED] = "failed", [JOB_CANCELLED] = "cancelled", [JOB_UNKNOWN] = "outcome unknown"
	};
	double took_s = job->started_us ? (double)(job->ended_us - job->started_us) / 1e6 : 0;
	g_autofree char *text = NULL, *harmless = NULL;

	if (job->state == JOB_DONE && driving->tty)
		return;
	if (job->state == JOB_DONE)
		text = g_strdup_printf("%s: %s: %s (%.1fs)", job->host_name, job->vm_name, job->done, took_s);
	else
		text = g_strdup_printf("%s: %s: %s %s%s%s", job->host_name, job->vm_name, job->verb,
			job->state < G_N_ELEMENTS(words) && words[job->state] ? words[job->state] : "ended",
			job->error ? ": " : "", job->error ? job->error : "");
	harmless = text_harmless(text);
	say(driving, harmless);
}

/* Once as it stalls and once as it goes on. */
static void
say_stall(const struct driving *driving, const struct queue_entry *entry)
{
	gpointer serial = GSIZE_TO_POINTER(entry->serial);
	g_autofree char *stall = NULL, *text = NULL, *harmless = NULL;
	struct job_progress progress = JOB_PROGRESS_UNKNOWN;

	if (entry->state == JOB_RUNNING)
		job_gauge_get(entry->gauge, &progress);
	stall = job_stall_text(&progress);
	if (!stall == !g_hash_table_contains(driving->stalled, serial))
		return;
	if (stall)
		g_hash_table_add(driving->stalled, serial);
	else
		g_hash_table_remove(driving->stalled, serial);
	if (entry->state != JOB_RUNNING) /* its end is said */
		return;
	text = g_strdup_printf("%s: %s: %s", entry->host_name, entry->vm_name, stall ? stall : "goes on");
	harmless = text_harmless(text);
	say(driving, harmless);
}

static void
say_stalls(const struct driving *driving)
{
	const GPtrArray *entries = queue_entries(driving->queue);

	if (driving->plan->action->class != JOB_MOVE)
		return;
	for (guint i = 0; i < entries->len; i++)
		say_stall(driving, entries->pdata[i]);
}

static void
show_progress(const struct driving *driving)
{
	unsigned queued = queue_count(driving->queue, JOB_QUEUED);
	unsigned left = queue_pending(driving->queue);

	if (!driving->tty)
		return;
	fprintf(stderr, "\r%s: %u of %u", driving->plan->action->doing, driving->done + driving->failed,
		driving->total);
	if (left > queued)
		fprintf(stderr, ", %u under way", left - queued);
	if (g_hash_table_size(driving->stalled))
		fprintf(stderr, ", %u stalled", g_hash_table_size(driving->stalled));
	if (driving->failed)
		fprintf(stderr, ", %u failed", driving->failed);
	fputs(ERASE_EOL, stderr);
	fflush(stderr);
}

/* ---- what the queue calls ---- */

static void
submit(void *ctx, struct job *job)
{
	struct driving *driving = ctx;

	fleet_submit(driving->opts->app->fleet, job);
}

static void
settle_job(void *ctx, struct job *job)
{
	struct driving *driving = ctx;

	fleet_settle(driving->opts->app->fleet, job);
}

static void
ended(void *ctx, const struct job *job)
{
	struct driving *driving = ctx;

	*(job->state == JOB_DONE ? &driving->done : &driving->failed) += 1;
	results_add_job(driving->results, job);
	say_ended(driving, job);
}

/* ---- signals ---- */

/* What has begun goes on: it is better off with an end that somebody sees. */
static void
cancel_queued(struct driving *driving)
{
	g_autoptr(GArray) serials = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	const GPtrArray *entries = queue_entries(driving->queue);

	for (guint i = 0; i < entries->len; i++) {
		const struct queue_entry *entry = entries->pdata[i];

		if (entry->state == JOB_QUEUED)
			g_array_append_val(serials, entry->serial);
	}
	for (guint i = 0; i < serials->len; i++)
		queue_cancel(driving->queue, g_array_index(serials, uint64_t, i), clock_now_us());
}

static void
stop(struct driving *driving, int number)
{
	if (number == SIGHUP && driving->stops)
		return; /* a terminal that goes away says so more than once */
	driving->stops++;
	if (driving->stops == 1) {
		cancel_queued(driving);
		say(driving,
			queue_pending(driving->queue)
				? "stopping: what has begun is waited for; once more gives up on that, too"
				: "stopped");
	} else {
		queue_cancel_batch(driving->queue, 0, clock_now_us());
		say(driving, "giving up: moves are aborted, and nobody waits for what takes its time");
	}
}

static void
read_signals(struct driving *driving)
{
	struct signalfd_siginfo info;

	while (read(driving->opts->stop_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		stop(driving, (int)info.ssi_signo);
}

/* ---- the loop ---- */

static void
look(struct driving *driving)
{
	const struct fleet_snap *snap = fleet_snapshot(driving->opts->app->fleet);

	queue_observe(driving->queue, snap, clock_now_us());
	fleet_snap_unref(snap);
}

static void
run_to_end(struct driving *driving)
{
	struct mailbox *mailbox = driving->opts->app->mailbox;
	struct pollfd wait[] = { { .fd = mailbox_fd(mailbox), .events = POLLIN },
		{ .fd = driving->opts->stop_fd, .events = POLLIN } };

	while (queue_pending(driving->queue)) {
		struct message message;

		say_stalls(driving);
		show_progress(driving);
		poll(wait, G_N_ELEMENTS(wait), LOOK_MS);
		read_signals(driving);
		mailbox_take_mark(mailbox);
		while (mailbox_pop(mailbox, &message))
			queue_done(driving->queue, message.data, clock_now_us());
		look(driving);
	}
	if (driving->tty)
		fputs("\r" ERASE_EOL, stderr);
}

static struct queue *
make_queue(struct driving *driving)
{
	const struct config *config = driving->opts->app->opts.config;
	unsigned parallel = driving->opts->parallel;

	return queue_new(&(struct queue_opts){
		.parallel = parallel ? parallel : (unsigned)config->jobs_parallel,
		.per_host = parallel ? MIN(parallel, (unsigned)config->jobs_per_host)
				     : (unsigned)config->jobs_per_host,
		.moves_out = (unsigned)config->moves_out,
		.moves_in = (unsigned)config->moves_in,
		.kept = (unsigned)config->jobs_kept,
		.await_ms = config->shutdown_wait_ms,
		.submit = submit,
		.settle = settle_job,
		.ended = ended,
		.ctx = driving,
	});
}

unsigned
drive(const struct drive_opts *opts, const struct plan *plan, struct results *results)
{
	struct driving driving = {
		.opts = opts,
		.plan = plan,
		.results = results,
		.total = plan->targets->len,
		.tty = isatty(STDERR_FILENO),
		.stalled = g_hash_table_new(NULL, NULL),
	};
	g_autoptr(GPtrArray) jobs = plan_jobs(plan, 0, clock_now_us(), opts->journal);

	if (plan->action->class == JOB_MOVE)
		signal(SIGTSTP,
			SIG_IGN); /* a process that is stopped loses its links, and with them a move */
	driving.queue = make_queue(&driving);
	queue_add(driving.queue, plan->action, jobs, false, clock_now_us());
	run_to_end(&driving);
	queue_free(driving.queue);
	g_hash_table_unref(driving.stalled);
	return driving.failed;
}
