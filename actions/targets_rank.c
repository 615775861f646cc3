/* targets: hosts as places for a set of guests, the best first. */
#include "actions/targets_private.h"

#include <string.h>

#define CAUSES_SHOWN 3

static void
place_clear(gpointer pointer)
{
	g_free(((struct place *)pointer)->why);
}

/* ---- what stands in the way of a set ---- */

struct cause {
	const char *what;
	unsigned count;
};

static void
causes_add(GArray *causes, const char *what)
{
	for (guint i = 0; i < causes->len; i++) {
		struct cause *cause = &g_array_index(causes, struct cause, i);

		if (strcmp(cause->what, what) == 0) {
			cause->count++;
			return;
		}
	}
	g_array_append_val(causes, ((struct cause){ .what = what, .count = 1 }));
}

static gint
compare_causes(gconstpointer a, gconstpointer b)
{
	return (gint)((const struct cause *)b)->count - (gint)((const struct cause *)a)->count;
}

/* "memory (3), storage (1)"; NULL: nothing does. */
static char *
causes_text(GArray *causes)
{
	GString *text = g_string_new(NULL);

	g_array_sort(causes, compare_causes);
	for (guint i = 0; i < MIN(causes->len, CAUSES_SHOWN); i++) {
		const struct cause *cause = &g_array_index(causes, struct cause, i);

		g_string_append_printf(text, "%s%s (%u)", i ? ", " : "", cause->what, cause->count);
	}
	return g_string_free(text, causes->len == 0);
}

/* ---- a place ---- */

bool
hosts_same_site(const struct host_snap *a, const struct host_snap *b)
{
	return a->config && b->config && g_strcmp0(a->config->site, b->config->site) == 0;
}

/* Those that can go take their room from those that follow; afterwards all is as it was. */
static struct place
place_for(struct targets *targets, const GPtrArray *vms, const struct host_snap *host)
{
	g_autoptr(GArray) causes = g_array_new(FALSE, FALSE, sizeof(struct cause));
	g_autoptr(GArray) cautions = g_array_new(FALSE, FALSE, sizeof(struct cause));
	struct room *room = &targets->rooms[host->index], before = *room;
	struct place place = { .host = host, .before = before, .same_site = true };
	enum verdict best = VERDICT_NO, worst = VERDICT_FITS;
	const struct vm *asked = NULL;

	for (guint i = 0; i < vms->len; i++) {
		const struct vm *vm = vms->pdata[i];
		const char *what = NULL;
		enum verdict verdict;

		if (vm->host->index == host->index)
			continue;
		verdict = targets_quick(targets, vm, host, &what);
		best = MIN(best, verdict);
		asked = vm;
		place.asked++;
		place.same_site = place.same_site && hosts_same_site(vm->host, host);
		if (what)
			causes_add(verdict > VERDICT_CAUTION ? causes : cautions, what);
		if (verdict <= VERDICT_CAUTION) {
			place.fits++;
			worst = MAX(worst, verdict);
			*room = room_with(*room, vm);
		}
	}
	place.verdict = place.fits == 0 ? best : place.fits < place.asked ? VERDICT_CAUTION : worst;
	place.after = *room;
	*room = before;
	if (place.asked == 1)
		place.why = targets_words_there(targets, asked, host);
	else
		place.why = causes_text(causes->len ? causes : cautions);
	return place;
}

/* ---- all of them ---- */

static gint
compare_places(gconstpointer a, gconstpointer b, gpointer data)
{
	const struct place *left = a, *right = b;
	const struct config *config = data;
	double scores[2];

	if (left->fits != right->fits)
		return left->fits > right->fits ? -1 : 1;
	if (left->verdict != right->verdict)
		return (gint)left->verdict - (gint)right->verdict;
	if (left->same_site != right->same_site)
		return left->same_site ? -1 : 1;
	scores[0] = room_score(&left->after, config);
	scores[1] = room_score(&right->after, config);
	if (scores[0] < scores[1] || scores[0] > scores[1])
		return scores[0] < scores[1] ? -1 : 1;
	return strcmp(left->host->name, right->host->name);
}

static GPtrArray *
vms_of(const struct targets *targets, const GArray *keys)
{
	GPtrArray *vms = g_ptr_array_new();

	for (guint i = 0; i < keys->len; i++) {
		const struct vm *vm =
			fleet_snap_find_vm(targets->opts.snap, &g_array_index(keys, struct row_key, i));

		if (vm)
			g_ptr_array_add(vms, (gpointer)(uintptr_t)vm);
	}
	return vms;
}

GArray *
targets_rank(struct targets *targets, const GArray *keys)
{
	g_autoptr(GPtrArray) vms = vms_of(targets, keys);
	GArray *places = g_array_new(FALSE, FALSE, sizeof(struct place));

	g_array_set_clear_func(places, place_clear);
	for (size_t i = 0; vms->len && i < targets->opts.snap->nhosts; i++) {
		struct place place = place_for(targets, vms, targets->opts.snap->hosts[i]);

		if (place.asked)
			g_array_append_val(places, place);
	}
	targets_sort(places, targets->opts.config);
	return places;
}

void
targets_sort(GArray *places, const struct config *config)
{
	g_array_sort_with_data(places, compare_places, (gpointer)(uintptr_t)config);
}
