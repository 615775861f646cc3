#include "fleet/capsxml.h"
#include "fleet/error.h"

#include <criterion/criterion.h>
#include <string.h>

static void
parse(const char *xml, struct capsxml *caps)
{
	g_autoptr(GError) error = NULL;

	cr_assert(capsxml_parse(xml, strlen(xml), caps, &error), "%s", error ? error->message : "no error");
}

static const char two_sockets[] =
	"<capabilities><host><uuid>44454c4c-4200-1048-8033-b5c04f595332</uuid>"
	"<cpu><arch>x86_64</arch><model>Cascadelake-Server</model><vendor>Intel</vendor>"
	"<topology sockets='1' dies='1' cores='2' threads='2'/>"
	"<pages unit='KiB' size='2048'/><pages unit='KiB' size='4'/><pages unit='KiB' size='1048576'/></cpu>"
	"<migration_features><live/><uri_transports><uri_transport>tcp</uri_transport></uri_transports>"
	"</migration_features>"
	"<topology><cells num='2'>"
	"<cell id='0'><memory unit='KiB'>1000</memory><pages unit='KiB' size='4'>250</pages><cpus num='4'>"
	"<cpu id='0' socket_id='0' core_id='0' siblings='0,2'/><cpu id='1' socket_id='0' core_id='1' "
	"siblings='1,3'/>"
	"<cpu id='2' socket_id='0' core_id='0' siblings='0,2'/><cpu id='3' socket_id='0' core_id='1' "
	"siblings='1,3'/>"
	"</cpus></cell>"
	"<cell id='1'><memory unit='MiB'>2</memory><cpus num='4'>"
	"<cpu id='4' socket_id='1' core_id='0' siblings='4'/></cpus></cell>"
	"</cells></topology></host>"
	"<guest><os_type>hvm</os_type><arch name='i686'><domain type='qemu'/></arch></guest>"
	"<guest><os_type>hvm</os_type><arch name='x86_64'><domain type='qemu'/><domain "
	"type='kvm'/></arch></guest>"
	"</capabilities>";

Test(capsxml, two_sockets)
{
	struct capsxml caps = { 0 };

	parse(two_sockets, &caps);
	cr_assert_str_eq(caps.uuid, "44454c4c-4200-1048-8033-b5c04f595332");
	cr_assert_str_eq(caps.arch, "x86_64");
	cr_assert_str_eq(caps.cpu_model, "Cascadelake-Server");
	cr_assert_eq(caps.sockets, 2);
	cr_assert_eq(caps.cores, 2);
	cr_assert_eq(caps.threads, 2);
	cr_assert_eq(caps.page_bytes, 4096);
	cr_assert(caps.live_migration);
	cr_assert(caps.kvm);
	cr_assert_eq(caps.ncells, 2);
	cr_assert_eq(caps.cells[0].mem_bytes, 1000 * 1024);
	cr_assert_eq(caps.cells[0].ncpus, 4);
	cr_assert_eq(caps.cells[1].id, 1);
	cr_assert_eq(caps.cells[1].mem_bytes, 2 * 1024 * 1024);
	cr_assert_eq(caps.ncpus, 5);
	for (int i = 0; i < 5; i++) {
		cr_assert_eq(caps.cpus[i].id, i);
		cr_assert_eq(caps.cpus[i].cell, i / 4);
		cr_assert_eq(caps.cpus[i].socket, i / 4);
		cr_assert_eq(caps.cpus[i].core, i % 2 * (i < 4));
	}
	capsxml_done(&caps);
}

/* A host's numbers become indexes and sizes: what can't be is not taken, and not made something else. */
Test(capsxml, numbers_out_of_bounds)
{
	static const char xml[] =
		"<capabilities><host><cpu><topology sockets='4294967297' cores='8' threads='-1'/></cpu>"
		"<topology><cells num='3'>"
		"<cell id='4294000000'><cpus num='1'><cpu id='9' socket_id='0' "
		"core_id='4294967296'/></cpus></cell>"
		"<cell id='256'/><cell id='-1'/>"
		"<cell id='255'><cpus num='4294967299'><cpu id='2147483647'/><cpu id='8192'/><cpu id='-3'/>"
		"<cpu id='4294967296'/><cpu id='99999999999999999999'/><cpu id='8191'/></cpus></cell>"
		"</cells></topology></host></capabilities>";
	struct capsxml caps = { 0 };

	parse(xml, &caps);
	cr_assert_eq(caps.ncells, 1);
	cr_expect_eq(caps.cells[0].id, 255);
	cr_expect_eq(caps.cells[0].ncpus, 0, "%d", caps.cells[0].ncpus);
	cr_assert_eq(caps.ncpus, 2);
	cr_expect_eq(caps.cpus[0].id, 9);
	cr_expect_eq(caps.cpus[0].cell, -1, "its cell is not known");
	cr_expect_eq(caps.cpus[0].core, -1);
	cr_expect_eq(caps.cpus[1].id, 8191);
	cr_expect_eq(caps.cpus[1].cell, 255);
	cr_expect_eq(caps.sockets, 1, "counted, not told");
	cr_expect_eq(caps.cores, 8);
	cr_expect_eq(caps.threads, 0);
	capsxml_done(&caps);
}

/* Recorded from real hosts. Xen tells no uuid and no page sizes. */
Test(capsxml, recorded)
{
	static const struct {
		const char *path, *uuid, *model;
		int cores;
		uint64_t page_bytes;
		size_t ncells;
		bool kvm;
	} cases[] = {
		{ "tests/data/xen/capabilities.xml", NULL, "pentium", 4, 0, 1, false },
		{ "tests/data/qemu/capabilities.xml", "77770000-0000-4000-8000-000000000001", "Broadwell", 2,
			4096, 1, false },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *xml = NULL;
		struct capsxml caps = { 0 };

		cr_assert(g_file_get_contents(cases[i].path, &xml, NULL, NULL), "%s", cases[i].path);
		parse(xml, &caps);
		cr_assert_eq(g_strcmp0(caps.uuid, cases[i].uuid), 0);
		cr_assert_str_eq(caps.arch, "x86_64");
		cr_assert_str_eq(caps.cpu_model, cases[i].model);
		cr_assert_eq(caps.sockets, 1);
		cr_assert_eq(caps.cores, cases[i].cores);
		cr_assert_eq(caps.threads, 1);
		cr_assert_eq(caps.page_bytes, cases[i].page_bytes);
		cr_assert_eq(caps.ncells, cases[i].ncells);
		cr_assert_eq(caps.ncpus, (size_t)cases[i].cores);
		cr_assert(caps.live_migration);
		cr_assert_eq(caps.kvm, cases[i].kvm);
		capsxml_done(&caps);
	}
}

Test(capsxml, cpus_in_any_order_and_untold)
{
	struct capsxml caps = { 0 };

	parse("<capabilities><host><topology><cells><cell id='3'><cpus num='3'><cpu id='2'/><cpu id='0' "
	      "socket_id='1' core_id='7'/><cpu/></cpus></cell></cells></topology></host></capabilities>",
		&caps);
	cr_assert_eq(caps.ncpus, 2);
	cr_assert_eq(caps.cpus[0].id, 0);
	cr_assert_eq(caps.cpus[0].socket, 1);
	cr_assert_eq(caps.cpus[0].core, 7);
	cr_assert_eq(caps.cpus[1].id, 2);
	cr_assert_eq(caps.cpus[1].cell, 3);
	cr_assert_eq(caps.cpus[1].socket, -1);
	cr_assert_eq(caps.cpus[1].core, -1);
	capsxml_done(&caps);
}

Test(capsxml, empty)
{
	struct capsxml caps = { 0 };

	parse("<capabilities/>", &caps);
	cr_assert_null(caps.arch);
	cr_assert_eq(caps.ncpus, 0);
	cr_assert_not(caps.live_migration);
	capsxml_done(&caps);
}

Test(capsxml, refused_leaves_output_alone)
{
	static const char *const cases[] = { "", "<domain/>", "<capabilities",
		"<!DOCTYPE x><capabilities/>" };

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		struct capsxml caps = { .cores = 77 };

		cr_assert_not(capsxml_parse(cases[i], strlen(cases[i]), &caps, &error), "%s", cases[i]);
		cr_assert(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL));
		cr_assert_eq(caps.cores, 77);
	}
}
