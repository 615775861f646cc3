#include "fleet/clock.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(clock, stands_still_when_it_is_told_to)
{
	static const char *const wrong[] = { "", "abc", "12x", "-1", "99999999999999999999", " 5" };
	int64_t seconds;

	unsetenv("VIRT_FLEET_NOW");
	cr_expect(clock_frozen(&seconds));
	cr_expect_gt(clock_wall_us(), 0);
	setenv("VIRT_FLEET_NOW", "1786363331", 1);
	cr_expect(clock_frozen(&seconds));
	cr_expect_eq(seconds, 1786363331);
	cr_expect_eq(clock_wall_us(), INT64_C(1786363331000000));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		setenv("VIRT_FLEET_NOW", wrong[i], 1);
		cr_expect_not(clock_frozen(&seconds), "'%s'", wrong[i]);
	}
}
