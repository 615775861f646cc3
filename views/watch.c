#include "views/watch.h"

#include <string.h>

struct watch {
	struct fleet *fleet;
	struct row_key inspected; /* the host or guest whose page is in front, when any_inspected */
	bool any_inspected, pins; /* pins: … or its pin map */
	GArray *keys;             /* struct row_key of the guests on the screen, sorted by host */
};

struct watch *
watch_new(struct fleet *fleet)
{
	struct watch *watch = g_new0(struct watch, 1);

	watch->fleet = fleet;
	watch->keys = g_array_new(FALSE, TRUE, sizeof(struct row_key));
	return watch;
}

void
watch_free(struct watch *watch)
{
	if (!watch)
		return;
	g_array_free(watch->keys, TRUE);
	g_free(watch);
}

static gint
compare_keys(gconstpointer a, gconstpointer b)
{
	const struct row_key *left = a, *right = b;

	if (left->host != right->host)
		return left->host < right->host ? -1 : 1;
	return memcmp(left->uuid, right->uuid, UUID_LEN);
}

static GArray *
shown_guests(struct view *view)
{
	GArray *keys = g_array_new(FALSE, TRUE, sizeof(struct row_key));
	size_t first, count;

	if (view->ops->target != TARGET_VM)
		return keys;
	if (!view->list) {
		g_array_append_val(keys, view->subject);
		return keys;
	}
	list_shown(view->list, &first, &count);
	for (size_t i = first; i < first + count; i++) {
		struct row_key key = rows_key_at(list_rows(view->list), i);

		if (rows_at(list_rows(view->list), i)) /* no group */
			g_array_append_val(keys, key);
	}
	g_array_sort(keys, compare_keys);
	return keys;
}

static bool
same_keys(const GArray *a, const GArray *b)
{
	if (a->len != b->len)
		return false;
	for (guint i = 0; i < a->len; i++)
		if (!row_key_equal(
			    &g_array_index(a, struct row_key, i), &g_array_index(b, struct row_key, i)))
			return false;
	return true;
}

/* Tells each host that occurs in KEYS what of it is in SHOWN. */
static void
tell_hosts(const struct watch *watch, const GArray *keys, const GArray *shown)
{
	g_autoptr(GArray) uuids = g_array_new(FALSE, FALSE, UUID_LEN);

	for (guint i = 0; i < keys->len; i++) {
		uint32_t host = g_array_index(keys, struct row_key, i).host;

		if (i > 0 && g_array_index(keys, struct row_key, i - 1).host == host)
			continue;
		g_array_set_size(uuids, 0);
		for (guint j = 0; j < shown->len; j++)
			if (g_array_index(shown, struct row_key, j).host == host)
				g_array_append_vals(uuids, g_array_index(shown, struct row_key, j).uuid, 1);
		fleet_watch(watch->fleet, host, (const uint8_t(*)[UUID_LEN])(void *)uuids->data, uuids->len);
	}
}

/* Details are read only for the page in front. */
static void
inspect(struct watch *watch, const struct view *view)
{
	bool any = view->ops->about_one;

	if (any == watch->any_inspected &&
		(!any ||
			(view->ops->pins == watch->pins && row_key_equal(&view->subject, &watch->inspected))))
		return;
	watch->any_inspected = any;
	watch->pins = view->ops->pins;
	watch->inspected = view->subject;
	if (any && view->ops->pins)
		fleet_inspect_pins(watch->fleet, &watch->inspected);
	else
		fleet_inspect(watch->fleet, any ? &watch->inspected : NULL);
}

void
watch_update(struct watch *watch, struct view *view)
{
	GArray *shown;

	if (!watch->fleet)
		return;
	inspect(watch, view);
	shown = shown_guests(view);
	if (!same_keys(shown, watch->keys)) {
		tell_hosts(watch, watch->keys, shown); /* those that are left alone again, too */
		tell_hosts(watch, shown, shown);
	}
	g_array_free(watch->keys, TRUE);
	watch->keys = shown;
}
