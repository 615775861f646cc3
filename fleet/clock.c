#include "fleet/clock.h"

#include <glib.h>
#include <stdlib.h>
#include <time.h>

static int64_t
clock_read(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_now_us(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

int64_t
clock_wall_us(void)
{
	const char *frozen = getenv("VIRT_FLEET_NOW");

	if (frozen)
		return g_ascii_strtoll(frozen, NULL, 10) * 1000000;
	return clock_read(CLOCK_REALTIME);
}
