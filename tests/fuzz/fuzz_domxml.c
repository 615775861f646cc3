/* Any bytes as a guest's or a host's XML. */
#include "fleet/capsxml.h"
#include "fleet/domxml.h"
#include "fleet/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char namespace[] = "http://*", path[] = "a/b", regex[] = "(a+)+-";
	char name[] = "name", title[] = "title", description[] = "description";
	char *match[] = { name, title, description, NULL };
	struct config config = {
		.tenant_metadata = { .namespace = namespace, .path = path },
		.tenant_regex = regex,
		.tenant_match = match,
	};
	struct tenant_rules *rules = tenant_rules_new(&config);
	const struct domxml_opts opts = { .pcpus = 4, .tenant = rules };
	struct capsxml caps = { 0 };
	unsigned vcpus_max;

	domxml_agent((const char *)data, size);
	vm_facts_unref(domxml_parse((const char *)data, size, &opts, &vcpus_max, NULL));
	tenant_rules_free(rules);
	capsxml_parse((const char *)data, size, &caps, NULL);
	capsxml_done(&caps);
	return 0;
}
