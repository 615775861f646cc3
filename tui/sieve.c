#include "tui/sieve.h"

#include "tui/glyph.h"

#include <string.h>

#define STRING_MOST 65536 /* a string that is longer has lost its end: then it is text again */

#define ESC         '\033'
#define BEL         '\007'
#define CANCEL      '\030'
#define SUB         '\032'
#define DEL         '\177'

/* What would take no column goes, so that the rest stands where the guest thinks. */
static void
put_char(GString *out, gunichar ch)
{
	if (!glyph_is_harmful(ch))
		g_string_append_unichar(out, ch);
	else if (g_unichar_type(ch) == G_UNICODE_CONTROL || !g_unichar_iszerowidth(ch))
		g_string_append_c(out, '?');
}

static void
escape(struct sieve *sieve)
{
	sieve->mode = SIEVE_ESCAPE;
	sieve->nbegun = 0;
}

/* BYTE, after ESC and perhaps more, tells what that begins. Emulators differ in what may stand in between, so it is only let
 * through once it is known that no string follows. */
static void
pass_escape(struct sieve *sieve, GString *out, char byte)
{
	if (byte == ESC) {
		escape(sieve);
	} else if (byte == CANCEL || byte == SUB) {
		sieve->mode = SIEVE_TEXT;
	} else if (byte < ' ' || byte == DEL) {
		g_string_append_c(out, byte); /* is obeyed in the middle of a sequence */
	} else if (byte < '0') {
		sieve->begun[sieve->nbegun++ % sizeof(sieve->begun)] = byte;
	} else if (strchr("]P_^X", byte)) {
		sieve->mode = SIEVE_STRING;
		sieve->string = 0;
	} else {
		sieve->mode = SIEVE_TEXT;
		if (sieve->nbegun > sizeof(sieve->begun))
			return;
		g_string_append_c(out, ESC);
		g_string_append_len(out, sieve->begun, (gssize)sieve->nbegun);
		g_string_append_c(out, byte);
	}
}

static void
pass_byte(struct sieve *sieve, GString *out, char byte)
{
	switch (sieve->mode) {
	case SIEVE_TEXT:
		if (byte == ESC)
			escape(sieve);
		else
			g_string_append_c(out, byte);
		break;
	case SIEVE_ESCAPE:
		pass_escape(sieve, out, byte);
		break;
	case SIEVE_STRING:
		if (byte == ESC)
			sieve->mode = SIEVE_STRING_ESCAPE;
		else if (byte == BEL || byte == CANCEL || byte == SUB || ++sieve->string > STRING_MOST)
			sieve->mode = SIEVE_TEXT;
		break;
	case SIEVE_STRING_ESCAPE: /* "\e\\" ends it, and so does the beginning of any other sequence */
		escape(sieve);
		if (byte == '\\')
			sieve->mode = SIEVE_TEXT;
		else
			pass_escape(sieve, out, byte);
		break;
	}
}

/* Takes the character that TEXT, which is no ASCII, begins with; returns its bytes, 0: the rest of it must come. */
static size_t
pass_char(struct sieve *sieve, GString *out, const char *text, size_t n)
{
	gunichar ch = g_utf8_get_char_validated(text, (gssize)MIN(n, 6));
	bool broken = ch == (gunichar)-1 || ch == (gunichar)-2;

	if (ch == (gunichar)-2 && n < 6)
		return 0;
	if (sieve->mode == SIEVE_STRING) {
		sieve->string++;
	} else {
		sieve->mode = SIEVE_TEXT; /* no sequence has such a character in it */
		put_char(out, broken ? 0xfffd : ch);
	}
	return broken ? 1 : (size_t)g_unichar_to_utf8(ch, NULL);
}

GString *
sieve_pass(struct sieve *sieve, const char *bytes, size_t n)
{
	GString *out = g_string_sized_new(n + 1);
	g_autofree char *text = g_malloc(sieve->nheld + n + 1);
	size_t len = sieve->nheld + n, at = 0, taken = 1;

	memcpy(text, sieve->held, sieve->nheld);
	memcpy(text + sieve->nheld, bytes, n);
	for (; at < len && taken > 0; at += taken) {
		taken = 1;
		if ((guchar)text[at] < 0x80)
			pass_byte(sieve, out, text[at]);
		else
			taken = pass_char(sieve, out, text + at, len - at);
	}
	sieve->nheld = len - at;
	memcpy(sieve->held, text + at, sieve->nheld);
	return out;
}
