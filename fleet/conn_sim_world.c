#include "fleet/conn_sim_world.h"

#include "fleet/clock.h"
#include "fleet/conn_sim_load.h"
#include "fleet/conn_sim_names.h"
#include "fleet/snapshot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_HOSTS   221
#define DEFAULT_VMS     4780
#define DEFAULT_XEN     50
#define DEFAULT_TENANTS 2340
#define DEFAULT_SEED    20260u
#define MAX_HOSTS       20000
#define MAX_VMS         2000000
#define HOSTS_PER_SITE  80

/* In a calm world time moves in steps of this, and all rates are whole numbers per step (conn_sim_sample.c): they then
 * come out the same whenever the samples are taken. */
#define CALM_STEP_US 100000

static const struct machine {
	unsigned cpus, mem_gib;
} machines[] = { { 32, 192 }, { 48, 256 }, { 64, 256 }, { 64, 384 }, { 96, 512 } };

/* ---- options ---- */

static bool
parse_count(const char *text, const char *end, unsigned max, unsigned *out)
{
	guint64 value = 0;

	if (text == end || end - text > 9)
		return false;
	for (const char *p = text; p < end; p++) {
		if (!g_ascii_isdigit(*p))
			return false;
		value = value * 10 + (guint64)(*p - '0');
	}
	*out = (unsigned)value;
	return value >= 1 && value <= max;
}

bool
sim_parse(const char *text, struct sim_opts *opts, GError **error)
{
	unsigned hosts = DEFAULT_HOSTS, vms = DEFAULT_VMS;

	if (text && *text) {
		const char *cross = strchr(text, 'x');

		if (!cross || !parse_count(text, cross, MAX_HOSTS, &hosts) ||
			!parse_count(cross + 1, text + strlen(text), MAX_VMS, &vms)) {
			g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
				"\"%s\" is no fleet size; write HOSTSxVMS such as 221x4780, at most %dx%d",
				text, MAX_HOSTS, MAX_VMS);
			return false;
		}
	}
	*opts = (struct sim_opts){ .hosts = hosts, .vms = vms };
	return true;
}

/* ---- guests ---- */

uint64_t
sim_vm_bits(const struct sim_vm *vm, uint64_t salt)
{
	uint64_t head;

	memcpy(&head, vm->uuid, sizeof(head));
	return sim_mix(head, salt);
}

char *
sim_vm_label(const struct sim_vm *vm)
{
	return sim_vm_name(vm->role, vm->group, vm->number);
}

bool
sim_vm_active(const struct sim_vm *vm)
{
	return vm->state == VM_STATE_RUNNING || vm->state == VM_STATE_STOPPING;
}

/* Neither the host nor a vCPU can be more than busy. */
static double
cpu_swing(const struct sim_host *host, const struct sim_vm *vm)
{
	return MIN((double)host->swing, 0.99 / (double)vm->util - 1);
}

double
sim_vm_cpu_load(const struct sim_host *host, const struct sim_vm *vm, double t)
{
	if (!sim_vm_active(vm))
		return vm->cpu_mark;
	return sim_wave(sim_vm_bits(vm, 1), t, cpu_swing(host, vm)) - vm->cpu_mark;
}

double
sim_vm_io_load(const struct sim_host *host, const struct sim_vm *vm, double t)
{
	if (!sim_vm_active(vm))
		return vm->io_mark;
	return sim_wave(sim_vm_bits(vm, 2), t, host->sim->opts.calm ? 0 : 0.95) - vm->io_mark;
}

double
sim_vm_cpu_ns(const struct sim_host *host, const struct sim_vm *vm, double t)
{
	return sim_vm_cpu_load(host, vm, t) * (double)vm->util * vm->vcpus * 1e9;
}

enum vm_type
sim_vm_type(const struct sim_host *host, const struct sim_vm *vm)
{
	static const enum vm_type xen_types[] = { VM_TYPE_PV, VM_TYPE_HVM, VM_TYPE_PV, VM_TYPE_HVM,
		VM_TYPE_HVM, VM_TYPE_PVH };

	if (host->hypervisor == HYPERVISOR_KVM)
		return VM_TYPE_KVM;
	return xen_types[sim_vm_bits(vm, 3) % G_N_ELEMENTS(xen_types)];
}

int
sim_host_find(const struct sim_host *host, const uint8_t uuid[UUID_LEN])
{
	for (unsigned i = 0; i < host->nvms; i++) {
		if (memcmp(host->vms[i].uuid, uuid, UUID_LEN) == 0)
			return (int)i;
	}
	return -1;
}

double
sim_time(const struct sim *sim, int64_t now_us)
{
	int64_t since = now_us - sim->epoch_us;

	if (sim->opts.calm)
		return (double)(since / CALM_STEP_US) * (CALM_STEP_US / 1e6);
	return (double)since / 1e6;
}

static void
vm_make_uuid(struct sim_vm *vm, uint64_t bits)
{
	uint64_t parts[2] = { sim_mix(bits, 11), sim_mix(bits, 12) };

	memcpy(vm->uuid, parts, sizeof(parts));
	vm->uuid[6] = (vm->uuid[6] & 0x0f) | 0x40; /* version 4, as libvirt makes them */
	vm->uuid[8] = (vm->uuid[8] & 0x3f) | 0x80;
}

/* NUMBERS counts the guests of each role and group, so that every name is there once in the fleet. */
static void
vm_make_name(struct sim_vm *vm, uint16_t *numbers)
{
	unsigned ngroups = sim_group_count();

	/* A few roles and groups are more common than others, as in life. */
	vm->role = (uint8_t)(pow(sim_unit(sim_vm_bits(vm, 20)), 1.5) * sim_role_count());
	vm->group = (uint8_t)(pow(sim_unit(sim_vm_bits(vm, 21)), 1.4) * ngroups);
	vm->number = ++numbers[vm->role * ngroups + vm->group];
}

static void
vm_make_size(struct sim_vm *vm)
{
	const struct sim_role *role = sim_role(vm->role);
	int span = role->mem_max - role->mem_min + 1;
	int log = role->mem_min + (int)(sim_unit(sim_vm_bits(vm, 22)) * span);
	int cpu_log = log - 1 + (int)(sim_vm_bits(vm, 23) % 3) - 1;

	vm->mem_mib = 1024u << log;
	vm->vcpus = (uint8_t)(1u << CLAMP(cpu_log, 0, 4));
	vm->util = (float)((double)role->cpu * (0.25 + 1.5 * pow(sim_unit(sim_vm_bits(vm, 24)), 2)));
}

static void
vm_make_state(struct sim_host *host, struct sim_vm *vm)
{
	double fate = sim_unit(sim_vm_bits(vm, 25));
	double uptime = 3600 + floor(pow(sim_unit(sim_vm_bits(vm, 26)), 3) * 300 * 86400);

	vm->id = -1;
	vm->autostart = sim_unit(sim_vm_bits(vm, 27)) < 0.8;
	if (fate < 0.052) {
		vm->state = VM_STATE_OFF;
		vm->reason = sim_vm_bits(vm, 28) % 4 ? "shut down" : "forced off";
		return;
	}
	if (fate < 0.053) {
		vm->state = VM_STATE_CRASHED;
		vm->reason = "panicked";
		return;
	}
	vm->id = ++host->last_id;
	vm->state = VM_STATE_RUNNING;
	vm->reason = "booted";
	vm->cpu_mark = sim_vm_cpu_load(host, vm, 0) - uptime;
	vm->io_mark = sim_vm_io_load(host, vm, 0) - uptime;
	if (fate < 0.058) {
		double cpu = sim_vm_cpu_load(host, vm, 0), io = sim_vm_io_load(host, vm, 0);

		vm->state = VM_STATE_PAUSED;
		vm->reason = "by user";
		vm->cpu_mark = cpu;
		vm->io_mark = io;
	}
}

/* ---- hosts ---- */

/* Makes the guests small enough: Xen never promises more memory than it has, KVM seldom does. */
static void
host_fit_memory(struct sim_host *host)
{
	double share =
		host->hypervisor == HYPERVISOR_XEN ? 0.95 : 0.88 + 0.2 * sim_unit(sim_mix(host->bits, 30));
	uint64_t limit = (uint64_t)(share * (host->mem_mib - host->dom0_mib));
	uint64_t sum = 0;

	for (unsigned i = 0; i < host->nvms; i++)
		sum += host->vms[i].mem_mib;
	while (sum > limit) {
		struct sim_vm *biggest = &host->vms[0];

		for (unsigned i = 1; i < host->nvms; i++) {
			if (host->vms[i].mem_mib > biggest->mem_mib)
				biggest = &host->vms[i];
		}
		if (biggest->mem_mib <= 512)
			break;
		biggest->mem_mib /= 2;
		sum -= biggest->mem_mib;
	}
}

/* The host's CPU use on average, 0..1, with all guests running or with those that do. */
static double
host_load(const struct sim_host *host, bool all)
{
	double used = 0;

	for (unsigned i = 0; i < host->nvms; i++) {
		const struct sim_vm *vm = &host->vms[i];

		if (all || sim_vm_active(vm))
			used += (double)vm->util * vm->vcpus;
	}
	return used / host->cpus;
}

/* UTIL, but gently kept below 1: few guests are really at their limit. */
static double
soften(double util)
{
	const double knee = 0.5, room = 0.48;
	double over = (util - knee) / room;

	return over <= 0 ? MAX(util, 0.002) : knee + room * over / (1 + over);
}

/* Scales the guests' CPU use so that together they make about the host's load. */
static void
host_fit_load(struct sim_host *host)
{
	double scale = (double)host->load / host_load(host, true);

	for (unsigned i = 0; i < host->nvms; i++)
		host->vms[i].util = (float)soften((double)host->vms[i].util * scale);
	if (!host->sim->opts.calm)
		host->swing = (float)CLAMP(0.96 / host_load(host, true) - 1, 0.02, 0.95);
}

static void
host_make(struct sim *sim, struct sim_host *host, unsigned index)
{
	unsigned nkvm = sim->nhosts - sim->nxen;
	bool xen = index >= nkvm;
	const char *name = xen ? "xen" : "kvm";
	unsigned nsites = 1 + (sim->nhosts - 1) / HOSTS_PER_SITE;
	const struct machine *machine;

	host->sim = sim;
	host->bits = sim_mix(sim->opts.seed, 1000 + index);
	host->hypervisor = xen ? HYPERVISOR_XEN : HYPERVISOR_KVM;
	snprintf(host->name, sizeof(host->name), sim->nhosts > 999 ? "%s%04u" : "%s%03u", name,
		xen ? index - nkvm + 1 : index + 1);
	host->site = (xen ? (index - nkvm) * nsites / sim->nxen : index * nsites / nkvm);
	host->rack = 1 + index / 12;
	machine = &machines[sim_mix(host->bits, 1) % G_N_ELEMENTS(machines)];
	host->cpus = machine->cpus;
	host->mem_mib = machine->mem_gib * 1024;
	host->dom0_mib = xen ? 4096 : 2048;
	host->rtt_us = (int64_t)(200 * exp(pow(sim_unit(sim_mix(host->bits, 2)), 3) * 5)); /* 0.2 .. 30 ms */
	host->load = (float)(0.15 + 0.6 * sim_unit(sim_mix(host->bits, 3)));
	if (sim_unit(sim_mix(host->bits, 4)) < 0.06)
		host->load = (float)(0.84 + 0.10 * sim_unit(sim_mix(host->bits, 5)));
	pthread_mutex_init(&host->lock, NULL);
}

/* How many guests a host gets, before rounding. */
static double
host_weight(const struct sim_host *host)
{
	return host->mem_mib * (0.6 + 0.7 * sim_unit(sim_mix(host->bits, 6)));
}

/* Shares the guests out by weight, exactly as many as there are. */
static void
share_guests(struct sim *sim)
{
	double total = 0, upto = 0;
	unsigned given = 0;

	for (unsigned i = 0; i < sim->nhosts; i++)
		total += host_weight(&sim->hosts[i]);
	for (unsigned i = 0; i < sim->nhosts; i++) {
		unsigned end;

		upto += host_weight(&sim->hosts[i]);
		end = i + 1 == sim->nhosts ? sim->nvms : (unsigned)(upto / total * sim->nvms);
		sim->hosts[i].nvms = end - given;
		given = end;
	}
}

/* The tenant of guest INDEX of the whole fleet: each tenant has one, the rest go to the bigger ones. */
static uint32_t
tenant_of(const struct sim *sim, unsigned index)
{
	const unsigned stride = 1000003; /* a prime, so that every place is taken once */
	unsigned place = (unsigned)((uint64_t)index * stride % sim->nvms);

	if (sim->nvms % stride == 0)
		place = index;
	if (place < sim->ntenants)
		return place;
	return (uint32_t)(pow(sim_unit(sim_mix(sim->opts.seed, 77 + (uint64_t)place)), 2.5) * sim->ntenants);
}

static void
host_fill(struct sim_host *host, unsigned first, uint16_t *numbers)
{
	host->vms = g_new0(struct sim_vm, host->nvms);
	for (unsigned i = 0; i < host->nvms; i++) {
		struct sim_vm *vm = &host->vms[i];

		vm_make_uuid(vm, sim_mix(host->bits, 100 + i));
		vm_make_name(vm, numbers);
		vm_make_size(vm);
		vm->tenant = tenant_of(host->sim, first + i);
	}
	if (!host->nvms)
		return;
	host_fit_memory(host);
	host_fit_load(host);
	for (unsigned i = 0; i < host->nvms; i++)
		vm_make_state(host, &host->vms[i]);
	host->load = (float)host_load(host, false);
}

struct sim *
sim_new(const struct sim_opts *opts)
{
	struct sim *sim = g_new0(struct sim, 1);
	g_autofree uint16_t *numbers = g_new0(uint16_t, sim_role_count() * sim_group_count());
	unsigned first = 0;

	sim->opts = *opts;
	sim->opts.seed = opts->seed ? opts->seed : DEFAULT_SEED;
	sim->epoch_us = clock_now_us();
	sim->nhosts = opts->hosts ? opts->hosts : DEFAULT_HOSTS;
	sim->nvms = opts->hosts ? opts->vms : DEFAULT_VMS;
	sim->nxen = (sim->nhosts * DEFAULT_XEN + DEFAULT_HOSTS / 2) / DEFAULT_HOSTS;
	sim->ntenants = (unsigned)(((uint64_t)sim->nvms * DEFAULT_TENANTS + DEFAULT_VMS - 1) / DEFAULT_VMS);
	sim->hosts = g_new0(struct sim_host, sim->nhosts);
	for (unsigned i = 0; i < sim->nhosts; i++)
		host_make(sim, &sim->hosts[i], i);
	share_guests(sim);
	for (unsigned i = 0; i < sim->nhosts; i++) {
		host_fill(&sim->hosts[i], first, numbers);
		first += sim->hosts[i].nvms;
		sim_life_init(&sim->hosts[i], i, sim->epoch_us);
	}
	return sim;
}

void
sim_free(struct sim *sim)
{
	if (!sim)
		return;
	for (unsigned i = 0; i < sim->nhosts; i++) {
		pthread_mutex_destroy(&sim->hosts[i].lock);
		g_free(sim->hosts[i].vms);
		g_array_unref(sim->hosts[i].arrived);
		g_clear_pointer(&sim->hosts[i].old_pins, g_ptr_array_unref);
		g_array_unref(sim->hosts[i].trips);
		g_array_unref(sim->hosts[i].unheard);
	}
	g_free(sim->hosts);
	g_free(sim);
}

/* ---- as configuration ---- */

static char **
host_tags(const struct sim_host *host)
{
	static const char *const stages[] = { "prod", "prod", "prod", "prod", "prod", "prod", "prod", "test",
		"test", "dev" };
	g_autoptr(GPtrArray) tags = g_ptr_array_new();

	/* sorted, as struct config_host promises */
	if (host->mem_mib >= 512 * 1024)
		g_ptr_array_add(tags, g_strdup("bigmem"));
	g_ptr_array_add(tags, g_strdup(stages[sim_mix(host->bits, 7) % G_N_ELEMENTS(stages)]));
	g_ptr_array_add(tags, NULL);
	return (char **)g_ptr_array_steal(tags, NULL);
}

static struct config_host *
host_config(const struct sim_host *host)
{
	struct config_host *entry = g_new0(struct config_host, 1);

	entry->name = g_strdup(host->name);
	entry->spec = g_new0(struct hostspec, 1);
	entry->spec->transport = TRANSPORT_SIM;
	entry->spec->driver = g_strdup(host->hypervisor == HYPERVISOR_XEN ? "xen" : "qemu");
	entry->site = g_strdup_printf("dc%u", host->site + 1);
	entry->tags = host_tags(host);
	entry->labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_hash_table_insert(entry->labels, g_strdup("rack"), g_strdup_printf("r%02u", host->rack));
	entry->origin = g_strdup("--demo");
	return entry;
}

void
sim_add_hosts(struct sim *sim, struct config *config)
{
	for (unsigned i = 0; i < sim->nhosts; i++)
		g_ptr_array_add(config->hosts, host_config(&sim->hosts[i]));
}
