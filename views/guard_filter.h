/* guard_filter: the queries of guard rails, over the columns of guests. */
#pragma once

#include "actions/guard.h"

extern const struct guard_queries guard_filters;
