#include "views/columns.h"

#include "views/groups.h"
#include "views/units.h"

#include <assert.h>
#include <string.h>

/* ---- looks ---- */

#define LINK_LOOK(id, word, mark, ascii_mark, role_id, text) \
	[LINK_##id] = { .glyph = mark, .ascii = ascii_mark[0], .role = ROLE_##role_id, .help = text },
static const struct look link_looks[LINK_STATE_COUNT] = { LINK_STATES(LINK_LOOK) };

static const struct look vm_looks[VM_STATE_COUNT] = {
	[VM_STATE_UNKNOWN] = { "?", '?', ROLE_DIM, "not known" },
	[VM_STATE_RUNNING] = { "●", '*', ROLE_GOOD, "runs" },
	[VM_STATE_IDLE] = { "●", '*', ROLE_GOOD, "runs, waiting for something to do" },
	[VM_STATE_PAUSED] = { "‖", '=', ROLE_WARN, "frozen, keeps its memory" },
	[VM_STATE_STOPPING] = { "◑", '~', ROLE_WARN, "was asked to power off and still runs" },
	[VM_STATE_OFF] = { "○", 'o', ROLE_DIM, "powered off" },
	[VM_STATE_CRASHED] = { "✕", 'x', ROLE_BAD, "ended by a crash" },
	[VM_STATE_SUSPENDED] = { "‖", '=', ROLE_DIM, "put itself to sleep" },
};

const struct look *
link_look(enum link_state link)
{
	return &link_looks[link];
}

const struct look *
vm_look(enum vm_state state)
{
	return &vm_looks[state];
}

/* ---- words ---- */

#define WORD(id, word, ...) word,
const char *const vm_state_words[] = { VM_STATES(WORD) NULL };
const char *const vm_type_words[] = { VM_TYPES(WORD) NULL };
const char *const hypervisor_words[] = { HYPERVISORS(WORD) NULL };
const char *const link_words[] = { LINK_STATES(WORD) NULL };

/* ---- cells ---- */

enum role
threshold_role(const struct config *config, enum threshold threshold, double number)
{
	int64_t warn, bad;

	switch (threshold) {
	case THRESHOLD_CPU:
		warn = config->cpu_warn_pct;
		bad = config->cpu_bad_pct;
		break;
	case THRESHOLD_MEM:
		warn = config->mem_warn_pct;
		bad = config->mem_bad_pct;
		break;
	case THRESHOLD_READY:
		warn = config->ready_warn_pct;
		bad = config->ready_bad_pct;
		break;
	default:
		return ROLE_NORMAL;
	}
	return number >= (double)bad ? ROLE_BAD : number >= (double)warn ? ROLE_WARN : ROLE_NORMAL;
}

void
column_value_cell(
	const struct column *column, const struct row_ctx *ctx, const struct value *value, struct cell *out)
{
	char text[UNIT_TEXT];

	switch (value->type) {
	case VALUE_UNKNOWN:
		cell_unknown(out);
		break;
	case VALUE_TEXT:
		cell_set(out, ROLE_NORMAL, value->text);
		break;
	case VALUE_FLAG:
		cell_set(out, ROLE_NORMAL, value->number != 0 ? "yes" : "no");
		break;
	case VALUE_NUMBER:
		unit_format(text, column->info->unit, value->number);
		cell_set(out, threshold_role(ctx->config, column->threshold, value->number), text);
		break;
	}
}

void
column_cell(const struct column *column, const struct row_ctx *ctx, const void *row, struct cell *out)
{
	struct value value;

	if (column->cell) {
		column->cell(column, ctx, row, out);
		return;
	}
	column_value(column, ctx, row, &value);
	column_value_cell(column, ctx, &value, out);
}

/* ---- looking up ---- */

const char *
column_type_name(const struct column *column)
{
	static const struct {
		unsigned flag;
		const char *name;
	} names[] = {
		{ COLUMN_SCREEN, "on the screen only" },
		{ COLUMN_FLAG, "yes or no" },
		{ COLUMN_LIST, "list of words" },
		{ COLUMN_TEXT, "text" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (column->flags & names[i].flag)
			return names[i].name;
	return unit_name(column->info->unit);
}

static const struct row_kind *const kinds[] = { &host_rows, &vm_rows, &group_rows, &event_rows, &job_rows,
	&journal_rows };

const struct row_kind *
row_kind_by_name(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

char *
row_kind_names(void)
{
	GString *names = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		g_string_append_printf(names, "%s%s", i ? ", " : "", kinds[i]->name);
	return g_string_free(names, FALSE);
}

const struct column *
column_by_name(const struct row_kind *kind, const char *name)
{
	for (size_t i = 0; i < kind->ncolumns; i++)
		if (strcmp(kind->columns[i].info->name, name) == 0)
			return &kind->columns[i];
	return NULL;
}

/* A column that is named twice is there once: keys of an object are. */
static void
columns_add_once(const struct column *column, GPtrArray *out)
{
	if (!g_ptr_array_find(out, column, NULL))
		g_ptr_array_add(out, (gpointer)(uintptr_t)column);
}

static void
columns_add(const struct row_kind *kind, unsigned flags, GPtrArray *out)
{
	for (size_t i = 0; i < kind->ncolumns; i++)
		if (!flags || kind->columns[i].flags & flags)
			columns_add_once(&kind->columns[i], out);
}

char *
columns_names(const struct row_kind *kind)
{
	GString *list = g_string_new(NULL);

	for (size_t i = 0; i < kind->ncolumns; i++)
		g_string_append_printf(list, "%s%s", i ? ", " : "", kind->columns[i].info->name);
	return g_string_free(list, FALSE);
}

/* Adds what one word of a list of columns means; false: nothing. */
static bool
columns_add_word(const struct row_kind *kind, const char *word, GPtrArray *out)
{
	static const struct {
		const char *word;
		unsigned flags;
	} groups[] = {
		{ "all", 0 },
		{ "default", COLUMN_DEFAULT },
		{ "wide", COLUMN_DEFAULT | COLUMN_WIDE },
	};
	const struct column *column = column_by_name(kind, word);

	if (column)
		columns_add_once(column, out);
	for (size_t i = 0; !column && i < G_N_ELEMENTS(groups); i++) {
		if (strcmp(groups[i].word, word) == 0) {
			columns_add(kind, groups[i].flags, out);
			return true;
		}
	}
	return column != NULL;
}

GPtrArray *
columns_parse(const struct row_kind *kind, const char *text, GError **error)
{
	g_auto(GStrv) words = g_strsplit_set(text, ", ", -1);
	g_autoptr(GPtrArray) columns = g_ptr_array_new();

	for (size_t i = 0; words[i]; i++) {
		if (!*words[i] || columns_add_word(kind, words[i], columns))
			continue;
		g_autofree char *list = columns_names(kind);
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
			"%s have no column '%s'; there are: %s, and the words all, default, wide",
			kind->plural, words[i], list);
		return NULL;
	}
	if (columns->len == 0) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "no column is named");
		return NULL;
	}
	return g_steal_pointer(&columns);
}

void
column_need(const struct column *column, const struct row_kind *kind, struct snap_need *need)
{
	bool of_guest = kind == &vm_rows && !(column->flags & COLUMN_OF_HOST);

	if (column->flags & COLUMN_RATE)
		need->samples = 2;
	else if (!(column->flags & (COLUMN_LISTED | COLUMN_FACT)))
		need->samples = MAX(need->samples, 1);
	if (column->flags & COLUMN_FACT && kind == &host_rows)
		need->host_facts = true;
	else if (column->flags & COLUMN_FACT && kind == &vm_rows)
		*(of_guest ? &need->vm_facts : &need->host_facts) = true;
}
