/* page: what is on it, and where it is scrolled to. */
#include "views/page_private.h"

#include "tui/cell.h"
#include "views/request.h"

#include <stdarg.h>
#include <string.h>

#define LABEL_MOST 20
#define STRIP_STEP 8

/* ---- life ---- */

static void
line_cell_clear(gpointer pointer)
{
	g_free((char *)(uintptr_t)((struct line_cell *)pointer)->cell.text);
}

static void
line_free(gpointer pointer)
{
	struct line *line = pointer;

	if (line->cells)
		g_array_free(line->cells, TRUE);
	g_free(line->values);
	g_free(line->label);
	g_free(line->text);
	g_free(line->most);
	g_free(line);
}

static void
section_free(gpointer pointer)
{
	struct section *section = pointer;

	g_ptr_array_free(section->lines, TRUE);
	g_free(section->title);
	g_free(section->note);
	g_free(section);
}

static void
piece_clear(gpointer pointer)
{
	struct piece *piece = pointer;

	g_free(piece->label);
	g_free(piece->text);
}

static void
head_free(gpointer pointer)
{
	g_array_free(pointer, TRUE);
}

struct page *
page_new(int least)
{
	struct page *page = g_new0(struct page, 1);

	page->least = least;
	page->head = g_ptr_array_new_with_free_func(head_free);
	page->sections = g_ptr_array_new_with_free_func(section_free);
	page->tops = g_array_new(FALSE, TRUE, sizeof(int));
	page->columns = g_array_new(FALSE, TRUE, sizeof(int));
	page->focus = -1;
	return page;
}

void
page_free(struct page *page)
{
	if (!page)
		return;
	g_ptr_array_free(page->head, TRUE);
	g_ptr_array_free(page->sections, TRUE);
	g_array_free(page->tops, TRUE);
	g_array_free(page->columns, TRUE);
	g_free(page);
}

void
page_clear(struct page *page)
{
	g_ptr_array_set_size(page->head, 0);
	g_ptr_array_set_size(page->sections, 0);
}

/* ---- head ---- */

void
page_head(struct page *page)
{
	GArray *pieces = g_array_new(FALSE, TRUE, sizeof(struct piece));

	g_array_set_clear_func(pieces, piece_clear);
	g_ptr_array_add(page->head, pieces);
}

static void
add_piece(struct page *page, struct piece piece)
{
	GArray *pieces = page->head->pdata[page->head->len - 1];

	g_array_append_val(pieces, piece);
}

void
page_piece(struct page *page, const char *label, enum role role, const char *format, ...)
{
	struct piece piece = { .label = g_strdup(label), .role = role };
	va_list args;

	va_start(args, format);
	piece.text = g_strdup_vprintf(format, args);
	va_end(args);
	add_piece(page, piece);
}

void
page_piece_meter(struct page *page, const char *label, enum role role, double pct, const char *format, ...)
{
	struct piece piece = { .label = g_strdup(label), .role = role, .meter = true, .pct = pct };
	va_list args;

	va_start(args, format);
	piece.text = g_strdup_vprintf(format, args);
	va_end(args);
	add_piece(page, piece);
}

/* ---- blocks ---- */

void
page_section(struct page *page, const char *title)
{
	struct section *section = g_new0(struct section, 1);

	section->title = g_strdup(title);
	section->lines = g_ptr_array_new_with_free_func(line_free);
	g_ptr_array_add(page->sections, section);
}

static struct section *
last_section(const struct page *page)
{
	return page->sections->pdata[page->sections->len - 1];
}

void
page_section_wide(struct page *page, const char *title)
{
	page_section(page, title);
	last_section(page)->wide = true;
}

void
page_note(struct page *page, const char *text)
{
	struct section *section = last_section(page);

	g_free(section->note);
	section->note = g_strdup(text);
}

static struct line *
add_line(struct page *page, enum line_kind kind, enum role role, const char *label)
{
	struct section *section = last_section(page);
	struct line *line = g_new0(struct line, 1);

	line->kind = kind;
	line->role = role;
	line->label = g_strdup(label);
	if (label)
		section->label_width = MIN(MAX(section->label_width, text_width(label)), LABEL_MOST);
	g_ptr_array_add(section->lines, line);
	return line;
}

void
page_field(struct page *page, const char *label, enum role role, const char *format, ...)
{
	struct line *line = add_line(page, LINE_FIELD, role, label);
	va_list args;

	va_start(args, format);
	line->text = g_strdup_vprintf(format, args);
	va_end(args);
}

void
page_text(struct page *page, enum role role, const char *format, ...)
{
	struct line *line = add_line(page, LINE_TEXT, role, NULL);
	va_list args;

	va_start(args, format);
	line->text = g_strdup_vprintf(format, args);
	va_end(args);
}

void
page_meter(struct page *page, const char *label, enum role role, double pct, const char *format, ...)
{
	struct line *line = add_line(page, LINE_METER, role, label);
	va_list args;

	va_start(args, format);
	line->text = g_strdup_vprintf(format, args);
	va_end(args);
	line->pct = pct;
}

void
page_graph(struct page *page, const struct page_graph *graph)
{
	struct line *line = add_line(page, LINE_GRAPH, graph->role, graph->label);

	line->text = g_strdup(graph->now);
	line->most = g_strdup(graph->most);
	line->major = graph->major;
	line->values = g_memdup2(graph->values, graph->n);
	line->nvalues = graph->n;
}

void
page_cells(struct page *page, const struct page_cell *cells, size_t n)
{
	struct line *line = add_line(page, LINE_CELLS, ROLE_NORMAL, NULL);

	line->cells = g_array_new(FALSE, TRUE, sizeof(struct line_cell));
	g_array_set_clear_func(line->cells, line_cell_clear);
	for (size_t i = 0; i < n; i++) {
		struct line_cell cell = { .cell = cells[i] };

		cell.cell.text = g_strdup(cells[i].text ? cells[i].text : "-");
		g_array_append_val(line->cells, cell);
	}
}

void
page_cells_meter(struct page *page, size_t i, double pct)
{
	GPtrArray *lines = last_section(page)->lines;
	struct line *line = lines->pdata[lines->len - 1];
	struct line_cell *cell = &g_array_index(line->cells, struct line_cell, i);

	cell->meter = true;
	cell->pct = pct;
}

void
page_strip(struct page *page, const char *label, const char *text, const uint8_t *roles)
{
	struct line *line = add_line(page, LINE_STRIP, ROLE_NORMAL, label);

	line->text = g_strdup(text);
	line->nvalues = (size_t)g_utf8_strlen(text, -1);
	line->values = g_memdup2(roles, line->nvalues);
}

/* ---- moving ---- */

void
page_scroll(struct page *page, int by)
{
	page->top = CLAMP(page->top + by, 0, MAX(page->height - page->shown, 0));
	if (by)
		page->focus = -1;
}

/* The block after, or before, the one that Tab went to last, or else the first line on the screen. */
static void
move_focus(struct page *page, int step)
{
	int n = (int)page->tops->len, next = page->focus + step;

	if (n == 0)
		return;
	if (page->focus < 0) {
		next = step > 0 ? 0 : n - 1;
		while (page->top > 0 && next + step >= 0 && next + step < n &&
			step * (g_array_index(page->tops, int, next) - page->top) <= 0)
			next += step;
	}
	next = (next + n) % n;
	page->top = g_array_index(page->tops, int, next);
	page_scroll(page, 0);
	page->focus = next;
}

static bool
scroll_strips(struct page *page, int by)
{
	if (page->hidden == 0)
		return false;
	page->left = CLAMP(page->left + by, 0, page->hidden);
	return true;
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
		page_scroll(page, -MAX(page->height, 1));
		return true;
	case REQ_LAST:
		page_scroll(page, MAX(page->height, 1));
		return true;
	case REQ_NEXT_BLOCK:
		move_focus(page, 1);
		return true;
	case REQ_PREVIOUS_BLOCK:
		move_focus(page, -1);
		return true;
	case REQ_LEFT:
		return scroll_strips(page, -STRIP_STEP);
	case REQ_RIGHT:
		return scroll_strips(page, STRIP_STEP);
	default:
		return false;
	}
}
