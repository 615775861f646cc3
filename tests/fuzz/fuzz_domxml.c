/* Any bytes as a guest's or a host's XML. */
#include "fleet/capsxml.h"
#include "fleet/domxml.h"
#include "fleet/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct capsxml caps = { 0 };
	unsigned vcpus_max;

	vm_facts_unref(domxml_parse((const char *)data, size, 4, &vcpus_max, NULL));
	capsxml_parse((const char *)data, size, &caps, NULL);
	capsxml_done(&caps);
	return 0;
}
