/* dialog: a question in the middle of the screen. Cancel is always there, first, and has the focus; no single key confirms,
 * what is typed does or a button that was chosen. UI thread only. */
#pragma once

#include "tui/canvas.h"
#include "tui/key.h"

struct dialog;

enum dialog_result { DIALOG_OPEN, DIALOG_CONFIRMED, DIALOG_OTHER, DIALOG_CANCELLED };

struct dialog_opts {
	const char *title;
	const char *text;       /* several lines; long ones are wrapped, many are scrolled */
	const char *confirm;    /* the button that acts: "Force off 3"; NULL: a message with only Close */
	const char *other;      /* a second one, which is always dangerous: "Abort 2"; NULL: none */
	const char *type_this;  /* not NULL: confirmed only after typing exactly this ("37") */
	bool dangerous;         /* the confirm button in ROLE_BAD */
};

struct dialog *dialog_new(const struct dialog_opts *opts); /* strings are copied */
void dialog_free(struct dialog *dialog);
enum dialog_result dialog_input(struct dialog *dialog, struct input input);
void dialog_draw(struct dialog *dialog, const struct pane *screen);
