/*
 * natural: the order that people expect of names – digits by value, letters without case, "vm9" before "vm10". Pure. Any
 * thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Compares as people do; 0 only for equal bytes. */
int natural_compare(const char *a, const char *b);

/* Words of a text's beginning: numbers that compare as natural_compare() does; where they are equal only it can tell. */
#define NATURAL_WORDS 4
void natural_words(const char *text, uint64_t *words, size_t n);

/* Sorts IDS, of which each is a place in TEXTS, by their texts; equal texts by their ids. */
void natural_sort(const char *const *texts, uint32_t *ids, size_t n);
