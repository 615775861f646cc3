#include "fleet/conn_libvirt_detail.h"

#include "fleet/clock.h"
#include "fleet/cpuset.h"
#include "fleet/detail.h"
#include "fleet/error.h"
#include "fleet/snapshot.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

/* As many as anybody's guest has; a daemon that tells of more is not believed. */
#define VCPUS_MAX 1024

/* ---- what drivers can ---- */

/* The call without flags means what runs now, and is known to older daemons and to the test driver, too. */
static int
set_vcpu(virDomainPtr dom, unsigned number, unsigned char *map, int len, unsigned flags)
{
	if (flags == VIR_DOMAIN_AFFECT_LIVE)
		return virDomainPinVcpu(dom, number, map, len);
	return virDomainPinVcpuFlags(dom, number, map, len, flags);
}

static int
set_emulator(virDomainPtr dom, unsigned number, unsigned char *map, int len, unsigned flags)
{
	(void)number;
	return virDomainPinEmulator(dom, map, len, flags);
}

static int
set_iothread(virDomainPtr dom, unsigned number, unsigned char *map, int len, unsigned flags)
{
	return virDomainPinIOThread(dom, number, map, len, flags);
}

static const struct {
	int (*set)(virDomainPtr dom, unsigned number, unsigned char *map, int len, unsigned flags);
	const char *why_not[DRIVER_COUNT]; /* set where the driver hasn't got it at all */
} kinds[PIN_WHATS] = {
	[PIN_VCPU] = { .set = set_vcpu,
		.why_not = { [DRIVER_LXC] = "a container's CPUs can't be pinned" },
	},
	[PIN_EMULATOR] = { .set = set_emulator,
		.why_not = {
			[DRIVER_XEN] = "Xen's libxl driver pins vCPUs only",
			[DRIVER_LXC] = "a container's CPUs can't be pinned",
		},
	},
	[PIN_IOTHREAD] = { .set = set_iothread,
		.why_not = {
			[DRIVER_XEN] = "Xen has no I/O threads",
			[DRIVER_LXC] = "a container has no I/O threads",
		},
	},
};

/* ---- reading ---- */

/* One reading. The parts return false when the link was lost, with *ERROR set. */
struct pin_look {
	struct libvirt *lv;
	virDomainPtr dom;
	bool no_monitor;
	size_t len; /* of a map */
	struct vm_pins *pins;
	GPtrArray *unknowns;
	GError **error;
};

static void
set_row(struct cpu_set *set, const unsigned char *map, size_t len)
{
	cpu_set_clear(set);
	*set = detail_cpu_map(map, len);
}

/* libvirt leaves the maps of vCPUs that are offline as they were: zero. */
static bool
is_blank(const unsigned char *map, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (map[i])
			return false;
	return true;
}

/* Where vCPUs really run and may run. */
static bool
read_live_vcpus(struct pin_look *look, unsigned most, bool *told)
{
	g_autofree virVcpuInfo *info = g_new0(virVcpuInfo, most);
	g_autofree unsigned char *maps = g_malloc0(look->len * most);
	int n = virDomainGetVcpus(look->dom, info, (int)most, maps, (int)look->len);

	*told = n >= 0;
	if (n < 0)
		return detail_failed(look->lv, look->unknowns, "CPU that each vCPU is on", look->error);
	for (int i = 0; i < n && (unsigned)i < most; i++) {
		const unsigned char *map = maps + (size_t)i * look->len;
		struct pin_row *row;

		/* libxl counts what it has not filled */
		if ((i > 0 && info[i].number == 0) || info[i].number >= most)
			continue;
		row = vm_pins_add(look->pins, PIN_VCPU, info[i].number);
		row->active = info[i].state != VIR_VCPU_OFFLINE;
		row->cpu = row->active ? info[i].cpu : -1;
		if (row->active && !is_blank(map, look->len))
			set_row(&row->live, map, look->len);
	}
	return true;
}

/* What the daemon was told of vCPUs. FALLBACK: in place of what really is. */
static bool
read_told_vcpus(struct pin_look *look, unsigned most, unsigned flags, bool fallback)
{
	g_autofree unsigned char *maps = g_malloc0(look->len * most);
	int n = virDomainGetVcpuPinInfo(look->dom, (int)most, maps, (int)look->len, flags);

	if (n < 0)
		return detail_failed(look->lv, look->unknowns, "pins of vCPUs", look->error);
	for (int i = 0; i < n && (unsigned)i < most; i++) {
		const unsigned char *map = maps + (size_t)i * look->len;
		struct pin_row *row = vm_pins_add(look->pins, PIN_VCPU, (unsigned)i);

		row->active |= fallback && !is_blank(map, look->len);
		if (!is_blank(map, look->len))
			set_row(fallback ? &row->live : &row->kept, map, look->len);
	}
	return true;
}

static bool
read_vcpus(struct pin_look *look)
{
	int live = look->pins->running
			   ? virDomainGetVcpusFlags(look->dom, VIR_DOMAIN_VCPU_LIVE | VIR_DOMAIN_VCPU_MAXIMUM)
			   : 0;
	int kept = look->pins->persistent ? virDomainGetVcpusFlags(look->dom,
						    VIR_DOMAIN_VCPU_CONFIG | VIR_DOMAIN_VCPU_MAXIMUM)
					  : 0;
	bool told = true;

	if (live < 0 || kept < 0)
		return detail_failed(look->lv, look->unknowns, "vCPUs", look->error);
	live = MIN(live, VCPUS_MAX);
	kept = MIN(kept, VCPUS_MAX);
	for (int i = 0; i < MAX(live, kept); i++)
		vm_pins_add(look->pins, PIN_VCPU, (unsigned)i);
	libvirt_progress(look->lv);
	if (live > 0 && !read_live_vcpus(look, (unsigned)live, &told))
		return false;
	libvirt_progress(look->lv);
	if (!told && !read_told_vcpus(look, (unsigned)live, VIR_DOMAIN_AFFECT_LIVE, true))
		return false;
	return kept <= 0 || read_told_vcpus(look, (unsigned)kept, VIR_DOMAIN_AFFECT_CONFIG, false);
}

static bool
read_emulator(struct pin_look *look, bool wanted, unsigned flags)
{
	g_autofree unsigned char *map = g_malloc0(look->len);
	struct pin_row *row;
	int n;

	if (!wanted)
		return true;
	n = virDomainGetEmulatorPinInfo(look->dom, map, (int)look->len, flags);
	libvirt_progress(look->lv);
	if (n < 0)
		return detail_failed(look->lv, look->unknowns, "emulator", look->error);
	row = vm_pins_add(look->pins, PIN_EMULATOR, 0);
	row->active = look->pins->running;
	if (n > 0)
		set_row(flags == VIR_DOMAIN_AFFECT_LIVE ? &row->live : &row->kept, map, look->len);
	return true;
}

static bool
read_iothreads(struct pin_look *look, bool wanted, unsigned flags)
{
	virDomainIOThreadInfoPtr *infos = NULL;
	int n = wanted ? virDomainGetIOThreadInfo(look->dom, &infos, flags) : 0;

	if (!wanted)
		return true;
	libvirt_progress(look->lv);
	if (n < 0)
		return detail_failed(look->lv, look->unknowns, "I/O threads", look->error);
	for (int i = 0; i < n; i++) {
		struct pin_row *row = vm_pins_add(look->pins, PIN_IOTHREAD, infos[i]->iothread_id);
		bool live = flags == VIR_DOMAIN_AFFECT_LIVE;

		row->active |= live;
		set_row(live ? &row->live : &row->kept, infos[i]->cpumap, (size_t)infos[i]->cpumaplen);
		virDomainIOThreadInfoFree(infos[i]);
	}
	free(infos);
	return true;
}

static bool
read_rows(struct pin_look *look)
{
	const struct vm_pins *pins = look->pins;

	if (!pins->cannot[PIN_VCPU] && !read_vcpus(look))
		return false;
	if (!pins->cannot[PIN_EMULATOR] &&
		!(read_emulator(look, pins->running, VIR_DOMAIN_AFFECT_LIVE) &&
			read_emulator(look, pins->persistent, VIR_DOMAIN_AFFECT_CONFIG)))
		return false;
	if (pins->cannot[PIN_IOTHREAD])
		return true;
	if (pins->running && look->no_monitor)
		g_ptr_array_add(look->unknowns, g_strdup("I/O threads: the guest's monitor does not answer"));
	return read_iothreads(look, pins->running && !look->no_monitor, VIR_DOMAIN_AFFECT_LIVE) &&
	       read_iothreads(look, pins->persistent, VIR_DOMAIN_AFFECT_CONFIG);
}

static bool
read_life(struct pin_look *look)
{
	int active = virDomainIsActive(look->dom);
	int persistent = active < 0 ? -1 : virDomainIsPersistent(look->dom);

	libvirt_progress(look->lv);
	if (persistent < 0)
		return libvirt_fail(look->lv, look->error, "look at the guest");
	look->pins->running = active == 1;
	look->pins->persistent = persistent == 1;
	return true;
}

struct vm_pins *
libvirt_pins(struct conn *conn, const uint8_t uuid[UUID_LEN], bool no_monitor, GError **error)
{
	struct libvirt *lv = libvirt_of(conn);
	struct pin_look look = { .lv = lv, .no_monitor = no_monitor, .error = error };
	bool ok;

	if (!libvirt_ready(lv, error) || !node_read_info(lv, error) ||
		!(look.dom = guests_domain(lv, uuid, error)))
		return NULL;
	look.len = VIR_CPU_MAPLEN(detail_ncpus(lv));
	look.unknowns = g_ptr_array_new();
	look.pins = vm_pins_new(uuid);
	for (int what = 0; what < PIN_WHATS; what++)
		look.pins->cannot[what] = kinds[what].why_not[lv->driver];
	ok = read_life(&look) && read_rows(&look);
	virDomainFree(look.dom);
	detail_take(look.unknowns, &look.pins->unknowns);
	look.pins->taken_us = clock_now_us();
	if (ok)
		return look.pins;
	vm_pins_unref(look.pins);
	return NULL;
}

/* ---- changing ---- */

static bool
refuse(GError **error, enum fleet_error code, const char *words)
{
	g_set_error_literal(error, FLEET_ERROR, (gint)code, words);
	return false;
}

/* libvirt would cut off what is beyond the host, and then mean something else. */
static bool
is_sound(struct libvirt *lv, const struct pin_change *change, GError **error)
{
	char name[PIN_NAME_SIZE];

	pin_name(change->what, change->number, name);
	if (cpu_set_count(&change->cpus) == 0) {
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_UNSUPPORTED, "no CPU would be left for %s", name);
		return false;
	}
	for (size_t cpu = detail_ncpus(lv); cpu < change->cpus.nbytes * 8; cpu++) {
		if (!cpu_set_has(&change->cpus, cpu))
			continue;
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_UNSUPPORTED,
			"%s can't be pinned to CPU %zu: the host's last one is %zu", name, cpu,
			detail_ncpus(lv) - 1);
		return false;
	}
	return true;
}

static bool
may_pin(struct libvirt *lv, const uint8_t uuid[UUID_LEN], const struct pin_change *change, GError **error)
{
	const struct guest *guest = guests_find(lv, uuid);
	const char *words = kinds[change->what].why_not[lv->driver];

	if (libvirt_is_dom0(lv, uuid, guest ? (int)virDomainGetID(guest->dom) : -1))
		return refuse(error, FLEET_ERROR_UNSUPPORTED, "Domain-0 is the host itself");
	if (lv->opts.readonly)
		return refuse(error, FLEET_ERROR_DENIED, "the connection is read-only");
	if (words || !libvirt_can(&lv->conn, VM_ACT_PIN, &words))
		return refuse(error, FLEET_ERROR_UNSUPPORTED, words);
	return node_read_info(lv, error) && is_sound(lv, change, error);
}

/* What an operator makes of libvirt's words. */
static const struct {
	const char *said, *means;
} meanings[] = {
	{ "cpu affinity is not supported", "it runs all its vCPUs in one thread" },
	{ "is not active", "this vCPU is offline, only its persistent pin can be set" },
	{ "is not online", "this vCPU is offline, only its persistent pin can be set" },
	{ "offline", "this vCPU is offline, only its persistent pin can be set" },
	{ "Invalid argument", "none of these CPUs is online" },
};

static const char *
meaning_of(const char *message)
{
	for (size_t i = 0; i < G_N_ELEMENTS(meanings); i++)
		if (strstr(message, meanings[i].said))
			return meanings[i].means;
	return NULL;
}

static bool
pin_once(
	struct libvirt *lv, virDomainPtr dom, const struct pin_change *change, unsigned flags, GError **error)
{
	size_t len = VIR_CPU_MAPLEN(detail_ncpus(lv));
	g_autofree unsigned char *map = g_malloc0(len);
	g_autofree char *doing = NULL;
	char name[PIN_NAME_SIZE];
	const char *means;

	memcpy(map, change->cpus.bits, MIN(len, change->cpus.nbytes));
	if (kinds[change->what].set(dom, change->number, map, (int)len, flags) == 0)
		return true;
	pin_name(change->what, change->number, name);
	doing = g_strdup_printf("pin %s%s", name,
		flags == VIR_DOMAIN_AFFECT_LIVE     ? " live"
		: flags == VIR_DOMAIN_AFFECT_CONFIG ? " persistently"
						    : "");
	means = meaning_of(virGetLastErrorMessage());
	libvirt_fail(lv, error, doing);
	if (means && error && *error) {
		g_autofree char *words = g_strdup_printf("%s (%s)", (*error)->message, means);

		g_free((*error)->message);
		(*error)->message = g_steal_pointer(&words);
	}
	return false;
}

/* QEMU's driver checks both halves before it does the first. Others take one flag at a time: libxl does the live half of
 * both and forgets the other without a word. */
bool
libvirt_pin(struct conn *conn, const uint8_t uuid[UUID_LEN], const struct pin_change *change, GError **error)
{
	static const unsigned flags[] = { [PIN_LIVE] = VIR_DOMAIN_AFFECT_LIVE,
		[PIN_KEPT] = VIR_DOMAIN_AFFECT_CONFIG,
		[PIN_BOTH] = VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG };
	struct libvirt *lv = libvirt_of(conn);
	virDomainPtr dom;
	bool ok;

	if (!libvirt_ready(lv, error) || !may_pin(lv, uuid, change, error) ||
		!(dom = guests_domain(lv, uuid, error)))
		return false;
	if (change->scope == PIN_BOTH && lv->driver != DRIVER_QEMU)
		ok = pin_once(lv, dom, change, flags[PIN_KEPT], error) &&
		     pin_once(lv, dom, change, flags[PIN_LIVE], error);
	else
		ok = pin_once(lv, dom, change, flags[change->scope], error);
	virDomainFree(dom);
	return ok;
}
