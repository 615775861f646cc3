/* watch: tells the fleet what is on the screen – which guests, so that hosts that must ask for each guest ask for these
 * first, and whose page, so that its details are read. UI thread only. */
#pragma once

#include "views/view.h"

struct watch;

struct watch *watch_new(struct fleet *fleet); /* borrowed; NULL: nobody to tell */
void watch_free(struct watch *watch);         /* accepts NULL */
/* VIEW was drawn. */
void watch_update(struct watch *watch, struct view *view);
