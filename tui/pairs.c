#include "tui/pairs.h"

#include <curses.h>
#include <limits.h>

#define FIRST_GUEST (ROLE_COUNT + 1) /* pairs below belong to the roles */

struct pairs {
	bool coloured;
	attr_t attrs[ROLE_COUNT];
	short fg[ROLE_COUNT], bg[ROLE_COUNT]; /* as the terminal counts colours; -1: its own */
	GHashTable *numbers;                  /* fg and bg as one key to the number of a guest's pair */
	short limit;                          /* one more than the highest number */
};

/* The attributes of a colour pair on terminals that have 8 colours: bright ones are made by bold. */
static attr_t
bright_attr(const struct style *style)
{
	return COLORS < 16 && style->fg16 >= 8 ? A_BOLD : 0;
}

static short
palette_colour(int16_t colour, int16_t colour16)
{
	if (COLORS >= 256)
		return colour;
	if (COLORS >= 16 || colour16 < 0)
		return colour16;
	return colour16 % 8;
}

static attr_t
style_attrs(const struct style *style, bool coloured)
{
	attr_t attrs = (style->attrs & STYLE_BOLD ? A_BOLD : 0) | (style->attrs & STYLE_DIM ? A_DIM : 0) |
		       (style->attrs & STYLE_UNDERLINE ? A_UNDERLINE : 0) |
		       (style->attrs & STYLE_REVERSE ? A_REVERSE : 0);

	if (coloured)
		return attrs | bright_attr(style);
	/* What stands out by its background must stand out without one. */
	return attrs ? attrs : style->bg >= 0 || style->bg16 >= 0 ? A_REVERSE : 0;
}

struct pairs *
pairs_new(const struct theme *theme, bool mono)
{
	struct pairs *pairs = g_new0(struct pairs, 1);
	bool own_default;

	pairs->coloured =
		!mono && has_colors() && start_color() == OK && COLORS >= 8 && COLOR_PAIRS > FIRST_GUEST;
	own_default = pairs->coloured && use_default_colors() == OK;
	for (int role = 0; role < ROLE_COUNT; role++) {
		const struct style *style = &theme->styles[role];
		short fg = palette_colour(style->fg, style->fg16),
		      bg = palette_colour(style->bg, style->bg16);

		pairs->attrs[role] = style_attrs(style, pairs->coloured);
		if (!pairs->coloured)
			continue;
		pairs->fg[role] = !own_default && fg < 0 ? COLOR_WHITE : fg;
		pairs->bg[role] = !own_default && bg < 0 ? COLOR_BLACK : bg;
		init_pair((short)(role + 1), pairs->fg[role], pairs->bg[role]);
	}
	pairs->limit = (short)MIN(COLOR_PAIRS, SHRT_MAX);
	pairs->numbers = g_hash_table_new(NULL, NULL);
	return pairs;
}

void
pairs_free(struct pairs *pairs)
{
	if (!pairs)
		return;
	g_hash_table_unref(pairs->numbers);
	g_free(pairs);
}

/* xterm's colours 16 to 255 as the nearest of the first 16: by which of red, green and blue are in them, and how bright. */
static int16_t
colour_of_16(uint8_t colour)
{
	int cube = colour - 16, red = cube / 36, green = cube / 6 % 6, blue = cube % 6;
	int most = MAX(MAX(red, green), blue);

	if (colour < 16)
		return colour;
	if (colour >= 232)
		return colour < 236 ? 0 : colour < 244 ? 8 : colour < 252 ? 7 : 15;
	if (most <= 1)
		return most ? 8 : 0;
	return (int16_t)((most >= 4 ? 8 : 0) | (red * 2 > most ? 1 : 0) | (green * 2 > most ? 2 : 0) |
			 (blue * 2 > most ? 4 : 0));
}

unsigned
pairs_attrs(const struct pairs *pairs, const struct canvas_cell *cell)
{
	bool bright = pairs->coloured && COLORS < 16 && cell->flags & CELL_FG && colour_of_16(cell->fg) >= 8;

	return pairs->attrs[cell->role] | (cell->flags & CELL_REVERSE ? A_REVERSE : 0) |
	       (cell->flags & CELL_BOLD || bright ? A_BOLD : 0) |
	       (cell->flags & CELL_UNDERLINE ? A_UNDERLINE : 0);
}

/* Where all pairs are taken the guest's text has the colours of its role. */
static short
guest_pair(struct pairs *pairs, short fg, short bg, short otherwise)
{
	gpointer key = GINT_TO_POINTER((fg + 1) << 9 | (bg + 1));
	int number = GPOINTER_TO_INT(g_hash_table_lookup(pairs->numbers, key));

	if (number)
		return (short)number;
	number = FIRST_GUEST + (int)g_hash_table_size(pairs->numbers);
	if (number >= pairs->limit || init_pair((short)number, fg, bg) == ERR)
		return otherwise;
	g_hash_table_insert(pairs->numbers, key, GINT_TO_POINTER(number));
	return (short)number;
}

short
pairs_number(struct pairs *pairs, const struct canvas_cell *cell)
{
	short fg = pairs->fg[cell->role], bg = pairs->bg[cell->role];

	if (!pairs->coloured)
		return 0;
	if (!(cell->flags & (CELL_FG | CELL_BG)))
		return (short)(cell->role + 1);
	if (cell->flags & CELL_FG)
		fg = palette_colour(cell->fg, colour_of_16(cell->fg));
	if (cell->flags & CELL_BG)
		bg = palette_colour(cell->bg, colour_of_16(cell->bg));
	return guest_pair(pairs, fg, bg, (short)(cell->role + 1));
}

bool
pairs_make_room(struct pairs *pairs, int cells)
{
	int taken = (int)g_hash_table_size(pairs->numbers), room = pairs->limit - FIRST_GUEST;

	/* with few pairs in all, as on 8 colours, there never is room for each cell: then the first ones stay */
	if (taken == 0 || room <= cells || taken + cells <= room)
		return false;
	g_hash_table_remove_all(pairs->numbers);
	return true;
}
