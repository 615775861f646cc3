#include "actions/look.h"

#include "fleet/error.h"
#include "fleet/hands.h"

#include <string.h>

#define CALL_US    INT64_C(15000000)
#define TIMEOUT_MS 60000 /* of a connection and a few calls */

static char *
xml_of(struct hand *hand, const uint8_t uuid[UUID_LEN], struct conn *conn, GError **error)
{
	char *xml;

	if (!conn->ops->move_xml) {
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_UNSUPPORTED, "this connection moves nothing");
		return NULL;
	}
	hand_begin(hand, conn, CALL_US);
	xml = conn->ops->move_xml(conn, uuid, error);
	hand_end(hand, conn);
	return xml;
}

GArray *
look_ask(
	struct hand *hand, const uint8_t uuid[UUID_LEN], struct conn *conn, struct conn *dest, GError **error)
{
	g_autofree char *xml = xml_of(hand, uuid, conn, error);
	GArray *found;

	if (!xml)
		return NULL;
	if (!dest->ops->take_check) {
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_UNSUPPORTED, "this connection can't be asked");
		return NULL;
	}
	hand_begin(hand, dest, CALL_US);
	found = dest->ops->take_check(dest, xml, error);
	hand_end(hand, dest);
	return found;
}

static bool
look_run(struct job *job, struct conn *conn, GError **error)
{
	struct conn *dest = hand_connect(job->hand, job->dest, error);

	if (dest)
		job->found = look_ask(job->hand, job->target.uuid, conn, dest, error);
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
