#include "fleet/tunnel_error.h"

#include <libssh/libssh.h>
#include <stdarg.h>
#include <string.h>

char *
tunnel_error_clean(char *text)
{
	const char *bad;

	while (!g_utf8_validate(text, -1, &bad))
		text[bad - text] = '?';
	for (char *c = text; *c; c = g_utf8_next_char(c)) {
		if (*c == '\n' || *c == '\r' || *c == '\t')
			*c = ' ';
		else if (g_unichar_iscntrl(g_utf8_get_char(c)))
			memset(c, '?', (gsize)(g_utf8_next_char(c) - c));
	}
	return g_strchomp(text);
}

void
tunnel_error_set(GError **error, enum fleet_error code, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error_literal(error, FLEET_ERROR, (int)code, tunnel_error_clean(text));
}

/* What libssh puts before the words of others. */
static const char *const prefixes[] = { "Socket error: ", "Received SSH_MSG_DISCONNECT: " };

char *
tunnel_error_words(struct ssh_session_struct *session)
{
	const char *text = ssh_get_error(session);

	for (unsigned i = 0; i < G_N_ELEMENTS(prefixes); i++) {
		if (g_str_has_prefix(text, prefixes[i]))
			text += strlen(prefixes[i]);
	}
	if (strcmp(text, "disconnected") == 0)
		text = "the far end closed the connection";
	return tunnel_error_clean(g_strdup(*text ? text : "no reason given"));
}
