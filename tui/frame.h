/* frame: the box around what lies on the screen for a moment – dialogs, menus. UI thread only. */
#pragma once

#include "tui/canvas.h"

/* Fills BOX and draws a frame along its edge, with TITLE in its top. */
void frame_draw(const struct pane *box, const char *title);
/* Marks on the frame, so that they cost no text, that there is more above and below what is shown of INNER. */
void frame_draw_more(const struct pane *box, const struct pane *inner, bool above, bool below);
/* Whether the screen's line Y, column X is in PANE. */
bool pane_holds(const struct pane *pane, int y, int x);
