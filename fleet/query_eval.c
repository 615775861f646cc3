/* query: the compiled form, and what it says of a row. Truth has three values, as in SQL: see fleet/query.h. */
#include "fleet/query_private.h"

#include <math.h>
#include <string.h>

/* What asking costs, roughly, in tens of nanoseconds. */
enum {
	COST_OF_HOST = 0,
	COST_NUMBER = 1,
	COST_EQUAL = 2,
	COST_GLOB = 3,
	COST_WORD = 10,
	COST_HEX = 40, /* addresses are put into words first */
	COST_REGEX = 50,
};

#define MIN_HEX 6 /* shorter ones, "db" say, would find UUIDs by chance */

/* ---- nodes ---- */

struct query_node *
query_node_new(query_evaluator eval, unsigned cost)
{
	struct query_node *node = g_new0(struct query_node, 1);

	node->eval = eval;
	node->cost = cost;
	return node;
}

void
query_node_free(struct query_node *node)
{
	if (!node)
		return;
	g_clear_pointer(&node->children, g_ptr_array_unref);
	g_clear_pointer(&node->fields, g_ptr_array_unref);
	g_clear_pointer(&node->regex, g_regex_unref);
	g_free(node->pattern.text);
	g_free(node->label);
	g_free(node);
}

static enum query_truth
negate(enum query_truth truth)
{
	return truth == QUERY_UNKNOWN ? truth : truth == QUERY_YES ? QUERY_NO : QUERY_YES;
}

/* Asks the children until one gives the answer that settles it. */
static enum query_truth
eval_children(struct query *query, struct query_node *node, const void *ctx, const void *row,
	enum query_truth settling)
{
	enum query_truth truth = negate(settling);

	for (guint i = 0; i < node->children->len; i++) {
		struct query_node *child = node->children->pdata[i];
		enum query_truth answer = child->eval(query, child, ctx, row);

		if (answer == settling)
			return answer;
		if (answer == QUERY_UNKNOWN)
			truth = answer;
	}
	return truth;
}

static enum query_truth
eval_and(struct query *query, struct query_node *node, const void *ctx, const void *row)
{
	return eval_children(query, node, ctx, row, QUERY_NO);
}

static enum query_truth
eval_or(struct query *query, struct query_node *node, const void *ctx, const void *row)
{
	return eval_children(query, node, ctx, row, QUERY_YES);
}

static enum query_truth
eval_not(struct query *query, struct query_node *node, const void *ctx, const void *row)
{
	struct query_node *child = node->children->pdata[0];

	return negate(child->eval(query, child, ctx, row));
}

static gint
compare_costs(gconstpointer a, gconstpointer b)
{
	const struct query_node *left = *(struct query_node *const *)a;
	const struct query_node *right = *(struct query_node *const *)b;

	return left->cost < right->cost ? -1 : left->cost > right->cost;
}

static struct query_node *
node_of(query_evaluator eval, GPtrArray *children)
{
	struct query_node *node;

	if (children->len == 1) {
		node = children->pdata[0];
		g_ptr_array_set_free_func(children, NULL);
		g_ptr_array_unref(children);
		return node;
	}
	node = query_node_new(eval, 0);
	node->children = children;
	g_ptr_array_sort(children, compare_costs);
	for (guint i = 0; i < children->len; i++)
		node->cost += ((struct query_node *)children->pdata[i])->cost;
	return node;
}

struct query_node *
query_node_and(GPtrArray *children)
{
	return node_of(eval_and, children);
}

bool
query_node_is_and(const struct query_node *node)
{
	return node->eval == eval_and;
}

struct query_node *
query_node_or(GPtrArray *children)
{
	return node_of(eval_or, children);
}

struct query_node *
query_node_not(struct query_node *child)
{
	struct query_node *node = query_node_new(eval_not, child->cost);

	node->children = g_ptr_array_new_with_free_func((GDestroyNotify)query_node_free);
	g_ptr_array_add(node->children, child);
	return node;
}

/* ---- words ---- */

static bool
search(const struct query *query, const struct query_node *node, const GPtrArray *fields, const void *ctx,
	const void *row)
{
	for (guint i = 0; i < fields->len; i++) {
		const struct query_field *field = fields->pdata[i];
		struct value value;

		if (field->flags & QUERY_HEX && !node->hex)
			continue;
		value.type = VALUE_UNKNOWN;
		query->schema->get(field, ctx, row, &value);
		if (value.type != VALUE_TEXT)
			continue;
		if (node->pattern.glob ? query_pattern_equals(&node->pattern, value.text)
				       : query_pattern_within(&node->pattern, value.text))
			return true;
	}
	return false;
}

static enum query_truth
eval_word(struct query *query, struct query_node *node, const void *ctx, const void *row)
{
	if (node->memo_round != query->round) {
		node->memo_round = query->round;
		node->memo = search(query, node, query->searched_host, ctx, row) ? QUERY_YES : QUERY_NO;
	}
	if (node->memo == QUERY_YES)
		return QUERY_YES;
	if (node->by_text &&
		query_pattern_within_lower(&node->pattern, query->schema->text(query->schema, row)))
		return QUERY_YES;
	return search(query, node, node->fields, ctx, row) ? QUERY_YES : QUERY_NO;
}

/* FIELD knows all its words, and NODE's is in none of them. */
static bool
never_within(const struct query_node *node, const struct query_field *field)
{
	const char *const *words = field->words;

	if (!words || node->pattern.glob)
		return false;
	while (*words && !query_pattern_within(&node->pattern, *words))
		words++;
	return !*words;
}

static void
aim_word(struct query_node *node, const struct query_schema *schema)
{
	node->by_text = schema->text && !node->pattern.unicode && !node->pattern.glob &&
			!strchr(node->pattern.text, '\n');
	node->fields = g_ptr_array_new();
	for (size_t i = 0; i < schema->nfields; i++) {
		const struct query_field *field = &schema->fields[i];

		if (field->flags & QUERY_SEARCHED && !(field->flags & QUERY_OF_HOST) &&
			(!(field->flags & QUERY_HEX) || node->hex) &&
			!(node->by_text && field->flags & QUERY_IN_TEXT) && !never_within(node, field))
			g_ptr_array_add(node->fields, (gpointer)(uintptr_t)field);
	}
}

void
query_node_aim(struct query_node *node, const struct query_schema *schema)
{
	if (node->eval == eval_word)
		aim_word(node, schema);
	for (guint i = 0; node->children && i < node->children->len; i++)
		query_node_aim(node->children->pdata[i], schema);
}

struct query_node *
query_node_word(const char *text, bool glob)
{
	g_autofree char *anywhere = g_strconcat("*", text, "*", NULL);
	struct query_node *node = query_node_new(eval_word, COST_WORD);

	glob = glob && strpbrk(text, "*?");
	node->pattern = query_pattern_new(glob ? anywhere : text, glob);
	text = node->pattern.text;
	node->hex = strlen(text) >= MIN_HEX && strspn(text, "0123456789abcdef:-") == strlen(text);
	if (node->hex)
		node->cost = COST_HEX;
	return node;
}

/* ---- comparisons ---- */

/* Words of a field that knows them all are states, and a state that is not known is neither one nor another. A missing
 * text is no text. */
static enum query_truth
answer_for_unknown(const struct query_field *field)
{
	return field && (field->type == QUERY_NUMBER || field->type == QUERY_FLAG || field->words)
		       ? QUERY_UNKNOWN
		       : QUERY_NO;
}

static bool
is_unknown(const struct query_field *field, const struct value *value)
{
	return value->type == VALUE_UNKNOWN ||
	       (value->type == VALUE_TEXT && field && field->words && strcmp(value->text, "unknown") == 0);
}

static bool
compare_number(const struct query_node *node, double number)
{
	switch (node->op) {
	case QUERY_OP_LT:
		return number < node->number;
	case QUERY_OP_LE:
		return number <= node->number;
	case QUERY_OP_GT:
		return number > node->number;
	case QUERY_OP_GE:
		return number >= node->number;
	default:
		return fabs(number - node->number) <= node->slack;
	}
}

static bool
compare_text(const struct query_node *node, const char *text)
{
	return node->regex ? query_regex_match(node->regex, text)
			   : query_pattern_equals(&node->pattern, text);
}

static bool
compare_items(const struct query_node *node, const char *list)
{
	char item[sizeof(((struct value *)0)->buffer)];

	for (;;) {
		size_t length = strcspn(list, ",");

		g_strlcpy(item, list, MIN(length + 1, sizeof(item)));
		if (compare_text(node, item))
			return true;
		if (!list[length])
			return false;
		list += length + 1;
	}
}

static enum query_truth
compare_value(const struct query_node *node, const struct value *value)
{
	bool yes;

	if (!node->pattern.text && !node->regex && value->type == VALUE_TEXT)
		return answer_for_unknown(node->field);
	if (value->type != VALUE_TEXT)
		yes = compare_number(node, value->number);
	else if (node->field && node->field->type == QUERY_LIST)
		yes = compare_items(node, value->text);
	else
		yes = compare_text(node, value->text);
	return yes ? QUERY_YES : QUERY_NO;
}

static enum query_truth
ask(const struct query *query, const struct query_node *node, const void *ctx, const void *row)
{
	struct value value;
	enum query_truth truth;

	value.type = VALUE_UNKNOWN;
	if (node->label)
		value_text(&value, query->schema->label(query->schema, row, node->label));
	else
		query->schema->get(node->field, ctx, row, &value);
	if (node->op == QUERY_OP_NONE) /* "-": is it unknown? */
		truth = is_unknown(node->field, &value) ? QUERY_YES : QUERY_NO;
	else if (is_unknown(node->field, &value))
		truth = answer_for_unknown(node->field);
	else
		truth = compare_value(node, &value);
	return node->negative ? negate(truth) : truth;
}

static enum query_truth
eval_compare(struct query *query, struct query_node *node, const void *ctx, const void *row)
{
	if (!node->of_host)
		return ask(query, node, ctx, row);
	if (node->memo_round != query->round) {
		node->memo_round = query->round;
		node->memo = ask(query, node, ctx, row);
	}
	return node->memo;
}

static unsigned
compare_cost(const struct query_field *field, enum query_op op)
{
	if (!field || field->flags & QUERY_OF_HOST)
		return COST_OF_HOST;
	if (op == QUERY_OP_LIKE || op == QUERY_OP_UNLIKE)
		return COST_REGEX;
	if (field->flags & QUERY_HEX)
		return COST_HEX;
	return field->type == QUERY_NUMBER || field->type == QUERY_FLAG ? COST_NUMBER
	       : field->words                                           ? COST_EQUAL
									: COST_GLOB;
}

struct query_node *
query_node_compare(const struct query_field *field, const char *label, enum query_op op)
{
	struct query_node *node = query_node_new(eval_compare, compare_cost(field, op));

	node->field = field;
	node->label = g_strdup(label);
	node->op = op;
	node->negative = query_op_is_negative(op);
	node->of_host = !field || field->flags & QUERY_OF_HOST;
	return node;
}
