/* targets: verdicts on a guest on a host, and their reasons in words. */
#include "actions/targets_private.h"

#include "fleet/conn.h"

#include <stdarg.h>
#include <string.h>

/* ---- verdicts ---- */

static enum verdict
verdict_of(enum obstacle_kind kind)
{
	static const enum verdict verdicts[] = {
		[OBSTACLE_CAUTION] = VERDICT_CAUTION,
		[OBSTACLE_COPY] = VERDICT_COPY,
		[OBSTACLE_BLOCKS] = VERDICT_NO,
	};

	return verdicts[kind];
}

void
trial_add(struct trial *trial, enum obstacle_kind kind, const char *what, const char *format, ...)
{
	va_list args;

	if (verdict_of(kind) > trial->worst) {
		trial->worst = verdict_of(kind);
		trial->what = what;
	}
	if (!trial->reasons)
		return;
	va_start(args, format);
	targets_add_obstacle(trial->reasons, kind, what, g_strdup_vprintf(format, args));
	va_end(args);
}

const char *
targets_own_word(const struct obstacle *own)
{
	return own->group ? own->group : own->what;
}

static void
add_own(struct trial *trial)
{
	for (guint i = 0; i < trial->candidate->own->len; i++) {
		const struct obstacle *own = &g_array_index(trial->candidate->own, struct obstacle, i);

		trial_add(trial, own->kind, targets_own_word(own), "%s %s", own->what, own->why);
	}
}

/* REASONS NULL: the verdict alone, and in *WHAT (may be NULL) a word for it. */
static enum verdict
try_it(struct targets *targets, const struct vm *vm, const struct host_snap *host, GArray *reasons,
	const char **what)
{
	struct trial trial = {
		.targets = targets,
		.vm = vm,
		.host = host,
		.candidate = targets_candidate(targets, vm),
		.reasons = reasons,
	};

	trial_check(&trial);
	add_own(&trial);
	if (what)
		*what = trial.what;
	return trial.worst;
}

enum verdict
targets_quick(struct targets *targets, const struct vm *vm, const struct host_snap *host, const char **what)
{
	return try_it(targets, vm, host, NULL, what);
}

static gint
compare_kinds(gconstpointer a, gconstpointer b)
{
	return (gint)((const struct obstacle *)b)->kind - (gint)((const struct obstacle *)a)->kind;
}

GArray *
targets_reasons(struct targets *targets, const struct vm *vm, const struct host_snap *host)
{
	GArray *reasons = targets_obstacles_new();

	try_it(targets, vm, host, reasons, NULL);
	g_array_sort(reasons, compare_kinds); /* stable */
	return reasons;
}

/* Those that are harmless where others forbid it only hide them. */
static char *
reasons_text(const GArray *reasons)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < reasons->len; i++) {
		const struct obstacle *reason = &g_array_index(reasons, struct obstacle, i);

		if (reason->kind == g_array_index(reasons, struct obstacle, 0).kind)
			g_string_append_printf(text, "%s%s", i ? "; " : "", reason->why);
	}
	return g_string_free(text, FALSE);
}

/* What speaks against HOST, the guest's own reasons apart, in TRIAL, whose reasons the caller unrefs. */
static struct trial
try_there(struct targets *targets, const struct vm *vm, const struct host_snap *host)
{
	struct trial trial = {
		.targets = targets,
		.vm = vm,
		.host = host,
		.candidate = targets_candidate(targets, vm),
		.reasons = targets_obstacles_new(),
	};

	trial_check(&trial);
	return trial;
}

static char *
words_of(GArray *reasons)
{
	g_array_sort(reasons, compare_kinds); /* stable */
	return reasons->len ? reasons_text(reasons) : NULL;
}

char *
targets_words_there(struct targets *targets, const struct vm *vm, const struct host_snap *host)
{
	struct trial trial = try_there(targets, vm, host);
	char *words = words_of(trial.reasons);

	g_array_unref(trial.reasons);
	return words;
}

/* Only its daemon knows, and it has been asked. */
static bool
is_answered(const struct obstacle *reason)
{
	return reason->kind == OBSTACLE_CAUTION &&
	       (strcmp(reason->what, "CPU model") == 0 || strcmp(reason->what, "network") == 0);
}

enum verdict
targets_refine(struct targets *targets, const struct vm *vm, const struct host_snap *host,
	const GArray *found, char **why)
{
	struct trial trial = try_there(targets, vm, host);

	for (guint i = trial.reasons->len; i-- > 0;)
		if (is_answered(&g_array_index(trial.reasons, struct obstacle, i)))
			g_array_remove_index(trial.reasons, i);
	trial.worst = VERDICT_FITS;
	for (guint i = 0; i < trial.reasons->len; i++)
		trial.worst =
			MAX(trial.worst, verdict_of(g_array_index(trial.reasons, struct obstacle, i).kind));
	for (guint i = 0; i < found->len; i++) {
		const struct take_finding *finding = &g_array_index(found, struct take_finding, i);

		if (!take_finding_counts(finding, targets->opts.wish.copy == COPY_ALL))
			continue;
		trial_add(&trial, finding->blocks ? OBSTACLE_BLOCKS : OBSTACLE_CAUTION, finding->what, "%s",
			finding->why);
	}
	*why = words_of(trial.reasons);
	add_own(&trial);
	g_array_unref(trial.reasons);
	return trial.worst;
}

char *
targets_own_words(struct targets *targets, const struct vm *vm)
{
	const GArray *own = targets_candidate(targets, vm)->own;
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < own->len; i++) {
		const struct obstacle *obstacle = &g_array_index(own, struct obstacle, i);

		g_string_append_printf(text, "%s%s: %s", i ? "; " : "", obstacle->what, obstacle->why);
	}
	return g_string_free(text, own->len == 0);
}

enum verdict
targets_judge(struct targets *targets, const struct vm *vm, const struct host_snap *host, char **why)
{
	enum verdict verdict = targets_quick(targets, vm, host, NULL);

	if (why && verdict != VERDICT_FITS) {
		g_autoptr(GArray) reasons = targets_reasons(targets, vm, host);

		*why = reasons_text(reasons);
	} else if (why) {
		*why = NULL;
	}
	return verdict;
}

const char *
verdict_word(enum verdict verdict)
{
	static const char *const words[] = { "fits", "caution", "copy", "no" };

	return words[verdict];
}
