#include "views/viewer.h"

#include "fleet/domxml.h"
#include "tests/support/snaps.h"

#include <criterion/criterion.h>
#include <string.h>

/* A screen of a running guest on a host that is reached at SPEC. */
static const struct {
	const char *spec;
	enum hypervisor hypervisor;
	const char *graphics;
	const char *line, *tunnel; /* NULL: none */
} screens[] = {
	{ "root@kvm1", HYPERVISOR_KVM, "<graphics type='vnc' listen='127.0.0.1' port='5901'/>",
		"virt-viewer -c qemu+ssh://root@kvm1/system --uuid aa000000-0000-0000-0000-000000000001",
		"ssh -L 5901:127.0.0.1:5901 root@kvm1" },
	{ "kvm1:2222", HYPERVISOR_KVM, "<graphics type='spice' listen='0.0.0.0' port='5902'/>",
		"virt-viewer -c qemu+ssh://kvm1:2222/system --uuid aa000000-0000-0000-0000-000000000001",
		"ssh -L 5902:127.0.0.1:5902 -p 2222 kvm1" },
	{ "xen1", HYPERVISOR_XEN, "<graphics type='vnc' port='5900'/>",
		"virt-viewer -c xen+ssh://xen1/system --uuid aa000000-0000-0000-0000-000000000001",
		"ssh -L 5900:127.0.0.1:5900 xen1" },
	{ "kvm1", HYPERVISOR_KVM, "<graphics type='spice' listen='2001:db8::5' tlsPort='5903'/>",
		"virt-viewer -c qemu+ssh://kvm1/system --uuid aa000000-0000-0000-0000-000000000001",
		"ssh -L '5903:[2001:db8::5]:5903' kvm1" },
	{ "kvm1", HYPERVISOR_KVM, "<graphics type='vnc' socket='/run/vm one/$(x).sock'/>",
		"virt-viewer -c qemu+ssh://kvm1/system --uuid aa000000-0000-0000-0000-000000000001",
		"ssh -L '5900:/run/vm one/$(x).sock' kvm1" },
	{ "qemu+ssh://ops@kvm1/system?socket=/run/x.sock", HYPERVISOR_KVM,
		"<graphics type='vnc' port='5901'/>",
		"virt-viewer -c 'qemu+ssh://ops@kvm1/system?socket=/run/x.sock' --uuid "
		"aa000000-0000-0000-0000-000000000001",
		"ssh -L 5901:127.0.0.1:5901 ops@kvm1" },
	{ "qemu:///system", HYPERVISOR_KVM, "<graphics type='vnc' port='5901'/>",
		"virt-viewer -c qemu:///system --uuid aa000000-0000-0000-0000-000000000001", NULL },
	{ "kvm1", HYPERVISOR_KVM, "<graphics type='vnc'/>", NULL, NULL },
};

static void
check(size_t i)
{
	struct config_host host = { .name = (char[]){ "h" },
		.spec = hostspec_parse(screens[i].spec, NULL, NULL) };
	g_autofree char *xml = g_strdup_printf("<domain><devices>%s</devices></domain>", screens[i].graphics);
	struct vm_facts *facts = domxml_parse(xml, strlen(xml), NULL, NULL, NULL);
	const struct host_facts *of_host = snaps_host_facts(screens[i].hypervisor);
	struct host_snap snap = snaps_host(0, "h");
	struct vm vm = snaps_vm("web", 1);
	g_autofree char *line = NULL, *tunnel = NULL;

	snap.facts = of_host;
	vm.facts = facts;
	vm.host = &snap;
	line = viewer_line(&host, &vm);
	tunnel = viewer_tunnel(&host, &vm);
	cr_expect(g_strcmp0(line, screens[i].line) == 0, "screen %zu: %s", i, line);
	cr_expect(g_strcmp0(tunnel, screens[i].tunnel) == 0, "screen %zu: %s", i, tunnel);
	cr_expect_eq(viewer_why_not(&vm) == NULL, line != NULL);
	vm_facts_unref(facts);
	host_facts_unref(of_host);
	hostspec_free(host.spec);
}

Test(viewer, lines_can_be_typed_as_they_are)
{
	for (size_t i = 0; i < G_N_ELEMENTS(screens); i++)
		check(i);
}

Test(viewer, says_why_there_is_none)
{
	struct vm_facts facts = { .ngraphics = 0 };
	struct vm vm = snaps_vm("web", 1);

	cr_expect_str_eq(viewer_why_not(&vm), "its screen is not known yet");
	vm.facts = &facts;
	cr_expect_str_eq(viewer_why_not(&vm), "it has no screen (no <graphics> in its XML)");
	cr_expect_null(viewer_screen(&vm));
}
