/* The block of a host's page with its guests: a short form of the table that Enter opens. */
#include "views/host_page.h"

#define GUESTS_MOST 200

static const struct {
	const char *column, *title;
	int width; /* 0: what is left */
} columns[] = {
	{ "light", "", 1 },
	{ "name", "NAME", 0 },
	{ "state", "STATE", 9 },
	{ "vcpus", "VCPU", 4 },
	{ "cpu", "CPU", 4 },
	{ "ready", "READY", 5 },
	{ "mem", "MEM", 4 },
};

static void
add_guest(const struct host_page *on, const struct vm *vm)
{
	struct cell texts[G_N_ELEMENTS(columns)];
	struct page_cell cells[G_N_ELEMENTS(columns)];

	for (size_t i = 0; i < G_N_ELEMENTS(columns); i++) {
		const struct column *column = column_by_name(&vm_rows, columns[i].column);

		column_cell(column, &on->env->row, vm, &texts[i]);
		cells[i] = (struct page_cell){ .text = texts[i].text,
			.width = columns[i].width,
			.align = column->align,
			.role = texts[i].role };
	}
	page_cells(on->page, cells, G_N_ELEMENTS(cells));
}

void
host_page_guests(const struct host_page *on)
{
	struct page_cell titles[G_N_ELEMENTS(columns)];

	page_section(on->page, "VMs (Enter opens their table)");
	if (!on->host->listed) {
		page_text(on->page, ROLE_DIM, "not known yet");
		return;
	}
	if (on->host->nvms == 0) {
		page_text(on->page, ROLE_DIM, "none");
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(columns); i++)
		titles[i] = (struct page_cell){ .text = columns[i].title,
			.width = columns[i].width,
			.align = column_by_name(&vm_rows, columns[i].column)->align,
			.role = ROLE_COLUMN };
	page_cells(on->page, titles, G_N_ELEMENTS(titles));
	for (size_t i = 0; i < on->host->nvms && i < GUESTS_MOST; i++)
		add_guest(on, &on->host->vms[i]);
	if (on->host->nvms > GUESTS_MOST)
		page_text(on->page, ROLE_DIM, "and %zu more", on->host->nvms - GUESTS_MOST);
}
