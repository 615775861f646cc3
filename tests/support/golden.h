/* golden: pictures of canvases, compared with those of tests/screen/golden. Knows no test framework. */
#pragma once

#include "tui/canvas.h"

/* The text, and below it one letter per cell for its role: " " for normal ones; then what those letters are. Caller frees. */
char *golden_picture(const struct canvas *canvas);

/* Compares GOT with tests/screen/golden/NAME.screen. False: the difference has been written to stderr. With UPDATE_SCREENS in
 * the environment the file is written instead. */
bool golden_matches(const char *name, const char *got);
