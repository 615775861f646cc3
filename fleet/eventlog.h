/*
 * eventlog: the time line as a file, a JSON object per line, for --event-log. Written by a thread of its own: a slow disk or
 * a full one holds up nobody. What the time line lets go of before it could be written is counted, and the count is written
 * instead. The file may be renamed or truncated under it: the next entry goes to the file that has the name then.
 */
#pragma once

#include "fleet/timeline.h"

struct eventlog;

/* Opens or makes PATH for appending and starts the thread, which follows TIMELINE (borrowed; it outlives the log). NULL with
 * FLEET_ERROR_FAILED, in words that name PATH, when it can't be opened. CHANGED is called on the thread when there is
 * something for eventlog_take_news(); NULL: never. */
struct eventlog *eventlog_new(const char *path, struct timeline *timeline, void (*changed)(void *ctx), void *ctx,
                              GError **error);

/* What the operator should know since the last call: that nothing can be written, or that it can be again; NULL: nothing.
 * *BAD tells which. Caller frees. Any thread, never blocks. */
char *eventlog_take_news(struct eventlog *log, bool *bad);

/* Writes what is left, for at most TIMEOUT_MS. False: a disk hangs; then nothing may be freed, neither LOG nor its time
 * line, and the process must end by _exit(). */
bool eventlog_stop(struct eventlog *log, int64_t timeout_ms);
void eventlog_free(struct eventlog *log); /* after eventlog_stop() said true; accepts NULL */

/* EVENT as a line of JSON without its end; caller frees. Pure. */
char *event_json(const struct event *event);
