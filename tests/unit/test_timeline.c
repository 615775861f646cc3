#include "fleet/timeline.h"

#include <criterion/criterion.h>
#include <string.h>

/* "a b c": what the entries say. */
static char *
words(const GPtrArray *events)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < events->len; i++)
		g_string_append_printf(
			text, "%s%s", i ? " " : "", ((const struct event *)events->pdata[i])->what);
	return g_string_free(text, FALSE);
}

static void
tell_numbers(struct timeline *timeline, int from, int to)
{
	for (int i = from; i <= to; i++) {
		g_autofree char *what = g_strdup_printf("%d", i);

		timeline_tell(timeline, &(struct telling){ .host = "a",
						.what = what,
						.level = i % 2 ? EVENT_BAD : EVENT_INFO,
						.at_us = i });
	}
}

static const struct {
	size_t capacity;
	int told;
	uint64_t since;
	const char *left;
	uint64_t oldest;
} cases[] = {
	{ 4, 0, 0, "", 1 },
	{ 4, 3, 0, "1 2 3", 1 },
	{ 4, 4, 0, "1 2 3 4", 1 },
	{ 4, 9, 0, "6 7 8 9", 6 },
	{ 4, 9, 7, "8 9", 6 },
	{ 4, 9, 9, "", 6 },
	{ 4, 9, 100, "", 6 },
	{ 1, 9, 0, "9", 9 },
	{ 0, 9, 0, "9", 9 },
};

Test(timeline, keeps_the_newest)
{
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct timeline *timeline = timeline_new(cases[i].capacity);
		g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(event_unref);
		g_autofree char *text = NULL;

		tell_numbers(timeline, 1, cases[i].told);
		timeline_since(timeline, cases[i].since, events);
		text = words(events);
		cr_expect_str_eq(text, cases[i].left, "case %zu: %s", i, text);
		cr_expect_eq(timeline_oldest(timeline), cases[i].oldest, "case %zu", i);
		cr_expect_eq(timeline_newest(timeline), (uint64_t)cases[i].told, "case %zu", i);
		timeline_free(timeline);
	}
}

static bool
is_bad(const struct event *event, const void *ctx)
{
	(void)ctx;
	return event->level == EVENT_BAD;
}

Test(timeline, finds_the_latest)
{
	struct timeline *timeline = timeline_new(6);
	g_autoptr(GPtrArray) bad = g_ptr_array_new_with_free_func(event_unref);
	g_autoptr(GPtrArray) any = g_ptr_array_new_with_free_func(event_unref);
	g_autofree char *bad_text = NULL, *any_text = NULL;

	tell_numbers(timeline, 1, 10);
	timeline_latest(timeline, is_bad, NULL, 2, bad);
	timeline_latest(timeline, NULL, NULL, 100, any);
	bad_text = words(bad);
	any_text = words(any);
	cr_expect_str_eq(bad_text, "9 7");
	cr_expect_str_eq(any_text, "10 9 8 7 6 5");
	timeline_free(timeline);
}

Test(timeline, lets_entries_outlive_their_place)
{
	struct timeline *timeline = timeline_new(1);
	g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(event_unref);

	tell_numbers(timeline, 1, 1);
	timeline_since(timeline, 0, events);
	tell_numbers(timeline, 2, 2);
	timeline_free(timeline);
	cr_expect_str_eq(((const struct event *)events->pdata[0])->what, "1");
}

Test(timeline, stamps_what_has_no_time)
{
	struct timeline *timeline = timeline_new(2);
	g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(event_unref);
	const struct event *event;

	timeline_tell(NULL, &(struct telling){ .what = "nobody listens" });
	timeline_tell(timeline, &(struct telling){ .host = "a", .what = "now" });
	timeline_since(timeline, 0, events);
	event = events->pdata[0];
	cr_expect_gt(event->at_us, 0);
	cr_expect_gt(event->wall_us, 0);
	cr_expect_null(event->vm);
	cr_expect_null(event->detail);
	timeline_free(timeline);
}
