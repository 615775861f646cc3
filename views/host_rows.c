/* What can be said about a host. */
#include "views/host_values.h"

#include "actions/maintenance.h"
#include "views/units.h"

#include <stdio.h>
#include <string.h>

#define SPARK_WIDTH 10

static const struct look maintenance_look = { "◇", '%', ROLE_INFO, "in maintenance" };

/* Old numbers of a host that is gone are not shown as if they were today's; those that hardly ever change stay. */
static bool
host_field_lasts(size_t field)
{
	return field == HOST_PCPUS || field == HOST_MEM_TOTAL;
}

static void
host_number(const struct column *column, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct host_snap *host = row;

	if (HOST_HAS(host, column->field) && (host->link == LINK_UP || host_field_lasts(column->field)))
		value_number(out, host->value[column->field]);
}

static void
host_light(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct value *out)
{
	enum link_state link = host_snap_link(row, ctx->now_us);
	enum role role = link_look(link)->role;

	/* Sorts by how bad it is, then by kind. */
	value_number(out, (role == ROLE_BAD ? 200 : role == ROLE_WARN ? 100 : 0) + (double)link);
}

static bool
in_maintenance(const struct row_ctx *ctx, const struct host_snap *host)
{
	return maintenance_covers(ctx->maintenance, host->config);
}

static void
host_light_cell(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct cell *out)
{
	const struct look *look = link_look(host_snap_link(row, ctx->now_us));

	if (look->role == ROLE_GOOD && in_maintenance(ctx, row))
		look = &maintenance_look;
	if (ctx->ascii)
		cell_printf(out, look->role, "%c", look->ascii);
	else
		cell_set(out, look->role, look->glyph);
}

static void
host_name(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	value_text(out, ((const struct host_snap *)row)->name);
}

static enum hypervisor
host_hypervisor(const struct host_snap *host)
{
	return host->facts ? host->facts->hypervisor : HYPERVISOR_UNKNOWN;
}

static void
host_hv(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	enum hypervisor hypervisor = host_hypervisor(row);

	value_text(out, hypervisor == HYPERVISOR_UNKNOWN ? NULL : hypervisor_name(hypervisor));
}

/* "kvm 7.2": the first two numbers of the version are what people tell hosts apart by. */
static void
host_hv_cell(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct cell *out)
{
	const struct host_snap *host = row;
	const char *version = host->facts ? host->facts->hv_version : NULL;
	const char *dot = version ? strchr(version, '.') : NULL;

	if (dot)
		dot = strchr(dot + 1, '.');
	if (host_hypervisor(host) == HYPERVISOR_UNKNOWN)
		cell_unknown(out);
	else if (!version)
		cell_set(out, ROLE_NORMAL, hypervisor_name(host_hypervisor(host)));
	else
		cell_printf(out, ROLE_NORMAL, "%s %.*s", hypervisor_name(host_hypervisor(host)),
			dot ? (int)(dot - version) : (int)strlen(version), version);
}

static void
host_maintenance(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct value *out)
{
	value_flag(out, in_maintenance(ctx, row));
}

static void
host_state(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct value *out)
{
	value_text(out, link_state_word(host_snap_link(row, ctx->now_us)));
}

static void
host_state_cell(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct cell *out)
{
	enum link_state link = host_snap_link(row, ctx->now_us);
	enum role role = link_look(link)->role;

	/* how it answers matters more where that is bad */
	if (role == ROLE_GOOD && in_maintenance(ctx, row))
		cell_set(out, maintenance_look.role, "maintenance");
	else
		cell_set(out, role == ROLE_GOOD ? ROLE_NORMAL : role, link_state_word(link));
}

/* The last known number of guests lasts, how many of them run does not. */
static void
host_vms(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct host_snap *host = row;

	if (host->listed && HOST_HAS(host, HOST_VMS))
		value_number(out, host->value[HOST_VMS]);
}

static void
host_vms_cell(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED,
	const void *row, struct cell *out)
{
	const struct host_snap *host = row;

	if (!host->listed || !HOST_HAS(host, HOST_VMS))
		cell_unknown(out);
	else if (host->link != LINK_UP)
		cell_printf(out, ROLE_NORMAL, "?/%.0f", host->value[HOST_VMS]);
	else
		cell_printf(
			out, ROLE_NORMAL, "%.0f/%.0f", host->value[HOST_VMS_RUNNING], host->value[HOST_VMS]);
}

static void
host_history(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out)
{
	struct column cpu = *column;

	cpu.field = HOST_CPU;
	host_number(&cpu, ctx, row, out);
}

static void
host_history_cell(const struct column *column, const struct row_ctx *ctx, const void *row, struct cell *out)
{
	struct row_key key = host_key(row);

	trend_cell(column, ctx, &key, HISTORY_CPU, 100, out);
}

static void
host_age(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct value *out)
{
	const struct host_snap *host = row;

	if (host->sampled_us)
		value_number(out, (double)MAX(ctx->now_us - host->sampled_us, 0) / 1e6);
}

static void
host_age_cell(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct cell *out)
{
	const struct host_snap *host = row;
	char text[UNIT_TEXT];

	if (!host->sampled_us) {
		cell_unknown(out);
		return;
	}
	unit_age(text, ctx->now_us - host->sampled_us);
	cell_set(out, host_snap_fresh(host, ctx->now_us) ? ROLE_NORMAL : ROLE_WARN, text);
}

#define FIELD(id) \
	.info = &host_field_info[HOST_##id], .field = HOST_##id, .value = host_number, .align = ALIGN_RIGHT
#define FACT(member) .field = G_STRUCT_OFFSET(struct host_facts, member), .value = host_fact

/* clang-format off */
static const struct column columns[] = {
	{ .info = TEXT_INFO("light", "the state as one character"), .title = "", .width = 1,
	  .flags = COLUMN_LISTED | COLUMN_DEFAULT | COLUMN_SCREEN | COLUMN_STICKY, .value = host_light, .cell = host_light_cell },
	{ .info = TEXT_INFO("name", "the host's name"), .title = "HOST", .width = 8, .max_width = 40, .flex = 4,
	  .flags = COLUMN_LISTED | COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_STICKY, .value = host_name },
	{ .info = TEXT_INFO("hv", "hypervisor"), .fold = FOLD_SAME, .title = "HV", .width = 8, .priority = 6,
	  .flags = COLUMN_FACT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, .words = hypervisor_words,
	  .value = host_hv, .cell = host_hv_cell },
	{ .info = TEXT_INFO("state", "how the host answers"), .title = "STATE", .width = 12,
	  .flags = COLUMN_LISTED | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, .words = link_words, .value = host_state,
	  .cell = host_state_cell },
	{ .info = TEXT_INFO("maintenance", "out of service: nothing is moved to it"), .fold = FOLD_SAME, .title = "MAINT", .width = 5,
	  .priority = 20, .flags = COLUMN_LISTED | COLUMN_FLAG | COLUMN_VOLATILE, .value = host_maintenance },
	{ .info = &host_field_info[HOST_VMS], .title = "VMS", .width = 7, .align = ALIGN_RIGHT,
	  .flags = COLUMN_LISTED | COLUMN_DEFAULT, .field = HOST_VMS, .value = host_vms, .cell = host_vms_cell },
	{ FIELD(VMS_RUNNING), .fold = FOLD_SUM, .title = "RUN", .width = 5, .priority = 20,
	  .flags = COLUMN_LISTED },
	{ FIELD(VCPUS), .fold = FOLD_SUM, .title = "VCPUS", .width = 5, .priority = 14, .flags = COLUMN_WIDE },
	{ FIELD(PCPUS), .fold = FOLD_SUM, .title = "PCPUS", .width = 5, .priority = 14, .flags = COLUMN_WIDE },
	{ FIELD(VCPU_RATIO), .title = "vCPU:pCPU", .width = 9, .priority = 4, .flags = COLUMN_DEFAULT },
	{ FIELD(CPU), .fold = FOLD_MEAN, .title = "CPU", .width = 4, .flags = COLUMN_RATE | COLUMN_DEFAULT, .threshold = THRESHOLD_CPU },
	{ .info = NUMBER_INFO("history", UNIT_PCT, "CPU use over the last 5 minutes"), .title = "5 MIN",
	  .width = SPARK_WIDTH, .priority = 5, .flags = COLUMN_DEFAULT | COLUMN_SCREEN, .value = host_history,
	  .cell = host_history_cell },
	{ .info = NUMBER_INFO("ready", UNIT_PCT, "waiting for a physical CPU: of the guest that waits most"), .title = "READY",
	  .width = 5, .align = ALIGN_RIGHT, .priority = 8, .fold = FOLD_MAX, .flags = COLUMN_RATE | COLUMN_WIDE,
	  .threshold = THRESHOLD_READY, .value = host_ready },
	{ FIELD(MEM_USED), .fold = FOLD_SUM, .title = "USED", .width = 4, .priority = 3, .flags = COLUMN_DEFAULT },
	{ FIELD(MEM_PROMISED), .fold = FOLD_SUM, .title = "PROM", .width = 4, .priority = 3, .flags = COLUMN_DEFAULT },
	{ FIELD(MEM_TOTAL), .fold = FOLD_SUM, .title = "TOTAL", .width = 5, .priority = 3, .flags = COLUMN_DEFAULT },
	{ FIELD(MEM_USED_PCT), .title = "MEM", .width = 4, .flags = COLUMN_DEFAULT, .threshold = THRESHOLD_MEM },
	{ FIELD(MEM_PROMISED_PCT), .title = "PROM%", .width = 5, .priority = 16, .flags = COLUMN_WIDE },
	{ .info = NUMBER_INFO("mem-free", UNIT_BYTES, "physical memory not in use"), .title = "FREE", .width = 4,
	  .align = ALIGN_RIGHT, .priority = 18, .fold = FOLD_SUM, .flags = COLUMN_WIDE, .value = host_mem_free },
	{ FIELD(NET), .fold = FOLD_SUM, .title = "NET", .width = 4, .priority = 2, .flags = COLUMN_RATE | COLUMN_DEFAULT },
	{ FIELD(NET_RX), .fold = FOLD_SUM, .title = "RX", .width = 5, .priority = 12, .flags = COLUMN_RATE | COLUMN_WIDE },
	{ FIELD(NET_TX), .fold = FOLD_SUM, .title = "TX", .width = 5, .priority = 12, .flags = COLUMN_RATE | COLUMN_WIDE },
	{ FIELD(DISK), .fold = FOLD_SUM, .title = "DISK", .width = 4, .priority = 2, .flags = COLUMN_RATE | COLUMN_DEFAULT },
	{ FIELD(DISK_RD), .fold = FOLD_SUM, .title = "READ", .width = 5, .priority = 13, .flags = COLUMN_RATE | COLUMN_WIDE },
	{ FIELD(DISK_WR), .fold = FOLD_SUM, .title = "WRITE", .width = 5, .priority = 13, .flags = COLUMN_RATE | COLUMN_WIDE },
	{ FIELD(KSM_SAVED), .fold = FOLD_SUM, .title = "KSM", .width = 5, .priority = 15, .flags = COLUMN_WIDE },
	{ .info = NUMBER_INFO("overhead", UNIT_PCT, "of all its CPUs: what Domain-0, the Xen host itself, uses"), .title = "OVERH",
	  .width = 5, .align = ALIGN_RIGHT, .priority = 19, .fold = FOLD_MEAN, .flags = COLUMN_RATE | COLUMN_WIDE,
	  .value = host_overhead },
	{ .info = NUMBER_INFO("fit", UNIT_COUNT, "how many more VMs of the fleet's median size fit"), .fold = FOLD_SUM,
	  .title = "FIT", .width = 3, .align = ALIGN_RIGHT, .priority = 4, .flags = COLUMN_VOLATILE | COLUMN_DEFAULT,
	  .value = host_fit },
	{ FIELD(RTT), .fold = FOLD_MAX, .title = "RTT", .width = 5, .priority = 7, .flags = COLUMN_DEFAULT },
	{ FIELD(SAMPLE_MS), .fold = FOLD_MAX, .title = "ASKED", .width = 5, .priority = 17, .flags = COLUMN_WIDE },
	{ .info = NUMBER_INFO("age", UNIT_SECONDS, "age of the numbers"), .fold = FOLD_MAX, .title = "AGE", .width = 4,
	  .align = ALIGN_RIGHT, .flags = COLUMN_VOLATILE | COLUMN_DEFAULT, .value = host_age, .cell = host_age_cell },
	{ .info = TEXT_INFO("site", "where the host is, from the config"), .fold = FOLD_SAME, .title = "SITE", .width = 8,
	  .max_width = 16, .flex = 1, .priority = 10, .flags = COLUMN_LISTED | COLUMN_WIDE | COLUMN_TEXT | COLUMN_SEARCH, .value = host_site },
	{ .info = TEXT_INFO("tags", "tags from the config"), .fold = FOLD_SAME, .title = "TAGS", .width = 10, .max_width = 32, .flex = 1,
	  .priority = 11, .flags = COLUMN_LISTED | COLUMN_WIDE | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_LIST,
	  .alias = "tag", .value = host_tags },
	{ .info = TEXT_INFO("version", "the hypervisor's version"), .fold = FOLD_SAME, .title = "VERSION", .width = 8, .priority = 20,
	  .flags = COLUMN_FACT | COLUMN_TEXT | COLUMN_SEARCH, FACT(hv_version) },
	{ .info = TEXT_INFO("libvirt", "version of the host's libvirt"), .fold = FOLD_SAME, .title = "LIBVIRT", .width = 8,
	  .priority = 20, .flags = COLUMN_FACT | COLUMN_TEXT, FACT(libvirt_version) },
	{ .info = TEXT_INFO("hostname", "the host's own name"), .title = "HOSTNAME", .width = 12, .max_width = 32,
	  .flex = 1, .priority = 20, .flags = COLUMN_FACT | COLUMN_TEXT | COLUMN_SEARCH, FACT(hostname) },
	{ .info = TEXT_INFO("labels", "labels from the config"), .title = "LABELS", .width = 10, .max_width = 40, .flex = 1,
	  .priority = 20, .fold = FOLD_SAME, .flags = COLUMN_LISTED | COLUMN_TEXT | COLUMN_LIST, .value = host_labels },
	{ .info = TEXT_INFO("types", "how many of its VMs are KVM, PV, HVM, PVH ..."), .title = "TYPES", .width = 8,
	  .max_width = 24, .flex = 1, .priority = 19, .flags = COLUMN_WIDE | COLUMN_FACT | COLUMN_TEXT | COLUMN_LIST,
	  .value = host_types },
	{ .info = NUMBER_INFO("since", UNIT_SECONDS, "for how long it has been in its state"), .title = "SINCE", .width = 5,
	  .align = ALIGN_RIGHT, .priority = 18, .flags = COLUMN_LISTED | COLUMN_VOLATILE | COLUMN_WIDE, .value = host_since },
	{ .info = NUMBER_INFO("numa", UNIT_COUNT, "NUMA cells"), .title = "NUMA", .width = 4, .align = ALIGN_RIGHT,
	  .priority = 20, .fold = FOLD_SUM, .flags = COLUMN_FACT, .value = host_cells },
	{ .info = TEXT_INFO("topology", "sockets x cores x threads"), .title = "TOPOLOGY", .width = 8, .priority = 20,
	  .fold = FOLD_SAME, .flags = COLUMN_FACT | COLUMN_TEXT, .value = host_topology },
	{ .info = NUMBER_INFO("mhz", UNIT_COUNT, "clock of its CPUs in MHz"), .title = "MHZ", .width = 5, .align = ALIGN_RIGHT,
	  .priority = 20, .flags = COLUMN_FACT, .value = host_mhz },
	{ .info = TEXT_INFO("driver", "libvirt's driver"), .title = "DRIVER", .width = 6, .priority = 20,
	  .flags = COLUMN_FACT | COLUMN_TEXT, FACT(driver) },
	{ .info = TEXT_INFO("uuid", "the host's UUID"), .title = "UUID", .width = 36, .priority = 20,
	  .flags = COLUMN_FACT | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_HEX, FACT(uuid) },
	{ .info = TEXT_INFO("model", "CPU model"), .fold = FOLD_SAME, .title = "CPU MODEL", .width = 14, .max_width = 24, .flex = 1,
	  .priority = 20, .flags = COLUMN_FACT | COLUMN_TEXT | COLUMN_SEARCH, FACT(cpu_model) },
	{ .info = TEXT_INFO("arch", "CPU architecture"), .fold = FOLD_SAME, .title = "ARCH", .width = 7, .priority = 20,
	  .flags = COLUMN_FACT | COLUMN_TEXT, FACT(arch) },
	{ .info = TEXT_INFO("via", "how its libvirt is reached"), .title = "VIA", .width = 16, .max_width = 48,
	  .flex = 1, .priority = 20, .flags = COLUMN_FACT | COLUMN_TEXT, FACT(via) },
	{ .info = TEXT_INFO("why", "why it is not up, in words"), .title = "WHY", .width = 16, .max_width = 80,
	  .flex = 2, .priority = 9, .flags = COLUMN_LISTED | COLUMN_WIDE | COLUMN_TEXT | COLUMN_SEARCH, .value = host_why },
};
/* clang-format on */

static size_t
host_count(const struct host_snap *host G_GNUC_UNUSED)
{
	return 1;
}

static const void *
host_at(const struct host_snap *host, size_t i G_GNUC_UNUSED)
{
	return host;
}

static const struct host_snap *
host_host(const void *row)
{
	return row;
}

static enum part
host_part(const struct row_ctx *ctx, const void *row)
{
	return host_snap_fresh(row, ctx->now_us) ? PART_ACTIVE : PART_IDLE;
}

static double
host_weight(const void *row)
{
	const struct host_snap *host = row;

	return HOST_HAS(host, HOST_PCPUS) ? host->value[HOST_PCPUS] : 0;
}

static struct row_key
host_row_key(const void *row)
{
	return host_key(row);
}

/* How a host that is not simply up came to be so: "refused for 4m: connection refused; 18 VMs unknown". */
static void
describe_link(
	const struct row_ctx *ctx, const struct host_snap *host, enum link_state link, char *out, size_t size)
{
	char age[UNIT_TEXT];

	if (link == LINK_SLOW) {
		if (HOST_HAS(host, HOST_SAMPLE_MS))
			unit_format(age, UNIT_MS, host->value[HOST_SAMPLE_MS]);
		else
			unit_age(age, ctx->now_us - host->sampled_us);
		snprintf(out, size, "slow: answers take %s", age);
		return;
	}
	unit_age(age, ctx->now_us - (link == LINK_STALE ? host->sampled_us : host->link_since_us));
	snprintf(out, size, "%s for %s", link_state_word(link), age);
	if (host->why) {
		g_strlcat(out, ": ", size);
		g_strlcat(out, host->why, size);
	}
	if (host->listed && host->nvms) {
		size_t used = strlen(out);

		snprintf(out + used, size - used, "; %.0f VM%s unknown", host->value[HOST_VMS],
			host->value[HOST_VMS] == 1 ? "" : "s");
	}
}

static void
describe_maintenance(const struct row_ctx *ctx, const struct host_snap *host, char *out, size_t size)
{
	g_autofree char *words = maintenance_words(ctx->maintenance, host->config);

	g_strlcpy(out, words, size);
}

static enum severity
host_fault(const struct row_ctx *ctx, const void *row, char *out, size_t size)
{
	static const struct {
		enum host_field field;
		enum threshold threshold;
		const char *what;
	} limits[] = {
		{ HOST_CPU, THRESHOLD_CPU, "CPU" },
		{ HOST_MEM_USED_PCT, THRESHOLD_MEM, "memory" },
	};
	const struct host_snap *host = row;
	enum link_state link = host_snap_link(host, ctx->now_us);
	enum role role = link_look(link)->role;

	if (role == ROLE_BAD || role == ROLE_WARN) {
		if (out)
			describe_link(ctx, host, link, out, size);
		return role == ROLE_BAD ? SEVERITY_BAD : SEVERITY_WARN;
	}
	if (in_maintenance(ctx, host)) {
		if (out)
			describe_maintenance(ctx, host, out, size);
		return SEVERITY_WARN;
	}
	for (size_t i = 0; link == LINK_UP && i < G_N_ELEMENTS(limits); i++) {
		double number = host->value[limits[i].field];

		if (!HOST_HAS(host, limits[i].field) ||
			threshold_role(ctx->config, limits[i].threshold, number) != ROLE_BAD)
			continue;
		if (out)
			snprintf(out, size, "%s at %.0f%%", limits[i].what, number);
		return SEVERITY_WARN;
	}
	return SEVERITY_NONE;
}

const struct row_kind host_rows = {
	.name = "hosts",
	.singular = "host",
	.plural = "hosts",
	.columns = columns,
	.ncolumns = G_N_ELEMENTS(columns),
	.name_column = 1,
	.count = host_count,
	.at = host_at,
	.host = host_host,
	.key = host_row_key,
	.part = host_part,
	.weight = host_weight,
	.fault = host_fault,
};
