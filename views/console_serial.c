/* console: guests' consoles and screens – what is typed, lines to copy, how a console ended. */
#include "views/console_private.h"

#include "actions/note.h"
#include "views/catalog.h"
#include "views/request.h"
#include "views/serial.h"
#include "views/viewer.h"

bool
console_takes_keys(const struct console *console)
{
	return console_front(console)->ops->typed && !console->dialog && !console->menu && !console->prompt;
}

/* The view's own keys, then the guest's. Of a sequence that means nothing the guest gets nothing either, but for the first
 * key of one that is typed twice. */
void
console_typed(struct console *console, struct input input)
{
	struct view *view = console_front(console);
	int request = KEYMAP_NONE;
	bool meant = console->ntyped == 0 || keyspec_equal(console->typed[0], input.key);

	env_notice_drop(&console->env);
	if (input.type == INPUT_KEY) {
		console->typed[console->ntyped++] = input.key;
		request = keymap_lookup(
			keys_of(console->keys, view->ops->name), console->typed, console->ntyped);
	}
	if (request != KEYMAP_PREFIX)
		console->ntyped = 0;
	console->env.prefix = request == KEYMAP_PREFIX;
	if (request == KEYMAP_NONE && meant)
		request = view->ops->typed(view, input);
	if (request >= 0)
		console_request(console, request);
}

/* ---- how it ended ---- */

void
console_serial_done(struct console *console, struct job *job)
{
	struct serial *serial = console->env.serial;
	bool ours = serial && serial_done(serial, job);
	g_autofree char *text = NULL;

	note_job(console->env.timeline, job);
	if (ours && serial_taken(serial) && console_front(console)->ops == &console_view &&
		console_takes_keys(console)) {
		text = g_strdup_printf(
			"Somebody else has the console of %s on %s open. Taking it over ends theirs.",
			job->vm_name, job->host_name);
		console_open_dialog(console, DIALOG_FOR_SERIAL,
			&(struct dialog_opts){
				.title = "Take the console over?",
				.text = text,
				.confirm = "Take over",
				.dangerous = true,
			});
	}
	job_free(job);
}

/* ---- lines to copy ---- */

static void
copy_line(struct console *console, char *(*make)(const struct config_host *host, const struct vm *vm))
{
	struct view *view = console_front(console);
	struct row_key key;
	const struct vm *vm = NULL;
	g_autofree char *line = NULL;
	g_autoptr(GError) error = NULL;

	if (view->ops->target == TARGET_VM && view_current(view, &key) && !key.is_host)
		vm = fleet_snap_find_vm(console->env.snap, &key);
	if (!vm) {
		env_notice(&console->env, ROLE_STATUS, "screens are of VMs: choose one first");
		return;
	}
	line = make(console->opts.config->hosts->pdata[vm->host->index], vm);
	if (!line)
		env_notice(&console->env, ROLE_WARN, "%s: %s", vm->name,
			viewer_why_not(vm) ? viewer_why_not(vm) : "its host is not reached by ssh");
	else if (env_copy(&console->env, line, &error))
		env_notice(&console->env, ROLE_STATUS, "copied: %s", line);
	else
		env_notice(&console->env, ROLE_WARN, "%s (not copied: %s)", line, error->message);
}

void
console_copy_viewer(struct console *console)
{
	copy_line(console, viewer_line);
}

void
console_copy_tunnel(struct console *console)
{
	copy_line(console, viewer_tunnel);
}
