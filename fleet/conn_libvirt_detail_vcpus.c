#include "fleet/conn_libvirt_detail.h"

#include "fleet/clock.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <string.h>

/* As many as anybody's guest has; a driver that tells of more is not believed. */
#define VCPUS_MAX 1024

/* ---- the array ---- */

/* Vcpu INDEX, made with those before it. NULL: there can't be so many. */
static struct vcpu_detail *
vcpu_at(struct look *look, unsigned index)
{
	struct vm_detail *detail = look->detail;

	if (index >= VCPUS_MAX)
		return NULL;
	if (index >= detail->nvcpus)
		detail->vcpus = g_renew(struct vcpu_detail, detail->vcpus, index + 1);
	for (; detail->nvcpus <= index; detail->nvcpus++)
		detail->vcpus[detail->nvcpus] =
			(struct vcpu_detail){ .cpu = -1, .cpu_pct = -1, .ready_pct = -1 };
	return &detail->vcpus[index];
}

/* How much of its time went into what the counter NAME counts in nanoseconds. */
static void
set_pct(struct look *look, unsigned index, const char *name, uint64_t ns, double *pct)
{
	char key[64];
	double rate;

	snprintf(key, sizeof key, "vcpu %u %s", index, name);
	if (meter_rate(look->vm->meter, key, ns, look->now_us, &rate))
		*pct = rate / 1e7;
}

/* ---- in bulk ---- */

static bool
get_vcpu(virTypedParameterPtr params, int n, unsigned index, const char *name, unsigned long long *value)
{
	char field[VIR_TYPED_PARAM_FIELD_LENGTH];

	snprintf(field, sizeof field, "vcpu.%u.%s", index, name);
	return virTypedParamsGetULLong(params, n, field, value) == 1;
}

void
look_at_vcpu_params(struct look *look, struct _virTypedParameter *params, int n)
{
	unsigned count = 0;

	virTypedParamsGetUInt(params, n, "vcpu.maximum", &count);
	for (unsigned i = 0; i < MIN(count, VCPUS_MAX); i++) {
		struct vcpu_detail *vcpu = vcpu_at(look, i);
		char field[VIR_TYPED_PARAM_FIELD_LENGTH];
		unsigned long long ns;
		int state;

		snprintf(field, sizeof field, "vcpu.%u.state", i);
		vcpu->online =
			virTypedParamsGetInt(params, n, field, &state) == 1 && state != VIR_VCPU_OFFLINE;
		if (!vcpu->online)
			continue;
		if (get_vcpu(params, n, i, "time", &ns))
			set_pct(look, i, "time", ns, &vcpu->cpu_pct);
		if (get_vcpu(params, n, i, "delay", &ns))
			set_pct(look, i, "delay", ns, &vcpu->ready_pct);
	}
}

/* ---- where they run ---- */

static void
take_info(struct look *look, const virVcpuInfo *info, const unsigned char *map, size_t len)
{
	struct vcpu_detail *vcpu = vcpu_at(look, info->number);

	if (!vcpu)
		return;
	vcpu->online = info->state != VIR_VCPU_OFFLINE;
	vcpu->cpu = vcpu->online && info->cpu >= 0 ? info->cpu : -1;
	if (vcpu->affinity.nbytes == 0)
		vcpu->affinity = detail_cpu_map(map, len);
	/* libxl has no other times, and of a guest whose monitor is silent no others are asked for */
	if (vcpu->online && vcpu->cpu_pct < 0 && (look->silent || look->lv->driver != DRIVER_QEMU))
		set_pct(look, info->number, "time", info->cpuTime, &vcpu->cpu_pct);
}

/* What the daemon was told, when it can't see what really is. */
static bool
read_pins(struct look *look, unsigned nvcpus)
{
	size_t len = VIR_CPU_MAPLEN(detail_ncpus(look->lv));
	g_autofree unsigned char *maps = g_malloc0(len * nvcpus);
	int n = virDomainGetVcpuPinInfo(look->dom, (int)nvcpus, maps, (int)len, VIR_DOMAIN_AFFECT_CURRENT);

	if (n < 0)
		return detail_failed(look->lv, look->unknowns, "where vCPUs may run", look->error);
	for (int i = 0; i < n && (unsigned)i < nvcpus; i++) {
		struct vcpu_detail *vcpu = vcpu_at(look, (unsigned)i);

		if (vcpu && vcpu->affinity.nbytes == 0)
			vcpu->affinity = detail_cpu_map(maps + (size_t)i * len, len);
	}
	return true;
}

/* libxl returns how many it could have filled, so what it did not fill must be told apart: that is zero. */
static bool
read_vcpus(struct look *look, unsigned nvcpus)
{
	size_t len = VIR_CPU_MAPLEN(detail_ncpus(look->lv));
	g_autofree virVcpuInfo *info = g_new0(virVcpuInfo, nvcpus);
	g_autofree unsigned char *maps = g_malloc0(len * nvcpus);
	int n = virDomainGetVcpus(look->dom, info, (int)nvcpus, maps, (int)len);

	if (n < 0) {
		GPtrArray *unknowns = look->unknowns;

		if (!detail_failed(look->lv, unknowns, "CPU that each vCPU is on", look->error))
			return false;
		look->vm->no_vcpus = g_strdup(g_ptr_array_index(unknowns, unknowns->len - 1));
		return true;
	}
	look->now_us = clock_now_us();
	for (int i = 0; i < n && (unsigned)i < nvcpus; i++)
		if (i == 0 || info[i].number > 0)
			take_info(look, &info[i], maps + (size_t)i * len, len);
	return true;
}

bool
look_at_vcpus(struct look *look)
{
	unsigned nvcpus = look->vm->vcpus_max;

	if (!look->active || nvcpus == 0 || nvcpus > VCPUS_MAX)
		return true;
	if (look->lv->driver != DRIVER_QEMU)
		detail_lacks(look->lv, look->unknowns, "ready of each vCPU", "doesn't count it");
	if (look->vm->no_vcpus)
		g_ptr_array_add(look->unknowns, g_strdup(look->vm->no_vcpus));
	else if (!read_vcpus(look, nvcpus))
		return false;
	libvirt_progress(look->lv);
	return !look->vm->no_vcpus || read_pins(look, nvcpus);
}
