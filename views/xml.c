/* xml: a guest's XML as its host tells it – to be read, searched and copied. */
#include "views/catalog.h"
#include "views/request.h"
#include "views/units.h"

#include "tui/cell.h"

#include <string.h>

#define SIDE_STEP 8

struct xml {
	char *text;        /* NULL: not there yet */
	GPtrArray *lines;  /* char *, harmless */
	GPtrArray *folded; /* the same without case, for the search */
	int top, left, rows, widest;
	char *query; /* without case; NULL: nothing is searched for */
	int match;   /* line, -1: none */
	int before;  /* where the view stood when the search began */
};

/* ---- text ---- */

static const char *
text_of(struct view *view)
{
	const struct vm *vm = view_subject_vm(view);
	const struct vm_detail *detail = vm ? vm->host->vm_detail : NULL;

	return detail && memcmp(detail->uuid, vm->uuid, UUID_LEN) == 0 ? detail->xml : NULL;
}

static void
xml_set(struct xml *xml, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	g_free(xml->text);
	xml->text = g_strdup(text);
	if (xml->lines) {
		g_ptr_array_unref(xml->lines);
		g_ptr_array_unref(xml->folded);
	}
	xml->lines = g_ptr_array_new_with_free_func(g_free);
	xml->folded = g_ptr_array_new_with_free_func(g_free);
	xml->widest = 0;
	for (char **line = lines; *line; line++) {
		char *harmless;

		if (!**line && !line[1])
			break; /* what follows the last newline */
		harmless = text_harmless(*line);
		xml->widest = MAX(xml->widest, text_width(harmless));
		g_ptr_array_add(xml->lines, harmless);
		g_ptr_array_add(xml->folded, g_utf8_strdown(harmless, -1));
	}
}

/* What was there stays when its host falls silent: it is good to read meanwhile. */
static void
xml_refresh(struct view *view)
{
	struct xml *xml = view->state;
	const char *text = text_of(view);

	if (!text || g_strcmp0(text, xml->text) == 0)
		return;
	if (!xml->text)
		xml->match = -1;
	xml_set(xml, text);
	xml->match = MIN(xml->match, (int)xml->lines->len - 1);
}

/* ---- search ---- */

static bool
matches(const struct xml *xml, int line)
{
	return xml->query && strstr(xml->folded->pdata[line], xml->query);
}

/* The first match from line AT on, going by STEP and around the ends; -1: none. */
static int
find_match(const struct xml *xml, int at, int step)
{
	int n = (int)xml->lines->len;

	for (int i = 0; i < n; i++, at += step) {
		int line = ((at % n) + n) % n;

		if (matches(xml, line))
			return line;
	}
	return -1;
}

static void
show_line(struct xml *xml, int line)
{
	if (line < xml->top || line >= xml->top + xml->rows)
		xml->top = MAX(line - xml->rows / 3, 0);
}

static void
go_to_match(struct view *view, int step)
{
	struct xml *xml = view->state;
	int from = xml->match >= 0 ? xml->match + step : xml->top;

	if (!xml->text || !xml->query) {
		env_notice(view->env, ROLE_STATUS, "nothing is searched for");
		return;
	}
	xml->match = find_match(xml, from, step);
	if (xml->match >= 0)
		show_line(xml, xml->match);
	else
		env_notice(view->env, ROLE_STATUS, "no line matches");
}

/* As it is typed, the view goes to the first match from where it stood. */
static void
xml_search(struct view *view, const char *text)
{
	struct xml *xml = view->state;

	if (!xml->query)
		xml->before = xml->top;
	g_clear_pointer(&xml->query, g_free);
	xml->match = -1;
	if (!*text)
		return;
	xml->query = g_utf8_strdown(text, -1);
	if (!xml->text)
		return;
	xml->top = xml->before;
	xml->match = find_match(xml, xml->before, 1);
	if (xml->match >= 0)
		show_line(xml, xml->match);
}

/* ---- copy ---- */

static void
xml_copy(struct view *view)
{
	struct xml *xml = view->state;
	g_autoptr(GError) error = NULL;
	char size[UNIT_TEXT];

	if (!xml->text) {
		env_notice(view->env, ROLE_WARN, "there is nothing to copy yet");
		return;
	}
	if (!env_copy(view->env, xml->text, &error)) {
		env_notice(view->env, ROLE_BAD, "not copied: %s", error->message);
		return;
	}
	unit_format(size, UNIT_BYTES, (double)strlen(xml->text));
	env_notice(view->env, ROLE_STATUS,
		"sent the XML of %s, %u lines, %s, to the clipboard of your terminal", view->subject_name,
		xml->lines->len, size);
}

/* ---- drawing ---- */

static bool
is_quote(gunichar c)
{
	return c == '\'' || c == '"';
}

/* Values stand out: they are what one looks for. */
static void
draw_line(const struct pane *pane, int y, int left, const char *line)
{
	gunichar open = 0;
	int x = -left;

	for (const char *at = line; *at && x < pane->cols; at += g_utf8_skip[(guchar)*at]) {
		gunichar c = g_utf8_get_char(at);
		bool opens = !open && is_quote(c), closes = open && c == open;
		char one[8] = { 0 };

		g_unichar_to_utf8(c, one);
		if (x >= 0)
			pane_text(pane, y, x, -1, open && !closes ? ROLE_INFO : ROLE_NORMAL, one);
		open = opens ? c : closes ? 0 : open;
		x += text_width(one);
	}
	if (x >= pane->cols && text_width(line) - left > pane->cols)
		pane_glyph(pane, y, pane->cols - 1, ROLE_KEY, "›", '>');
}

static void
mark_matches(const struct pane *pane, int y, const struct xml *xml, int line)
{
	const char *folded = xml->folded->pdata[line], *at = folded;
	int width = text_width(xml->query);

	while ((at = strstr(at, xml->query))) {
		g_autofree char *before = g_strndup(folded, (gsize)(at - folded));
		int x = text_width(before) - xml->left;

		if (x >= 0)
			pane_restyle(pane, y, x, width, line == xml->match ? ROLE_CURSOR : ROLE_MARKED, 0);
		at += strlen(xml->query);
	}
}

static void
draw_position(const struct pane *pane, const struct xml *xml)
{
	if (xml->top > 0)
		pane_glyph(pane, 0, pane->cols - 1, ROLE_KEY, "▲", '^');
	if (xml->top + pane->rows < (int)xml->lines->len)
		pane_glyph(pane, pane->rows - 1, pane->cols - 1, ROLE_KEY, "▼", 'v');
}

static const char *
why_empty(struct view *view)
{
	const struct vm *vm = view_subject_vm(view);

	return !vm ? "This VM is no longer there."
	       : !host_snap_fresh(vm->host, view->env->row.now_us)
		       ? "Its host does not answer, and its XML has not been read before."
	       : vm->host->vm_detail && !vm->host->vm_detail->taken_us
		       ? "Its host is not asked for it now: its page says why."
		       : "Asking its host …";
}

static void
xml_draw(struct view *view, const struct pane *pane)
{
	struct xml *xml = view->state;

	xml_refresh(view);
	if (!xml->text) {
		pane_text(pane, 0, 1, -1, ROLE_DIM, why_empty(view));
		return;
	}
	xml->rows = pane->rows;
	xml->top = CLAMP(xml->top, 0, MAX((int)xml->lines->len - xml->rows, 0));
	xml->left = CLAMP(xml->left, 0, MAX(xml->widest - pane->cols + 1, 0));
	for (int y = 0; y < pane->rows && xml->top + y < (int)xml->lines->len; y++) {
		draw_line(pane, y, xml->left, xml->lines->pdata[xml->top + y]);
		if (matches(xml, xml->top + y))
			mark_matches(pane, y, xml, xml->top + y);
	}
	draw_position(pane, xml);
}

/* ---- requests ---- */

static bool
xml_request(struct view *view, int request)
{
	struct xml *xml = view->state;
	int page = MAX(xml->rows - 1, 1), end = xml->lines ? (int)xml->lines->len : 0;
	const struct {
		int request, down, right;
	} moves[] = {
		{ REQ_DOWN, 1, 0 },
		{ REQ_UP, -1, 0 },
		{ REQ_PAGE_DOWN, page, 0 },
		{ REQ_MARK, page, 0 },
		{ REQ_PAGE_UP, -page, 0 },
		{ REQ_FIRST, -end, 0 },
		{ REQ_LAST, end, 0 },
		{ REQ_LEFT, 0, -SIDE_STEP },
		{ REQ_RIGHT, 0, SIDE_STEP },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(moves); i++) {
		if (moves[i].request != request)
			continue;
		xml->top = CLAMP(xml->top + moves[i].down, 0, MAX(end - xml->rows, 0));
		xml->left = MAX(xml->left + moves[i].right, 0);
		return true;
	}
	if (request == REQ_COPY)
		xml_copy(view);
	else if (request == REQ_NEXT_MATCH || request == REQ_PREVIOUS_MATCH)
		go_to_match(view, request == REQ_NEXT_MATCH ? 1 : -1);
	else
		return request == REQ_OPEN;
	return true;
}

static char *
xml_title(struct view *view)
{
	return g_strdup_printf("xml %s", view->subject_name ? view->subject_name : "-");
}

static void
xml_done(struct view *view)
{
	struct xml *xml = view->state;

	if (xml->lines) {
		g_ptr_array_unref(xml->lines);
		g_ptr_array_unref(xml->folded);
	}
	g_free(xml->text);
	g_free(xml->query);
}

static const struct binding keys[] = {
	{ "y", REQ_COPY },
	{ "n", REQ_NEXT_MATCH },
	{ "N", REQ_PREVIOUS_MATCH },
	{ "X", REQ_BACK },
	{ NULL, 0 },
};

const struct view_ops xml_view = {
	.name = "xml",
	.help = "The XML of one VM",
	.target = TARGET_VM,
	.keys = keys,
	.about_one = true,
	.draw = xml_draw,
	.search = xml_search,
	.state_size = sizeof(struct xml),
	.request = xml_request,
	.title = xml_title,
	.done = xml_done,
};
