#include "views/dossier.h"

#include "tui/bar.h"
#include "views/events.h"
#include "views/request.h"
#include "views/units.h"

#include <math.h>
#include <string.h>

#define EVENTS_SEEN  200
#define EVENTS_SHOWN 8
#define ERRORS_SHOWN 5
#define READY_SCALE  20 /* percent at the top of the graph, at least: who waits longer is in trouble anyway */
#define CLOCK_CELL   9

/* ---- numbers of the tables ---- */

double
dossier_number(const struct env *env, const struct row_kind *kind, const void *row, const char *name)
{
	struct value value;

	column_value(column_by_name(kind, name), &env->row, row, &value);
	return value.type == VALUE_NUMBER ? value.number : -1;
}

void
dossier_cell(const struct env *env, const struct row_kind *kind, const void *row, const char *name,
	struct cell *out)
{
	const struct column *column = column_by_name(kind, name);
	bool per_s = column->info->unit == UNIT_BYTES_S || column->info->unit == UNIT_PER_S;

	column_cell(column, &env->row, row, out);
	if (per_s && out->role != ROLE_DIM)
		g_strlcat(out->text, "/s", sizeof(out->text));
}

void
dossier_text(struct page *page, const char *label, const char *text)
{
	bool known = text && *text;

	page_field(page, label, known ? ROLE_NORMAL : ROLE_DIM, "%s", known ? text : "-");
}

void
dossier_field(struct page *page, const struct env *env, const struct row_kind *kind, const void *row,
	const char *label, const char *name)
{
	struct cell cell;

	dossier_cell(env, kind, row, name, &cell);
	page_field(page, label, cell.role, "%s", cell.text);
}

/* ---- head ---- */

void
dossier_head_traffic(struct page *page, const struct env *env, const struct row_kind *kind, const void *row)
{
	static const struct {
		const char *label, *in, *in_word, *out, *out_word;
	} pairs[] = {
		{ "net", "net-rx", "in", "net-tx", "out" },
		{ "disk", "disk-rd", "read", "disk-wr", "written" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
		struct cell in, out;

		dossier_cell(env, kind, row, pairs[i].in, &in);
		dossier_cell(env, kind, row, pairs[i].out, &out);
		page_piece(page, pairs[i].label, in.role, "%s %s %s %s", pairs[i].in_word, in.text,
			pairs[i].out_word, out.text);
	}
}

void
dossier_head_silence(struct page *page, const struct env *env, const struct host_snap *host)
{
	char age[UNIT_TEXT];

	page_head(page);
	if (host->retry_us) {
		unit_age(age, host->retry_us - env->row.now_us);
		page_piece(page, "next try in", ROLE_NORMAL, "%s", age);
	}
	if (host->sampled_us) {
		unit_age(age, env->row.now_us - host->sampled_us);
		page_piece(page, "last numbers", ROLE_WARN, "%s old", age);
	}
	if (host->why)
		page_piece(page, NULL, ROLE_NORMAL, "%s", host->why);
}

/* ---- histories ---- */

static const struct {
	enum history_series series;
	const char *label;
	enum unit unit;
	enum threshold threshold;
	double scale; /* of the graph, 0: made of the numbers, the same for this series and PARTNER */
	enum history_series partner;
	bool major;
} histories[] = {
	{ HISTORY_CPU, "CPU", UNIT_PCT, THRESHOLD_CPU, 100, HISTORY_CPU, true },
	{ HISTORY_READY, "ready", UNIT_PCT, THRESHOLD_READY, READY_SCALE, HISTORY_READY, false },
	{ HISTORY_MEM, "memory", UNIT_PCT, THRESHOLD_NONE, 100, HISTORY_MEM, false },
	{ HISTORY_NET_RX, "net in", UNIT_BYTES_S, THRESHOLD_NONE, 0, HISTORY_NET_TX, false },
	{ HISTORY_NET_TX, "net out", UNIT_BYTES_S, THRESHOLD_NONE, 0, HISTORY_NET_RX, false },
	{ HISTORY_DISK_RD, "disk read", UNIT_BYTES_S, THRESHOLD_NONE, 0, HISTORY_DISK_WR, false },
	{ HISTORY_DISK_WR, "disk write", UNIT_BYTES_S, THRESHOLD_NONE, 0, HISTORY_DISK_RD, false },
};

static const char *const span_titles[HISTORY_SPAN_COUNT] = {
	[HISTORY_1M] = "Last minute",
	[HISTORY_15M] = "Last 15 minutes",
	[HISTORY_1H] = "Last hour",
};

static enum history_span
span_of(const struct view *view)
{
	const struct dossier *dossier = view->state;

	return (enum history_span)((HISTORY_15M + dossier->turns) % HISTORY_SPAN_COUNT);
}

/* Points of the series, or none; NAN where nothing was known. */
static size_t
read_series(const struct view *view, enum history_series series, enum history_span span,
	double out[HISTORY_MAX_POINTS])
{
	const struct env *env = view->env;

	if (!env->row.history ||
		!history_read(env->row.history, &view->subject, series, span, env->row.now_us, out))
		return 0;
	return history_points(span);
}

/* The greatest known one, NAN: none. */
static double
greatest(const double *values, size_t n)
{
	double most = NAN;

	for (size_t i = 0; i < n; i++)
		most = fmax(most, values[i]); /* takes the number where one is NAN */
	return most;
}

static double
choose_scale(const struct view *view, size_t which, double most)
{
	double values[HISTORY_MAX_POINTS];
	size_t n;

	if (histories[which].scale > 0)
		return fmax(histories[which].scale, histories[which].scale < 100 ? unit_round_up(most) : 0);
	n = read_series(view, histories[which].partner, span_of(view), values);
	return unit_round_up(fmax(most, greatest(values, n)));
}

static void
format_number(char out[UNIT_TEXT], enum unit unit, double number)
{
	if (isnan(number))
		strcpy(out, "-");
	else
		unit_format_long(out, unit, number);
}

/* A guest may fill its memory as it likes; a host had better not. */
static enum role
history_role(const struct view *view, size_t which, double now)
{
	bool of_host = histories[which].series == HISTORY_MEM && view->subject.is_host;

	if (isnan(now))
		return ROLE_DIM;
	return threshold_role(view->env->config, of_host ? THRESHOLD_MEM : histories[which].threshold, now);
}

/* A host itself waits for nothing: it is the guest that waits most. A guest's memory is what it uses, or what its host holds
 * of it when that is not known. */
static const char *
history_label(struct view *view, size_t which)
{
	const struct vm *vm = view->subject.is_host ? NULL : view_subject_vm(view);

	if (histories[which].series == HISTORY_READY && view->subject.is_host)
		return "worst ready";
	if (histories[which].series == HISTORY_MEM && vm)
		return !VM_HAS(vm, VM_MEM_USED) && VM_HAS(vm, VM_MEM_RSS) ? "memory held" : "memory used";
	return histories[which].label;
}

static void
add_history(struct view *view, struct page *page, size_t which, double now)
{
	double values[HISTORY_MAX_POINTS], scale, most;
	uint8_t points[HISTORY_MAX_POINTS];
	char now_text[UNIT_TEXT], most_text[UNIT_TEXT];
	size_t n = read_series(view, histories[which].series, span_of(view), values);

	most = fmax(greatest(values, n), now); /* the points are means: what is now may be above them */
	scale = choose_scale(view, which, most);
	for (size_t i = 0; i < n; i++)
		points[i] =
			isnan(values[i]) ? SPARK_UNKNOWN : (uint8_t)CLAMP(100 * values[i] / scale, 0, 100);
	format_number(now_text, histories[which].unit, now);
	format_number(most_text, histories[which].unit, most);
	page_graph(page, &(struct page_graph){
				 .label = history_label(view, which),
				 .values = points,
				 .n = n,
				 .role = history_role(view, which, now),
				 .now = now_text,
				 .most = most_text,
				 .major = histories[which].major,
			 });
}

void
dossier_histories(struct view *view, struct page *page, const double now[HISTORY_SERIES_COUNT])
{
	g_autofree char *key = keys_label(keys_of(view->env->keys, view->ops->name), REQ_SPAN);
	g_autofree char *title = key ? g_strdup_printf("%s (%s switches)", span_titles[span_of(view)], key)
				     : g_strdup(span_titles[span_of(view)]);

	page_section(page, title);
	page_note(page, "now     max");
	for (size_t i = 0; i < G_N_ELEMENTS(histories); i++)
		add_history(view, page, i, now[histories[i].series]);
}

/* What both kinds of rows have a column for. */
void
dossier_now(
	const struct env *env, const struct row_kind *kind, const void *row, double now[HISTORY_SERIES_COUNT])
{
	static const struct {
		enum history_series series;
		const char *column;
	} columns[] = {
		{ HISTORY_CPU, "cpu" },
		{ HISTORY_NET_RX, "net-rx" },
		{ HISTORY_NET_TX, "net-tx" },
		{ HISTORY_DISK_RD, "disk-rd" },
		{ HISTORY_DISK_WR, "disk-wr" },
	};

	for (size_t i = 0; i < HISTORY_SERIES_COUNT; i++)
		now[i] = NAN;
	for (size_t i = 0; i < G_N_ELEMENTS(columns); i++) {
		double number = dossier_number(env, kind, row, columns[i].column);

		if (number >= 0)
			now[columns[i].series] = number;
	}
}

bool
dossier_has_history(const struct view *view)
{
	double values[HISTORY_MAX_POINTS];

	return read_series(view, HISTORY_CPU, span_of(view), values) > 0;
}

/* ---- events ---- */

void
dossier_look(struct view *view)
{
	struct dossier *dossier = view->state;

	if (dossier->events)
		g_ptr_array_unref(dossier->events);
	dossier->events = events_about(view->env, &view->subject, EVENTS_SEEN);
}

int64_t
dossier_since_us(const struct view *view)
{
	const struct dossier *dossier = view->state;
	enum event_kind kind = view->subject.is_host ? EVENT_KIND_HOST : EVENT_KIND_GUEST;

	for (guint i = 0; i < dossier->events->len; i++) {
		const struct event *event = dossier->events->pdata[i];

		if (event->kind == kind)
			return event->at_us;
	}
	return 0;
}

/* "13:02:11 ✕ web-1 crashed: the watchdog bit" */
static void
add_event(const struct view *view, struct page *page, const struct event *event)
{
	const struct look *look = event_look(event->level);
	const char ascii[] = { look->ascii, '\0' };
	bool named = view->subject.is_host && event->vm;
	g_autofree char *words = event_words(event);
	g_autofree char *text = g_strdup_printf("%s%s%s", named ? event->vm : "", named ? " " : "", words);
	char clock[EVENT_CLOCK];
	const struct page_cell cells[] = {
		{ clock, CLOCK_CELL, ALIGN_LEFT, ROLE_DIM },
		{ view->env->row.ascii ? ascii : look->glyph, 1, ALIGN_LEFT, look->role },
		{ text, 0, ALIGN_LEFT, event->level == EVENT_BAD ? ROLE_BAD : ROLE_NORMAL },
	};

	event_clock(event, view->env->row.now_us, clock);
	page_cells(page, cells, G_N_ELEMENTS(cells));
}

/* The last ones, and errors from before them: these shall not drown in the others. */
void
dossier_events(struct view *view, struct page *page)
{
	const struct dossier *dossier = view->state;
	unsigned errors = 0;

	page_section(page, "Last events");
	if (dossier->events->len == 0)
		page_text(page, ROLE_DIM, "none since virt-fleet was started");
	for (guint i = 0; i < dossier->events->len; i++) {
		const struct event *event = dossier->events->pdata[i];

		if (i >= EVENTS_SHOWN && (event->level != EVENT_BAD || errors == ERRORS_SHOWN))
			continue;
		if (i >= EVENTS_SHOWN && errors++ == 0)
			page_section(page, "Errors before");
		add_event(view, page, event);
	}
}

/* ---- what can't be known ---- */

void
dossier_unknowns(struct page *page, char *const *of_host, char *const *of_detail)
{
	char *const *const lists[] = { of_host, of_detail };
	bool titled = false;

	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
		for (char *const *line = lists[i]; line && *line; line++) {
			if (!titled)
				page_section(page, "What can't be known here");
			titled = true;
			page_text(page, ROLE_DIM, "%s", *line);
		}
}

/* ---- view_ops ---- */

bool
dossier_request(struct view *view, int request)
{
	struct dossier *dossier = view->state;

	if (request != REQ_SPAN)
		return false;
	dossier->turns++;
	view_update(view);
	return true;
}

void
dossier_done(struct view *view)
{
	struct dossier *dossier = view->state;

	if (dossier->events)
		g_ptr_array_unref(dossier->events);
}
