/*
 * sieve: what a guest writes, before a terminal emulator gets to see it – whole characters in valid UTF-8, and none of the
 * strings that terminals are sent (titles, clipboard, settings, images: OSC, DCS, APC, PM, SOS), which are for nobody here
 * and are what emulators go wrong with. Pure.
 */
#pragma once

#include <glib.h>

enum sieve_mode { SIEVE_TEXT, SIEVE_ESCAPE, SIEVE_STRING, SIEVE_STRING_ESCAPE };

struct sieve {
	enum sieve_mode mode; /* between two pieces */
	size_t string;        /* bytes of the string so far */
	char begun[4];        /* what stood between ESC and the byte that will tell what it begins: "#", "(" */
	size_t nbegun;
	char held[6];         /* the beginning of a character whose rest has not come */
	size_t nheld;
};

/* What goes through of BYTES, which may be cut anywhere; the rest waits in SIEVE, zeroed at first. Caller frees. */
GString *sieve_pass(struct sieve *sieve, const char *bytes, size_t n);
