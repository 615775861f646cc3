#include "config/error.h"

#include <stdarg.h>

G_DEFINE_QUARK(config - error - quark, config_error)

bool
config_fail(GError **error, enum config_error code, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	if (error != NULL)
		*error = g_error_new_valist(CONFIG_ERROR, code, format, ap);
	va_end(ap);
	return false;
}
