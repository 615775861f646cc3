/* What can be said about a guest. */
#include "views/units.h"
#include "views/vm_values.h"

#include <stdio.h>
#include <string.h>

/* What a guest was given stays true while its host is silent; what it does with it does not. */
static bool
vm_field_lasts(size_t field)
{
	return field == VM_VCPUS || field == VM_VCPUS_MAX || field == VM_MEM || field == VM_MEM_MAX;
}

static void
vm_number(const struct column *column, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct vm *vm = row;

	if (VM_HAS(vm, column->field) && (vm->host->link == LINK_UP || vm_field_lasts(column->field)))
		value_number(out, vm->value[column->field]);
}

/* The state as far as it is known now. */
static enum vm_state
vm_state_now(const struct row_ctx *ctx, const struct vm *vm)
{
	return host_snap_fresh(vm->host, ctx->now_us) ? vm->state : VM_STATE_UNKNOWN;
}

/* It waits, paused, for the memory that it still writes to elsewhere. */
static bool
is_arriving(const struct vm *vm)
{
	return vm->state == VM_STATE_PAUSED && vm->reason && strcmp(vm->reason, "migrating") == 0;
}

/* A state that nobody wanted is drawn as a crash, whatever it is called. */
static const struct look *
vm_look_now(const struct row_ctx *ctx, const struct vm *vm)
{
	static const struct look arriving = { "→", '>', ROLE_DIM, "is on its way here" };
	enum vm_state state = vm_state_now(ctx, vm);

	if (state != VM_STATE_UNKNOWN && is_arriving(vm))
		return &arriving;
	return vm_look(state != VM_STATE_UNKNOWN && vm_plight(vm) != PLIGHT_NONE ? VM_STATE_CRASHED : state);
}

static void
vm_light(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct value *out)
{
	enum role role = vm_look_now(ctx, row)->role;

	/* Sorts by how bad it is, then by kind. */
	value_number(out, (role == ROLE_BAD           ? 200
				  : role == ROLE_WARN ? 100
						      : 0) +
				  (double)vm_state_now(ctx, row));
}

static void
vm_light_cell(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct cell *out)
{
	const struct look *look = vm_look_now(ctx, row);

	if (ctx->ascii)
		cell_printf(out, look->role, "%c", look->ascii);
	else
		cell_set(out, look->role, look->glyph);
}

static void
vm_name(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	value_text(out, ((const struct vm *)row)->name);
}

static void
vm_host(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	value_text(out, ((const struct vm *)row)->host->name);
}

static void
vm_state(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct value *out)
{
	value_text(out, vm_state_name(vm_state_now(ctx, row)));
}

/* The last state of a guest whose host is silent is shown as a question: "running?". */
static void
vm_state_cell(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct cell *out)
{
	const struct vm *vm = row;
	const char *name = is_arriving(vm) ? "moving" : vm_state_name(vm->state);
	enum role role = vm_look_now(ctx, vm)->role;

	if (!host_snap_fresh(vm->host, ctx->now_us))
		cell_printf(out, ROLE_DIM, "%s?", name);
	else
		cell_set(out, role == ROLE_GOOD ? ROLE_NORMAL : role, name);
}

static void
vm_reason(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	value_text(out, ((const struct vm *)row)->reason);
}

static void
vm_host_state(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct value *out)
{
	value_text(out, link_state_word(host_snap_link(((const struct vm *)row)->host, ctx->now_us)));
}

static void
vm_type(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct vm *vm = row;

	if (vm->facts && vm->facts->type != VM_TYPE_UNKNOWN)
		value_text(out, vm_type_name(vm->facts->type));
}

static void
vm_hv(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row,
	struct value *out)
{
	const struct host_facts *facts = ((const struct vm *)row)->host->facts;

	if (facts && facts->hypervisor != HYPERVISOR_UNKNOWN)
		value_text(out, hypervisor_name(facts->hypervisor));
}

static void
vm_age(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct value *out)
{
	const struct vm *vm = row;

	if (vm->sampled_us)
		value_number(out, (double)MAX(ctx->now_us - vm->sampled_us, 0) / 1e6);
}

static void
vm_age_cell(const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx, const void *row,
	struct cell *out)
{
	const struct vm *vm = row;
	char text[UNIT_TEXT];

	if (!vm->sampled_us) {
		cell_unknown(out);
		return;
	}
	unit_age(text, ctx->now_us - vm->sampled_us);
	cell_set(out, host_snap_fresh(vm->host, ctx->now_us) ? ROLE_NORMAL : ROLE_WARN, text);
}

#define FIELD(id)    .info = &vm_field_info[VM_##id], .field = VM_##id, .value = vm_number, .align = ALIGN_RIGHT
#define FACT(member) .field = G_STRUCT_OFFSET(struct vm_facts, member), .value = vm_fact

/* clang-format off */
static const struct column columns[] = {
	{ .info = TEXT_INFO("light", "the state as one character"), .title = "", .width = 1,
	  .flags = COLUMN_LISTED | COLUMN_DEFAULT | COLUMN_SCREEN | COLUMN_STICKY, .value = vm_light, .cell = vm_light_cell },
	{ .info = TEXT_INFO("name", "the guest's name"), .title = "NAME", .width = 12, .max_width = 48, .flex = 4,
	  .flags = COLUMN_LISTED | COLUMN_IDENTITY | COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_IN_TEXT | COLUMN_STICKY, .value = vm_name },
	{ .info = TEXT_INFO("host", "the host it is on"), .fold = FOLD_SAME, .title = "HOST", .width = 8, .max_width = 24, .flex = 2,
	  .flags = COLUMN_LISTED | COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_OF_HOST, .value = vm_host },
	{ .info = TEXT_INFO("tenant", "whom it belongs to"), .fold = FOLD_SAME, .title = "TENANT", .width = 8, .max_width = 24, .flex = 2,
	  .priority = 4, .flags = COLUMN_FACT | COLUMN_FIT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_IN_TEXT, FACT(tenant) },
	{ .info = TEXT_INFO("state", "what it does; 'unknown' while its host does not answer"), .title = "STATE",
	  .width = 9, .flags = COLUMN_LISTED | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, .words = vm_state_words, .value = vm_state,
	  .cell = vm_state_cell },
	{ .info = TEXT_INFO("reason", "why it is in that state, as the hypervisor says"), .title = "REASON",
	  .width = 12, .priority = 17, .flags = COLUMN_WIDE | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_IN_TEXT, .value = vm_reason },
	{ .info = TEXT_INFO("type", "KVM, PV, HVM, PVH and others"), .fold = FOLD_SAME, .title = "TYPE", .width = 5, .priority = 5,
	  .flags = COLUMN_FACT | COLUMN_DEFAULT | COLUMN_TEXT | COLUMN_SEARCH, .words = vm_type_words, .value = vm_type },
	{ FIELD(VCPUS), .fold = FOLD_SUM, .title = "VCPU", .width = 4, .priority = 2, .flags = COLUMN_DEFAULT },
	{ FIELD(VCPUS_MAX), .fold = FOLD_SUM, .title = "MAX", .width = 4, .priority = 20 },
	{ FIELD(CPU), .fold = FOLD_MEAN, .title = "CPU", .width = 4, .flags = COLUMN_RATE | COLUMN_DEFAULT, .threshold = THRESHOLD_CPU },
	{ .info = NUMBER_INFO("trend", UNIT_PCT, "CPU use over the last 5 minutes"), .title = "5 MIN", .width = 10,
	  .priority = 7, .flags = COLUMN_WIDE | COLUMN_SCREEN, .value = vm_trend, .cell = vm_trend_cell },
	{ .info = NUMBER_INFO("cores", UNIT_COUNT, "physical CPUs it uses: CPU time / wall time"), .fold = FOLD_SUM, .title = "CORES",
	  .width = 5, .align = ALIGN_RIGHT, .priority = 10, .flags = COLUMN_RATE | COLUMN_WIDE, .value = vm_cores,
	  .cell = vm_cores_cell },
	{ FIELD(READY), .fold = FOLD_MAX, .title = "READY", .width = 5, .priority = 3, .flags = COLUMN_RATE | COLUMN_DEFAULT,
	  .threshold = THRESHOLD_READY },
	{ FIELD(WAIT), .fold = FOLD_MEAN, .title = "WAIT", .width = 4, .priority = 13, .flags = COLUMN_RATE | COLUMN_WIDE },
	{ FIELD(CPU_TIME), .fold = FOLD_SUM, .title = "TIME", .width = 5, .priority = 20 },
	{ FIELD(MEM), .fold = FOLD_SUM, .title = "MEM", .width = 4, .flags = COLUMN_DEFAULT },
	{ FIELD(MEM_MAX), .fold = FOLD_SUM, .title = "MAX", .width = 4, .priority = 14, .flags = COLUMN_WIDE },
	{ FIELD(MEM_USED), .fold = FOLD_SUM, .title = "USED", .width = 4, .priority = 6, .flags = COLUMN_DEFAULT },
	{ FIELD(MEM_RSS), .fold = FOLD_SUM, .title = "RSS", .width = 4, .priority = 12, .flags = COLUMN_WIDE },
	{ FIELD(NET), .fold = FOLD_SUM, .title = "NET", .width = 4, .priority = 1, .flags = COLUMN_RATE | COLUMN_DEFAULT },
	{ FIELD(NET_RX), .fold = FOLD_SUM, .title = "RX", .width = 4, .priority = 11, .flags = COLUMN_RATE | COLUMN_WIDE },
	{ FIELD(NET_TX), .fold = FOLD_SUM, .title = "TX", .width = 4, .priority = 11, .flags = COLUMN_RATE | COLUMN_WIDE },
	{ FIELD(DISK), .fold = FOLD_SUM, .title = "DISK", .width = 4, .priority = 1, .flags = COLUMN_RATE | COLUMN_DEFAULT },
	{ FIELD(DISK_RD), .fold = FOLD_SUM, .title = "READ", .width = 4, .priority = 11, .flags = COLUMN_RATE | COLUMN_WIDE },
	{ FIELD(DISK_WR), .fold = FOLD_SUM, .title = "WRITE", .width = 5, .priority = 11, .flags = COLUMN_RATE | COLUMN_WIDE },
	{ .info = NUMBER_INFO("ops", UNIT_PER_S, "disk operations, both directions"), .title = "OPS", .width = 4,
	  .align = ALIGN_RIGHT, .priority = 8, .fold = FOLD_SUM, .flags = COLUMN_RATE | COLUMN_WIDE, .value = vm_ops },
	{ FIELD(DISK_RD_OPS), .fold = FOLD_SUM, .title = "RD/S", .width = 4, .priority = 15, .flags = COLUMN_RATE | COLUMN_WIDE },
	{ FIELD(DISK_WR_OPS), .fold = FOLD_SUM, .title = "WR/S", .width = 4, .priority = 15, .flags = COLUMN_RATE | COLUMN_WIDE },
	{ FIELD(DISK_RD_MS), .fold = FOLD_MAX, .title = "RD MS", .width = 5, .priority = 20, .flags = COLUMN_RATE },
	{ FIELD(DISK_WR_MS), .fold = FOLD_MAX, .title = "WR MS", .width = 5, .priority = 20, .flags = COLUMN_RATE },
	{ .info = NUMBER_INFO("latency", UNIT_MS, "disk latency, the slower of reads and writes"), .fold = FOLD_MAX, .title = "LAT",
	  .width = 5, .align = ALIGN_RIGHT, .priority = 5, .flags = COLUMN_RATE | COLUMN_DEFAULT, .value = vm_latency },
	{ .info = NUMBER_INFO("since", UNIT_SECONDS, "for how long it is in its state; - when it was so before it was watched"),
	  .title = "SINCE", .width = 5, .align = ALIGN_RIGHT, .priority = 9, .flags = COLUMN_VOLATILE | COLUMN_WIDE,
	  .value = vm_since },
	{ .info = NUMBER_INFO("age", UNIT_SECONDS, "age of the numbers"), .fold = FOLD_MAX, .title = "AGE", .width = 4,
	  .align = ALIGN_RIGHT, .flags = COLUMN_VOLATILE | COLUMN_DEFAULT, .value = vm_age, .cell = vm_age_cell },
	{ .info = TEXT_INFO("hv", "its host's hypervisor"), .fold = FOLD_SAME, .title = "HV", .width = 5, .priority = 20,
	  .flags = COLUMN_FACT | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_OF_HOST, .words = hypervisor_words,
	  .value = vm_hv },
	{ .info = TEXT_INFO("host-state", "how its host answers"), .title = "HOST STATE", .width = 12, .priority = 20,
	  .flags = COLUMN_LISTED | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_OF_HOST, .words = link_words,
	  .value = vm_host_state },
	{ .info = NUMBER_INFO("id", UNIT_COUNT, "the hypervisor's number for it while it runs"), .title = "ID",
	  .width = 6, .align = ALIGN_RIGHT, .priority = 20, .flags = COLUMN_LISTED, .value = vm_id },
	{ .info = TEXT_INFO("autostart", "starts with its host"), .title = "AUTO", .width = 4, .priority = 16,
	  .flags = COLUMN_WIDE | COLUMN_FLAG, .value = vm_autostart },
	{ .info = TEXT_INFO("persistent", "its definition outlives its running"), .title = "PERS", .width = 4,
	  .priority = 20, .flags = COLUMN_FLAG, .value = vm_persistent },
	{ .info = TEXT_INFO("title", "its title, as libvirt keeps it"), .title = "TITLE", .width = 12,
	  .max_width = 40, .flex = 1, .priority = 20, .flags = COLUMN_FACT | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_IN_TEXT, FACT(title) },
	{ .info = TEXT_INFO("os", "how it boots: hvm, linux, xenpvh, exe"), .fold = FOLD_SAME, .title = "OS", .width = 6,
	  .priority = 20, .flags = COLUMN_FACT | COLUMN_TEXT, FACT(os_type) },
	{ .info = TEXT_INFO("machine", "machine type"), .fold = FOLD_SAME, .title = "MACHINE", .width = 14, .priority = 20,
	  .flags = COLUMN_FACT | COLUMN_TEXT, FACT(machine) },
	{ .info = TEXT_INFO("arch", "architecture of its CPUs"), .fold = FOLD_SAME, .title = "ARCH", .width = 7, .priority = 20,
	  .flags = COLUMN_FACT | COLUMN_TEXT, FACT(arch) },
	{ .info = TEXT_INFO("macs", "addresses of its network cards"), .title = "MACS", .width = 17, .max_width = 53,
	  .flex = 1, .priority = 20, .flags = COLUMN_FACT | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_HEX | COLUMN_LIST, .alias = "mac",
	  .value = vm_macs },
	{ .info = TEXT_INFO("cards", "what its network cards are: virtio, emulated, sr-iov ..."), .title = "CARDS", .width = 8,
	  .max_width = 24, .flex = 1, .priority = 20, .fold = FOLD_SAME,
	  .flags = COLUMN_FACT | COLUMN_TEXT | COLUMN_LIST, .value = vm_cards },
	{ .info = NUMBER_INFO("nics", UNIT_COUNT, "network cards"), .title = "NICS", .width = 4, .align = ALIGN_RIGHT,
	  .priority = 20, .fold = FOLD_SUM, .flags = COLUMN_FACT, .value = vm_nics },
	{ .info = NUMBER_INFO("disks", UNIT_COUNT, "disks, empty drives and CDs not counted"), .title = "DISKS", .width = 5,
	  .align = ALIGN_RIGHT, .priority = 20, .fold = FOLD_SUM, .flags = COLUMN_FACT, .value = vm_disks },
	{ .info = TEXT_INFO("storage", "what its disks lie on: file, block, rbd, nfs, iscsi ..."), .title = "STORAGE", .width = 7,
	  .max_width = 20, .flex = 1, .priority = 19, .fold = FOLD_SAME,
	  .flags = COLUMN_WIDE | COLUMN_FACT | COLUMN_TEXT | COLUMN_LIST, .value = vm_storage },
	{ .info = TEXT_INFO("buses", "what its disks hang on: virtio, scsi, ide, xen ..."), .title = "BUSES", .width = 7,
	  .max_width = 20, .flex = 1, .priority = 20, .flags = COLUMN_FACT | COLUMN_TEXT | COLUMN_LIST, .value = vm_buses },
	{ .info = NUMBER_INFO("hostdevs", UNIT_COUNT, "devices of the host that it has for itself"), .title = "DEVS", .width = 4,
	  .align = ALIGN_RIGHT, .priority = 20, .fold = FOLD_SUM, .flags = COLUMN_FACT, .value = vm_hostdevs },
	{ .info = TEXT_INFO("pinned", "may not run on every physical CPU"), .title = "PIN", .width = 3, .priority = 16,
	  .flags = COLUMN_WIDE | COLUMN_FACT | COLUMN_FLAG, .value = vm_pinned },
	{ .info = TEXT_INFO("cpuset", "physical CPUs that it may run on; - when that is all"), .title = "CPUSET", .width = 8,
	  .max_width = 24, .flex = 1, .priority = 18, .flags = COLUMN_WIDE | COLUMN_FACT | COLUMN_TEXT, FACT(cpuset) },
	{ .info = TEXT_INFO("numa", "NUMA nodes that its memory is on; - when that may be any"), .title = "NUMA", .width = 4,
	  .max_width = 12, .flex = 1, .priority = 20, .flags = COLUMN_FACT | COLUMN_TEXT, FACT(numa_nodes) },
	{ .info = TEXT_INFO("cpu-mode", "which CPU it sees: host-passthrough, host-model, a model's name"), .title = "CPU MODE",
	  .width = 12, .max_width = 28, .flex = 1, .priority = 20, .fold = FOLD_SAME,
	  .flags = COLUMN_FACT | COLUMN_TEXT, FACT(cpu_mode) },
	{ .info = TEXT_INFO("console", "has a serial or paravirtual console"), .title = "CONS", .width = 4, .priority = 20,
	  .flags = COLUMN_FACT | COLUMN_FLAG, .value = vm_console },
	{ .info = TEXT_INFO("description", "its description, as libvirt keeps it"), .title = "DESCRIPTION", .width = 16,
	  .max_width = 60, .flex = 1, .priority = 20, .flags = COLUMN_FACT | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_IN_TEXT, FACT(description) },
	{ .info = TEXT_INFO("site", "where its host is"), .fold = FOLD_SAME, .title = "SITE", .width = 8, .max_width = 16, .flex = 1,
	  .priority = 12, .flags = COLUMN_LISTED | COLUMN_WIDE | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_OF_HOST, .value = vm_site },
	{ .info = TEXT_INFO("tags", "its host's tags"), .fold = FOLD_SAME, .title = "TAGS", .width = 10, .max_width = 32, .flex = 1,
	  .priority = 20, .flags = COLUMN_LISTED | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_OF_HOST | COLUMN_LIST, .alias = "tag",
	  .value = vm_tags },
	{ .info = TEXT_INFO("dom0", "is the Xen host itself, Domain-0, which counts nowhere"), .title = "DOM0",
	  .width = 4, .priority = 20, .flags = COLUMN_LISTED | COLUMN_IDENTITY | COLUMN_FLAG, .value = vm_dom0 },
	{ .info = TEXT_INFO("labels", "its host's labels"), .title = "LABELS", .width = 10, .max_width = 40, .flex = 1,
	  .priority = 20, .fold = FOLD_SAME, .flags = COLUMN_LISTED | COLUMN_TEXT | COLUMN_OF_HOST | COLUMN_LIST, .value = vm_labels },
	{ .info = TEXT_INFO("uuid", "the guest's UUID"), .title = "UUID", .width = 36, .priority = 20,
	  .flags = COLUMN_LISTED | COLUMN_IDENTITY | COLUMN_TEXT | COLUMN_SEARCH | COLUMN_HEX, .value = vm_uuid },
};
/* clang-format on */

static size_t
vm_count(const struct host_snap *host)
{
	return host->nvms;
}

static const void *
vm_at(const struct host_snap *host, size_t i)
{
	return &host->vms[i];
}

static const struct host_snap *
vm_host_of(const void *row)
{
	return ((const struct vm *)row)->host;
}

static const char *
vm_text(const void *row)
{
	return ((const struct vm *)row)->words;
}

static uint64_t
vm_roster(const struct host_snap *host)
{
	return host->roster;
}

static uint64_t
vm_facts_roster(const struct host_snap *host)
{
	return host->facts_roster;
}

static enum part
vm_part(const struct row_ctx *ctx, const void *row)
{
	const struct vm *vm = row;

	if (vm->is_dom0)
		return PART_NONE;
	return host_snap_fresh(vm->host, ctx->now_us) && vm_is_running(vm) ? PART_ACTIVE : PART_IDLE;
}

static double
vm_weight(const void *row)
{
	const struct vm *vm = row;

	return VM_HAS(vm, VM_VCPUS) ? vm->value[VM_VCPUS] : 0;
}

static struct row_key
vm_row_key(const void *row)
{
	return vm_key(row);
}

/* States are libvirt's; so are the reasons, in the words of fleet/stats.c. A QEMU that dies leaves a guest "off". */
enum vm_plight
vm_plight(const struct vm *vm)
{
	static const struct {
		enum vm_state state;
		const char *reason;
		enum vm_plight plight;
	} plights[] = {
		{ VM_STATE_OFF, "crashed", PLIGHT_CRASHED },
		{ VM_STATE_OFF, "failed to start", PLIGHT_HALTED },
		{ VM_STATE_PAUSED, "crashed", PLIGHT_CRASHED },
		{ VM_STATE_PAUSED, "I/O error", PLIGHT_HALTED },
		{ VM_STATE_PAUSED, "watchdog", PLIGHT_HALTED },
		{ VM_STATE_PAUSED, "post-copy migration failed", PLIGHT_HALTED },
		{ VM_STATE_RUNNING, "monitor does not answer", PLIGHT_SILENT },
	};

	if (vm->state == VM_STATE_CRASHED)
		return PLIGHT_CRASHED;
	for (size_t i = 0; vm->reason && i < G_N_ELEMENTS(plights); i++)
		if (plights[i].state == vm->state && strcmp(plights[i].reason, vm->reason) == 0)
			return plights[i].plight;
	return PLIGHT_NONE;
}

static enum severity
vm_fault(const struct row_ctx *ctx, const void *row, char *out, size_t size)
{
	const struct vm *vm = row;
	enum link_state link = host_snap_link(vm->host, ctx->now_us);

	if (link == LINK_CONNECTING)
		return SEVERITY_NONE;
	if (!host_snap_fresh(vm->host, ctx->now_us)) {
		if (out)
			snprintf(out, size, "unknown: host is %s", link_state_word(link));
		return SEVERITY_WARN;
	}
	if (vm_plight(vm) != PLIGHT_NONE) {
		if (out)
			snprintf(out, size, "%s%s%s", vm_state_name(vm->state), vm->reason ? ": " : "",
				vm->reason ? vm->reason : "");
		return SEVERITY_BAD;
	}
	if (VM_HAS(vm, VM_READY) && vm->value[VM_READY] >= (double)ctx->config->ready_bad_pct) {
		if (out)
			snprintf(out, size, "waits for a CPU %.0f%% of the time", vm->value[VM_READY]);
		return SEVERITY_WARN;
	}
	return SEVERITY_NONE;
}

const struct row_kind vm_rows = {
	.name = "vms",
	.singular = "VM",
	.plural = "VMs",
	.columns = columns,
	.ncolumns = G_N_ELEMENTS(columns),
	.name_column = 1,
	.count = vm_count,
	.at = vm_at,
	.host = vm_host_of,
	.key = vm_row_key,
	.roster = vm_roster,
	.facts = vm_facts_roster,
	.text = vm_text,
	.part = vm_part,
	.weight = vm_weight,
	.fault = vm_fault,
};
