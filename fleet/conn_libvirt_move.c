/*
 * Migration. By default managed directly: libvirt's client library, in our thread, has both daemons prepare, perform and
 * confirm, and memory flows from host to host; a move that we do not live to see the end of is taken back by the daemons.
 */
#include "fleet/conn_libvirt_impl.h"

#include "fleet/error.h"
#include "fleet/jobs.h"
#include "fleet/virerror.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <string.h>

#define MIB        (INT64_C(1) << 20)
#define EVERYTHING (MOVE_BIT(FEATURE_COUNT) - 1) /* a bit per feature */
#define BELIEVED \
	(INT64_C(1) << 60) /* a daemon that tells of more bytes is not believed: sums of them have room */

/* ---- what drivers take ---- */

uint32_t
libvirt_moves(const struct libvirt *lv)
{
	static const uint32_t moves[DRIVER_COUNT] = {
		[DRIVER_OTHER] = MOVE_BIT(LIVE),
		[DRIVER_QEMU] = EVERYTHING,
		[DRIVER_XEN] = MOVE_BIT(LIVE) | MOVE_BIT(P2P),
	};

	return moves[lv->driver];
}

static bool refuse(GError **error, enum fleet_error code, const char *format, ...) G_GNUC_PRINTF(3, 4);

static bool
refuse(GError **error, enum fleet_error code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_propagate_error(error, g_error_new_valist(FLEET_ERROR, (gint)code, format, args));
	va_end(args);
	return false;
}

static bool
takes(const struct libvirt *lv, uint32_t wants, GError **error)
{
	static const char *const words[] = {
#define MOVE_FEATURE_WORDS(id, parameter, text) [MOVE_##id] = (text),
		MOVE_FEATURES(MOVE_FEATURE_WORDS)
#undef MOVE_FEATURE_WORDS
	};
	uint32_t missing = wants & ~libvirt_moves(lv);

	return !missing || refuse(error, FLEET_ERROR_UNSUPPORTED, "%s offers no %s", libvirt_driver_title(lv),
				   words[g_bit_nth_lsf(missing, -1)]);
}

/* Libvirt does not compare the drivers, and libxl not the hosts: both then fail late and in riddles. */
static bool
fit_together(struct libvirt *lv, struct libvirt *to, GError **error)
{
	if (!libvirt_read_caps(lv, error) || !libvirt_read_caps(to, error))
		return false;
	if (strcmp(lv->type, to->type) != 0)
		return refuse(error, FLEET_ERROR_UNSUPPORTED,
			"cannot migrate between %s and %s: different hypervisors, no common state format; "
			"shut down and convert (virt-v2v)",
			lv->type, to->type);
	if (lv->caps.uuid && to->caps.uuid && strcmp(lv->caps.uuid, to->caps.uuid) == 0)
		return refuse(error, FLEET_ERROR_STATE,
			"source and target have the host UUID %s: they are one host, or clones of one "
			"machine, which host_uuid in libvirtd.conf tells apart",
			lv->caps.uuid);
	return true;
}

static bool
may_move(struct libvirt *lv, const uint8_t uuid[UUID_LEN], struct libvirt *to, const struct move_opts *opts,
	GError **error)
{
	if (lv->opts.readonly || to->opts.readonly)
		return refuse(error, FLEET_ERROR_DENIED, "the connection is read-only");
	if (libvirt_is_dom0(lv, uuid, -1))
		return refuse(error, FLEET_ERROR_UNSUPPORTED, "Domain-0 is the host itself");
	return fit_together(lv, to, error) && takes(lv, opts->wants, error) && takes(to, opts->wants, error);
}

/* ---- as libvirt is told ---- */

static unsigned
flags_of(uint32_t wants)
{
	static const unsigned flags[MOVE_FEATURE_COUNT] = {
		[MOVE_LIVE] = VIR_MIGRATE_LIVE,
		[MOVE_OFFLINE] = VIR_MIGRATE_OFFLINE,
		[MOVE_P2P] = VIR_MIGRATE_PEER2PEER,
		[MOVE_COPY_ALL] = VIR_MIGRATE_NON_SHARED_DISK | VIR_MIGRATE_ABORT_ON_ERROR,
		[MOVE_COPY_INC] = VIR_MIGRATE_NON_SHARED_INC | VIR_MIGRATE_ABORT_ON_ERROR,
		[MOVE_POST_COPY] = VIR_MIGRATE_POSTCOPY,
		[MOVE_AUTO_CONVERGE] = VIR_MIGRATE_AUTO_CONVERGE,
		[MOVE_COMPRESS] = VIR_MIGRATE_COMPRESSED,
		[MOVE_TLS] = VIR_MIGRATE_TLS,
		[MOVE_PARALLEL] = VIR_MIGRATE_PARALLEL,
		[MOVE_UNSAFE] = VIR_MIGRATE_UNSAFE,
	};
	unsigned all = 0;

	for (unsigned i = 0; i < MOVE_FEATURE_COUNT; i++)
		if (wants >> i & 1)
			all |= flags[i];
	return all;
}

struct params {
	virTypedParameterPtr list;
	int n, size;
};

static void
params_of(struct params *params, const struct move_opts *opts, const char *uri)
{
	unsigned long long mib = (unsigned long long)((opts->bandwidth + MIB - 1) / MIB);

	if (uri)
		virTypedParamsAddString(&params->list, &params->n, &params->size, VIR_MIGRATE_PARAM_URI, uri);
	if (opts->wants & MOVE_BIT(BANDWIDTH))
		virTypedParamsAddULLong(
			&params->list, &params->n, &params->size, VIR_MIGRATE_PARAM_BANDWIDTH, mib);
	if (opts->wants & MOVE_BIT(BANDWIDTH) && opts->wants & MOVE_BIT(POST_COPY))
		virTypedParamsAddULLong(
			&params->list, &params->n, &params->size, VIR_MIGRATE_PARAM_BANDWIDTH_POSTCOPY, mib);
	if (opts->wants & MOVE_BIT(PARALLEL))
		virTypedParamsAddInt(&params->list, &params->n, &params->size,
			VIR_MIGRATE_PARAM_PARALLEL_CONNECTIONS, (int)opts->connections);
}

/* ---- moving ---- */

struct move {
	struct libvirt *from, *to;
	const struct move_opts *opts;
	virDomainPtr dom;
};

static bool
libvirt_is_gone(struct libvirt *lv)
{
	lv->link_lost |= virConnectIsAlive(lv->vir) != 1;
	return lv->link_lost;
}

/* Which of the two connections is at fault the error does not say. Forgets libvirt's last one. */
static bool
move_failed(const struct move *move, GError **error)
{
	GError *mine = NULL;
	bool from, to;

	virerror_set(&mine, "migrate");
	from = libvirt_is_gone(move->from);
	to = libvirt_is_gone(move->to);
	if (from || to)
		mine->code = FLEET_ERROR_GONE;
	else if (fleet_error_is_link(mine))
		mine->code = FLEET_ERROR_FAILED; /* a link of the daemons' own */
	if (atomic_load(&move->from->cancelled) || atomic_load(&move->to->cancelled))
		mine->code = FLEET_ERROR_CANCELLED;
	g_propagate_error(error, mine);
	return false;
}

/* One that is not defined must not become so there; a wrong guess would leave a second definition behind, or make one. */
static bool
add_defining(const struct move *move, unsigned *flags, GError **error)
{
	int persistent = virDomainIsPersistent(move->dom);

	if (persistent == 1)
		*flags |= VIR_MIGRATE_PERSIST_DEST | VIR_MIGRATE_UNDEFINE_SOURCE;
	return persistent >= 0 || libvirt_fail(move->from, error, "ask whether the guest is defined");
}

/* For a peer-to-peer move: as root, by ssh, as libvirt does it without being told anything. */
static char *
peer_uri(const struct move *move, const char *address)
{
	g_autofree char *driver = g_ascii_strdown(move->to->type, -1);

	if (move->opts->dest_uri)
		return g_strdup(move->opts->dest_uri);
	return g_strdup_printf(
		strchr(address, ':') ? "%s+ssh://[%s]/system" : "%s+ssh://%s/system", driver, address);
}

static bool
migrate_to(const struct move *move, const char *address, GError **error)
{
	g_autofree char *uri = g_strdup_printf(strchr(address, ':') ? "tcp://[%s]" : "tcp://%s", address);
	unsigned flags = flags_of(move->opts->wants);
	struct params params = { 0 };
	bool ok;

	if (!add_defining(move, &flags, error))
		return false;
	params_of(&params, move->opts, uri);
	if (flags & VIR_MIGRATE_PEER2PEER) {
		g_autofree char *peer = peer_uri(move, address);

		ok = virDomainMigrateToURI3(move->dom, peer, params.list, (unsigned)params.n, flags) == 0;
	} else {
		virDomainPtr there =
			virDomainMigrate3(move->dom, move->to->vir, params.list, (unsigned)params.n, flags);

		ok = there != NULL;
		if (there)
			virDomainFree(there);
	}
	if (!ok)
		move_failed(move, error);
	virTypedParamsFree(params.list, params.n);
	return ok;
}

/* The source did not find the target at this address; then the guest has not been touched. */
static bool
is_unreachable(const GError *error)
{
	static const char *const words[] = { "unable to connect to server at", "Unable to resolve address",
		"unable to resolve", "Failed to connect to", "Name or service not known" };

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (!fleet_error_is_link(error) && strstr(error->message, words[i]))
			return true;
	return false;
}

static bool
migrate(const struct move *move, GError **error)
{
	g_autoptr(GPtrArray) addresses = libvirt_addresses(move->to, move->from);
	g_autoptr(GString) tried = g_string_new(NULL);
	g_autoptr(GError) last = NULL;

	if (addresses->len == 0)
		return refuse(error, FLEET_ERROR_NAME,
			"no name of the target is known that the source could find it by: give it a "
			"migration_address");
	for (guint i = 0; i < addresses->len; i++) {
		const char *address = addresses->pdata[i];

		g_clear_error(&last);
		if (migrate_to(move, address, &last))
			return true;
		g_string_append_printf(tried, "%s%s", i ? ", " : "", address);
		if (!is_unreachable(last))
			break;
	}
	if (is_unreachable(last))
		return refuse(error, FLEET_ERROR_FAILED, "%s (the source tried to find the target at %s)",
			last->message, tried->str);
	g_propagate_error(error, g_steal_pointer(&last));
	return false;
}

/* The limit stays with the guest's QEMU, which is another one only after a move that went well. One that is off has none. */
static bool
limit_downtime(const struct move *move, unsigned long long ms, GError **error)
{
	return virDomainMigrateSetMaxDowntime(move->dom, ms, 0) == 0 ||
	       libvirt_fail(move->from, error, "limit the downtime");
}

static bool
migrate_within(const struct move *move, GError **error)
{
	unsigned long long usual;

	if (!(move->opts->wants & MOVE_BIT(DOWNTIME)) || move->opts->wants & MOVE_BIT(OFFLINE))
		return migrate(move, error);
	if (virDomainMigrateGetMaxDowntime(move->dom, &usual, 0) < 0)
		return libvirt_fail(move->from, error, "ask for the limit of downtime");
	if (!limit_downtime(move, (unsigned long long)move->opts->downtime_ms, error))
		return false;
	if (migrate(move, error))
		return true;
	if (!move->from->link_lost)
		limit_downtime(move, usual, NULL);
	return false;
}

bool
libvirt_move(struct conn *conn, const uint8_t uuid[UUID_LEN], struct conn *dest, const struct move_opts *opts,
	GError **error)
{
	struct move move = { .from = libvirt_of(conn), .to = libvirt_of(dest), .opts = opts };
	bool ok;

	if (conn->ops != dest->ops)
		return refuse(error, FLEET_ERROR_UNSUPPORTED, "source and target are not of one kind");
	if (!libvirt_ready(move.from, error) || !libvirt_ready(move.to, error) ||
		!may_move(move.from, uuid, move.to, opts, error))
		return false;
	move.dom = guests_domain(move.from, uuid, error);
	if (!move.dom)
		return false;
	ok = migrate_within(&move, error);
	virDomainFree(move.dom);
	return ok;
}

/* ---- how far it is ---- */

static int64_t
value_of(const struct _virTypedParameter *param)
{
	switch (param->type) {
	case VIR_TYPED_PARAM_INT:
		return param->value.i;
	case VIR_TYPED_PARAM_UINT:
		return param->value.ui;
	case VIR_TYPED_PARAM_LLONG:
		return param->value.l;
	case VIR_TYPED_PARAM_ULLONG:
		return (int64_t)param->value.ul;
	default:
		return -1;
	}
}

/* -1: it is not told, or makes no sense. */
static int64_t
number(const struct params *params, const char *name)
{
	const struct _virTypedParameter *param = virTypedParamsGet(params->list, params->n, name);
	int64_t value = param ? value_of(param) : -1;

	return value >= 0 && value <= BELIEVED ? value : -1;
}

static const char *
phase_of(int type, const struct job_progress *progress)
{
	if (type != VIR_DOMAIN_JOB_BOUNDED && type != VIR_DOMAIN_JOB_UNBOUNDED)
		return NULL;
	if (progress->mem_total <= 0 && progress->disk_total <= 0)
		return "moving";
	return progress->disk_left > 0 && progress->iteration <= 0 ? "copying disks" : "copying memory";
}

static void
read_progress(int type, const struct params *params, struct job_progress *out)
{
	int64_t page = number(params, VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE);
	int64_t pages = number(params, VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE);
	int64_t disks = number(params, VIR_DOMAIN_JOB_DISK_BPS);

	*out = (struct job_progress){
		.mem_total = number(params, VIR_DOMAIN_JOB_MEMORY_TOTAL),
		.mem_left = number(params, VIR_DOMAIN_JOB_MEMORY_REMAINING),
		.disk_total = number(params, VIR_DOMAIN_JOB_DISK_TOTAL),
		.disk_left = number(params, VIR_DOMAIN_JOB_DISK_REMAINING),
		.speed = number(params, VIR_DOMAIN_JOB_MEMORY_BPS),
		.dirty = page > 0 && pages >= 0 && pages <= BELIEVED / page ? pages * page : -1,
		.iteration = number(params, VIR_DOMAIN_JOB_MEMORY_ITERATION),
		.downtime_ms = number(params, VIR_DOMAIN_JOB_DOWNTIME),
		.throttle_pct = number(params, VIR_DOMAIN_JOB_AUTO_CONVERGE_THROTTLE),
		.stalled_ms = -1,
	};
	if (disks > 0)
		out->speed = MAX(out->speed, 0) + disks;
	out->phase = phase_of(type, out);
}

bool
libvirt_move_progress(struct conn *conn, const uint8_t uuid[UUID_LEN], bool completed,
	struct job_progress *out, GError **error)
{
	struct libvirt *lv = libvirt_of(conn);
	struct params params = { 0 };
	int type = VIR_DOMAIN_JOB_NONE;
	bool ok;

	if (!libvirt_ready(lv, error))
		return false;
	virDomainPtr dom = guests_domain(lv, uuid, error);
	if (!dom)
		return false;
	ok = virDomainGetJobStats(dom, &type, &params.list, &params.n,
		     completed ? VIR_DOMAIN_JOB_STATS_COMPLETED : 0) == 0;
	if (ok)
		read_progress(type, &params, out);
	else
		libvirt_fail(lv, error, "ask how far the migration is");
	virTypedParamsFree(params.list, params.n);
	virDomainFree(dom);
	return ok;
}

/* ---- what else can be done to it ---- */

/* CALL on the guest, as "DOING" says. */
static bool
call(struct conn *conn, const uint8_t uuid[UUID_LEN], enum move_feature feature, int (*run)(virDomainPtr dom),
	const char *doing, GError **error)
{
	struct libvirt *lv = libvirt_of(conn);
	bool ok;

	if (!libvirt_ready(lv, error) || !takes(lv, UINT32_C(1) << feature, error))
		return false;
	virDomainPtr dom = guests_domain(lv, uuid, error);
	if (!dom)
		return false;
	ok = run(dom) == 0 || libvirt_fail(lv, error, doing);
	virDomainFree(dom);
	return ok;
}

static int
start_post_copy(virDomainPtr dom)
{
	return virDomainMigrateStartPostCopy(dom, 0);
}

bool
libvirt_move_abort(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error)
{
	return call(conn, uuid, MOVE_ABORT, virDomainAbortJob, "give the migration up", error);
}

bool
libvirt_move_post_copy(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error)
{
	return call(conn, uuid, MOVE_POST_COPY, start_post_copy, "start post-copy", error);
}

/* The state of DOM, which is freed. */
static bool
read_whereabouts(struct libvirt *lv, virDomainPtr dom, struct whereabouts *out, GError **error)
{
	int state, reason, active = virDomainIsActive(dom);
	bool ok = active >= 0 && virDomainGetState(dom, &state, &reason, 0) == 0;

	if (!ok)
		libvirt_fail(lv, error, "ask where the guest is");
	else
		*out = (struct whereabouts){
			.defined = true,
			.active = active == 1,
			.state = stats_state(state),
			.reason = stats_reason(state, reason),
		};
	virDomainFree(dom);
	return ok;
}

bool
libvirt_whereabouts(struct conn *conn, const uint8_t uuid[UUID_LEN], struct whereabouts *out, GError **error)
{
	struct libvirt *lv = libvirt_of(conn);
	g_autoptr(GError) mine = NULL;

	if (!libvirt_ready(lv, error))
		return false;
	virDomainPtr dom = virDomainLookupByUUID(lv->vir, uuid);
	bool ok = dom ? read_whereabouts(lv, dom, out, &mine) : libvirt_fail(lv, &mine, "find the guest");
	if (g_error_matches(mine, FLEET_ERROR, FLEET_ERROR_NO_DOMAIN))
		*out = (struct whereabouts){ .defined = false };
	else if (!ok)
		g_propagate_error(error, g_steal_pointer(&mine));
	return ok || mine;
}
