#include "actions/plan.h"

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
	g_free(target);
}

static void
refusal_free(gpointer pointer)
{
	struct plan_refusal *refusal = pointer;

	g_free(refusal->example);
	g_free(refusal);
}

static void
plan_refuse(struct plan *plan, const char *why, const char *name)
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
	*refusal = (struct plan_refusal){ .why = why, .count = 1, .example = g_strdup(name) };
	g_ptr_array_add(plan->refusals, refusal);
}

static void
plan_add(struct plan *plan, const struct vm *vm)
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

		if (vm && action->possible(vm, &why_not))
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

struct plan *
plan_new(const struct action *action, const struct fleet_snap *snap, const GArray *keys, GHashTable *busy)
{
	struct plan *plan = g_new0(struct plan, 1);

	if (action->otherwise && nobody_can(action, snap, keys) && !nobody_can(action->otherwise, snap, keys))
		action = action->otherwise;
	plan->action = action;
	plan->targets = g_ptr_array_new_with_free_func(target_free);
	plan->refusals = g_ptr_array_new_with_free_func(refusal_free);
	for (guint i = 0; i < keys->len; i++) {
		const struct vm *vm = fleet_snap_find_vm(snap, &g_array_index(keys, struct row_key, i));
		const char *why_not = NULL;

		if (!vm)
			plan_refuse(plan, "gone", NULL);
		else if (busy && g_hash_table_contains(busy, &g_array_index(keys, struct row_key, i)))
			plan_refuse(plan, "an act is under way", vm->name);
		else if (action->possible(vm, &why_not))
			plan_add(plan, vm);
		else
			plan_refuse(plan, why_not, vm->name);
	}
	plan->hosts = count_hosts(plan);
	return plan;
}

void
plan_free(struct plan *plan)
{
	if (!plan)
		return;
	g_ptr_array_free(plan->targets, TRUE);
	g_ptr_array_free(plan->refusals, TRUE);
	g_free(plan);
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

/* "LABELs: a (3), b, c and 4 more", by how many targets each has; nothing when no target has one. */
static void
append_tally(GString *text, const struct plan *plan, const char *label,
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
		g_string_append_printf(text, "\n%s%s: ", label, names->len == 1 ? "" : "s");
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
	append_tally(text, plan, "Host", target_host);
	append_tally(text, plan, "Tenant", target_tenant);
	if (plan->refusals->len) {
		g_string_append(text, "\nLeft out: ");
		append_refusals(text, plan);
	}
	return g_string_free(text, FALSE);
}

char *
plan_nothing(const struct plan *plan)
{
	GString *text = g_string_new(NULL);
	g_autofree char *verb = g_ascii_strdown(plan->action->verb, -1);

	g_string_printf(text, "nothing to %s: ", verb);
	append_refusals(text, plan);
	return g_string_free(text, FALSE);
}

GPtrArray *
plan_jobs(const struct plan *plan, uint64_t batch, int64_t now_us, struct journal *journal)
{
	GPtrArray *jobs = g_ptr_array_new();

	for (guint i = 0; i < plan->targets->len; i++) {
		const struct plan_target *target = plan->targets->pdata[i];
		struct job *job = job_new();

		job->id = batch;
		job->target = target->key;
		job->vm_name = g_strdup(target->name);
		job->host_name = g_strdup(target->host);
		job->verb = plan->action->name;
		job->done = plan->action->done;
		job->run = plan->action->run;
		if (journal)
			journal_attach(journal, job);
		job->act = plan->action->act;
		job->timeout_ms = (int64_t)plan->action->timeout_s * 1000;
		job->queued_us = now_us;
		g_ptr_array_add(jobs, job);
	}
	return jobs;
}
