/*
 * virerror: libvirt's errors in the classes of fleet/error.h. Includes no libvirt header.
 *
 * libvirt keeps the last error per thread, so each of these is called on the thread, and right after the call, that
 * failed.
 */
#pragma once

#include "fleet/error.h"

#include <stdbool.h>

/* The class of an error with libvirt's DOMAIN and CODE. SYSTEM_ERRNO is the error's int1, which holds errno when the
 * client library reports a system error. MESSAGE may be NULL; it only helps where the codes don't tell enough. Pure. */
enum fleet_error virerror_class(int domain, int code, int system_errno, const char *message);

/* Sets *ERROR to "DOING: libvirt's words" from this thread's last error. Always returns false. */
bool virerror_set(GError **error, const char *doing);

/* This thread's last error in a class, without making a GError of it. */
enum fleet_error virerror_last(void);
