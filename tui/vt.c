#include "tui/vt.h"

#include "tui/glyph.h"
#include "tui/sieve.h"

#include <string.h>
#include <vterm.h>

#define ANSWERS_MOST 1024 /* bytes of answers that wait: a guest that asks without end gets no more */
#define LEAST_ROWS   2    /* libvterm 0.1.4 writes past smaller screens: a wide character in one column */
#define LEAST_COLS   8

/* A line that has left the screen, without the blanks at its end. */
struct line {
	int cols;
	struct canvas_cell cells[];
};

struct vt {
	VTerm *term;
	VTermScreen *screen;
	int rows, cols;
	GQueue lines; /* struct line *, the newest first */
	int back;     /* lines that the view is scrolled back */
	VTermPos cursor;
	bool cursor_hidden, pasting;
	GString *answers; /* what libvterm answers to the bytes being fed; NULL: none are, keys are pressed */
	GByteArray *output;
	struct sieve sieve;
};

/* ---- cells ---- */

/* The nearest colour of xterm's palette: its cube of 6x6x6 or its ramp of greys. */
static uint8_t
palette_nearest(uint8_t red, uint8_t green, uint8_t blue)
{
	static const int levels[] = { 0, 95, 135, 175, 215, 255 };
	const int want[] = { red, green, blue };
	int grey = CLAMP((red + green + blue) / 3 - 3, 0, 235) / 10, cube = 0, cube_off = 0, grey_off = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(want); i++) {
		size_t best = 0;

		for (size_t level = 1; level < G_N_ELEMENTS(levels); level++)
			if (ABS(levels[level] - want[i]) < ABS(levels[best] - want[i]))
				best = level;
		cube = cube * 6 + (int)best;
		cube_off += (levels[best] - want[i]) * (levels[best] - want[i]);
		grey_off += (8 + 10 * grey - want[i]) * (8 + 10 * grey - want[i]);
	}
	return (uint8_t)(grey_off < cube_off ? 232 + grey : 16 + cube);
}

static uint8_t
palette_colour(const VTermColor *colour)
{
	return VTERM_COLOR_IS_INDEXED(colour)
		       ? colour->indexed.idx
		       : palette_nearest(colour->rgb.red, colour->rgb.green, colour->rgb.blue);
}

/* The cell's characters, if they are harmless and take the columns that libvterm thinks; else the text would shear. */
static bool
cell_take_chars(const VTermScreenCell *from, struct canvas_cell *to)
{
	char text[VTERM_MAX_CHARS_PER_CELL * 6 + 1];
	struct glyph glyph;
	size_t len = 0;

	for (size_t i = 0; i < VTERM_MAX_CHARS_PER_CELL && from->chars[i]; i++)
		len += (size_t)g_unichar_to_utf8(from->chars[i], text + len);
	text[len] = '\0';
	if (!glyph_next(text, &glyph) || glyph.ch[0] == 0 || glyph.width != from->width)
		return false;
	memcpy(to->ch, glyph.ch, sizeof(to->ch));
	return true;
}

/* Puts one cell of libvterm's at TO, where there is ROOM for so many columns; returns how many it takes, 1 or 2. */
static int
cell_convert(const VTermScreenCell *from, struct canvas_cell *to, int room)
{
	struct canvas_cell cell = { .ch = { ' ' }, .role = ROLE_NORMAL };
	bool wide = from->width == 2 && room >= 2;

	cell.flags = (from->attrs.bold ? CELL_BOLD : 0) | (from->attrs.underline ? CELL_UNDERLINE : 0) |
		     (from->attrs.reverse ? CELL_REVERSE : 0) |
		     (VTERM_COLOR_IS_DEFAULT_FG(&from->fg) ? 0 : CELL_FG) |
		     (VTERM_COLOR_IS_DEFAULT_BG(&from->bg) ? 0 : CELL_BG);
	cell.fg = cell.flags & CELL_FG ? palette_colour(&from->fg) : 0;
	cell.bg = cell.flags & CELL_BG ? palette_colour(&from->bg) : 0;
	if (from->chars[0] >= ' ' && from->chars[0] < 0x7f && !from->chars[1])
		cell.ch[0] = from->chars[0];
	else if (from->chars[0] && (wide != (from->width == 2) || !cell_take_chars(from, &cell)))
		cell.ch[0] = '?';
	to[0] = cell;
	if (!wide)
		return 1;
	to[1] = cell;
	memset(to[1].ch, 0, sizeof(to[1].ch));
	if (cell.ch[0] < 0x80)
		to[1].ch[0] = ' ';
	else
		to[1].flags |= CELL_CONTINUED;
	return 2;
}

static bool
cell_is_blank(const struct canvas_cell *cell)
{
	return cell->ch[0] == ' ' && !(cell->flags & (CELL_REVERSE | CELL_UNDERLINE | CELL_BG));
}

/* ---- what libvterm tells ---- */

static int
on_push_line(int cols, const VTermScreenCell *cells, void *user)
{
	struct canvas_cell *row = g_newa(struct canvas_cell, (gsize)cols);
	struct vt *vt = user;
	struct line *line;
	int n = cols;

	for (int x = 0; x < cols;)
		x += cell_convert(&cells[x], &row[x], cols - x);
	while (n > 0 && cell_is_blank(&row[n - 1]))
		n--;
	line = g_malloc(sizeof(*line) + (gsize)n * sizeof(*row));
	line->cols = n;
	memcpy(line->cells, row, (gsize)n * sizeof(*row));
	g_queue_push_head(&vt->lines, line);
	if (vt->lines.length > VT_SCROLLBACK)
		g_free(g_queue_pop_tail(&vt->lines));
	if (vt->back > 0) /* who looks back reads on undisturbed */
		vt->back = MIN(vt->back + 1, (int)vt->lines.length);
	return 1;
}

static int
on_move_cursor(VTermPos pos, VTermPos old, int visible, void *user)
{
	struct vt *vt = user;

	(void)old;
	(void)visible;
	vt->cursor = pos;
	return 1;
}

static int
on_property(VTermProp property, VTermValue *value, void *user)
{
	struct vt *vt = user;

	if (property == VTERM_PROP_CURSORVISIBLE)
		vt->cursor_hidden = !value->boolean;
	return 1;
}

static void
on_output(const char *bytes, size_t n, void *user)
{
	struct vt *vt = user;

	if (!vt->answers)
		g_byte_array_append(vt->output, (const guint8 *)bytes, (guint)n);
	else if (vt->answers->len + n <= ANSWERS_MOST)
		g_string_append_len(vt->answers, bytes, (gssize)n);
}

/* The length of the answer at TEXT: "\e[?1;2c", "\e[0n", "\e[24;80R"; 0: it is none of those. */
static size_t
answer_length(const char *text)
{
	size_t n = 2;

	if (!g_str_has_prefix(text, "\033["))
		return 0;
	n += strspn(text + n, "?>");
	n += strspn(text + n, "0123456789;");
	return text[n] && strchr("cnR", text[n]) ? n + 1 : 0;
}

static void
take_answers(struct vt *vt)
{
	const char *at = vt->answers->str;
	size_t n;

	for (; *at; at += n) {
		n = answer_length(at);
		if (n && vt->output->len + n <= ANSWERS_MOST)
			g_byte_array_append(vt->output, (const guint8 *)at, (guint)n);
		n = MAX(n, 1);
	}
}

/* ---- life ---- */

struct vt *
vt_new(int rows, int cols)
{
	static const VTermScreenCallbacks callbacks = {
		.movecursor = on_move_cursor,
		.settermprop = on_property,
		.sb_pushline = on_push_line,
	};
	struct vt *vt = g_new0(struct vt, 1);

	vt->rows = MAX(rows, LEAST_ROWS);
	vt->cols = MAX(cols, LEAST_COLS);
	vt->output = g_byte_array_new();
	g_queue_init(&vt->lines);
	vt->term = vterm_new(vt->rows, vt->cols);
	vterm_set_utf8(vt->term, 1);
	vterm_output_set_callback(vt->term, on_output, vt);
	vt->screen = vterm_obtain_screen(vt->term);
	vterm_screen_set_callbacks(vt->screen, &callbacks, vt);
	vterm_screen_enable_altscreen(vt->screen, 1);
	vterm_screen_reset(vt->screen, 1);
	return vt;
}

void
vt_free(struct vt *vt)
{
	if (!vt)
		return;
	vterm_free(vt->term);
	g_queue_clear_full(&vt->lines, g_free);
	g_byte_array_unref(vt->output);
	g_free(vt);
}

void
vt_resize(struct vt *vt, int rows, int cols)
{
	rows = MAX(rows, LEAST_ROWS);
	cols = MAX(cols, LEAST_COLS);
	if (rows == vt->rows && cols == vt->cols)
		return;
	vt->rows = rows;
	vt->cols = cols;
	vterm_set_size(vt->term, rows, cols);
}

void
vt_size(const struct vt *vt, int *rows, int *cols)
{
	*rows = vt->rows;
	*cols = vt->cols;
}

void
vt_feed(struct vt *vt, const char *bytes, size_t n)
{
	g_autoptr(GString) clean = sieve_pass(&vt->sieve, bytes, n);

	vt->answers = g_string_new(NULL);
	vterm_input_write(vt->term, clean->str, clean->len);
	take_answers(vt);
	g_string_free(vt->answers, TRUE);
	vt->answers = NULL;
}

GByteArray *
vt_output(struct vt *vt)
{
	return vt->output;
}

/* ---- keys ---- */

static void
put(struct vt *vt, const char *bytes, size_t n)
{
	g_byte_array_append(vt->output, (const guint8 *)bytes, (guint)n);
}

/* What is the same in each mode of a terminal. */
static void
put_char(struct vt *vt, gunichar ch, uint8_t mods)
{
	char text[7];

	if (mods & KEY_MOD_ALT)
		put(vt, "\033", 1);
	if (mods & KEY_MOD_CTRL)
		text[0] = (char)(ch & 0x1f);
	put(vt, text, mods & KEY_MOD_CTRL ? 1 : (size_t)g_unichar_to_utf8(ch, text));
}

/* A named key, as the guest has asked for it: application mode, line ends. */
static void
put_named(struct vt *vt, const struct input *input)
{
	static const struct {
		uint32_t code;
		VTermKey key;
	} keys[] = {
		{ KEY_CODE_UP, VTERM_KEY_UP },
		{ KEY_CODE_DOWN, VTERM_KEY_DOWN },
		{ KEY_CODE_LEFT, VTERM_KEY_LEFT },
		{ KEY_CODE_RIGHT, VTERM_KEY_RIGHT },
		{ KEY_CODE_PGUP, VTERM_KEY_PAGEUP },
		{ KEY_CODE_PGDN, VTERM_KEY_PAGEDOWN },
		{ KEY_CODE_HOME, VTERM_KEY_HOME },
		{ KEY_CODE_END, VTERM_KEY_END },
		{ KEY_CODE_ENTER, VTERM_KEY_ENTER },
		{ KEY_CODE_TAB, VTERM_KEY_TAB },
		{ KEY_CODE_BACKTAB, VTERM_KEY_TAB },
		{ KEY_CODE_ESC, VTERM_KEY_ESCAPE },
		{ KEY_CODE_DELETE, VTERM_KEY_DEL },
		{ KEY_CODE_INSERT, VTERM_KEY_INS },
	};
	uint32_t code = input->key.code;
	VTermModifier mods = (input->key.mods & KEY_MOD_CTRL ? VTERM_MOD_CTRL : VTERM_MOD_NONE) |
			     (input->key.mods & KEY_MOD_ALT ? VTERM_MOD_ALT : VTERM_MOD_NONE) |
			     (input->shift || code == KEY_CODE_BACKTAB ? VTERM_MOD_SHIFT : VTERM_MOD_NONE);

	if (code >= KEY_CODE_F1 && code <= KEY_CODE_F12)
		vterm_keyboard_key(vt->term, VTERM_KEY_FUNCTION(code - KEY_CODE_F1 + 1), mods);
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
		if (keys[i].code == code)
			vterm_keyboard_key(vt->term, keys[i].key, mods);
}

static void
put_key(struct vt *vt, const struct input *input)
{
	/* several keys share their name here and are several to a guest: Enter and Ctrl-J, Backspace and Ctrl-H */
	bool plain = input->byte == '\n' || input->byte == '\b' || input->byte == 0x7f;

	if (plain)
		put_char(vt, input->byte, input->key.mods & KEY_MOD_ALT);
	else if (input->key.code == KEY_CODE_BACKSPACE)
		put_char(vt, 0x7f, input->key.mods & KEY_MOD_ALT);
	else if (input->key.code < KEY_CODE_UP)
		put_char(vt, input->key.code, input->key.mods);
	else
		put_named(vt, input);
}

void
vt_end_paste(struct vt *vt)
{
	if (vt->pasting)
		vterm_keyboard_end_paste(vt->term);
	vt->pasting = false;
}

void
vt_input(struct vt *vt, struct input input)
{
	bool pasted = input.type == INPUT_PASTE;

	if (input.type != INPUT_KEY && !pasted)
		return;
	vt->back = 0;
	if (!pasted) {
		vt_end_paste(vt);
		put_key(vt, &input);
		return;
	}
	if (!vt->pasting)
		vterm_keyboard_start_paste(vt->term);
	vt->pasting = true;
	put_char(vt, input.key.code == '\n' ? '\r' : input.key.code, 0);
}

/* ---- looking ---- */

void
vt_scroll(struct vt *vt, int lines)
{
	vt->back = CLAMP(vt->back + lines, 0, (int)vt->lines.length);
}

int
vt_scrolled(const struct vt *vt)
{
	return vt->back;
}

static void
draw_row(const struct vt *vt, const struct pane *pane, int y, int row)
{
	struct canvas_cell *cells = g_newa(struct canvas_cell, (gsize)vt->cols);

	for (int x = 0; x < vt->cols;) {
		VTermScreenCell cell = { 0 };

		vterm_screen_get_cell(vt->screen, (VTermPos){ .row = row, .col = x }, &cell);
		x += cell_convert(&cell, &cells[x], vt->cols - x);
	}
	pane_cells(pane, y, 0, cells, vt->cols);
}

void
vt_draw(const struct vt *vt, const struct pane *pane)
{
	const GList *old =
		vt->back ? g_queue_peek_nth_link((GQueue *)(uintptr_t)&vt->lines, (guint)vt->back - 1) : NULL;

	for (int y = 0; y < MIN(vt->rows, pane->rows); y++) {
		const struct line *line = old ? old->data : NULL;

		if (line)
			pane_cells(pane, y, 0, line->cells, line->cols);
		else
			draw_row(vt, pane, y, y - vt->back);
		old = old ? old->prev : NULL;
	}
	if (!vt->cursor_hidden && vt->back == 0 && vt->cursor.row < pane->rows && vt->cursor.col < pane->cols)
		canvas_set_cursor(pane->canvas, pane->y + vt->cursor.row, pane->x + vt->cursor.col);
}
