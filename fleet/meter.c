#include "fleet/meter.h"

/* Readings closer than this give no honest rate. */
#define GAP_US 500000
/* What happened since a reading older than this is history, not a rate. */
#define OLD_US (60 * INT64_C(1000000))

struct counter {
	uint64_t value; /* when it was read as the base of the next rate */
	int64_t us;
	double rate;
	bool known; /* the rate */
};

struct meter {
	GHashTable *counters; /* name to struct counter, both owned */
};

struct meter *
meter_new(void)
{
	struct meter *meter = g_new(struct meter, 1);

	meter->counters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return meter;
}

void
meter_free(struct meter *meter)
{
	if (!meter)
		return;
	g_hash_table_unref(meter->counters);
	g_free(meter);
}

static void
counter_restart(struct counter *counter, uint64_t value, int64_t now_us)
{
	*counter = (struct counter){ .value = value, .us = now_us };
}

static void
counter_read(struct counter *counter, uint64_t value, int64_t now_us)
{
	int64_t took_us = now_us - counter->us;

	if (value < counter->value || took_us > OLD_US) {
		counter_restart(counter, value, now_us);
	} else if (took_us >= GAP_US) {
		double rate = (double)(value - counter->value) * 1e6 / (double)took_us;

		*counter = (struct counter){ .value = value, .us = now_us, .rate = rate, .known = true };
	}
}

bool
meter_rate(struct meter *meter, const char *name, uint64_t value, int64_t now_us, double *rate)
{
	struct counter *counter = g_hash_table_lookup(meter->counters, name);

	if (!counter) {
		counter = g_new(struct counter, 1);
		counter_restart(counter, value, now_us);
		g_hash_table_insert(meter->counters, g_strdup(name), counter);
		return false;
	}
	counter_read(counter, value, now_us);
	if (counter->known)
		*rate = counter->rate;
	return counter->known;
}
