/*
 * action: a verb – what an operator can do to a guest. One const struct per verb, all of them in registry.c; menu, help,
 * `:` completion, keys, dry run and journal are made from these.
 */
#pragma once

#include "fleet/jobs.h"
#include "fleet/model.h"

#include <stdbool.h>

/* What a row of a view is, and so which verbs are on offer. */
enum target { TARGET_NONE, TARGET_HOST, TARGET_VM };

enum action_flag {
	ACTION_HURTS = 1 << 0, /* asks even for a single guest; the button is red */
};

struct action {
	const char *name;   /* "shutdown": after `:`, in the config's keys, in the journal */
	const char *help;   /* one line */
	const char *key;    /* default binding, NULL: none */
	const char *verb;   /* begins the question and the button: "Force off" */
	const char *doing;  /* "forcing off" */
	const char *done;   /* "forced off" */
	const char *effect; /* what it means for the guest, in a sentence */
	enum target target;
	unsigned flags;     /* enum action_flag */
	unsigned timeout_s; /* of run() for one guest */
	enum vm_act act;
	/* Done instead when none of the chosen guests can do this one but some can do that one: P also resumes. */
	const struct action *otherwise;
	/* UI thread, pure. False: *WHY_NOT is static text. */
	bool (*possible)(const struct vm *vm, const char **why_not);
	/* Runs on the host's thread, blocks. */
	bool (*run)(struct job *job, struct conn *conn, GError **error);
};
