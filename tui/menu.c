#include "tui/menu.h"

#include "tui/cell.h"
#include "tui/frame.h"

#include <stdbool.h>

#define FRAME 2 /* columns on each side, and rows in all, that the box itself takes */
#define GAP   2

enum part { PART_KEY, PART_NAME, PART_NOTE, PART_HELP, NPARTS };

struct item {
	char *parts[NPARTS];
	bool off;
};

struct menu {
	char *title;
	struct item *items;
	size_t n, cursor, first; /* first: the one at the top */
	struct pane shown;       /* from the last draw, on the screen */
};

struct menu *
menu_new(const char *title, const struct menu_item *items, size_t n)
{
	struct menu *menu = g_new0(struct menu, 1);

	menu->title = g_strdup(title);
	menu->items = g_new0(struct item, n);
	menu->n = n;
	for (size_t i = 0; i < n; i++) {
		menu->items[i] = (struct item){ .off = items[i].off,
			.parts = { g_strdup(items[i].key), g_strdup(items[i].name), g_strdup(items[i].note),
				g_strdup(items[i].help) } };
	}
	while (menu->cursor + 1 < n && items[menu->cursor].off)
		menu->cursor++;
	if (items[menu->cursor].off)
		menu->cursor = 0;
	return menu;
}

void
menu_free(struct menu *menu)
{
	if (!menu)
		return;
	for (size_t i = 0; i < menu->n; i++)
		for (int part = 0; part < NPARTS; part++)
			g_free(menu->items[i].parts[part]);
	g_free(menu->items);
	g_free(menu->title);
	g_free(menu);
}

size_t
menu_chosen(const struct menu *menu)
{
	return menu->cursor;
}

/* ---- input ---- */

static enum menu_result
move(struct menu *menu, int by)
{
	int64_t to = (int64_t)menu->cursor + by;

	menu->cursor = (size_t)CLAMP(to, 0, (int64_t)menu->n - 1);
	return MENU_OPEN;
}

/* The keys of what is listed come before those of the list. */
static enum menu_result
letter(struct menu *menu, uint32_t code)
{
	for (size_t i = 0; i < menu->n; i++) {
		const char *key = menu->items[i].parts[PART_KEY];

		if (*key && g_utf8_get_char(key) == code && g_utf8_strlen(key, -1) == 1) {
			menu->cursor = i;
			return MENU_CHOSEN;
		}
	}
	switch (code) {
	case 'j':
		return move(menu, 1);
	case 'k':
		return move(menu, -1);
	case 'q':
	case 'x':
		return MENU_CANCELLED;
	default:
		return MENU_OPEN;
	}
}

static enum menu_result
menu_key(struct menu *menu, struct keyspec key)
{
	int page = MAX(menu->shown.rows - 1, 1);

	if (key.mods)
		return key.mods == KEY_MOD_CTRL && (key.code == 'c' || key.code == 'g') ? MENU_CANCELLED
											: MENU_OPEN;
	switch (key.code) {
	case KEY_CODE_ESC:
		return MENU_CANCELLED;
	case KEY_CODE_ENTER:
		return MENU_CHOSEN;
	case KEY_CODE_UP:
	case KEY_CODE_BACKTAB:
		return move(menu, -1);
	case KEY_CODE_DOWN:
	case KEY_CODE_TAB:
		return move(menu, 1);
	case KEY_CODE_PGUP:
		return move(menu, -page);
	case KEY_CODE_PGDN:
		return move(menu, page);
	case KEY_CODE_HOME:
		return move(menu, -(int)menu->n);
	case KEY_CODE_END:
		return move(menu, (int)menu->n);
	default:
		return letter(menu, key.code);
	}
}

static enum menu_result
menu_mouse(struct menu *menu, struct input input)
{
	if (input.button == MOUSE_WHEEL_UP || input.button == MOUSE_WHEEL_DOWN)
		return move(menu, input.button == MOUSE_WHEEL_UP ? -1 : 1);
	if (!pane_holds(&menu->shown, input.y, input.x))
		return MENU_OPEN;
	menu->cursor = MIN(menu->first + (size_t)(input.y - menu->shown.y), menu->n - 1);
	return MENU_CHOSEN;
}

enum menu_result
menu_input(struct menu *menu, struct input input)
{
	switch (input.type) {
	case INPUT_KEY:
		return menu_key(menu, input.key);
	case INPUT_MOUSE:
		return menu_mouse(menu, input);
	default:
		return MENU_OPEN;
	}
}

/* ---- drawing ---- */

static int
part_width(const struct menu *menu, enum part part)
{
	int width = 0;

	for (size_t i = 0; i < menu->n; i++)
		width = MAX(width, text_width(menu->items[i].parts[part]));
	return width;
}

static void
draw_item(const struct menu *menu, const struct pane *inner, int y, const int widths[NPARTS])
{
	static const enum role roles[NPARTS] = { ROLE_KEY, ROLE_DIALOG, ROLE_DIM, ROLE_DIALOG };
	size_t i = menu->first + (size_t)y;
	const struct item *item = &menu->items[i];
	int x = 0;

	for (int part = 0; part < NPARTS; x += widths[part] ? widths[part] + GAP : 0, part++)
		pane_text(inner, y, x, widths[part], item->off ? ROLE_DIM : roles[part], item->parts[part]);
	/* reversed, so that it is seen without colours */
	if (i == menu->cursor)
		pane_restyle(inner, y, 0, -1, item->off ? ROLE_COUNT : ROLE_FOCUS, CELL_REVERSE);
}

void
menu_draw(struct menu *menu, const struct pane *screen)
{
	int frame = screen->rows >= 5 && screen->cols >= 12 ? FRAME : 0;
	int room = screen->cols - 2 * frame, width = 0, height;
	int widths[NPARTS];
	struct pane box;

	for (int part = 0; part < NPARTS; part++) {
		widths[part] = MAX(MIN(part_width(menu, (enum part)part), room - width), 0);
		width += widths[part] ? widths[part] + GAP : 0;
	}
	width = MIN(MAX(width - GAP, text_width(menu->title) + GAP), room) + 2 * frame;
	height = MIN((int)menu->n + frame, screen->rows);
	box = pane_sub(screen, (screen->rows - height) / 2, (screen->cols - width) / 2, height, width);
	menu->shown = pane_sub(&box, frame / 2, frame, box.rows - frame, box.cols - 2 * frame);
	menu->first = MIN(MIN(menu->first, menu->cursor), menu->n - MIN(menu->n, (size_t)menu->shown.rows));
	if (menu->cursor >= menu->first + (size_t)MAX(menu->shown.rows, 1))
		menu->first = menu->cursor + 1 - (size_t)MAX(menu->shown.rows, 1);
	for (int y = 0; y < box.rows; y++)
		pane_fill(&box, y, 0, -1, ROLE_DIALOG);
	canvas_set_cursor(screen->canvas, -1, -1);
	if (frame)
		frame_draw(&box, menu->title);
	frame_draw_more(&box, &menu->shown, frame && menu->first > 0,
		frame && menu->first + (size_t)menu->shown.rows < menu->n);
	for (int y = 0; y < menu->shown.rows && menu->first + (size_t)y < menu->n; y++)
		draw_item(menu, &menu->shown, y, widths);
}
