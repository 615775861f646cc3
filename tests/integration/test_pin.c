/* Pins on real QEMU guests and on libvirt's test driver: what is set reads back by virsh, what virsh sets is told. */
#include "actions/registry.h"
#include "fleet/cpuset.h"
#include "fleet/error.h"
#include "fleet/events.h"
#include "fleet/jobs.h"
#include "fleet/pins.h"
#include "tests/support/lab.h"
#include "tests/support/witness.h"

#include <criterion/criterion.h>
#include <string.h>

static struct witness witness;
static struct lab *lab;

static void
start(void)
{
	g_autoptr(GError) error = NULL;

	witness_init(&witness);
	lab = lab_new();
	cr_assert(events_start(&error), "%s", error ? error->message : "no error");
}

static void
stop(void)
{
	events_stop();
	lab_free(lab);
	witness_done(&witness);
}

TestSuite(pin, .init = start, .fini = stop, .timeout = 240);

/* ---- a guest ---- */

struct guest {
	struct lab_libvirtd *daemon;
	struct conn *conn;
	uint8_t uuid[UUID_LEN];
};

/* Three vCPUs, of which the last is offline, and an I/O thread. TCG has a thread for each vCPU, unless instructions are counted. */
static const char guest_xml[] =
	"<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
	"<name>%s</name>\n"
	"<memory unit='MiB'>16</memory>\n"
	"<vcpu current='2'>3</vcpu>\n"
	"<iothreads>1</iothreads>\n"
	"<os><type arch='x86_64' machine='pc'>hvm</type></os>\n"
	"<features><acpi/></features>\n"
	"<devices><controller type='usb' model='none'/><memballoon model='none'/></devices>\n"
	"<qemu:commandline>%s</qemu:commandline>\n"
	"</domain>\n";

#define VIRSH(guest, ...) lab_virsh((guest)->daemon, (const char *[]){ __VA_ARGS__, NULL })

static struct guest
guest_start(bool one_thread)
{
	struct guest guest = { .daemon = lab_libvirtd_start(lab, NULL) };
	g_autofree char *xml = g_strdup_printf(guest_xml, "a",
		one_thread ? "<qemu:arg value='-icount'/><qemu:arg value='shift=auto'/>" : "");
	g_autofree char *path = g_build_filename(lab_dir(lab), "a.xml", NULL);
	g_autofree char *uri =
		g_strdup_printf("remote+unix:///?socket=%s", lab_libvirtd_socket(guest.daemon));

	cr_assert(g_file_set_contents(path, xml, -1, NULL));
	g_free(VIRSH(&guest, "define", path));
	g_free(VIRSH(&guest, "start", "a"));
	guest.conn = witness_open(&witness, uri);
	state_of(guest.conn, "a", guest.uuid);
	return guest;
}

/* "0 0-1, 1 0" of virsh's tables, whose lines end in the CPUs; "0-1" where there is nothing else on them. */
static char *
virsh_cpus(struct guest *guest, const char *command, const char *scope)
{
	g_autofree char *out = VIRSH(guest, command, "a", scope);
	g_auto(GStrv) lines = g_strsplit(out, "\n", -1);
	GString *told = g_string_new(NULL);

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) words = g_strsplit_set(g_strstrip(*line), " ", -1);
		guint n = g_strv_length(words);

		if (n > 0 && g_ascii_isdigit(words[0][0]))
			g_string_append_printf(told, "%s%s%s%s", told->len ? ", " : "", n > 1 ? words[0] : "",
				n > 1 ? " " : "", words[n - 1]);
	}
	return g_string_free(told, FALSE);
}

static void
expect_virsh(struct guest *guest, const char *command, const char *scope, const char *wanted)
{
	g_autofree char *told = virsh_cpus(guest, command, scope);

	cr_expect_str_eq(told, wanted, "virsh %s %s: %s, not %s", command, scope, told, wanted);
}

static const struct vm_pins *
read_pins(struct guest *guest)
{
	g_autoptr(GError) error = NULL;
	struct vm_pins *pins = guest->conn->ops->pins(guest->conn, guest->uuid, false, &error);

	cr_assert(pins, "%s", error ? error->message : "no error");
	return pins;
}

static void
expect_row(
	const struct vm_pins *pins, enum pin_what what, unsigned number, const char *live, const char *kept)
{
	const struct pin_row *row = vm_pins_find(pins, what, number);
	g_autofree char *is_live = row ? cpu_set_format(&row->live) : NULL;
	g_autofree char *is_kept = row ? cpu_set_format(&row->kept) : NULL;
	char name[PIN_NAME_SIZE];

	pin_name(what, number, name);
	cr_assert(row, "%s is not there", name);
	cr_expect_eq(g_strcmp0(is_live, live), 0, "%s live: %s, not %s", name, is_live, live);
	cr_expect_eq(g_strcmp0(is_kept, kept), 0, "%s kept: %s, not %s", name, is_kept, kept);
}

/* As the hand does it. */
static bool
run_job(struct guest *guest, const char *pins, const char *holds, char **remark, GError **error)
{
	const char *const params[] = { "pins", pins, "holds", holds, NULL };
	struct job *job = job_new();
	bool ok;

	job->params = g_strdupv((char **)(uintptr_t)params);
	memcpy(job->target.uuid, guest->uuid, UUID_LEN);
	ok = registry_find(false, "pin")->run(job, guest->conn, error);
	*remark = g_strdup(job->remark);
	job_free(job);
	return ok;
}

static void
expect_done(struct guest *guest, const char *pins, const char *holds, const char *remark)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *said = NULL;

	cr_assert(run_job(guest, pins, holds, &said, &error), "%s: %s", pins, error ? error->message : "");
	cr_expect_str_eq(said, remark);
}

/* ---- QEMU ---- */

/* Needs two CPUs, as the machines that tests run on have. */
Test(pin, what_is_set_reads_back_by_virsh)
{
	struct guest guest = guest_start(false);

	expect_done(&guest, "vcpu0:0;vcpu1:1;emulator:1;iothread1:0", "both", "4 threads, read back");
	expect_virsh(&guest, "vcpupin", "--live", "0 0, 1 1, 2 0-1");
	expect_virsh(&guest, "vcpupin", "--config", "0 0, 1 1, 2 0-1");
	expect_virsh(&guest, "emulatorpin", "--live", "1");
	expect_virsh(&guest, "emulatorpin", "--config", "1");
	expect_virsh(&guest, "iothreadinfo", "--live", "1 0");
	expect_virsh(&guest, "iothreadinfo", "--config", "1 0");

	expect_done(&guest, "vcpu0:1", "live", "1 thread, read back");
	expect_virsh(&guest, "vcpupin", "--live", "0 1, 1 1, 2 0-1");
	expect_virsh(&guest, "vcpupin", "--config", "0 0, 1 1, 2 0-1");
	expect_done(&guest, "vcpu*:0-1;emulator*:0-1;iothread*:0-1", "persistent", "4 threads, read back");
	expect_virsh(&guest, "emulatorpin", "--live", "1");
	expect_virsh(&guest, "emulatorpin", "--config", "0-1");
	guest.conn->ops->free(guest.conn);
}

Test(pin, what_virsh_sets_is_told)
{
	struct guest guest = guest_start(false);
	const struct vm_pins *pins;

	g_free(VIRSH(&guest, "vcpupin", "a", "0", "1", "--live"));
	g_free(VIRSH(&guest, "vcpupin", "a", "1", "0", "--config"));
	g_free(VIRSH(&guest, "emulatorpin", "a", "0", "--live"));
	pins = read_pins(&guest);
	cr_expect(pins->running && pins->persistent);
	expect_row(pins, PIN_VCPU, 0, "1", "0-1");
	expect_row(pins, PIN_VCPU, 1, "0-1", "0");
	expect_row(pins, PIN_EMULATOR, 0, "0", "0-1");
	expect_row(pins, PIN_IOTHREAD, 1, "0-1", "0-1");
	cr_expect(vm_pins_find(pins, PIN_VCPU, 0)->active);
	cr_expect_not(vm_pins_find(pins, PIN_VCPU, 2)->active, "the third vCPU is offline");
	cr_expect_eq(pins->unknowns[0], NULL, "%s", pins->unknowns[0]);
	vm_pins_unref(pins);
	guest.conn->ops->free(guest.conn);
}

Test(pin, what_cannot_be_is_refused_in_words)
{
	struct guest guest = guest_start(false);
	static const struct {
		const char *pins, *holds, *words;
	} refused[] = {
		{ "vcpu2:0", "live", "vCPU 2: is offline" },
		{ "vcpu7:0", "both", "vCPU 7: the guest has no such" },
		{ "iothread9:0", "both", "I/O thread 9: the guest has no such" },
		{ "vcpu0:0,4000", "both", "can't be pinned to CPU 4000" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *remark = NULL;

		cr_assert_not(run_job(&guest, refused[i].pins, refused[i].holds, &remark, &error));
		cr_expect(strstr(error->message, refused[i].words), "%s", error->message);
	}
	g_free(VIRSH(&guest, "destroy", "a"));
	expect_done(&guest, "vcpu*:1;emulator*:0", "both", "4 threads, read back");
	expect_virsh(&guest, "vcpupin", "--config", "0 1, 1 1, 2 1");
	guest.conn->ops->free(guest.conn);
}

/* One thread for all vCPUs: libvirt then can't pin them live, and says so. */
Test(pin, one_thread_for_all_vcpus_cannot_be_pinned_live)
{
	struct guest guest = guest_start(true);
	g_autoptr(GError) error = NULL;
	g_autofree char *remark = NULL;

	cr_assert_not(run_job(&guest, "vcpu0:1", "live", &remark, &error));
	cr_expect(strstr(error->message, "in one thread"), "%s", error->message);
	expect_done(&guest, "vcpu0:1", "persistent", "1 thread, read back");
	guest.conn->ops->free(guest.conn);
}

/* ---- libvirt's test driver ---- */

Test(pin, test_driver)
{
	struct conn *conn = witness_open(&witness, "test:///default");
	struct guest guest = { .conn = conn };
	const struct vm_pins *pins;

	state_of(conn, "test", guest.uuid);
	expect_done(&guest, "vcpu0:1;vcpu1:2-3", "live", "2 threads, read back");
	pins = read_pins(&guest);
	expect_row(pins, PIN_VCPU, 0, "1", "0-15");
	vm_pins_unref(pins);
	conn->ops->free(conn);
}
