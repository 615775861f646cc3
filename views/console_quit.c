/* console: leaving, also with acts under way. */
#include "views/console_private.h"

/* How many of the queue's jobs are where. */
struct left {
	unsigned moves, acts, queued, awaited;
};

static struct left
count_left(const struct queue *queue)
{
	unsigned moves = queue_moves(queue);

	return (struct left){
		.moves = moves,
		.acts = queue_count(queue, JOB_RUNNING) - moves,
		.queued = queue_count(queue, JOB_QUEUED),
		.awaited = queue_count(queue, JOB_WAITING),
	};
}

static void
append(GString *text, unsigned n, const char *one, const char *many)
{
	if (n == 1)
		g_string_append_printf(text, "%s\n", one);
	else if (n > 1)
		g_string_append_printf(text, "%u %s\n", n, many);
}

static char *
what_happens(const struct left *left)
{
	GString *text = g_string_new(NULL);

	append(text, left->moves, "A guest is on the move.", "guests are on the move.");
	append(text, left->acts, "An act is under way and gets some time to end.",
		"acts are under way and get some time to end.");
	append(text, left->queued, "An act has not begun and never will.",
		"acts have not begun and never will.");
	append(text, left->awaited, "A guest was asked to go, and nobody will look whether it did.",
		"guests were asked to go, and nobody will look whether they did.");
	if (left->moves)
		g_string_append(text, "\nMoves can be waited for without this screen; the terminal may be "
				      "closed meanwhile, "
				      "they go on to their end. An aborted guest stays where it is.");
	else
		g_string_truncate(text, text->len - 1);
	return g_string_free(text, FALSE);
}

void
console_ask_to_quit(struct console *console)
{
	struct left left = count_left(work_queue(console->work));
	g_autofree char *text = NULL;

	if (work_pending(console->work) == 0) {
		console->opts.quit(console->opts.ctx, false);
		return;
	}
	text = what_happens(&left);
	console_open_dialog(console, DIALOG_FOR_QUIT,
		&(struct dialog_opts){
			.title = "Quit?",
			.text = text,
			.confirm = left.moves ? "Wait and quit" : "Quit",
			.other = left.moves ? "Abort and quit" : NULL,
			.dangerous = !left.moves && (left.queued || left.acts),
		});
}

/* ---- for the owner, after the screen ---- */

void
console_close(struct console *console, int64_t now_us)
{
	console->env.now_us = now_us;
	queue_close(work_queue(console->work), now_us);
}

unsigned
console_left(const struct console *console, bool moves)
{
	return moves ? queue_moves(work_queue(console->work)) : work_pending(console->work);
}

void
console_abort(struct console *console)
{
	queue_cancel_batch(work_queue(console->work), 0, console->env.now_us);
}
