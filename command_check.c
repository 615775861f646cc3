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

/* One host being checked. Its thread writes `report` and ends with `done`. */
struct check {
	struct app *app;
	uint32_t index;
	const char *name;
	pthread_t thread;
	struct conn *conn; /* constant while the thread runs */
	GString *report;   /* the check's thread only, until done */
	char *why;         /* it failed; the same */
	bool ok;

	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool done;           /* guarded by lock */
	int64_t deadline_us; /* guarded by lock */
};

static const char *const step_names[CONN_STEP_COUNT] = {
#define STEP_NAME(id, name) [CONN_STEP_##id] = name,
	CONN_STEPS(STEP_NAME)
#undef STEP_NAME
};

static void
check_deadline(struct check *check, int64_t ms)
{
	pthread_mutex_lock(&check->lock);
	check->deadline_us = clock_now_us() + ms * 1000;
	pthread_mutex_unlock(&check->lock);
}

static void
check_line(struct check *check, const char *name, bool ok, int64_t took_us, const char *text)
{
	g_autofree char *harmless = text_harmless(text ? text : "");

	g_string_append_printf(check->report, "  %-4s %-12s %7.1f ms  %s\n", ok ? "ok" : "FAIL", name,
		(double)took_us / 1000, harmless);
}

static void
check_step(void *ctx, enum conn_step step, bool ok, int64_t took_us, const char *text)
{
	struct check *check = ctx;

	check_line(check, step_names[step], ok, took_us, text);
	/* past the login there is no gate to wait at: from here on a step has the time that the config gives it */
	if (step == CONN_STEP_LOGIN && ok)
		check_deadline(check, check->app->opts.config->call_timeout_ms);
}

static void
check_event(void *ctx, const struct conn_event *event)
{
	(void)ctx;
	(void)event;
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
	if (ok) {
		g_autofree char *text = g_strdup_printf("%u guests", sample.vms->len);

		check_line(check, "list", true, clock_now_us() - began, text);
	}
	host_sample_done(&sample);
	return ok;
}

static void *
check_main(void *arg)
{
	struct check *check = arg;
	g_autoptr(GError) error = NULL;

	check->ok = check->conn->ops->open(check->conn, &error) && check_list(check, &error);
	if (!check->ok) {
		g_autofree char *line = NULL;

		check->why = text_harmless(error->message);
		line = g_strdup_printf("  %s\n", check->why);
		if (!g_str_has_suffix(check->report->str, line)) /* the step that failed said so already */
			g_string_append(check->report, line);
	}
	pthread_mutex_lock(&check->lock);
	check->done = true;
	pthread_cond_signal(&check->cond);
	pthread_mutex_unlock(&check->lock);
	return NULL;
}

static void
check_start(struct check *check, struct app *app, uint32_t index)
{
	struct conn_listener listener = { .ctx = check, .event = check_event, .step = check_step };
	const struct config_host *host = g_ptr_array_index(app->opts.config->hosts, index);
	bool direct = host->spec->transport ==
		      TRANSPORT_DIRECT; /* no gate and no tunnel: opening is a single step */
	pthread_condattr_t attr;
	int failed;

	*check = (struct check){
		.app = app, .index = index, .name = host->name, .report = g_string_new(NULL)
	};
	pthread_mutex_init(&check->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&check->cond, &attr);
	pthread_condattr_destroy(&attr);
	check_deadline(check, direct ? app->opts.config->call_timeout_ms : CHECK_LIMIT_MS);
	check->conn = app->factory.make(app->factory.ctx, index, CONN_PURPOSE_POLL, &listener);
	failed = pthread_create(&check->thread, NULL, check_main, check);
	g_assert(!failed);
}

/* Waits for the check's end and cuts it when its time is over. */
static void
check_wait(struct check *check)
{
	bool cut = false;

	pthread_mutex_lock(&check->lock);
	while (!check->done) {
		int64_t due = check->deadline_us;
		struct timespec until = { .tv_sec = due / 1000000, .tv_nsec = due % 1000000 * 1000 };

		if (!cut && clock_now_us() >= due) {
			cut = true;
			pthread_mutex_unlock(&check->lock);
			check->conn->ops->cancel(check->conn);
			pthread_mutex_lock(&check->lock);
		} else if (cut) {
			pthread_cond_wait(&check->cond, &check->lock);
		} else {
			pthread_cond_timedwait(&check->cond, &check->lock, &until);
		}
	}
	pthread_mutex_unlock(&check->lock);
	if (cut)
		g_string_append(check->report, "  no answer in time: the connection was cut\n");
	pthread_join(check->thread, NULL);
	check->conn->ops->free(check->conn);
}

static void
check_print(const struct check *check)
{
	g_autofree char *name = text_harmless(check->name);

	printf("%s: %s\n%s", name, check->ok ? "ok" : "FAILED", check->report->str);
	fflush(stdout);
	if (!check->ok)
		fprintf(stderr, "virt-fleet: %s: %s\n", name, check->why);
}

int
command_check(const struct command_env *env)
{
	g_autoptr(GError) error = NULL;
	g_autofree struct check *checks = g_new0(struct check, env->config->hosts->len);
	struct app app;
	bool all_ok = true;

	if (!app_init(&app,
		    &(struct app_opts){
			    .config = env->config,
			    .ssh_config = env->options->ssh_config,
			    .readonly = env->options->readonly,
		    },
		    &error)) {
		fprintf(stderr, "virt-fleet: %s\n", error->message);
		return EXIT_FAILURE;
	}
	for (guint i = 0; i < env->config->hosts->len; i++)
		check_start(&checks[i], &app, i);
	for (guint i = 0; i < env->config->hosts->len; i++) {
		struct check *check = &checks[i];

		check_wait(check);
		check_print(check);
		all_ok = all_ok && check->ok;
		g_string_free(check->report, TRUE);
		g_free(check->why);
		pthread_cond_destroy(&check->cond);
		pthread_mutex_destroy(&check->lock);
	}
	if (!app_done(&app))
		_exit(EXIT_FAILURE);
	return all_ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
