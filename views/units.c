#include "views/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)

static const struct {
	const char *name;
	int width;
} units[] = {
	[UNIT_COUNT] = { "count", 5 },
	[UNIT_PCT] = { "percent", 4 },
	[UNIT_BYTES] = { "bytes", 4 },
	[UNIT_BYTES_S] = { "bytes per second", 4 },
	[UNIT_PER_S] = { "per second", 4 },
	[UNIT_MS] = { "milliseconds", 5 },
	[UNIT_SECONDS] = { "seconds", 4 },
	[UNIT_RATIO] = { "ratio", 6 },
};

int
unit_width(enum unit unit)
{
	return units[unit].width;
}

const char *
unit_name(enum unit unit)
{
	return units[unit].name;
}

/* VALUE with at most three digits and one of SUFFIXES: one decimal below ten, the next suffix before four digits. */
static void
format_scaled(char out[UNIT_TEXT], double value, double base, const char *const *suffixes, size_t nsuffixes)
{
	size_t i = 0;

	while (fabs(value) >= 999.5 && i + 1 < nsuffixes) {
		value /= base;
		i++;
	}
	if (i > 0 && fabs(value) < 9.95)
		snprintf(out, UNIT_TEXT, "%.1f%s", value, suffixes[i]);
	else
		snprintf(out, UNIT_TEXT, "%.0f%s", value, suffixes[i]);
}

static void
format_bytes(char out[UNIT_TEXT], double value)
{
	static const char *const suffixes[] = { "B", "K", "M", "G", "T", "P", "E" };

	if (fabs(value) < 0.5)
		strcpy(out, "0");
	else
		format_scaled(out, value, 1024, suffixes, G_N_ELEMENTS(suffixes));
}

static void
format_per_s(char out[UNIT_TEXT], double value)
{
	static const char *const suffixes[] = { "", "k", "M", "G" };

	format_scaled(out, value, 1000, suffixes, G_N_ELEMENTS(suffixes));
}

static void
format_ms(char out[UNIT_TEXT], double value)
{
	if (value < 9.95)
		snprintf(out, UNIT_TEXT, "%.1fms", value);
	else if (value < 999.5)
		snprintf(out, UNIT_TEXT, "%.0fms", value);
	else if (value < 9950)
		snprintf(out, UNIT_TEXT, "%.1fs", value / 1000);
	else
		unit_age(out, (int64_t)(value * 1000));
}

void
unit_format(char out[UNIT_TEXT], enum unit unit, double value)
{
	switch (unit) {
	case UNIT_COUNT:
		snprintf(out, UNIT_TEXT, "%.0f", value);
		break;
	case UNIT_PCT:
		snprintf(out, UNIT_TEXT, "%.0f%%", CLAMP(value, 0, 999));
		break;
	case UNIT_BYTES:
	case UNIT_BYTES_S:
		format_bytes(out, value);
		break;
	case UNIT_PER_S:
		format_per_s(out, value);
		break;
	case UNIT_MS:
		format_ms(out, value);
		break;
	case UNIT_SECONDS:
		unit_age(out, (int64_t)(value * SECOND_US));
		break;
	case UNIT_RATIO:
		snprintf(out, UNIT_TEXT, "%.1f:1", value);
		break;
	}
}

void
unit_format_long(char out[UNIT_TEXT], enum unit unit, double value)
{
	unit_format(out, unit, value);
	if (unit == UNIT_BYTES_S || unit == UNIT_PER_S)
		g_strlcat(out, "/s", UNIT_TEXT);
}

void
unit_age(char out[UNIT_TEXT], int64_t us)
{
	int64_t seconds = MAX(us, 0) / SECOND_US;

	if (seconds < 60)
		snprintf(out, UNIT_TEXT, "%ds", (int)seconds);
	else if (seconds < 3600)
		snprintf(out, UNIT_TEXT, "%dm", (int)(seconds / 60));
	else if (seconds < 48 * 3600)
		snprintf(out, UNIT_TEXT, "%dh", (int)(seconds / 3600));
	else if (seconds < 1000 * INT64_C(86400))
		snprintf(out, UNIT_TEXT, "%dd", (int)(seconds / 86400));
	else
		snprintf(out, UNIT_TEXT, "%" G_GINT64_FORMAT "y", seconds / (365 * 86400));
}

double
unit_round_up(double number)
{
	double power = pow(10, floor(log10(fmax(number, 1))));

	return power * (number <= power ? 1 : number <= 2 * power ? 2 : number <= 5 * power ? 5 : 10);
}

void
unit_thousands(char out[UNIT_TEXT], double value)
{
	char digits[UNIT_TEXT];
	size_t n, at = 0;

	snprintf(digits, sizeof(digits), "%.0f", CLAMP(value, -1e12, 1e12));
	n = strlen(digits);
	for (size_t i = 0; i < n; i++) {
		out[at++] = digits[i];
		if (digits[i] != '-' && i + 1 < n && (n - i - 1) % 3 == 0)
			out[at++] = ',';
	}
	out[at] = '\0';
}
