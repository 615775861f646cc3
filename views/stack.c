#include "views/stack.h"

#include "views/catalog.h"

#define MAX_DEPTH 32 /* host, guest, host, guest, … must end somewhere: the oldest goes */

struct stack {
	struct env *env;
	struct view *roots[CATALOG_ROOTS];
	struct view *root; /* the one at the bottom */
	GPtrArray *pushed; /* struct view *, owned, from the bottom up */
};

static void
free_view(gpointer view)
{
	view_free(view);
}

struct stack *
stack_new(struct env *env, const struct view_ops *first)
{
	struct stack *stack = g_new0(struct stack, 1);

	stack->env = env;
	stack->pushed = g_ptr_array_new_with_free_func(free_view);
	for (size_t i = 0; i < CATALOG_ROOTS; i++)
		stack->roots[i] = view_new(catalog[i], env, NULL);
	stack->root = stack->roots[0];
	stack_open(stack, first, NULL);
	return stack;
}

void
stack_free(struct stack *stack)
{
	if (!stack)
		return;
	g_ptr_array_free(stack->pushed, TRUE);
	for (size_t i = 0; i < CATALOG_ROOTS; i++)
		view_free(stack->roots[i]);
	g_free(stack);
}

struct view *
stack_front(const struct stack *stack)
{
	return stack->pushed->len ? stack->pushed->pdata[stack->pushed->len - 1] : stack->root;
}

bool
stack_has_back(const struct stack *stack)
{
	return stack->pushed->len > 0;
}

static struct view *
find_root(const struct stack *stack, const struct view_ops *ops)
{
	for (size_t i = 0; i < CATALOG_ROOTS; i++)
		if (stack->roots[i]->ops == ops)
			return stack->roots[i];
	return NULL;
}

struct view *
stack_find(const struct stack *stack, const struct view_ops *ops)
{
	for (guint i = stack->pushed->len; i-- > 0;) {
		struct view *view = stack->pushed->pdata[i];

		if (view->ops == ops)
			return view;
	}
	return find_root(stack, ops);
}

static bool
is_view_of(const struct view *view, const struct view_ops *ops, const struct row_key *subject)
{
	return view->ops == ops && view->scoped == (subject != NULL) &&
	       (!subject || row_key_equal(&view->subject, subject));
}

/* Takes off what covers such a view; false: there is none. */
static bool
uncover(struct stack *stack, const struct view_ops *ops, const struct row_key *subject)
{
	for (guint i = stack->pushed->len; i-- > 0;) {
		if (is_view_of(stack->pushed->pdata[i], ops, subject)) {
			g_ptr_array_set_size(stack->pushed, (gint)i + 1);
			return true;
		}
	}
	return false;
}

static void
push(struct stack *stack, struct view *view)
{
	if (stack->pushed->len == MAX_DEPTH)
		g_ptr_array_remove_index(stack->pushed, 0);
	g_ptr_array_add(stack->pushed, view);
}

void
stack_push(struct stack *stack, const struct view_ops *ops)
{
	push(stack, view_new(ops, stack->env, NULL));
	view_update(stack_front(stack));
}

void
stack_open(struct stack *stack, const struct view_ops *ops, const struct row_key *subject)
{
	struct view *root = subject ? NULL : find_root(stack, ops);

	if (root) {
		g_ptr_array_set_size(stack->pushed, 0);
		stack->root = root;
	} else if (!uncover(stack, ops, subject)) {
		push(stack, view_new(ops, stack->env, subject));
	}
	view_update(stack_front(stack));
}

bool
stack_back(struct stack *stack)
{
	if (stack->pushed->len == 0)
		return false;
	g_ptr_array_set_size(stack->pushed, (gint)stack->pushed->len - 1);
	view_update(stack_front(stack));
	return true;
}

void
stack_observe(struct stack *stack)
{
	for (size_t i = 0; i < CATALOG_ROOTS; i++)
		if (stack->roots[i]->ops->observe)
			stack->roots[i]->ops->observe(stack->roots[i]);
	view_update(stack_front(stack));
}
