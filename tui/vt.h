/*
 * vt: a terminal inside the program – what a guest writes to its serial console becomes cells, and keys become what such a
 * terminal sends. Nothing that the guest writes reaches the operator's own terminal but as harmless cells: no title, no
 * clipboard, no bell. Of the questions that a guest may ask a terminal, those for its kind, its
 * health and its cursor are answered; answers that would repeat what the guest wrote are not. Pure; UI thread only.
 */
#pragma once

#include "tui/canvas.h"
#include "tui/key.h"

#include <stdbool.h>
#include <stddef.h>

struct vt;

#define VT_SCROLLBACK 2000 /* lines that are kept of what has left the screen */

struct vt *vt_new(int rows, int cols);
void vt_free(struct vt *vt); /* accepts NULL */

void vt_resize(struct vt *vt, int rows, int cols); /* the same size: nothing happens */
void vt_size(const struct vt *vt, int *rows, int *cols);

/* What the guest has written; may be cut anywhere, within a character or a sequence. */
void vt_feed(struct vt *vt, const char *bytes, size_t n);

/* A key or a pasted character, in the form that the guest has asked for; back to the bottom of what is shown. */
void vt_input(struct vt *vt, struct input input);
/* What was pasted so far is all of it, for now. */
void vt_end_paste(struct vt *vt);
/* Bytes for the guest that have gathered by vt_input() and by its questions; they are the caller's to remove. */
GByteArray *vt_output(struct vt *vt);

/* Looks LINES further back into what was shown before, or (below 0) forth. */
void vt_scroll(struct vt *vt, int lines);
int vt_scrolled(const struct vt *vt); /* 0: the screen as it is */

/* The screen in PANE's upper left corner, with the cursor. */
void vt_draw(const struct vt *vt, const struct pane *pane);
