#include "tui/dialog.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

static void
use_utf8(void)
{
	setlocale(LC_ALL, "C.UTF-8");
}

TestSuite(dialog, .init = use_utf8);

static const struct dialog_opts plain = {
	.title = "Force off",
	.text = "Force off 3 guests?",
	.confirm = "Force off 3",
	.dangerous = true,
};

static const struct dialog_opts typed = {
	.title = "Force off",
	.text = "Force off 37 guests?",
	.confirm = "Force off 37",
	.type_this = "37",
	.dangerous = true,
};

static const struct dialog_opts harmless = { .title = "Start", .text = "Start 3 VMs?", .confirm = "Start 3" };

static const struct dialog_opts message = { .title = "Lost", .text = "The host is gone." };

static enum dialog_result
press(struct dialog *dialog, const char *keys)
{
	enum dialog_result result = DIALOG_OPEN;
	g_auto(GStrv) words = g_strsplit(keys, " ", -1);

	for (size_t i = 0; words[i] && *words[i]; i++) {
		struct input input = { .type = INPUT_KEY };

		cr_assert(keyspec_parse(words[i], &input.key, NULL), "%s", words[i]);
		result = dialog_input(dialog, input);
		if (result != DIALOG_OPEN)
			break;
	}
	return result;
}

static const struct {
	const struct dialog_opts *opts;
	const char *keys;
	enum dialog_result result;
} presses[] = {
	{ &plain, "enter", DIALOG_CANCELLED },
	{ &plain, "tab enter", DIALOG_CONFIRMED },
	{ &plain, "right enter", DIALOG_CONFIRMED },
	{ &plain, "tab tab enter", DIALOG_CANCELLED },
	{ &plain, "left backtab enter", DIALOG_CANCELLED },
	{ &plain, "y Y n N j k space enter", DIALOG_CANCELLED },
	{ &plain, "y Y n N", DIALOG_OPEN },
	{ &harmless, "y Y n N", DIALOG_OPEN },
	{ &plain, "q", DIALOG_CANCELLED },
	{ &plain, "esc", DIALOG_CANCELLED },
	{ &plain, "ctrl-c", DIALOG_CANCELLED },
	{ &plain, "ctrl-g", DIALOG_CANCELLED },
	{ &plain, "x K ctrl-y alt-y down pgup", DIALOG_OPEN },
	{ &typed, "enter", DIALOG_CANCELLED },
	{ &typed, "tab enter", DIALOG_OPEN },
	{ &typed, "y n q", DIALOG_OPEN },
	{ &typed, "3 tab enter", DIALOG_OPEN },
	{ &typed, "3 7 enter", DIALOG_CONFIRMED },
	{ &typed, "3 8 backspace 7 enter", DIALOG_CONFIRMED },
	{ &typed, "3 7 7 enter", DIALOG_CANCELLED },
	{ &typed, "3 7 tab enter", DIALOG_CANCELLED },
	{ &typed, "backspace 3 7 esc", DIALOG_CANCELLED },
	{ &message, "enter", DIALOG_CANCELLED },
	{ &message, "y tab right", DIALOG_OPEN },
	{ &message, "tab enter", DIALOG_CANCELLED },
};

Test(dialog, keys)
{
	for (size_t i = 0; i < G_N_ELEMENTS(presses); i++) {
		struct dialog *dialog = dialog_new(presses[i].opts);
		enum dialog_result result = press(dialog, presses[i].keys);

		cr_expect_eq(result, presses[i].result, "'%s': %d", presses[i].keys, result);
		dialog_free(dialog);
	}
	dialog_free(NULL);
}

static void
expect_screen(struct dialog *dialog, int rows, int cols, bool ascii, const char *want)
{
	struct canvas *canvas = canvas_new(rows, cols, ascii);
	struct pane pane = pane_whole(canvas);
	g_autofree char *text = NULL;

	dialog_draw(dialog, &pane);
	text = canvas_text(canvas);
	cr_expect_str_eq(text, want, "is:\n%swanted:\n%s", text, want);
	canvas_free(canvas);
}

Test(dialog, looks)
{
	struct dialog *dialog = dialog_new(&plain);

	expect_screen(dialog, 7, 44, false,
		"\n"
		"        ┌─ Force off ─────────────┐\n"
		"        │ Force off 3 guests?     │\n"
		"        │                         │\n"
		"        │ [Cancel]   Force off 3  │\n"
		"        └─────────────────────────┘\n"
		"\n");
	press(dialog, "tab");
	expect_screen(dialog, 7, 44, true,
		"\n"
		"        +- Force off -------------+\n"
		"        | Force off 3 guests?     |\n"
		"        |                         |\n"
		"        |  Cancel   [Force off 3] |\n"
		"        +-------------------------+\n"
		"\n");
	dialog_free(dialog);

	dialog = dialog_new(&typed);
	press(dialog, "3");
	expect_screen(dialog, 8, 44, false,
		"        ┌─ Force off ──────────────┐\n"
		"        │ Force off 37 guests?     │\n"
		"        │                          │\n"
		"        │ Type 37 to confirm: 3    │\n"
		"        │                          │\n"
		"        │ [Cancel]   Force off 37  │\n"
		"        └──────────────────────────┘\n"
		"\n");
	dialog_free(dialog);

	dialog = dialog_new(&message);
	expect_screen(dialog, 5, 41, false,
		"          ┌─ Lost ────────────┐\n"
		"          │ The host is gone. │\n"
		"          │                   │\n"
		"          │      [Close]      │\n"
		"          └───────────────────┘\n");
	dialog_free(dialog);
}

Test(dialog, wraps_and_scrolls)
{
	struct dialog *dialog = dialog_new(&(struct dialog_opts){
		.title = "List",
		.text = "one two three\nfour\nfive\nsix\nevil \033[2J",
		.confirm = "Go",
	});

	expect_screen(dialog, 6, 18, false,
		"┌─ List ─────────┐\n"
		"│ one two three  │\n"
		"│ four           │\n"
		"│ five           ▼\n"
		"│ [Cancel]   Go  │\n"
		"└────────────────┘\n");
	press(dialog, "down");
	expect_screen(dialog, 6, 18, false,
		"┌─ List ─────────┐\n"
		"│ four           ▲\n"
		"│ five           │\n"
		"│ six            ▼\n"
		"│ [Cancel]   Go  │\n"
		"└────────────────┘\n");
	press(dialog, "pgdn pgdn j");
	expect_screen(dialog, 6, 18, true,
		"+- List ---------+\n"
		"| five           ^\n"
		"| six            |\n"
		"| evil \\x1b[2J   |\n"
		"| [Cancel]   Go  |\n"
		"+----------------+\n");
	press(dialog, "home");
	expect_screen(dialog, 3, 12, false,
		"one two\n"
		"three      ▼\n"
		"[Cancel]   …\n");
	dialog_free(dialog);
}

static const char *
role_of(struct dialog *dialog, const char *button)
{
	struct canvas *canvas = canvas_new(24, 80, false);
	struct pane pane = pane_whole(canvas);
	const char *role = "none";

	dialog_draw(dialog, &pane);
	for (int y = 0; y < 24; y++) {
		for (int x = 0; x + (int)strlen(button) <= 80; x++) {
			size_t same = 0;

			while (button[same] &&
				canvas_at(canvas, y, x + (int)same)->ch[0] == (gunichar)button[same])
				same++;
			if (button[same] == '\0')
				role = role_name((enum role)canvas_at(canvas, y, x)->role);
		}
	}
	canvas_free(canvas);
	return role;
}

Test(dialog, buttons_say_what_they_are)
{
	struct dialog *dialog = dialog_new(&typed);

	cr_expect_str_eq(role_of(dialog, "Cancel"), "focus");
	cr_expect_str_eq(role_of(dialog, "Force off 37 "), "dim", "it can't be pressed yet");
	press(dialog, "3 7");
	cr_expect_str_eq(role_of(dialog, "Cancel"), "button");
	cr_expect_str_eq(role_of(dialog, "Force off 37]"), "bad");
	dialog_free(dialog);
}

static enum dialog_result
click(struct dialog *dialog, int y, int x)
{
	return dialog_input(
		dialog, (struct input){ .type = INPUT_MOUSE, .button = MOUSE_LEFT, .y = y, .x = x });
}

Test(dialog, buttons_can_be_clicked)
{
	struct dialog *dialog = dialog_new(&plain);
	struct canvas *canvas = canvas_new(7, 44, false);
	struct pane pane = pane_whole(canvas);

	cr_expect_eq(click(dialog, 0, 0), DIALOG_OPEN, "not drawn yet");
	dialog_draw(dialog, &pane);
	cr_expect_eq(click(dialog, 4, 9), DIALOG_OPEN);
	cr_expect_eq(click(dialog, 3, 10), DIALOG_OPEN);
	cr_expect_eq(click(dialog, 4, 18), DIALOG_OPEN, "between the buttons");
	cr_expect_eq(click(dialog, 4, 10), DIALOG_CANCELLED);
	cr_expect_eq(click(dialog, 4, 17), DIALOG_CANCELLED);
	cr_expect_eq(click(dialog, 4, 20), DIALOG_CONFIRMED);
	dialog_free(dialog);

	dialog = dialog_new(&typed);
	dialog_draw(dialog, &pane);
	for (int x = 0; x < 44; x++)
		cr_expect_neq(click(dialog, 5, x), DIALOG_CONFIRMED, "nothing was typed");
	dialog_free(dialog);
	canvas_free(canvas);
}

Test(dialog, a_second_way_to_say_yes_is_the_last_one)
{
	static const struct dialog_opts quit = {
		.title = "Quit?", .text = "A guest is moving.", .confirm = "Wait", .other = "Abort"
	};
	static const struct {
		const char *keys;
		enum dialog_result result;
	} cases[] = {
		{ "enter", DIALOG_CANCELLED },
		{ "tab enter", DIALOG_CONFIRMED },
		{ "right right enter", DIALOG_OTHER },
		{ "left enter", DIALOG_OTHER },
		{ "tab tab tab enter", DIALOG_CANCELLED },
		{ "backtab backtab enter", DIALOG_CONFIRMED },
		{ "tab tab esc", DIALOG_CANCELLED },
	};
	struct canvas *canvas = canvas_new(10, 60, true);
	struct pane pane = pane_whole(canvas);
	g_autofree char *text = NULL;
	struct dialog *dialog;

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		dialog = dialog_new(&quit);
		cr_expect_eq(press(dialog, cases[i].keys), cases[i].result, "%s", cases[i].keys);
		dialog_free(dialog);
	}
	dialog = dialog_new(&quit);
	dialog_draw(dialog, &pane);
	text = canvas_text(canvas);
	cr_expect(strstr(text, "[Cancel]   Wait    Abort "), "%s", text);
	dialog_free(dialog);
	canvas_free(canvas);
}

Test(dialog, a_paste_decides_nothing)
{
	static const char pasted[] = "37y\n";
	const struct dialog_opts *all[] = { &plain, &typed };

	for (size_t d = 0; d < G_N_ELEMENTS(all); d++) {
		struct dialog *dialog = dialog_new(all[d]);

		for (size_t i = 0; i < strlen(pasted); i++) {
			struct input input = { .type = INPUT_PASTE, .key = { .code = (guchar)pasted[i] } };

			cr_expect_eq(dialog_input(dialog, input), DIALOG_OPEN);
		}
		cr_expect_eq(press(dialog, "enter"), DIALOG_CANCELLED);
		dialog_free(dialog);
	}
}

Test(dialog, cancel_is_seen_on_any_screen)
{
	const struct dialog_opts *all[] = { &plain, &typed, &message };

	for (size_t d = 0; d < G_N_ELEMENTS(all); d++) {
		for (int rows = 1; rows < 30; rows++) {
			for (int cols = 1; cols < 90; cols++) {
				struct dialog *dialog = dialog_new(all[d]);
				struct canvas *canvas = canvas_new(rows, cols, true);
				struct pane pane = pane_whole(canvas);
				g_autofree char *text = NULL;

				dialog_draw(dialog, &pane);
				text = canvas_text(canvas);
				cr_expect(cols < 8 || strstr(text, "[C"), "%dx%d:\n%s", rows, cols, text);
				press(dialog, "pgdn end");
				dialog_draw(dialog, &pane);
				canvas_free(canvas);
				dialog_free(dialog);
			}
		}
	}
}
