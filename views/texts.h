/*
 * texts: the different texts of a column, each with a number for as long as this lives, and their natural order. What
 * 100,000 rows say is mostly the same few hundred words: these are compared once, and rows by number. UI thread only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct texts;

struct texts *texts_new(void);
void texts_free(struct texts *texts); /* accepts NULL */
void texts_clear(struct texts *texts); /* numbers begin anew */

/* TEXT's number, from 0 on; it is copied when it is a new one. */
uint32_t texts_number(struct texts *texts, const char *text);
/* The same for N texts at once, which is faster; NULL among them has the number TEXTS_NONE. */
#define TEXTS_NONE UINT32_MAX
void texts_numbers(struct texts *texts, const char *const *in, uint32_t *out, size_t n);
size_t texts_count(const struct texts *texts);
const char *texts_at(const struct texts *texts, uint32_t number); /* until texts_clear() */

/* Each number's place in the natural order, from 0 on. Holds until the next new text. */
const uint32_t *texts_ranks(struct texts *texts);
