/* domxml_place: where a guest's XML lets it run, and on what its devices lie. Private to fleet/domxml*.c; pure. */
#pragma once

#include "fleet/model.h"

struct _xmlNode;

/* Fills pinned, cpuset, numa_nodes and cpu_mode of FACTS from the <domain> ROOT. PCPUS: the host's physical CPUs, 0:
 * not known; a guest that may run on each of them is not pinned, even when its XML names them all. */
void domxml_read_place(struct _xmlNode *root, unsigned pcpus, struct vm_facts *facts);

/* What DISK, of which all else is read, lies on. An NFS server behind a file can't be told by the XML. */
enum storage domxml_storage(const struct vm_disk *disk);

/* How NIC, of which all else is read, reaches the network. TYPE is the guest's. DIRECT: its <source> names a device of the
 * host and a mode, which is how a network that resolved to macvtap looks while it is in use. */
enum nic_kind domxml_nic_kind(const struct vm_nic *nic, enum vm_type type, bool direct);
