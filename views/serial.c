#include "views/serial.h"

#include "actions/note.h"
#include "actions/vm_console.h"
#include "fleet/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROWS     24
#define COLS     80
#define OUT_MOST 65536 /* bytes typed that wait for the guest */
#define PIECE    16384
#define PIECES   4     /* that are read before the keyboard has its turn */
#define FRAME_US 20000 /* between two draws of what a busy guest writes */

struct serial {
	struct env *env;
	uint8_t uuid[UUID_LEN];
	struct vt *vt;
	int fd;                  /* our end of the line; -1: none */
	bool writing;            /* the loop looks for room to write */
	struct job_gauge *gauge; /* of the job behind it, until that came back; NULL: none */
	char *why;
	bool taken;
	bool changed; /* since the last draw */
	int64_t drawn_us;
	int64_t left_us; /* since when nobody looks; 0: somebody does */
};

/* ---- the line ---- */

static void
hang_up(struct serial *serial)
{
	if (serial->fd < 0)
		return;
	serial->env->watch(serial->env->watch_ctx, serial->fd, false, NULL, NULL);
	close(serial->fd);
	serial->fd = -1;
	serial->writing = false;
	g_byte_array_set_size(vt_output(serial->vt), 0);
	serial->changed = true;
}

static void on_ready(void *data);

static void
watch(struct serial *serial, bool writing)
{
	serial->writing = writing;
	serial->env->watch(serial->env->watch_ctx, serial->fd, writing, on_ready, serial);
}

static void
write_out(struct serial *serial)
{
	GByteArray *out = vt_output(serial->vt);
	ssize_t n;

	if (serial->fd < 0)
		return;
	vt_end_paste(serial->vt);
	n = out->len ? send(serial->fd, out->data, out->len, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;

	if (n > 0)
		g_byte_array_remove_range(out, 0, (guint)n);
	if (serial->writing != (out->len > 0))
		watch(serial, out->len > 0);
}

/* False: there is no more for now. */
static bool
read_in(struct serial *serial)
{
	char piece[PIECE];
	ssize_t n = recv(serial->fd, piece, sizeof(piece), MSG_DONTWAIT);

	if (n == 0)
		hang_up(serial);
	if (n <= 0)
		return false;
	vt_feed(serial->vt, piece, (size_t)n);
	serial->changed = true;
	return true;
}

static void
on_ready(void *data)
{
	struct serial *serial = data;

	for (int i = 0; i < PIECES && read_in(serial); i++)
		;
	write_out(serial);
}

/* ---- life ---- */

struct serial *
serial_new(struct env *env, const struct vm *guest)
{
	struct serial *serial = g_new0(struct serial, 1);

	serial->env = env;
	memcpy(serial->uuid, guest->uuid, UUID_LEN);
	serial->vt = vt_new(ROWS, COLS);
	serial->fd = -1;
	return serial;
}

void
serial_free(struct serial *serial)
{
	if (!serial)
		return;
	hang_up(serial);
	job_gauge_unref(serial->gauge);
	vt_free(serial->vt);
	g_free(serial->why);
	g_free(serial);
}

bool
serial_is_of(const struct serial *serial, const struct vm *guest)
{
	return memcmp(serial->uuid, guest->uuid, UUID_LEN) == 0;
}

/* Of a line that was opened before, nothing is told any more. */
static void
begin(struct serial *serial, int fd, struct job *job)
{
	hang_up(serial);
	job_gauge_unref(serial->gauge);
	serial->gauge = job_gauge_ref(job->gauge);
	g_clear_pointer(&serial->why, g_free);
	serial->taken = false;
	serial->fd = fd;
	serial->changed = true;
	watch(serial, false);
	note_job(serial->env->timeline, job);
	fleet_submit(serial->env->fleet, job);
}

bool
serial_connect(struct serial *serial, const struct vm *guest, bool force, GError **error)
{
	bool ours = serial_state(serial) ==
		    SERIAL_OPEN; /* and may not be closed yet when the new one is opened */
	int ends[2];

	if (!serial->env->watch || !serial->env->fleet) {
		g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "there is no terminal here");
		return false;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "can't make a line: %s",
			g_strerror(errno));
		return false;
	}
	begin(serial, ends[0], vm_console_job(guest, ends[1], force || ours, serial->env->journal));
	return true;
}

void
serial_refuse(struct serial *serial, const char *why)
{
	g_free(serial->why);
	serial->why = g_strdup(why);
	serial->taken = false;
	serial->changed = true;
}

enum serial_state
serial_state(const struct serial *serial)
{
	if (serial->fd < 0)
		return SERIAL_CLOSED;
	return vm_console_is_open(serial->gauge) ? SERIAL_OPEN : SERIAL_OPENING;
}

const char *
serial_why(const struct serial *serial)
{
	return serial->why;
}

bool
serial_taken(const struct serial *serial)
{
	return serial->taken;
}

bool
serial_done(struct serial *serial, const struct job *job)
{
	if (job->gauge != serial->gauge)
		return false;
	while (serial->fd >= 0 && read_in(serial))
		; /* its last words */
	hang_up(serial);
	g_clear_pointer(&serial->gauge, job_gauge_unref);
	serial->taken = job->console.taken;
	if (!serial->why)
		serial->why = g_strdup(job->error ? job->error : job->remark ? job->remark : "closed");
	serial->changed = true;
	return true;
}

/* ---- typing ---- */

/* Begins to send what has been put out since it was WAS bytes, or drops it. */
static void
put_out(struct serial *serial, guint was)
{
	GByteArray *out = vt_output(serial->vt);

	if (serial->fd < 0 || out->len > OUT_MOST) {
		g_byte_array_set_size(out, was);
		if (serial->fd >= 0)
			env_notice(
				serial->env, ROLE_WARN, "the guest does not read: what you type is dropped");
	}
	if (serial->fd >= 0 && out->len > 0 && !serial->writing)
		watch(serial, true); /* many a key comes with others: they go together */
	serial->changed = true;
}

void
serial_input(struct serial *serial, struct input input)
{
	guint was = vt_output(serial->vt)->len;

	vt_input(serial->vt, input);
	put_out(serial, was);
}

void
serial_type(struct serial *serial, const char *text)
{
	guint was = vt_output(serial->vt)->len;

	g_byte_array_append(vt_output(serial->vt), (const guint8 *)text, (guint)strlen(text));
	put_out(serial, was);
}

/* ---- looking ---- */

struct vt *
serial_vt(struct serial *serial)
{
	return serial->vt;
}

void
serial_look(struct serial *serial, bool looking)
{
	serial->left_us = looking ? 0 : clock_now_us();
}

void
serial_tick(struct serial *serial)
{
	if (serial->fd < 0 || !serial->left_us || clock_now_us() - serial->left_us < SERIAL_LINGER_US)
		return;
	g_free(serial->why);
	serial->why = g_strdup("nobody looked at it for a minute");
	hang_up(serial);
}

int64_t
serial_draw_due_us(const struct serial *serial)
{
	return serial->changed ? serial->drawn_us + FRAME_US : 0;
}

void
serial_drawn(struct serial *serial)
{
	serial->changed = false;
	serial->drawn_us = clock_now_us();
}
