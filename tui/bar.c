#include "tui/bar.h"

#include <string.h>

/* Levels 0 to 7. ASCII begins with '_': a blank would read as no data. */
static const char *const spark_utf8[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const spark_ascii[] = { "_", ".", ":", "-", "=", "+", "*", "#" };
/* Eighths of a column. */
static const char *const meter_utf8[] = { " ", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
static const char *const meter_ascii[] = { " ", ":", "-", "-", "=", "=", "+", "+" };

static const char *
spark_glyph(uint8_t value, bool ascii)
{
	if (value == SPARK_UNKNOWN)
		return ascii ? "?" : "·";
	return (ascii ? spark_ascii : spark_utf8)[MIN(value * 8 / 100, 7)];
}

/* The largest known one of N values. */
static uint8_t
spark_merge(const uint8_t *values, size_t n)
{
	uint8_t max = SPARK_UNKNOWN;

	for (size_t i = 0; i < n; i++) {
		if (values[i] != SPARK_UNKNOWN && (max == SPARK_UNKNOWN || values[i] > max))
			max = values[i];
	}
	return max;
}

/* Column I of WIDTH; NULL: nothing there, for history is shorter than the bar. */
static const char *
spark_column(size_t i, size_t width, bool ascii, const uint8_t *values, size_t n)
{
	size_t from, to;

	if (n <= width)
		return i < width - n ? NULL : spark_glyph(values[i - (width - n)], ascii);
	from = i * n / width;
	to = (i + 1) * n / width;
	return spark_glyph(spark_merge(values + from, to - from), ascii);
}

void
bar_spark(const struct pane *pane, int y, int x, int width, enum role role, const uint8_t *values, size_t n)
{
	for (int i = 0; i < width; i++) {
		const char *glyph =
			spark_column((size_t)i, (size_t)width, canvas_ascii(pane->canvas), values, n);

		pane_text(pane, y, x + i, 1, role, glyph ? glyph : " ");
	}
}

void
bar_spark_text(char *out, size_t size, int width, bool ascii, const uint8_t *values, size_t n)
{
	size_t len = 0;

	for (int i = 0; i < width; i++) {
		const char *glyph = spark_column((size_t)i, (size_t)width, ascii, values, n);
		size_t bytes = strlen(glyph ? glyph : " ");

		if (len + bytes >= size)
			break;
		memcpy(out + len, glyph ? glyph : " ", bytes);
		len += bytes;
	}
	if (size > 0)
		out[len] = '\0';
}

/* One line of a graph that is ROWS lines high; ROW 0 is its top. What does not reach the line is a blank there, so that
 * only the lowest line tells "nothing" from "not known". */
static const char *
graph_glyph(uint8_t value, bool ascii, int row, int rows)
{
	int below = rows - 1 - row; /* lines */
	int eighths;

	if (value == SPARK_UNKNOWN)
		return below ? " " : spark_glyph(value, ascii);
	eighths = MIN(value * 8 * rows / 100, 8 * rows - 1) - 8 * below;
	if (eighths < 0)
		return " ";
	return (ascii ? spark_ascii : spark_utf8)[MIN(eighths, 7)];
}

void
bar_graph_row(const struct pane *pane, int y, int x, int width, enum role role, const uint8_t *values,
	size_t n, int row, int rows)
{
	bool ascii = canvas_ascii(pane->canvas), began = false;
	size_t columns = (size_t)MAX(width, 0);

	for (size_t i = n < columns ? columns - n : 0; i < columns; i++) {
		uint8_t value = n <= columns ? values[i - (columns - n)]
					     : spark_merge(values + i * n / columns,
						       (i + 1) * n / columns - i * n / columns);

		began = began || value != SPARK_UNKNOWN;
		if (!began)
			continue;
		pane_text(pane, y, x + (int)i, 1, value == SPARK_UNKNOWN ? ROLE_DIM : role,
			graph_glyph(value, ascii, row, rows));
	}
}

void
bar_meter(const struct pane *pane, int y, int x, int width, enum role role, double pct)
{
	bool ascii = canvas_ascii(pane->canvas);
	int eighths, full;

	if (width <= 0)
		return;
	if (!(pct >= 0)) {
		for (int i = 0; i < width; i++)
			pane_text(pane, y, x + i, 1, ROLE_DIM, spark_glyph(SPARK_UNKNOWN, ascii));
		return;
	}
	eighths = (int)(MIN(pct, 100.0) / 100.0 * width * 8 + 0.5);
	if (eighths == 0 && pct > 0)
		eighths = 1;
	full = eighths / 8;
	for (int i = 0; i < width; i++)
		pane_glyph(pane, y, x + i, i < full ? role : ROLE_DIM, i < full ? "█" : "─",
			i < full ? '#' : '.');
	if (eighths % 8)
		pane_text(pane, y, x + full, 1, role, (ascii ? meter_ascii : meter_utf8)[eighths % 8]);
}
