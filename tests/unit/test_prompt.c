#include "tui/prompt.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

static void
use_utf8(void)
{
	setlocale(LC_ALL, "C.UTF-8");
}

TestSuite(prompt, .init = use_utf8);

/* Sends keys as the config writes them, separated by blanks; returns what the last one did. */
static enum prompt_result
type(struct prompt *prompt, const char *keys)
{
	enum prompt_result result = PROMPT_EDITING;
	g_auto(GStrv) words = g_strsplit(keys, " ", -1);

	for (size_t i = 0; words[i] && *words[i]; i++) {
		struct keyspec key = { 0, 0 };

		cr_assert(keyspec_parse(words[i], &key, NULL), "%s", words[i]);
		result = prompt_key(prompt, key);
	}
	return result;
}

/* From "one two|" (the bar is the cursor). */
static const struct {
	const char *keys;
	enum prompt_result result;
	const char *text; /* after typing a '|' where the cursor is */
} edits[] = {
	{ "x", PROMPT_CHANGED, "one twox|" },
	{ "中", PROMPT_CHANGED, "one two中|" },
	{ "space é", PROMPT_CHANGED, "one two é|" },
	{ "backspace", PROMPT_CHANGED, "one tw|" },
	{ "left", PROMPT_EDITING, "one tw|o" },
	{ "left left right", PROMPT_EDITING, "one tw|o" },
	{ "home", PROMPT_EDITING, "|one two" },
	{ "home left backspace", PROMPT_EDITING, "|one two" },
	{ "home end right", PROMPT_EDITING, "one two|" },
	{ "home delete", PROMPT_CHANGED, "|ne two" },
	{ "home ctrl-d ctrl-d", PROMPT_CHANGED, "|e two" },
	{ "delete", PROMPT_EDITING, "one two|" },
	{ "ctrl-w", PROMPT_CHANGED, "one |" },
	{ "ctrl-w ctrl-w", PROMPT_CHANGED, "|" },
	{ "ctrl-w ctrl-w ctrl-w", PROMPT_EDITING, "|" },
	{ "ctrl-u", PROMPT_CHANGED, "|" },
	{ "left ctrl-u", PROMPT_CHANGED, "|o" },
	{ "home ctrl-k", PROMPT_CHANGED, "|" },
	{ "ctrl-k", PROMPT_EDITING, "one two|" },
	{ "ctrl-left", PROMPT_EDITING, "one |two" },
	{ "ctrl-left ctrl-left ctrl-right", PROMPT_EDITING, "one| two" },
	{ "up", PROMPT_EDITING, "one two|" },
	{ "tab", PROMPT_EDITING, "one two|" },
	{ "f5", PROMPT_EDITING, "one two|" },
	{ "alt-x", PROMPT_EDITING, "one two|" },
	{ "ctrl-x", PROMPT_EDITING, "one two|" },
	{ "中 left left backspace", PROMPT_CHANGED, "one t|o中" },
};

Test(prompt, edits)
{
	for (size_t i = 0; i < G_N_ELEMENTS(edits); i++) {
		struct prompt *prompt =
			prompt_new(&(struct prompt_opts){ .label = "/", .initial = "one two" });
		enum prompt_result result = type(prompt, edits[i].keys);

		cr_expect_eq(result, edits[i].result, "%s: %d", edits[i].keys, result);
		type(prompt, "|");
		cr_expect_str_eq(
			prompt_text(prompt), edits[i].text, "%s: %s", edits[i].keys, prompt_text(prompt));
		prompt_free(prompt);
	}
}

static const struct {
	const char *key;
	enum prompt_result result;
} ends[] = {
	{ "enter", PROMPT_DONE },
	{ "esc", PROMPT_CANCELLED },
	{ "ctrl-c", PROMPT_CANCELLED },
	{ "ctrl-g", PROMPT_CANCELLED },
};

Test(prompt, ends)
{
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
		struct prompt *prompt = prompt_new(&(struct prompt_opts){ .initial = "x" });

		cr_expect_eq(type(prompt, ends[i].key), ends[i].result, "%s", ends[i].key);
		prompt_free(prompt);
	}
	prompt_free(NULL);
}

Test(prompt, recalls_history_and_comes_back_to_the_draft)
{
	g_autoptr(GPtrArray) history = g_ptr_array_new_with_free_func(g_free);
	struct prompt *prompt;

	g_ptr_array_add(history, g_strdup("first"));
	g_ptr_array_add(history, g_strdup("second"));
	prompt = prompt_new(&(struct prompt_opts){ .initial = "draft", .history = history });
	cr_expect_eq(type(prompt, "up"), PROMPT_CHANGED);
	cr_expect_str_eq(prompt_text(prompt), "second");
	type(prompt, "up up up");
	cr_expect_str_eq(prompt_text(prompt), "first");
	type(prompt, "down");
	cr_expect_str_eq(prompt_text(prompt), "second");
	type(prompt, "down down ctrl-p");
	cr_expect_str_eq(prompt_text(prompt), "second");
	type(prompt, "ctrl-n");
	cr_expect_str_eq(prompt_text(prompt), "draft");
	cr_expect_eq(type(prompt, "enter"), PROMPT_DONE);
	cr_expect_eq(history->len, 3);
	cr_expect_str_eq(history->pdata[2], "draft");
	prompt_free(prompt);

	/* Neither the same again nor nothing is worth remembering. */
	prompt = prompt_new(&(struct prompt_opts){ .initial = "draft", .history = history });
	type(prompt, "enter");
	type(prompt, "ctrl-u enter");
	cr_expect_eq(history->len, 3);
	prompt_free(prompt);
}

static char **
complete(void *ctx, const char *text, size_t cursor)
{
	static const char *const words[] = { "sort cpu", "sort memory", "sort mémoire", "quit", NULL };
	GPtrArray *found = g_ptr_array_new();
	int *calls = ctx;

	(*calls)++;
	for (size_t i = 0; words[i]; i++) {
		if (strncmp(words[i], text, cursor) == 0)
			g_ptr_array_add(found, g_strdup(words[i]));
	}
	g_ptr_array_add(found, NULL);
	return (char **)g_ptr_array_free(found, FALSE);
}

Test(prompt, completes)
{
	int calls = 0;
	struct prompt *prompt = prompt_new(&(struct prompt_opts){ .complete = complete, .ctx = &calls });

	/* as far as all agree, then one after the other, and back */
	cr_expect_eq(type(prompt, "s tab"), PROMPT_CHANGED);
	cr_expect_str_eq(prompt_text(prompt), "sort ");
	cr_expect_eq(g_strv_length((char **)(uintptr_t)prompt_candidates(prompt)), 3);
	type(prompt, "tab");
	cr_expect_str_eq(prompt_text(prompt), "sort cpu");
	type(prompt, "tab tab");
	cr_expect_str_eq(prompt_text(prompt), "sort mémoire");
	type(prompt, "tab");
	cr_expect_str_eq(prompt_text(prompt), "sort cpu");
	type(prompt, "backtab");
	cr_expect_str_eq(prompt_text(prompt), "sort mémoire");
	cr_expect_eq(calls, 1);

	/* another key ends that; a common beginning is not cut inside a character */
	type(prompt, "ctrl-w m");
	cr_expect_null(prompt_candidates(prompt));
	cr_expect_eq(type(prompt, "tab"), PROMPT_EDITING);
	cr_expect_str_eq(prompt_text(prompt), "sort m");

	/* an only one is taken, and the next Tab asks again */
	calls = 0;
	type(prompt, "ctrl-u q tab");
	cr_expect_str_eq(prompt_text(prompt), "quit");
	cr_expect_null(prompt_candidates(prompt));
	type(prompt, "tab");
	cr_expect_eq(calls, 2);

	cr_expect_eq(type(prompt, "x tab"), PROMPT_EDITING);
	cr_expect_str_eq(prompt_text(prompt), "quitx");
	prompt_free(prompt);
}

static char *
draw(struct prompt *prompt, int width, int error_at, int *cursor)
{
	struct canvas *canvas = canvas_new(1, width, false);
	struct pane pane = pane_whole(canvas);
	char *text;
	int y;

	prompt_draw(prompt, &pane, 0, error_at, 1);
	canvas_get_cursor(canvas, &y, cursor);
	text = g_strchomp(canvas_text(canvas));
	if (error_at >= 0 && *cursor >= 0)
		cr_expect(canvas_at(canvas, 0, 1 + error_at)->flags & CELL_UNDERLINE);
	canvas_free(canvas);
	return text;
}

static const struct {
	const char *text, *keys, *shown;
	int cursor;
} drawings[] = {
	{ "abc", "", "/abc", 4 },
	{ "abc", "left", "/abc", 3 },
	{ "中文", "", "/中文", 5 },
	{ "中文", "left", "/中文", 3 },
	{ "abcdefghijklmno", "", "/klmno", 6 },
	{ "abcdefghijklmno", "left", "/fghijklmno", 10 },
	{ "abcdefghijklmno", "home", "/abcdefghi…", 1 },
	{ "abcdefghijklmnopqrst", "left left left left left left left left", "/fghijklmn…", 8 },
	{ "a\033b", "", "/a\\x1bb", 7 },
	{ "a\033b", "left backspace", "/ab", 2 },
	{ "a\xff", "", "/a\\u{fffd}", 10 },
};

Test(prompt, draws_the_part_with_the_cursor)
{
	for (size_t i = 0; i < G_N_ELEMENTS(drawings); i++) {
		struct prompt *prompt =
			prompt_new(&(struct prompt_opts){ .label = "/", .initial = drawings[i].text });
		g_autofree char *shown = NULL;
		int cursor;

		type(prompt, drawings[i].keys);
		shown = draw(prompt, 11 + (i < 4 || i > 7), -1, &cursor);
		cr_expect_str_eq(shown, drawings[i].shown, "drawing %zu: %s", i, shown);
		cr_expect_eq(cursor, drawings[i].cursor, "drawing %zu: %d", i, cursor);
		prompt_free(prompt);
	}
}

Test(prompt, underlines_an_error)
{
	struct prompt *prompt = prompt_new(&(struct prompt_opts){ .label = "/", .initial = "cpu>x" });
	g_autofree char *shown = NULL;
	int cursor;

	shown = draw(prompt, 20, 4, &cursor);
	cr_expect_str_eq(shown, "/cpu>x");
	prompt_free(prompt);
}

Test(prompt, the_cursor_is_always_seen)
{
	struct prompt *prompt = prompt_new(&(struct prompt_opts){ .label = "find: " });

	for (int i = 0; i < 60; i++) {
		type(prompt, i % 3 ? "x" : "中");
		for (int width = 8; width < 30; width++) {
			g_autofree char *shown = NULL;
			int cursor;

			shown = draw(prompt, width, -1, &cursor);
			cr_expect(cursor >= 0 && cursor < width, "%d in %d columns: %d", i, width, cursor);
		}
	}
	for (int width = 1; width < 8; width++) {
		int cursor;

		g_free(draw(prompt, width, -1, &cursor));
	}
	prompt_free(prompt);
}

Test(prompt, secrets_are_not_shown_nor_remembered)
{
	g_autoptr(GPtrArray) history = g_ptr_array_new_with_free_func(g_free);
	struct prompt *prompt = prompt_new(
		&(struct prompt_opts){ .label = "passphrase: ", .secret = true, .history = history });
	g_autofree char *shown = NULL;
	int cursor;

	type(prompt, "h u n t e r 2");
	cr_expect_str_eq(prompt_text(prompt), "hunter2");
	shown = draw(prompt, 40, -1, &cursor);
	cr_expect_str_eq(shown, "passphrase:");
	cr_expect_eq(cursor, 12);
	cr_expect_eq(type(prompt, "up"), PROMPT_EDITING);
	for (int i = 0; i < 3000; i++)
		type(prompt, "x");
	cr_expect_lt(strlen(prompt_text(prompt)), 1024);
	cr_expect_eq(type(prompt, "enter"), PROMPT_DONE);
	cr_expect_eq(history->len, 0);
	prompt_free(prompt);
}

Test(prompt, pasted_line_ends_part_words_but_are_no_part_of_a_secret)
{
	static const uint32_t pasted[] = { 'a', '\n', 'b', '\t', 'c', 0x1b, 0x7f, 0xd800, 0, '\n' };

	for (int secret = 0; secret <= 1; secret++) {
		struct prompt *prompt = prompt_new(&(struct prompt_opts){ .secret = secret });

		for (size_t i = 0; i < G_N_ELEMENTS(pasted); i++)
			prompt_key(prompt, (struct keyspec){ .code = pasted[i] });
		cr_expect_str_eq(prompt_text(prompt), secret ? "abc" : "a b c ");
		prompt_free(prompt);
	}
}

/* From "one two" when all of it is marked: what is typed replaces it, what moves edits it. */
static const struct {
	const char *keys;
	enum prompt_result result;
	const char *text;
} replacements[] = {
	{ "x", PROMPT_CHANGED, "x" },
	{ "x y", PROMPT_CHANGED, "xy" },
	{ "space", PROMPT_CHANGED, " " },
	{ "backspace", PROMPT_CHANGED, "" },
	{ "delete", PROMPT_CHANGED, "" },
	{ "end x", PROMPT_CHANGED, "one twox" },
	{ "left x", PROMPT_CHANGED, "one twxo" },
	{ "home x", PROMPT_CHANGED, "xone two" },
	{ "end backspace", PROMPT_CHANGED, "one tw" },
	{ "ctrl-w", PROMPT_CHANGED, "one " },
	{ "enter", PROMPT_DONE, "one two" },
	{ "esc", PROMPT_CANCELLED, "one two" },
	{ "f5 x", PROMPT_CHANGED, "x" },
	{ "up x", PROMPT_CHANGED, "olderx" },
};

Test(prompt, typing_replaces_what_is_marked)
{
	g_autoptr(GPtrArray) history = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(history, g_strdup("older"));
	for (size_t i = 0; i < G_N_ELEMENTS(replacements); i++) {
		struct prompt *prompt = prompt_new(&(struct prompt_opts){
			.label = "/", .initial = "one two", .replaced = true, .history = history });
		enum prompt_result result = type(prompt, replacements[i].keys);

		cr_expect_eq(result, replacements[i].result, "'%s': %d", replacements[i].keys, result);
		cr_expect_str_eq(prompt_text(prompt), replacements[i].text, "'%s': '%s'",
			replacements[i].keys, prompt_text(prompt));
		prompt_free(prompt);
		g_ptr_array_set_size(history, 1);
	}
}
