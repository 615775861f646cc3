/* domxml: a guest's XML into its facts. Pure; includes neither libvirt nor libxml2. */
#pragma once

#include "fleet/model.h"
#include "fleet/tenant.h"

/* What reading depends on; all zero will do. */
struct domxml_opts {
	unsigned pcpus; /* the host's physical CPUs, 0: not known; then a guest whose XML names all of them counts as pinned */
	const struct tenant_rules *tenant; /* whose it is; NULL: nobody asks */
	GHashTable *labels; /* of its host, for these; NULL: none */
};

/* XML (LEN bytes) as virDomainGetXMLDesc() gives it. One reference for the caller. OPTS may be NULL. *VCPUS_MAX (may be
 * NULL) gets the vCPUs that the guest may have, 0: not told. NULL with FLEET_ERROR_PROTOCOL. */
struct vm_facts *domxml_parse(
	const char *xml, size_t len, const struct domxml_opts *opts, unsigned *vcpus_max, GError **error);

/* Whether a guest has a channel for QEMU's guest agent, and whether the agent is at its other end. */
enum domxml_agent { DOMXML_AGENT_NONE, DOMXML_AGENT_SILENT, DOMXML_AGENT_CONNECTED };

/* As the XML of a running guest says; NONE when it can't be read. */
enum domxml_agent domxml_agent(const char *xml, size_t len);
