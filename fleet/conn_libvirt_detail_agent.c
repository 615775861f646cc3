#include "fleet/conn_libvirt_detail.h"

#include "fleet/detail.h"
#include "fleet/snapshot.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <string.h>

/* An agent is a process inside the guest, which may be slow, stuck or hostile: it is asked seldom, with little patience,
 * and what it says is kept short. */
#define ASK_US      (30 * INT64_C(1000000))
#define ASK_SORE_US (120 * INT64_C(1000000)) /* after it failed to answer */
#define PATIENCE_S  3
#define LIST_MAX    32u
#define TEXT_MAX    256

#define FACTS                                                                                           \
	(VIR_DOMAIN_GUEST_INFO_OS | VIR_DOMAIN_GUEST_INFO_HOSTNAME | VIR_DOMAIN_GUEST_INFO_FILESYSTEM | \
		VIR_DOMAIN_GUEST_INFO_INTERFACES)
#define WHATEVER_IT_KNOWS 0

/* ---- an answer ---- */

struct answer {
	virTypedParameterPtr params;
	int n;
	int code;  /* libvirt's, when there is none */
	char *why; /* likewise, in its words */
};

static const char *
answer_text(const struct answer *answer, const char *field)
{
	const char *text = NULL;

	return virTypedParamsGetString(answer->params, answer->n, field, &text) == 1 ? text : NULL;
}

static char *
answer_copy(const struct answer *answer, const char *field)
{
	const char *text = answer_text(answer, field);
	g_autofree char *cut = text ? g_strndup(text, TEXT_MAX) : NULL;

	return cut ? g_utf8_make_valid(cut, -1) : NULL;
}

static unsigned
answer_count(const struct answer *answer, const char *field)
{
	unsigned count = 0;

	virTypedParamsGetUInt(answer->params, answer->n, field, &count);
	return MIN(count, LIST_MAX);
}

static uint64_t
answer_number(const struct answer *answer, const char *field)
{
	unsigned long long number = 0;

	virTypedParamsGetULLong(answer->params, answer->n, field, &number);
	return number;
}

#define FIELD(buffer, ...) (snprintf(buffer, sizeof buffer, __VA_ARGS__), buffer)

static void
take_filesystems(const struct answer *answer, struct vm_detail *inside)
{
	unsigned count = answer_count(answer, "fs.count");
	char field[VIR_TYPED_PARAM_FIELD_LENGTH];

	inside->fs = g_new0(struct guest_fs, count);
	for (unsigned i = 0; i < count; i++) {
		struct guest_fs *fs = &inside->fs[inside->nfs];

		fs->mountpoint = answer_copy(answer, FIELD(field, "fs.%u.mountpoint", i));
		if (!fs->mountpoint)
			continue;
		fs->type = answer_copy(answer, FIELD(field, "fs.%u.fstype", i));
		fs->total_bytes = answer_number(answer, FIELD(field, "fs.%u.total-bytes", i));
		fs->used_bytes = answer_number(answer, FIELD(field, "fs.%u.used-bytes", i));
		inside->nfs++;
	}
}

/* Everybody has these. */
static bool
is_dull_address(const char *address)
{
	return g_str_has_prefix(address, "127.") || strcmp(address, "::1") == 0 ||
	       g_str_has_prefix(address, "fe80:");
}

static void
take_address(const struct answer *answer, const char *name, unsigned nic, unsigned number, GPtrArray *list)
{
	char field[VIR_TYPED_PARAM_FIELD_LENGTH];
	g_autofree char *address = answer_copy(answer, FIELD(field, "if.%u.addr.%u.addr", nic, number));
	unsigned prefix = 0;

	if (!address || is_dull_address(address) || list->len >= LIST_MAX)
		return;
	virTypedParamsGetUInt(
		answer->params, answer->n, FIELD(field, "if.%u.addr.%u.prefix", nic, number), &prefix);
	g_ptr_array_add(list, g_strdup_printf("%s %s/%u", name ? name : "?", address, prefix));
}

static void
take_addresses(const struct answer *answer, struct vm_detail *inside)
{
	unsigned nics = answer_count(answer, "if.count");
	GPtrArray *list = g_ptr_array_new();
	char field[VIR_TYPED_PARAM_FIELD_LENGTH];

	for (unsigned i = 0; i < nics; i++) {
		g_autofree char *name = answer_copy(answer, FIELD(field, "if.%u.name", i));
		unsigned count = answer_count(answer, FIELD(field, "if.%u.addr.count", i));

		for (unsigned k = 0; k < count; k++)
			take_address(answer, name, i, k, list);
	}
	detail_take(list, &inside->addresses);
}

/* ---- asking ---- */

/* After a failed call. False when the link was lost. */
static bool
keep_failure(struct look *look, struct answer *answer)
{
	answer->code = virGetLastErrorCode();
	g_free(answer->why);
	answer->why = g_strdup(virGetLastErrorMessage());
	return !libvirt_lost(look->lv, look->error, "ask the guest's agent");
}

/* libvirt waits for an agent for ever unless told otherwise, and whoever else wants the agent waits with us. The limit is
 * the guest's, not ours: it goes back to what libvirt begins with, lest a backup that freezes file systems hit it. False
 * when the link was lost. */
static bool
ask(struct look *look, unsigned what, struct answer *answer)
{
	bool ok = true;

	if (virDomainAgentSetResponseTimeout(look->dom, PATIENCE_S, 0) < 0)
		return keep_failure(look, answer);
	g_clear_pointer(&answer->why, g_free);
	if (virDomainGetGuestInfo(look->dom, what, &answer->params, &answer->n, 0) < 0)
		ok = keep_failure(look, answer);
	if (ok && virDomainAgentSetResponseTimeout(look->dom, VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_BLOCK, 0) < 0)
		ok = !libvirt_lost(look->lv, look->error, "ask the guest's agent");
	return ok;
}

/* An old agent does not know each question, and an old daemon not each word for one. */
static bool
ask_what_it_knows(struct look *look, struct answer *answer)
{
	if (!look->vm->agent_all) {
		if (!ask(look, FACTS, answer))
			return false;
		if (!answer->why || answer->code == VIR_ERR_AGENT_UNRESPONSIVE ||
			answer->code == VIR_ERR_NO_SUPPORT)
			return true;
		libvirt_progress(look->lv);
		look->vm->agent_all = true;
	}
	return ask(look, WHATEVER_IT_KNOWS, answer);
}

/* Why it is not asked; NULL: it is. */
static const char *
why_not(const struct look *look)
{
	if (look->lv->driver != DRIVER_QEMU)
		return "";
	if (look->vm->agent == DOMXML_AGENT_NONE)
		return "it has no channel for a guest agent";
	if (look->lv->opts.readonly)
		return "read-only connections may not ask the guest agent";
	if (look->vm->agent == DOMXML_AGENT_SILENT)
		return "its guest agent is not connected";
	if (!look->running || look->silent)
		return "a guest that is paused or frozen can't answer";
	return NULL;
}

static bool
is_fresh(const struct look *look)
{
	const struct vm_detail *inside = look->vm->inside;
	bool sore = inside && inside->unknowns[0];

	return inside && look->now_us - inside->taken_us < (sore ? ASK_SORE_US : ASK_US);
}

static struct vm_detail *
detail_from(const struct look *look, const struct answer *answer)
{
	struct vm_detail *inside = vm_detail_new();
	GPtrArray *unknowns = g_ptr_array_new();

	inside->taken_us = look->now_us;
	inside->agent_hostname = answer_copy(answer, "hostname");
	inside->agent_os = answer_copy(answer, "os.pretty-name");
	take_filesystems(answer, inside);
	take_addresses(answer, inside);
	if (answer->why && answer->code == VIR_ERR_NO_SUPPORT)
		detail_lacks(look->lv, unknowns, "inside the guest", "is too old to ask its agent");
	else if (answer->why)
		g_ptr_array_add(unknowns, g_strdup_printf("inside the guest: %s", answer->why));
	detail_take(unknowns, &inside->unknowns);
	return inside;
}

static void
say_why_not(const struct look *look, const char *why)
{
	if (*why)
		g_ptr_array_add(look->unknowns, g_strdup_printf("inside the guest: %s", why));
	else
		detail_lacks(look->lv, look->unknowns, "inside the guest", "asks no guest agent");
}

bool
look_inside(struct look *look)
{
	const char *why = look->active ? why_not(look) : NULL;
	struct answer answer = { 0 };
	bool ok;

	if (why)
		say_why_not(look, why);
	if (!look->active || why) {
		g_clear_pointer(&look->vm->inside, vm_detail_unref); /* what it said is over */
		return true;
	}
	if (is_fresh(look))
		return true;
	ok = ask_what_it_knows(look, &answer);
	vm_detail_unref(look->vm->inside);
	look->vm->inside = detail_from(look, &answer);
	virTypedParamsFree(answer.params, answer.n);
	g_free(answer.why);
	return ok;
}

void
detail_take_inside(struct vm_detail *detail, const struct vm_detail *inside)
{
	detail->agent_hostname = g_strdup(inside->agent_hostname);
	detail->agent_os = g_strdup(inside->agent_os);
	detail->nfs = inside->nfs;
	detail->fs = g_new0(struct guest_fs, inside->nfs);
	for (size_t i = 0; i < inside->nfs; i++) {
		detail->fs[i] = inside->fs[i];
		detail->fs[i].mountpoint = g_strdup(inside->fs[i].mountpoint);
		detail->fs[i].type = g_strdup(inside->fs[i].type);
	}
}
