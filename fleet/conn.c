#include "fleet/conn.h"

static void
vm_sample_clear(gpointer data)
{
	struct vm_sample *vm = data;

	g_free(vm->name);
}

void
host_sample_init(struct host_sample *sample)
{
	*sample = (struct host_sample){ .vms = g_array_new(FALSE, TRUE, sizeof(struct vm_sample)) };
	g_array_set_clear_func(sample->vms, vm_sample_clear);
}

void
host_sample_done(struct host_sample *sample)
{
	if (sample->vms)
		g_array_unref(sample->vms);
	sample->vms = NULL;
}

static void
take_finding_clear(gpointer finding)
{
	g_free(((struct take_finding *)finding)->why);
}

bool
take_finding_counts(const struct take_finding *finding, bool copied)
{
	return finding->when == TAKE_ALWAYS || copied == (finding->when == TAKE_COPIED);
}

GArray *
take_findings_new(void)
{
	GArray *findings = g_array_new(FALSE, FALSE, sizeof(struct take_finding));

	g_array_set_clear_func(findings, take_finding_clear);
	return findings;
}
