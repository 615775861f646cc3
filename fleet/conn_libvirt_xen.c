#include "fleet/conn_libvirt_impl.h"

#include "fleet/clock.h"
#include "fleet/xentop.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* The tools stay started as long as the connection, so that a question costs one round trip and one xentop. */
static const char script[] =
	"PATH=$PATH:/usr/sbin:/sbin; "
	"while read -r ask; do LC_ALL=C xentop -b -f -n -x -i 1 2>&1; echo virt-fleet-end; done";
static const char question[] = "\n", answer_end[] = "virt-fleet-end\n";

#define PATIENCE_US INT64_C(5000000) /* for one answer */
#define ANSWER_MAX  (4 << 20)
#define PAUSES \
	10 /* the tools are left alone so many times as long as they took: a slow dom0 has other work */

void
xen_init(struct libvirt *lv)
{
	lv->xen.fd = -1;
	if (!lv->opts.xen_tools)
		lv->xen.why_not = "switched off (xen.tools)";
	else if (!lv->tunnel)
		lv->xen.why_not = "they are asked over SSH only";
}

static void
forget(struct libvirt *lv)
{
	g_clear_pointer(&lv->xen.vms, g_hash_table_unref);
}

static void
hang_up(struct libvirt *lv)
{
	if (lv->xen.fd >= 0)
		close(lv->xen.fd);
	lv->xen.fd = -1;
}

void
xen_done(struct libvirt *lv)
{
	forget(lv);
	hang_up(lv);
}

/* Waits for EVENTS; false when they don't come in time. */
static bool
wait_for(int fd, short events, int64_t until_us)
{
	struct pollfd wait = { .fd = fd, .events = events };
	int64_t left_us;

	while ((left_us = until_us - clock_now_us()) > 0) {
		int n = poll(&wait, 1, (int)(left_us / 1000 + 1));

		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
	}
	return false;
}

/* All up to the end's line; NULL: it ended, or takes too long. Caller frees. */
static char *
read_answer(int fd, int64_t until_us)
{
	g_autoptr(GString) text = g_string_new(NULL);
	char chunk[8192];

	while (!g_str_has_suffix(text->str, answer_end)) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EAGAIN && wait_for(fd, POLLIN, until_us))
			continue;
		if (n <= 0 || text->len + (gsize)n > ANSWER_MAX)
			return NULL;
		g_string_append_len(text, chunk, n);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *
ask(struct libvirt *lv)
{
	int64_t until_us = clock_now_us() + PATIENCE_US;

	if (!wait_for(lv->xen.fd, POLLOUT, until_us) ||
		write(lv->xen.fd, question, strlen(question)) != (ssize_t)strlen(question))
		return NULL;
	return read_answer(lv->xen.fd, until_us);
}

void
xen_ask(struct libvirt *lv)
{
	struct xen_tools *xen = &lv->xen;
	int64_t began_us = clock_now_us();
	g_autofree char *answer = NULL;

	forget(lv);
	if (lv->driver != DRIVER_XEN || xen->why_not || began_us < xen->due_us)
		return;
	if (xen->fd < 0)
		xen->fd = tunnel_open_tool(lv->tunnel, script, NULL);
	answer = xen->fd >= 0 ? ask(lv) : NULL;
	if (answer)
		xen->vms = xentop_parse(answer);
	if (xen->fd < 0)
		xen->why_not = "commands can't be run there";
	else if (answer && !xen->vms)
		xen->why_not = "it is not there, or not for this user";
	if (!xen->vms) /* a late answer would be taken for the next one */
		hang_up(lv);
	xen->due_us = clock_now_us() + PAUSES * (clock_now_us() - began_us);
	libvirt_progress(lv);
}

/* Twice, for it may have ended between the two questions. */
#define ASTRAY 2

void
xen_find_astray(struct libvirt *lv, GArray *vms)
{
	for (guint i = 0; lv->driver == DRIVER_XEN && i < vms->len; i++) {
		struct vm_sample *vm = &g_array_index(vms, struct vm_sample, i);
		struct guest *guest = guests_find(lv, vm->uuid);

		if (vm->id >= 0)
			guest->astray = 0;
		else if (lv->xen.vms)
			guest->astray = xen_said(lv, vm->name) ? guest->astray + 1 : 0;
		if (guest->astray < ASTRAY)
			continue;
		vm->state = VM_STATE_RUNNING;
		vm->reason = "Xen runs it, libvirt has not noticed";
	}
}

const struct xentop_vm *
xen_said(const struct libvirt *lv, const char *name)
{
	return lv->xen.vms ? g_hash_table_lookup(lv->xen.vms, name) : NULL;
}
