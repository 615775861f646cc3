#include "fleet/conn_sim_world.h"
#include "fleet/cpuset.h"
#include "fleet/error.h"
#include "fleet/snapshot.h"

static const char xen_pins_vcpus[] = "Xen's libxl driver pins vCPUs only";

/* ---- what was said ---- */

static struct cpu_set *
sets_new(unsigned nvcpus, const struct cpu_set *old, unsigned nold)
{
	struct cpu_set *sets = g_new0(struct cpu_set, nvcpus + 1);

	for (unsigned i = 0; old && i < nvcpus + 1 && i < nold + 1; i++)
		sets[i] = cpu_set_copy(&old[i]);
	return sets;
}

void
sim_pins_free(gpointer data)
{
	struct sim_pins *pins = data;

	for (unsigned i = 0; i <= pins->nvcpus; i++) {
		cpu_set_clear(&pins->live[i]);
		cpu_set_clear(&pins->kept[i]);
	}
	g_free(pins->live);
	g_free(pins->kept);
	g_free(pins);
}

/* Those of VM to be changed; they belong to HOST. */
static struct sim_pins *
pins_renew(struct sim_host *host, const struct sim_vm *vm)
{
	const struct sim_pins *old = vm->pins;
	struct sim_pins *pins = g_new0(struct sim_pins, 1);
	bool restarted = old && old->id != vm->id;

	pins->id = vm->id;
	pins->nvcpus = vm->vcpus;
	pins->kept = sets_new(vm->vcpus, old ? old->kept : NULL, old ? old->nvcpus : 0);
	pins->live =
		sets_new(vm->vcpus, old ? (restarted ? old->kept : old->live) : NULL, old ? old->nvcpus : 0);
	if (!host->old_pins)
		host->old_pins = g_ptr_array_new_with_free_func(sim_pins_free);
	g_ptr_array_add(host->old_pins, pins);
	return pins;
}

const struct cpu_set *
sim_pinned_to(const struct sim_vm *vm, unsigned index, bool kept)
{
	const struct sim_pins *pins = vm->pins;
	const struct cpu_set *set;

	if (!pins || index > pins->nvcpus)
		return NULL;
	kept |= pins->id != vm->id;
	set = kept ? &pins->kept[index] : &pins->live[index];
	return set->nbytes ? set : NULL;
}

/* ---- as read ---- */

static struct cpu_set
all_cpus(const struct sim_host *host)
{
	struct cpu_set set = { 0 };

	for (unsigned cpu = 0; cpu < host->cpus; cpu++)
		cpu_set_add(&set, cpu);
	return set;
}

/* The definition knows what libvirt was told, not what xl did. */
static struct cpu_set
kept_of_vcpu(const struct sim_host *host, const struct sim_vm *vm, unsigned vcpu)
{
	const struct cpu_set *said = sim_pinned_to(vm, vcpu, true);
	struct sim_vm untouched = *vm;

	if (said)
		return cpu_set_copy(said);
	if (sim_vm_pin(host, vm) == SIM_PIN_XL)
		return all_cpus(host);
	untouched.pins = NULL;
	return sim_vcpu_affinity(host, &untouched, vcpu);
}

static struct cpu_set
emulator_set(const struct sim_host *host, const struct sim_vm *vm, bool kept)
{
	const struct cpu_set *said = sim_pinned_to(vm, vm->vcpus, kept);

	return said ? cpu_set_copy(said) : all_cpus(host);
}

/* The CPU that the vCPU is on in what pages show, too. */
static int
cpu_of_vcpu(const struct vm_detail *detail, unsigned vcpu)
{
	return vcpu < detail->nvcpus ? detail->vcpus[vcpu].cpu : -1;
}

struct vm_pins *
sim_vm_pins(const struct sim_host *host, const struct sim_vm *vm, int64_t now_us)
{
	struct vm_pins *pins = vm_pins_new(vm->uuid);
	struct vm_detail *detail = sim_vm_detail(host, vm, now_us);
	bool xen = host->hypervisor == HYPERVISOR_XEN;

	pins->taken_us = now_us;
	pins->running = vm->id >= 0;
	pins->persistent = true;
	for (unsigned i = 0; i < vm->vcpus; i++) {
		struct pin_row *row = vm_pins_add(pins, PIN_VCPU, i);

		row->active = pins->running;
		row->cpu = cpu_of_vcpu(detail, i);
		row->kept = kept_of_vcpu(host, vm, i);
		if (row->active)
			row->live = sim_vcpu_affinity(host, vm, i);
	}
	vm_detail_unref(detail);
	if (xen) {
		pins->cannot[PIN_EMULATOR] = xen_pins_vcpus;
		pins->cannot[PIN_IOTHREAD] = "Xen has no I/O threads";
		return pins;
	}
	struct pin_row *row = vm_pins_add(pins, PIN_EMULATOR, 0);

	row->active = pins->running;
	row->kept = emulator_set(host, vm, true);
	if (row->active)
		row->live = emulator_set(host, vm, false);
	return pins;
}

/* ---- as said ---- */

static bool
is_sound(
	const struct sim_host *host, const struct sim_vm *vm, const struct pin_change *change, GError **error)
{
	const char *why = NULL;

	if (change->what != PIN_VCPU && host->hypervisor == HYPERVISOR_XEN)
		why = xen_pins_vcpus;
	else if (change->what == PIN_IOTHREAD)
		why = "it has no such I/O thread";
	else if (change->what == PIN_VCPU && change->number >= vm->vcpus)
		why = "it has no such vCPU";
	else if (cpu_set_count(&change->cpus) == 0)
		why = "no CPU would be left";
	else if (change->scope & PIN_LIVE && vm->id < 0)
		why = "domain is not running";
	for (size_t cpu = host->cpus; !why && cpu < change->cpus.nbytes * 8; cpu++)
		if (cpu_set_has(&change->cpus, cpu))
			why = "the host has no such CPU";
	if (why)
		g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_UNSUPPORTED, why);
	return !why;
}

bool
sim_vm_set_pin(struct sim_host *host, struct sim_vm *vm, const struct pin_change *change, GError **error)
{
	unsigned index = change->what == PIN_EMULATOR ? vm->vcpus : change->number;
	struct sim_pins *pins;

	if (!is_sound(host, vm, change, error))
		return false;
	pins = pins_renew(host, vm);
	if (change->scope & PIN_LIVE) {
		cpu_set_clear(&pins->live[index]);
		pins->live[index] = cpu_set_copy(&change->cpus);
	}
	if (change->scope & PIN_KEPT) {
		cpu_set_clear(&pins->kept[index]);
		pins->kept[index] = cpu_set_copy(&change->cpus);
	}
	vm->pins = pins;
	return true;
}
