/*
 * What happens to real QEMU guests on real libvirtd daemons, as the time line tells it: on the screen and in the event
 * log. Everything is done from elsewhere, by virsh and by signals.
 */
#include "fleet/clock.h"
#include "tests/support/lab.h"
#include "tests/support/screen.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

/* Real daemons on a busy machine: long enough that only a real failure meets it. */
#define DEADLINE_MS 60000

struct scene {
	struct lab *lab;
	struct lab_sshd *sshd;
	struct lab_libvirtd *alpha, *beta;
	char *config, *log;
	struct screen *screen;
};

static void
write_config(struct scene *scene)
{
	g_autofree char *alpha = lab_uri(scene->sshd, scene->alpha, "qemu", "/session");
	g_autofree char *beta = lab_uri(scene->sshd, scene->beta, "qemu", "/session");
	g_autofree char *text = g_strdup_printf("hosts:\n"
						"  - uri: %s\n"
						"    name: alpha\n"
						"  - uri: %s\n"
						"    name: beta\n"
						"journal: {path: %s/journal.jsonl}\n"
						"refresh: 1s\n"
						"limits: {retry_max: 2s}\n",
		alpha, beta, lab_dir(scene->lab));

	scene->config = g_build_filename(lab_dir(scene->lab), "config.yaml", NULL);
	scene->log = g_build_filename(lab_dir(scene->lab), "events.jsonl", NULL);
	cr_assert(g_file_set_contents(scene->config, text, -1, NULL));
}

/* Two daemons behind one sshd, alpha with guests a1 and a2, and the program, which has seen them. */
static struct scene
scene_new(void)
{
	struct scene scene = { .lab = lab_new() };
	const char *program = g_getenv("VIRT_FLEET");

	cr_assert_not_null(program, "VIRT_FLEET must name the program to test (make check-integration does)");
	scene.sshd = lab_sshd_start(scene.lab, NULL, NULL, true);
	scene.alpha = lab_libvirtd_start(scene.lab, "aaaaaaaa-0000-4000-8000-000000000001");
	scene.beta = lab_libvirtd_start(scene.lab, "bbbbbbbb-0000-4000-8000-000000000002");
	lab_guest_start(scene.alpha, "a1");
	lab_guest_start(scene.alpha, "a2");
	write_config(&scene);
	scene.screen = screen_start(
		(const char *const[]){ program, "--config", scene.config, "--ssh-config",
			lab_ssh_config(scene.lab), "--view", "events", "--event-log", scene.log, NULL },
		NULL, 24, 120);
	cr_assert(screen_wait_text(scene.screen, "2/2 VMs", DEADLINE_MS));
	return scene;
}

static void
scene_done(struct scene *scene)
{
	screen_free(scene->screen);
	lab_free(scene->lab);
	g_free(scene->config);
	g_free(scene->log);
}

/* How many lines of the log have all of WORDS, which end with NULL. */
static unsigned
count(const struct scene *scene, const char *const *words)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	unsigned n = 0;

	if (!g_file_get_contents(scene->log, &text, NULL, NULL))
		return 0;
	lines = g_strsplit(text, "\n", -1);
	for (size_t i = 0; lines[i]; i++) {
		const char *const *word = words;

		while (*word && strstr(lines[i], *word))
			word++;
		n += *word == NULL;
	}
	return n;
}

struct wanted {
	const struct scene *scene;
	const char *const *words;
};

static bool
is_logged(void *ctx)
{
	const struct wanted *wanted = ctx;

	return count(wanted->scene, wanted->words) > 0;
}

static void
expect_count(const struct scene *scene, unsigned n, const char *const *words)
{
	g_autofree char *text = NULL, *all = g_strjoinv(" … ", (char **)(uintptr_t)words);

	g_file_get_contents(scene->log, &text, NULL, NULL);
	cr_expect_eq(count(scene, words), n, "not %u lines with %s in\n%s", n, all, text);
}

static void
expect_logged(struct scene *scene, const char *const *words)
{
	struct wanted wanted = { scene, words };
	g_autofree char *text = NULL, *all = g_strjoinv(" … ", (char **)(uintptr_t)words);

	if (lab_wait(is_logged, &wanted, DEADLINE_MS))
		return;
	g_file_get_contents(scene->log, &text, NULL, NULL);
	cr_assert_fail("no line with %s in\n%s", all, text);
}

#define WORDS(...)     ((const char *const[]){ __VA_ARGS__, NULL })
#define HOST(name)     "\"host\":\"" name "\""
#define VM(name)       "\"vm\":\"" name "\""
#define WHAT(what)     "\"what\":\"" what "\""
#define DETAIL(detail) "\"detail\":\"" detail

static void
virsh(struct lab_libvirtd *daemon, const char *verb, const char *guest)
{
	g_free(lab_virsh(daemon, (const char *const[]){ verb, guest, NULL }));
}

Test(events, tells_what_others_do_once)
{
	struct scene scene = scene_new();

	virsh(scene.alpha, "destroy", "a2");
	expect_logged(&scene, WORDS(HOST("alpha"), VM("a2"), WHAT("stopped"), DETAIL("forced off")));
	virsh(scene.alpha, "start", "a2");
	expect_logged(&scene, WORDS(HOST("alpha"), VM("a2"), WHAT("started"), DETAIL("booted")));
	virsh(scene.alpha, "suspend", "a1");
	expect_logged(&scene, WORDS(VM("a1"), WHAT("paused")));
	virsh(scene.alpha, "resume", "a1");
	expect_logged(&scene, WORDS(VM("a1"), WHAT("resumed")));
	kill(lab_guest_pid(scene.alpha, "a2"), SIGKILL);
	expect_logged(&scene, WORDS(VM("a2"), WHAT("crashed"), "\"level\":\"bad\""));
	lab_guest_start(scene.beta, "b1");
	expect_logged(&scene, WORDS(HOST("beta"), VM("b1"), WHAT("defined"), DETAIL("new")));
	expect_logged(&scene, WORDS(HOST("beta"), VM("b1"), WHAT("started"), DETAIL("booted")));
	cr_expect(screen_wait_text(scene.screen, "forced off", DEADLINE_MS));
	cr_expect(screen_wait_text(scene.screen, "emulator failed", DEADLINE_MS));

	/* while the daemon was gone a guest was lost, too; all that was told before has had its samples by now */
	pid_t pid = lab_guest_pid(scene.alpha, "a1");
	lab_libvirtd_kill(scene.alpha);
	expect_logged(&scene, WORDS(HOST("alpha"), WHAT("lost"), DETAIL("daemon gone")));
	kill(pid, SIGKILL);
	lab_libvirtd_restart(scene.alpha);
	expect_logged(&scene, WORDS(HOST("alpha"), WHAT("found"), DETAIL("after")));
	expect_logged(&scene, WORDS(VM("a1"), "while not connected"));
	expect_count(&scene, 3, WORDS(VM("a2"), "\"kind\":\"guest\""));
	expect_count(&scene, 2, WORDS(VM("b1"), "\"kind\":\"guest\""));
	expect_count(&scene, 0, WORDS("noticed at the sample"));
	expect_count(&scene, 2, WORDS("\"kind\":\"host\""));
	scene_done(&scene);
}

Test(events, tells_a_migration_as_one)
{
	struct scene scene = scene_new();
	g_autofree char *beta =
		g_strdup_printf("qemu+unix:///session?socket=%s", lab_libvirtd_socket(scene.beta));

	g_free(lab_virsh(scene.alpha, (const char *const[]){ "migrate", "--live", "--unsafe", "--persistent",
					      "--undefinesource", "a1", beta, "tcp://127.0.0.1", NULL }));
	expect_logged(&scene, WORDS(HOST("beta"), VM("a1"), WHAT("migrated"), DETAIL("from alpha")));
	virsh(scene.beta, "destroy", "a1"); /* it is known there */
	expect_logged(&scene, WORDS(HOST("beta"), VM("a1"), WHAT("stopped"), DETAIL("forced off")));
	virsh(scene.alpha, "destroy", "a2");
	expect_logged(&scene, WORDS(HOST("alpha"), VM("a2"), WHAT("stopped")));
	expect_count(&scene, 2, WORDS(VM("a1")));
	scene_done(&scene);
}
