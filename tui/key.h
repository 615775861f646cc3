/* key: what came from the keyboard or the mouse, and how a terminal's bytes become that. Knows no curses. */
#pragma once

#include "config/keyspec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* INPUT_PASTE: one pasted character in key.code, line ends as '\n' and tabs as '\t'. It is for prompt_key() alone; where no
 * prompt is open it is to be dropped, or a clipboard would fire key bindings. */
enum input_type { INPUT_NONE, INPUT_KEY, INPUT_MOUSE, INPUT_RESIZE, INPUT_PASTE, INPUT_EOF };
enum mouse_button { MOUSE_LEFT, MOUSE_LEFT_DOUBLE, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };

struct input {
	enum input_type type;
	struct keyspec key; /* INPUT_KEY, INPUT_PASTE */
	bool shift;         /* a named key with Shift, where the terminal tells; means nothing to key tables */
	unsigned char byte; /* the control character that a key came as (Enter: '\r' or '\n'), 0: it came as more, or NUL */
	enum mouse_button button;
	int y, x; /* INPUT_MOUSE */
};

/*
 * Bytes to inputs: ANSI sequences as every terminal in use sends them, in normal and application mode, xterm's modifiers,
 * SGR mouse and bracketed paste, UTF-8. What it does not know is swallowed whole. Never blocks, reads no clock and no
 * locale. curses could do this too, but its wgetch() sleeps on a lone ESC and turns a paste into keys.
 */
struct key_decoder;

struct key_decoder *key_decoder_new(void);
void key_decoder_free(struct key_decoder *decoder);

/* Takes up to N BYTES that came at NOW_US (CLOCK_MONOTONIC); returns how many there was room for. */
size_t key_decoder_feed(struct key_decoder *decoder, const void *bytes, size_t n, int64_t now_us);
/* The next input, INPUT_NONE when there is none: then *WAIT_MS says when to ask again although nothing more came, because
 * what is there may be a key (ESC) or the beginning of one; -1: no need. */
struct input key_decoder_next(struct key_decoder *decoder, int64_t now_us, int *wait_ms);
