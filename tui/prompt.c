#include "tui/prompt.h"

#include <string.h>

#include "tui/cell.h"
#include "tui/glyph.h"

#define SECRET_ROOM \
	1024 /* allocated at once, so that growing leaves no copies of a secret behind in the heap */

struct prompt {
	char *label;
	bool secret;
	GPtrArray *history;
	char **(*complete)(void *ctx, const char *text, size_t cursor);
	void *ctx;

	GString *text;
	size_t cursor;     /* byte of text, at a glyph's edge */
	bool marked;       /* all of text: the next letter replaces it */
	guint recalled;    /* entry of history on show; history->len: none, the operator's own text */
	char *draft;       /* that text while an entry is on show */
	char **candidates; /* of the last Tab; NULL: the last key was another one */
	guint ncandidates;
	guint candidate; /* the one on show; ncandidates: none yet */
};

struct prompt *
prompt_new(const struct prompt_opts *opts)
{
	struct prompt *prompt = g_new0(struct prompt, 1);
	g_autofree char *initial = g_utf8_make_valid(opts->initial ? opts->initial : "", -1);

	prompt->label = g_strdup(opts->label ? opts->label : "");
	prompt->secret = opts->secret;
	prompt->history = opts->secret ? NULL : opts->history;
	prompt->complete = opts->secret ? NULL : opts->complete;
	prompt->ctx = opts->ctx;
	prompt->text = g_string_sized_new(opts->secret ? SECRET_ROOM : 64);
	g_string_append(prompt->text, initial);
	prompt->cursor = prompt->text->len;
	prompt->marked = opts->replaced && prompt->text->len > 0;
	prompt->recalled = prompt->history ? prompt->history->len : 0;
	return prompt;
}

static void
drop_candidates(struct prompt *prompt)
{
	g_clear_pointer(&prompt->candidates, g_strfreev);
	prompt->ncandidates = 0;
}

void
prompt_free(struct prompt *prompt)
{
	if (!prompt)
		return;
	drop_candidates(prompt);
	explicit_bzero(prompt->text->str, prompt->text->allocated_len);
	g_string_free(prompt->text, TRUE);
	g_free(prompt->draft);
	g_free(prompt->label);
	g_free(prompt);
}

const char *
prompt_text(const struct prompt *prompt)
{
	return prompt->text->str;
}

const char *const *
prompt_candidates(const struct prompt *prompt)
{
	return prompt->ncandidates > 1 ? (const char *const *)prompt->candidates : NULL;
}

/* ---- places in the text ---- */

static size_t
place_after(const struct prompt *prompt, size_t at)
{
	struct glyph glyph;
	const char *next = glyph_next(prompt->text->str + at, &glyph);

	return next ? (size_t)(next - prompt->text->str) : at;
}

static size_t
place_before(const struct prompt *prompt, size_t at)
{
	size_t before = 0;

	for (size_t it = 0; it < at; it = place_after(prompt, it))
		before = it;
	return before;
}

static size_t
place_word_start(const struct prompt *prompt, size_t at)
{
	const char *text = prompt->text->str;

	while (at > 0 && text[at - 1] == ' ')
		at--;
	while (at > 0 && text[at - 1] != ' ')
		at--;
	return at;
}

static size_t
place_word_end(const struct prompt *prompt, size_t at)
{
	const char *text = prompt->text->str;

	while (text[at] == ' ')
		at++;
	while (text[at] && text[at] != ' ')
		at++;
	return at;
}

/* ---- what keys do ---- */

static enum prompt_result
move_to(struct prompt *prompt, size_t at)
{
	prompt->cursor = at;
	return PROMPT_EDITING;
}

static enum prompt_result
erase(struct prompt *prompt, size_t from, size_t to)
{
	if (from == to)
		return PROMPT_EDITING;
	g_string_erase(prompt->text, (gssize)from, (gssize)(to - from));
	prompt->cursor = from;
	return PROMPT_CHANGED;
}

static enum prompt_result
replace(struct prompt *prompt, const char *text)
{
	bool same = strcmp(prompt->text->str, text) == 0;

	g_string_assign(prompt->text, text);
	prompt->cursor = prompt->text->len;
	return same ? PROMPT_EDITING : PROMPT_CHANGED;
}

static enum prompt_result
go_left(struct prompt *prompt)
{
	return move_to(prompt, place_before(prompt, prompt->cursor));
}

static enum prompt_result
go_right(struct prompt *prompt)
{
	return move_to(prompt, place_after(prompt, prompt->cursor));
}

static enum prompt_result
go_word_left(struct prompt *prompt)
{
	return move_to(prompt, place_word_start(prompt, prompt->cursor));
}

static enum prompt_result
go_word_right(struct prompt *prompt)
{
	return move_to(prompt, place_word_end(prompt, prompt->cursor));
}

static enum prompt_result
go_home(struct prompt *prompt)
{
	return move_to(prompt, 0);
}

static enum prompt_result
go_end(struct prompt *prompt)
{
	return move_to(prompt, prompt->text->len);
}

static enum prompt_result
erase_before(struct prompt *prompt)
{
	if (prompt->marked)
		return erase(prompt, 0, prompt->text->len);
	return erase(prompt, place_before(prompt, prompt->cursor), prompt->cursor);
}

static enum prompt_result
erase_under(struct prompt *prompt)
{
	if (prompt->marked)
		return erase(prompt, 0, prompt->text->len);
	return erase(prompt, prompt->cursor, place_after(prompt, prompt->cursor));
}

static enum prompt_result
erase_word(struct prompt *prompt)
{
	return erase(prompt, place_word_start(prompt, prompt->cursor), prompt->cursor);
}

static enum prompt_result
erase_to_start(struct prompt *prompt)
{
	return erase(prompt, 0, prompt->cursor);
}

static enum prompt_result
erase_to_end(struct prompt *prompt)
{
	return erase(prompt, prompt->cursor, prompt->text->len);
}

static enum prompt_result
recall(struct prompt *prompt, guint entry)
{
	if (prompt->recalled == prompt->history->len) {
		g_free(prompt->draft);
		prompt->draft = g_strdup(prompt->text->str);
	}
	prompt->recalled = entry;
	if (entry == prompt->history->len)
		return replace(prompt, prompt->draft);
	return replace(prompt, g_ptr_array_index(prompt->history, entry));
}

static enum prompt_result
recall_older(struct prompt *prompt)
{
	if (!prompt->history || prompt->recalled == 0)
		return PROMPT_EDITING;
	return recall(prompt, prompt->recalled - 1);
}

static enum prompt_result
recall_newer(struct prompt *prompt)
{
	if (!prompt->history || prompt->recalled >= prompt->history->len)
		return PROMPT_EDITING;
	return recall(prompt, prompt->recalled + 1);
}

/* Bytes that all candidates begin with, at a character's edge. */
static size_t
common_prefix(char *const *candidates)
{
	size_t len = strlen(candidates[0]);

	for (size_t i = 1; candidates[i]; i++) {
		size_t same = 0;

		while (same < len && candidates[i][same] == candidates[0][same])
			same++;
		len = same;
	}
	while (len > 0 && ((unsigned char)candidates[0][len] & 0xc0) == 0x80)
		len--;
	return len;
}

/* The first Tab completes as far as all candidates agree; further ones walk through them. An only candidate is forgotten
 * at once, so that the next Tab completes what follows it. */
static enum prompt_result
complete_first(struct prompt *prompt)
{
	g_autofree char *prefix = NULL;
	enum prompt_result result = PROMPT_EDITING;

	prompt->candidates = prompt->complete(prompt->ctx, prompt->text->str, prompt->cursor);
	prompt->ncandidates = prompt->candidates ? g_strv_length(prompt->candidates) : 0;
	prompt->candidate = prompt->ncandidates;
	if (prompt->ncandidates == 0)
		return PROMPT_EDITING;
	prefix = g_strndup(prompt->candidates[0], common_prefix(prompt->candidates));
	if (strlen(prefix) > prompt->cursor)
		result = replace(prompt, prefix);
	if (prompt->ncandidates == 1)
		drop_candidates(prompt);
	return result;
}

static enum prompt_result
complete_step(struct prompt *prompt, guint by)
{
	if (!prompt->complete)
		return PROMPT_EDITING;
	if (prompt->ncandidates == 0)
		return complete_first(prompt);
	if (prompt->candidate == prompt->ncandidates)
		prompt->candidate = by == 1 ? 0 : prompt->ncandidates - 1;
	else
		prompt->candidate = (prompt->candidate + by) % prompt->ncandidates;
	return replace(prompt, prompt->candidates[prompt->candidate]);
}

static enum prompt_result
complete_next(struct prompt *prompt)
{
	return complete_step(prompt, 1);
}

static enum prompt_result
complete_previous(struct prompt *prompt)
{
	return complete_step(prompt, prompt->ncandidates - 1);
}

static enum prompt_result
accept(struct prompt *prompt)
{
	const char *text = prompt->text->str;
	GPtrArray *history = prompt->history;

	if (history && *text && (history->len == 0 || strcmp(history->pdata[history->len - 1], text) != 0))
		g_ptr_array_add(history, g_strdup(text));
	return PROMPT_DONE;
}

static enum prompt_result
cancel(struct prompt *prompt G_GNUC_UNUSED)
{
	return PROMPT_CANCELLED;
}

/* Without ctrl-a and ctrl-b: screen and tmux keep them. */
static const struct {
	struct keyspec key;
	enum prompt_result (*act)(struct prompt *prompt);
} prompt_keys[] = {
	{ { KEY_CODE_LEFT, 0 }, go_left },
	{ { KEY_CODE_RIGHT, 0 }, go_right },
	{ { 'f', KEY_MOD_CTRL }, go_right },
	{ { KEY_CODE_LEFT, KEY_MOD_CTRL }, go_word_left },
	{ { 'b', KEY_MOD_ALT }, go_word_left },
	{ { KEY_CODE_RIGHT, KEY_MOD_CTRL }, go_word_right },
	{ { 'f', KEY_MOD_ALT }, go_word_right },
	{ { KEY_CODE_HOME, 0 }, go_home },
	{ { KEY_CODE_END, 0 }, go_end },
	{ { 'e', KEY_MOD_CTRL }, go_end },
	{ { KEY_CODE_BACKSPACE, 0 }, erase_before },
	{ { 'h', KEY_MOD_CTRL }, erase_before },
	{ { KEY_CODE_DELETE, 0 }, erase_under },
	{ { 'd', KEY_MOD_CTRL }, erase_under },
	{ { 'w', KEY_MOD_CTRL }, erase_word },
	{ { KEY_CODE_BACKSPACE, KEY_MOD_ALT }, erase_word },
	{ { 'u', KEY_MOD_CTRL }, erase_to_start },
	{ { 'k', KEY_MOD_CTRL }, erase_to_end },
	{ { KEY_CODE_UP, 0 }, recall_older },
	{ { 'p', KEY_MOD_CTRL }, recall_older },
	{ { KEY_CODE_DOWN, 0 }, recall_newer },
	{ { 'n', KEY_MOD_CTRL }, recall_newer },
	{ { KEY_CODE_TAB, 0 }, complete_next },
	{ { KEY_CODE_BACKTAB, 0 }, complete_previous },
	{ { KEY_CODE_ENTER, 0 }, accept },
	{ { KEY_CODE_ESC, 0 }, cancel },
	{ { 'c', KEY_MOD_CTRL }, cancel },
	{ { 'g', KEY_MOD_CTRL }, cancel },
};

static enum prompt_result
insert(struct prompt *prompt, struct keyspec key)
{
	gunichar ch = key.code;
	char utf8[6];
	gssize bytes;

	/* Line ends and tabs come from pasting: they part words, but are not part of a pasted passphrase. */
	if ((ch == '\n' || ch == '\t') && !prompt->secret)
		ch = ' ';
	if (key.mods || ch < ' ' || ch == 0x7f || !g_unichar_validate(ch))
		return PROMPT_EDITING;
	if (prompt->marked)
		erase(prompt, 0, prompt->text->len);
	prompt->marked = false;
	bytes = g_unichar_to_utf8(ch, utf8);
	if (prompt->secret && prompt->text->len + (gsize)bytes >= SECRET_ROOM)
		return PROMPT_EDITING;
	g_string_insert_len(prompt->text, (gssize)prompt->cursor, utf8, bytes);
	prompt->cursor += (size_t)bytes;
	return PROMPT_CHANGED;
}

enum prompt_result
prompt_key(struct prompt *prompt, struct keyspec key)
{
	if (key.code != KEY_CODE_TAB && key.code != KEY_CODE_BACKTAB)
		drop_candidates(prompt);
	for (size_t i = 0; i < G_N_ELEMENTS(prompt_keys); i++) {
		if (keyspec_equal(prompt_keys[i].key, key)) {
			enum prompt_result result = prompt_keys[i].act(prompt);

			prompt->marked = false;
			return result;
		}
	}
	return insert(prompt, key);
}

/* ---- drawing ---- */

static int
columns_before(const struct prompt *prompt, size_t place)
{
	int columns = 0;

	for (size_t at = 0; at < place;) {
		struct glyph glyph;

		at = (size_t)(glyph_next(prompt->text->str + at, &glyph) - prompt->text->str);
		columns += glyph.width;
	}
	return columns;
}

/* Columns hidden at the left so that the cursor, in column CURSOR of the text, shows among ROOM ones. By half screens:
 * the text stands still while the cursor moves. */
static int
hidden_columns(int cursor, int room)
{
	int step = MAX(room / 2, 1);

	return cursor < room ? 0 : cursor / step * step - step;
}

/* Draws the text without its first HIDDEN columns. */
static void
draw_text(const struct prompt *prompt, const struct pane *pane, int y, int x, int hidden)
{
	const char *text = prompt->text->str;
	struct glyph glyph;
	int skipped = 0;

	while (skipped < hidden) {
		text = glyph_next(text, &glyph);
		skipped += glyph.width;
	}
	pane_text(pane, y, x + skipped - hidden, -1, ROLE_PROMPT, text);
}

void
prompt_draw(const struct prompt *prompt, const struct pane *pane, int y, int error_at, int error_cols)
{
	int x, cursor, hidden;

	pane_fill(pane, y, 0, -1, ROLE_PROMPT);
	x = pane_text(pane, y, 0, MAX(pane->cols - 8, pane->cols / 2), ROLE_PROMPT, prompt->label);
	if (prompt->secret) {
		canvas_set_cursor(pane->canvas, pane->y + y, pane->x + x);
		return;
	}
	cursor = columns_before(prompt, prompt->cursor);
	hidden = hidden_columns(cursor, pane->cols - x);
	draw_text(prompt, pane, y, x, hidden);
	if (prompt->marked)
		pane_restyle(pane, y, x, cursor - hidden, ROLE_COUNT, CELL_REVERSE);
	if (error_at >= 0 && error_at + error_cols > hidden) {
		int from = MAX(error_at, hidden);

		pane_restyle(
			pane, y, x + from - hidden, error_at + error_cols - from, ROLE_BAD, CELL_UNDERLINE);
	}
	canvas_set_cursor(pane->canvas, pane->y + y, pane->x + x + cursor - hidden);
}
