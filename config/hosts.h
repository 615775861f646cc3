/*
 * hosts: the list of hosts while it is put together – from the file, from an inventory, from the command
 * line – until every host is known once and has a name of its own.
 */
#pragma once

#include "config/schema.h"

#define HOSTS_MAX 10000

struct hosts {
	GPtrArray *list;                      /* struct config_host *, owned */
	GHashTable *seen;                     /* hostspec_format() to struct config_host *, borrowed */
	const struct host_settings *defaults; /* borrowed */
};

void hosts_init(struct hosts *hosts, const struct host_settings *defaults);
void hosts_done(struct hosts *hosts);

/* Adds the hosts an entry of "hosts:" stands for. */
bool hosts_add_entry(struct hosts *hosts, const struct yaml_value *entry, GError **error);

/* Adds the hosts that SETTINGS stand for. FROM is where they were said, for messages and origins. */
bool hosts_add(struct hosts *hosts, const struct host_settings *settings, const struct yaml_value *from,
	GError **error);

/* Adds HOST, taking ownership also on failure. False when it is there already. */
bool hosts_take(struct hosts *hosts, struct config_host *host, GError **error);

/* Gives each host without a name the shortest one that no other has, and checks that none comes twice. */
bool hosts_name(GPtrArray *list, GError **error);

struct config_host *config_host_copy(const struct config_host *host);
void config_host_free(struct config_host *host);
