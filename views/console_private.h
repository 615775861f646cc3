/* console_private: shared by views/console*.c alone. */
#pragma once

#include "views/console.h"
#include "views/env.h"
#include "views/history.h"
#include "views/keys.h"
#include "views/stack.h"
#include "views/watch.h"
#include "views/work.h"

#include "tui/dialog.h"
#include "tui/menu.h"
#include "tui/prompt.h"

enum prompt_use { PROMPT_FOR_FILTER, PROMPT_FOR_SEARCH, PROMPT_FOR_COMMAND, PROMPT_FOR_SECRET, PROMPT_FOR_VIEW };
enum dialog_use { DIALOG_FOR_PLAN, DIALOG_FOR_ASK, DIALOG_FOR_QUIT, DIALOG_FOR_SERIAL };

/* What a new snapshot, or another second, brings; see console_update.c. */
struct update {
	const struct fleet_snap *snap; /* a reference; NULL: no update is under way */
	const struct fleet_snap *past; /* a reference to the one shown before; NULL: none */
	size_t part;                   /* the next one */
	struct history_part history;
	int64_t began_us, took_us;
};

struct console {
	struct console_opts opts;
	struct env env;
	struct keys *keys;
	struct work *work;
	char *journal_place; /* NULL: nothing is written down */
	struct watch *watch;
	struct maintenance *own_maintenance; /* when the owner has none; else NULL */

	/* What input goes to: a dialog, else the menu, else a prompt, else the keys. */
	struct dialog *dialog;
	enum dialog_use dialog_use;
	struct menu *menu;
	GPtrArray *menu_actions;       /* const struct action *: its items */
	struct prompt *prompt;
	enum prompt_use prompt_use;
	GPtrArray *filters, *searches, *commands; /* histories: char * */
	char *filter_before;           /* what Esc restores */
	struct filter_error {          /* what is wrong with the filter that is being typed */
		char *words;           /* NULL: nothing */
		bool incomplete;       /* … yet */
		int at, cols;          /* columns of the text */
	} filter_error;
	struct plan *plan;             /* being asked about */
	struct ask *ask;               /* being answered */

	struct keyspec typed[KEYMAP_MAX_SEQUENCE]; /* the beginning of a sequence of keys */
	size_t ntyped;

	bool changed;         /* the fleet has something newer than env.snap */
	bool frozen;
	int64_t frozen_us;
	int64_t updated_us;   /* last update of the views */
	int64_t sized_us;     /* when the median guest was looked for last */
	int64_t update_due_us; /* the next one, if the fleet changed */
	struct update update;
	bool answering;       /* there was input since the last draw */
	bool needs_draw;
};

/* ---- console_input.c ---- */

void console_request(struct console *console, int request);
/* What input goes to until it is answered. */
void console_open_dialog(struct console *console, enum dialog_use use, const struct dialog_opts *opts);
void console_open_prompt(struct console *console, enum prompt_use use, const struct prompt_opts *opts);
/* Takes away dialog and prompt, unanswered. */
void console_drop_modal(struct console *console);
struct view *console_front(const struct console *console);
void console_complain(struct console *console, const GError *error);

/* ---- console_verbs.c ---- */

/* Does ACTION to what is chosen, or asks first. PARAMS (borrowed): as of action_params(); NULL: nothing was said, so that a
 * view or the prompt may ask for them. */
void console_act(struct console *console, const struct action *action, char *const *params);
void console_submit_plan(struct console *console);
/* The view in front has done its part, if it was opened to tell the plan's verb where to. */
void console_leave_view(struct console *console);
/* What verbs would be done to: struct row_key appended to KEYS. False: nothing, and it is said why. */
bool console_choose(struct console *console, enum target target, const char *verb, GArray *keys, unsigned *hidden);
/* For a plan of ACTION on KEYS in SNAP. */
struct plan_opts console_plan_opts(struct console *console, const struct action *action, const struct fleet_snap *snap,
                                   const GArray *keys);
/* The same to the guests KEYS, whatever is chosen. */
void console_propose(struct console *console, const struct action *action, char *const *params, const GArray *keys);
/* Asks the operator what hosts want to know, the oldest question first. */
void console_ask_next(struct console *console);
/* Answers the question that was asked with yes and SECRET (NULL: none is wanted). */
void console_answer(struct console *console, const char *secret);

/* Shows PLAN (taken) to the operator, or does it where nothing is at stake. HIDDEN: of the marked rows. */
void console_decide(struct console *console, struct plan *plan, unsigned hidden);

/* ---- console_moves.c ---- */

/* Which hosts are in maintenance, and which guests on their way, has its place in env from now on. */
void console_moves_init(struct console *console);
void console_moves_done(struct console *console);
/* A snapshot is there: what is on its way, and who is in maintenance by now? */
void console_moves_update(struct console *console);
/* Takes the chosen hosts out of service, or releases them; toggle: what the first of them is not. */
void console_set_maintenance(struct console *console, bool on);
void console_toggle_maintenance(struct console *console);
/* Shows a plan: how the guests of the chosen host come back, how hosts get equally full – those of SITE, or all. */
void console_plan_return(struct console *console);
void console_plan_even(struct console *console);
void console_plan_even_at(struct console *console, const char *site);
/* A look has ended: takes JOB. */
void console_looked(struct console *console, struct job *job);
/* As env.act. */
void console_act_on(void *console, const struct env_act *act);

/* ---- console_menu.c ---- */

void console_open_menu(struct console *console);
void console_menu_input(struct console *console, struct input input);

/* ---- console_jobs.c: what can be done about jobs ---- */

void console_cancel_jobs(struct console *console);
void console_cancel_batch(struct console *console);
void console_retry(struct console *console);
void console_pause(struct console *console);
void console_force(struct console *console);

/* ---- console_serial.c ---- */

/* JOB, which was a guest's console, came back; takes it. */
void console_serial_done(struct console *console, struct job *job);
/* A key or a paste, for a view that takes what is typed. */
void console_typed(struct console *console, struct input input);
void console_copy_viewer(struct console *console);
void console_copy_tunnel(struct console *console);

/* ---- console_quit.c ---- */

void console_ask_to_quit(struct console *console); /* or quits at once, when nothing is under way */

/* ---- console_prompt.c ---- */

void console_filter(struct console *console);
void console_command(struct console *console);
/* The prompt for commands with TEXT in it. */
void console_command_from(struct console *console, const char *text);
/* What the view in front wants to be typed. */
void console_type(struct console *console);
/* Forgets what was wrong with the filter. */
void console_forget_filter_error(struct console *console);
void console_prompt_input(struct console *console, struct input input);
