/* domxml: a guest's XML into its facts. Pure; includes neither libvirt nor libxml2. */
#pragma once

#include "fleet/model.h"

/* XML (LEN bytes) as virDomainGetXMLDesc() gives it. One reference for the caller; the tenant stays NULL. PCPUS:
 * the host's physical CPUs, 0: not known (then a guest whose XML names all of them counts as pinned). *VCPUS_MAX (may be
 * NULL) gets the vCPUs that the guest may have, 0: not told. NULL with FLEET_ERROR_PROTOCOL. */
struct vm_facts *domxml_parse(const char *xml, size_t len, unsigned pcpus, unsigned *vcpus_max, GError **error);
