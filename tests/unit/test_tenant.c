#include "fleet/tenant.h"

#include "fleet/domxml.h"
#include "fleet/snapshot.h"

#include <criterion/criterion.h>
#include <string.h>

/* What OpenStack, an orderly admin, a careless one and libosinfo put into a guest's metadata. */
static const char guest[] =
	"<domain type='kvm'><name>acme-web-01</name><title>Web shop of Bolt Ltd</title>"
	"<description>billing: Cora &amp; Sons\nroom 7</description>"
	"<metadata>"
	"<nova:instance xmlns:nova='http://openstack.org/xmlns/libvirt/nova/1.1'>"
	"<nova:name>web-01</nova:name>"
	"<nova:owner><nova:user uuid='u-1'>admin</nova:user>"
	"<nova:project uuid='p-7f'> Dune Foods </nova:project></nova:owner></nova:instance>"
	"<customer xmlns='http://ember.example/1'>Ember</customer>"
	"<billing xmlns='urn:fjell:1'><empty/><account xmlns=''> </account><account "
	"xmlns=''>Fjell</account></billing>"
	"<libosinfo:libosinfo xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'>"
	"<libosinfo:os id='http://debian.org/debian/12'/></libosinfo:libosinfo>"
	"</metadata></domain>";

static const char bare[] = "<domain type='xen'><name>db7</name></domain>";

#define NOVA "http://openstack.org/xmlns/libvirt/nova/1.1"

static char *
tenant_of(const char *xml, const char *config_text, const char *rack)
{
	g_autoptr(GHashTable) labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autoptr(GError) error = NULL;
	struct config *config = config_parse(config_text, strlen(config_text), "c.yaml", &error);
	struct tenant_rules *rules;
	struct vm_facts *facts;
	char *tenant;

	cr_assert(config, "%s", error ? error->message : "");
	if (rack)
		g_hash_table_insert(labels, g_strdup("rack"), g_strdup(rack));
	rules = tenant_rules_new(config);
	facts = domxml_parse(
		xml, strlen(xml), &(struct domxml_opts){ .tenant = rules, .labels = labels }, NULL, NULL);
	tenant = g_strdup(facts->tenant);
	vm_facts_unref(facts);
	tenant_rules_free(rules);
	config_free(config);
	return tenant;
}

static const struct {
	const char *config, *tenant;
} cases[] = {
	{ "{}", NULL },
	{ "tenant: {metadata: {namespace: '" NOVA "', path: instance/owner/project}}", "Dune Foods" },
	{ "tenant: {metadata: {namespace: '" NOVA "', path: instance/owner/project, attribute: uuid}}",
		"p-7f" },
	{ "tenant: {metadata: {namespace: 'http://openstack.org/*', path: instance/owner/project}}",
		"Dune Foods" },
	{ "tenant: {metadata: {namespace: 'http://openstack.org/xmlns/libvirt/nova/1.0', path: "
	  "instance/owner/project}}",
		NULL },
	{ "tenant: {metadata: {path: instance/owner/project}}", "Dune Foods" },
	{ "tenant: {metadata: {path: owner/project}}", NULL },
	{ "tenant: {metadata: {namespace: 'http://ember.example/1', path: customer}}", "Ember" },
	{ "tenant: {metadata: {namespace: 'http://ember.example/2', path: customer}}", NULL },
	{ "tenant: {metadata: {path: customer, attribute: id}}", NULL },
	/* elements inside may be in no namespace, and of several the first that says something counts */
	{ "tenant: {metadata: {namespace: 'urn:fjell:1', path: billing/account}}", "Fjell" },
	{ "tenant: {metadata: {path: libosinfo/os, attribute: id}}", "http://debian.org/debian/12" },

	{ "tenant: {regex: '^([^-]+)-'}", "acme" },
	{ "tenant: {regex: '^(\\d+)-'}", NULL },
	{ "tenant: {regex: 'of (\\w+)'}", NULL },
	{ "tenant: {regex: 'of (\\w+)', match: title}", "Bolt" },
	{ "tenant: {regex: '^billing: (.*)$', match: [name, title, description]}", NULL },
	{ "tenant: {regex: '(?m)^billing: (.*)$', match: [name, title, description]}", "Cora & Sons" },
	{ "tenant: {regex: '(shop|web)', match: [title, name]}", "shop" },
	{ "tenant: {regex: '(shop|web)', match: [name, title]}", "web" },
	{ "tenant: {regex: '^(x?)acme', match: [name]}", NULL },
	{ "tenant: {regex: '((\\w+)+)+!', match: [name, description]}", NULL },

	{ "tenant: {label: rack}", "b7" },
	{ "tenant: {label: row}", NULL },

	/* metadata before expression before label */
	{ "tenant: {metadata: {path: customer}, regex: '^([^-]+)-', label: rack}", "Ember" },
	{ "tenant: {metadata: {path: client}, regex: '^([^-]+)-', label: rack}", "acme" },
	{ "tenant: {metadata: {path: client}, regex: '^(\\d+)-', label: rack}", "b7" },
};

Test(tenant, is_found_where_the_config_says)
{
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *tenant = tenant_of(guest, cases[i].config, "b7");

		cr_expect_eq(g_strcmp0(tenant, cases[i].tenant), 0, "%s: %s", cases[i].config,
			tenant ? tenant : "nobody");
	}
}

Test(tenant, nobody_says)
{
	static const char config[] =
		"tenant: {metadata: {path: customer}, regex: '^([^-]+)-', match: [name, title, description], "
		"label: rack}";
	g_autofree char *none = tenant_of(bare, config, NULL), *empty = tenant_of(bare, config, "");

	cr_expect_null(none);
	cr_expect_null(empty);
}

/* A name from a stranger must not fill the memory, nor end within a character. */
Test(tenant, names_have_an_end)
{
	g_autoptr(GString) xml = g_string_new("<domain><metadata><a:c xmlns:a='u:1'>x");
	g_autofree char *tenant = NULL;

	for (int i = 0; i < 1000; i++)
		g_string_append(xml, "ü");
	g_string_append(xml, "</a:c></metadata></domain>");
	tenant = tenant_of(xml->str, "tenant: {metadata: {path: c}}", NULL);
	cr_assert_eq(strlen(tenant), 255);
	cr_assert(g_utf8_validate(tenant, -1, NULL));
}
