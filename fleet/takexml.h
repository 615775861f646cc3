/* takexml: what a guest needs of a host that it comes to, by its migratable XML. Pure; includes neither libvirt nor libxml2. */
#pragma once

#include <glib.h>
#include <stdint.h>

struct take_folder {
	char *path;
	char *disks; /* whose files are in it, as the guest calls them: "vda, vdb" */
};

struct takexml {
	char *type, *arch, *machine, *emulator; /* "kvm", "x86_64", "pc-q35-7.2", a path; NULL: not told */
	char *cpu;           /* its <cpu> element as text; NULL: none */
	uint64_t mem_bytes;  /* what it has now, of usual pages; 0: not told, or none */
	GPtrArray *networks; /* char *: of libvirt's, by name */
	GPtrArray *devices;  /* char *: bridges and cards that its own cards are on, by name */
	GPtrArray *pools;    /* char *: "pool/volume" of its disks */
	GArray *folders;     /* struct take_folder: that the files of its disks are in, each once */
};

/* Fills OUT, to be given to takexml_done(). False with FLEET_ERROR_PROTOCOL, OUT untouched. */
gboolean takexml_parse(const char *xml, struct takexml *out, GError **error);
void takexml_done(struct takexml *take);
