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

bool
clock_frozen(int64_t *seconds)
{
	const char *text = getenv("VIRT_FLEET_NOW");

	*seconds = 0;
	return !text || g_ascii_string_to_signed(text, 10, 0, INT64_MAX / 1000000, seconds, NULL);
}

int64_t
clock_wall_us(void)
{
	int64_t seconds;

	if (getenv("VIRT_FLEET_NOW") && clock_frozen(&seconds))
		return seconds * 1000000;
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
