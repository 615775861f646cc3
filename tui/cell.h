/* cell: text into columns – width, cutting, and making strange text harmless. Pure; libc's wcwidth, as ncurses uses. */
#pragma once

#include "config/theme.h"
#include "tui/canvas.h"

#include <stdbool.h>
#include <stddef.h>

/* What a column function fills: short text, its colour, and whether it is unknown. */
struct cell {
	char text[96]; /* UTF-8, cut at a character's edge */
	enum role role;
};

/* Columns that TEXT takes once it is made harmless. */
int text_width(const char *text);

/* A copy that no terminal can be hurt by: control, bidi, private and unassigned characters and broken UTF-8 become '\xNN'
 * or '\u{NNNN}', newlines and tabs become blanks. Caller frees. */
char *text_harmless(const char *text);

void cell_set(struct cell *cell, enum role role, const char *text);
void cell_printf(struct cell *cell, enum role role, const char *format, ...) G_GNUC_PRINTF(3, 4);
void cell_unknown(struct cell *cell); /* "-", dim */
