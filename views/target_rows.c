/* What can be said of a host as a place for chosen guests. */
#include "views/column_table.h"
#include "views/looks.h"
#include "views/targets_view.h"
#include "views/units.h"

#include <string.h>

#define TARGET_VALUE(name)                                                                                   \
	static void name(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, \
		const void *data, struct value *out)

static const struct look looks[] = {
	[VERDICT_FITS] = { "●", '*', ROLE_GOOD, "all of it fits" },
	[VERDICT_CAUTION] = { "◐", '~', ROLE_WARN, "fits if something holds that is not known, or in part" },
	[VERDICT_COPY] = { "◌", 'o', ROLE_WARN, "fits if its storage is copied along" },
	[VERDICT_NO] = { "✕", 'x', ROLE_BAD, "can't go there" },
};

TARGET_VALUE(target_rank)
{
	value_number(out, ((const struct target_row *)data)->rank);
}

TARGET_VALUE(target_light)
{
	value_number(out, (double)((const struct target_row *)data)->place.verdict);
}

static void
target_light_cell(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *data,
	struct cell *out)
{
	const struct look *look = &looks[((const struct target_row *)data)->place.verdict];

	if (ctx->ascii)
		cell_printf(out, look->role, "%c", look->ascii);
	else
		cell_set(out, look->role, look->glyph);
}

TARGET_VALUE(target_host)
{
	value_text(out, ((const struct target_row *)data)->place.host->name);
}

TARGET_VALUE(target_verdict)
{
	value_text(out, verdict_word(((const struct target_row *)data)->place.verdict));
}

/* Of a set, how many of it. */
static void
target_verdict_cell(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *data, struct cell *out)
{
	const struct place *place = &((const struct target_row *)data)->place;
	enum role role = place->verdict == VERDICT_FITS ? ROLE_NORMAL : looks[place->verdict].role;

	if (place->asked > 1 && place->fits && place->fits < place->asked)
		cell_printf(out, role, "%u/%u", place->fits, place->asked);
	else
		cell_set(out, role, verdict_word(place->verdict));
}

TARGET_VALUE(target_fits)
{
	value_number(out, ((const struct target_row *)data)->place.fits);
}

TARGET_VALUE(target_why)
{
	value_text(out, ((const struct target_row *)data)->place.why);
}

static void
target_why_cell(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *data, struct cell *out)
{
	const struct place *place = &((const struct target_row *)data)->place;

	cell_set(out, place->verdict == VERDICT_NO ? ROLE_DIM : ROLE_NORMAL, place->why ? place->why : "");
}

TARGET_VALUE(target_running)
{
	const struct host_snap *host = ((const struct target_row *)data)->place.host;

	if (host->link == LINK_UP && HOST_HAS(host, HOST_VMS_RUNNING))
		value_number(out, host->value[HOST_VMS_RUNNING]);
}

static bool
is_up(const struct target_row *row)
{
	return row->place.host->link == LINK_UP;
}

TARGET_VALUE(target_free)
{
	const struct target_row *row = data;

	if (is_up(row) && row->place.after.mem_free >= 0)
		value_number(out, row->place.after.mem_free);
}

TARGET_VALUE(target_promised)
{
	const struct target_row *row = data;
	double pct = room_promised_pct(&row->place.after);

	if (is_up(row) && pct >= 0)
		value_number(out, pct);
}

TARGET_VALUE(target_ratio)
{
	const struct target_row *row = data;
	double ratio = room_vcpu_ratio(&row->place.after);

	if (is_up(row) && ratio >= 0)
		value_number(out, ratio);
}

TARGET_VALUE(target_cpu)
{
	const struct target_row *row = data;

	if (is_up(row) && HOST_HAS(row->place.host, HOST_CPU))
		value_number(out, row->place.host->value[HOST_CPU]);
}

TARGET_VALUE(target_rtt)
{
	const struct target_row *row = data;

	if (is_up(row) && HOST_HAS(row->place.host, HOST_RTT))
		value_number(out, row->place.host->value[HOST_RTT]);
}

TARGET_VALUE(target_site)
{
	place_site(((const struct target_row *)data)->place.host->config, out);
}

TARGET_VALUE(target_version)
{
	const struct host_facts *facts = ((const struct target_row *)data)->place.host->facts;

	value_text(out, facts ? facts->hv_version : NULL);
}

static const char *const verdict_words[] = { "fits", "caution", "copy", "no", NULL };

/* clang-format off */
static const struct column columns[] = {
	{ .info = TEXT_INFO("light", "the verdict as one character"), .title = "", .width = 1,
	  .flags = COLUMN_DEFAULT | COLUMN_SCREEN | COLUMN_STICKY, .value = target_light, .cell = target_light_cell },
	{ .info = NUMBER_INFO("rank", UNIT_COUNT, "its place among all: 1 is the best"), .title = "#", .width = 3,
	  .align = ALIGN_RIGHT, .priority = 6, .flags = COLUMN_WIDE | COLUMN_STICKY, .value = target_rank },
	{ .info = TEXT_INFO("host", "the host's name"), .title = "TO HOST", .width = 8, .max_width = 40, .flex = 4,
	  .flags = COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_STICKY, .value = target_host },
	{ .info = TEXT_INFO("verdict", "whether the guests can go there"), .title = "VERDICT", .width = 7,
	  .flags = COLUMN_DEFAULT | COLUMN_TEXT, .words = verdict_words, .value = target_verdict, .cell = target_verdict_cell },
	{ .info = NUMBER_INFO("fit", UNIT_COUNT, "how many of the guests can go there"), .title = "FIT", .width = 3,
	  .align = ALIGN_RIGHT, .priority = 20, .value = target_fits },
	{ .info = NUMBER_INFO("free", UNIT_BYTES, "memory free with the guests on it"), .title = "FREE", .width = 4,
	  .align = ALIGN_RIGHT, .flags = COLUMN_DEFAULT, .value = target_free },
	{ .info = NUMBER_INFO("promised", UNIT_PCT, "memory promised with the guests on it"), .title = "PROM%", .width = 5,
	  .align = ALIGN_RIGHT, .priority = 3, .flags = COLUMN_DEFAULT, .threshold = THRESHOLD_MEM, .value = target_promised },
	{ .info = NUMBER_INFO("vcpu-ratio", UNIT_RATIO, "vCPUs : physical CPUs with the guests on it"), .title = "V:P", .width = 6,
	  .align = ALIGN_RIGHT, .priority = 1, .flags = COLUMN_DEFAULT, .value = target_ratio },
	{ .info = NUMBER_INFO("running", UNIT_COUNT, "guests that run there now"), .title = "RUN", .width = 3,
	  .align = ALIGN_RIGHT, .priority = 2, .flags = COLUMN_DEFAULT, .value = target_running },
	{ .info = NUMBER_INFO("cpu", UNIT_PCT, "CPU use of the host now"), .title = "CPU", .width = 4,
	  .align = ALIGN_RIGHT, .flags = COLUMN_DEFAULT | COLUMN_RATE, .threshold = THRESHOLD_CPU, .value = target_cpu },
	{ .info = NUMBER_INFO("rtt", UNIT_MS, "round trip of the link to it"), .title = "LINK", .width = 5,
	  .align = ALIGN_RIGHT, .priority = 7, .flags = COLUMN_WIDE, .value = target_rtt },
	{ .info = TEXT_INFO("site", "where the host is, from the config"), .title = "SITE", .width = 5, .max_width = 16,
	  .priority = 4, .flags = COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, .value = target_site },
	{ .info = TEXT_INFO("version", "the hypervisor's version"), .title = "VERSION", .width = 8, .priority = 8,
	  .flags = COLUMN_WIDE | COLUMN_TEXT | COLUMN_SEARCH, .value = target_version },
	{ .info = TEXT_INFO("why", "what speaks against it, or is to be heeded"), .title = "WHY", .width = 20, .flex = 1,
	  .flags = COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, .value = target_why, .cell = target_why_cell },
};
/* clang-format on */

/* ---- rows ---- */

#define MANY         200              /* guests: then judging them on all hosts takes its time … */
#define MANY_EACH_US INT64_C(5000000) /* … and is done no more often */

static gint
compare_hosts(gconstpointer a, gconstpointer b)
{
	const struct target_row *left = a, *right = b;

	return left->place.host->index < right->place.host->index ? -1 : 1;
}

static void
row_clear(gpointer row)
{
	g_free(((struct target_row *)row)->place.why);
}

/* By host, so that the rows stay the same rows while their ranks change. */
static GArray *
rows_of(GArray *places, const struct config *config)
{
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(struct target_row));

	g_array_set_clear_func(rows, row_clear);
	for (guint i = 0; i < places->len; i++) {
		struct target_row row = {
			.place = g_array_index(places, struct place, i), .rank = i + 1, .config = config
		};

		if (row.place.verdict == VERDICT_COPY && !row.place.why)
			row.place.why = g_strdup("lacks its storage");
		g_array_append_val(rows, row);
	}
	g_array_set_clear_func(places, NULL); /* their words are the rows' now */
	g_array_sort(rows, compare_hosts);
	return rows;
}

static bool
same_hosts(const GArray *a, const GArray *b)
{
	if (!a || a->len != b->len)
		return false;
	for (guint i = 0; i < a->len; i++)
		if (g_array_index(a, struct target_row, i).place.host->index !=
			g_array_index(b, struct target_row, i).place.host->index)
			return false;
	return true;
}

/* Of a single guest, so that it is said once and not in each row. */
static char *
own_words(const struct migrating *migrating, struct targets *targets, const struct fleet_snap *snap)
{
	const struct vm *vm =
		migrating->keys->len == 1
			? fleet_snap_find_vm(snap, &g_array_index(migrating->keys, struct row_key, 0))
			: NULL;

	return vm ? targets_own_words(targets, vm) : NULL;
}

/* What hosts have said themselves counts for more than what can be seen from here. */
static void
refine(struct migrating *migrating, struct targets *targets, const struct fleet_snap *snap, GArray *places)
{
	const struct vm *vm = fleet_snap_find_vm(snap, &g_array_index(migrating->keys, struct row_key, 0));

	for (guint i = 0; vm && i < places->len; i++) {
		struct place *place = &g_array_index(places, struct place, i);
		const GArray *found = looks_found(migrating->looks, place->host->index);

		if (!found || place->host->link != LINK_UP)
			continue;
		g_free(place->why);
		place->verdict = targets_refine(targets, vm, place->host, found, &place->why);
		place->fits = place->verdict <= VERDICT_CAUTION;
	}
	targets_sort(places, migrating->env->config);
	looks_go_on(migrating->looks, snap, places);
}

static void
judge(struct migrating *migrating, const struct fleet_snap *snap, const struct row_ctx *ctx)
{
	struct targets *targets = targets_new(&(struct targets_opts){
		.snap = snap,
		.config = ctx->config,
		.maintenance = ctx->maintenance,
		.incoming = migrating->env->incoming,
		.wish = move_form_wish(&migrating->form),
		.now_us = ctx->now_us,
	});
	g_autoptr(GArray) places = targets_rank(targets, migrating->keys);
	GArray *rows;

	if (migrating->looks)
		refine(migrating, targets, snap, places);
	rows = rows_of(places, ctx->config);
	g_free(migrating->own);
	migrating->own = own_words(migrating, targets, snap);
	targets_free(targets);
	migrating->roster += !same_hosts(migrating->rows, rows);
	if (migrating->rows)
		g_array_unref(migrating->rows);
	fleet_snap_ref(snap);
	fleet_snap_unref(migrating->snap);
	migrating->snap = snap;
	migrating->rows = rows;
	migrating->judged_us = ctx->now_us;
	migrating->stale = false;
}

static void
target_gather(void *source, const struct fleet_snap *snap, const struct row_ctx *ctx, GPtrArray *rows)
{
	struct migrating *migrating = source;
	bool rest;

	if (!migrating->env)
		return;
	rest = migrating->rows && migrating->keys->len > MANY &&
	       ctx->now_us - migrating->judged_us < MANY_EACH_US;
	if (migrating->stale || !migrating->rows || (migrating->snap != snap && !rest))
		judge(migrating, snap, ctx);
	for (guint i = 0; i < migrating->rows->len; i++)
		g_ptr_array_add(rows, &g_array_index(migrating->rows, struct target_row, i));
}

static uint64_t
target_gathered(const void *source)
{
	return ((const struct migrating *)source)->roster;
}

static const struct host_snap *
target_host_of(const void *row)
{
	return ((const struct target_row *)row)->place.host;
}

static struct row_key
target_key(const void *row)
{
	return host_key(((const struct target_row *)row)->place.host);
}

const struct row_kind target_rows = {
	.name = "targets",
	.singular = "target",
	.plural = "targets",
	.columns = columns,
	.ncolumns = G_N_ELEMENTS(columns),
	.name_column = 2,
	.sort = "rank up",
	.gather = target_gather,
	.gathered = target_gathered,
	.host = target_host_of,
	.key = target_key,
};
