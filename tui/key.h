/* key: what came from the keyboard or the mouse. Knows no curses in its header. */
#pragma once

#include "config/keyspec.h"

enum input_type { INPUT_NONE, INPUT_KEY, INPUT_MOUSE, INPUT_RESIZE, INPUT_PASTE, INPUT_EOF };
enum mouse_button { MOUSE_LEFT, MOUSE_LEFT_DOUBLE, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };

struct input {
	enum input_type type;
	struct keyspec key; /* INPUT_KEY */
	enum mouse_button button;
	int y, x; /* INPUT_MOUSE */
};
