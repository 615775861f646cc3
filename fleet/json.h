/*
 * json: JSON as this program writes it, for lists, the journal and the event log. Names and messages are guests' and may be
 * anything; what is printed is valid UTF-8, and nothing in it moves, colours or reorders a terminal's text: control, format
 * and bidi characters come out as \u escapes.
 */
#pragma once

struct cJSON;

/* TEXT as a string; bytes that are no UTF-8 become U+FFFD. */
struct cJSON *json_text(const char *text);
/* Adds it to OBJECT; NULL: unknown, so it is left out. */
void json_add_text(struct cJSON *object, const char *name, const char *text);
/* OBJECT on one line, without the line's end; frees OBJECT. Caller frees with g_free(). */
char *json_print(struct cJSON *object);
