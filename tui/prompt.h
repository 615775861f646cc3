/* prompt: a one-line editor with history and completion, emacs keys where they don't clash. UI thread only. */
#pragma once

#include "tui/canvas.h"
#include "tui/key.h"

#include <stdbool.h>

struct prompt;

enum prompt_result { PROMPT_EDITING, PROMPT_CHANGED, PROMPT_DONE, PROMPT_CANCELLED };

struct prompt_opts {
	const char *label;   /* "/", ":", "passphrase for …: " */
	const char *initial;
	bool replaced;       /* … which is all marked at first: a letter or Backspace replaces it, other keys edit it */
	bool secret;         /* shows nothing of the text, keeps no history; wiped when freed */
	GPtrArray *history;  /* char *, oldest first, borrowed and appended to; NULL: none */
	/* Completions of TEXT up to CURSOR: NULL-terminated replacements of the whole text, caller frees; NULL: none. */
	char **(*complete)(void *ctx, const char *text, size_t cursor);
	void *ctx;
};

struct prompt *prompt_new(const struct prompt_opts *opts);
void prompt_free(struct prompt *prompt);
enum prompt_result prompt_key(struct prompt *prompt, struct keyspec key);
const char *prompt_text(const struct prompt *prompt);
/* ERROR_AT: column of the text from which on ERROR_COLS ones are underlined as wrong, -1: none. */
void prompt_draw(const struct prompt *prompt, const struct pane *pane, int y, int error_at, int error_cols);
/* The candidates of the last Tab when there were several, for display above the line; NULL: none. Borrowed. */
const char *const *prompt_candidates(const struct prompt *prompt);
