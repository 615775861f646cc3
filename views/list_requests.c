/* list: what keys ask for. */
#include "views/list_private.h"

#include "views/request.h"

#include <string.h>

/* One layer: range, marks, filter. False: nothing to back out of here. */
static bool
back(struct list *list)
{
	if (list->ranging) {
		list->ranging = false;
		return true;
	}
	if (list_has_marks(list)) {
		list_unmark(list);
		return true;
	}
	if (strcmp(list_filter(list), list->home ? list->home : "") == 0 && !list->query.faults)
		return false;
	list->query.faults = false;
	list_set_filter(list, list->home, QUERY_WHOLE, NULL, NULL);
	return true;
}

static void
act_scroll(struct list *list, int by)
{
	const struct table_source source = {
		.columns = (const struct table_column *)(const void *)list->table_columns->data,
		.ncolumns = list->table_columns->len,
	};

	table_scroll_columns(&list->table, &source, by);
}

static void
act_move(struct list *list, int how)
{
	list_move(list, (enum table_move)how);
}

static void
act_first(struct list *list, int unused G_GNUC_UNUSED)
{
	list_move(list, TABLE_FIRST);
	list->placed = list->ranging; /* lets go of the row, but for a range that is being made */
}

static void
act_mark(struct list *list, int unused G_GNUC_UNUSED)
{
	list_mark_row(list);
}

static void
act_range(struct list *list, int unused G_GNUC_UNUSED)
{
	list_range(list);
}

static void
act_invert(struct list *list, int unused G_GNUC_UNUSED)
{
	list_invert_marks(list);
}

static void
act_unmark(struct list *list, int unused G_GNUC_UNUSED)
{
	list_unmark(list);
}

static void
act_sort(struct list *list, int by)
{
	list_sort_move(list, by);
}

static void
act_sort_invert(struct list *list, int unused G_GNUC_UNUSED)
{
	list_sort_invert(list);
}

static void
act_follow(struct list *list, int unused G_GNUC_UNUSED)
{
	struct row_key key;
	bool was = list->follow;

	if (!list_current(list, &key))
		return;
	list_place_cursor(list);
	list->follow = !was;
	env_notice(list->env, ROLE_STATUS,
		list->follow ? "following this row wherever it goes; F lets go" : "no longer following");
}

static void
act_wide(struct list *list, int unused G_GNUC_UNUSED)
{
	list_toggle_wide(list);
}

static void
act_fold(struct list *list, int folded)
{
	list_fold(list, folded);
}

static void
act_fold_all(struct list *list, int folded)
{
	list_fold_all(list, folded);
}

static void
act_faults(struct list *list, int unused G_GNUC_UNUSED)
{
	list->query.faults = !list->query.faults;
	list_update(list);
}

bool
list_request(struct list *list, int request)
{
	static const struct {
		void (*act)(struct list *list, int argument);
		int argument;
	} acts[REQ_COUNT] = {
		[REQ_DOWN] = { act_move, TABLE_DOWN },
		[REQ_UP] = { act_move, TABLE_UP },
		[REQ_PAGE_DOWN] = { act_move, TABLE_PAGE_DOWN },
		[REQ_PAGE_UP] = { act_move, TABLE_PAGE_UP },
		[REQ_FIRST] = { act_first, 0 },
		[REQ_LAST] = { act_move, TABLE_LAST },
		[REQ_LEFT] = { act_scroll, -1 },
		[REQ_RIGHT] = { act_scroll, 1 },
		[REQ_MARK] = { act_mark, 0 },
		[REQ_RANGE] = { act_range, 0 },
		[REQ_INVERT] = { act_invert, 0 },
		[REQ_UNMARK] = { act_unmark, 0 },
		[REQ_SORT_LEFT] = { act_sort, -1 },
		[REQ_SORT_RIGHT] = { act_sort, 1 },
		[REQ_SORT_INVERT] = { act_sort_invert, 0 },
		[REQ_FOLLOW] = { act_follow, 0 },
		[REQ_WIDE] = { act_wide, 0 },
		[REQ_FAULTS] = { act_faults, 0 },
		[REQ_UNFOLD] = { act_fold, false },
		[REQ_FOLD] = { act_fold, true },
		[REQ_UNFOLD_ALL] = { act_fold_all, false },
		[REQ_FOLD_ALL] = { act_fold_all, true },
	};
	static bool (*const tries[REQ_COUNT])(struct list * list) = {
		[REQ_BACK] = back,
		[REQ_OPEN] = list_open_group,
		[REQ_TREE] = list_toggle_tree,
	};

	if (request >= 0 && request < REQ_COUNT && tries[request])
		return tries[request](list);
	if (request < 0 || request >= REQ_COUNT || !acts[request].act)
		return false;
	acts[request].act(list, acts[request].argument);
	return true;
}
