/*
 * stack: which view is in front. A root view (pulse, hosts, vms, groups) is always at the bottom; what Enter opens lies on top of
 * it, and Esc takes it off again. Root views live as long as the stack, so that each keeps its cursor and filter.
 * UI thread only.
 */
#pragma once

#include "views/view.h"

struct stack;

/* FIRST: the root in front, or any other view without a subject, which then lies on the pulse. */
struct stack *stack_new(struct env *env, const struct view_ops *first);
void stack_free(struct stack *stack); /* accepts NULL */

struct view *stack_front(const struct stack *stack);
bool stack_has_back(const struct stack *stack); /* something lies on top of a root */
/* Brings OPS in front. SUBJECT NULL: a root alone, or a page without a subject on top. Else a page about SUBJECT, or a
 * table of its rows, on top of what is there; one that already lies there is uncovered instead. */
void stack_open(struct stack *stack, const struct view_ops *ops, const struct row_key *subject);
/* A new view without a subject on top, even one that is a root: what it shows belongs to what it was opened from. */
void stack_push(struct stack *stack, const struct view_ops *ops);
/* The view made of OPS that lies highest, in front or not; NULL: none. */
struct view *stack_find(const struct stack *stack, const struct view_ops *ops);
bool stack_back(struct stack *stack); /* false: nothing but a root is left */

/* A new snapshot is there: roots take note, the view in front makes its rows anew. */
void stack_observe(struct stack *stack);
