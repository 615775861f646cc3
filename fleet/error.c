#include "fleet/error.h"

#include <stdbool.h>

G_DEFINE_QUARK(fleet - error - quark, fleet_error)

/* A refusal by the daemon says something about one request; these say that there is nothing left to ask over. */
static const bool ends_the_link[FLEET_ERROR_COUNT] = {
	[FLEET_ERROR_NAME] = true,
	[FLEET_ERROR_UNREACHABLE] = true,
	[FLEET_ERROR_REFUSED] = true,
	[FLEET_ERROR_HOSTKEY_UNKNOWN] = true,
	[FLEET_ERROR_HOSTKEY_CHANGED] = true,
	[FLEET_ERROR_LOGIN] = true,
	[FLEET_ERROR_NEEDS_SECRET] = true,
	[FLEET_ERROR_NO_SOCKET] = true,
	[FLEET_ERROR_GONE] = true,
	[FLEET_ERROR_TIMEOUT] = true,
	[FLEET_ERROR_PROTOCOL] = true,
	[FLEET_ERROR_CANCELLED] = true,
};

gboolean
fleet_error_is_link(const GError *error)
{
	return error && error->domain == FLEET_ERROR && error->code >= 0 && error->code < FLEET_ERROR_COUNT &&
	       ends_the_link[error->code];
}
