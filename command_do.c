/*
 * do: one verb on all guests that a query means, for scripts. The way is the console's: the same plan, guard rails, queue and
 * journal; the question is asked on the terminal, or answered before by --yes.
 */
#include "commands.h"
#include "drive.h"
#include "settle.h"

#include "actions/aim.h"
#include "actions/journal.h"
#include "actions/registry.h"
#include "config/words.h"
#include "fleet/clock.h"
#include "tui/cell.h"
#include "views/pick.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define PARALLEL_MOST 1024
#define ANSWER_MOST   64 /* bytes */

struct doing {
	const struct command_env *env;
	const struct action *action;
	char **params;
	struct pick *pick;
	unsigned parallel; /* 0: as the config says */
	const char *format;
	struct snap_need need;
	int stop_fd;
	struct app app;
	struct journal *journal;
	struct plan *plan;
	unsigned missing; /* hosts that could not be asked */
};

/* ---- what is asked for ---- */

static bool
parse_parallel(const char *text, unsigned *parallel, GError **error)
{
	guint64 number = 0;

	*parallel = 0;
	if (!text)
		return true;
	if (!g_ascii_string_to_unsigned(text, 10, 1, PARALLEL_MOST, &number, NULL)) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
			"--parallel: '%s' is no such number; allowed: 1 to %d", text, PARALLEL_MOST);
		return false;
	}
	*parallel = (unsigned)number;
	return true;
}

static bool
parse_format(const char *text, const char **format, GError **error)
{
	g_autofree char *allowed = NULL;

	*format = text ? text : results_formats()[0];
	if (g_strv_contains(results_formats(), *format))
		return true;
	allowed = g_strjoinv(", ", (char **)(uintptr_t)results_formats());
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "--output: there is no '%s'; allowed are: %s",
		text, allowed);
	return false;
}

/* All guests are never meant by leaving something out. */
static bool
parse_where(struct doing *doing, GError **error)
{
	const char *where = doing->env->options->where;

	if (where && *where && strspn(where, " \t") < strlen(where)) {
		doing->pick = pick_new(doing->action->target, doing->env->config, where, error);
		return doing->pick != NULL;
	}
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
		"do %s: --where says to which %s; all of them are --where 'name=*'", doing->action->name,
		doing->action->target == TARGET_HOST ? "hosts" : "guests");
	return false;
}

static bool
parse(struct doing *doing, GError **error)
{
	const struct options *options = doing->env->options;

	doing->action = registry_find(options->readonly, options->verb);
	if (!doing->action) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
			"do %s is refused: with --readonly there are no verbs", options->verb);
		return false;
	}
	doing->params = action_params(doing->action, (const char *const *)options->arguments, error);
	return doing->params && parse_where(doing, error) &&
	       parse_parallel(options->parallel, &doing->parallel, error) &&
	       parse_format(options->format, &doing->format, error);
}

/* ---- the plan ---- */

static void
make_plan(struct doing *doing, const struct fleet_snap *snap)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));
	int64_t now_us = clock_now_us();

	command_read_maintenance(doing->env);
	pick_rows(doing->pick, snap, now_us, keys);
	doing->plan = plan_new(&(struct plan_opts){
		.action = doing->action,
		.params = doing->params,
		.snap = snap,
		.keys = keys,
		.guards = doing->env->guards,
		.now_us = now_us,
		.config = doing->env->config,
		.maintenance = doing->env->maintenance,
	});
}

static guint
count_denied(const struct plan *plan)
{
	guint denied = 0;

	for (guint i = 0; i < plan->refusals->len; i++) {
		const struct plan_refusal *refusal = plan->refusals->pdata[i];

		denied += refusal->denied ? refusal->guests->len : 0;
	}
	return denied;
}

static void
say_plan(const struct doing *doing)
{
	g_autofree char *title = plan_title(doing->plan), *text = plan_text(doing->plan);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autofree char *harmless = text_harmless(title);

	fprintf(stderr, "%s\n", harmless);
	for (size_t i = 0; lines[i]; i++) {
		g_autofree char *line = text_harmless(lines[i]);

		if (*line)
			fprintf(stderr, "  %s\n", line);
	}
	if (doing->missing)
		fprintf(stderr, "  Not looked at: %u host%s, see above\n", doing->missing,
			doing->missing == 1 ? "" : "s");
}

/* ---- the question ---- */

/* Reads a line of at most SIZE - 1 bytes; false when a signal or the end of input came first. */
static bool
read_answer(const struct doing *doing, char *line, size_t size)
{
	struct pollfd wait[] = { { .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = doing->stop_fd, .events = POLLIN } };
	ssize_t n;

	while (poll(wait, G_N_ELEMENTS(wait), -1) < 0)
		;
	if (wait[1].revents)
		return false;
	n = read(STDIN_FILENO, line, size - 1);
	if (n <= 0)
		return false;
	line[n] = '\0';
	g_strstrip(line);
	return true;
}

static bool
ask(const struct doing *doing)
{
	const struct plan *plan = doing->plan;
	bool counted = plan_types_count(plan, doing->env->config);
	g_autofree char *wanted = counted ? g_strdup_printf("%u", plan->targets->len) : g_strdup("yes");
	char line[ANSWER_MOST] = "";

	fprintf(stderr, "Type %s to confirm: ", wanted);
	fflush(stderr);
	if (!read_answer(doing, line, sizeof(line)))
		fputc('\n', stderr);
	if (strcmp(line, wanted) == 0)
		return true;
	fprintf(stderr, "virt-fleet: nothing is done\n");
	return false;
}

/* Why somebody has to say yes; NULL: nothing is at stake. */
static const char *
stake(const struct doing *doing)
{
	if (doing->missing)
		return "some hosts could not be asked, so that more guests may be meant";
	if (doing->plan->confirm)
		return doing->plan->confirm;
	if (doing->action->flags & ACTION_HURTS)
		return "this hurts guests";
	return plan_types_count(doing->plan, doing->env->config) ? "this is about many guests" : NULL;
}

/* With a terminal the operator is asked whenever it is about more than one guest, too, as on the screen. */
static bool
confirmed(const struct doing *doing)
{
	const char *why = stake(doing);

	if (doing->env->options->yes)
		return true;
	if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO))
		return (!why && doing->plan->targets->len == 1 && !(doing->action->flags & ACTION_ASKS)) ||
		       ask(doing);
	if (why)
		fprintf(stderr,
			"virt-fleet: nothing is done: %s, and nobody can be asked here; --yes says yes\n",
			why);
	return !why;
}

/* ---- the act ---- */

static void
print_results(const struct doing *doing, struct results *results, bool planned)
{
	results_add_plan(results, doing->plan, planned);
	results_print(results, doing->format, stdout);
	results_free(results);
}

/* Nobody's guests need no journal. */
static void
open_journal(struct doing *doing)
{
	const struct config *config = doing->env->config;

	if (!doing->env->sim)
		doing->journal = journal_new(&(struct journal_opts){
			.source = "do",
			.path = config->journal_path,
			.max_bytes = config->journal_max_mib << 20,
			.syslog = config->journal_syslog,
		});
}

static int
act(struct doing *doing)
{
	struct results *results = results_new();
	g_autoptr(GError) error = NULL;
	unsigned failed;

	if (!aim_note(doing->plan, doing->env->maintenance, &error)) {
		results_free(results);
		return command_failed(EXIT_SOME_FAILED, error);
	}
	open_journal(doing);
	failed = drive(
		&(struct drive_opts){
			.app = &doing->app,
			.journal = doing->journal,
			.parallel = doing->parallel,
			.stop_fd = doing->stop_fd,
		},
		doing->plan, results);
	print_results(doing, results, false);
	return failed ? EXIT_SOME_FAILED : EXIT_SUCCESS;
}

/* Nothing can be done: a guard rail or the plan's limits forbid it, or there is nobody to do it to. */
static int
refuse(const struct doing *doing)
{
	const struct plan *plan = doing->plan;
	bool denied = plan->blocked || count_denied(plan);
	g_autofree char *text = plan_nothing(plan), *harmless = text_harmless(text);

	if (!plan->refusals->len && !plan->blocked)
		fprintf(stderr, "virt-fleet: no %s matches\n",
			doing->action->target == TARGET_HOST ? "host" : "guest");
	else
		fprintf(stderr, "virt-fleet: %s\n", harmless);
	print_results(doing, results_new(), false);
	return denied ? EXIT_USAGE : EXIT_SOME_FAILED;
}

static int
decide(struct doing *doing)
{
	int status;

	if (!doing->plan->targets->len)
		return refuse(doing);
	say_plan(doing);
	if (doing->env->options->dry_run) {
		print_results(doing, results_new(), true);
		status = EXIT_SUCCESS;
	} else if (confirmed(doing)) {
		status = act(doing);
	} else {
		return EXIT_USAGE;
	}
	return doing->missing || count_denied(doing->plan) ? EXIT_SOME_FAILED : status;
}

/* Before the first thread, which takes the mask over. */
static int
signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool
is_stopped(const struct doing *doing)
{
	struct pollfd wait = { .fd = doing->stop_fd, .events = POLLIN };

	return poll(&wait, 1, 0) > 0;
}

static int
run(struct doing *doing)
{
	struct settle_opts settle_opts = { .stop_fd = doing->stop_fd = signals_open() };
	g_autoptr(GError) error = NULL;
	const struct fleet_snap *snap;
	int status;

	if (!command_start(doing->env, NULL, &doing->app, &error))
		return command_failed(EXIT_SOME_FAILED, error);
	snap = settle(&doing->app, &doing->need, &settle_opts);
	if (is_stopped(doing)) {
		status = EXIT_SOME_FAILED;
		fprintf(stderr, "virt-fleet: stopped; nothing is done\n");
	} else {
		doing->missing = settle_report(snap, &doing->need);
		make_plan(doing, snap);
		status = decide(doing);
	}
	fleet_snap_unref(snap);
	status = command_end(&doing->app, status);
	journal_free(doing->journal);
	return status;
}

int
command_do(const struct command_env *env)
{
	/* what the driver can't, and what guard rails and questions look at, is among the facts */
	struct doing doing = { .env = env, .need = { .host_facts = true, .vm_facts = true } };
	g_autoptr(GError) error = NULL;
	int status;

	if (parse(&doing, &error)) {
		pick_need(doing.pick, &doing.need);
		guards_need(env->guards, doing.action, &doing.need);
		status = run(&doing);
	} else {
		status = command_failed(EXIT_USAGE, error);
	}
	plan_free(doing.plan);
	pick_free(doing.pick);
	g_strfreev(doing.params);
	return status;
}
