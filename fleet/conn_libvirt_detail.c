#include "fleet/conn_libvirt_detail.h"

#include "fleet/clock.h"
#include "fleet/cpuset.h"
#include "fleet/detail.h"
#include "fleet/snapshot.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

/* Events tell when XML changes, but not all drivers have them. */
#define XML_US (60 * INT64_C(1000000))
/* What hardly changes, and what each costs a round trip. */
#define SLOW_US (30 * INT64_C(1000000))

/* ---- words ---- */

void
detail_lacks(struct libvirt *lv, GPtrArray *unknowns, const char *what, const char *why)
{
	g_ptr_array_add(unknowns, g_strdup_printf("%s: %s %s", what, libvirt_driver_title(lv), why));
}

bool
detail_failed(struct libvirt *lv, GPtrArray *unknowns, const char *what, GError **error)
{
	bool lacks = virGetLastErrorCode() == VIR_ERR_NO_SUPPORT;
	g_autofree char *words = g_strdup(virGetLastErrorMessage());

	if (libvirt_lost(lv, error, "read what the page shows"))
		return false;
	if (lacks)
		detail_lacks(lv, unknowns, what, "doesn't tell it");
	else
		g_ptr_array_add(unknowns, g_strdup_printf("%s: %s", what, words));
	return true;
}

/* ---- memory ---- */

void
inspect_vm_done(struct inspect_vm *vm)
{
	meter_free(vm->meter);
	g_free(vm->xml);
	g_free(vm->no_vcpus);
	vm_facts_unref(vm->facts);
	vm_detail_unref(vm->slow);
	vm_detail_unref(vm->inside);
	*vm = (struct inspect_vm){ 0 };
}

void
libvirt_inspect_free(struct inspect *inspect)
{
	if (!inspect)
		return;
	inspect_vm_done(&inspect->vm);
	inspect_host_done(&inspect->host);
	g_free(inspect->sched.name);
	g_free(inspect->sched.unknown);
	g_free(inspect);
}

static struct inspect_vm *
remembered(struct libvirt *lv, const uint8_t uuid[UUID_LEN])
{
	struct inspect_vm *vm;

	if (!lv->inspect)
		lv->inspect = g_new0(struct inspect, 1);
	vm = &lv->inspect->vm;
	if (vm->meter && memcmp(vm->uuid, uuid, UUID_LEN) == 0)
		return vm;
	inspect_vm_done(vm);
	memcpy(vm->uuid, uuid, UUID_LEN);
	vm->meter = meter_new();
	return vm;
}

/* ---- XML ---- */

static bool
xml_is_current(const struct look *look, const struct guest *guest, int id)
{
	const struct inspect_vm *vm = look->vm;

	return vm->xml && vm->id == id && (!guest || vm->changes == guest->changes) &&
	       look->now_us - vm->xml_us < XML_US;
}

/* The XML without what is secret. What was remembered because of the last one goes with it when it differs. */
static bool
look_at_xml(struct look *look)
{
	const struct guest *guest = guests_find(look->lv, look->vm->uuid);
	struct inspect_vm *vm = look->vm;
	unsigned id = virDomainGetID(look->dom);
	char *xml;

	look->active = id != (unsigned)-1;
	if (xml_is_current(look, guest, (int)id))
		return true;
	xml = virDomainGetXMLDesc(look->dom, 0);
	if (!xml)
		return detail_failed(look->lv, look->unknowns, "XML", look->error);
	if (g_strcmp0(xml, vm->xml) != 0) {
		g_free(vm->xml);
		vm_facts_unref(vm->facts);
		vm->xml = g_strdup(xml);
		vm->facts = libvirt_parse_facts(look->lv, xml, &vm->vcpus_max, NULL);
		vm->agent = domxml_agent(xml, strlen(xml));
		g_clear_pointer(&vm->no_vcpus, g_free);
		g_clear_pointer(&vm->slow, vm_detail_unref);
		g_clear_pointer(&vm->inside, vm_detail_unref);
	}
	free(xml);
	vm->xml_us = look->now_us;
	vm->changes = guest ? guest->changes : 0;
	vm->id = (int)id;
	return true;
}

/* ---- now and then ---- */

size_t
detail_ncpus(const struct libvirt *lv)
{
	return lv->pcpus > 0 ? (size_t)lv->pcpus : 1024;
}

struct cpu_set
detail_cpu_map(const unsigned char *map, size_t len)
{
	return (struct cpu_set){ .bits = g_memdup2(map, len), .nbytes = len };
}

static bool
read_emulator(struct look *look, struct vm_detail *slow, GPtrArray *unknowns)
{
	size_t len = VIR_CPU_MAPLEN(detail_ncpus(look->lv));
	g_autofree unsigned char *map = g_malloc0(len);

	if (!look->active)
		return true;
	if (virDomainGetEmulatorPinInfo(look->dom, map, (int)len, VIR_DOMAIN_AFFECT_LIVE) < 0)
		return detail_failed(look->lv, unknowns, "emulator's CPUs", look->error);
	slow->emulator = detail_cpu_map(map, len);
	return true;
}

static bool
read_snapshots(struct look *look, struct vm_detail *slow, GPtrArray *unknowns)
{
	slow->snapshots = virDomainSnapshotNum(look->dom, 0);
	return slow->snapshots >= 0 || detail_failed(look->lv, unknowns, "snapshots", look->error);
}

static bool
read_managed_save(struct look *look, struct vm_detail *slow, GPtrArray *unknowns)
{
	int saved = virDomainHasManagedSaveImage(look->dom, 0);

	slow->managed_save = saved == 1;
	return saved >= 0 || detail_failed(look->lv, unknowns, "saved memory", look->error);
}

/* ---- addresses that the host knows ---- */

/* The host's ARP table tells no prefix. */
static void
add_interface(GPtrArray *list, const virDomainInterface *interface)
{
	for (unsigned i = 0; i < interface->naddrs; i++) {
		const virDomainIPAddress *address = &interface->addrs[i];
		const char *name = interface->name ? interface->name : interface->hwaddr;

		if (address->prefix > 0)
			g_ptr_array_add(
				list, g_strdup_printf("%s %s/%u", name, address->addr, address->prefix));
		else
			g_ptr_array_add(list, g_strdup_printf("%s %s", name, address->addr));
	}
}

/* Appends what SOURCE knows. A source that the driver hasn't got is no loss: there are others. */
static bool
read_addresses_of(struct look *look, unsigned source, GPtrArray *list)
{
	virDomainInterfacePtr *interfaces = NULL;
	int n = virDomainInterfaceAddresses(look->dom, &interfaces, source, 0);

	libvirt_progress(look->lv);
	if (n < 0)
		return !libvirt_lost(look->lv, look->error, "read the guest's addresses");
	for (int i = 0; i < n; i++) {
		add_interface(list, interfaces[i]);
		virDomainInterfaceFree(interfaces[i]);
	}
	free(interfaces);
	return true;
}

static bool
has_network_nic(const struct vm_facts *facts)
{
	for (size_t i = 0; facts && i < facts->nnics; i++)
		if (g_strcmp0(facts->nics[i].type, "network") == 0)
			return true;
	return false;
}

/* libvirt's own networks know the leases; whom the host has talked to is in its ARP table. */
static bool
read_addresses(struct look *look, struct vm_detail *slow, GPtrArray *unknowns)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

	(void)unknowns;
	if (!look->active || !look->vm->facts || look->vm->facts->nnics == 0)
		return true;
	if (has_network_nic(look->vm->facts) &&
		!read_addresses_of(look, VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE, list))
		return false;
	if (list->len == 0 && !read_addresses_of(look, VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP, list))
		return false;
	detail_take(g_steal_pointer(&list), &slow->addresses);
	return true;
}

static bool
look_at_slow(struct look *look)
{
	static bool (*const readers[])(struct look *, struct vm_detail *, GPtrArray *) = { read_emulator,
		look_at_scheduler, read_snapshots, read_managed_save, read_addresses };
	GPtrArray *unknowns = g_ptr_array_new();
	struct vm_detail *slow;
	bool ok = true;

	if (look->vm->slow && look->now_us - look->vm->slow->taken_us < SLOW_US) {
		g_ptr_array_unref(unknowns);
		return true;
	}
	slow = vm_detail_new();
	slow->taken_us = look->now_us;
	for (size_t i = 0; ok && i < G_N_ELEMENTS(readers); i++) {
		ok = readers[i](look, slow, unknowns);
		libvirt_progress(look->lv);
	}
	detail_take(unknowns, &slow->unknowns);
	vm_detail_unref(look->vm->slow);
	look->vm->slow = slow;
	return ok;
}

/* ---- all of it ---- */

static void
add_unknowns(GPtrArray *list, const struct vm_detail *of)
{
	for (char **unknown = of ? of->unknowns : NULL; unknown && *unknown; unknown++)
		g_ptr_array_add(list, g_strdup(*unknown));
}

static void
take_remembered(const struct look *look)
{
	const struct vm_detail *slow = look->vm->slow, *inside = look->vm->inside;
	struct vm_detail *detail = look->detail;

	detail->xml = g_strdup(look->vm->xml);
	if (slow) {
		detail->emulator = cpu_set_copy(&slow->emulator);
		detail->scheduling = slow->scheduling;
		detail->scheduling.name = g_strdup(slow->scheduling.name);
		detail->snapshots = slow->snapshots;
		detail->managed_save = slow->managed_save;
	}
	/* the guest itself knows best what it is called by */
	const struct vm_detail *knows = inside && inside->addresses[0] ? inside : slow;
	if (knows) {
		g_strfreev(detail->addresses);
		detail->addresses = g_strdupv(knows->addresses);
	}
	if (inside)
		detail_take_inside(detail, inside);
	add_unknowns(look->unknowns, slow);
	add_unknowns(look->unknowns, inside);
}

static bool
look_all(struct look *look)
{
	static bool (*const parts[])(
		struct look *) = { look_at_xml, look_at_devices, look_at_vcpus, look_at_slow, look_inside };

	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		if (!parts[i](look))
			return false;
		libvirt_progress(look->lv);
	}
	take_remembered(look);
	return true;
}

struct vm_detail *
libvirt_vm_detail(struct conn *conn, const uint8_t uuid[UUID_LEN], const struct vm_detail *old,
	bool no_monitor, GError **error)
{
	struct libvirt *lv = libvirt_of(conn);
	const struct guest *guest;
	struct look look = { .lv = lv, .error = error, .now_us = clock_now_us() };
	bool ok;

	(void)old; /* the counters behind its rates are remembered here */
	if (!libvirt_ready(lv, error))
		return NULL;
	look.dom = guests_domain(lv, uuid, error);
	if (!look.dom)
		return NULL;
	guest = guests_find(lv, uuid);
	look.silent = no_monitor || (guest && guest_is_silent(guest));
	look.vm = remembered(lv, uuid);
	look.unknowns = g_ptr_array_new();
	look.detail = vm_detail_new();
	memcpy(look.detail->uuid, uuid, UUID_LEN);
	look.detail->taken_us = look.now_us;
	if (look.silent)
		g_ptr_array_add(look.unknowns,
			g_strdup("disks and memory: QEMU's monitor does not answer; it is frozen or busy"));
	ok = look_all(&look);
	detail_take(look.unknowns, &look.detail->unknowns);
	virDomainFree(look.dom);
	if (ok)
		return look.detail;
	vm_detail_unref(look.detail);
	return NULL;
}
