/* groups_view: what others may ask of the view `groups`. UI thread only. */
#pragma once

#include "views/view.h"

/* Chooses what the groups are made by, as groups_choose(). VIEW is of groups_view. */
bool groups_view_choose(struct view *view, const char *text, GError **error);
