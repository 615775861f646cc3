#include "views/guard_filter.h"

#include "views/filter.h"

/* The query and its opposite: where neither is true, something that it asks for is not known. */
struct guard_filter {
	struct filter *yes, *no;
	bool facts; /* it asks for something that stands in the facts */
};

static void
guard_filter_free(void *query)
{
	struct guard_filter *filter = query;

	filter_free(filter->yes);
	filter_free(filter->no);
	g_free(filter);
}

static void *
compile(const struct config *config, const char *text, struct query_fault *fault, GError **error)
{
	struct guard_filter *filter = g_new0(struct guard_filter, 1);
	g_autofree char *opposite = g_strdup_printf("!(%s)", text);

	filter->yes = filter_new(&vm_rows, config, text, QUERY_WHOLE, fault, error);
	if (filter->yes)
		filter->no = filter_new(&vm_rows, config, opposite, QUERY_WHOLE, fault, error);
	if (filter->no) {
		filter->facts = filter_flags(filter->yes) & COLUMN_FACT;
		return filter;
	}
	guard_filter_free(filter);
	return NULL;
}

static enum guard_match
match(void *query, const struct config *config, const struct vm *vm, int64_t now_us)
{
	struct guard_filter *filter = query;
	const struct row_ctx ctx = { .config = config, .now_us = now_us };

	if (filter_match(filter->yes, &ctx, vm))
		return GUARD_MATCH_YES;
	/* before they are read, a text that stands there would be taken for one that is missing */
	if (filter->facts && (!vm->facts || !vm->host->facts))
		return GUARD_MATCH_UNKNOWN;
	return filter_match(filter->no, &ctx, vm) ? GUARD_MATCH_NO : GUARD_MATCH_UNKNOWN;
}

static void
forget(void *query)
{
	struct guard_filter *filter = query;

	filter_forget(filter->yes);
	filter_forget(filter->no);
}

static void
need(const void *query, struct snap_need *out)
{
	filter_need(((const struct guard_filter *)query)->yes, out);
}

const struct guard_queries guard_filters = {
	.compile = compile,
	.match = match,
	.forget = forget,
	.need = need,
	.free = guard_filter_free,
};
