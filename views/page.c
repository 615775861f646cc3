#include "views/page.h"

#include "tui/cell.h"
#include "tui/wrap.h"
#include "views/request.h"

#include <stdarg.h>
#include <string.h>

#define COLUMN_GAP  3
#define LABEL_MOST  20
#define MAX_COLUMNS 3

enum line_kind { LINE_FIELD, LINE_TEXT, LINE_CELLS };

struct line {
	enum line_kind kind;
	char *label, *text;
	enum role role;
	GArray *cells; /* struct page_cell with texts of their own */
};

struct section {
	char *title;
	GPtrArray *lines; /* struct line */
	int label_width;
};

struct page {
	int least;
	GPtrArray *sections;
	int top;
	int height, shown; /* of the last draw */
};

/* ---- content ---- */

static void
line_free(gpointer pointer)
{
	struct line *line = pointer;

	for (guint i = 0; line->cells && i < line->cells->len; i++)
		g_free((char *)(uintptr_t)g_array_index(line->cells, struct page_cell, i).text);
	if (line->cells)
		g_array_free(line->cells, TRUE);
	g_free(line->label);
	g_free(line->text);
	g_free(line);
}

static void
section_free(gpointer pointer)
{
	struct section *section = pointer;

	g_ptr_array_free(section->lines, TRUE);
	g_free(section->title);
	g_free(section);
}

struct page *
page_new(int least)
{
	struct page *page = g_new0(struct page, 1);

	page->least = least;
	page->sections = g_ptr_array_new_with_free_func(section_free);
	return page;
}

void
page_free(struct page *page)
{
	if (!page)
		return;
	g_ptr_array_free(page->sections, TRUE);
	g_free(page);
}

void
page_clear(struct page *page)
{
	g_ptr_array_set_size(page->sections, 0);
}

void
page_section(struct page *page, const char *title)
{
	struct section *section = g_new0(struct section, 1);

	section->title = g_strdup(title);
	section->lines = g_ptr_array_new_with_free_func(line_free);
	g_ptr_array_add(page->sections, section);
}

static struct line *
add_line(struct page *page, enum line_kind kind, enum role role)
{
	struct section *section = page->sections->pdata[page->sections->len - 1];
	struct line *line = g_new0(struct line, 1);

	line->kind = kind;
	line->role = role;
	g_ptr_array_add(section->lines, line);
	return line;
}

void
page_field(struct page *page, const char *label, enum role role, const char *format, ...)
{
	struct line *line = add_line(page, LINE_FIELD, role);
	struct section *section = page->sections->pdata[page->sections->len - 1];
	va_list args;

	va_start(args, format);
	line->label = g_strdup(label);
	line->text = g_strdup_vprintf(format, args);
	va_end(args);
	section->label_width = MIN(MAX(section->label_width, text_width(label)), LABEL_MOST);
}

void
page_text(struct page *page, enum role role, const char *format, ...)
{
	struct line *line = add_line(page, LINE_TEXT, role);
	va_list args;

	va_start(args, format);
	line->text = g_strdup_vprintf(format, args);
	va_end(args);
}

void
page_cells(struct page *page, const struct page_cell *cells, size_t n)
{
	struct line *line = add_line(page, LINE_CELLS, ROLE_NORMAL);

	line->cells = g_array_new(FALSE, FALSE, sizeof(struct page_cell));
	g_array_append_vals(line->cells, cells, (guint)n);
	for (size_t i = 0; i < n; i++)
		g_array_index(line->cells, struct page_cell, i).text =
			g_strdup(cells[i].text ? cells[i].text : "-");
}

/* ---- layout: sections into columns, long lines into several ---- */

/* One line of the screen, within its column. */
struct placed {
	const struct section *section;
	const struct line *line; /* NULL: the section's title */
	char *text;              /* this part of the line; NULL: none */
	bool first;              /* part of its line */
};

static void
placed_clear(gpointer pointer)
{
	g_free(((struct placed *)pointer)->text);
}

static GArray *
placed_new(void)
{
	GArray *array = g_array_new(FALSE, FALSE, sizeof(struct placed));

	g_array_set_clear_func(array, placed_clear);
	return array;
}

static void
place_line(GArray *out, const struct section *section, const struct line *line, int width)
{
	int indent = line->kind == LINE_FIELD ? section->label_width + 2 : 0;
	g_autoptr(GPtrArray) parts = NULL;

	if (line->kind == LINE_CELLS) {
		struct placed placed = { .section = section, .line = line, .first = true };

		g_array_append_val(out, placed);
		return;
	}
	parts = text_wrap(line->text, MAX(width - 1 - indent, 10));
	for (guint i = 0; i < parts->len; i++) {
		struct placed placed = {
			.section = section, .line = line, .text = g_strdup(parts->pdata[i]), .first = i == 0
		};

		g_array_append_val(out, placed);
	}
}

static void
place_section(GArray *out, const struct section *section, int width)
{
	struct placed title = { .section = section };
	struct placed blank = { 0 };

	if (out->len)
		g_array_append_val(out, blank);
	g_array_append_val(out, title);
	for (guint i = 0; i < section->lines->len; i++)
		place_line(out, section, section->lines->pdata[i], width);
}

/* Fills COLUMNS arrays as evenly as the order of the sections allows; returns the greatest height. */
static int
lay_out(const struct page *page, GArray **out, int ncolumns, int width)
{
	int total = 0, at = 0, height = 0;
	g_autofree int *heights = g_new0(int, page->sections->len + 1);

	for (guint i = 0; i < page->sections->len; i++) {
		g_autoptr(GArray) alone = placed_new();

		place_section(alone, page->sections->pdata[i], width);
		heights[i] = (int)alone->len + 1;
		total += heights[i];
	}
	for (guint i = 0; i < page->sections->len; i++) {
		int filled = (int)out[at]->len, target = (total + ncolumns - 1) / ncolumns;

		/* on to the next column when that leaves this one nearer to its share */
		if (at + 1 < ncolumns && filled && filled + heights[i] / 2 > target)
			at++;
		place_section(out[at], page->sections->pdata[i], width);
	}
	for (int i = 0; i < ncolumns; i++)
		height = MAX(height, (int)out[i]->len);
	return height;
}

/* ---- drawing ---- */

static void
draw_cells(const struct pane *pane, int y, const struct line *line)
{
	int x = 1;

	for (guint i = 0; i < line->cells->len; i++) {
		const struct page_cell *cell = &g_array_index(line->cells, struct page_cell, i);

		/* the last one takes what is left */
		pane_field(pane, y, x,
			i + 1 == line->cells->len && cell->align == ALIGN_LEFT ? pane->cols - x : cell->width,
			cell->align, cell->role, cell->text);
		x += cell->width + 2;
	}
}

static void
draw_placed(const struct pane *pane, int y, const struct placed *placed)
{
	const struct section *section = placed->section;
	const struct line *line = placed->line;

	if (!section)
		return;
	if (!line) {
		pane_text(pane, y, 0, -1, ROLE_TITLE, section->title);
	} else if (line->kind == LINE_CELLS) {
		draw_cells(pane, y, line);
	} else if (line->kind == LINE_FIELD) {
		if (placed->first)
			pane_field(pane, y, 1, section->label_width, ALIGN_LEFT, ROLE_DIM, line->label);
		pane_text(pane, y, section->label_width + 3, -1, line->role, placed->text);
	} else {
		pane_text(pane, y, 1, -1, line->role, placed->text);
	}
}

void
page_draw(struct page *page, const struct pane *pane)
{
	int ncolumns = CLAMP(pane->cols / page->least, 1, MAX_COLUMNS);
	int width = (pane->cols - (ncolumns - 1) * COLUMN_GAP) / ncolumns;
	GArray *columns[MAX_COLUMNS];

	for (int i = 0; i < ncolumns; i++)
		columns[i] = placed_new();
	page->height = lay_out(page, columns, ncolumns, width);
	page->shown = pane->rows;
	page_scroll(page, 0);
	for (int i = 0; i < ncolumns; i++) {
		struct pane column = pane_sub(pane, 0, i * (width + COLUMN_GAP), pane->rows, width);

		for (int y = 0; y < pane->rows && page->top + y < (int)columns[i]->len; y++)
			draw_placed(&column, y, &g_array_index(columns[i], struct placed, page->top + y));
		g_array_free(columns[i], TRUE);
	}
	if (page->top > 0)
		pane_glyph(pane, 0, pane->cols - 1, ROLE_KEY, "▲", '^');
	if (page->top + page->shown < page->height)
		pane_glyph(pane, pane->rows - 1, pane->cols - 1, ROLE_KEY, "▼", 'v');
}

void
page_scroll(struct page *page, int by)
{
	page->top = CLAMP(page->top + by, 0, MAX(page->height - page->shown, 0));
}

bool
page_request(struct page *page, int request)
{
	switch (request) {
	case REQ_DOWN:
		page_scroll(page, 1);
		return true;
	case REQ_UP:
		page_scroll(page, -1);
		return true;
	case REQ_PAGE_DOWN:
	case REQ_MARK: /* Space pages where there is nothing to mark */
		page_scroll(page, MAX(page->shown - 1, 1));
		return true;
	case REQ_PAGE_UP:
		page_scroll(page, -MAX(page->shown - 1, 1));
		return true;
	case REQ_FIRST:
		page_scroll(page, -page->height);
		return true;
	case REQ_LAST:
		page_scroll(page, page->height);
		return true;
	default:
		return false;
	}
}
