/* console: a guest's serial console over the whole screen, under one line of ours. */
#include "actions/plan.h"
#include "actions/registry.h"
#include "views/catalog.h"
#include "views/request.h"
#include "views/serial.h"
#include "views/viewer.h"

#include "tui/cell.h"
#include "tui/wrap.h"

#include <string.h>

#define WHEEL_LINES 3
#define GAP         2

struct screen {
	int rows, cols; /* of the guest's part, at the last draw */
};

static struct serial *
serial_of(struct view *view)
{
	return view->env->serial;
}

/* ---- connecting ---- */

/* What the rules of plans say of it; NULL: nothing against it. */
static const char *
objection(const struct env *env, const struct action *action, const struct vm *vm)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));
	const char *why_not;

	g_array_append_val(keys, ((struct row_key[]){ vm_key(vm) })[0]);
	plan_survey(
		&(struct plan_opts){
			.action = action,
			.snap = env->snap,
			.keys = keys,
			.guards = env->guards,
			.now_us = env->now_us,
			.config = env->config,
		},
		&why_not);
	return why_not;
}

/* Judged anew each time; in better words than its host would have. */
static bool
is_possible(struct view *view, const struct vm *vm)
{
	const struct action *action = registry_find(false, console_view.verb);
	const char *why_not = NULL;
	g_autofree char *words = NULL;

	if (!vm) {
		serial_refuse(serial_of(view), "this VM is no longer there");
		return false;
	}
	if (action_possible(action, vm, &why_not)) {
		why_not = objection(view->env, action, vm);
		words = g_strdup(why_not);
	} else {
		words = g_strdup_printf("it needs %s (%s)", action->needs, why_not);
	}
	if (words)
		serial_refuse(serial_of(view), words);
	return !words;
}

static void
connect_guest(struct view *view, bool force)
{
	const struct vm *vm = view_subject_vm(view);
	g_autoptr(GError) error = NULL;

	if (is_possible(view, vm) && !serial_connect(serial_of(view), vm, force, &error))
		serial_refuse(serial_of(view), error->message);
}

static bool
lacks_console(const struct vm *vm)
{
	return vm->facts && !vm->facts->has_console;
}

/* The line that was left open is taken up again. */
static void
console_opened(struct view *view)
{
	const struct vm *vm = view_subject_vm(view);
	struct env *env = view->env;

	if (!vm)
		return;
	if (!env->serial || !serial_is_of(env->serial, vm)) {
		serial_free(env->serial);
		env->serial = serial_new(env, vm);
	}
	serial_look(env->serial, true);
	if (serial_state(env->serial) == SERIAL_CLOSED && !lacks_console(vm))
		connect_guest(view, false);
}

static void
console_done(struct view *view)
{
	if (serial_of(view))
		serial_look(serial_of(view), false);
}

/* ---- our line ---- */

static const struct {
	int request;
	const char *word;
} menu[] = {
	{ REQ_SEND_ESCAPE, "send Ctrl-]" },
	{ REQ_SEND_SIZE, "stty" },
	{ REQ_RECONNECT, "reconnect" },
	{ REQ_TAKE_OVER, "take over" },
	{ REQ_VIEWER, "virt-viewer" },
	{ REQ_TUNNEL, "ssh -L" },
	{ REQ_HELP, "help" },
};

/* The last of the keys for REQUEST, when the first has been typed. */
static int
draw_key(struct view *view, const struct pane *pane, int x, int request, const char *word, bool last_key)
{
	g_autofree char *label = keys_label(keys_of(view->env->keys, view->ops->name), request);
	const char *key = label && last_key && strrchr(label, ' ') ? strrchr(label, ' ') + 1 : label;

	if (!key || x + text_width(key) + 1 + text_width(word) > pane->cols)
		return x;
	x += pane_text(pane, 0, x, -1, ROLE_KEY, key) + 1;
	return x + pane_text(pane, 0, x, -1, ROLE_HEADER, word) + GAP;
}

static void
draw_menu(struct view *view, const struct pane *pane)
{
	int x = 0;

	pane_fill(pane, 0, 0, -1, ROLE_HEADER);
	for (size_t i = 0; i < G_N_ELEMENTS(menu); i++)
		x = draw_key(view, pane, x, menu[i].request, menu[i].word, true);
}

/* Nothing while all is well. */
static char *
state_words(struct view *view, enum role *role)
{
	struct serial *serial = serial_of(view);
	const struct vm *vm = view_subject_vm(view);
	int back = vt_scrolled(serial_vt(serial));

	*role = ROLE_WARN;
	if (vm && lacks_console(vm) && serial_state(serial) == SERIAL_CLOSED)
		return NULL; /* the page below says it better than its host */
	if (back)
		return g_strdup_printf("%d line%s back", back, back == 1 ? "" : "s");
	if (serial_state(serial) == SERIAL_OPENING)
		return g_strdup("connecting");
	if (serial_state(serial) == SERIAL_OPEN || !serial_why(serial))
		return NULL;
	*role = ROLE_BAD;
	return g_strdup_printf(
		"%s: Enter %s", serial_why(serial), serial_taken(serial) ? "tries again" : "reconnects");
}

/* At the right edge, as much as there is room for: "Ctrl-] returns  Ctrl-^ more" */
static void
draw_hints(struct view *view, const struct pane *pane, int x)
{
	const struct keymap *keymap = keys_of(view->env->keys, view->ops->name);
	g_autofree char *returns = keys_label(keymap, REQ_BACK), *more = keys_label(keymap, REQ_SEND_ESCAPE);
	g_autofree char *little = NULL, *text = NULL;

	if (!returns || !more)
		return;
	*strchrnul(more, ' ') = '\0'; /* the first key of two */
	little = g_strdup_printf("%s returns", returns);
	text = g_strdup_printf("%s  %s more", little, more);
	if (x + text_width(text) <= pane->cols)
		pane_text(pane, 0, pane->cols - text_width(text), -1, ROLE_HEADER, text);
	else if (x + text_width(little) <= pane->cols)
		pane_text(pane, 0, pane->cols - text_width(little), -1, ROLE_HEADER, little);
}

/* "virt-fleet  console web-1 on kvm017  …  Ctrl-] returns  Ctrl-^ more", or what has to be said now. */
static void
draw_line(struct view *view, const struct pane *pane)
{
	const struct notice *notice = &view->env->notice;
	const struct vm *vm = view_subject_vm(view);
	enum role role = notice->role;
	g_autofree char *state = notice->text ? NULL : state_words(view, &role);
	const char *words = notice->text ? notice->text : state;
	g_autofree char *what = g_strdup_printf("console %s", view->subject_name ? view->subject_name : "-");
	g_autofree char *where = g_strdup_printf(" on %s", vm ? vm->host->name : "-");
	int own = text_width(what) + text_width(where) + GAP + (words ? text_width(words) + GAP : 0), x = 0;

	pane_fill(pane, 0, 0, -1, ROLE_HEADER);
	if (text_width("virt-fleet") + GAP + own <= pane->cols)
		x += pane_text(pane, 0, 0, -1, ROLE_TITLE, "virt-fleet") + GAP;
	x += pane_text(pane, 0, x, -1, ROLE_TITLE, what);
	x += pane_text(pane, 0, x, -1, ROLE_HEADER, where) + GAP;
	if (words)
		x += pane_text(pane, 0, x, -1, role, words) + GAP;
	draw_hints(view, pane, x);
}

/* ---- a guest without a console ---- */

static int
draw_words(const struct pane *pane, int y, enum role role, const char *text)
{
	g_autoptr(GPtrArray) lines = text_wrap(text, MAX(pane->cols - 2, 10));

	for (guint i = 0; i < lines->len; i++)
		pane_text(pane, y++, 1, -1, role, lines->pdata[i]);
	return y + 1;
}

static void
draw_lack(struct view *view, const struct vm *vm, const struct pane *pane)
{
	const struct config_host *host = view->env->config->hosts->pdata[vm->host->index];
	g_autofree char *line = viewer_line(host, vm), *tunnel = viewer_tunnel(host, vm);
	int y = 1;

	y = draw_words(pane, y, ROLE_WARN, "This VM has no serial console.");
	y = draw_words(pane, y, ROLE_NORMAL,
		"To give it one, put this into its <devices> with virsh edit on its host, then shut it down "
		"and "
		"start it:");
	y = draw_words(pane, y, ROLE_INFO, "<serial type='pty'/> <console type='pty'/>");
	y = draw_words(pane, y, ROLE_NORMAL,
		"Inside, a Linux guest needs console=ttyS0 on the kernel's command line, and a login there:");
	y = draw_words(pane, y, ROLE_INFO, "systemctl enable --now serial-getty@ttyS0");
	if (!line)
		return;
	y = draw_words(pane, y, ROLE_NORMAL, "Its screen can be seen from a terminal of yours with");
	y = draw_words(pane, y, ROLE_INFO, line);
	if (tunnel)
		draw_words(pane, y, ROLE_INFO, tunnel);
}

/* ---- drawing ---- */

static void
console_draw_view(struct view *view, const struct pane *pane)
{
	struct serial *serial = serial_of(view);
	const struct vm *vm = view_subject_vm(view);
	struct pane body = pane_sub(pane, 1, 0, pane->rows - 1, pane->cols);
	struct screen *screen = view->state;

	if (!serial)
		return;
	if (view->env->prefix)
		draw_menu(view, pane);
	else
		draw_line(view, pane);
	if (body.rows <= 0)
		return;
	screen->rows = body.rows;
	screen->cols = body.cols;
	if (vm && lacks_console(vm) && serial_state(serial) == SERIAL_CLOSED) {
		draw_lack(view, vm, &body);
	} else {
		vt_resize(serial_vt(serial), body.rows, body.cols);
		vt_draw(serial_vt(serial), &body);
	}
	serial_drawn(serial);
}

static int64_t
console_draw_due(struct view *view)
{
	return serial_of(view) ? serial_draw_due_us(serial_of(view)) : 0;
}

/* ---- input ---- */

static int
console_typed(struct view *view, struct input input)
{
	struct serial *serial = serial_of(view);

	if (!serial)
		return REQ_BACK;
	if (serial_state(serial) == SERIAL_OPEN)
		serial_input(serial, input);
	else if (input.type != INPUT_KEY || serial_state(serial) == SERIAL_OPENING)
		return KEYMAP_NONE; /* nobody knows who would read it */
	else if (input.key.code == KEY_CODE_ENTER)
		return REQ_RECONNECT;
	else if (input.key.code == KEY_CODE_ESC)
		return REQ_BACK;
	return KEYMAP_NONE;
}

static bool
console_mouse(struct view *view, struct input input)
{
	bool up = input.button == MOUSE_WHEEL_UP;

	if (serial_of(view) && (up || input.button == MOUSE_WHEEL_DOWN))
		vt_scroll(serial_vt(serial_of(view)), up ? WHEEL_LINES : -WHEEL_LINES);
	return false;
}

/* A serial line has no size: this tells the guest's shell. */
static void
type_size(struct serial *serial)
{
	g_autofree char *text = NULL;
	int rows, cols;

	vt_size(serial_vt(serial), &rows, &cols);
	text = g_strdup_printf("stty rows %d cols %d\r", rows, cols);
	serial_type(serial, text);
}

static bool
console_request_view(struct view *view, int request)
{
	struct serial *serial = serial_of(view);
	const struct screen *screen = view->state;
	int page = MAX(screen->rows / 2, 1);

	if (!serial)
		return false;
	switch (request) {
	case REQ_PAGE_UP:
	case REQ_PAGE_DOWN:
		vt_scroll(serial_vt(serial), request == REQ_PAGE_UP ? page : -page);
		return true;
	case REQ_RECONNECT:
	case REQ_TAKE_OVER:
		connect_guest(view, request == REQ_TAKE_OVER);
		return true;
	case REQ_SEND_ESCAPE:
		serial_type(serial, "\035");
		return true;
	case REQ_SEND_SIZE:
		type_size(serial);
		return true;
	default:
		return false;
	}
}

/* All other keys are the guest's; the first of two typed twice is, too. Both are control characters, which nothing that comes
 * with them on a slow line can change the meaning of, as an Alt- would be. */
static const struct binding keys[] = {
	{ "ctrl-]", REQ_BACK },
	{ "alt-pgup", REQ_PAGE_UP },
	{ "alt-pgdn", REQ_PAGE_DOWN },
	{ "ctrl-^ ]", REQ_SEND_ESCAPE },
	{ "ctrl-^ s", REQ_SEND_SIZE },
	{ "ctrl-^ r", REQ_RECONNECT },
	{ "ctrl-^ f", REQ_TAKE_OVER },
	{ "ctrl-^ v", REQ_VIEWER },
	{ "ctrl-^ l", REQ_TUNNEL },
	{ "ctrl-^ ?", REQ_HELP },
	{ NULL, 0 },
};

const struct view_ops console_view = {
	.name = "console",
	.help = "The serial console of one VM",
	.target = TARGET_VM,
	.keys = keys,
	.about_one = true,
	.verb = "console",
	.whole = true,
	.draw = console_draw_view,
	.draw_due_us = console_draw_due,
	.typed = console_typed,
	.state_size = sizeof(struct screen),
	.opened = console_opened,
	.mouse = console_mouse,
	.request = console_request_view,
	.done = console_done,
};
