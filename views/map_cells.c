#include "views/map.h"

#include "views/natural.h"
#include "views/units.h"

#include <math.h>
#include <stdio.h>

/* Each level of a rate is so many times the one below: guests differ more than the sums of hosts do. */
#define HOST_STEP    2
#define VM_STEP      4
#define READY_FULL   2    /* times the alarm threshold */
#define AGE_FULL_S   30   /* older is not redder */
#define RANK_BAD     1e18 /* above all numbers */
#define RANK_UNKNOWN (-1)
#define RANK_AT_REST (-2)

/* ---- measures ---- */

static double
host_number(const struct host_snap *host, enum host_field field)
{
	return HOST_HAS(host, field) ? host->value[field] : NAN;
}

static double
vm_number(const struct vm *vm, enum vm_field field)
{
	return VM_HAS(vm, field) ? vm->value[field] : NAN;
}

static double
vm_mem(const struct vm *vm, const struct row_ctx *ctx G_GNUC_UNUSED)
{
	return 100 * vm_number(vm, VM_HAS(vm, VM_MEM_USED) ? VM_MEM_USED : VM_MEM_RSS) /
	       vm_number(vm, VM_MEM);
}

static double
host_ready(const struct host_snap *host, const struct row_ctx *ctx G_GNUC_UNUSED)
{
	double worst = NAN;

	for (size_t i = 0; i < host->nvms; i++)
		if (!host->vms[i].is_dom0)
			worst = fmax(worst, vm_number(&host->vms[i], VM_READY));
	return worst;
}

static double
age_s(int64_t sampled_us, const struct row_ctx *ctx)
{
	return sampled_us ? (double)MAX(ctx->now_us - sampled_us, 0) / 1e6 : NAN;
}

static double
host_age(const struct host_snap *host, const struct row_ctx *ctx)
{
	return age_s(host->sampled_us, ctx);
}

static double
vm_age(const struct vm *vm, const struct row_ctx *ctx)
{
	return age_s(vm->sampled_us, ctx);
}

#define OF_HOST(id) .host_field = HOST_##id
#define OF_VM(id)   .of_vm = true, .vm_field = VM_##id

static const struct measure {
	const char *name;
	enum unit unit;
	double full; /* 0: the largest number */
	bool steep;  /* levels are powers: a few are very much larger than the others */
	bool of_vm;  /* guests have such a thing, too */
	enum host_field host_field;
	enum vm_field vm_field;
	/* instead of the fields; NULL: these */
	double (*host)(const struct host_snap *host, const struct row_ctx *ctx);
	double (*vm)(const struct vm *vm, const struct row_ctx *ctx);
} measures[MAP_MEASURES] = {
	[MAP_CPU] = { "CPU", UNIT_PCT, 100, OF_HOST(CPU), OF_VM(CPU) },
	[MAP_MEM] = { "memory", UNIT_PCT, 100, OF_HOST(MEM_USED_PCT), .of_vm = true, .vm = vm_mem },
	[MAP_READY] = { "ready", UNIT_PCT, -1, .host = host_ready, OF_VM(READY) }, /* see full_of() */
	[MAP_DENSITY] = { "running VMs", UNIT_COUNT, 0, OF_HOST(VMS_RUNNING) },
	[MAP_NET] = { "network", UNIT_BYTES_S, 0, true, OF_HOST(NET), OF_VM(NET) },
	[MAP_DISK] = { "disk", UNIT_BYTES_S, 0, true, OF_HOST(DISK), OF_VM(DISK) },
	[MAP_AGE] = { "age of data", UNIT_SECONDS, AGE_FULL_S, .of_vm = true, .host = host_age,
		.vm = vm_age },
};

static double
measure_host(const struct measure *measure, const struct host_snap *host, const struct row_ctx *ctx)
{
	return measure->host ? measure->host(host, ctx) : host_number(host, measure->host_field);
}

static double
measure_vm(const struct measure *measure, const struct vm *vm, const struct row_ctx *ctx)
{
	return measure->vm ? measure->vm(vm, ctx) : vm_number(vm, measure->vm_field);
}

const char *
map_measure_name(enum map_measure measure)
{
	return measures[measure].name;
}

bool
map_measure_of_guests(enum map_measure measure)
{
	return measures[measure].of_vm;
}

/* ---- groups ---- */

static const char *
site_of(const struct host_snap *host)
{
	return host->config ? host->config->site : NULL;
}

static const char *
hypervisor_of(const struct host_snap *host)
{
	return host->facts ? hypervisor_name(host->facts->hypervisor) : NULL;
}

/* The first one: a host can be in one place only. */
static const char *
tag_of(const struct host_snap *host)
{
	return host->config && host->config->tags ? host->config->tags[0] : NULL;
}

static const char *
nothing_of(const struct host_snap *host G_GNUC_UNUSED)
{
	return NULL;
}

static const struct {
	const char *name;
	const char *(*of)(const struct host_snap *host);
} groupings[MAP_GROUPINGS] = {
	[MAP_BY_SITE] = { "site", site_of },
	[MAP_BY_HYPERVISOR] = { "hypervisor", hypervisor_of },
	[MAP_BY_TAG] = { "first tag", tag_of },
	[MAP_BY_NOTHING] = { "nothing", nothing_of },
};

const char *
map_grouping_name(enum map_grouping grouping)
{
	return groupings[grouping].name;
}

/* Hosts as they stand in the config, but those of a group together, groups by name, the nameless last. */
static gint
compare_hosts(gconstpointer a, gconstpointer b, gpointer grouping)
{
	const struct host_snap *left = *(const struct host_snap *const *)a;
	const struct host_snap *right = *(const struct host_snap *const *)b;
	const char *x = groupings[GPOINTER_TO_INT(grouping)].of(left);
	const char *y = groupings[GPOINTER_TO_INT(grouping)].of(right);
	int order = x && y ? natural_compare(x, y) : !x - !y;

	return order ? order : (left->index > right->index) - (left->index < right->index);
}

/* ---- gathering ---- */

void
map_cells_init(struct map_cells *cells)
{
	*cells = (struct map_cells){
		.cells = g_array_new(FALSE, FALSE, sizeof(struct map_cell)),
		.groups = g_array_new(FALSE, FALSE, sizeof(struct map_group)),
	};
}

void
map_cells_done(struct map_cells *cells)
{
	if (cells->cells)
		g_array_free(cells->cells, TRUE);
	if (cells->groups)
		g_array_free(cells->groups, TRUE);
}

static void
add_cell(struct map_cells *cells, const void *row, const struct look *look, double number)
{
	struct map_cell cell = { .row = row, .look = look, .number = number };

	g_array_append_val(cells->cells, cell);
}

/* A guest's number, in a cell that is coloured by it or stands for its state: what does not run has an age all the same. */
static double
vm_value(const struct measure *measure, const struct vm *vm, bool fresh, const struct row_ctx *ctx)
{
	return measure->vm == vm_age || (fresh && vm_is_running(vm)) ? measure_vm(measure, vm, ctx) : NAN;
}

/* What is lost has its state for a cell – and its age, which it still has. */
static void
add_host(struct map_cells *cells, const struct host_snap *host, const struct row_ctx *ctx)
{
	const struct measure *measure = &measures[cells->measure];
	bool fresh = host_snap_fresh(host, ctx->now_us);
	const struct look *lost = link_look(host_snap_link(host, ctx->now_us));
	bool aged = cells->measure == MAP_AGE && host->link == LINK_UP;

	if (!cells->guests)
		add_cell(cells, host, fresh || aged ? NULL : lost,
			fresh || measure->host == host_age ? measure_host(measure, host, ctx) : NAN);
	for (size_t i = 0; cells->guests && i < host->nvms; i++) {
		const struct vm *vm = &host->vms[i];
		const struct look *look = vm_is_running(vm) ? NULL : vm_look(vm->state);

		if (!vm->is_dom0)
			add_cell(cells, vm, fresh || aged ? look : lost, vm_value(measure, vm, fresh, ctx));
	}
}

static bool
same_group(const struct map_cells *cells, const char *name)
{
	return cells->groups->len &&
	       g_strcmp0(g_array_index(cells->groups, struct map_group, cells->groups->len - 1).name, name) ==
		       0;
}

static void
add_to_group(struct map_cells *cells, const char *name, size_t first)
{
	size_t count = cells->cells->len - first;

	if (count == 0)
		return;
	if (same_group(cells, name)) {
		g_array_index(cells->groups, struct map_group, cells->groups->len - 1).count += count;
	} else {
		struct map_group group = { .name = name, .first = first, .count = count };

		g_array_append_val(cells->groups, group);
	}
}

static double
full_of(const struct map_cells *cells, const struct row_ctx *ctx)
{
	double largest = 0;

	if (cells->measure == MAP_READY)
		return (double)MAX(ctx->config->ready_bad_pct, 1) * READY_FULL;
	if (measures[cells->measure].full > 0)
		return measures[cells->measure].full;
	for (guint i = 0; i < cells->cells->len; i++)
		largest = fmax(largest, g_array_index(cells->cells, struct map_cell, i).number);
	return unit_round_up(largest);
}

void
map_cells_gather(struct map_cells *cells, const struct fleet_snap *snap, const struct row_ctx *ctx,
	bool guests, enum map_measure measure, enum map_grouping grouping)
{
	g_autofree const struct host_snap **hosts = g_new(const struct host_snap *, snap->nhosts);

	g_array_set_size(cells->cells, 0);
	g_array_set_size(cells->groups, 0);
	cells->guests = guests;
	cells->measure = measure;
	for (size_t i = 0; i < snap->nhosts; i++)
		hosts[i] = snap->hosts[i];
	g_qsort_with_data(
		hosts, (gint)snap->nhosts, sizeof(*hosts), compare_hosts, GINT_TO_POINTER(grouping));
	for (size_t i = 0; i < snap->nhosts; i++) {
		size_t first = cells->cells->len;

		add_host(cells, hosts[i], ctx);
		add_to_group(cells, groupings[grouping].of(hosts[i]), first);
	}
	cells->full = full_of(cells, ctx);
}

/* ---- a cell ---- */

int
map_cell_level(const struct map_cells *cells, const struct map_cell *cell)
{
	double part = cell->number / cells->full, step = cells->guests ? VM_STEP : HOST_STEP, level;

	if (cell->look || isnan(cell->number))
		return -1;
	if (!measures[cells->measure].steep)
		level = floor(MAP_LEVELS * part);
	else
		level = part > 0 ? MAP_LEVELS + floor(log(part) / log(step)) : 0;
	return (int)CLAMP(level, 0, MAP_LEVELS - 1);
}

double
map_cell_rank(const struct map_cells *cells G_GNUC_UNUSED, const struct map_cell *cell)
{
	if (cell->look)
		return cell->look->role == ROLE_BAD ? RANK_BAD : RANK_AT_REST;
	return isnan(cell->number) ? RANK_UNKNOWN : cell->number;
}

struct row_key
map_cell_key(const struct map_cells *cells, const struct map_cell *cell)
{
	return cells->guests ? vm_key(cell->row) : host_key(cell->row);
}

const char *
map_cell_name(const struct map_cells *cells, const struct map_cell *cell)
{
	return cells->guests ? ((const struct vm *)cell->row)->name
			     : ((const struct host_snap *)cell->row)->name;
}

static void
number_text(const struct map_cells *cells, double number, char out[UNIT_TEXT])
{
	if (measures[cells->measure].unit == UNIT_SECONDS)
		unit_age(out, (int64_t)(number * 1e6));
	else
		unit_format_long(out, measures[cells->measure].unit, number);
}

void
map_cell_text(const struct map_cells *cells, const struct map_cell *cell, char *out, size_t size)
{
	char text[UNIT_TEXT] = "-";

	if (!isnan(cell->number))
		number_text(cells, cell->number, text);
	g_strlcpy(out, text, size);
}

void
map_scale_of(const struct map_cells *cells, struct map_scale *out)
{
	bool steep = measures[cells->measure].steep;
	double step = cells->guests ? VM_STEP : HOST_STEP;

	number_text(cells, steep ? cells->full / pow(step, MAP_LEVELS - 1) : 0, out->low);
	number_text(cells, cells->full, out->high);
	out->note = !steep ? NULL : cells->guests ? "a step is four times more" : "a step is twice as much";
}
