/* list: rows in groups – the tree of hosts is one of them – and what a group's line says. */
#include "views/list_private.h"

#include "views/units.h"

#include <string.h>

static const struct column *
name_column(const struct list *list)
{
	return &list->kind->columns[list->kind->name_column];
}

/* ---- choosing ---- */

/* The cursor keeps its row; where that is folded away now, it goes to its group. */
static void
regroup(struct list *list, const struct grouping *grouping, bool fold)
{
	struct row_key current;
	bool had = list_current(list, &current);

	list->grouping = grouping ? *grouping : (struct grouping){ NULL };
	list->query.grouping = grouping ? &list->grouping : NULL;
	list->query.folding.all = fold;
	g_hash_table_remove_all(list->folds);
	list_update(list);
	if (had && list->placed)
		list_put_cursor(list, &current);
}

bool
list_toggle_tree(struct list *list)
{
	const struct grouping tree = { .column = column_by_name(list->kind, "host"), .hosts = true };
	bool was = list->query.grouping && list->grouping.hosts;

	if (!tree.column || list->kind->gather)
		return false;
	regroup(list, was ? NULL : &tree, false);
	env_notice(list->env, ROLE_STATUS,
		was ? "plain rows" : "hosts and their VMs: - and + fold, _ and = fold all, t goes back");
	return true;
}

void
list_open_tree(struct list *list, const struct row_key *host)
{
	const struct grouping tree = { .column = column_by_name(list->kind, "host"), .hosts = true };

	regroup(list, &tree, true);
	if (!host)
		return;
	g_hash_table_add(list->folds, g_memdup2(host, sizeof(*host)));
	list_update(list);
	list_put_cursor(list, host);
}

/* What people say for a column whose name is another one. */
static const char *
column_for(const char *word)
{
	static const char *const others[][2] = { { "tag", "tags" }, { "hypervisor", "hv" } };

	for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
		if (strcmp(others[i][0], word) == 0)
			return others[i][1];
	return word;
}

static bool
fail_group(const struct list *list, const char *text, GError **error)
{
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
		"%s can't be grouped by '%s'; allowed: a column of words such as host, tenant, site, tag, "
		"hypervisor, state, and label NAME",
		list->kind->plural, text);
	return false;
}

bool
list_set_group(struct list *list, const char *text, GError **error)
{
	struct grouping grouping = { NULL };

	if (!text || !*text) {
		regroup(list, NULL, false);
		return true;
	}
	if (g_str_has_prefix(text, "label ") || g_str_has_prefix(text, "label.")) {
		g_free(list->label);
		grouping.label = list->label = g_strdup(text + strlen("label "));
	} else {
		grouping.column = column_by_name(list->kind, column_for(text));
		if (!grouping.column || !(grouping.column->flags & COLUMN_TEXT) ||
			grouping.column == name_column(list))
			return fail_group(list, text, error);
		grouping.hosts = strcmp(text, "host") == 0;
	}
	regroup(list, &grouping, true);
	env_notice(list->env, ROLE_STATUS, "grouped by %s: - and + fold, _ and = fold all, :group goes back",
		text);
	return true;
}

const char *
list_group(const struct list *list)
{
	if (!list->query.grouping)
		return NULL;
	return list->grouping.column ? list->grouping.column->info->name : list->grouping.label;
}

/* ---- folding ---- */

static void
set_folded(struct list *list, const struct row_key *group, bool folded)
{
	if (folded == list->query.folding.all)
		g_hash_table_remove(list->folds, group);
	else
		g_hash_table_add(list->folds, g_memdup2(group, sizeof(*group)));
}

void
list_fold(struct list *list, bool folded)
{
	size_t n = rows_count(list->rows), parent;
	struct row_key group;

	if (list->table.cursor >= n || (parent = rows_parent(list->rows, list->table.cursor)) == n) {
		env_notice(list->env, ROLE_STATUS, "rows are in no groups: t makes a tree, :group others");
		return;
	}
	group = rows_key_at(list->rows, parent);
	set_folded(list, &group, folded);
	list_update(list);
	if (folded || rows_group_at(list->rows, MIN(list->table.cursor, rows_count(list->rows) - 1)))
		list_put_cursor(list, &group);
}

void
list_fold_all(struct list *list, bool folded)
{
	size_t n = rows_count(list->rows), parent;
	struct row_key current;

	if (list->table.cursor >= n || (parent = rows_parent(list->rows, list->table.cursor)) == n)
		return;
	current = rows_key_at(list->rows, folded ? parent : list->table.cursor);
	list->query.folding.all = folded;
	g_hash_table_remove_all(list->folds);
	list_update(list);
	list_put_cursor(list, &current);
}

bool
list_open_group(struct list *list)
{
	const struct row_group *group = list->table.cursor < rows_count(list->rows)
						? rows_group_at(list->rows, list->table.cursor)
						: NULL;

	if (!group || group->host)
		return false;
	list_fold(list, !group->folded);
	return true;
}

/* ---- drawing ---- */

static void
draw_fold(const struct list *list, const struct row_group *group, struct cell *out)
{
	bool ascii = list->env->row.ascii;

	cell_set(out, ROLE_TITLE, group->folded ? ascii ? "+" : "▸" : ascii ? "-" : "▾");
}

/* How many of its guests run; of a host that does not answer, how it is instead. */
static void
draw_state(const struct list *list, const struct row_group *group, struct cell *out)
{
	enum link_state link = group->host ? host_snap_link(group->host, list->env->row.now_us) : LINK_UP;

	if (link != LINK_UP)
		cell_set(out, link_look(link)->role, link_state_word(link));
	else
		cell_printf(out, ROLE_TITLE, "%u/%u", group->active, group->counted);
}

/* A sum that lacks some rows' part steps back, and says so where there is room. */
static void
draw_partial(const struct column *column, struct cell *out)
{
	out->role = ROLE_DIM;
	if ((int)strlen(out->text) < column->width)
		g_strlcat(out->text, "+", sizeof(out->text));
}

static void
draw_total(
	const struct list *list, const struct row_group *group, const struct column *column, struct cell *out)
{
	struct value value;
	bool whole = rows_total_of(list->rows, &list->env->row, group, column, &value);
	char text[UNIT_TEXT];

	cell_set(out, ROLE_NORMAL, "");
	if (column->fold == FOLD_NONE || column == list->grouping.column ||
		(column->fold == FOLD_SAME && (value.type == VALUE_UNKNOWN || !whole)))
		return;
	column_value_cell(column, &list->env->row, &value, out);
	if (column->info->unit == UNIT_COUNT && value.type == VALUE_NUMBER &&
		(int)strlen(out->text) > column->width) {
		unit_format(text, UNIT_PER_S, value.number); /* "29k" */
		cell_set(out, out->role, text);
	}
	if (!whole && column->fold == FOLD_SUM && value.type == VALUE_NUMBER)
		draw_partial(column, out);
}

void
list_group_cell(
	const struct list *list, const struct row_group *group, const struct column *column, struct cell *out)
{
	if (column == &list->kind->columns[0])
		draw_fold(list, group, out);
	else if (column == name_column(list))
		cell_set(out, ROLE_TITLE, group->name ? group->name : "-");
	else if (strcmp(column->info->name, "state") == 0)
		draw_state(list, group, out);
	else
		draw_total(list, group, column, out);
}

void
list_indent_cell(const struct list *list, const struct column *column, struct cell *cell)
{
	g_autofree char *text = NULL;

	if (!list->query.grouping || column != name_column(list))
		return;
	text = g_strconcat("  ", cell->text, NULL);
	cell_set(cell, cell->role, text);
}
