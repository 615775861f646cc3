/* What pages show of guests and hosts, compared with what virsh says: on libvirt's test driver and on real QEMU guests. */
#include "fleet/cpuset.h"
#include "fleet/error.h"
#include "fleet/events.h"
#include "fleet/snapshot.h"
#include "tests/support/lab.h"
#include "tests/support/witness.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#define DEADLINE_MS 60000

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

TestSuite(detail, .init = start, .fini = stop, .timeout = 240);

/* ---- a page that is looked at ---- */

/* As the host's thread does it: a sample, then the detail. */
struct page {
	struct conn *conn;
	struct lab_libvirtd *daemon;
	uint8_t uuid[UUID_LEN];
	struct vm_detail *vm;
	struct host_detail *host;
	const void *ctx; /* of what is waited for */
};

static void
page_read(struct page *page)
{
	static const struct sample_opts full = { .depth = SAMPLE_FULL };
	g_autoptr(GError) error = NULL;
	struct host_sample sample;

	take_sample(page->conn, &full, &sample);
	host_sample_done(&sample);
	vm_detail_unref(page->vm);
	host_detail_unref(page->host);
	page->vm = page->conn->ops->vm_detail(page->conn, page->uuid, NULL, false, &error);
	cr_assert(page->vm, "%s", error ? error->message : "no error");
	page->host = page->conn->ops->host_detail(page->conn, NULL, &error);
	cr_assert(page->host, "%s", error ? error->message : "no error");
}

static struct page
page_open(struct lab_libvirtd *daemon, const char *uri, const char *guest)
{
	struct page page = { .daemon = daemon, .conn = witness_open(&witness, uri) };

	state_of(page.conn, guest, page.uuid);
	page_read(&page);
	return page;
}

static struct page
page_of_qemu(const char *guest)
{
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	g_autofree char *uri = g_strdup_printf("remote+unix:///?socket=%s", lab_libvirtd_socket(daemon));

	lab_guest_start(daemon, guest);
	return page_open(daemon, uri, guest);
}

static void
page_close(struct page *page)
{
	vm_detail_unref(page->vm);
	host_detail_unref(page->host);
	page->conn->ops->free(page->conn);
}

/* Reads the page again and again until CHECK is content with it. */
static void
page_until(struct page *page, bool (*check)(const struct page *page), const char *what)
{
	int64_t end = g_get_monotonic_time() + DEADLINE_MS * 1000;

	while (!check(page)) {
		cr_assert_lt(g_get_monotonic_time(), end, "%s", what);
		g_usleep(100000);
		page_read(page);
	}
}

static bool
says(char **unknowns, const char *what)
{
	for (; *unknowns; unknowns++)
		if (g_str_has_prefix(*unknowns, what))
			return true;
	return false;
}

/* The number that GROUP 1 of PATTERN finds in TEXT. */
static double
number_in(const char *text, const char *pattern)
{
	g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_MULTILINE, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;
	g_autofree char *number = NULL;

	cr_assert(regex && g_regex_match(regex, text, 0, &match), "no %s in: %s", pattern, text);
	number = g_match_info_fetch(match, 1);
	return g_ascii_strtod(number, NULL);
}

#define VIRSH(page, ...) lab_virsh((page)->daemon, (const char *[]){ __VA_ARGS__, NULL })

/* ---- QEMU: disks ---- */

static bool
has_disk_rates(const struct page *page)
{
	return page->vm->ndisks > 0 && (page->vm->disks[0].valid >> DISK_F_RD & 1u);
}

Test(detail, disks_are_what_virsh_says)
{
	static const struct {
		enum disk_field field;
		const char *pattern;
	} sizes[] = {
		{ DISK_F_CAPACITY, "^Capacity: +(\\d+)" },
		{ DISK_F_ALLOCATION, "^Allocation: +(\\d+)" },
	};
	struct page page = page_of_qemu("a");

	page_until(&page, has_disk_rates, "two readings make a rate");
	g_autofree char *info = VIRSH(&page, "domblkinfo", "a", "hda");
	const struct disk_detail *disk = &page.vm->disks[0];

	cr_assert_eq(page.vm->ndisks, 1);
	cr_assert_str_eq(disk->target, "hda");
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		cr_assert(disk->valid >> sizes[i].field & 1u, "%s", sizes[i].pattern);
		cr_assert_float_eq(
			disk->value[sizes[i].field], number_in(info, sizes[i].pattern), 0.5, "%s", info);
	}
	cr_assert_eq(disk->value[DISK_F_RD], 0, "the guest sleeps");
	cr_assert_eq(disk->value[DISK_F_WR], 0);
	cr_assert_not(disk->valid >> DISK_F_RD_MS & 1u, "no read, no latency");
	page_close(&page);
}

/* ---- QEMU: vCPUs ---- */

static bool
has_vcpu_rates(const struct page *page)
{
	return page->vm->nvcpus > 0 && page->vm->vcpus[0].cpu_pct >= 0 && page->vm->vcpus[0].ready_pct >= 0;
}

static bool
is_on_one_cpu(const struct page *page)
{
	return page->vm->nvcpus == 1 && cpu_set_count(&page->vm->vcpus[0].affinity) == 1;
}

static bool
has_emulator_on_one_cpu(const struct page *page)
{
	return cpu_set_count(&page->vm->emulator) == 1;
}

static bool
host_shows_the_pin(const struct page *page)
{
	return page->host->nvms == 1 && page->host->vms[0].pinned;
}

Test(detail, pins_by_others_are_seen)
{
	struct page page = page_of_qemu("a");
	g_autofree char *before = cpu_set_format(&page.vm->vcpus[0].affinity);

	page_until(&page, has_vcpu_rates, "a vCPU's use and waiting");
	cr_assert_eq(page.vm->nvcpus, 1);
	cr_assert(page.vm->vcpus[0].online);
	cr_assert_lt(page.vm->vcpus[0].cpu_pct, 101);
	cr_assert(cpu_set_has(&page.vm->vcpus[0].affinity, (size_t)page.vm->vcpus[0].cpu));
	cr_assert_not(page.host->vms[0].pinned);

	g_autofree char *pins = VIRSH(&page, "vcpupin", "a");
	cr_assert(strstr(pins, before), "%s is not in %s", before, pins);
	g_free(VIRSH(&page, "vcpupin", "a", "0", "0"));
	g_free(VIRSH(&page, "emulatorpin", "a", "0"));
	page_until(&page, is_on_one_cpu, "the vCPU's pin");
	cr_assert(cpu_set_has(&page.vm->vcpus[0].affinity, 0));
	page_until(&page, has_emulator_on_one_cpu, "the emulator's pin");
	page_until(&page, host_shows_the_pin, "the pin on the host's map");
	cr_assert(strstr(page.vm->xml, "<vcpupin vcpu='0' cpuset='0'/>"), "%s", page.vm->xml);
	page_close(&page);
}

/* ---- QEMU: NICs ---- */

static const char nic_xml[] = "<interface type='ethernet'><mac address='52:54:00:76:66:01'/>"
			      "<target dev='vf-test0'/><model type='virtio'/></interface>";

static bool
has_nic_rates(const struct page *page)
{
	return page->vm->nnics == 1 && (page->vm->nics[0].valid >> NIC_F_RX & 1u);
}

/* Only root may make a tap device. */
Test(detail, nics_that_come_are_seen_and_counted)
{
	static const struct {
		enum nic_field field;
		const char *pattern;
	} counts[] = {
		{ NIC_F_RX_ERRORS, "rx_errs (\\d+)" },
		{ NIC_F_RX_DROPS, "rx_drop (\\d+)" },
		{ NIC_F_TX_ERRORS, "tx_errs (\\d+)" },
		{ NIC_F_TX_DROPS, "tx_drop (\\d+)" },
	};
	g_autofree char *path = g_build_filename(lab_dir(lab), "nic.xml", NULL);
	struct page page = page_of_qemu("a");

	cr_assert_eq(page.vm->nnics, 0);
	if (geteuid() != 0) {
		page_close(&page);
		cr_skip("needs root");
	}
	cr_assert(g_file_set_contents(path, nic_xml, -1, NULL));
	g_free(VIRSH(&page, "attach-device", "a", path));
	page_until(&page, has_nic_rates, "the new NIC");

	g_autofree char *stats = VIRSH(&page, "domifstat", "a", "vf-test0");
	const struct nic_detail *nic = &page.vm->nics[0];
	cr_assert_str_eq(nic->target, "vf-test0");
	for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
		cr_assert_float_eq(nic->value[counts[i].field], number_in(stats, counts[i].pattern), 0.5,
			"%s: %s", counts[i].pattern, stats);
	page_close(&page);
}

/* ---- QEMU: the rest ---- */

static bool
is_off(const struct page *page)
{
	return page->vm->nvcpus == 0;
}

Test(detail, what_is_not_known_has_a_reason)
{
	struct page page = page_of_qemu("a");

	cr_assert(says(page.vm->unknowns, "inside the guest: it has no channel"));
	/* not on a machine that lets no cgroups be made; then it has a reason */
	cr_assert_neq(says(page.vm->unknowns, "weight and cap: "), page.vm->scheduling.weight > 0);
	cr_assert_eq(page.vm->snapshots, 0);
	cr_assert_not(page.vm->managed_save);
	cr_assert(strstr(page.vm->xml, "<domain type='qemu' id='"));

	g_free(VIRSH(&page, "destroy", "a"));
	page_until(&page, is_off, "a guest that is off has no vCPUs anywhere");
	cr_assert(says(page.vm->unknowns, "sizes of disks: the guest is off"));
	cr_assert_not(page.vm->disks[0].valid);
	cr_assert_eq(page.host->nvms, 0);
	cr_assert(g_str_has_prefix(page.vm->xml, "<domain type='qemu'>"), "%s", page.vm->xml);
	page_close(&page);
}

static bool
is_saved(const struct page *page)
{
	return page->vm->managed_save;
}

Test(detail, saved_memory_is_told)
{
	struct page page = page_of_qemu("a");

	g_free(VIRSH(&page, "managedsave", "a"));
	page_until(&page, is_saved, "a start will resume it");
	page_close(&page);
}

Test(detail, a_guest_that_is_gone_is_no_lost_link)
{
	struct page page = page_of_qemu("a");
	static const uint8_t nobody[UUID_LEN] = { 1 };
	g_autoptr(GError) error = NULL;

	cr_assert_null(page.conn->ops->vm_detail(page.conn, nobody, NULL, false, &error));
	cr_assert(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_NO_DOMAIN), "%s", error->message);
	page_read(&page);
	page_close(&page);
}

/* ---- the host ---- */

static bool
has_cpu_rates(const struct page *page)
{
	for (size_t i = 0; i < page->host->ncpus; i++)
		if (page->host->cpu_pct[i] < 0)
			return false;
	return page->host->ncpus > 0;
}

/* Free memory moves while it is read: ours lies among virsh's, give or take what a busy machine does meanwhile. */
Test(detail, a_hosts_numbers)
{
	struct page page = page_of_qemu("a");
	g_autofree char *before = VIRSH(&page, "freecell", "--all");

	page_until(&page, has_cpu_rates, "the use of each CPU");
	for (size_t i = 0; i < page.host->ncpus; i++)
		cr_assert(page.host->cpu_pct[i] >= 0 && page.host->cpu_pct[i] <= 100);

	g_autofree char *node = VIRSH(&page, "nodeinfo");
	cr_assert_float_eq((double)page.host->ncpus, number_in(node, "^CPU\\(s\\): +(\\d+)"), 0.5);
	cr_assert_geq(page.host->ncells, 1);
	double kib = number_in(before, "^ +0: +(\\d+) KiB");
	cr_assert_float_eq((double)page.host->cell_free[0] / 1024, kib, kib / 2, "%s", before);

	cr_assert_eq(page.host->nvms, 1);
	cr_assert_eq(memcmp(page.host->vms[0].uuid, page.uuid, UUID_LEN), 0);
	page_close(&page);
}

/* The test driver has no bulk statistics, pools and networks of its own, and a guest with one of everything. */
Test(detail, test_driver)
{
	struct page page = page_open(NULL, "test:///default", "test");

	page_until(&page, has_nic_rates, "rates of a NIC read on its own");
	cr_assert_str_eq(page.vm->nics[0].target, "testnet0");
	cr_assert_str_eq(page.vm->disks[0].target, "vda");
	cr_assert(page.vm->disks[0].valid >> DISK_F_RD & 1u);
	cr_assert_not(page.vm->disks[0].valid >> DISK_F_RD_MS & 1u);
	cr_assert_eq(page.vm->nvcpus, 2);
	cr_assert_geq(page.vm->vcpus[0].cpu, 0);
	cr_assert_eq(page.vm->vcpus[0].ready_pct, -1);
	cr_assert_str_eq(page.vm->scheduling.name, "fair");
	cr_assert_eq(page.vm->scheduling.weight, 50);
	cr_assert_eq(page.vm->scheduling.cap_pct, -1);
	cr_assert_str_eq(page.vm->addresses[0], "testnet0 192.168.122.3/24");
	cr_assert(says(page.vm->unknowns, "ready of each vCPU: the test driver doesn't count it"));
	cr_assert(says(page.vm->unknowns, "inside the guest: the test driver asks no guest agent"));

	cr_assert_str_eq(page.host->pools[0], "default-pool active 0B of 100G");
	cr_assert_str_eq(page.host->networks[0], "default active, bridge virbr0");
	/* among them a CPU each, so that a slow line to a big host is no hanging one */
	cr_assert_geq(witness.answers, page.host->ncpus, "%u answers were told of", witness.answers);
	cr_assert_eq(page.host->ncells, 2);
	cr_assert_eq(page.host->ncpus, 16);
	cr_assert_eq(page.host->cpu_pct[0], -1, "its counters stand still");
	page_close(&page);
}
