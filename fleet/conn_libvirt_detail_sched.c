#include "fleet/conn_libvirt_detail.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdlib.h>

/* As many parameters as there is room for; QEMU's driver has nine. */
#define PARAMS_MAX 32
/* No quota, as cgroups and libvirt write it: as many milliseconds as fit. */
#define QUOTA_NONE INT64_C(17592186044415)

static const char what[] = "weight and cap";

/* A parameter's number, whatever type a driver gives it. */
static bool
get_number(const virTypedParameter *params, int n, const char *name, int64_t *value)
{
	const virTypedParameter *param = virTypedParamsGet((virTypedParameterPtr)(uintptr_t)params, n, name);

	if (!param)
		return false;
	switch (param->type) {
	case VIR_TYPED_PARAM_INT:
		*value = param->value.i;
		return true;
	case VIR_TYPED_PARAM_UINT:
		*value = param->value.ui;
		return true;
	case VIR_TYPED_PARAM_LLONG:
		*value = param->value.l;
		return true;
	case VIR_TYPED_PARAM_ULLONG:
		*value = (int64_t)MIN(param->value.ul, (unsigned long long)G_MAXINT64);
		return true;
	default:
		return false;
	}
}

/* A quota of each period in percent of one CPU; 0: none, -1: not told. */
static double
quota_pct(const virTypedParameter *params, int n, const char *quota_name, const char *period_name)
{
	int64_t quota, period;

	if (!get_number(params, n, quota_name, &quota))
		return -1;
	if (quota <= 0 || quota >= QUOTA_NONE)
		return 0;
	return get_number(params, n, period_name, &period) && period > 0
		       ? 100 * (double)quota / (double)period
		       : -1;
}

static void
take_params(const virTypedParameter *params, int n, struct vm_scheduling *out)
{
	int64_t cap;

	if (!get_number(params, n, VIR_DOMAIN_SCHEDULER_WEIGHT, &out->weight))
		get_number(params, n, VIR_DOMAIN_SCHEDULER_CPU_SHARES, &out->weight);
	out->cap_pct = get_number(params, n, VIR_DOMAIN_SCHEDULER_CAP, &cap)
			       ? (double)cap
			       : quota_pct(params, n, VIR_DOMAIN_SCHEDULER_GLOBAL_QUOTA,
					 VIR_DOMAIN_SCHEDULER_GLOBAL_PERIOD);
	out->vcpu_cap_pct =
		quota_pct(params, n, VIR_DOMAIN_SCHEDULER_VCPU_QUOTA, VIR_DOMAIN_SCHEDULER_VCPU_PERIOD);
}

/* The name is the host's, so one guest tells it for all. */
static bool
read_name(struct look *look, struct inspect_sched *sched, GPtrArray *unknowns)
{
	char *name = virDomainGetSchedulerType(look->dom, &sched->nparams);

	if (!name) {
		int code = virGetLastErrorCode();
		bool lacks = code == VIR_ERR_NO_SUPPORT || code == VIR_ERR_OPERATION_UNSUPPORTED;

		if (!detail_failed(look->lv, unknowns, what, look->error))
			return false;
		if (lacks)
			sched->unknown = g_ptr_array_steal_index(unknowns, unknowns->len - 1);
		return true;
	}
	sched->name = g_strdup(name);
	free(name);
	libvirt_progress(look->lv);
	return true;
}

static bool
read_params(
	struct look *look, const struct inspect_sched *sched, struct vm_scheduling *out, GPtrArray *unknowns)
{
	virTypedParameter params[PARAMS_MAX] = { 0 };
	int n = MIN(sched->nparams, PARAMS_MAX);

	if (n <= 0) {
		g_ptr_array_add(unknowns,
			g_strdup_printf("%s: libvirt tells none of the %s scheduler", what, sched->name));
		return true;
	}
	/* not its younger form, which asks for strings too: the test driver refuses that */
	if (virDomainGetSchedulerParameters(look->dom, params, &n) < 0)
		return detail_failed(look->lv, unknowns, what, look->error);
	take_params(params, n, out);
	virTypedParamsClear(params, n);
	return true;
}

bool
look_at_scheduler(struct look *look, struct vm_detail *slow, GPtrArray *unknowns)
{
	struct inspect_sched *sched = &look->lv->inspect->sched;

	if (!look->active)
		return true;
	if (!sched->name && !sched->unknown && !read_name(look, sched, unknowns))
		return false;
	if (sched->unknown)
		g_ptr_array_add(unknowns, g_strdup(sched->unknown));
	if (!sched->name)
		return true;
	slow->scheduling.name = g_strdup(sched->name);
	return read_params(look, sched, &slow->scheduling, unknowns);
}
