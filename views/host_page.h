/* host_page: the blocks of a host's page; shared by views/host*.c alone, but not by host_rows.c. */
#pragma once

#include "views/dossier.h"

struct host_page {
	struct page *page;
	const struct env *env;
	const struct host_snap *host;
	const struct host_detail *detail; /* NULL: not read, or not yet */
	bool fresh;                       /* it answers: the numbers are of today */
};

/* ---- host_link.c ---- */
/* What is wrong, since when, and what to do; nothing for a host that is up. */
void host_page_trouble(const struct host_page *on);
void host_page_connection(const struct host_page *on);

/* ---- host_room.c ---- */
void host_page_room(const struct host_page *on);
void host_page_cells(const struct host_page *on);
void host_page_stores(const struct host_page *on);

/* ---- host_cpus.c ---- */
void host_page_cpus(const struct host_page *on);
/* Which guests may run where: rows of guests, columns of physical CPUs. */
void host_page_map(const struct host_page *on);

/* ---- host_guests.c ---- */
void host_page_guests(const struct host_page *on);
