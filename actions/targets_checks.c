/* targets: what speaks against a guest on a host – a check for each cause. */
#include "actions/maintenance.h"
#include "actions/targets_private.h"

#include "fleet/cpuset.h"

#include <stdlib.h>
#include <string.h>

#define GIB (1024.0 * 1024 * 1024)

static const struct host_facts *
facts_there(const struct trial *trial)
{
	return trial->host->facts;
}

static const struct host_facts *
facts_here(const struct trial *trial)
{
	return trial->vm->host->facts;
}

/* ---- the host ---- */

static void
check_link(struct trial *trial)
{
	enum link_state link = host_snap_link(trial->host, trial->targets->opts.now_us);

	if (trial->host->link != LINK_UP)
		trial_add(trial, OBSTACLE_BLOCKS, "link", "does not answer (%s)", link_state_word(link));
	else if (link != LINK_UP)
		trial_add(trial, OBSTACLE_CAUTION, "link", "answers late, so its numbers are old");
}

static void
check_machine(struct trial *trial)
{
	if (trial->host->index == trial->vm->host->index)
		trial_add(trial, OBSTACLE_BLOCKS, "host", "it is there already");
	else if (hosts_same_machine(trial->vm->host, trial->host))
		trial_add(trial, OBSTACLE_BLOCKS, "host",
			"is the same machine as %s (libvirt moves nothing to itself; cloned machines with "
			"the same "
			"UUID need host_uuid in libvirtd.conf)",
			trial->vm->host->name);
}

bool
targets_excludes(const struct targets *targets, const struct host_snap *host)
{
	const char *released = targets->opts.released;

	if (!host->config || !maintenance_covers(targets->opts.maintenance, host->config))
		return false;
	return host->config->maintenance || g_strcmp0(released, host->config->name) != 0;
}

static void
check_maintenance(struct trial *trial)
{
	g_autofree char *words = NULL;

	if (!targets_excludes(trial->targets, trial->host))
		return;
	words = maintenance_words(trial->targets->opts.maintenance, trial->host->config);
	trial_add(trial, OBSTACLE_BLOCKS, "maintenance", "%s", words);
}

/* ---- the hypervisor ---- */

static void
check_hypervisor(struct trial *trial)
{
	const struct host_facts *here = facts_here(trial), *there = facts_there(trial);

	if (!here || !there)
		trial_add(trial, OBSTACLE_CAUTION, "facts", "what %s runs has not been read yet",
			there ? trial->vm->host->name : trial->host->name);
	else if (here->hypervisor == there->hypervisor && g_strcmp0(here->driver, there->driver) == 0)
		return;
	else if (here->hypervisor != there->hypervisor)
		trial_add(trial, OBSTACLE_BLOCKS, "hypervisor",
			"cannot live-migrate between %s and %s: no common state format; shut down and "
			"convert "
			"(virt-v2v)",
			hypervisor_title(here->hypervisor), hypervisor_title(there->hypervisor));
	else
		trial_add(trial, OBSTACLE_BLOCKS, "hypervisor", "cannot move between the drivers %s and %s",
			here->driver, there->driver);
}

static void
check_arch(struct trial *trial)
{
	const struct host_facts *there = facts_there(trial);
	const char *arch = trial->vm->facts ? trial->vm->facts->arch : NULL;

	if (!arch && facts_here(trial))
		arch = facts_here(trial)->arch;
	if (arch && there && there->arch && strcmp(arch, there->arch) != 0)
		trial_add(trial, OBSTACLE_BLOCKS, "architecture", "is %s, the guest %s", there->arch, arch);
}

/* "7.2.22" as 7 * 1000 + 2: what decides what a hypervisor can take. -1: no version. */
static long
version_number(const char *text)
{
	char *end;
	long major = text ? strtol(text, &end, 10) : -1;

	if (!text || end == text)
		return -1;
	return major * 1000 + (*end == '.' ? strtol(end + 1, NULL, 10) : 0);
}

/* Of the QEMU that a machine type is of: "pc-q35-7.2", "pc-i440fx-6.1"; -1: it does not tell, or is a distribution's own. */
static long
machine_version(const char *machine)
{
	const char *dash = machine ? strrchr(machine, '-') : NULL;

	return dash && g_ascii_isdigit(dash[1]) && strchr(dash, '.') ? version_number(dash + 1) : -1;
}

static void
check_version(struct trial *trial)
{
	const struct host_facts *here = facts_here(trial), *there = facts_there(trial);
	const char *machine = trial->vm->facts ? trial->vm->facts->machine : NULL;
	long from, to;

	if (!here || !there || here->hypervisor != there->hypervisor)
		return;
	from = version_number(here->hv_version);
	to = version_number(there->hv_version);
	if (from < 0 || to < 0 || to >= from)
		return;
	if (!(there->moves & MOVE_BIT(OLDER)))
		trial_add(trial, OBSTACLE_BLOCKS, "version",
			"%s %s is older than %s, and guests move to the same or a newer one only",
			hypervisor_title(there->hypervisor), there->hv_version, here->hv_version);
	else if (machine_version(machine) > to)
		trial_add(trial, OBSTACLE_BLOCKS, "version", "its QEMU %s is too old for the machine type %s",
			there->hv_version, machine);
	else
		trial_add(trial, OBSTACLE_CAUTION, "version", "its hypervisor %s is older than %s",
			there->hv_version, here->hv_version);
}

/* ---- names ---- */

static void
check_names(struct trial *trial)
{
	const struct vm *vm = trial->vm;

	for (size_t i = 0; i < trial->host->nvms; i++) {
		const struct vm *other = &trial->host->vms[i];

		if (other == vm)
			return;
		if (memcmp(other->uuid, vm->uuid, UUID_LEN) == 0)
			trial_add(trial, OBSTACLE_BLOCKS, "uuid", "a guest with its UUID is there (%s, %s)",
				other->name, vm_state_name(other->state));
		else if (strcmp(other->name, vm->name) == 0)
			trial_add(trial, OBSTACLE_BLOCKS, "name", "another guest has its name there");
	}
}

/* ---- room ---- */

static void
check_memory(struct trial *trial)
{
	const struct room *room = &trial->targets->rooms[trial->host->index];
	double mem = trial->candidate->mem;
	struct room after = room_with(*room, trial->vm);

	if (trial->targets->opts.wish.offline || trial->host->link != LINK_UP)
		return;
	if (mem < 0)
		trial_add(trial, OBSTACLE_CAUTION, "memory", "how much memory it has is not known");
	else if (room->mem_free < 0)
		trial_add(trial, OBSTACLE_CAUTION, "memory", "how much is free there is not known");
	else if (mem > room->mem_free)
		trial_add(trial, OBSTACLE_BLOCKS, "memory", "needs %.1f GiB, %.1f GiB are free", mem / GIB,
			MAX(room->mem_free, 0) / GIB);
	else if (room_promised_pct(&after) > 100)
		trial_add(trial, OBSTACLE_CAUTION, "memory", "%.0f%% of its memory would be promised",
			room_promised_pct(&after));
}

static void
check_cpus(struct trial *trial)
{
	const struct room *room = &trial->targets->rooms[trial->host->index];
	double cap = (double)trial->targets->opts.config->vcpu_cap_pct / 100;
	struct room after = room_with(*room, trial->vm);

	if (trial->targets->opts.wish.offline || room->pcpus <= 0)
		return;
	if (trial->candidate->vcpus > room->pcpus)
		trial_add(trial, OBSTACLE_CAUTION, "vCPUs", "%.0f vCPUs on %.0f CPUs",
			trial->candidate->vcpus, room->pcpus);
	else if (room_vcpu_ratio(&after) > cap)
		trial_add(trial, OBSTACLE_CAUTION, "vCPUs", "vCPU:pCPU would be %.1f:1, over %.1f:1",
			room_vcpu_ratio(&after), cap);
}

/* ---- CPU model and places ---- */

static void
check_cpu_model(struct trial *trial)
{
	const struct host_facts *here = facts_here(trial), *there = facts_there(trial);
	const char *mode = trial->vm->facts ? trial->vm->facts->cpu_mode : NULL;
	bool passthrough = mode && g_str_has_prefix(mode, "host-passthrough");

	if (!here || !there || trial->targets->opts.wish.offline || !here->cpu_model || !there->cpu_model ||
		strcmp(here->cpu_model, there->cpu_model) == 0)
		return;
	if (passthrough)
		trial_add(trial, OBSTACLE_BLOCKS, "CPU model",
			"it has the host's own CPU (host-passthrough), %s, and here is %s", here->cpu_model,
			there->cpu_model);
	else
		trial_add(trial, OBSTACLE_CAUTION, "CPU model", "%s here, %s there", here->cpu_model,
			there->cpu_model);
}

/* The highest number in a list of CPUs or nodes; -1: none. */
static long
highest(const char *list)
{
	struct cpu_set set = { 0 };
	long top = -1;

	if (list && cpu_set_parse(list, &set))
		for (size_t i = 0; i < set.nbytes * 8; i++)
			if (cpu_set_has(&set, i))
				top = (long)i;
	cpu_set_clear(&set);
	return top;
}

static void
check_places(struct trial *trial)
{
	const struct room *room = &trial->targets->rooms[trial->host->index];
	const struct host_facts *there = facts_there(trial);
	const struct vm_facts *facts = trial->vm->facts;

	if (!facts)
		return;
	if (facts->cpuset && room->pcpus > 0 && highest(facts->cpuset) >= (long)room->pcpus)
		trial_add(trial, OBSTACLE_BLOCKS, "pinning", "pinned to CPUs %s, and it has %.0f",
			facts->cpuset, room->pcpus);
	if (facts->numa_nodes && there && there->ncells && highest(facts->numa_nodes) >= (long)there->ncells)
		trial_add(trial, OBSTACLE_BLOCKS, "NUMA", "its memory is on nodes %s, and there %s %zu",
			facts->numa_nodes, there->ncells == 1 ? "is" : "are", there->ncells);
}

/* ---- networks ---- */

/* That no guest there uses a network proves nothing, but that one does proves that it is there. */
static void
check_networks(struct trial *trial)
{
	const GPtrArray *networks = trial->candidate->networks;
	GHashTable *there;

	if (networks->len == 0 || trial->host->link != LINK_UP)
		return;
	there = targets_networks(trial->targets, trial->host);
	for (guint i = 0; i < networks->len; i++)
		if (!g_hash_table_contains(there, networks->pdata[i]))
			trial_add(trial, OBSTACLE_CAUTION, "network", "no guest there is on %s",
				(const char *)networks->pdata[i]);
}

/* ---- all of them ---- */

void
trial_check(struct trial *trial)
{
	static void (*const checks[])(struct trial *) = {
		check_machine,
		check_link,
		check_maintenance,
		check_hypervisor,
		check_arch,
		check_version,
		check_names,
		check_memory,
		check_cpus,
		check_cpu_model,
		check_places,
		check_networks,
	};

	for (size_t i = 0; i < G_N_ELEMENTS(checks); i++) {
		checks[i](trial);
		/* with what it would be compared has nothing to say */
		if (trial->worst == VERDICT_NO &&
			(checks[i] == check_machine || checks[i] == check_hypervisor))
			return;
	}
}
