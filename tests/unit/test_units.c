#include "views/units.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

struct sample {
	enum unit unit;
	double value;
	char text[16];
};

ParameterizedTestParameters(units, format)
{
	static struct sample samples[] = {
		{ UNIT_BYTES, 0, "0" },
		{ UNIT_BYTES, 1, "1B" },
		{ UNIT_BYTES, 999, "999B" },
		{ UNIT_BYTES, 1000, "1.0K" },
		{ UNIT_BYTES, 1024, "1.0K" },
		{ UNIT_BYTES, 10 * 1024, "10K" },
		{ UNIT_BYTES, 9.96 * 1024, "10K" },
		{ UNIT_BYTES, 1023.0 * 1024, "1.0M" },
		{ UNIT_BYTES, 3.2 * 1024 * 1024 * 1024, "3.2G" },
		{ UNIT_BYTES, 41.2 * 1024 * 1024 * 1024 * 1024, "41T" },
		{ UNIT_BYTES_S, 1.2 * 1024 * 1024 * 1024, "1.2G" },
		{ UNIT_PCT, 40.6, "41%" },
		{ UNIT_PCT, 100000, "999%" },
		{ UNIT_PCT, -3, "0%" },
		{ UNIT_PER_S, 12, "12" },
		{ UNIT_PER_S, 1234, "1.2k" },
		{ UNIT_PER_S, 999.6, "1.0k" },
		{ UNIT_MS, 0.44, "0.4ms" },
		{ UNIT_MS, 9.96, "10ms" },
		{ UNIT_MS, 812, "812ms" },
		{ UNIT_MS, 999.7, "1.0s" },
		{ UNIT_MS, 12000, "12s" },
		{ UNIT_SECONDS, 59, "59s" },
		{ UNIT_RATIO, 2.34, "2.3:1" },
		{ UNIT_COUNT, 12, "12" },
	};

	return cr_make_param_array(struct sample, samples, G_N_ELEMENTS(samples));
}

ParameterizedTest(struct sample *sample, units, format)
{
	char text[UNIT_TEXT];

	unit_format(text, sample->unit, sample->value);
	cr_expect_str_eq(text, sample->text);
}

/* A column must not jitter: whatever the number, the text fits the unit's width. */
Test(units, never_wider_than_said)
{
	static const enum unit units[] = { UNIT_PCT, UNIT_BYTES, UNIT_BYTES_S, UNIT_PER_S, UNIT_MS,
		UNIT_SECONDS };

	for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
		for (double value = 0.001; value < 1e9; value *= 1.037) {
			char text[UNIT_TEXT];

			unit_format(text, units[i], value);
			cr_assert_leq((int)strlen(text), unit_width(units[i]), "%s of %g %s", text, value,
				unit_name(units[i]));
		}
}

Test(units, ages)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} ages[] = {
		{ -5, "0s" },
		{ 0, "0s" },
		{ 59, "59s" },
		{ 60, "1m" },
		{ 3599, "59m" },
		{ 3600, "1h" },
		{ 48 * 3600 - 1, "47h" },
		{ 48 * 3600, "2d" },
		{ 400 * 86400, "400d" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(ages); i++) {
		char text[UNIT_TEXT];

		unit_age(text, ages[i].seconds * 1000000);
		cr_expect_str_eq(text, ages[i].text);
	}
}

Test(units, thousands)
{
	static const struct {
		double value;
		const char *text;
	} numbers[] = { { 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { 11100, "11,100" },
		{ 1234567, "1,234,567" }, { -1234, "-1,234" }, { 1e300, "1,000,000,000,000" } };

	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		char text[UNIT_TEXT];

		unit_thousands(text, numbers[i].value);
		cr_expect_str_eq(text, numbers[i].text);
	}
}

Test(units, running_text_says_per_second)
{
	char text[UNIT_TEXT];

	unit_format_long(text, UNIT_BYTES_S, 2048);
	cr_expect_str_eq(text, "2.0K/s");
	unit_format_long(text, UNIT_BYTES, 2048);
	cr_expect_str_eq(text, "2.0K");
}

Test(units, scales_are_1_2_or_5_times_a_power_of_ten)
{
	static const double cases[][2] = { { 0, 1 }, { 0.3, 1 }, { 1, 1 }, { 1.1, 2 }, { 2, 2 }, { 2.1, 5 },
		{ 5.5, 10 }, { 99, 100 }, { 101, 200 }, { 4e9, 5e9 } };

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		cr_expect_float_eq(unit_round_up(cases[i][0]), cases[i][1], 1e-6, "%g", cases[i][0]);
}
