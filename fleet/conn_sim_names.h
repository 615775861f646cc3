/* conn_sim_names: what simulated guests and customers are called, and what kind of machine each role is. Pure. */
#pragma once

#include <stdint.h>

struct sim_role {
	const char *name;
	uint8_t mem_min, mem_max; /* log2 of GiB */
	float cpu;                /* weight of its CPU use among the guests of a host */
	float net_mbs, disk_mbs;  /* typical, MB/s */
};

unsigned sim_role_count(void);
const struct sim_role *sim_role(unsigned role);
unsigned sim_group_count(void);

/* "db-shop-03", "mail-7": newly allocated. NUMBER makes it unique within ROLE and GROUP. */
char *sim_vm_name(unsigned role, unsigned group, unsigned number);

/* "acme-logistics": newly allocated, different for each INDEX. */
char *sim_tenant_name(uint32_t index);
