#include "views/looks.h"

#include "actions/look.h"

#include <string.h>

#define AT_ONCE 3  /* each takes a connection to the guest's host, and one to the other */
#define MOST    16 /* what nobody will choose need not be asked */

/* What became of asking a host. */
struct answer {
	GArray *found; /* NULL: not told (yet) */
	bool told;
};

struct looks {
	struct fleet *fleet;
	struct row_key guest;
	GHashTable *answers; /* host's index to struct answer */
	unsigned under_way, asked, told;
};

static void
answer_free(gpointer pointer)
{
	struct answer *answer = pointer;

	if (answer->found)
		g_array_unref(answer->found);
	g_free(answer);
}

struct looks *
looks_new(struct fleet *fleet, const struct row_key *guest)
{
	struct looks *looks = g_new0(struct looks, 1);

	looks->fleet = fleet;
	looks->guest = *guest;
	looks->answers = g_hash_table_new_full(NULL, NULL, NULL, answer_free);
	return looks;
}

void
looks_free(struct looks *looks)
{
	if (!looks)
		return;
	g_hash_table_unref(looks->answers);
	g_free(looks);
}

static void
ask(struct looks *looks, const struct vm *vm, const struct host_snap *host)
{
	g_hash_table_insert(looks->answers, GUINT_TO_POINTER(host->index), g_new0(struct answer, 1));
	looks->under_way++;
	looks->asked++;
	fleet_submit(looks->fleet, look_job(vm, host));
}

void
looks_go_on(struct looks *looks, const struct fleet_snap *snap, const GArray *places)
{
	const struct vm *vm = looks->fleet ? fleet_snap_find_vm(snap, &looks->guest) : NULL;

	for (guint i = 0; vm && i < places->len; i++) {
		const struct place *place = &g_array_index(places, struct place, i);

		if (looks->under_way >= AT_ONCE || looks->asked >= MOST)
			break;
		if (place->verdict < VERDICT_NO &&
			!g_hash_table_contains(looks->answers, GUINT_TO_POINTER(place->host->index)))
			ask(looks, vm, place->host);
	}
}

bool
looks_done(struct looks *looks, const struct job *job)
{
	struct answer *answer = g_hash_table_lookup(looks->answers, GUINT_TO_POINTER(job->dest));

	if (!answer || answer->told || !row_key_equal(&job->target, &looks->guest))
		return false;
	answer->told = true;
	answer->found = job->found ? g_array_ref(job->found) : NULL;
	looks->under_way--;
	looks->told++;
	return true;
}

const GArray *
looks_found(const struct looks *looks, uint32_t host)
{
	const struct answer *answer = g_hash_table_lookup(looks->answers, GUINT_TO_POINTER(host));

	return answer ? answer->found : NULL;
}

unsigned
looks_count(const struct looks *looks)
{
	return looks->told;
}
