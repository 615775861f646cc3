/*
 * pairs: the terminal's colours – a pair for each role of the theme, and pairs for the colours that a guest's console asks
 * for, made as they come. Private to tui/term.c; curses must have been started.
 */
#pragma once

#include "tui/canvas.h"

struct pairs;

/* MONO: colours mean nothing, only attributes do. */
struct pairs *pairs_new(const struct theme *theme, bool mono);
void pairs_free(struct pairs *pairs); /* accepts NULL */

/* Of CELL: curses' attributes, and the number of its pair. */
unsigned pairs_attrs(const struct pairs *pairs, const struct canvas_cell *cell);
short pairs_number(struct pairs *pairs, const struct canvas_cell *cell);

/* Before a frame: makes room for the colours of a whole screen. True when pairs have been given up for that: then nothing
 * of what is shown may be kept. */
bool pairs_make_room(struct pairs *pairs, int cells);
