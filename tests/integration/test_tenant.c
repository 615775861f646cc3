/* Whose a guest is, from the metadata that libvirt keeps: its test driver, in this process and behind the real binary. */
#include "fleet/conn_libvirt.h"
#include "fleet/events.h"
#include "fleet/snapshot.h"
#include "tests/support/witness.h"

#include <criterion/criterion.h>
#include <libvirt/libvirt.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMESPACE "http://customers.example/1"

static const char config_text[] = "tenant:\n"
				  "  metadata: {namespace: '" NAMESPACE "', path: customer}\n"
				  "  regex: '^([a-z]+)-'\n";

static struct conn *
open_conn(struct witness *witness, const struct tenant_rules *rules)
{
	char uri[] = "test:///default";
	struct hostspec spec = { .transport = TRANSPORT_DIRECT, .uri = uri };
	struct conn_libvirt_opts opts = { .keepalive_ms = 5000, .tenant = rules };
	struct conn *conn = conn_libvirt_new(&opts, &spec, 0, &witness->listener);
	g_autoptr(GError) error = NULL;

	cr_assert(conn->ops->open(conn, &error), "%s", error ? error->message : "no error");
	return conn;
}

/* Somebody else says whose the guest is, on a connection of his own. */
static void
set_customer(virConnectPtr other, const char *customer)
{
	g_autofree char *xml = g_strdup_printf("<customer>%s</customer>", customer);
	virDomainPtr dom = virDomainLookupByName(other, "test");

	cr_assert(dom);
	cr_assert_eq(virDomainSetMetadata(
			     dom, VIR_DOMAIN_METADATA_ELEMENT, xml, "c", NAMESPACE, VIR_DOMAIN_AFFECT_LIVE),
		0);
	virDomainFree(dom);
}

static char *
tenant_now(struct conn *conn, const uint8_t uuid[UUID_LEN])
{
	g_autoptr(GError) error = NULL;
	struct vm_facts *facts = conn->ops->vm_facts(conn, uuid, &error);
	char *tenant;

	cr_assert(facts, "%s", error ? error->message : "no error");
	tenant = g_strdup(facts->tenant);
	vm_facts_unref(facts);
	return tenant;
}

Test(tenant, follows_the_metadata, .timeout = 120)
{
	static const char *const customers[] = { "Acme", "Bolt &amp; Sons" }, *const tenants[] = { "Acme",
		"Bolt & Sons" };
	g_autoptr(GError) error = NULL;
	struct config *config = config_parse(config_text, strlen(config_text), "c.yaml", &error);
	struct tenant_rules *rules;
	struct witness witness;
	struct conn *conn;
	virConnectPtr other;
	uint8_t uuid[UUID_LEN];

	cr_assert(config, "%s", error ? error->message : "no error");
	witness_init(&witness);
	cr_assert(events_start(&error), "%s", error ? error->message : "no error");
	rules = tenant_rules_new(config);
	conn = open_conn(&witness, rules);
	other = virConnectOpen("test:///default");
	cr_assert(other);
	state_of(conn, "test", uuid); /* events begin with a full sample */
	g_autofree char *before = tenant_now(conn, uuid);
	cr_assert_null(before);
	for (size_t i = 0; i < G_N_ELEMENTS(customers); i++) {
		set_customer(other, customers[i]);
		cr_assert(witness_saw(&witness, CONN_EVENT_CHANGED, uuid), "libvirt did not tell");
		witness_forget(&witness);
		g_autofree char *tenant = tenant_now(conn, uuid);
		cr_assert_eq(g_strcmp0(tenant, tenants[i]), 0, "%s", tenant ? tenant : "nobody's");
	}
	virConnectClose(other);
	conn->ops->free(conn);
	events_stop();
	tenant_rules_free(rules);
	config_free(config);
	witness_done(&witness);
}

/* ---- the real binary ---- */

static const char node[] =
	"<node>"
	"<domain type='test'><name>web-1</name><memory>1024</memory><os><type>hvm</type></os>"
	"<metadata><c:customer xmlns:c='" NAMESPACE "'>Acme</c:customer></metadata></domain>"
	"<domain type='test'><name>db-1</name><memory>1024</memory><os><type>hvm</type></os></domain>"
	"<domain type='test'><name>x</name><memory>1024</memory><os><type>hvm</type></os></domain>"
	"</node>";

static char *
write_file(const char *folder, const char *name, const char *text)
{
	char *path = g_build_filename(folder, name, NULL);

	cr_assert(g_file_set_contents(path, text, -1, NULL));
	return path;
}

static const struct {
	const char *args[6], *out;
} lists[] = {
	{ { "vms", "--columns=name,tenant" }, "name,tenant\n\"db-1\",\"db\"\n\"web-1\",\"Acme\"\n\"x\",\n" },
	{ { "vms", "--columns=name", "--where", "tenant=acme" }, "name\n\"web-1\"\n" },
	{ { "groups", "--by", "tenant", "--sort", "name", "--columns=name,vms,mem-share" },
		"name,vms,mem-share\n\"Acme\",1,33.3333333333333\n\"db\",1,33.3333333333333\n,1,33."
		"3333333333333\n" },
};

Test(tenant, in_lists, .timeout = 120)
{
	g_autofree char *folder = g_dir_make_tmp("tenant-XXXXXX", NULL);
	g_autofree char *config = write_file(folder, "c.yaml", config_text);
	g_autofree char *file = write_file(folder, "node.xml", node);
	g_autofree char *uri = g_strconcat("test://", file, NULL);

	cr_assert_not_null(g_getenv("VIRT_FLEET"),
		"VIRT_FLEET must name the program to test (make check-integration does)");
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		const char *argv[16] = { g_getenv("VIRT_FLEET"), "--config", config, "-c", uri, "list", "-o",
			"csv" };
		g_autofree char *out = NULL, *complaint = NULL;
		int status;

		memcpy(argv + 8, lists[i].args, sizeof(lists[i].args));
		cr_assert(g_spawn_sync(NULL, (char **)(uintptr_t)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL,
			&out, &complaint, &status, NULL));
		cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s", complaint);
		cr_expect_str_eq(out, lists[i].out);
	}
	unlink(config);
	unlink(file);
	rmdir(folder);
}
