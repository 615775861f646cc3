#include "fleet/clock.h"

#include <glib.h>
#include <inttypes.h>
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

void
clock_wall_text(int64_t wall_us, char out[CLOCK_TEXT])
{
	time_t when = (time_t)(wall_us / 1000000);
	size_t used = 0;
	struct tm tm;

	out[0] = '\0';
	if (gmtime_r(&when, &tm))
		used = strftime(out, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
	if (used)
		g_snprintf(out + used, CLOCK_TEXT - used, ".%03" PRId64 "Z", wall_us % 1000000 / 1000);
}
