/* Pin: which physical CPUs a guest's threads may run on. */
#include "actions/verbs.h"

#include "actions/pin_changes.h"
#include "actions/pinning.h"
#include "actions/plan.h"
#include "config/config.h"
#include "fleet/cpuset.h"
#include "fleet/error.h"
#include "fleet/query.h"
#include "fleet/snapshot.h"

#include <string.h>

/* ---- what stands behind the verb ---- */

static const char *const preset_words[] = {
#define PIN_PRESET_WORD(id, word, help) word,
	PIN_PRESETS(PIN_PRESET_WORD)
#undef PIN_PRESET_WORD
		NULL
};

static const char *const scope_words[] = { "both", "live", "persistent", NULL };

static const struct action_arg args[] = {
	{ .name = "preset",
		.help = "each vCPU far from the others, all on one cell, none where others are pinned, or "
			"anywhere",
		.kind = ARG_WORD,
		.words = preset_words,
		.bare = true },
	{ .name = "cell",
		.help = "the NUMA cell to pack on",
		.kind = ARG_NUMBER,
		.unit = UNIT_COUNT,
		.max = 1023 },
	{ .name = "cpus", .help = "all vCPUs on these physical CPUs", .kind = ARG_CPUSET },
	{ .name = "threads",
		.help = "thread by thread: vcpu0-3:0-7;emulator:8;iothread1:9",
		.kind = ARG_TEXT },
	{ .name = "for",
		.help = "until the guest ends, from its next start on, or both (the default)",
		.kind = ARG_WORD,
		.words = scope_words,
		.bare = true },
	{ .name = NULL },
};

/* Exactly one of these says where to; a cell means to pack. */
static bool
check(char *const *params, GError **error)
{
	static const char *const ways[] = { "preset", "cpus", "threads" };
	const char *cell = action_param(params, "cell"), *preset = action_param(params, "preset");
	const char *threads = action_param(params, "threads");
	g_autoptr(GArray) changes = NULL;
	unsigned told = cell && !preset;

	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++)
		told += action_param(params, ways[i]) != NULL;
	if (cell && preset && strcmp(preset, pin_preset_word(PIN_PACK)) != 0) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "pin: a cell is for %s, not for %s",
			pin_preset_word(PIN_PACK), preset);
		return false;
	}
	if (told != 1) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
			"pin: say where to by one of these: spread, pack, isolate, free, cell=N, cpus=LIST, "
			"threads=...");
		return false;
	}
	return !threads || (changes = pin_changes_parse(threads, error));
}

static unsigned
scope_of(char *const *params)
{
	unsigned scope = PIN_BOTH;

	pin_scope_parse(action_param(params, "for"), &scope);
	return scope;
}

static struct pin_wish
wish_of(char *const *params, struct cpu_set *cpus)
{
	const char *preset = action_param(params, "preset"), *cell = action_param(params, "cell");
	struct pin_wish wish = { .preset = PIN_PACK, .cell = -1 };
	double number, slack;

	if (cell && query_parse_number(cell, UNIT_COUNT, &number, &slack))
		wish.cell = (int)number;
	for (enum pin_preset i = 0; i < PIN_PRESET_COUNT; i++)
		if (g_strcmp0(preset, pin_preset_word(i)) == 0)
			wish.preset = i;
	if (cpu_set_parse(action_param(params, "cpus"), cpus)) {
		wish.preset = PIN_CPUS;
		wish.cpus = *cpus;
	}
	return wish;
}

/* ---- who can be pinned ---- */

static bool
possible(const struct vm *vm, const char **why_not)
{
	if (vm->id >= 0 || !vm->autostart_known || vm->persistent)
		return true;
	*why_not = "off, and has no definition to keep it in";
	return false;
}

/* What of SCOPE there is for VM; 0: *WHY_NOT. */
static unsigned
scope_for(const struct vm *vm, unsigned scope, const char **why_not)
{
	if (vm->id < 0)
		scope &= ~(unsigned)PIN_LIVE;
	if (vm->autostart_known && !vm->persistent)
		scope &= ~(unsigned)PIN_KEPT;
	*why_not = vm->id < 0 ? "not running" : "transient: has no definition to keep it in";
	return scope;
}

/* ---- what each guest gets ---- */

/* Each target's own changes are made in the order of the targets: the next one finds what those before it were given. */
struct aiming {
	struct plan *plan;
	const struct plan_opts *opts;
	GHashTable *targets; /* set of struct row_key: those that give up the CPUs they have */
	GHashTable *hosts;   /* index to struct pinning_host */
	struct pin_wish wish;
	unsigned scope;
};

static GHashTable *
targets_of(const struct plan *plan)
{
	GHashTable *set = g_hash_table_new(row_key_hash, row_key_equal_g);

	for (guint i = 0; i < plan->targets->len; i++)
		g_hash_table_add(set, &((struct plan_target *)plan->targets->pdata[i])->key);
	return set;
}

static void
free_host(gpointer host)
{
	pinning_host_free(host);
}

/* NULL: nothing is known of its CPUs. */
static struct pinning_host *
host_of(struct aiming *aiming, uint32_t index)
{
	gpointer key = GUINT_TO_POINTER(index);
	struct pinning_host *host = g_hash_table_lookup(aiming->hosts, key);

	if (!host && (host = pinning_host_new(aiming->opts->snap->hosts[index], aiming->targets)))
		g_hash_table_insert(aiming->hosts, key, host);
	return host;
}

static char *
text_of(const struct pinning *pinning)
{
	g_autoptr(GArray) changes = pin_changes_new();
	bool same = true;

	for (unsigned i = 1; i < pinning->nvcpus; i++)
		same &= cpu_set_equal(&pinning->vcpus[0], &pinning->vcpus[i]);
	for (unsigned i = 0; i < (same ? 1 : pinning->nvcpus); i++)
		pin_changes_add(
			changes, PIN_VCPU, same && pinning->nvcpus > 1 ? PIN_ALL : i, &pinning->vcpus[i]);
	pin_changes_add(changes, PIN_EMULATOR, PIN_ALL, &pinning->rest);
	pin_changes_add(changes, PIN_IOTHREAD, PIN_ALL, &pinning->rest);
	return pin_changes_format(changes);
}

/* The changes for VM as text, for the caller; NULL: *WHY_NOT. */
static char *
work_out(struct aiming *aiming, const struct vm *vm, const char **why_not)
{
	struct pinning_host *host = host_of(aiming, vm->host->index);
	unsigned nvcpus = VM_HAS(vm, VM_VCPUS) ? (unsigned)vm->value[VM_VCPUS] : 0;
	struct pinning pinning = { 0 };
	enum pinning_fault fault;
	char *text;

	*why_not = "its host's CPUs are not known yet";
	if (!host)
		return NULL;
	fault = pinning_make(host, &aiming->wish, nvcpus, &pinning);
	*why_not = pinning_fault_words(fault);
	if (fault != PINNING_NONE)
		return NULL;
	for (unsigned i = 0; i < pinning.nvcpus; i++)
		pinning_host_add(host, &pinning.vcpus[i], 1);
	text = text_of(&pinning);
	pinning_clear(&pinning);
	return text;
}

static const char *
aim_at(struct aiming *aiming, struct plan_target *target)
{
	const struct vm *vm = fleet_snap_find_vm(aiming->opts->snap, &target->key);
	const char *told = action_param(aiming->plan->params, "threads"), *why_not;
	unsigned scope = scope_for(vm, aiming->scope, &why_not);
	char *text;

	if (!scope)
		return why_not;
	text = told ? g_strdup(told) : work_out(aiming, vm, &why_not);
	if (!text)
		return why_not;
	g_strfreev(target->params);
	target->params = g_new0(char *, 5);
	target->params[0] = g_strdup("pins");
	target->params[1] = text;
	target->params[2] = g_strdup("holds");
	target->params[3] = g_strdup(pin_scope_name(scope));
	return NULL;
}

/* One round over all targets; what speaks against each goes into WHY_NOT, NULL: nothing does. True: against none. */
static bool
aim_at_all(struct aiming *aiming, const char **why_not)
{
	const GPtrArray *targets = aiming->plan->targets;
	bool fine = true;

	aiming->targets = targets_of(aiming->plan);
	aiming->hosts = g_hash_table_new_full(NULL, NULL, NULL, free_host);
	for (guint i = 0; i < targets->len; i++) {
		why_not[i] = aim_at(aiming, targets->pdata[i]);
		fine &= !why_not[i];
	}
	g_hash_table_unref(aiming->hosts);
	g_hash_table_unref(aiming->targets);
	return fine;
}

/* A guest that is left out keeps the CPUs it has, so that those who stay must be aimed anew. */
static bool
aim(struct plan *plan, const struct plan_opts *opts, GError **error)
{
	g_autofree const char **why_not = g_new0(const char *, plan->targets->len);
	struct cpu_set cpus = { 0 };
	struct aiming aiming = { .plan = plan, .opts = opts, .scope = scope_of(plan->params) };

	if (!check(plan->params, error))
		return false;
	aiming.wish = wish_of(plan->params, &cpus);
	while (!aim_at_all(&aiming, why_not))
		/* from the end: the last one takes the place of the one that goes */
		for (guint i = plan->targets->len; i-- > 0;)
			if (why_not[i])
				plan_refuse(plan, i, why_not[i], NULL);
	cpu_set_clear(&cpus);
	return true;
}

/* ---- the job ---- */

static GArray *
wanted_of(const struct job *job, const struct vm_pins *pins, GError **error)
{
	g_autoptr(GArray) told = pin_changes_parse(job_param(job, "pins"), error);
	GArray *changes = NULL;
	unsigned scope = PIN_BOTH;

	pin_scope_parse(job_param(job, "holds"), &scope);
	if (told && !pin_changes_aim(told, pins, scope, &changes, error))
		return NULL;
	return changes;
}

static bool
make_changes(const struct job *job, struct conn *conn, const GArray *changes, GError **error)
{
	for (guint i = 0; i < changes->len; i++) {
		if (conn->ops->pin(
			    conn, job->target.uuid, &g_array_index(changes, struct pin_change, i), error))
			continue;
		if (i > 0)
			g_prefix_error(error, "%u of %u threads are pinned; ", i, changes->len);
		return false;
	}
	return true;
}

static bool
read_back(struct job *job, struct conn *conn, const GArray *changes, GError **error)
{
	const struct vm_pins *after = conn->ops->pins(conn, job->target.uuid, false, error);
	g_autofree char *words = NULL;
	bool ok = after && pin_changes_hold(changes, after, &words);

	if (after && !ok)
		g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_FAILED, words);
	if (ok)
		job->remark = changes->len ? g_strdup_printf("%u thread%s, read back", changes->len,
						     changes->len == 1 ? "" : "s")
					   : g_strdup("it was so already");
	vm_pins_unref(after);
	return ok;
}

static bool
run(struct job *job, struct conn *conn, GError **error)
{
	const struct vm_pins *before;
	g_autoptr(GArray) changes = NULL;
	const char *why_not = NULL;

	if (!conn->ops->pins || !conn->ops->pin || !conn->ops->can(conn, VM_ACT_PIN, &why_not)) {
		g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_UNSUPPORTED,
			why_not ? why_not : "this hypervisor's driver can't pin");
		return false;
	}
	before = conn->ops->pins(conn, job->target.uuid, false, error);
	changes = before ? wanted_of(job, before, error) : NULL;
	vm_pins_unref(before);
	return changes && make_changes(job, conn, changes, error) && read_back(job, conn, changes, error);
}

const struct action vm_pin_action = {
	.name = "pin",
	.help = "Say which physical CPUs the guest may run on",
	.key = "a",
	.verb = "Pin",
	.doing = "pinning",
	.done = "pinned",
	.effect = "The threads of the guest may run on these physical CPUs alone. Other guests are left as "
		  "they are: those "
		  "that are pinned nowhere may still run there.",
	.needs = "any guest, running or off",
	.target = TARGET_VM,
	.flags = ACTION_ASKS,
	.args = args,
	.timeout_s = 120,
	.act = VM_ACT_PIN,
	.check = check,
	.possible = possible,
	.aim = aim,
	.run = run,
};
