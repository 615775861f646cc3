#include "fleet/thread.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A third of the share of others while they compete: enough not to starve on a busy machine. */
#define NICER_BY 5

void
thread_stand_back(void)
{
	id_t tid = (id_t)syscall(SYS_gettid);

	/* On Linux this is the thread's alone. Being nicer is always allowed. */
	setpriority(PRIO_PROCESS, tid, getpriority(PRIO_PROCESS, tid) + NICER_BY);
}
