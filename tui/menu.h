/*
 * menu: a list to choose one thing from, in the middle of the screen. What can't be chosen now is there, too, dim and with
 * the reason. UI thread only.
 */
#pragma once

#include "tui/canvas.h"
#include "tui/key.h"

struct menu;

enum menu_result { MENU_OPEN, MENU_CHOSEN, MENU_CANCELLED };

struct menu_item {
	const char *key;  /* chooses it at once when it is one letter; "": none */
	const char *name;
	const char *note; /* a few letters: "3 of 5" */
	const char *help; /* or why not */
	bool off;
};

/* Strings are copied. N is at least 1. */
struct menu *menu_new(const char *title, const struct menu_item *items, size_t n);
void menu_free(struct menu *menu); /* accepts NULL */
enum menu_result menu_input(struct menu *menu, struct input input);
/* Which one was chosen. */
size_t menu_chosen(const struct menu *menu);
void menu_draw(struct menu *menu, const struct pane *screen);
