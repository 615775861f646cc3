/* inventory: hosts from a program that prints them as Ansible's inventories do, in JSON. */
#pragma once

#include "config/hosts.h"

struct inventory_opts {
	const char *const *command; /* NULL or empty: none */
	const char *const *groups;  /* only hosts in one of these; NULL or empty: all */
	int64_t timeout_ms;
	const char *folder; /* of the config, where a command like ./hosts.py is looked for */
};

/* Runs the command and adds the hosts it prints to HOSTS. Blocks, at most timeout_ms. Any thread. */
bool inventory_run(const struct inventory_opts *opts, struct hosts *hosts, GError **error);

/* Adds the hosts of the inventory in TEXT: inventory_run() without running anything. NAME is for messages. */
bool inventory_read(const char *text, const char *name, const char *const *groups, struct hosts *hosts,
	GError **error);
