/* pinning: the presets. pinning_host.c has what they look at. */
#include "actions/pinning.h"

#include "fleet/cpuset.h"
#include "fleet/snapshot.h"

#include <assert.h>
#include <string.h>

static const struct {
	const char *word, *help;
} presets[] = {
#define PIN_PRESET_INFO(id, preset_word, preset_help) { .word = preset_word, .help = preset_help },
	PIN_PRESETS(PIN_PRESET_INFO)
#undef PIN_PRESET_INFO
};
static_assert(G_N_ELEMENTS(presets) == PIN_PRESET_COUNT, "words for each preset");

const char *
pin_preset_word(enum pin_preset preset)
{
	return presets[preset].word;
}

const char *
pin_preset_help(enum pin_preset preset)
{
	return presets[preset].help;
}

const char *
pinning_fault_words(enum pinning_fault fault)
{
	static const char *const words[] = {
#define PINNING_FAULT_WORDS(id, fault_words) fault_words,
		PINNING_FAULTS(PINNING_FAULT_WORDS)
#undef PINNING_FAULT_WORDS
	};

	return words[fault];
}

void
pinning_clear(struct pinning *pinning)
{
	for (unsigned i = 0; i < pinning->nvcpus; i++)
		cpu_set_clear(&pinning->vcpus[i]);
	g_free(pinning->vcpus);
	cpu_set_clear(&pinning->rest);
	*pinning = (struct pinning){ 0 };
}

/* ---- what all do ---- */

static void
give_cpu(struct pinning *out, unsigned vcpu, size_t cpu)
{
	cpu_set_add(&out->vcpus[vcpu], cpu);
	cpu_set_add(&out->rest, cpu);
}

static void
give_all(struct pinning *out, const struct cpu_set *set)
{
	for (unsigned i = 0; i < out->nvcpus; i++)
		cpu_set_add_all(&out->vcpus[i], set);
	cpu_set_add_all(&out->rest, set);
}

/* ---- spread ---- */

/* What has been given away, and what others claim. */
struct given {
	unsigned *cpu, *core, *cell; /* vCPUs, by place, core and cell */
	double *claims;              /* of others, by core */
	unsigned *size;              /* CPUs, by cell */
};

static void
given_init(struct given *given, const struct pinning_host *host)
{
	guint n = host->cpus->len;

	*given = (struct given){ .cpu = g_new0(unsigned, n),
		.core = g_new0(unsigned, n),
		.cell = g_new0(unsigned, n),
		.claims = g_new0(double, n),
		.size = g_new0(unsigned, n) };
	for (guint i = 0; i < n; i++) {
		const struct pinning_cpu *cpu = pinning_cpu_at(host, i);

		given->claims[cpu->core] += cpu->claims;
		given->size[cpu->cell]++;
	}
}

static void
given_done(struct given *given)
{
	g_free(given->cpu);
	g_free(given->core);
	g_free(given->cell);
	g_free(given->claims);
	g_free(given->size);
}

/* What speaks against a CPU for the next vCPU, the weightiest first; all in vCPUs but the load. */
enum spread_key { OWN_THERE, CLAIMS_THERE, OWN_ON_CORE, CLAIMS_ON_CORE, OWN_ON_CELL, LOAD, SPREAD_KEYS };

static void
weigh(const struct given *given, const struct pinning_cpu *cpu, guint at, double keys[SPREAD_KEYS])
{
	keys[OWN_THERE] = given->cpu[at];
	keys[CLAIMS_THERE] = cpu->claims;
	keys[OWN_ON_CORE] = given->core[cpu->core];
	keys[CLAIMS_ON_CORE] = given->claims[cpu->core];
	keys[OWN_ON_CELL] = (double)given->cell[cpu->cell] / given->size[cpu->cell];
	keys[LOAD] = MAX(cpu->load, 0);
}

static bool
is_lighter(const double a[SPREAD_KEYS], const double b[SPREAD_KEYS])
{
	for (int i = 0; i < SPREAD_KEYS; i++)
		if (a[i] < b[i] || a[i] > b[i])
			return a[i] < b[i];
	return false;
}

static guint
lightest(const struct pinning_host *host, const struct given *given)
{
	double best[SPREAD_KEYS], keys[SPREAD_KEYS];
	guint found = 0;

	weigh(given, pinning_cpu_at(host, 0), 0, best);
	for (guint i = 1; i < host->cpus->len; i++) {
		weigh(given, pinning_cpu_at(host, i), i, keys);
		if (!is_lighter(keys, best))
			continue;
		found = i;
		memcpy(best, keys, sizeof best);
	}
	return found;
}

static enum pinning_fault
make_spread(const struct pinning_host *host, const struct pin_wish *wish, struct pinning *out)
{
	struct given given;

	(void)wish;
	given_init(&given, host);
	for (unsigned vcpu = 0; vcpu < out->nvcpus; vcpu++) {
		guint at = lightest(host, &given);
		const struct pinning_cpu *cpu = pinning_cpu_at(host, at);

		given.cpu[at]++;
		given.core[cpu->core]++;
		given.cell[cpu->cell]++;
		give_cpu(out, vcpu, (size_t)cpu->cpu.id);
	}
	given_done(&given);
	return PINNING_NONE;
}

/* ---- pack ---- */

/* How many vCPUs would claim each CPU of the cell, of them NVCPUS new ones; negative: there is no such cell. */
static double
crowding(const struct pinning_host *host, int cell, unsigned nvcpus)
{
	double claims = nvcpus, size = 0;

	for (guint i = 0; i < host->cpus->len; i++) {
		if (pinning_cpu_at(host, i)->cpu.cell != cell)
			continue;
		claims += pinning_cpu_at(host, i)->claims;
		size++;
	}
	return size > 0 ? claims / size : -1;
}

static int
roomiest_cell(const struct pinning_host *host, unsigned nvcpus)
{
	int found = pinning_cpu_at(host, 0)->cpu.cell;

	for (guint i = 1; i < host->cpus->len; i++) {
		int cell = pinning_cpu_at(host, i)->cpu.cell;

		if (crowding(host, cell, nvcpus) < crowding(host, found, nvcpus))
			found = cell;
	}
	return found;
}

static enum pinning_fault
make_pack(const struct pinning_host *host, const struct pin_wish *wish, struct pinning *out)
{
	int cell = wish->cell;
	struct cpu_set set = { 0 };

	if (!host->cells)
		return PINNING_NO_CELLS;
	if (cell < 0)
		cell = roomiest_cell(host, out->nvcpus);
	for (guint i = 0; i < host->cpus->len; i++)
		if (pinning_cpu_at(host, i)->cpu.cell == cell)
			cpu_set_add(&set, (size_t)pinning_cpu_at(host, i)->cpu.id);
	give_all(out, &set);
	cpu_set_clear(&set);
	return out->rest.nbytes ? PINNING_NONE : PINNING_NO_SUCH_CELL;
}

/* ---- isolate ---- */

/* To which CPUs no other guest is pinned; WHOLE: nor to their siblings. For the caller. */
static bool *
find_unpinned(const struct pinning_host *host, bool whole)
{
	g_autofree unsigned *on_core = g_new0(unsigned, host->cpus->len);
	bool *unpinned = g_new(bool, host->cpus->len);

	for (guint i = 0; i < host->cpus->len; i++)
		on_core[pinning_cpu_at(host, i)->core] += pinning_cpu_at(host, i)->pinned;
	for (guint i = 0; i < host->cpus->len; i++)
		unpinned[i] = (whole ? on_core[pinning_cpu_at(host, i)->core]
				     : pinning_cpu_at(host, i)->pinned) == 0;
	return unpinned;
}

unsigned
pinning_unpinned(const struct pinning_host *host)
{
	unsigned n = 0;

	for (guint i = 0; i < host->cpus->len; i++)
		n += pinning_cpu_at(host, i)->pinned == 0;
	return n;
}

/* The cell of whose UNPINNED ones NVCPUS leave the least over; -1: none has so many. */
static int
snuggest_cell(const struct pinning_host *host, const bool *unpinned, unsigned nvcpus)
{
	g_autofree unsigned *count = g_new0(unsigned, host->cpus->len);
	int found = -1;

	for (guint i = 0; i < host->cpus->len; i++)
		count[pinning_cpu_at(host, i)->cell] += unpinned[i];
	for (guint cell = 0; cell < host->cpus->len; cell++)
		if (count[cell] >= nvcpus && (found < 0 || count[cell] < count[found]))
			found = (int)cell;
	return found;
}

/* A CPU of CELL (-1: of any) for each vCPU from TAKEN on, as far as there are. Returns how many have one. */
static unsigned
take_cpus(
	const struct pinning_host *host, const bool *unpinned, int cell, unsigned taken, struct pinning *out)
{
	for (guint i = 0; i < host->cpus->len && taken < out->nvcpus; i++) {
		const struct pinning_cpu *cpu = pinning_cpu_at(host, i);

		if (unpinned[i] && (cell < 0 || cpu->cell == (unsigned)cell) &&
			!cpu_set_has(&out->rest, (size_t)cpu->cpu.id))
			give_cpu(out, taken++, (size_t)cpu->cpu.id);
	}
	return taken;
}

/* On one cell with cores of its own, else on one cell, else wherever there is room: whole cores first. */
static enum pinning_fault
make_isolate(const struct pinning_host *host, const struct pin_wish *wish, struct pinning *out)
{
	g_autofree bool *whole = find_unpinned(host, true), *any = find_unpinned(host, false);
	int cell = snuggest_cell(host, whole, out->nvcpus);
	unsigned taken;

	(void)wish;
	if (!host->others_known)
		return PINNING_OTHERS_UNKNOWN;
	if (pinning_unpinned(host) < out->nvcpus)
		return PINNING_TOO_FEW;
	if (cell < 0)
		cell = snuggest_cell(host, any, out->nvcpus);
	taken = take_cpus(host, whole, cell, 0, out);
	take_cpus(host, any, cell, taken, out);
	return PINNING_NONE;
}

/* ---- free, and as told ---- */

static enum pinning_fault
make_free(const struct pinning_host *host, const struct pin_wish *wish, struct pinning *out)
{
	struct cpu_set set = pinning_everywhere(host);

	(void)wish;
	give_all(out, &set);
	cpu_set_clear(&set);
	return PINNING_NONE;
}

static enum pinning_fault
make_cpus(const struct pinning_host *host, const struct pin_wish *wish, struct pinning *out)
{
	size_t there = 0;

	for (guint i = 0; i < host->cpus->len; i++)
		there += cpu_set_has(&wish->cpus, (size_t)pinning_cpu_at(host, i)->cpu.id);
	if (there == 0 || there < cpu_set_count(&wish->cpus))
		return PINNING_NO_SUCH_CPU;
	give_all(out, &wish->cpus);
	return PINNING_NONE;
}

/* ---- all of them ---- */

enum pinning_fault
pinning_make(
	const struct pinning_host *host, const struct pin_wish *wish, unsigned nvcpus, struct pinning *out)
{
	static enum pinning_fault (*const make[])(
		const struct pinning_host *, const struct pin_wish *, struct pinning *) = {
		[PIN_SPREAD] = make_spread,
		[PIN_PACK] = make_pack,
		[PIN_ISOLATE] = make_isolate,
		[PIN_FREE] = make_free,
		[PIN_CPUS] = make_cpus,
	};
	struct pinning made = { .vcpus = g_new0(struct cpu_set, nvcpus), .nvcpus = nvcpus };
	enum pinning_fault fault = nvcpus ? make[wish->preset](host, wish, &made) : PINNING_NO_VCPUS;

	if (fault == PINNING_NONE)
		*out = made;
	else
		pinning_clear(&made);
	return fault;
}
