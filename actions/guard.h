/*
 * guard: the config's guard rails – which verbs are never done to which guests, which want the count typed even for one,
 * and how many guests at once. The same for keys, menu, `:` and `do`: plan_new() asks here. UI thread only.
 */
#pragma once

#include "actions/action.h"
#include "config/config.h"
#include "fleet/query.h"
#include "fleet/snapshot.h"

struct guards;

/* UNKNOWN: what the query asks for is not known of the guest, so that it may be one of those that are meant. */
enum guard_match { GUARD_MATCH_NO, GUARD_MATCH_YES, GUARD_MATCH_UNKNOWN };

/* Queries over guests, made by who knows their fields (views/filter.h). */
struct guard_queries {
	/* NULL with CONFIG_ERROR_VALUE, and *FAULT where TEXT is wrong. */
	void *(*compile)(const struct config *config, const char *text, struct query_fault *fault, GError **error);
	enum guard_match (*match)(void *query, const struct config *config, const struct vm *vm, int64_t now_us);
	void (*forget)(void *query); /* another snapshot comes */
	void (*need)(const void *query, struct snap_need *need); /* adds what it has to know of hosts */
	void (*free)(void *query);
};

/* The guards of CONFIG (borrowed); NULL with CONFIG_ERROR_VALUE: "file:line:column: …", and a caret under what is wrong in
 * a query. */
struct guards *guards_new(const struct config *config, const struct guard_queries *queries, GError **error);
void guards_free(struct guards *guards); /* accepts NULL */

/* Adds to NEED what the rules about ACTION have to know of hosts. */
void guards_need(const struct guards *guards, const struct action *action, struct snap_need *need);
/* To be called before each round with another snapshot. */
void guards_begin(struct guards *guards, int64_t now_us);
/* The rule that denies ACTION to VM, or may do so, "deny: stop where tag=prod"; NULL: none. Borrowed. */
const char *guards_deny(struct guards *guards, const struct action *action, const struct vm *vm);
/* The rule that wants the count typed for ACTION on VM, or may do so; NULL: none. Borrowed. */
const char *guards_confirm(struct guards *guards, const struct action *action, const struct vm *vm);
/* The rule that N guests are too many for; NULL: none. Borrowed. */
const char *guards_max(const struct guards *guards, const struct action *action, guint n);
