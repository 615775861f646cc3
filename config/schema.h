/*
 * schema: every option there is. Parsing, ranges, messages, and the tests that hold defaults.yaml and the
 * manual page against the program, go by these tables.
 */
#pragma once

#include "config/config.h"
#include "config/option.h"

/* What the file says about a host, or for all hosts ("defaults:"). */
struct host_settings {
	char *host, *uri, *name, *migration_address; /* not among the defaults … */
	bool maintenance;        /* … nor this */
	char *user, *hypervisor, *socket, *site;
	int64_t port; /* 0: unset */
	char **tags;
	GHashTable *labels;
};

/* The file's whole say, before it becomes a config. */
struct draft {
	struct config config; /* first: config_set() relies on it */
	char *theme;
	char **inventory_command, **inventory_groups;
	int64_t inventory_timeout_ms;
	const struct yaml_value *defaults, *hosts, *keys, *views, *guards, *colours, *themes;
};

extern const struct option_table schema_config;   /* into a struct draft */
extern const struct option_table schema_host;     /* into a struct host_settings */
extern const struct option_table schema_defaults; /* likewise, without host, uri, name and migration_address */

/* Options of the config that only make sense in this order: the first must not exceed the second. */
struct schema_order {
	const char *low, *high;
	size_t low_offset, high_offset; /* into a struct config */
	enum option_type type;
};
extern const struct schema_order schema_orders[]; /* ends with low NULL */
