/* vm_page: the blocks of a guest's page; shared by views/vm*.c alone. */
#pragma once

#include "views/dossier.h"

struct vm_page {
	struct page *page;
	const struct env *env;
	const struct vm *vm;
	const struct vm_detail *detail; /* NULL: not read, or not yet */
	bool fresh;                     /* its host answers: the numbers are of today */
	bool lives;                     /* it runs or is paused, or did so when its host last answered */
};

/* The guest's use of its memory in percent and in bytes, -1: not known; *INSIDE: as its balloon driver tells, else what its
 * process holds, which may be more than all of it. */
double vm_memory_used(const struct vm_page *on, double *bytes, bool *inside);

/* ---- vm_use.c ---- */
void vm_page_cpu(const struct vm_page *on);
void vm_page_vcpus(const struct vm_page *on);
void vm_page_memory(const struct vm_page *on);

/* ---- vm_devices.c ---- */
void vm_page_disks(const struct vm_page *on);
void vm_page_nics(const struct vm_page *on);
void vm_page_hostdevs(const struct vm_page *on);

/* ---- vm_screen.c ---- */
void vm_page_screen(const struct vm_page *on);

/* ---- vm_inside.c ---- */
void vm_page_migration(const struct vm_page *on);
void vm_page_agent(const struct vm_page *on);
void vm_page_saved(const struct vm_page *on);
