#include "tui/dialog.h"

#include <stdbool.h>
#include <string.h>

#include "tui/cell.h"
#include "tui/frame.h"
#include "tui/wrap.h"

#define MAX_WIDTH  76 /* wider lines are hard to read */
#define MAX_TYPED  32
#define FRAME      2 /* columns and rows that the box itself takes */
#define BUTTON_GAP 2

enum button { CANCEL, CONFIRM, OTHER, NBUTTONS };

struct dialog {
	char *title, *text, *type_this;
	char *buttons
		[NBUTTONS]; /* as drawn, with their blanks; NULL from the first that is not there: only Close */
	bool dangerous;

	GString *typed;
	enum button focus;
	int scroll; /* rows of text above the box */

	/* From the last draw, for mouse and page keys. */
	struct pane button_at[NBUTTONS]; /* on the screen */
	int page, nrows;                 /* rows of text that fit, and that there are */
};

struct dialog *
dialog_new(const struct dialog_opts *opts)
{
	struct dialog *dialog = g_new0(struct dialog, 1);

	dialog->title = g_strdup(opts->title ? opts->title : "");
	dialog->text = g_strdup(opts->text ? opts->text : "");
	dialog->type_this = g_strdup(opts->type_this);
	dialog->buttons[CANCEL] = g_strdup(opts->confirm ? " Cancel " : " Close ");
	if (opts->confirm)
		dialog->buttons[CONFIRM] = g_strdup_printf(" %s ", opts->confirm);
	if (opts->confirm && opts->other)
		dialog->buttons[OTHER] = g_strdup_printf(" %s ", opts->other);
	dialog->dangerous = opts->dangerous;
	dialog->typed = g_string_new(NULL);
	return dialog;
}

void
dialog_free(struct dialog *dialog)
{
	if (!dialog)
		return;
	for (int i = 0; i < NBUTTONS; i++)
		g_free(dialog->buttons[i]);
	g_string_free(dialog->typed, TRUE);
	g_free(dialog->type_this);
	g_free(dialog->text);
	g_free(dialog->title);
	g_free(dialog);
}

/* ---- input ---- */

static bool
may_confirm(const struct dialog *dialog)
{
	return dialog->buttons[CONFIRM] &&
	       (!dialog->type_this || strcmp(dialog->typed->str, dialog->type_this) == 0);
}

static enum dialog_result
press(const struct dialog *dialog, enum button button)
{
	if (button == CANCEL)
		return DIALOG_CANCELLED;
	if (!may_confirm(dialog))
		return DIALOG_OPEN;
	return button == OTHER ? DIALOG_OTHER : DIALOG_CONFIRMED;
}

static int
count_buttons(const struct dialog *dialog)
{
	int n = 0;

	while (n < NBUTTONS && dialog->buttons[n])
		n++;
	return n;
}

static enum dialog_result
focus_by(struct dialog *dialog, int by)
{
	int n = count_buttons(dialog);

	dialog->focus = (enum button)(((int)dialog->focus + by + n) % n);
	return DIALOG_OPEN;
}

static enum dialog_result
scroll_by(struct dialog *dialog, int rows)
{
	dialog->scroll = CLAMP(dialog->scroll + rows, 0, MAX(dialog->nrows - dialog->page, 0));
	return DIALOG_OPEN;
}

/* Having typed the words is the decision: the focus follows it, and leaves again when they no longer match. */
static enum dialog_result
typed(struct dialog *dialog)
{
	dialog->focus = may_confirm(dialog) ? CONFIRM : CANCEL;
	return DIALOG_OPEN;
}

static enum dialog_result
type_char(struct dialog *dialog, gunichar ch)
{
	if (ch >= ' ' && ch != 0x7f && g_unichar_validate(ch) && dialog->typed->len < MAX_TYPED)
		g_string_append_unichar(dialog->typed, ch);
	return typed(dialog);
}

static enum dialog_result
type_back(struct dialog *dialog)
{
	char *end = dialog->typed->str + dialog->typed->len;
	char *last = g_utf8_find_prev_char(dialog->typed->str, end);

	if (last)
		g_string_truncate(dialog->typed, (gsize)(last - dialog->typed->str));
	return typed(dialog);
}

/* Where letters are not for typing they move the text, or close. None confirms: it might have been meant for what was there
 * before the question. */
static enum dialog_result
letter(struct dialog *dialog, gunichar ch)
{
	switch (ch) {
	case 'q':
		return DIALOG_CANCELLED;
	case 'j':
		return scroll_by(dialog, 1);
	case 'k':
		return scroll_by(dialog, -1);
	case ' ':
		return scroll_by(dialog, dialog->page);
	default:
		return DIALOG_OPEN;
	}
}

static enum dialog_result
dialog_key(struct dialog *dialog, struct keyspec key)
{
	if (key.mods)
		return key.mods == KEY_MOD_CTRL && (key.code == 'c' || key.code == 'g') ? DIALOG_CANCELLED
											: DIALOG_OPEN;
	switch (key.code) {
	case KEY_CODE_ESC:
		return DIALOG_CANCELLED;
	case KEY_CODE_ENTER:
		return press(dialog, dialog->focus);
	case KEY_CODE_TAB:
	case KEY_CODE_RIGHT:
		return focus_by(dialog, 1);
	case KEY_CODE_BACKTAB:
	case KEY_CODE_LEFT:
		return focus_by(dialog, -1);
	case KEY_CODE_UP:
		return scroll_by(dialog, -1);
	case KEY_CODE_DOWN:
		return scroll_by(dialog, 1);
	case KEY_CODE_PGUP:
		return scroll_by(dialog, -dialog->page);
	case KEY_CODE_PGDN:
		return scroll_by(dialog, dialog->page);
	case KEY_CODE_HOME:
		return scroll_by(dialog, -dialog->nrows);
	case KEY_CODE_END:
		return scroll_by(dialog, dialog->nrows);
	case KEY_CODE_BACKSPACE:
		return type_back(dialog);
	default:
		return dialog->type_this ? type_char(dialog, key.code) : letter(dialog, key.code);
	}
}

static enum dialog_result
dialog_mouse(struct dialog *dialog, struct input input)
{
	if (input.button == MOUSE_WHEEL_UP || input.button == MOUSE_WHEEL_DOWN)
		return scroll_by(dialog, input.button == MOUSE_WHEEL_UP ? -1 : 1);
	for (int i = 0; i < count_buttons(dialog); i++) {
		if (pane_holds(&dialog->button_at[i], input.y, input.x)) {
			dialog->focus = (enum button)i;
			return press(dialog, dialog->focus);
		}
	}
	return DIALOG_OPEN;
}

/* Pasted text answers nothing: a decision is typed or clicked. */
enum dialog_result
dialog_input(struct dialog *dialog, struct input input)
{
	switch (input.type) {
	case INPUT_KEY:
		return dialog_key(dialog, input.key);
	case INPUT_MOUSE:
		return dialog_mouse(dialog, input);
	default:
		return DIALOG_OPEN;
	}
}

/* ---- drawing ---- */

static int
buttons_width(const struct dialog *dialog)
{
	int n = count_buttons(dialog), width = (n - 1) * BUTTON_GAP;

	for (int i = 0; i < n; i++)
		width += text_width(dialog->buttons[i]);
	return width;
}

static int
rows_width(const GPtrArray *rows)
{
	int width = 0;

	for (guint i = 0; i < rows->len; i++)
		width = MAX(width, text_width(rows->pdata[i]));
	return width;
}

/* "Type 37 to confirm: 3" */
static char *
type_line(const struct dialog *dialog)
{
	return g_strdup_printf("Type %s to confirm: %s", dialog->type_this, dialog->typed->str);
}

static void
draw_text(struct dialog *dialog, const struct pane *box, const struct pane *inner, const GPtrArray *rows)
{
	dialog->page = inner->rows;
	dialog->nrows = (int)rows->len;
	scroll_by(dialog, 0);
	for (int y = 0; y < inner->rows && dialog->scroll + y < dialog->nrows; y++)
		pane_text(inner, y, 0, -1, ROLE_DIALOG, rows->pdata[dialog->scroll + y]);
	frame_draw_more(box, inner, dialog->scroll > 0, dialog->scroll + inner->rows < dialog->nrows);
}

static enum role
button_role(const struct dialog *dialog, enum button button)
{
	if (button != CANCEL && !may_confirm(dialog))
		return ROLE_DIM;
	if (button == OTHER || (button == CONFIRM && dialog->dangerous))
		return ROLE_BAD;
	return button == dialog->focus ? ROLE_FOCUS : ROLE_BUTTON;
}

static void
draw_buttons(struct dialog *dialog, const struct pane *inner, int y)
{
	int x = MAX((inner->cols - buttons_width(dialog)) / 2, 0);

	for (int i = 0; i < count_buttons(dialog); i++) {
		enum role role = button_role(dialog, (enum button)i);
		struct pane at = pane_sub(inner, y, x, 1, text_width(dialog->buttons[i]));

		pane_text(&at, 0, 0, -1, role, dialog->buttons[i]);
		if (i == (int)dialog->focus) {
			/* Brackets too, for screens without colours – and a dangerous button keeps its colour. */
			pane_text(&at, 0, 0, 1, role, "[");
			pane_text(&at, 0, at.cols - 1, 1, role, "]");
			pane_restyle(&at, 0, 0, -1, ROLE_COUNT, role == ROLE_BAD ? CELL_REVERSE : CELL_BOLD);
		}
		dialog->button_at[i] = at;
		x += at.cols + BUTTON_GAP;
	}
}

static void
draw_typing(const struct dialog *dialog, const struct pane *inner, int y)
{
	g_autofree char *line = type_line(dialog);
	int used = pane_text(inner, y, 0, -1, ROLE_PROMPT, line);

	canvas_set_cursor(inner->canvas, inner->y + y, inner->x + MIN(used, inner->cols - 1));
}

/*
 * From the bottom up, for the bottom is what must not be lost: buttons, the line to type, a blank row if there is room,
 * and the text in what remains, scrolled. Where even a frame has no room it goes as well.
 */
void
dialog_draw(struct dialog *dialog, const struct pane *screen)
{
	int margin = screen->cols >= 40 ? 4 : 0;
	int frame = screen->rows >= 5 && screen->cols >= 12 ? FRAME : 0;
	int inside = MIN(screen->cols - margin, MAX_WIDTH) - (frame ? 2 * FRAME : 0);
	g_autoptr(GPtrArray) rows = text_wrap(dialog->text, inside);
	g_autofree char *typing = dialog->type_this ? type_line(dialog) : NULL;
	int below = 1 + (typing ? 1 : 0);
	int width = MAX(rows_width(rows), buttons_width(dialog)), height;
	struct pane box, inner, text;

	width = MAX(width, text_width(dialog->title) + 2);
	width = MIN(MAX(width, typing ? text_width(typing) + 2 : 0), inside) + (frame ? 2 * FRAME : 0);
	if (screen->rows >= (int)rows->len + below + frame + 1 + (typing ? 1 : 0))
		below += 1 + (typing ? 1 : 0);
	height = MIN((int)rows->len + below + frame, screen->rows);

	box = pane_sub(screen, (screen->rows - height) / 2, (screen->cols - width) / 2, height, width);
	inner = pane_sub(&box, frame / 2, frame, box.rows - frame, box.cols - 2 * frame);
	text = pane_sub(&inner, 0, 0, MAX(inner.rows - below, 0), inner.cols);
	for (int y = 0; y < box.rows; y++)
		pane_fill(&box, y, 0, -1, ROLE_DIALOG);
	canvas_set_cursor(screen->canvas, -1, -1);
	if (frame)
		frame_draw(&box, dialog->title);
	draw_text(dialog, &box, &text, rows);
	draw_buttons(dialog, &inner, inner.rows - 1);
	if (typing)
		draw_typing(dialog, &inner, inner.rows - (below > 2 ? 3 : 2));
}
