#include "actions/plan.h"

#include "actions/guard.h"
#include "actions/journal.h"
#include "actions/maintenance.h"

#include <string.h>

static void
target_free(gpointer pointer)
{
	struct plan_target *target = pointer;

	g_free(target->name);
	g_free(target->host);
	g_free(target->tenant);
	g_free(target->dest_name);
	g_strfreev(target->params);
	g_free(target->detail);
	g_free(target);
}

static void
refusal_free(gpointer pointer)
{
	struct plan_refusal *refusal = pointer;

	g_free(refusal->why);
	g_ptr_array_unref(refusal->guests);
	g_free(refusal);
}

/* VM NULL: it is gone. */
static struct plan_target *
target_new(const struct row_key *key, const struct vm *vm)
{
	struct plan_target *target = g_new(struct plan_target, 1);

	*target = (struct plan_target){
		.key = *key,
		.name = vm ? g_strdup(vm->name) : NULL,
		.host = vm ? g_strdup(vm->host->name) : NULL,
		.tenant = vm && vm->facts ? g_strdup(vm->facts->tenant) : NULL,
	};
	return target;
}

/* Takes GUEST. */
static void
add_refusal(struct plan *plan, const char *why, bool denied, struct plan_target *guest)
{
	struct plan_refusal *refusal = NULL;

	for (guint i = 0; i < plan->refusals->len && !refusal; i++) {
		refusal = plan->refusals->pdata[i];
		if (strcmp(refusal->why, why) != 0)
			refusal = NULL;
	}
	if (!refusal) {
		refusal = g_new(struct plan_refusal, 1);
		*refusal = (struct plan_refusal){ .why = g_strdup(why),
			.denied = denied,
			.guests = g_ptr_array_new_with_free_func(target_free) };
		g_ptr_array_add(plan->refusals, refusal);
	}
	g_ptr_array_add(refusal->guests, guest);
}

void
plan_refuse(struct plan *plan, guint i, const char *why, const char *detail)
{
	struct plan_target *target = plan->targets->pdata[i];

	plan->targets->pdata[i] = plan->targets->pdata[plan->targets->len - 1];
	g_ptr_array_steal_index(plan->targets, plan->targets->len - 1);
	target->detail = g_strdup(detail);
	add_refusal(plan, why, false, target);
}

static bool
nobody_can(const struct action *action, const struct fleet_snap *snap, const GArray *keys)
{
	for (guint i = 0; i < keys->len; i++) {
		const struct vm *vm = fleet_snap_find_vm(snap, &g_array_index(keys, struct row_key, i));
		const char *why_not;

		if (vm && action_possible(action, vm, &why_not))
			return false;
	}
	return true;
}

static unsigned
count_hosts(const struct plan *plan)
{
	g_autoptr(GHashTable) hosts = g_hash_table_new(NULL, NULL);

	for (guint i = 0; i < plan->targets->len; i++) {
		const struct plan_target *target = plan->targets->pdata[i];

		g_hash_table_add(hosts, GUINT_TO_POINTER(target->key.host));
	}
	return g_hash_table_size(hosts);
}

/* The guests that the chosen rows mean. */
static GArray *
choose(const struct plan_opts *opts)
{
	GArray *keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));

	for (guint i = 0; i < opts->keys->len; i++) {
		struct row_key key = g_array_index(opts->keys, struct row_key, i);

		if (!key.is_host)
			g_array_append_val(keys, key);
		else if (opts->action->choose && key.host < opts->snap->nhosts)
			opts->action->choose(opts->snap->hosts[key.host], keys);
	}
	return keys;
}

/* What keeps a guest from ACTION, in words; NULL: nothing. *DENIED: it is a guard rail. */
static const char *
objection(const struct plan_opts *opts, const struct action *action, const struct row_key *key,
	const struct vm *vm, bool *denied)
{
	const char *why_not = NULL;

	*denied = false;
	if (!vm)
		return "gone";
	if (opts->busy && g_hash_table_contains(opts->busy, key))
		return "an act is under way";
	if (!action_possible(action, vm, &why_not))
		return why_not;
	why_not = opts->guards ? guards_deny(opts->guards, action, vm) : NULL;
	*denied = why_not != NULL;
	return why_not;
}

static void
consider(struct plan *plan, const struct plan_opts *opts, const struct row_key *key)
{
	const struct vm *vm = fleet_snap_find_vm(opts->snap, key);
	bool denied;
	const char *why_not = objection(opts, plan->action, key, vm, &denied), *confirm;

	if (why_not) {
		add_refusal(plan, why_not, denied, target_new(key, vm));
		return;
	}
	g_ptr_array_add(plan->targets, target_new(key, vm));
	confirm = opts->guards ? guards_confirm(opts->guards, plan->action, vm) : NULL;
	if (confirm && !plan->confirm)
		plan->confirm = g_strdup(confirm);
}

static void
block(struct plan *plan, const char *why)
{
	plan->blocked = g_strdup(why);
	g_ptr_array_set_size(plan->targets, 0);
}

/* Nobody is sent to a host that may be out of service. */
static void
block_unknown(struct plan *plan, const struct maintenance *maintenance)
{
	const char *unknown = maintenance_unknown(maintenance);
	g_autofree char *why = NULL;

	if (!unknown || plan->action->class != JOB_MOVE || plan->targets->len == 0)
		return;
	why = g_strdup_printf("which hosts are in maintenance is not known: %s", unknown);
	block(plan, why);
}

/* All targets are left out by a guard rail. */
static void
deny_all(struct plan *plan, const char *why)
{
	gsize n;
	g_autofree gpointer *targets = g_ptr_array_steal(plan->targets, &n);

	for (gsize i = 0; i < n; i++)
		add_refusal(plan, why, true, targets[i]);
}

/* What is about all targets together. */
static void
finish(struct plan *plan, const struct plan_opts *opts)
{
	g_autoptr(GError) error = NULL;
	const char *too_many;

	block_unknown(plan, opts->maintenance);
	if (plan->targets->len && plan->action->aim && !plan->action->aim(plan, opts, &error))
		block(plan, error->message);
	too_many = opts->guards ? guards_max(opts->guards, plan->action, plan->targets->len) : NULL;
	if (too_many) {
		g_autofree char *why =
			g_strdup_printf("%u guests are too many (%s)", plan->targets->len, too_many);

		deny_all(plan, why);
	}
	plan->hosts = count_hosts(plan);
}

struct plan *
plan_new(const struct plan_opts *opts)
{
	struct plan *plan = g_new0(struct plan, 1);
	const struct action *other = opts->action->otherwise;
	g_autoptr(GArray) keys = choose(opts);

	plan->action = opts->action;
	if (other && nobody_can(plan->action, opts->snap, keys) && !nobody_can(other, opts->snap, keys))
		plan->action = other;
	plan->params = g_strdupv((char **)(uintptr_t)opts->params);
	plan->released = g_strdup(opts->released);
	plan->targets = g_ptr_array_new_with_free_func(target_free);
	plan->refusals = g_ptr_array_new_with_free_func(refusal_free);
	if (opts->guards)
		guards_begin(opts->guards, opts->now_us);
	for (guint i = 0; i < keys->len; i++)
		consider(plan, opts, &g_array_index(keys, struct row_key, i));
	finish(plan, opts);
	return plan;
}

guint
plan_survey(const struct plan_opts *opts, const char **why_not)
{
	g_autoptr(GArray) keys = choose(opts);
	guint n = 0;

	*why_not = NULL;
	if (opts->guards)
		guards_begin(opts->guards, opts->now_us);
	for (guint i = 0; i < keys->len; i++) {
		const struct row_key *key = &g_array_index(keys, struct row_key, i);
		bool denied;
		const char *why =
			objection(opts, opts->action, key, fleet_snap_find_vm(opts->snap, key), &denied);

		n += !why;
		if (why && !*why_not)
			*why_not = why;
	}
	return n;
}

void
plan_free(struct plan *plan)
{
	if (!plan)
		return;
	g_ptr_array_free(plan->targets, TRUE);
	g_ptr_array_free(plan->refusals, TRUE);
	g_strfreev(plan->params);
	g_free(plan->released);
	g_free(plan->note);
	g_free(plan->confirm);
	g_free(plan->blocked);
	g_free(plan);
}

/* ---- the jobs ---- */

static void
append_param(GPtrArray *all, char *const *param)
{
	g_ptr_array_add(all, g_strdup(param[0]));
	g_ptr_array_add(all, g_strdup(param[1]));
}

/* The plan's params, then the target's own, which hold where both have one: a plan that tries a job again has all that the job
 * had. NULL: none. */
static char **
join_params(char *const *shared, char *const *own)
{
	GPtrArray *all = g_ptr_array_new();

	for (; shared && *shared; shared += 2)
		if (!action_param(own, *shared))
			append_param(all, shared);
	for (; own && *own; own += 2)
		append_param(all, own);
	if (all->len)
		g_ptr_array_add(all, NULL);
	return (char **)g_ptr_array_free(all, all->len == 0);
}

static int64_t
await_ms(const struct plan *plan)
{
	const char *wait = action_param(plan->params, "wait");
	double seconds, slack;

	if (wait && query_parse_number(wait, UNIT_SECONDS, &seconds, &slack))
		return (int64_t)(seconds * 1000);
	return (int64_t)plan->action->await_s * 1000;
}

static struct job *
job_of(const struct plan *plan, const struct plan_target *target)
{
	const struct action *action = plan->action;
	struct job *job = job_new();

	job->class = action->class;
	job->target = target->key;
	job->vm_name = g_strdup(target->name);
	job->host_name = g_strdup(target->host);
	job->dest = target->dest;
	job->dest_name = g_strdup(target->dest_name);
	job->params = join_params(plan->params, target->params);
	job->verb = action->name;
	job->done = action->done;
	job->run = action->run;
	job->act = action->act;
	job->awaited = action->awaited;
	job->await_ms = await_ms(plan);
	job->timeout_ms = (int64_t)action->timeout_s * 1000;
	return job;
}

GPtrArray *
plan_jobs(const struct plan *plan, uint64_t batch, int64_t now_us, struct journal *journal)
{
	GPtrArray *jobs = g_ptr_array_new();

	for (guint i = 0; i < plan->targets->len; i++) {
		struct job *job = job_of(plan, plan->targets->pdata[i]);

		job->id = batch;
		job->queued_us = now_us;
		if (journal)
			journal_attach(journal, job);
		g_ptr_array_add(jobs, job);
	}
	return jobs;
}
