/* query: whether one can only match what another does, as far as their forms tell. */
#include "fleet/query_private.h"

#include <string.h>

static bool
same_regex(const GRegex *a, const GRegex *b)
{
	return a && b ? strcmp(g_regex_get_pattern(a), g_regex_get_pattern(b)) == 0 : a == b;
}

/* Each query's schema may be a copy. */
static bool
same_field(const struct query_field *a, const struct query_field *b)
{
	return a && b ? a->data == b->data && strcmp(a->name, b->name) == 0 : a == b;
}

static bool
same_node(const struct query_node *a, const struct query_node *b)
{
	guint n = a->children ? a->children->len : 0;

	if (a->eval != b->eval || !same_field(a->field, b->field) || a->op != b->op ||
		a->negative != b->negative || a->hex != b->hex || a->pattern.unicode != b->pattern.unicode ||
		a->pattern.glob != b->pattern.glob || a->number < b->number || a->number > b->number ||
		a->slack < b->slack || a->slack > b->slack || g_strcmp0(a->label, b->label) != 0 ||
		g_strcmp0(a->pattern.text, b->pattern.text) != 0 || !same_regex(a->regex, b->regex) ||
		n != (b->children ? b->children->len : 0))
		return false;
	for (guint i = 0; i < n; i++)
		if (!same_node(a->children->pdata[i], b->children->pdata[i]))
			return false;
	return true;
}

/* A longer word is found in fewer texts – unless it has become one that addresses are searched for, too. */
static bool
longer_word(const struct query_node *node, const struct query_node *other)
{
	return node->fields && other->fields && !node->pattern.glob && !other->pattern.glob &&
	       node->pattern.unicode == other->pattern.unicode && (!node->hex || other->hex) &&
	       strstr(node->pattern.text, other->pattern.text);
}

/* Whether one of NODE's terms, of which all must be true, is not true where OTHER is not. */
static bool
implies(const struct query_node *node, const struct query_node *other)
{
	if (same_node(node, other) || longer_word(node, other))
		return true;
	for (guint i = 0; query_node_is_and(node) && i < node->children->len; i++)
		if (implies(node->children->pdata[i], other))
			return true;
	return false;
}

bool
query_narrows(const struct query *query, const struct query *other)
{
	if (query->schema->data != other->schema->data || !other->root || !query->root)
		return query->schema->data == other->schema->data && !other->root;
	if (!query_node_is_and(other->root))
		return implies(query->root, other->root);
	for (guint i = 0; i < other->root->children->len; i++)
		if (!implies(query->root, other->root->children->pdata[i]))
			return false;
	return true;
}
