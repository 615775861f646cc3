/* The journal and the real binary's console: lost acts are read of before they are done with. */
#include "tests/support/screen.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define DEADLINE 20000

struct desk {
	char *folder, *journal, *config;
};

static struct desk
desk_new(void)
{
	struct desk desk = { .folder = g_dir_make_tmp("vf-lost-XXXXXX", NULL) };
	g_autofree char *line = g_strdup_printf(
		"{\"time\":\"2026-01-01T00:00:00.0Z\",\"event\":\"begin\",\"id\":\"%s:1:0:1\",\"user\":\"u\","
		"\"host\":\"none\",\"vm\":\"web\",\"verb\":\"stop\"}\n",
		g_get_host_name());
	g_autofree char *yaml = NULL;

	cr_assert(desk.folder);
	desk.journal = g_build_filename(desk.folder, "journal.jsonl", NULL);
	desk.config = g_build_filename(desk.folder, "config.yaml", NULL);
	yaml = g_strdup_printf("journal:\n  path: %s\nhosts: [\"test:///default\"]\n", desk.journal);
	cr_assert(g_file_set_contents(desk.journal, line, -1, NULL));
	cr_assert(g_file_set_contents(desk.config, yaml, -1, NULL));
	return desk;
}

static void
desk_done(struct desk *desk)
{
	g_unlink(desk->journal);
	g_unlink(desk->config);
	g_rmdir(desk->folder);
	g_free(desk->journal);
	g_free(desk->config);
	g_free(desk->folder);
}

static struct screen *
start(const struct desk *desk, const char *event_log)
{
	const char *binary = getenv("VIRT_FLEET");
	const char *const argv[] = { binary ? binary : "build/release/virt-fleet", "--config", desk->config,
		event_log ? "--event-log" : NULL, event_log, NULL };

	return screen_start(argv, NULL, 24, 80);
}

Test(journal, lost_acts_wait_for_a_console_that_starts)
{
	struct desk desk = desk_new();
	struct screen *screen = start(&desk, "/nowhere/at/all");

	cr_expect(WIFEXITED(screen_exit_status(screen, DEADLINE)));
	screen_free(screen);
	screen = start(&desk, NULL);
	cr_expect(screen_wait_text(screen, "did not see the end of 1 act: stop of web", DEADLINE));
	screen_free(screen);
	desk_done(&desk);
}
