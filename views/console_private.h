/* console_private: shared by console.c (time, drawing) and console_input.c (keys, prompts, questions) alone. */
#pragma once

#include "views/console.h"
#include "views/env.h"
#include "views/keys.h"
#include "views/stack.h"
#include "views/watch.h"
#include "views/work.h"

#include "tui/dialog.h"
#include "tui/prompt.h"

enum prompt_use { PROMPT_FOR_FILTER, PROMPT_FOR_COMMAND, PROMPT_FOR_SECRET };
enum dialog_use { DIALOG_FOR_PLAN, DIALOG_FOR_ASK, DIALOG_FOR_QUIT };

struct console {
	struct console_opts opts;
	struct env env;
	struct keys *keys;
	struct work *work;
	struct watch *watch;

	/* What input goes to: a dialog, else a prompt, else the keys. */
	struct dialog *dialog;
	enum dialog_use dialog_use;
	struct prompt *prompt;
	enum prompt_use prompt_use;
	GPtrArray *filters, *commands; /* histories: char * */
	char *filter_before;           /* what Esc restores */
	int filter_error;              /* column of the filter that is wrong, -1: none */
	struct plan *plan;             /* being asked about */
	struct ask *ask;               /* being answered */

	struct keyspec typed[KEYMAP_MAX_SEQUENCE]; /* the beginning of a sequence of keys */
	size_t ntyped;

	bool changed;         /* the fleet has something newer than env.snap */
	bool frozen;
	int64_t frozen_us;
	int64_t updated_us;   /* last update of the views */
	int64_t sized_us;     /* when the median guest was looked for last */
	int64_t update_due_us; /* the next one, if the fleet changed */
	bool needs_draw;
};

void console_request(struct console *console, int request);
/* Takes away dialog and prompt, unanswered. */
void console_drop_modal(struct console *console);
