/* The blocks of a guest's page on what it has: disks, network cards, devices of the host. */
#include "views/vm_page.h"

#include "views/units.h"

#include <stdio.h>
#include <string.h>

#define FILL_CELL 8

static void
append_word(GString *text, const struct env *env, const char *before, const char *word)
{
	if (word && *word)
		g_string_append_printf(text, "%s%s%s", text->len ? env_dot(env) : "", before, word);
}

/* A number of a detail as a cell's text, "-" when it is not known. */
static const char *
detail_text(char out[UNIT_TEXT], uint32_t valid, const double *values, int field, enum unit unit)
{
	if (!(valid >> field & 1))
		return "-";
	unit_format(out, unit, values[field]);
	return out;
}

/* ---- disks ---- */

static const struct disk_detail *
find_disk(const struct vm_page *on, const char *target)
{
	for (size_t i = 0; on->detail && target && i < on->detail->ndisks; i++)
		if (g_strcmp0(on->detail->disks[i].target, target) == 0)
			return &on->detail->disks[i];
	return NULL;
}

#define DISK_KNOWS(disk, field) ((disk) && (disk)->valid >> DISK_F_##field & 1)

/* How much of the disk is written to: what a thin one takes, of what it may take. */
static double
fill_of(const struct disk_detail *disk)
{
	if (!DISK_KNOWS(disk, CAPACITY) || !DISK_KNOWS(disk, ALLOCATION) || disk->value[DISK_F_CAPACITY] <= 0)
		return -1;
	return MIN(100 * disk->value[DISK_F_ALLOCATION] / disk->value[DISK_F_CAPACITY], 100);
}

static void
add_disk_numbers(const struct vm_page *on, const char *name, const struct disk_detail *disk)
{
	static const struct disk_detail nothing;
	const struct disk_detail *of = disk ? disk : &nothing;
	char rd[UNIT_TEXT], rd_ms[UNIT_TEXT], wr[UNIT_TEXT], wr_ms[UNIT_TEXT], size[UNIT_TEXT];
	char taken[UNIT_TEXT];
	double fill = fill_of(disk);
	g_autofree char *of_size = g_strdup_printf("%s of %s",
		detail_text(taken, of->valid, of->value, DISK_F_ALLOCATION, UNIT_BYTES),
		detail_text(size, of->valid, of->value, DISK_F_CAPACITY, UNIT_BYTES));
	const struct page_cell cells[] = {
		{ name, 5, ALIGN_LEFT, ROLE_INFO },
		{ detail_text(rd, of->valid, of->value, DISK_F_RD, UNIT_BYTES_S), 4, ALIGN_RIGHT,
			ROLE_NORMAL },
		{ detail_text(rd_ms, of->valid, of->value, DISK_F_RD_MS, UNIT_MS), 5, ALIGN_RIGHT,
			ROLE_NORMAL },
		{ detail_text(wr, of->valid, of->value, DISK_F_WR, UNIT_BYTES_S), 5, ALIGN_RIGHT,
			ROLE_NORMAL },
		{ detail_text(wr_ms, of->valid, of->value, DISK_F_WR_MS, UNIT_MS), 5, ALIGN_RIGHT,
			ROLE_NORMAL },
		{ NULL, FILL_CELL, ALIGN_LEFT, ROLE_NORMAL },
		{ fill >= 0 || DISK_KNOWS(disk, CAPACITY) ? of_size : "-", 0, ALIGN_LEFT, ROLE_NORMAL },
	};

	page_cells(on->page, cells, G_N_ELEMENTS(cells));
	page_cells_meter(on->page, 5, fill);
}

static void
add_disk_titles(const struct vm_page *on)
{
	static const struct page_cell titles[] = {
		{ "DISK", 5, ALIGN_LEFT, ROLE_COLUMN },
		{ "READ", 4, ALIGN_RIGHT, ROLE_COLUMN },
		{ "LAT", 5, ALIGN_RIGHT, ROLE_COLUMN },
		{ "WRITE", 5, ALIGN_RIGHT, ROLE_COLUMN },
		{ "LAT", 5, ALIGN_RIGHT, ROLE_COLUMN },
		{ "FILLED", FILL_CELL, ALIGN_LEFT, ROLE_COLUMN },
		{ "", 0, ALIGN_LEFT, ROLE_COLUMN },
	};

	page_cells(on->page, titles, G_N_ELEMENTS(titles));
}

/* Reads and writes. */
static void
append_operations(GString *text, const struct env *env, const struct disk_detail *disk)
{
	char rd[UNIT_TEXT], wr[UNIT_TEXT];

	if (!DISK_KNOWS(disk, RD_OPS) || !DISK_KNOWS(disk, WR_OPS))
		return;
	unit_format(rd, UNIT_PER_S, disk->value[DISK_F_RD_OPS]);
	unit_format(wr, UNIT_PER_S, disk->value[DISK_F_WR_OPS]);
	g_string_append_printf(text, "%s%s+%s IO/s", text->len ? env_dot(env) : "", rd, wr);
}

/* "local file · virtio · qcow2 · cache none", and below it where it lies */
static void
add_disk(const struct vm_page *on, const struct vm_disk *disk)
{
	g_autoptr(GString) text = g_string_new(NULL);
	const char *name = disk->target ? disk->target : "?";

	add_disk_numbers(on, name, find_disk(on, disk->target));
	if (disk->source && disk->storage != STORAGE_UNKNOWN)
		g_string_append_printf(text, "%s %s", vm_disk_shared(disk) ? "shared" : "local",
			storage_name(disk->storage));
	append_word(text, on->env, "", g_strcmp0(disk->device, "disk") ? disk->device : NULL);
	append_word(text, on->env, "", disk->bus);
	append_word(text, on->env, "", disk->format);
	append_word(text, on->env, "cache ", disk->cache);
	append_word(text, on->env, "", disk->readonly ? "read-only" : NULL);
	append_word(text, on->env, "", disk->shareable ? "shareable" : NULL);
	append_operations(text, on->env, find_disk(on, disk->target));
	page_field(on->page, "     ", ROLE_DIM, "%s", text->str);
	page_field(on->page, "     ", disk->source ? ROLE_NORMAL : ROLE_DIM, "%s",
		disk->source ? disk->source : "empty");
}

void
vm_page_disks(const struct vm_page *on)
{
	const struct vm_facts *facts = on->vm->facts;

	page_section(on->page, "Disks");
	if (!facts || facts->ndisks == 0) {
		page_text(on->page, ROLE_DIM, facts ? "none" : "not read yet");
		return;
	}
	add_disk_titles(on);
	for (size_t i = 0; i < facts->ndisks; i++)
		add_disk(on, &facts->disks[i]);
}

/* ---- network cards ---- */

static const struct nic_detail *
find_nic(const struct vm_page *on, const char *target)
{
	for (size_t i = 0; on->detail && target && i < on->detail->nnics; i++)
		if (g_strcmp0(on->detail->nics[i].target, target) == 0)
			return &on->detail->nics[i];
	return NULL;
}

/* Errors and drops of both directions, "-" when neither is known. */
static enum role
add_counts(char out[UNIT_TEXT], const struct nic_detail *nic, int rx, int tx)
{
	bool in = nic && nic->valid >> rx & 1, sent = nic && nic->valid >> tx & 1;
	double count = (in ? nic->value[rx] : 0) + (sent ? nic->value[tx] : 0);

	if (!in && !sent) {
		g_strlcpy(out, "-", UNIT_TEXT);
		return ROLE_DIM;
	}
	unit_format(out, UNIT_PER_S, count);
	return count > 0 ? ROLE_WARN : ROLE_NORMAL;
}

static void
add_nic_numbers(const struct vm_page *on, const char *name, const struct nic_detail *nic)
{
	static const struct nic_detail nothing;
	const struct nic_detail *of = nic ? nic : &nothing;
	char rx[UNIT_TEXT], tx[UNIT_TEXT], rx_packets[UNIT_TEXT], tx_packets[UNIT_TEXT];
	char errors[UNIT_TEXT], drops[UNIT_TEXT];
	enum role bad = add_counts(errors, nic, NIC_F_RX_ERRORS, NIC_F_TX_ERRORS);
	enum role lost = add_counts(drops, nic, NIC_F_RX_DROPS, NIC_F_TX_DROPS);
	const struct page_cell cells[] = {
		{ name, 9, ALIGN_LEFT, ROLE_INFO },
		{ detail_text(rx, of->valid, of->value, NIC_F_RX, UNIT_BYTES_S), 4, ALIGN_RIGHT,
			ROLE_NORMAL },
		{ detail_text(rx_packets, of->valid, of->value, NIC_F_RX_PACKETS, UNIT_PER_S), 5, ALIGN_RIGHT,
			ROLE_DIM },
		{ detail_text(tx, of->valid, of->value, NIC_F_TX, UNIT_BYTES_S), 4, ALIGN_RIGHT,
			ROLE_NORMAL },
		{ detail_text(tx_packets, of->valid, of->value, NIC_F_TX_PACKETS, UNIT_PER_S), 5, ALIGN_RIGHT,
			ROLE_DIM },
		{ errors, 6, ALIGN_RIGHT, bad },
		{ drops, 5, ALIGN_RIGHT, lost },
	};

	page_cells(on->page, cells, G_N_ELEMENTS(cells));
}

static void
add_nic_titles(const struct vm_page *on)
{
	static const struct page_cell titles[] = {
		{ "CARD", 9, ALIGN_LEFT, ROLE_COLUMN },
		{ "IN", 4, ALIGN_RIGHT, ROLE_COLUMN },
		{ "PKT/S", 5, ALIGN_RIGHT, ROLE_COLUMN },
		{ "OUT", 4, ALIGN_RIGHT, ROLE_COLUMN },
		{ "PKT/S", 5, ALIGN_RIGHT, ROLE_COLUMN },
		{ "ERRORS", 6, ALIGN_RIGHT, ROLE_COLUMN },
		{ "DROPS", 5, ALIGN_RIGHT, ROLE_COLUMN },
	};

	page_cells(on->page, titles, G_N_ELEMENTS(titles));
}

static void
add_nic(const struct vm_page *on, const struct vm_nic *nic, size_t number)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *name = nic->target ? g_strdup(nic->target) : g_strdup_printf("card %zu", number);
	const char *kind = nic->kind == NIC_UNKNOWN ? NULL : nic_kind_name(nic->kind);
	g_autofree char *source =
		nic->type || nic->source
			? g_strdup_printf("%s%s%s", nic->type ? nic->type : "",
				  nic->type && nic->source ? " " : "", nic->source ? nic->source : "")
			: NULL;

	add_nic_numbers(on, name, find_nic(on, nic->target));
	append_word(text, on->env, "", kind);
	append_word(text, on->env, "", g_strcmp0(kind, nic->model) ? nic->model : NULL);
	append_word(text, on->env, "", source);
	append_word(text, on->env, "", nic->mac);
	page_field(on->page, "         ", nic->kind == NIC_EMULATED ? ROLE_WARN : ROLE_NORMAL, "%s%s",
		text->str, nic->kind == NIC_EMULATED ? ": slow" : "");
}

void
vm_page_nics(const struct vm_page *on)
{
	const struct vm_facts *facts = on->vm->facts;

	page_section(on->page, "Network cards");
	if (!facts || facts->nnics == 0) {
		page_text(on->page, ROLE_DIM, facts ? "none" : "not read yet");
		return;
	}
	add_nic_titles(on);
	for (size_t i = 0; i < facts->nnics; i++)
		add_nic(on, &facts->nics[i], i + 1);
}

/* ---- devices of the host ---- */

void
vm_page_hostdevs(const struct vm_page *on)
{
	const struct vm_facts *facts = on->vm->facts;

	if (!facts || facts->nhostdevs == 0)
		return;
	page_section(on->page, "Devices of the host");
	for (size_t i = 0; i < facts->nhostdevs; i++)
		page_field(on->page, facts->hostdevs[i].type ? facts->hostdevs[i].type : "device",
			ROLE_NORMAL, "%s", facts->hostdevs[i].address ? facts->hostdevs[i].address : "-");
}
