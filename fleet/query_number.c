/* query: numbers with units. */
#include "fleet/query_private.h"

#include <math.h>
#include <string.h>

#define KIB 1024.0
#define DAY 86400.0

/* What may follow a number, in any case, and what it means in the unit of the field. */
struct suffix {
	const char *text;
	double factor;
};

/* Memory and throughput by powers of 1024, however they are spelt: so the screen shows them. */
#define BYTES(letter, factor)                       \
	{ letter, factor }, { letter "b", factor }, \
	{                                           \
		letter "ib", factor                 \
	}

static const struct suffix count_suffixes[] = { { "k", 1e3 }, { "m", 1e6 }, { "g", 1e9 }, { 0 } };
static const struct suffix pct_suffixes[] = { { "%", 1 }, { 0 } };
static const struct suffix byte_suffixes[] = { { "b", 1 }, BYTES("k", KIB), BYTES("m", KIB *KIB),
	BYTES("g", KIB *KIB *KIB), BYTES("t", KIB *KIB *KIB *KIB), BYTES("p", KIB *KIB *KIB *KIB *KIB),
	{ 0 } };
static const struct suffix ms_suffixes[] = { { "us", 1e-3 }, { "ms", 1 }, { "s", 1e3 }, { "m", 6e4 },
	{ "min", 6e4 }, { "h", 3.6e6 }, { 0 } };
static const struct suffix second_suffixes[] = { { "ms", 1e-3 }, { "s", 1 }, { "m", 60 }, { "min", 60 },
	{ "h", 3600 }, { "d", DAY }, { "w", 7 * DAY }, { "y", 365 * DAY }, { 0 } };
static const struct suffix ratio_suffixes[] = { { ":1", 1 }, { 0 } };

static const struct {
	const struct suffix *suffixes;
	const char *example;
	bool per_second; /* "/s" may follow */
	bool sums;       /* several may follow each other: 1h30m */
	bool exact;      /* not measured but given: equal is equal */
} units[] = {
	[UNIT_COUNT] = { count_suffixes, "4 or 2k", .exact = true },
	[UNIT_PCT] = { pct_suffixes, "80 or 80%" },
	[UNIT_BYTES] = { byte_suffixes, "4G or 512MiB", .exact = true },
	[UNIT_BYTES_S] = { byte_suffixes, "100M or 100M/s", .per_second = true },
	[UNIT_PER_S] = { count_suffixes, "500 or 2k/s", .per_second = true },
	[UNIT_MS] = { ms_suffixes, "20 or 20ms or 1s", .sums = true },
	[UNIT_SECONDS] = { second_suffixes, "30s, 5m or 1h30m", .sums = true },
	[UNIT_RATIO] = { ratio_suffixes, "2.3 or 2.3:1" },
};

const char *
query_number_example(enum unit unit)
{
	return units[unit].example;
}

/* The number at TEXT, digits with at most one point among them, and the worth of its last digit; NULL: there is none. */
static const char *
parse_digits(const char *text, double *number, double *digit)
{
	size_t whole = strspn(text, "0123456789"), fraction = 0;

	if (text[whole] == '.')
		fraction = strspn(text + whole + 1, "0123456789");
	if (whole + fraction == 0 || whole > 18)
		return NULL;
	*number = g_ascii_strtod(text, NULL);
	*digit = pow(10, -(double)fraction);
	return text + whole + (text[whole] == '.') + fraction;
}

/* The longest suffix at TEXT; none at all means the unit itself. */
static const char *
parse_suffix(const char *text, const struct suffix *suffixes, double *factor)
{
	size_t longest = 0;

	*factor = 1;
	for (; suffixes->text; suffixes++) {
		size_t length = strlen(suffixes->text);

		if (length <= longest || g_ascii_strncasecmp(text, suffixes->text, length) != 0)
			continue;
		longest = length;
		*factor = suffixes->factor;
	}
	return text + longest;
}

bool
query_parse_number(const char *text, enum unit unit, double *number, double *slack)
{
	double sum = 0, digit = 1, factor = 1;

	do {
		double part;

		/* 1e999 and hexadecimal are nobody's idea of a memory size: strtod is given plain digits alone */
		text = parse_digits(text, &part, &digit);
		if (!text)
			return false;
		text = parse_suffix(text, units[unit].suffixes, &factor);
		sum += part * factor;
	} while (*text && units[unit].sums);
	if (units[unit].per_second && g_ascii_strcasecmp(text, "/s") == 0)
		text += 2;
	if (*text)
		return false;
	*number = sum;
	*slack = units[unit].exact ? 0 : digit * factor / 2;
	return true;
}
