#include "actions/look.h"

#include "fleet/error.h"
#include "fleet/hands.h"

#include <string.h>

#define CALL_US    INT64_C(15000000)
#define TIMEOUT_MS 60000 /* of a connection and a few calls */

static char *
xml_of(struct job *job, struct conn *conn, GError **error)
{
	char *xml;

	if (!conn->ops->move_xml) {
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_UNSUPPORTED, "this connection moves nothing");
		return NULL;
	}
	hand_begin(job->hand, conn, CALL_US);
	xml = conn->ops->move_xml(conn, job->target.uuid, error);
	hand_end(job->hand, conn);
	return xml;
}

static bool
look_run(struct job *job, struct conn *conn, GError **error)
{
	g_autofree char *xml = xml_of(job, conn, error);
	struct conn *dest = xml ? hand_connect(job->hand, job->dest, error) : NULL;

	if (!dest)
		return false;
	if (!dest->ops->take_check) {
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_UNSUPPORTED, "this connection can't be asked");
		return false;
	}
	hand_begin(job->hand, dest, CALL_US);
	job->found = dest->ops->take_check(dest, xml, error);
	hand_end(job->hand, dest);
	return job->found != NULL;
}

struct job *
look_job(const struct vm *vm, const struct host_snap *dest)
{
	struct job *job = job_new();

	job->class = JOB_LOOK;
	job->target = (struct row_key){ .host = vm->host->index };
	memcpy(job->target.uuid, vm->uuid, UUID_LEN);
	job->vm_name = g_strdup(vm->name);
	job->host_name = g_strdup(vm->host->name);
	job->dest = dest->index;
	job->dest_name = g_strdup(dest->name);
	job->verb = "look";
	job->done = "looked";
	job->run = look_run;
	job->timeout_ms = TIMEOUT_MS;
	return job;
}
