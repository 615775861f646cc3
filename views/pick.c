#include "views/pick.h"

#include "views/density.h"
#include "views/filter.h"

struct pick {
	const struct row_kind *kind;
	const struct config *config;
	struct filter *filter;
};

struct pick *
pick_new(enum target target, const struct config *config, const char *where, GError **error)
{
	struct pick *pick = g_new0(struct pick, 1);
	g_autoptr(GError) failure = NULL;
	g_autofree char *explained = NULL;
	struct query_fault fault;

	pick->kind = target == TARGET_HOST ? &host_rows : &vm_rows;
	pick->config = config;
	pick->filter = filter_new(pick->kind, config, where, QUERY_WHOLE, &fault, &failure);
	if (pick->filter)
		return pick;
	explained = query_explain(where, &fault, failure);
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "--where: %s", explained);
	pick_free(pick);
	return NULL;
}

void
pick_free(struct pick *pick)
{
	if (!pick)
		return;
	filter_free(pick->filter);
	g_free(pick);
}

void
pick_need(const struct pick *pick, struct snap_need *need)
{
	filter_need(pick->filter, need);
}

static bool
is_meant(struct pick *pick, const struct row_ctx *ctx, const void *row)
{
	return (!pick->kind->part || pick->kind->part(ctx, row) != PART_NONE) &&
	       filter_match(pick->filter, ctx, row);
}

void
pick_rows(struct pick *pick, const struct fleet_snap *snap, int64_t now_us, GArray *keys)
{
	const struct row_ctx ctx = {
		.config = pick->config, .now_us = now_us, .size = density_size(snap, now_us)
	};

	filter_forget(pick->filter);
	for (size_t i = 0; i < snap->nhosts; i++) {
		const struct host_snap *host = snap->hosts[i];

		for (size_t j = 0; j < pick->kind->count(host); j++) {
			const void *row = pick->kind->at(host, j);

			if (is_meant(pick, &ctx, row)) {
				struct row_key key = pick->kind->key(row);

				g_array_append_val(keys, key);
			}
		}
	}
}
