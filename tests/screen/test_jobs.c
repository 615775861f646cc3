/* The view of jobs, as golden screens of a queue in the midst of its work. */
#include "actions/registry.h"
#include "fleet/clock.h"
#include "tests/support/golden.h"
#include "tests/support/snaps.h"
#include "views/catalog.h"
#include "views/header.h"
#include "views/jobs.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <stdlib.h>

#define NOW_US    SNAPS_NOW_US
#define SECOND_US INT64_C(1000000)
#define WALL      "1786363331"
#define GIB       (INT64_C(1) << 30)
#define MIB       (INT64_C(1) << 20)

struct world {
	struct config *config;
	struct queue *queue;
	struct env env;
	GPtrArray *running; /* struct job *: submitted, and not come back */
};

static void
keep(void *ctx, struct job *job)
{
	g_ptr_array_add(((struct world *)ctx)->running, job);
}

/* What happened, and is happening; of moves DEST is not NULL. */
static const struct scene {
	const char *verb, *vm, *host, *dest;
	int asked_s, begun_s, ended_s; /* ago; ended 0: not yet; begun 0: queued */
	enum job_state state;
	const char *error, *remark;
	int64_t total, left, speed, dirty;
	const char *phase;
} story[] = {
	{ "start", "build-7", "kvm021", NULL, 900, 900, 893, JOB_DONE, NULL, NULL, 0, 0, 0, 0, NULL },
	{ "start", "db-shop-03", "xen007", NULL, 900, 900, 885, JOB_FAILED,
		"internal error: libxenlight failed to create new domain 'db-shop-03'", NULL, 0, 0, 0, 0,
		NULL },
	{ "start", "mail-3", "xen007", NULL, 900, 899, 884, JOB_FAILED,
		"internal error: libxenlight failed to create new domain 'mail-3'", NULL, 0, 0, 0, 0, NULL },
	{ "stop", "ci-runner-9", "kvm101", NULL, 700, 700, 640, JOB_UNKNOWN,
		"no answer in time; the connection was cut", NULL, 0, 0, 0, 0, NULL },
	{ "reset", "edge-2", "kvm004", NULL, 600, 0, 590, JOB_CANCELLED, NULL, NULL, 0, 0, 0, 0, NULL },
	{ "start", "web-1", "kvm001", "kvm017", 500, 499, 420, JOB_DONE, NULL, "downtime 38 ms", 8 * GIB, 0,
		0, 0, NULL },
	{ "shutdown",
		"\xe2\x80\xae"
		"evil\n",
		"kvm003", NULL, 190, 190, 70, JOB_FAILED, "did not go within 2m", "it went after 3m", 0, 0, 0,
		0, NULL },
	{ "start", "db-a-17", "kvm001", "kvm020", 95, 95, 0, JOB_RUNNING, NULL, NULL, 32 * GIB, 9 * GIB,
		310 * MIB, 41 * MIB, "copying memory" },
	{ "start", "web-2", "kvm001", "kvm031", 95, 40, 0, JOB_RUNNING, NULL, NULL, -1, -1, -1, -1,
		"connecting" },
	{ "shutdown", "app-media-03", "kvm020", NULL, 31, 30, 29, JOB_WAITING, NULL, NULL, 0, 0, 0, 0, NULL },
	{ "start", "web-3", "kvm001", "kvm017", 95, 0, 0, JOB_QUEUED, NULL, NULL, 0, 0, 0, 0, NULL },
	{ "start", "web-4", "kvm001", "kvm020", 95, 0, 0, JOB_QUEUED, NULL, NULL, 0, 0, 0, 0, NULL },
};

static struct job *
job_of(const struct scene *scene, unsigned n)
{
	struct job *job = job_new();

	job->target = (struct row_key){ .host = n };
	job->target.uuid[UUID_LEN - 1] = (uint8_t)n;
	job->vm_name = g_strdup(scene->vm);
	job->host_name = g_strdup(scene->host);
	job->dest_name = g_strdup(scene->dest);
	job->dest = 100 + n;
	job->class = scene->dest ? JOB_MOVE : JOB_SHORT;
	job->verb = scene->verb;
	return job;
}

static void
set_gauge(const struct scene *scene, struct job_gauge *gauge)
{
	struct job_progress progress;

	job_gauge_get(gauge, &progress);
	progress.phase = scene->phase;
	progress.mem_total = scene->total;
	progress.mem_left = scene->left;
	progress.speed = scene->speed;
	progress.dirty = scene->dirty;
	if (scene->dest)
		job_gauge_set(gauge, &progress);
}

static void
play(struct world *world, const struct scene *scene, unsigned n)
{
	g_autoptr(GPtrArray) jobs = g_ptr_array_new();
	struct job *job = job_of(scene, n);

	set_gauge(scene, job->gauge);
	g_ptr_array_add(jobs, job);
	queue_pause(world->queue, !scene->begun_s, NOW_US);
	queue_add(world->queue, registry_find(false, scene->verb), jobs, false,
		NOW_US - scene->asked_s * SECOND_US);
	if (scene->state == JOB_CANCELLED)
		queue_cancel(world->queue, n + 1, NOW_US - scene->ended_s * SECOND_US);
	if (!scene->begun_s)
		return;
	job = world->running->pdata[world->running->len - 1];
	job->started_us = NOW_US - scene->begun_s * SECOND_US;
	job->ended_us = NOW_US - scene->ended_s * SECOND_US;
	if (scene->state == JOB_RUNNING)
		return;
	g_ptr_array_steal_index(world->running, world->running->len - 1);
	job->state = scene->state;
	job->error = g_strdup(scene->error);
	job->remark = g_strdup(scene->remark);
	queue_done(world->queue, job, NOW_US);
}

static void
free_job(gpointer job)
{
	job_free(job);
}

static void
world_init(struct world *world, bool ascii)
{
	struct vm vm = snaps_vm("web-1", 1);
	const struct snaps_part part = { snaps_host(0, "kvm001"), &vm, 1 };

	setenv("TZ", "UTC", 1);
	setenv("VIRT_FLEET_NOW", WALL, 1);
	setlocale(LC_ALL, "C.UTF-8");
	*world = (struct world){ .config = snaps_config() };
	world->running = g_ptr_array_new_with_free_func(free_job);
	world->queue = queue_new(&(struct queue_opts){ .parallel = 16,
		.per_host = 2,
		.moves_out = 2,
		.moves_in = 2,
		.kept = 100,
		.await_ms = 120000,
		.submit = keep,
		.settle = keep,
		.ctx = world });
	world->env = (struct env){
		.config = world->config,
		.snap = snaps_fleet(&part, 1),
		.row = { .config = world->config, .queue = world->queue, .now_us = NOW_US, .ascii = ascii },
		.now_us = NOW_US,
		.wall_us = clock_wall_us(),
	};
	totals_fleet(world->env.snap, &world->env.row, &world->env.totals);
}

static void
world_done(struct world *world)
{
	queue_free(world->queue);
	g_ptr_array_free(world->running, TRUE);
	fleet_snap_unref(world->env.snap);
	config_free(world->config);
}

static char *
draw(struct world *world, int rows, int cols, const char *filter)
{
	struct canvas *canvas = canvas_new(rows, cols, world->env.row.ascii);
	struct pane screen = pane_whole(canvas), body = pane_sub(&screen, 1, 0, rows - 2, cols);
	struct view *view = view_new(&jobs_view, &world->env, NULL);
	char *got;

	view_update(view);
	if (filter)
		cr_assert(list_set_filter(view->list, filter, QUERY_WHOLE, NULL, NULL), "%s", filter);
	view_draw(view, &body);
	header_draw(view, &(struct header_opts){ .work = world->queue }, &screen);
	pane_text(&screen, rows - 1, 0, -1, ROLE_STATUS, view_summary(view));
	got = golden_picture(canvas);
	view_free(view);
	canvas_free(canvas);
	return got;
}

static const struct {
	const char *name, *filter;
	int rows, cols;
	bool ascii, empty;
} scenes[] = {
	{ "jobs-80", NULL, 24, 80, false, false },
	{ "jobs-120", NULL, 40, 120, false, false },
	{ "jobs-200", NULL, 60, 200, false, false },
	{ "jobs-ascii", NULL, 24, 120, true, false },
	{ "jobs-filtered", "state=failed or state=unknown", 12, 120, false, false },
	{ "jobs-empty", NULL, 12, 80, false, true },
};

Test(jobs, golden)
{
	for (size_t i = 0; i < G_N_ELEMENTS(scenes); i++) {
		g_autofree char *got = NULL;
		struct world world;

		world_init(&world, scenes[i].ascii);
		for (unsigned n = 0; !scenes[i].empty && n < G_N_ELEMENTS(story); n++)
			play(&world, &story[n], n);
		got = draw(&world, scenes[i].rows, scenes[i].cols, scenes[i].filter);
		cr_expect(golden_matches(scenes[i].name, got), "%s", scenes[i].name);
		world_done(&world);
	}
}
