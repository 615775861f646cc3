/*
 * move_form: how guests are to be moved, as an operator sets it in the views migrate and plan – a line of choices, each on a
 * key, which become the params of a verb. UI thread only.
 */
#pragma once

#include "actions/targets.h"
#include "tui/canvas.h"
#include "tui/keymap.h"
#include "views/env.h"

#define MOVE_CHOICES 9

/* All zero: as the verb does it when nothing is said. */
struct move_form {
	unsigned char picks[MOVE_CHOICES]; /* private to move_form.c */
};

/* What these views bind their keys to; to be put into their own tables. A choice without a key is not offered. */
#define MOVE_FORM_KEYS                                                                        \
	{ "c", REQ_MOVE_COPY }, { "p", REQ_MOVE_POSTCOPY },        \
		{ "a", REQ_MOVE_AUTOCONVERGE }, { "z", REQ_MOVE_COMPRESS }, { "b", REQ_MOVE_BANDWIDTH }, \
		{ "d", REQ_MOVE_DOWNTIME }, { "t", REQ_MOVE_TLS }, { "e", REQ_MOVE_P2P }

/* Goes to the next value of the choice that REQUEST is for, of those that FEATURES (bits of enum move_feature) allow. False:
 * it is for none. *WHY (static; NULL: nothing to say): why it stays as it is. */
bool move_form_request(struct move_form *form, int request, uint32_t features, const char **why);
struct move_wish move_form_wish(const struct move_form *form);
/* "to", TO, and what is chosen, as of action_params(); TO NULL: without it. Caller frees. */
char **move_form_params(const struct move_form *form, const char *to);
/* Draws it from line Y on, keys as in KEYMAP; what FEATURES lack is dim. Returns the lines used. */
int move_form_draw(const struct move_form *form, const struct pane *pane, int y, const struct keymap *keymap,
                   uint32_t features);
