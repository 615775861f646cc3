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
