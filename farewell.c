#include "farewell.h"

#include "fleet/clock.h"
#include "tui/cell.h"
#include "views/jobs.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Short acts under way get so long to end. */
#define PATIENCE_S 15
/* Then they are cut, and get so long to say what is known of them. */
#define CUT_S 2

struct parting {
	const struct farewell_opts *opts;
	int signals;    /* signalfd */
	bool impatient; /* short acts are not waited for */
	int64_t end_us; /* nor after this */
};

/* ---- words ---- */

static void
say_what_is_left(const struct parting *parting)
{
	const struct farewell_opts *opts = parting->opts;
	unsigned moves = console_left(opts->console, true), acts = console_left(opts->console, false) - moves;

	if (moves)
		fprintf(stderr,
			"virt-fleet: waiting for %u guest%s on the move%s. Ctrl-C aborts %s; this terminal "
			"may be "
			"closed, %s on without it.\n",
			moves, moves == 1 ? "" : "s", acts ? " and for other acts" : "",
			moves == 1 ? "it" : "them", moves == 1 ? "it goes" : "they go");
	else if (acts)
		fprintf(stderr,
			"virt-fleet: waiting up to %d s for %u act%s under way. Ctrl-C: do not wait.\n",
			PATIENCE_S, acts, acts == 1 ? "" : "s");
}

static void
say_how_it_ended(const struct job *job)
{
	g_autofree char *vm = text_harmless(job->vm_name ? job->vm_name : "-");
	g_autofree char *more = text_harmless(job->error ? job->error : job->remark ? job->remark : "");

	fprintf(stderr, "virt-fleet: %s %s: %s%s%s\n", job->verb, vm, job_state_name(job->state),
		*more ? ": " : "", more);
}

/* ---- signals ---- */

/* What hung up is not written to, so that nobody else's terminal, which may get its number, is. */
static void
let_go_of_dead_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++) {
		struct pollfd look = { .fd = fd };

		if (poll(&look, 1, 0) > 0 && look.revents & (POLLHUP | POLLERR | POLLNVAL))
			dup2(null, fd);
	}
	if (null > STDERR_FILENO)
		close(null);
}

static void
give_up(struct parting *parting)
{
	const struct farewell_opts *opts = parting->opts;

	parting->impatient = true;
	if (console_left(opts->console, true) > 0)
		fprintf(stderr, "virt-fleet: aborting moves; waiting until they have ended.\n");
	console_abort(opts->console);
}

static void
read_signals(struct parting *parting)
{
	struct signalfd_siginfo info;

	while (read(parting->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			let_go_of_dead_terminal();
		else
			give_up(parting);
	}
}

/* A process that is stopped is a link that is lost, and a move with it. */
static int
watch_signals(void)
{
	sigset_t set;

	signal(SIGTSTP, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGHUP);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* ---- waiting ---- */

static void
take_jobs(struct parting *parting)
{
	const struct farewell_opts *opts = parting->opts;
	struct message message;

	mailbox_take_mark(opts->mailbox);
	while (mailbox_pop(opts->mailbox, &message)) {
		struct job *job = message.data;

		if (job_is_act(job) && job->state != JOB_WAITING)
			say_how_it_ended(job);
		opts->done(opts->ctx, job);
	}
	console_close(opts->console, clock_now_us());
}

/* How long to wait for the next job, -1: as long as it takes, 0: no more. */
static int
patience_ms(const struct parting *parting)
{
	const struct farewell_opts *opts = parting->opts;
	int64_t left_us = parting->end_us - clock_now_us();

	if (console_left(opts->console, true) > 0)
		return -1;
	if (console_left(opts->console, false) == 0 || parting->impatient || left_us <= 0)
		return 0;
	return (int)(left_us / 1000) + 1;
}

static void
wait_for_jobs(struct parting *parting)
{
	struct pollfd wait[] = { { .fd = mailbox_fd(parting->opts->mailbox), .events = POLLIN },
		{ .fd = parting->signals, .events = POLLIN } };
	int timeout_ms;

	while ((timeout_ms = patience_ms(parting)) != 0) {
		poll(wait, G_N_ELEMENTS(wait), timeout_ms);
		read_signals(parting);
		take_jobs(parting);
	}
}

static void
cut_what_is_left(struct parting *parting)
{
	if (console_left(parting->opts->console, false) == 0)
		return;
	fleet_stop(parting->opts->fleet);
	parting->impatient = false;
	parting->end_us = clock_now_us() + CUT_S * INT64_C(1000000);
	wait_for_jobs(parting);
}

void
farewell(const struct farewell_opts *opts)
{
	struct parting parting = { .opts = opts,
		.signals = watch_signals(),
		.end_us = clock_now_us() + PATIENCE_S * INT64_C(1000000) };

	let_go_of_dead_terminal();
	console_close(opts->console, clock_now_us());
	if (opts->abort_moves)
		give_up(&parting);
	else
		say_what_is_left(&parting);
	wait_for_jobs(&parting);
	cut_what_is_left(&parting);
	close(parting.signals);
}
