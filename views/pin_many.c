/* pin-many: what a preset of pinning would come to for many guests, host by host. */
#include "views/pin_view.h"

#include "actions/plan.h"
#include "actions/registry.h"
#include "fleet/cpuset.h"
#include "fleet/snapshot.h"
#include "views/catalog.h"
#include "views/request.h"

#include <string.h>

/* More would not be read; the question counts them all. */
#define HOSTS_SHOWN  64
#define GUESTS_SHOWN 16 /* of a host */

struct pin_many {
	GArray *keys; /* struct row_key; NULL: none were chosen */
	enum pin_preset preset;
	char *cpus; /* PIN_CPUS: as typed */
	unsigned scope;
};

static void
many_chosen(struct view *view)
{
	struct pin_many *state = view->state;

	g_clear_pointer(&state->keys, g_array_unref);
	state->keys = g_array_copy(view->env->chosen);
	state->scope = PIN_BOTH;
}

/* Borrows STATE's strings. */
static void
params_of(const struct pin_many *state, char *params[5])
{
	bool typed = state->preset == PIN_CPUS;
	const char *const words[] = { typed ? "cpus" : "preset",
		typed ? state->cpus : pin_preset_word(state->preset), "for", pin_scope_name(state->scope),
		NULL };

	memcpy(params, words, sizeof words);
}

static struct plan *
plan_of(const struct view *view)
{
	const struct pin_many *state = view->state;
	char *params[5];

	params_of(state, params);
	return plan_new(&(struct plan_opts){ .action = registry_find(false, "pin"),
		.params = params,
		.snap = view->env->snap,
		.keys = state->keys,
		.guards = view->env->guards,
		.now_us = view->env->now_us,
		.config = view->env->config });
}

/* ---- the page ---- */

static gint
by_host(gconstpointer a, gconstpointer b)
{
	const struct plan_target *left = *(const struct plan_target *const *)a,
				 *right = *(const struct plan_target *const *)b;
	int hosts = strcmp(left->host, right->host);

	return hosts ? hosts : strcmp(left->name, right->name);
}

/* "3 VMs", and each with its CPUs: "web-1  vcpu0:2;vcpu1:3;emulator*:2-3". */
static void
add_host(struct page *page, const GPtrArray *targets, guint first, guint end)
{
	const struct plan_target *target = targets->pdata[first];

	page_section(page, target->host);
	for (guint i = first; i < end && i < first + GUESTS_SHOWN; i++) {
		target = targets->pdata[i];
		page_field(page, target->name, ROLE_NORMAL, "%s", action_param(target->params, "pins"));
	}
	if (end - first > GUESTS_SHOWN)
		page_text(page, ROLE_DIM, "and %u more VMs", end - first - GUESTS_SHOWN);
}

static void
add_hosts(struct page *page, const struct plan *plan)
{
	g_autoptr(GPtrArray) targets = g_ptr_array_copy(plan->targets, NULL, NULL);
	unsigned hosts = 0;

	g_ptr_array_set_free_func(targets, NULL);
	g_ptr_array_sort(targets, by_host);
	for (guint first = 0, end; first < targets->len; first = end, hosts++) {
		const struct plan_target *one = targets->pdata[first];

		for (end = first + 1; end < targets->len; end++)
			if (strcmp(one->host, ((const struct plan_target *)targets->pdata[end])->host) != 0)
				break;
		if (hosts < HOSTS_SHOWN)
			add_host(page, targets, first, end);
	}
	if (hosts > HOSTS_SHOWN) /* in the last one's block */
		page_text(page, ROLE_DIM, "and VMs on %u more hosts", hosts - HOSTS_SHOWN);
}

static void
add_refusals(struct page *page, const struct plan *plan)
{
	if (plan->refusals->len == 0 && !plan->blocked)
		return;
	page_section(page, "Left out");
	if (plan->blocked)
		page_text(page, ROLE_BAD, "%s", plan->blocked);
	for (guint i = 0; i < plan->refusals->len; i++) {
		const struct plan_refusal *refusal = plan->refusals->pdata[i];

		page_text(page, ROLE_WARN, "%u: %s", refusal->guests->len, refusal->why);
	}
}

static void
add_choice(const struct view *view, struct page *page)
{
	const struct pin_many *state = view->state;
	const struct keymap *keymap = keys_of(view->env->keys, view->ops->name);
	g_autofree char *scope_key = keys_label(keymap, REQ_PIN_SCOPE);

	page_head(page);
	for (enum pin_preset i = 0; i < PIN_PRESET_COUNT; i++) {
		g_autofree char *key = keys_label(keymap, REQ_PIN_SPREAD + (int)i);

		page_piece(
			page, key, state->preset == i ? ROLE_SORTED : ROLE_NORMAL, "%s", pin_preset_word(i));
	}
	if (state->preset == PIN_CPUS)
		page_piece(page, "CPUs", ROLE_SORTED, "%s", state->cpus);
	page_piece(page, scope_key, ROLE_NORMAL, "%s", pin_scope_words(state->scope));
}

static void
many_fill(struct view *view, struct page *page)
{
	const struct pin_many *state = view->state;
	struct plan *plan;

	if (!state->keys) {
		page_section(page, "Pins");
		page_text(page, ROLE_DIM, "choose VMs in the view vms first, then press a");
		return;
	}
	plan = plan_of(view);
	add_choice(view, page);
	page_head(page);
	page_piece(page, NULL, ROLE_NORMAL, "%u of %u VMs on %u host%s", plan->targets->len, state->keys->len,
		plan->hosts, plan->hosts == 1 ? "" : "s");
	page_piece(page, NULL, ROLE_DIM, "%s",
		state->preset == PIN_CPUS ? "every vCPU on these CPUs" : pin_preset_help(state->preset));
	add_hosts(page, plan);
	add_refusals(page, plan);
	plan_free(plan);
}

/* ---- requests ---- */

static void
apply(const struct view *view)
{
	const struct pin_many *state = view->state;
	char *params[5];

	params_of(state, params);
	env_act(view->env,
		&(struct env_act){
			.action = registry_find(false, "pin"), .keys = state->keys, .params = params });
}

static bool
many_request(struct view *view, int request)
{
	struct pin_many *state = view->state;

	if (!state->keys)
		return false;
	if (request >= REQ_PIN_SPREAD && request <= REQ_PIN_FREE) {
		state->preset = (enum pin_preset)(request - REQ_PIN_SPREAD);
	} else if (request == REQ_PIN_SCOPE) {
		state->scope = state->scope % PIN_BOTH + 1;
	} else if (request == REQ_OPEN) {
		apply(view);
	} else {
		return false;
	}
	view_update(view);
	return true;
}

static char *
many_typing(struct view *view, char **initial)
{
	const struct pin_many *state = view->state;

	*initial = g_strdup(state->cpus);
	return state->keys ? g_strdup_printf("CPUs of all vCPUs of %u VMs: ", state->keys->len) : NULL;
}

static bool
many_take(struct view *view, const char *text, GError **error)
{
	struct pin_many *state = view->state;
	struct cpu_set set = { 0 };

	if (!cpu_set_parse(text, &set)) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
			"'%s' are no CPUs: they are written 0-3,8", text);
		return false;
	}
	cpu_set_clear(&set);
	g_free(state->cpus);
	state->cpus = g_strdup(text);
	state->preset = PIN_CPUS;
	view_update(view);
	return true;
}

static char *
many_title(struct view *view)
{
	const struct pin_many *state = view->state;

	return g_strdup_printf("pins of %u VMs", state->keys ? state->keys->len : 0);
}

static void
many_done(struct view *view)
{
	struct pin_many *state = view->state;

	if (state->keys)
		g_array_unref(state->keys);
	g_free(state->cpus);
}

static const struct binding keys[] = {
	{ "=", REQ_TYPE },
	{ "m", REQ_PIN_SCOPE },
	{ "p s", REQ_PIN_SPREAD },
	{ "p p", REQ_PIN_PACK },
	{ "p i", REQ_PIN_ISOLATE },
	{ "p f", REQ_PIN_FREE },
	{ NULL, 0 },
};

const struct view_ops pin_many_view = {
	.name = "pin-many",
	.help = "What a preset of pinning comes to for the chosen VMs",
	.target = TARGET_NONE,
	.verb = "pin",
	.keys = keys,
	.fill = many_fill,
	.least = 58,
	.state_size = sizeof(struct pin_many),
	.chosen = many_chosen,
	.request = many_request,
	.typing = many_typing,
	.take = many_take,
	.title = many_title,
	.done = many_done,
};
