/* bar: sparklines and meters, with ASCII fallbacks. Draw into a pane. */
#pragma once

#include "tui/canvas.h"

#include <stdint.h>

#define SPARK_UNKNOWN 255

/* VALUES (0..100, SPARK_UNKNOWN: a dot), oldest first, in WIDTH columns: fewer columns than values merge neighbours by
 * maximum, newest at the right edge. */
void bar_spark(const struct pane *pane, int y, int x, int width, enum role role, const uint8_t *values, size_t n);
/* The same as UTF-8 (or ASCII) text for a table cell; OUT has room for SIZE bytes. */
void bar_spark_text(char *out, size_t size, int width, bool ascii, const uint8_t *values, size_t n);
/* One line of the same as a graph of ROWS lines, whose uppermost is ROW 0; unknown values are dim dots at the bottom,
 * those before the first known one are left out. */
void bar_graph_row(const struct pane *pane, int y, int x, int width, enum role role, const uint8_t *values, size_t n,
                   int row, int rows);
/* A horizontal meter of PCT (0..100; below 0: unknown) on a thin track, which shows what would be full. */
void bar_meter(const struct pane *pane, int y, int x, int width, enum role role, double pct);
