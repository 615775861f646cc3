/* error: the quark and codes of CONFIG_ERROR are public (config.h); this sets them from inside config/. */
#pragma once

#include "config/config.h"

/* Sets ERROR to CODE and returns false, so that a failed check is one line. */
bool config_fail(GError **error, enum config_error code, const char *format, ...) G_GNUC_PRINTF(3, 4);
