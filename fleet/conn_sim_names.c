#include "fleet/conn_sim_names.h"

#include <glib.h>

static const struct sim_role roles[] = {
	{ .name = "web", .mem_min = 1, .mem_max = 4, .cpu = 1.0f, .net_mbs = 2.4f, .disk_mbs = 0.3f },
	{ .name = "db", .mem_min = 3, .mem_max = 6, .cpu = 1.6f, .net_mbs = 1.2f, .disk_mbs = 6.0f },
	{ .name = "app", .mem_min = 2, .mem_max = 5, .cpu = 1.2f, .net_mbs = 1.0f, .disk_mbs = 0.4f },
	{ .name = "mail", .mem_min = 2, .mem_max = 4, .cpu = 0.5f, .net_mbs = 0.6f, .disk_mbs = 1.5f },
	{ .name = "cache", .mem_min = 3, .mem_max = 6, .cpu = 0.7f, .net_mbs = 4.0f, .disk_mbs = 0.1f },
	{ .name = "api", .mem_min = 1, .mem_max = 4, .cpu = 1.1f, .net_mbs = 1.5f, .disk_mbs = 0.2f },
	{ .name = "ci-runner", .mem_min = 3, .mem_max = 5, .cpu = 2.6f, .net_mbs = 0.9f, .disk_mbs = 4.0f },
	{ .name = "shop", .mem_min = 2, .mem_max = 4, .cpu = 1.0f, .net_mbs = 1.8f, .disk_mbs = 0.6f },
	{ .name = "proxy", .mem_min = 1, .mem_max = 3, .cpu = 0.6f, .net_mbs = 9.0f, .disk_mbs = 0.1f },
	{ .name = "files", .mem_min = 2, .mem_max = 4, .cpu = 0.4f, .net_mbs = 5.0f, .disk_mbs = 7.0f },
	{ .name = "git", .mem_min = 2, .mem_max = 4, .cpu = 0.6f, .net_mbs = 0.7f, .disk_mbs = 2.0f },
	{ .name = "search", .mem_min = 4, .mem_max = 6, .cpu = 1.5f, .net_mbs = 1.1f, .disk_mbs = 2.5f },
	{ .name = "queue", .mem_min = 2, .mem_max = 4, .cpu = 0.8f, .net_mbs = 1.4f, .disk_mbs = 1.1f },
	{ .name = "log", .mem_min = 3, .mem_max = 5, .cpu = 0.9f, .net_mbs = 1.6f, .disk_mbs = 8.0f },
	{ .name = "mon", .mem_min = 2, .mem_max = 4, .cpu = 0.7f, .net_mbs = 0.8f, .disk_mbs = 3.0f },
	{ .name = "vpn", .mem_min = 0, .mem_max = 1, .cpu = 0.4f, .net_mbs = 2.2f, .disk_mbs = 0.05f },
	{ .name = "dns", .mem_min = 0, .mem_max = 1, .cpu = 0.2f, .net_mbs = 0.2f, .disk_mbs = 0.05f },
	{ .name = "auth", .mem_min = 1, .mem_max = 3, .cpu = 0.3f, .net_mbs = 0.2f, .disk_mbs = 0.2f },
	{ .name = "wiki", .mem_min = 1, .mem_max = 3, .cpu = 0.3f, .net_mbs = 0.3f, .disk_mbs = 0.3f },
	{ .name = "erp", .mem_min = 4, .mem_max = 6, .cpu = 1.0f, .net_mbs = 0.5f, .disk_mbs = 3.0f },
	{ .name = "backup", .mem_min = 2, .mem_max = 4, .cpu = 0.5f, .net_mbs = 6.0f, .disk_mbs = 12.0f },
	{ .name = "build", .mem_min = 3, .mem_max = 5, .cpu = 2.2f, .net_mbs = 0.5f, .disk_mbs = 3.0f },
	{ .name = "worker", .mem_min = 2, .mem_max = 4, .cpu = 1.9f, .net_mbs = 0.6f, .disk_mbs = 0.5f },
	{ .name = "win", .mem_min = 3, .mem_max = 5, .cpu = 0.6f, .net_mbs = 0.4f, .disk_mbs = 0.8f },
};

/* The first is none: "mail-7". */
static const char *const groups[] = { "", "shop", "eu", "us", "billing", "crm", "media", "blog", "stage",
	"stats", "intra", "a", "b", "asia", "portal" };

static const char *const tenant_first[] = { "acme", "alder", "amber", "arctic", "atlas", "aurora", "basalt",
	"beacon", "birch", "bright", "cedar", "cobalt", "coral", "delta", "dorado", "eagle", "ember",
	"falcon", "fjord", "garnet", "granite", "harbour", "hazel", "indigo", "iron", "jade", "juniper",
	"kestrel", "lagoon", "larch", "linden", "lumen", "maple", "meridian", "mistral", "nimbus", "north",
	"oak", "onyx", "opal", "orbit", "osprey", "pine", "polar", "quartz", "raven", "ridge", "river",
	"saffron", "sierra", "solar", "spruce", "summit", "tidal", "topaz", "vega", "willow", "zenith" };

static const char *const tenant_second[] = { "logistics", "foods", "media", "energy", "labs", "travel",
	"retail", "pharma", "motors", "telecom", "books", "games", "health", "insurance", "bank", "systems",
	"software", "studios", "press", "tools", "marine", "freight", "design", "textiles", "farms", "optics",
	"schools", "events", "music", "sports", "steel", "paper", "toys", "homes", "water", "air", "rail",
	"cycles", "coffee", "wines", "garden", "works", "partners", "consulting" };

unsigned
sim_role_count(void)
{
	return G_N_ELEMENTS(roles);
}

const struct sim_role *
sim_role(unsigned role)
{
	return &roles[role];
}

unsigned
sim_group_count(void)
{
	return G_N_ELEMENTS(groups);
}

char *
sim_vm_name(unsigned role, unsigned group, unsigned number)
{
	if (!*groups[group])
		return g_strdup_printf("%s-%u", roles[role].name, number);
	return g_strdup_printf("%s-%s-%02u", roles[role].name, groups[group], number);
}

char *
sim_tenant_name(uint32_t index)
{
	const unsigned nfirst = G_N_ELEMENTS(tenant_first), nsecond = G_N_ELEMENTS(tenant_second);
	const char *first = tenant_first[index % nfirst];
	/* Three steps on with each index, so that few tenants do not share one second name. That no pair comes twice in
	 * a round holds as 1 + 3 * nfirst and nsecond have no common divisor. */
	const char *second = tenant_second[(index / nfirst + 3 * (uint64_t)index) % nsecond];
	unsigned round = index / (nfirst * nsecond);

	if (!round)
		return g_strdup_printf("%s-%s", first, second);
	return g_strdup_printf("%s-%s-%u", first, second, round + 1);
}
