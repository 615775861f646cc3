/*
 * output: what a command prints, to a reader who may be slow, stop reading or go away.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Writes SIZE bytes of TEXT to FD, and waits for as long as nobody takes them and STOP_FD (-1: none) can't be read. False
 * with G_FILE_ERROR; G_FILE_ERROR_INTR: STOP_FD can be read, G_FILE_ERROR_PIPE: nobody reads any more. Blocks. */
bool output_write(int fd, int stop_fd, const char *text, size_t size, GError **error);
