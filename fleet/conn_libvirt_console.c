/*
 * A guest's console: a libvirt stream on one side, a socket on the other. libvirt's callback only wakes this thread, which
 * alone receives and sends; while it waits no call is under way on the connection, so that the event thread and this one
 * are not two callers.
 */
#include "fleet/conn_libvirt_impl.h"

#include "fleet/error.h"
#include "fleet/linebuf.h"

#include <errno.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PIECE        4096
#define PIECES       64 /* that are received before what is typed has its turn */
#define SETTLE_US    100000
#define SETTLE_TRIES 20
#define CHECK_MS     1000 /* how often the link is looked at while nothing comes */

struct console {
	struct libvirt *lv;
	struct console_call *call;
	virStreamPtr stream;
	int bell;           /* an eventfd, rung by the event thread */
	struct linebuf out; /* for the socket */
	bool broken;        /* the stream ended by an error, not at its end */
};

enum turn { TURN_ON, TURN_CLOSED_HERE, TURN_CLOSED_THERE };

/* ---- the callback ---- */

/* Event thread, which may still be in the callback when the stream is over: its number may not be another's by then. */
static void
bell_close(void *opaque)
{
	close(GPOINTER_TO_INT(opaque));
}

/* Event thread. libvirt calls again and again as long as there is something to read: so it is told to stop until that has
 * been read. */
static void
on_stream(virStreamPtr stream, int events, void *opaque)
{
	(void)events;
	virStreamEventUpdateCallback(stream, 0);
	eventfd_write(GPOINTER_TO_INT(opaque), 1);
}

/* ---- from the guest ---- */

static enum turn
receive(struct console *console)
{
	char piece[PIECE];

	bool readable = true;

	for (int i = 0; readable && i < PIECES; i++) {
		int n = virStreamRecv(console->stream, piece, sizeof(piece));

		console->broken = n == -1;
		if (n == 0 || n == -1)
			return TURN_CLOSED_THERE;
		if (n == -2) {
			readable = false;
			virStreamEventUpdateCallback(console->stream, VIR_STREAM_EVENT_READABLE);
		} else {
			linebuf_put(&console->out, piece, (size_t)n);
		}
	}
	if (readable)
		eventfd_write(console->bell, 1);
	return TURN_ON;
}

/* ---- to the guest ---- */

/* Blocks while the connection takes no more: keepalive or cancel() ends that, and meanwhile the socket's buffer is the
 * limit of what is typed. */
static bool
send_all(struct console *console, const char *bytes, size_t n)
{
	while (n > 0) {
		int sent = virStreamSend(console->stream, bytes, n);

		if (sent == -2)
			g_usleep(1000);
		else if (sent <= 0)
			return false;
		else
			bytes += sent, n -= (size_t)sent;
	}
	return true;
}

static enum turn
transmit(struct console *console)
{
	char piece[PIECE];
	ssize_t n = read(console->call->fd, piece, sizeof(piece));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return TURN_ON;
	if (n <= 0)
		return TURN_CLOSED_HERE;
	return send_all(console, piece, (size_t)n) ? TURN_ON : TURN_CLOSED_THERE;
}

/* ---- both ---- */

static enum turn
turn_once(struct console *console)
{
	struct pollfd fds[] = {
		{ .fd = console->call->fd,
			.events = (short)(POLLIN | (console->out.bytes->len ? POLLOUT : 0)) },
		{ .fd = console->bell, .events = POLLIN },
	};
	enum turn turn = TURN_ON;

	if (poll(fds, G_N_ELEMENTS(fds), CHECK_MS) == 0 && virConnectIsAlive(console->lv->vir) != 1)
		return TURN_CLOSED_THERE;
	if (fds[1].revents) {
		eventfd_t count;

		eventfd_read(console->bell, &count);
		turn = receive(console);
	}
	if (!linebuf_flush(&console->out, console->call->fd))
		return TURN_CLOSED_HERE;
	if (turn == TURN_ON && fds[0].revents & ~POLLOUT)
		turn = transmit(console);
	return turn;
}

/* A guest's console ends before libvirt has noticed that the guest has. */
static int
state_after_end(virDomainPtr dom, bool broken, int *reason)
{
	int state = -1;

	for (int i = 0; i < SETTLE_TRIES; i++) {
		if (virDomainGetState(dom, &state, reason, 0) < 0)
			return -1;
		if (broken || state == VIR_DOMAIN_SHUTOFF)
			break;
		g_usleep(SETTLE_US);
	}
	return state;
}

/* The stream's end does not tell why; the guest's state does. False: the link was lost. */
static bool
explain_end(struct console *console, virDomainPtr dom, GError **error)
{
	int reason = 0, state;

	virResetLastError();
	if (!libvirt_ready(console->lv, error))
		return false;
	state = state_after_end(dom, console->broken, &reason);
	if (state < 0 && libvirt_lost(console->lv, error, "console"))
		return false;
	if (state < 0)
		console->call->ended = "the guest is gone";
	else if (state == VIR_DOMAIN_SHUTOFF && reason == VIR_DOMAIN_SHUTOFF_MIGRATED)
		console->call->ended = "the guest has moved to another host";
	else if (state == VIR_DOMAIN_SHUTOFF && reason == VIR_DOMAIN_SHUTOFF_CRASHED)
		console->call->ended = "the guest has crashed";
	else if (state == VIR_DOMAIN_SHUTOFF)
		console->call->ended = "the guest is off";
	else if (console->broken)
		console->call->ended = "somebody else has taken it over";
	else
		console->call->ended = "its host has closed it";
	return true;
}

static bool
run(struct console *console, virDomainPtr dom, GError **error)
{
	struct console_call *call = console->call;
	enum turn turn;

	call->turned(call->ctx, true);
	do
		turn = turn_once(console);
	while (turn == TURN_ON);
	call->turned(call->ctx, false);
	virStreamEventRemoveCallback(console->stream);
	if (turn == TURN_CLOSED_THERE)
		return explain_end(console, dom, error);
	virStreamAbort(console->stream); /* the daemon lets the next one in */
	virResetLastError();
	return true;
}

/* ---- open ---- */

static bool
open_failed(struct libvirt *lv, GError **error)
{
	const virError *last = virGetLastError();

	/* it has no code of its own */
	if (last && last->code == VIR_ERR_OPERATION_FAILED && last->message &&
		strstr(last->message, "console session exists")) {
		virResetLastError();
		g_set_error_literal(
			error, FLEET_ERROR, FLEET_ERROR_BUSY, "somebody else has this console open");
		return false;
	}
	return libvirt_fail(lv, error, "open the console");
}

/* libvirt's remote driver never calls the function that it would be given to free the bell. */
static bool
watch_stream(struct console *console, GError **error)
{
	if (virStreamEventAddCallback(console->stream, VIR_STREAM_EVENT_READABLE, on_stream,
		    GINT_TO_POINTER(console->bell), NULL) == 0)
		return true;
	virStreamAbort(console->stream);
	return libvirt_fail(console->lv, error, "watch the console");
}

static bool
open_and_run(struct console *console, virDomainPtr dom, GError **error)
{
	unsigned flags = console->call->force ? VIR_DOMAIN_CONSOLE_FORCE : 0;

	if (virDomainOpenConsole(dom, NULL, console->stream, flags) < 0)
		return open_failed(console->lv, error);
	return watch_stream(console, error) && run(console, dom, error);
}

static bool
may_open(struct libvirt *lv, GError **error)
{
	const char *why_not = NULL;

	if (!libvirt_ready(lv, error))
		return false;
	if (libvirt_can(&lv->conn, VM_ACT_CONSOLE, &why_not))
		return true;
	g_set_error_literal(error, FLEET_ERROR,
		lv->opts.readonly ? FLEET_ERROR_DENIED : FLEET_ERROR_UNSUPPORTED, why_not);
	return false;
}

static bool
make_stream(struct console *console, GError **error)
{
	console->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (console->bell < 0) {
		g_set_error(
			error, FLEET_ERROR, FLEET_ERROR_FAILED, "open the console: %s", g_strerror(errno));
		return false;
	}
	console->stream = virStreamNew(console->lv->vir, VIR_STREAM_NONBLOCK);
	return console->stream || libvirt_fail(console->lv, error, "open the console");
}

bool
libvirt_console(struct conn *conn, const uint8_t uuid[UUID_LEN], struct console_call *call, GError **error)
{
	struct console console = { .lv = libvirt_of(conn), .call = call };
	virDomainPtr dom = may_open(console.lv, error) ? guests_domain(console.lv, uuid, error) : NULL;
	bool ok;

	if (!dom)
		return false;
	linebuf_init(&console.out);
	ok = make_stream(&console, error) && open_and_run(&console, dom, error);
	if (console.stream)
		virStreamFree(console.stream);
	if (console.bell >= 0)
		events_free_later(bell_close, GINT_TO_POINTER(console.bell));
	linebuf_done(&console.out);
	virDomainFree(dom);
	return ok;
}
