/*
 * evacuate: which guest should go where – to empty a host, to bring its guests back, to even out a site. The least full host
 * that can take a guest gets it, by memory promised and vCPU:pCPU, the same site and tags first; nobody is filled beyond its
 * memory, free or promised, or the config's vCPU:pCPU cap. Pure over a snapshot; the same questions get the same answers.
 */
#pragma once

#include "actions/relocation.h"

struct maintenance_note;

/* All guests that run on HOST, or of these only KEYS (struct row_key; NULL: all), the largest first. */
struct relocation *evacuate_plan(struct targets *targets, const struct host_snap *host, const GArray *keys);

/* The same for several HOSTS (const struct host_snap *), none of which is a target then. */
struct relocation *evacuate_hosts_plan(struct targets *targets, const GPtrArray *hosts, const GArray *keys);

/* The guests that NOTE says went away from HOST and that run elsewhere now. TARGETS must count HOST as released. */
struct relocation *evacuate_return_plan(struct targets *targets, const struct host_snap *host, const struct maintenance_note *note);

/* At most MOST moves between hosts of the same hypervisor at SITE (NULL: at each site for itself), each of which makes them
 * more alike. */
struct relocation *evacuate_even_plan(struct targets *targets, const char *site, unsigned most);
