/* conn_libvirt: the libvirt boundary. Includes no libvirt header. */
#pragma once

#include "config/hostspec.h"
#include "fleet/conn.h"
#include "fleet/tenant.h"
#include "fleet/tunnel.h"

struct conn_libvirt_opts {
	struct tunnels *tunnels;
	enum conn_purpose purpose; /* JOB: through the session of the host's own connection, and no events */
	bool readonly;         /* read-only socket and virConnectOpenReadOnly */
	int64_t keepalive_ms;  /* 0: none */
	bool xen_tools;        /* ask xentop on Xen hosts, too */
	const struct tenant_rules *tenant; /* whose guests are; borrowed; NULL: nobody asks */
	GHashTable *labels;    /* of the host, for these; borrowed; NULL: none */
	const char *migration_address; /* where other hosts find this one; borrowed; NULL: as we find it */
};

/* SPEC is copied, LISTENER's target must outlive the conn. fleet/events must run. Never fails.
 *
 * Events begin with the first sample that is more than a list. cancel() ends a call through a tunnel at once. Behind a
 * URI that libvirt opens itself (TRANSPORT_DIRECT) there is nothing of ours to cut: calls after it fail, but one under
 * way to a hung daemon ends only when keepalive gives the daemon up, and opening one does not end at all. */
struct conn *conn_libvirt_new(const struct conn_libvirt_opts *opts, const struct hostspec *spec, uint32_t index,
                              const struct conn_listener *listener);
