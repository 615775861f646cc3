/*
 * serial: the console of one guest as the operator's terminal has it – the line to the guest, the screen that its bytes make,
 * and what is typed and not sent yet. It stays when nobody looks: what has come is there again, and the line is kept for a
 * while. UI thread only; nothing here blocks.
 */
#pragma once

#include "tui/vt.h"
#include "views/env.h"

struct serial;

enum serial_state {
	SERIAL_CLOSED,
	SERIAL_OPENING,
	SERIAL_OPEN,
};

/* Of GUEST, which must be there; not connected yet. */
struct serial *serial_new(struct env *env, const struct vm *guest);
/* Closes the line. Accepts NULL. */
void serial_free(struct serial *serial);

bool serial_is_of(const struct serial *serial, const struct vm *guest);
/* Opens the line to GUEST, which may have moved; FORCE: from under whoever has it. False with an error in words. */
bool serial_connect(struct serial *serial, const struct vm *guest, bool force, GError **error);

/* It is not even tried to open the line, because of WHY. */
void serial_refuse(struct serial *serial, const char *why);

enum serial_state serial_state(const struct serial *serial);
/* Why the line is closed, in words; NULL: it never was open. */
const char *serial_why(const struct serial *serial);
/* It could not be opened, because somebody else has it. */
bool serial_taken(const struct serial *serial);

struct vt *serial_vt(struct serial *serial);
/* What is typed. What the guest does not take is kept up to a limit, then dropped, which env's notice says. */
void serial_input(struct serial *serial, struct input input);
void serial_type(struct serial *serial, const char *text);

/* Somebody looks at it from now on, or nobody: then the line is closed after SERIAL_LINGER_US by serial_tick(). */
#define SERIAL_LINGER_US INT64_C(60000000)
void serial_look(struct serial *serial, bool looking);
void serial_tick(struct serial *serial);

/* JOB, which came back, was this line's: takes note of how it ended. False: it is another's. */
bool serial_done(struct serial *serial, const struct job *job);

/* When a draw would show something new, in clock_now_us() time; 0: not by itself. serial_drawn() is told of each draw. */
int64_t serial_draw_due_us(const struct serial *serial);
void serial_drawn(struct serial *serial);
