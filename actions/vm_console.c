/* The serial console, on the operator's screen. */
#include "actions/vm_console.h"

#include "actions/journal.h"
#include "actions/verbs.h"
#include "fleet/error.h"
#include "fleet/hands.h"
#include "fleet/snapshot.h"

#include <poll.h>
#include <string.h>

#define CLOSE_US INT64_C(5000000) /* what closing it may take */

static const char phase_open[] = "open";

struct visit {
	struct job *job;
	struct conn *conn;
};

/* Opening has the limit of any call; what follows takes as long as somebody looks. */
static void
turned(void *ctx, bool open)
{
	struct visit *visit = ctx;
	struct job_progress progress = JOB_PROGRESS_UNKNOWN;

	hand_begin(visit->job->hand, visit->conn, open ? 0 : CLOSE_US);
	progress.phase = open ? phase_open : NULL;
	job_gauge_set(visit->job->gauge, &progress);
	hand_progress(visit->job->hand);
}

/* Nobody looks any more: however it came to an end, it was to end. */
static bool
is_hung_up(int fd)
{
	struct pollfd pollfd = { .fd = fd };

	return poll(&pollfd, 1, 0) > 0 && pollfd.revents & POLLHUP;
}

static bool
console_run(struct job *job, struct conn *conn, GError **error)
{
	struct visit visit = { .job = job, .conn = conn };
	struct console_call call = {
		.fd = job->console.fd,
		.force = job->console.force,
		.turned = turned,
		.ctx = &visit,
	};
	g_autoptr(GError) failed = NULL;

	if (!conn->ops->console) {
		g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_UNSUPPORTED,
			"this kind of connection has no consoles");
		return false;
	}
	if (conn->ops->console(conn, job->target.uuid, &call, &failed)) {
		job->remark = g_strdup(call.ended);
		return true;
	}
	if (is_hung_up(call.fd))
		return true;
	if (g_error_matches(failed, FLEET_ERROR, FLEET_ERROR_STATE)) {
		g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_STATE, "the guest is not running");
		return false;
	}
	if (fleet_error_is_link(failed))
		g_prefix_error(&failed, "the link to its host is lost: ");
	job->console.taken = g_error_matches(failed, FLEET_ERROR, FLEET_ERROR_BUSY);
	g_propagate_error(error, g_steal_pointer(&failed));
	return false;
}

struct job *
vm_console_job(const struct vm *vm, int fd, bool force, struct journal *journal)
{
	struct job *job = job_new();

	job->class = JOB_CONSOLE;
	job->target = (struct row_key){ .host = vm->host->index };
	memcpy(job->target.uuid, vm->uuid, UUID_LEN);
	job->vm_name = g_strdup(vm->name);
	job->host_name = g_strdup(vm->host->name);
	if (force)
		job->params = g_strdupv((char *[]){ (char[]){ "force" }, (char[]){ "yes" }, NULL });
	job->verb = vm_console_action.name;
	job->done = vm_console_action.done;
	job->act = vm_console_action.act;
	job->run = console_run;
	job->console.fd = fd;
	job->console.force = force;
	if (journal)
		journal_attach(journal, job);
	return job;
}

bool
vm_console_is_open(struct job_gauge *gauge)
{
	struct job_progress progress;

	job_gauge_get(gauge, &progress);
	return progress.phase == phase_open;
}

const struct action vm_console_action = {
	.name = "console",
	.help = "Open the guest's serial console; Ctrl-] returns",
	.key = "c",
	.verb = "Console of",
	.doing = "opening the console",
	.done = "console closed",
	.effect = "What is typed goes to the guest; nobody else can have its console meanwhile.",
	.needs = "a running guest",
	.target = TARGET_VM,
	.flags = ACTION_ONE | ACTION_SCREEN,
	.act = VM_ACT_CONSOLE,
	.class = JOB_CONSOLE,
	.possible = vm_is_executing,
};
