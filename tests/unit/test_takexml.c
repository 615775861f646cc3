/* What a guest needs of a host, by its XML. */
#include "fleet/takexml.h"

#include <criterion/criterion.h>
#include <string.h>

static const char guest[] =
	"<domain type='kvm' id='3'><name>a</name><memory unit='KiB'>4194304</memory>"
	"<currentMemory unit='KiB'>2097152</currentMemory>"
	"<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>"
	"<cpu mode='custom' match='exact'><model fallback='forbid'>EPYC-Rome</model><feature "
	"policy='require' name='x2apic'/></cpu>"
	"<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>"
	"<disk type='volume' device='disk'><source pool='fast' volume='a.qcow2'/></disk>"
	"<disk type='file' device='disk'><source file='/images/x'/><target dev='vda'/></disk>"
	"<disk type='file' device='disk'><source file='/more/y'/><target dev='vdb'/></disk>"
	"<disk type='file' device='disk'><source file='/images/z'/><target dev='vdc'/></disk>"
	"<disk type='file' device='disk'><source file='/shared/z'/><target dev='vdd'/><shareable/></disk>"
	"<disk type='file' device='cdrom'/>"
	"<interface type='network'><source network='default' bridge='virbr0'/></interface>"
	"<interface type='bridge'><source bridge='br0'/></interface>"
	"<interface type='bridge'><source bridge='br0'/></interface>"
	"<interface type='direct'><source dev='eno1' mode='bridge'/></interface>"
	"<interface type='user'/></devices></domain>";

static void
expect_names(const GPtrArray *names, const char *expected)
{
	g_autoptr(GString) got = g_string_new(NULL);

	for (guint i = 0; i < names->len; i++)
		g_string_append_printf(got, "%s%s", i ? " " : "", (const char *)names->pdata[i]);
	cr_expect_str_eq(got->str, expected);
}

static void
expect_folders(const GArray *folders, const char *expected)
{
	g_autoptr(GString) got = g_string_new(NULL);

	for (guint i = 0; i < folders->len; i++) {
		const struct take_folder *folder = &g_array_index(folders, struct take_folder, i);

		g_string_append_printf(got, "%s%s: %s", i ? "; " : "", folder->path, folder->disks);
	}
	cr_expect_str_eq(got->str, expected);
}

Test(takexml, tells_what_a_host_must_have)
{
	struct takexml take;

	cr_assert(takexml_parse(guest, &take, NULL));
	cr_expect_str_eq(take.type, "kvm");
	cr_expect_str_eq(take.arch, "x86_64");
	cr_expect_str_eq(take.machine, "pc-q35-7.2");
	cr_expect_str_eq(take.emulator, "/usr/bin/qemu-system-x86_64");
	cr_expect_eq(take.mem_bytes, UINT64_C(2) << 30);
	cr_expect(g_str_has_prefix(take.cpu, "<cpu mode=\"custom\"") && strstr(take.cpu, "x2apic") &&
			  g_str_has_suffix(take.cpu, "</cpu>"),
		"%s", take.cpu);
	expect_names(take.networks, "default");
	expect_names(take.devices, "br0 eno1");
	expect_names(take.pools, "fast/a.qcow2");
	expect_folders(take.folders, "/images: vda, vdc; /more: vdb");
	takexml_done(&take);
}

/* They are no free memory of the target, however many of them are free. */
Test(takexml, huge_pages_are_not_what_is_free)
{
	struct takexml take;

	cr_assert(takexml_parse("<domain><currentMemory>1024</currentMemory><memoryBacking><hugepages/>"
				"</memoryBacking></domain>",
		&take, NULL));
	cr_expect_eq(take.mem_bytes, 0);
	takexml_done(&take);
	cr_assert(takexml_parse("<domain><currentMemory>1024</currentMemory><memoryBacking><locked/>"
				"</memoryBacking></domain>",
		&take, NULL));
	cr_expect_eq(take.mem_bytes, 1 << 20);
	takexml_done(&take);
}

Test(takexml, lives_with_what_is_not_told_and_refuses_what_is_no_guest)
{
	struct takexml take;
	g_autoptr(GError) error = NULL;

	cr_assert(takexml_parse("<domain/>", &take, NULL));
	cr_expect(!take.cpu && !take.machine && !take.mem_bytes && take.networks->len == 0);
	takexml_done(&take);
	cr_expect_not(takexml_parse("<network/>", &take, &error));
	cr_expect_not_null(error);
}
