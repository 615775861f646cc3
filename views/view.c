#include "views/view.h"

#include "views/request.h"

#include <string.h>

#define WHEEL_LINES 3
#define HEAD_LEAST  8 /* lines, for a table with something above it */

static void
remember_name(struct view *view, const char *name)
{
	g_free(view->subject_name);
	view->subject_name = g_strdup(name);
}

struct view *
view_new(const struct view_ops *ops, struct env *env, const struct row_key *subject)
{
	struct view *view = g_new0(struct view, 1);

	view->ops = ops;
	view->env = env;
	if (subject) {
		view->subject = *subject;
		view->scoped = true;
		if (subject->is_host && view_subject_host(view))
			remember_name(view, view_subject_host(view)->name);
		else if (!subject->is_host)
			view_subject_vm(view);
	}
	if (ops->state_size)
		view->state = g_malloc0(ops->state_size);
	if (ops->kind)
		view->list = list_new(ops->kind, env, subject ? (int64_t)subject->host : -1, view->state);
	if (ops->fill)
		view->page = page_new(ops->least);
	if (ops->opened)
		ops->opened(view);
	return view;
}

void
view_free(struct view *view)
{
	if (!view)
		return;
	if (view->ops->done)
		view->ops->done(view);
	list_free(view->list);
	page_free(view->page);
	g_free(view->summary);
	g_free(view->subject_name);
	g_free(view->state);
	g_free(view);
}

void
view_update(struct view *view)
{
	if (view->list)
		list_update(view->list);
	if (view->page) {
		page_clear(view->page);
		view->ops->fill(view, view->page);
	}
}

/* What stands above the table gives way where there is no room for both. */
static void
draw_list(struct view *view, const struct pane *pane)
{
	int head = view->ops->head && pane->rows > HEAD_LEAST ? view->ops->head(view, pane) : 0;
	struct pane below = pane_sub(pane, head, 0, pane->rows - head, pane->cols);

	list_draw(view->list, &below);
}

void
view_draw(struct view *view, const struct pane *pane)
{
	if (view->list)
		draw_list(view, pane);
	else if (view->page)
		page_draw(view->page, pane);
	else
		view->ops->draw(view, pane);
}

bool
view_request(struct view *view, int request)
{
	if (view->ops->request && view->ops->request(view, request))
		return true;
	if (view->list)
		return list_request(view->list, request);
	return view->page && page_request(view->page, request);
}

bool
view_mouse(struct view *view, struct input input)
{
	if (view->list)
		return list_mouse(view->list, input);
	if (view->ops->mouse)
		return view->ops->mouse(view, input);
	for (int i = 0; i < WHEEL_LINES; i++)
		if (input.button == MOUSE_WHEEL_UP || input.button == MOUSE_WHEEL_DOWN)
			view_request(view, input.button == MOUSE_WHEEL_UP ? REQ_UP : REQ_DOWN);
	return false;
}

char *
view_title(struct view *view)
{
	return view->ops->title ? view->ops->title(view) : g_strdup(view->ops->name);
}

/* A pass over all rows: made once per update, not for each frame. */
const char *
view_summary(struct view *view)
{
	if (!view->ops->summary)
		return NULL;
	if (!view->summary || view->summary_update != rows_contents(list_rows(view->list))) {
		g_free(view->summary);
		view->summary = view->ops->summary(view);
		view->summary_update = rows_contents(list_rows(view->list));
	}
	return view->summary;
}

void
view_selection(struct view *view, GArray *keys, unsigned *hidden)
{
	*hidden = 0;
	if (view->list)
		list_selection(view->list, keys, hidden);
	else if (view->ops->about_one)
		g_array_append_val(keys, view->subject);
}

bool
view_current(struct view *view, struct row_key *key)
{
	if (view->list)
		return list_current(view->list, key);
	if (view->ops->current)
		return view->ops->current(view, key);
	*key = view->subject;
	return view->ops->about_one;
}

/* ---- ages ---- */

static int64_t
host_age(const struct env *env, const struct host_snap *host)
{
	if (!host || host->link != LINK_UP || !host->sampled_us)
		return -1;
	return MAX(env->row.now_us - host->sampled_us, 0);
}

static int64_t
line_age(const struct view *view, size_t line)
{
	const struct rows *rows = list_rows(view->list);
	const struct row_group *group = rows_group_at(rows, line);

	return host_age(view->env, group ? group->host : view->ops->kind->host(rows_at(rows, line)));
}

static int64_t
list_age(const struct view *view)
{
	int64_t oldest = -1;
	size_t first, count;

	list_shown(view->list, &first, &count);
	for (size_t i = first; i < first + count; i++)
		oldest = MAX(oldest, line_age(view, i));
	return oldest;
}

int64_t
view_oldest_us(struct view *view)
{
	if (view->list && !view->ops->kind->gather)
		return list_age(view);
	if (view->ops->about_one) {
		const struct host_snap *host = view_subject_host(view);

		return host ? host_age(view->env, host) : -1;
	}
	return view->env->totals.oldest_us;
}

/* ---- subjects ---- */

const struct host_snap *
view_subject_host(struct view *view)
{
	const struct fleet_snap *snap = view->env->snap;

	return view->subject.host < snap->nhosts ? snap->hosts[view->subject.host] : NULL;
}

/* The guest has left its host: the only other one with its uuid and name, if there is one. */
static const struct vm *
find_moved(const struct view *view)
{
	const struct fleet_snap *snap = view->env->snap;

	for (size_t i = 0; view->subject_name && i < snap->nhosts; i++) {
		struct row_key key = view->subject;
		const struct vm *vm;

		key.host = (uint32_t)i;
		vm = fleet_snap_find_vm(snap, &key);
		if (vm && strcmp(vm->name, view->subject_name) == 0)
			return vm;
	}
	return NULL;
}

const struct vm *
view_subject_vm(struct view *view)
{
	const struct vm *vm = fleet_snap_find_vm(view->env->snap, &view->subject);

	if (!vm && (vm = find_moved(view)))
		view->subject = vm_key(vm);
	if (vm && (!view->subject_name || strcmp(view->subject_name, vm->name) != 0))
		remember_name(view, vm->name);
	return vm;
}
