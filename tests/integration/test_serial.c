/* Guests' serial consoles on real daemons, with a guest that says back what it is told. */
#include "fleet/clock.h"
#include "fleet/error.h"
#include "fleet/events.h"
#include "fleet/linebuf.h"
#include "tests/support/lab.h"
#include "tests/support/witness.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 30000

static struct witness witness;
static struct lab *lab;
static struct lab_libvirtd *daemon_;

static void
start(void)
{
	g_autoptr(GError) error = NULL;

	witness_init(&witness);
	lab = lab_new();
	cr_assert(events_start(&error), "%s", error ? error->message : "no error");
	daemon_ = lab_libvirtd_start(lab, NULL);
}

static void
stop(void)
{
	events_stop();
	lab_free(lab);
	witness_done(&witness);
}

TestSuite(serial, .init = start, .fini = stop, .timeout = 240);

/* ---- a console, on a thread of its own ---- */

struct talk {
	struct conn *conn;
	uint8_t uuid[UUID_LEN];
	struct console_call call;
	pthread_t thread;
	int fd; /* our end */
	atomic_bool open;
	bool ok;
	GError *error;
	GString *heard;
};

static void
turned(void *ctx, bool open)
{
	struct talk *talk = ctx;

	atomic_store(&talk->open, open);
}

static void *
run(void *ctx)
{
	struct talk *talk = ctx;

	talk->ok = talk->conn->ops->console(talk->conn, talk->uuid, &talk->call, &talk->error);
	return NULL;
}

static void
talk_begin(struct talk *talk, struct conn *conn, const uint8_t uuid[UUID_LEN], bool force)
{
	uint8_t of[UUID_LEN]; /* UUID may be TALK's own */
	int ends[2];

	memcpy(of, uuid, UUID_LEN);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	*talk = (struct talk){
		.conn = conn,
		.call = { .fd = ends[1], .force = force, .turned = turned, .ctx = talk },
		.fd = ends[0],
		.heard = g_string_new(NULL),
	};
	memcpy(talk->uuid, of, UUID_LEN);
	pthread_create(&talk->thread, NULL, run, talk);
}

/* Waits for the console to be over. */
static void
talk_join(struct talk *talk)
{
	pthread_join(talk->thread, NULL);
	close(talk->call.fd);
	if (talk->fd >= 0)
		close(talk->fd);
	g_string_free(talk->heard, TRUE);
}

static void
talk_hang_up(struct talk *talk)
{
	close(talk->fd);
	talk->fd = -1;
	talk_join(talk);
}

static void
say(struct talk *talk, const char *text)
{
	cr_assert_eq(send(talk->fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Takes what comes within MS. */
static void
hear(struct talk *talk, int ms)
{
	struct pollfd pollfd = { .fd = talk->fd, .events = POLLIN };
	char bytes[256];
	ssize_t n = poll(&pollfd, 1, ms) > 0 ? recv(talk->fd, bytes, sizeof(bytes), 0) : 0;

	g_string_append_len(talk->heard, bytes, n > 0 ? n : 0);
}

static bool
hears(struct talk *talk, const char *text)
{
	int64_t end_us = clock_now_us() + PATIENCE_MS * INT64_C(1000);

	while (!strstr(talk->heard->str, text) && clock_now_us() < end_us)
		hear(talk, 100);
	return strstr(talk->heard->str, text) != NULL;
}

static bool
is_open(void *ctx)
{
	return atomic_load(&((struct talk *)ctx)->open);
}

static struct conn *
open_conn(bool readonly)
{
	g_autofree char *uri = g_strdup_printf("remote+unix:///?socket=%s", lab_libvirtd_socket(daemon_));
	g_autoptr(GError) error = NULL;
	struct conn *conn = witness_conn(&witness, uri, readonly, 5000);

	cr_assert(conn->ops->open(conn, &error), "%s", error ? error->message : "-");
	return conn;
}

/* A guest that echoes, and a console of it that is known to work. */
static void
talk_with_guest(struct talk *talk)
{
	struct conn *conn = open_conn(false);
	uint8_t uuid[UUID_LEN];

	lab_guest_start_echo(daemon_, "echo");
	state_of(conn, "echo", uuid);
	talk_begin(talk, conn, uuid, false);
	cr_assert(lab_wait(is_open, talk, PATIENCE_MS));
	/* QEMU looks only now and then whether somebody is at the other end: what is said before is lost */
	for (int i = 0; i < 100 && !strstr(talk->heard->str, "?"); i++) {
		say(talk, "?");
		hear(talk, 300);
	}
	cr_assert(hears(talk, "?"));
}

/* ---- tests ---- */

Test(serial, bytes_go_both_ways_and_the_console_is_free_again)
{
	struct talk talk;
	static const char bytes[] = "hello \033[A \xc3\xa9 \001\002\177";

	talk_with_guest(&talk);
	say(&talk, bytes);
	cr_assert(hears(&talk, bytes), "heard '%s'", talk.heard->str);

	struct conn *conn = talk.conn;
	talk_hang_up(&talk);
	cr_assert(talk.ok && !talk.call.ended, "%s", talk.error ? talk.error->message : talk.call.ended);

	talk_begin(&talk, conn, talk.uuid, false);
	cr_assert(lab_wait(is_open, &talk, PATIENCE_MS));
	say(&talk, "again");
	cr_assert(hears(&talk, "again"), "heard '%s'", talk.heard->str);
	talk_hang_up(&talk);
	cr_assert(talk.ok);
	conn->ops->free(conn);
}

Test(serial, much_that_is_typed_arrives_whole)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct talk talk;

	for (int i = 0; i < 500; i++)
		g_string_append_printf(text, "%d.", i);
	talk_with_guest(&talk);
	say(&talk, text->str);
	cr_assert(hears(&talk, text->str), "heard %zu of %zu", talk.heard->len, text->len);

	struct conn *conn = talk.conn;
	talk_hang_up(&talk);
	conn->ops->free(conn);
}

Test(serial, a_guest_that_is_switched_off_ends_it_in_words)
{
	struct talk talk;

	talk_with_guest(&talk);
	g_free(lab_virsh(daemon_, (const char *[]){ "destroy", "echo", NULL }));
	talk_join(&talk);
	cr_assert(talk.ok, "%s", talk.error ? talk.error->message : "-");
	cr_expect_str_eq(talk.call.ended, "the guest is off");

	/* and the next one is refused */
	struct conn *conn = talk.conn;
	talk_begin(&talk, conn, talk.uuid, false);
	talk_join(&talk);
	cr_expect_not(talk.ok);
	cr_expect(g_error_matches(talk.error, FLEET_ERROR, FLEET_ERROR_STATE), "%s", talk.error->message);
	g_clear_error(&talk.error);
	conn->ops->free(conn);
}

Test(serial, a_second_one_is_refused_or_takes_over)
{
	struct conn *other = open_conn(false);
	struct talk first, second;

	talk_with_guest(&first);
	talk_begin(&second, other, first.uuid, false);
	talk_join(&second);
	cr_assert_not(second.ok);
	cr_expect(g_error_matches(second.error, FLEET_ERROR, FLEET_ERROR_BUSY), "%s", second.error->message);
	g_clear_error(&second.error);

	talk_begin(&second, other, first.uuid, true);
	cr_assert(lab_wait(is_open, &second, PATIENCE_MS));
	talk_join(&first);
	cr_assert(first.ok, "%s", first.error ? first.error->message : "-");
	cr_expect_str_eq(first.call.ended, "somebody else has taken it over");
	say(&second, "mine");
	cr_assert(hears(&second, "mine"), "heard '%s'", second.heard->str);
	talk_hang_up(&second);
	other->ops->free(other);
	first.conn->ops->free(first.conn);
}

Test(serial, a_lost_link_and_a_cut_one_end_it)
{
	struct talk talk;

	talk_with_guest(&talk);
	struct conn *conn = talk.conn;
	conn->ops->cancel(conn);
	talk_join(&talk);
	cr_assert_not(talk.ok);
	cr_expect(g_error_matches(talk.error, FLEET_ERROR, FLEET_ERROR_CANCELLED), "%s", talk.error->message);
	g_clear_error(&talk.error);
	conn->ops->free(conn);

	conn = open_conn(false);
	talk_begin(&talk, conn, talk.uuid, true); /* the daemon may not have noticed yet */
	cr_assert(lab_wait(is_open, &talk, 5000), "%s", talk.error ? talk.error->message : "-");
	lab_libvirtd_kill(daemon_);
	talk_join(&talk);
	cr_assert_not(talk.ok);
	cr_expect(g_error_matches(talk.error, FLEET_ERROR, FLEET_ERROR_GONE), "%s", talk.error->message);
	g_clear_error(&talk.error);
	conn->ops->free(conn);
}
