/*
 * linebuf: what a guest has written to its console and nobody has read yet, up to a limit; beyond it the newest is left out,
 * and a line says so. One thread.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define LINEBUF_MOST (256 * 1024)

struct linebuf {
	GByteArray *bytes;
	size_t left_out; /* bytes since the last that went in */
};

void linebuf_init(struct linebuf *buf);
void linebuf_done(struct linebuf *buf);
void linebuf_put(struct linebuf *buf, const char *bytes, size_t n);
/* Writes what FD, a socket, takes without blocking. False: its other end is closed. */
bool linebuf_flush(struct linebuf *buf, int fd);
