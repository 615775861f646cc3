/* The line to a guest's console: what is typed, what is not read, what ends it. */
#include "views/serial.h"

#include "fleet/clock.h"
#include "fleet/linebuf.h"
#include "tests/support/fake_conn.h"
#include "tests/support/snaps.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEADLINE_US INT64_C(20000000)

/* One host with one guest, and a loop of one descriptor. */
struct world {
	struct config *config;
	struct fake *fake;
	struct conn_factory factory;
	struct mailbox *mailbox;
	struct env env;
	struct vm vm;
	struct host_snap host;
	struct serial *serial;
	int fd; /* that is waited for, -1: none */
	bool write;
	void (*ready)(void *data);
	void *data;
};

static void
watch(void *ctx, int fd, bool write, void (*ready)(void *data), void *data)
{
	struct world *world = ctx;

	world->fd = ready ? fd : -1;
	world->write = write;
	world->ready = ready;
	world->data = data;
}

static void
drop(struct message message)
{
	job_free(message.data);
}

static void
world_init(struct world *world)
{
	const char *const hosts[] = { "kvm1", NULL };

	setlocale(LC_ALL, "C.UTF-8");
	*world = (struct world){ .config = snaps_config(), .fake = fake_new(1), .fd = -1 };
	cr_assert(config_select(world->config, hosts, NULL, NULL));
	world->factory = fake_factory(world->fake);
	world->mailbox = mailbox_new(64);
	world->env = (struct env){
		.config = world->config,
		.fleet = fleet_new(&(struct fleet_opts){
			.config = world->config, .factory = &world->factory, .mailbox = world->mailbox }),
		.watch = watch,
		.watch_ctx = world,
	};
	fleet_start(world->env.fleet);
	world->host = snaps_host(0, "kvm1");
	world->vm = snaps_vm("web", 1);
	world->vm.host = &world->host;
	world->serial = serial_new(&world->env, &world->vm);
}

static void
world_done(struct world *world)
{
	serial_free(world->serial);
	mailbox_close(world->mailbox);
	fleet_stop(world->env.fleet);
	cr_assert(fleet_wait(world->env.fleet, DEADLINE_US / 1000));
	fleet_free(world->env.fleet);
	mailbox_free(world->mailbox, drop);
	fake_free(world->fake);
	env_notice_drop(&world->env);
	config_free(world->config);
}

/* One round of the loop. */
static void
turn(struct world *world)
{
	struct pollfd pollfd = { .fd = world->fd, .events = (short)(POLLIN | (world->write ? POLLOUT : 0)) };
	struct message message;

	if (poll(&pollfd, 1, 10) > 0 && world->ready)
		world->ready(world->data);
	while (mailbox_pop(world->mailbox, &message)) {
		serial_done(world->serial, message.data);
		job_free(message.data);
	}
}

static void
wait_state(struct world *world, enum serial_state state)
{
	int64_t end_us = clock_now_us() + DEADLINE_US;

	while (serial_state(world->serial) != state && clock_now_us() < end_us)
		turn(world);
	cr_assert_eq(serial_state(world->serial), state, "%s",
		serial_why(world->serial) ? serial_why(world->serial) : "-");
}

static void
connect_line(struct world *world)
{
	cr_assert(serial_connect(world->serial, &world->vm, false, NULL));
	wait_state(world, SERIAL_OPEN);
}

static char *
shown(struct world *world)
{
	struct canvas *canvas = canvas_new(24, 80, false);
	struct pane pane = pane_whole(canvas);
	char *text;

	vt_draw(serial_vt(world->serial), &pane);
	text = canvas_text(canvas);
	canvas_free(canvas);
	return text;
}

static void
wait_shown(struct world *world, const char *text)
{
	int64_t end_us = clock_now_us() + DEADLINE_US;
	g_autofree char *now = shown(world);

	while (!strstr(now, text) && clock_now_us() < end_us) {
		turn(world);
		g_free(now);
		now = shown(world);
	}
	cr_assert(strstr(now, text), "%s", now);
}

static void
type(struct world *world, const char *keys)
{
	for (; *keys; keys++)
		serial_input(
			world->serial, (struct input){ .type = INPUT_KEY, .key = { .code = (guchar)*keys } });
}

Test(serial, says_what_is_typed_and_shows_what_comes)
{
	struct world world;

	world_init(&world);
	cr_expect_eq(serial_state(world.serial), SERIAL_CLOSED);
	cr_expect_null(serial_why(world.serial));
	connect_line(&world);
	cr_expect_eq(fake_count(world.fake, 0, FAKE_CONSOLE), 1);
	type(&world, "hello");
	wait_shown(&world, "hello");
	cr_expect(serial_draw_due_us(world.serial));
	serial_drawn(world.serial);
	cr_expect_not(serial_draw_due_us(world.serial));
	serial_type(world.serial, " there");
	wait_shown(&world, "hello there");
	world_done(&world);
}

Test(serial, a_guest_that_does_not_read_costs_no_memory_and_no_time)
{
	struct world world;

	world_init(&world);
	fake_set_console_deaf(world.fake, 0, true);
	connect_line(&world);
	for (int i = 0; i < 100000 && !world.env.notice.text; i++) {
		type(&world, "1234567890");
		if (i % 64 == 0)
			turn(&world);
	}
	cr_assert(world.env.notice.text, "a megabyte that nobody reads is kept");
	cr_expect_str_eq(world.env.notice.text, "the guest does not read: what you type is dropped");
	cr_expect_leq(vt_output(serial_vt(world.serial))->len, 65536);

	/* once it reads again, so does it what is typed then */
	fake_set_console_deaf(world.fake, 0, false);
	for (int64_t end_us = clock_now_us() + DEADLINE_US;
		vt_output(serial_vt(world.serial))->len && clock_now_us() < end_us;)
		turn(&world);
	type(&world, "awake");
	wait_shown(&world, "awake");
	world_done(&world);
}

Test(serial, one_that_is_taken_says_so)
{
	static const struct fake_step taken = { .code = FLEET_ERROR_BUSY, .error = "somebody has it" };
	struct world world;

	world_init(&world);
	fake_script(world.fake, 0, FAKE_CONSOLE, &taken, 1);
	cr_assert(serial_connect(world.serial, &world.vm, false, NULL));
	wait_state(&world, SERIAL_CLOSED);
	cr_expect(serial_taken(world.serial));
	cr_expect_str_eq(serial_why(world.serial), "somebody has it");
	connect_line(&world);
	cr_expect_not(serial_taken(world.serial));
	cr_expect_null(serial_why(world.serial));
	world_done(&world);
}

Test(serial, a_lost_link_closes_it)
{
	static const struct fake_step lost = { .code = FLEET_ERROR_GONE, .error = "End of file" };
	struct world world;

	world_init(&world);
	fake_script(world.fake, 0, FAKE_CONSOLE, &lost, 1);
	cr_assert(serial_connect(world.serial, &world.vm, false, NULL));
	wait_state(&world, SERIAL_CLOSED);
	cr_expect_str_eq(serial_why(world.serial), "the link to its host is lost: End of file");
	cr_expect_eq(world.fd, -1);
	type(&world, "x"); /* for nobody */
	cr_expect_eq(vt_output(serial_vt(world.serial))->len, 0);
	world_done(&world);
}

Test(serial, connecting_anew_forgets_the_line_before)
{
	struct world world;

	world_init(&world);
	connect_line(&world);
	type(&world, "before");
	wait_shown(&world, "before");
	connect_line(&world);
	type(&world, " after");
	wait_shown(&world, "before after");
	cr_expect_eq(serial_state(world.serial), SERIAL_OPEN);
	world_done(&world);
}

/* ---- what nobody reads ---- */

Test(linebuf, keeps_up_to_its_limit_and_tells_the_gap)
{
	g_autofree char *much = g_strnfill(100000, 'x');
	struct linebuf buf;
	GString *all = g_string_new(NULL);
	int ends[2];
	ssize_t n;
	char bytes[65536];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	linebuf_init(&buf);
	for (int i = 0; i < 50; i++)
		linebuf_put(&buf, much, 100000);
	cr_expect_leq(buf.bytes->len, LINEBUF_MOST);
	while (buf.bytes->len) {
		cr_assert(linebuf_flush(&buf, ends[0]));
		while ((n = read(ends[1], bytes, sizeof(bytes))) > 0)
			g_string_append_len(all, bytes, n);
	}
	cr_expect_eq(all->len, 200000);
	linebuf_put(&buf, "then", 4);
	cr_assert(linebuf_flush(&buf, ends[0]));
	n = read(ends[1], bytes, sizeof(bytes) - 1);
	bytes[MAX(n, 0)] = '\0';
	cr_expect(strstr(bytes, " 4800000 bytes are missing here"), "%s", bytes);
	cr_expect(g_str_has_suffix(bytes, "then"));
	close(ends[1]);
	linebuf_put(&buf, "nobody", 6);
	cr_expect_not(linebuf_flush(&buf, ends[0]));
	close(ends[0]);
	linebuf_done(&buf);
	g_string_free(all, TRUE);
}
