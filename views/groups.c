/* groups: which there are, and by what; groups_tally.c counts them. */
#include "views/groups_private.h"

#include "views/group_names.h"

#include <string.h>

/* Notes in groups->shown which groups have guests. */
static void
note_shown(struct groups *groups)
{
	const struct tally *tally = groups->tally;
	bool others = !groups->shown;
	guint shown = 0;

	if (!groups->shown)
		groups->shown = g_ptr_array_new();
	for (guint i = 0; i < tally->all->len; i++) {
		struct group *group = tally->all->pdata[i];

		if (!group->totals.guests.vms)
			continue;
		if (shown == groups->shown->len)
			g_ptr_array_set_size(groups->shown, (gint)shown + 1);
		others |= groups->shown->pdata[shown] != group;
		groups->shown->pdata[shown++] = group;
	}
	others |= shown != groups->shown->len;
	g_ptr_array_set_size(groups->shown, (gint)shown);
	groups->roster += others;
}

static void
groups_forget(struct groups *groups)
{
	g_clear_pointer(&groups->tally, tally_free);
	g_clear_pointer(&groups->shown, g_ptr_array_unref);
}

bool
groups_prepare(struct groups *groups, const struct fleet_snap *snap, int64_t now_us, size_t guests)
{
	return !groups->tally || tally_count(groups->tally, snap, now_us, guests) != COUNT_GOES_ON;
}

static void
groups_count(struct groups *groups, const struct fleet_snap *snap, int64_t now_us)
{
	if (!groups->tally)
		groups->tally = tally_new(groups);
	if (tally_count(groups->tally, snap, now_us, SIZE_MAX) != COUNT_ENDS)
		return;
	tally_publish(groups->tally);
	note_shown(groups);
}

void
groups_gather(void *source, const struct fleet_snap *snap, const struct row_ctx *ctx, GPtrArray *rows)
{
	struct groups *groups = source;

	groups_count(groups, snap, ctx->now_us);
	/* Groups outlive their last guest, for it may come back; but not when there are more of these than of others. */
	if (groups->tally->all->len > 2 * (groups->shown->len + 1)) {
		groups_forget(groups);
		groups_count(groups, snap, ctx->now_us);
	}
	for (guint i = 0; i < groups->shown->len; i++)
		g_ptr_array_add(rows, groups->shown->pdata[i]);
}

uint64_t
groups_roster(const void *groups)
{
	return ((const struct groups *)groups)->roster;
}

/* ---- the source ---- */

static void
choice_error(GError **error, const char *text)
{
	GString *names = g_string_new(NULL);

	for (int i = 0; i < GROUP_BY_COUNT; i++)
		g_string_append_printf(names, "%s%s%s", i ? ", " : "", group_dimensions[i].name,
			i == GROUP_BY_LABEL ? " NAME" : "");
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "there are no groups by '%s'; allowed are: %s",
		text, names->str);
	g_string_free(names, TRUE);
}

bool
groups_choose(struct groups *groups, const char *text, GError **error)
{
	g_autofree char *words = g_strstrip(g_strdup(text));
	char *label = words + strcspn(words, " \t");
	int by = 0;

	if (*label)
		*label++ = '\0';
	label += strspn(label, " \t");
	while (by < GROUP_BY_COUNT && strcmp(group_dimensions[by].name, words) != 0)
		by++;
	if (by == GROUP_BY_COUNT || !*label != (by != GROUP_BY_LABEL)) {
		choice_error(error, text);
		return false;
	}
	groups_done(groups);
	groups->by = (enum group_by)by;
	groups->label = *label ? g_strdup(label) : NULL;
	return true;
}

void
groups_done(struct groups *groups)
{
	groups_forget(groups);
	g_clear_pointer(&groups->label, g_free);
}

char *
groups_by_name(const struct groups *groups)
{
	const char *name = group_dimensions[groups->by].name;

	return groups->label ? g_strdup_printf("%s %s", name, groups->label) : g_strdup(name);
}

char *
groups_by_noun(const struct groups *groups, size_t n)
{
	const struct group_dimension *dimension = &group_dimensions[groups->by];
	const char *noun = n == 1 ? dimension->one : dimension->many;

	return groups->label ? g_strdup_printf("%s of label %s", noun, groups->label) : g_strdup(noun);
}

const struct group *
groups_find(const struct groups *groups, const struct row_key *key)
{
	for (guint i = 0; groups->shown && i < groups->shown->len; i++) {
		const struct group *group = groups->shown->pdata[i];

		if (row_key_equal(&group->key, key))
			return group;
	}
	return NULL;
}

const struct groups_totals *
groups_totals(const struct groups *groups)
{
	return groups->tally ? &groups->tally->totals : NULL;
}
