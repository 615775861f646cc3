/* tunnel_error: errors of the far end, in words that can be shown. Private to fleet/tunnel*.c. */
#pragma once

#include "fleet/error.h"

struct ssh_session_struct;

/* As g_set_error() with FLEET_ERROR, but control characters and broken UTF-8 that came from afar become '?', and line
 * ends blanks. */
void tunnel_error_set(GError **error, enum fleet_error code, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* TEXT in place, likewise. Returns TEXT. */
char *tunnel_error_clean(char *text);
/* What libssh says about SESSION, without its prefixes; newly allocated. */
char *tunnel_error_words(struct ssh_session_struct *session);
