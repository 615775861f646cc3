/* A list to choose from: keys, mouse, what is drawn where there is little room. */
#include "tui/menu.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

static const struct menu_item items[] = {
	{ "s", "start", "0 of 3", "already running", true },
	{ "S", "shutdown", "3 of 3", "Ask the guest to power off", false },
	{ "", "reset", "3 of 3", "Press its reset button", false },
	{ "F5", "stop", "3 of 3", "Force it off", false },
};

static struct menu *
menu(void)
{
	setlocale(LC_ALL, "C.UTF-8");
	return menu_new("3 VMs", items, G_N_ELEMENTS(items));
}

static enum menu_result
press(struct menu *menu, uint32_t code)
{
	return menu_input(menu, (struct input){ .type = INPUT_KEY, .key = { .code = code } });
}

static char *
draw(struct menu *menu, int rows, int cols)
{
	struct canvas *canvas = canvas_new(rows, cols, false);
	struct pane screen = pane_whole(canvas);
	char *text;

	menu_draw(menu, &screen);
	text = canvas_text(canvas);
	canvas_free(canvas);
	return text;
}

Test(menu, begins_with_what_can_be_chosen)
{
	struct menu *m = menu();

	cr_expect_eq(press(m, KEY_CODE_ENTER), MENU_CHOSEN);
	cr_expect_eq(menu_chosen(m), 1);
	menu_free(m);
}

Test(menu, moves_and_stays_inside)
{
	struct menu *m = menu();

	cr_expect_eq(press(m, KEY_CODE_DOWN), MENU_OPEN);
	cr_expect_eq(menu_chosen(m), 2);
	press(m, 'j');
	press(m, 'j');
	cr_expect_eq(menu_chosen(m), 3);
	press(m, KEY_CODE_HOME);
	press(m, 'k');
	cr_expect_eq(menu_chosen(m), 0);
	menu_free(m);
}

Test(menu, letters_choose_and_others_do_not)
{
	struct menu *m = menu();

	cr_expect_eq(press(m, 'y'), MENU_OPEN);
	cr_expect_eq(press(m, 'F'), MENU_OPEN, "the first letter of another key");
	cr_expect_eq(press(m, 'S'), MENU_CHOSEN);
	cr_expect_eq(menu_chosen(m), 1);
	cr_expect_eq(press(m, KEY_CODE_ESC), MENU_CANCELLED);
	cr_expect_eq(press(m, 'q'), MENU_CANCELLED);
	cr_expect_eq(menu_input(m, (struct input){ .type = INPUT_PASTE, .key = { .code = 'S' } }), MENU_OPEN);
	menu_free(m);
}

Test(menu, shows_keys_counts_and_reasons)
{
	struct menu *m = menu();
	g_autofree char *text = draw(m, 10, 60);

	cr_expect(strstr(text, "3 VMs"), "%s", text);
	cr_expect(strstr(text, "S   shutdown  3 of 3  Ask the guest to power off"), "%s", text);
	cr_expect(strstr(text, "s   start     0 of 3  already running"), "%s", text);
	menu_free(m);
}

/* The cursor is seen on any screen, and a click chooses what it is on. */
Test(menu, scrolls_and_is_clicked)
{
	struct menu *m = menu();
	g_autofree char *text = NULL;

	press(m, KEY_CODE_END);
	text = draw(m, 4, 30);
	cr_expect(strstr(text, "stop"), "%s", text);
	g_free(draw(m, 1, 1));
	g_free(draw(m, 20, 60));
	for (int y = 0; y < 20; y++) {
		struct input click = { .type = INPUT_MOUSE, .button = MOUSE_LEFT, .y = y, .x = 30 };

		if (menu_input(m, click) != MENU_CHOSEN)
			continue;
		cr_expect_eq(menu_chosen(m), 0, "the first that can be clicked on");
		break;
	}
	menu_free(m);
}
