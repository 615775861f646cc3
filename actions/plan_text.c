/* plan: what it comes to, in words. */
#include "actions/plan.h"

#include "config/config.h"

#include <string.h>

#define REASONS_SHOWN 8
#define NAMES_SHOWN   12 /* of guests, hosts and tenants each: a question must stay readable */

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
	const struct plan_target *first = plan->targets->len ? plan->targets->pdata[0] : NULL;
	const char *before = "\nWith: ";

	for (char **param = plan->params; param && param[0]; param += 2) {
		if (first && first->dest_name && strcmp(param[0], "to") == 0)
			continue; /* has a line of its own */
		g_string_append_printf(text, "%s%s=%s", before, param[0], param[1]);
		before = " ";
	}
}

/* "(web-1, web-2)", "(3)", ": vda /a is the host's own (web-1)", " (3, e.g. web-1: vda /a is the host's own)". */
static void
append_guests(GString *text, const struct plan_refusal *refusal)
{
	const GPtrArray *guests = refusal->guests;
	const struct plan_target *first = guests->pdata[0];

	if (first->detail && guests->len == 1) {
		g_string_append_printf(text, ": %s (%s)", first->detail, first->name);
		return;
	}
	if (first->detail) {
		const char *end = strstr(first->detail, "; ");
		int length = end ? (int)(end - first->detail) : -1;

		g_string_append_printf(text, " (%u, e.g. %s: %.*s%s)", guests->len, first->name, length,
			first->detail, end ? "; …" : "");
		return;
	}
	/* what somebody has forbidden is called by its name; those that are gone have none any more */
	if (!first->name || (guests->len > 1 && !refusal->denied)) {
		g_string_append_printf(text, " (%u)", guests->len);
		return;
	}
	g_string_append(text, " (");
	for (guint i = 0; i < guests->len; i++)
		append_name(text, i, guests->len, ((const struct plan_target *)guests->pdata[i])->name);
	g_string_append_c(text, ')');
}

static void
append_refusals(GString *text, const struct plan *plan, const char *between)
{
	guint others = 0;

	for (guint i = 0; i < plan->refusals->len; i++) {
		const struct plan_refusal *refusal = plan->refusals->pdata[i];

		/* what somebody has forbidden is always said */
		if (i >= REASONS_SHOWN && !refusal->denied) {
			others += refusal->guests->len;
			continue;
		}
		g_string_append_printf(text, "%s%s", i ? between : "", refusal->why);
		append_guests(text, refusal);
	}
	if (others)
		g_string_append_printf(text, "%s%u more for other reasons", between, others);
}

char *
plan_text(const struct plan *plan)
{
	GString *text = g_string_new(plan->action->effect);

	if (plan->note)
		g_string_append_printf(text, " %s", plan->note);
	if (plan->released)
		g_string_append_printf(text, " %s is released from maintenance.", plan->released);
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
		append_refusals(text, plan, "\nLeft out: ");
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
	append_refusals(text, plan, ", ");
	return g_string_free(text, FALSE);
}
