/* Pins of the simulated hosts, as the pin map and its job see them. */
#include "fleet/conn_sim_world.h"
#include "fleet/cpuset.h"
#include "fleet/error.h"
#include "fleet/snapshot.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct sim_opts opts = { .hosts = 12, .vms = 200, .seed = 4, .calm = true };

/* A host of HYPERVISOR that is fine, and a guest on it that runs. */
static struct sim_vm *
find_guest(struct sim *sim, enum hypervisor hypervisor, unsigned *index)
{
	for (unsigned h = 0; h < sim->nhosts; h++)
		for (unsigned v = 0; v < sim->hosts[h].nvms; v++)
			if (sim->hosts[h].hypervisor == hypervisor && sim->hosts[h].trouble == SIM_FINE &&
				sim->hosts[h].vms[v].id >= 0) {
				*index = h;
				return &sim->hosts[h].vms[v];
			}
	cr_assert_fail("there is no such guest");
	return NULL;
}

struct stage {
	struct sim *sim;
	struct sim_host *host;
	struct conn *conn;
	uint8_t uuid[UUID_LEN];
};

static struct stage
stage_new(enum hypervisor hypervisor, bool readonly)
{
	struct stage stage = { .sim = sim_new(&opts) };
	unsigned index = 0;

	memcpy(stage.uuid, find_guest(stage.sim, hypervisor, &index)->uuid, UUID_LEN);
	stage.host = &stage.sim->hosts[index];
	stage.conn = conn_sim_new(stage.sim, index, readonly, NULL);
	cr_assert(stage.conn->ops->open(stage.conn, NULL));
	return stage;
}

static void
stage_free(struct stage *stage)
{
	stage->conn->ops->free(stage->conn);
	sim_free(stage->sim);
}

static bool
pin(struct stage *stage, const uint8_t uuid[UUID_LEN], enum pin_what what, unsigned number, const char *cpus,
	unsigned scope, GError **error)
{
	struct pin_change change = { .what = what, .number = number, .scope = scope };
	bool ok;

	cpu_set_parse(cpus, &change.cpus);
	ok = stage->conn->ops->pin(stage->conn, uuid, &change, error);
	cpu_set_clear(&change.cpus);
	return ok;
}

static void
expect_row(struct stage *stage, enum pin_what what, unsigned number, const char *live, const char *kept)
{
	struct vm_pins *pins = stage->conn->ops->pins(stage->conn, stage->uuid, false, NULL);
	const struct pin_row *row = vm_pins_find(pins, what, number);
	g_autofree char *is_live = cpu_set_format(&row->live), *is_kept = cpu_set_format(&row->kept);

	if (live)
		cr_expect_str_eq(is_live, live);
	if (kept)
		cr_expect_str_eq(is_kept, kept);
	cr_expect(cpu_set_has(&row->live, (size_t)row->cpu) || row->cpu < 0, "it runs where it may");
	vm_pins_unref(pins);
}

Test(sim_pin, live_and_kept_are_apart)
{
	struct stage stage = stage_new(HYPERVISOR_KVM, false);

	cr_assert(pin(&stage, stage.uuid, PIN_VCPU, 0, "3", PIN_BOTH, NULL));
	expect_row(&stage, PIN_VCPU, 0, "3", "3");
	cr_assert(pin(&stage, stage.uuid, PIN_VCPU, 0, "1-2", PIN_LIVE, NULL));
	expect_row(&stage, PIN_VCPU, 0, "1-2", "3");
	cr_assert(pin(&stage, stage.uuid, PIN_EMULATOR, 0, "0", PIN_KEPT, NULL));
	expect_row(&stage, PIN_EMULATOR, 0, NULL, "0");
	stage_free(&stage);
}

/* Who looks at facts and XML is told the same. */
Test(sim_pin, facts_and_xml_follow)
{
	struct stage stage = stage_new(HYPERVISOR_KVM, false);
	struct vm_pins *pins = stage.conn->ops->pins(stage.conn, stage.uuid, false, NULL);
	struct vm_facts *facts;
	char *xml;

	for (guint i = 0; i < pins->rows->len; i++)
		if (vm_pins_at(pins, i)->what == PIN_VCPU)
			cr_assert(pin(&stage, stage.uuid, PIN_VCPU, i, "2-3", PIN_BOTH, NULL));
	vm_pins_unref(pins);
	facts = stage.conn->ops->vm_facts(stage.conn, stage.uuid, NULL);
	cr_expect(facts->pinned);
	cr_expect_str_eq(facts->cpuset, "2-3");
	vm_facts_unref(facts);
	xml = stage.conn->ops->vm_xml(stage.conn, stage.uuid, NULL);
	cr_expect(strstr(xml, "<vcpupin vcpu='0' cpuset='2-3'/>"));
	g_free(xml);
	stage_free(&stage);
}

Test(sim_pin, what_cannot_be_is_refused_in_words)
{
	static const uint8_t dom0[UUID_LEN];
	struct stage xen = stage_new(HYPERVISOR_XEN, false), kvm = stage_new(HYPERVISOR_KVM, false),
		     watched = stage_new(HYPERVISOR_KVM, true);
	const struct {
		struct stage *stage;
		const uint8_t *uuid;
		enum pin_what what;
		unsigned number;
		const char *cpus, *words;
	} refused[] = {
		{ &xen, dom0, PIN_VCPU, 0, "0", "Domain-0 is the host itself" },
		{ &xen, xen.uuid, PIN_EMULATOR, 0, "0", "vCPUs only" },
		{ &kvm, kvm.uuid, PIN_IOTHREAD, 1, "0", "no such I/O thread" },
		{ &kvm, kvm.uuid, PIN_VCPU, 999, "0", "no such vCPU" },
		{ &kvm, kvm.uuid, PIN_VCPU, 0, "4000", "no such CPU" },
		{ &kvm, kvm.uuid, PIN_VCPU, 0, "", "no CPU would be left" },
		{ &watched, watched.uuid, PIN_VCPU, 0, "0", "read-only" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
		g_autoptr(GError) error = NULL;

		cr_assert_not(pin(refused[i].stage, refused[i].uuid, refused[i].what, refused[i].number,
			refused[i].cpus, PIN_BOTH, &error));
		cr_expect(strstr(error->message, refused[i].words), "%s", error->message);
	}
	stage_free(&xen);
	stage_free(&kvm);
	stage_free(&watched);
}
