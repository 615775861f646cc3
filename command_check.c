/*
 * check: connects to each host step by step and says how far it came, how long each step took, and what fails.
 */
#include "commands.h"

#include "fleet/clock.h"
#include "fleet/error.h"
#include "tui/cell.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Waiting for a turn at the connect gate counts here, so that the limit is a wide one. */
#define CHECK_LIMIT_MS (5 * 60 * 1000)
/* How long a check may take to end that was cut: libvirt can't be made to give up opening each kind of URI. */
#define CUT_LIMIT_MS 3000

/* All checks: they run at the same time, and each is told of as soon as it has ended. */
struct checks {
	struct app app;
	struct check *all;
	guint n;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool changed; /* a check has ended or got more or less time; guarded by lock */
};

/* How far one check is. */
enum check_phase {
	CHECK_RUNS,
	CHECK_IS_CUT,
	CHECK_ENDED,
	CHECK_TOLD,     /* on stdout; its thread has ended */
	CHECK_GIVEN_UP, /* on stdout; its thread still hangs */
};

/* One host being checked by a thread of its own. */
struct check {
	struct checks *checks;
	const char *name;
	pthread_t thread;
	struct conn *conn; /* constant while the thread runs */

	/* guarded by checks->lock */
	enum check_phase phase;
	GString *report;
	char *why; /* it failed; NULL: not yet */
	bool ok;
	int64_t limit_ms;    /* of the step under way */
	int64_t deadline_us; /* when that ends */
};

static const char *const step_names[CONN_STEP_COUNT] = {
#define STEP_NAME(id, name) [CONN_STEP_##id] = name,
	CONN_STEPS(STEP_NAME)
#undef STEP_NAME
};

/* Lock held. */
static void
checks_wake(struct checks *checks)
{
	checks->changed = true;
	pthread_cond_signal(&checks->cond);
}

/* The step that begins now has so long. Lock held. */
static void
check_set_limit(struct check *check, int64_t ms)
{
	check->limit_ms = ms;
	check->deadline_us = clock_now_us() + ms * 1000;
	checks_wake(check->checks);
}

static char *
check_no_answer(const struct check *check)
{
	return g_strdup_printf(
		"no answer within %g s: the connection was cut", (double)check->limit_ms / 1000);
}

/* Lock held. */
static void
check_line(struct check *check, const char *name, bool ok, int64_t took_us, const char *text)
{
	g_autofree char *cut = !ok && check->phase == CHECK_IS_CUT ? check_no_answer(check) : NULL;
	g_autofree char *harmless = text_harmless(cut ? cut : text ? text : "");

	g_string_append_printf(check->report, "  %-4s %-12s %7.1f ms  %s\n", ok ? "ok" : "FAIL", name,
		(double)took_us / 1000, harmless);
}

static void
check_step(void *ctx, enum conn_step step, bool ok, int64_t took_us, const char *text)
{
	struct check *check = ctx;
	struct checks *checks = check->checks;

	pthread_mutex_lock(&checks->lock);
	check_line(check, step_names[step], ok, took_us, text);
	/* past the login there is no gate to wait at: from here on a step has the time that the config gives it */
	if (step >= CONN_STEP_LOGIN && ok && check->phase == CHECK_RUNS)
		check_set_limit(check, checks->app.opts.config->call_timeout_ms);
	pthread_mutex_unlock(&checks->lock);
}

static void
check_event(void *ctx, const struct conn_event *event)
{
	(void)ctx;
	(void)event;
}

static bool
check_is_cut(struct check *check)
{
	bool cut;

	pthread_mutex_lock(&check->checks->lock);
	cut = check->phase == CHECK_IS_CUT;
	pthread_mutex_unlock(&check->checks->lock);
	return cut;
}

/* What only a working connection shows: how many guests there are. */
static bool
check_list(struct check *check, GError **error)
{
	struct sample_opts opts = { .depth = SAMPLE_LIST };
	struct host_sample sample;
	int64_t began = clock_now_us();
	bool ok;

	host_sample_init(&sample);
	ok = check->conn->ops->sample(check->conn, &opts, &sample, error);
	if (ok || check_is_cut(check)) {
		g_autofree char *text = g_strdup_printf("%u guests", sample.vms->len);

		pthread_mutex_lock(&check->checks->lock);
		check_line(check, "list", ok, clock_now_us() - began, text);
		pthread_mutex_unlock(&check->checks->lock);
	}
	host_sample_done(&sample);
	return ok;
}

/* Lock held. */
static void
check_failed(struct check *check, const char *message)
{
	g_autofree char *line = NULL;

	check->why = check->phase == CHECK_RUNS ? text_harmless(message) : check_no_answer(check);
	line = g_strdup_printf("  %s\n", check->why);
	if (!g_str_has_suffix(check->report->str, line)) /* the step that failed said so already */
		g_string_append(check->report, line);
}

static void *
check_main(void *arg)
{
	struct check *check = arg;
	struct checks *checks = check->checks;
	g_autoptr(GError) error = NULL;
	bool ok = check->conn->ops->open(check->conn, &error) && check_list(check, &error);

	pthread_mutex_lock(&checks->lock);
	if (check->phase != CHECK_GIVEN_UP) {
		check->ok = ok;
		if (!ok)
			check_failed(check, error->message);
		check->phase = CHECK_ENDED;
	}
	checks_wake(checks);
	pthread_mutex_unlock(&checks->lock);
	return NULL;
}

static void
check_start(struct checks *checks, uint32_t index)
{
	struct check *check = &checks->all[index];
	const struct conn_factory *factory = &checks->app.factory;
	const struct config *config = checks->app.opts.config;
	struct conn_listener listener = { .ctx = check, .event = check_event, .step = check_step };
	const struct config_host *host = g_ptr_array_index(config->hosts, index);
	bool direct = host->spec->transport ==
		      TRANSPORT_DIRECT; /* no gate and no tunnel: opening is a single step */
	int failed;

	*check = (struct check){ .checks = checks, .name = host->name, .report = g_string_new(NULL) };
	check->conn = factory->make(factory->ctx, index, CONN_PURPOSE_POLL, &listener);
	pthread_mutex_lock(&checks->lock);
	check_set_limit(check, direct ? config->call_timeout_ms : CHECK_LIMIT_MS);
	pthread_mutex_unlock(&checks->lock);
	failed = pthread_create(&check->thread, NULL, check_main, check);
	g_assert(!failed);
}

/* ---- the results, as they come ---- */

/* Lock held. */
static void
check_print(const struct check *check)
{
	g_autofree char *name = text_harmless(check->name);

	printf("%s: %s\n%s", name, check->ok ? "ok" : "FAILED", check->report->str);
	fflush(stdout);
	if (!check->ok)
		fprintf(stderr, "virt-fleet: %s: %s\n", name, check->why);
}

/* What is to be done now for CHECK. Lock held, but let go of in between. True: it was told of before or is now. */
static bool
check_attend(struct check *check)
{
	struct checks *checks = check->checks;
	bool late = clock_now_us() >= check->deadline_us;

	if (check->phase == CHECK_RUNS && late) {
		check->phase = CHECK_IS_CUT;
		check->deadline_us = clock_now_us() + CUT_LIMIT_MS * 1000;
		pthread_mutex_unlock(&checks->lock);
		check->conn->ops->cancel(check->conn);
		pthread_mutex_lock(&checks->lock);
	} else if (check->phase == CHECK_IS_CUT && late) {
		check_failed(check, NULL);
		check_print(check);
		check->phase = CHECK_GIVEN_UP;
	}
	if (check->phase == CHECK_ENDED) {
		check_print(check);
		check->phase = CHECK_TOLD;
	}
	return check->phase >= CHECK_TOLD;
}

/* Waits until all have ended, of whom it tells in the order in which they do. */
static void
checks_wait(struct checks *checks)
{
	pthread_mutex_lock(&checks->lock);
	for (;;) {
		int64_t due = INT64_MAX;
		struct timespec until;
		guint told = 0;

		checks->changed = false;
		for (guint i = 0; i < checks->n; i++) {
			bool is_told = check_attend(&checks->all[i]);

			told += is_told;
			if (!is_told)
				due = MIN(due, checks->all[i].deadline_us);
		}
		if (told == checks->n)
			break;
		until = (struct timespec){ .tv_sec = due / 1000000, .tv_nsec = due % 1000000 * 1000 };
		if (!checks->changed) /* which it may be while one is cut */
			pthread_cond_timedwait(&checks->cond, &checks->lock, &until);
	}
	pthread_mutex_unlock(&checks->lock);
}

/* False: it still hangs, and nothing that it uses may go. */
static bool
check_end(struct check *check)
{
	if (check->phase == CHECK_GIVEN_UP)
		return false;
	pthread_join(check->thread, NULL);
	check->conn->ops->free(check->conn);
	g_string_free(check->report, TRUE);
	g_free(check->why);
	return true;
}

static void
checks_init(struct checks *checks)
{
	pthread_condattr_t attr;

	checks->n = checks->app.opts.config->hosts->len;
	checks->all = g_new0(struct check, checks->n);
	pthread_mutex_init(&checks->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&checks->cond, &attr);
	pthread_condattr_destroy(&attr);
}

/* True when each host is well. */
static bool
checks_run(struct checks *checks)
{
	bool all_ok = true, all_ended = true;

	for (guint i = 0; i < checks->n; i++)
		check_start(checks, i);
	checks_wait(checks);
	for (guint i = 0; i < checks->n; i++) {
		all_ok = checks->all[i].ok && all_ok;
		all_ended = check_end(&checks->all[i]) && all_ended;
	}
	if (!all_ended)
		_exit(EXIT_FAILURE);
	return all_ok;
}

int
command_check(const struct command_env *env)
{
	g_autoptr(GError) error = NULL;
	struct checks checks = { 0 };
	bool all_ok;

	if (!app_init(&checks.app,
		    &(struct app_opts){
			    .config = env->config,
			    .ssh_config = env->options->ssh_config,
			    .readonly = env->options->readonly,
		    },
		    &error)) {
		fprintf(stderr, "virt-fleet: %s\n", error->message);
		return EXIT_FAILURE;
	}
	checks_init(&checks);
	all_ok = checks_run(&checks);
	pthread_cond_destroy(&checks.cond);
	pthread_mutex_destroy(&checks.lock);
	g_free(checks.all);
	if (!app_done(&checks.app))
		_exit(EXIT_FAILURE);
	return all_ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
