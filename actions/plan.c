#include "actions/plan.h"

#include "actions/guard.h"
#include "actions/journal.h"

#include <string.h>

#define NAMES_SHOWN 12 /* of guests, hosts and tenants each: a question must stay readable */

static void
target_free(gpointer pointer)
{
	struct plan_target *target = pointer;

	g_free(target->name);
	g_free(target->host);
	g_free(target->tenant);
	g_free(target->dest_name);
	g_strfreev(target->params);
	g_free(target);
}

static void
refusal_free(gpointer pointer)
{
	struct plan_refusal *refusal = pointer;

	g_free(refusal->why);
	g_free(refusal->example);
	g_free(refusal);
}

static void
add_refusal(struct plan *plan, const char *why, const char *name)
{
	struct plan_refusal *refusal;

	for (guint i = 0; i < plan->refusals->len; i++) {
		refusal = plan->refusals->pdata[i];
		if (strcmp(refusal->why, why) == 0) {
			refusal->count++;
			return;
		}
	}
	refusal = g_new(struct plan_refusal, 1);
	*refusal = (struct plan_refusal){ .why = g_strdup(why), .count = 1, .example = g_strdup(name) };
	g_ptr_array_add(plan->refusals, refusal);
}

void
plan_refuse(struct plan *plan, guint i, const char *why)
{
	const struct plan_target *target = plan->targets->pdata[i];

	add_refusal(plan, why, target->name);
	g_ptr_array_remove_index_fast(plan->targets, i);
}

static void
add_target(struct plan *plan, const struct vm *vm)
{
	struct plan_target *target = g_new(struct plan_target, 1);

	*target = (struct plan_target){
		.key = vm_key(vm),
		.name = g_strdup(vm->name),
		.host = g_strdup(vm->host->name),
		.tenant = vm->facts ? g_strdup(vm->facts->tenant) : NULL,
	};
	g_ptr_array_add(plan->targets, target);
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

/* What keeps a guest from ACTION, in words; NULL: nothing. */
static const char *
objection(const struct plan_opts *opts, const struct action *action, const struct row_key *key,
	const struct vm *vm)
{
	const char *why_not = NULL;

	if (!vm)
		return "gone";
	if (opts->busy && g_hash_table_contains(opts->busy, key))
		return "an act is under way";
	if (!action_possible(action, vm, &why_not))
		return why_not;
	return opts->guards ? guards_deny(opts->guards, action, vm) : NULL;
}

static void
consider(struct plan *plan, const struct plan_opts *opts, const struct row_key *key)
{
	const struct vm *vm = fleet_snap_find_vm(opts->snap, key);
	const char *why_not = objection(opts, plan->action, key, vm), *confirm;

	if (why_not) {
		add_refusal(plan, why_not, vm ? vm->name : NULL);
		return;
	}
	add_target(plan, vm);
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

/* What is about all targets together. */
static void
finish(struct plan *plan, const struct plan_opts *opts)
{
	g_autoptr(GError) error = NULL;
	const char *too_many;

	if (plan->targets->len && plan->action->aim && !plan->action->aim(plan, opts, &error))
		block(plan, error->message);
	too_many = opts->guards ? guards_max(opts->guards, plan->action, plan->targets->len) : NULL;
	if (too_many) {
		g_autofree char *why =
			g_strdup_printf("%u guests are too many (%s)", plan->targets->len, too_many);

		block(plan, why);
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
		const char *why = objection(opts, opts->action, key, fleet_snap_find_vm(opts->snap, key));

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
	g_free(plan->confirm);
	g_free(plan->blocked);
	g_free(plan);
}

bool
plan_types_count(const struct plan *plan, const struct config *config)
{
	return plan->confirm || plan->targets->len >= (guint)config->confirm_type_count;
}

char *
plan_title(const struct plan *plan)
{
	const struct plan_target *first;

	if (plan->targets->len != 1)
		return g_strdup_printf("%s %u guests on %u host%s", plan->action->verb, plan->targets->len,
			plan->hosts, plan->hosts == 1 ? "" : "s");
	first = plan->targets->pdata[0];
	return g_strdup_printf("%s %s on %s", plan->action->verb, first->name, first->host);
}

char *
plan_button(const struct plan *plan)
{
	if (plan->targets->len == 1)
		return g_strdup(plan->action->verb);
	return g_strdup_printf("%s %u", plan->action->verb, plan->targets->len);
}

static void
append_name(GString *text, guint i, guint n, const char *name)
{
	if (i < NAMES_SHOWN)
		g_string_append_printf(text, "%s%s", i ? ", " : "", name);
	else if (i == NAMES_SHOWN)
		g_string_append_printf(text, " and %u more", n - NAMES_SHOWN);
}

/* "MANY: a (3), b, c and 4 more", by how many targets each has; nothing when no target has one. */
static void
append_tally(GString *text, const struct plan *plan, const char *one, const char *many,
	const char *(*of)(const struct plan_target *))
{
	g_autoptr(GHashTable) counts = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (guint i = 0; i < plan->targets->len; i++) {
		const char *name = of(plan->targets->pdata[i]);
		guint count;

		if (!name)
			continue;
		count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, name));
		if (!count)
			g_ptr_array_add(names, (gpointer)(uintptr_t)name);
		g_hash_table_insert(counts, (gpointer)(uintptr_t)name, GUINT_TO_POINTER(count + 1));
	}
	if (names->len)
		g_string_append_printf(text, "\n%s: ", names->len == 1 ? one : many);
	for (guint i = 0; i < names->len; i++) {
		guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, names->pdata[i]));
		g_autofree char *name = count == 1
						? g_strdup(names->pdata[i])
						: g_strdup_printf("%s (%u)", (char *)names->pdata[i], count);

		append_name(text, i, names->len, name);
	}
}

static const char *
target_host(const struct plan_target *target)
{
	return target->host;
}

static const char *
target_tenant(const struct plan_target *target)
{
	return target->tenant;
}

static const char *
target_dest(const struct plan_target *target)
{
	return target->dest_name;
}

static void
append_params(GString *text, const struct plan *plan)
{
	for (char **param = plan->params; param && param[0]; param += 2)
		g_string_append_printf(
			text, "%s%s=%s", param == plan->params ? "\nWith: " : " ", param[0], param[1]);
}

static void
append_refusals(GString *text, const struct plan *plan)
{
	for (guint i = 0; i < plan->refusals->len; i++) {
		const struct plan_refusal *refusal = plan->refusals->pdata[i];

		g_string_append_printf(text, "%s%s ", i ? ", " : "", refusal->why);
		if (refusal->count == 1 && refusal->example)
			g_string_append_printf(text, "(%s)", refusal->example);
		else
			g_string_append_printf(text, "(%u)", refusal->count);
	}
}

char *
plan_text(const struct plan *plan)
{
	GString *text = g_string_new(plan->action->effect);

	g_string_append_printf(text, "\n\nGuest%s: ", plan->targets->len == 1 ? "" : "s");
	for (guint i = 0; i < plan->targets->len; i++) {
		const struct plan_target *target = plan->targets->pdata[i];

		append_name(text, i, plan->targets->len, target->name);
	}
	append_tally(text, plan, "Host", "Hosts", target_host);
	append_tally(text, plan, "Tenant", "Tenants", target_tenant);
	append_tally(text, plan, "To", "To", target_dest);
	append_params(text, plan);
	if (plan->refusals->len) {
		g_string_append(text, "\nLeft out: ");
		append_refusals(text, plan);
	}
	if (plan->confirm)
		g_string_append_printf(text, "\nGuard rail: %s", plan->confirm);
	return g_string_free(text, FALSE);
}

char *
plan_nothing(const struct plan *plan)
{
	GString *text = g_string_new(NULL);
	g_autofree char *verb = g_ascii_strdown(plan->action->verb, -1);

	g_string_printf(text, "nothing to %s: ", verb);
	if (plan->blocked)
		g_string_append_printf(text, "%s%s", plan->blocked, plan->refusals->len ? "; " : "");
	append_refusals(text, plan);
	return g_string_free(text, FALSE);
}

/* ---- the jobs ---- */

/* The plan's params, then the target's own; NULL: none. */
static char **
join_params(char *const *shared, char *const *own)
{
	GPtrArray *all = g_ptr_array_new();

	for (; shared && *shared; shared++)
		g_ptr_array_add(all, g_strdup(*shared));
	for (; own && *own; own++)
		g_ptr_array_add(all, g_strdup(*own));
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
