#include "actions/targets_private.h"

#include "actions/maintenance.h"

#include <string.h>

/* ---- room ---- */

static double
host_value(const struct host_snap *host, enum host_field field)
{
	return HOST_HAS(host, field) ? host->value[field] : -1;
}

static struct room
room_of(const struct host_snap *host)
{
	struct room room = {
		.mem_total = host_value(host, HOST_MEM_TOTAL),
		.mem_free = -1,
		.promised = host_value(host, HOST_MEM_PROMISED),
		.vcpus = host_value(host, HOST_VCPUS),
		.pcpus = host_value(host, HOST_PCPUS),
		.running = (unsigned)MAX(host_value(host, HOST_VMS_RUNNING), 0),
	};

	if (room.mem_total >= 0 && HOST_HAS(host, HOST_MEM_USED))
		room.mem_free = room.mem_total - host->value[HOST_MEM_USED];
	return room;
}

static double
vm_value(const struct vm *vm, enum vm_field field, enum vm_field else_field)
{
	if (VM_HAS(vm, field))
		return vm->value[field];
	return VM_HAS(vm, else_field) ? vm->value[else_field] : -1;
}

/* Unknown stays unknown, and what is not known of a guest makes the sum unknown, too. */
static void
add_known(double *sum, double more, int sign)
{
	*sum = *sum < 0 || more < 0 ? -1 : MAX(*sum + sign * more, 0);
}

void
room_change(struct room *room, const struct vm *vm, int sign)
{
	double mem = vm_value(vm, VM_MEM, VM_MEM_MAX), vcpus = vm_value(vm, VM_VCPUS, VM_VCPUS_MAX);

	add_known(&room->mem_free, mem, -sign);
	add_known(&room->promised, mem, sign);
	add_known(&room->vcpus, vcpus, sign);
	room->running = sign < 0 && room->running == 0 ? 0 : room->running + (unsigned)sign;
}

struct room
room_with(struct room room, const struct vm *vm)
{
	room_change(&room, vm, 1);
	return room;
}

double
room_promised_pct(const struct room *room)
{
	return room->promised < 0 || room->mem_total <= 0 ? -1 : 100 * room->promised / room->mem_total;
}

double
room_vcpu_ratio(const struct room *room)
{
	return room->vcpus < 0 || room->pcpus <= 0 ? -1 : room->vcpus / room->pcpus;
}

double
room_score(const struct room *room, const struct config *config)
{
	double memory = room_promised_pct(room), cpus = room_vcpu_ratio(room);

	if (memory < 0 && cpus < 0)
		return -1;
	return MAX(memory / 100, cpus * 100 / (double)config->vcpu_cap_pct);
}

/* ---- life ---- */

static void
candidate_free(gpointer pointer)
{
	struct candidate *candidate = pointer;

	g_array_unref(candidate->own);
	g_ptr_array_unref(candidate->networks);
	g_free(candidate);
}

/* Guests that are on their way count where they go, unless they are seen there. */
static void
place_incoming(struct targets *targets, const struct incoming *incoming)
{
	const struct fleet_snap *snap = targets->opts.snap;
	const struct vm *vm = fleet_snap_find_vm(snap, &incoming->guest);
	struct row_key there = incoming->guest;

	there.host = incoming->host;
	if (vm && incoming->host < snap->nhosts && !fleet_snap_find_vm(snap, &there))
		targets_put(targets, vm, snap->hosts[incoming->host]);
}

struct targets *
targets_new(const struct targets_opts *opts)
{
	struct targets *targets = g_new0(struct targets, 1);

	targets->opts = *opts;
	targets->rooms = g_new(struct room, opts->snap->nhosts);
	targets->networks = g_new0(GHashTable *, opts->snap->nhosts);
	targets->candidates = g_hash_table_new_full(row_key_hash, row_key_equal_g, g_free, candidate_free);
	for (size_t i = 0; i < opts->snap->nhosts; i++)
		targets->rooms[i] = room_of(opts->snap->hosts[i]);
	for (guint i = 0; opts->incoming && i < opts->incoming->len; i++)
		place_incoming(targets, &g_array_index(opts->incoming, struct incoming, i));
	return targets;
}

void
targets_free(struct targets *targets)
{
	if (!targets)
		return;
	for (size_t i = 0; i < targets->opts.snap->nhosts; i++)
		if (targets->networks[i])
			g_hash_table_unref(targets->networks[i]);
	g_hash_table_unref(targets->candidates);
	g_free(targets->networks);
	g_free(targets->rooms);
	g_free(targets);
}

void
targets_put(struct targets *targets, const struct vm *vm, const struct host_snap *host)
{
	if (host->index == vm->host->index)
		return;
	room_change(&targets->rooms[vm->host->index], vm, -1);
	room_change(&targets->rooms[host->index], vm, 1);
}

struct room
targets_room(const struct targets *targets, const struct host_snap *host)
{
	return targets->rooms[host->index];
}

/* ---- guests and networks ---- */

static char *
network_of(const struct vm_nic *nic)
{
	if (!nic->type || !nic->source || nic->kind == NIC_SRIOV)
		return NULL;
	return g_strdup_printf("%s %s", strcmp(nic->type, "direct") == 0 ? "device" : nic->type, nic->source);
}

static void
obstacle_clear(gpointer pointer)
{
	struct obstacle *obstacle = pointer;

	g_free(obstacle->what);
	g_free(obstacle->why);
}

GArray *
targets_obstacles_new(void)
{
	GArray *obstacles = g_array_new(FALSE, FALSE, sizeof(struct obstacle));

	g_array_set_clear_func(obstacles, obstacle_clear);
	return obstacles;
}

void
targets_add_obstacle(GArray *obstacles, enum obstacle_kind kind, const char *what, char *why)
{
	const struct obstacle obstacle = { .kind = kind, .what = g_strdup(what), .why = why };

	g_array_append_val(obstacles, obstacle);
}

/* Whether a guest that is off can go: nothing of it but its definition does. */
static GArray *
offline_obstacles(const struct vm *vm)
{
	const struct host_facts *facts = vm->host->facts;
	GArray *own = targets_obstacles_new();

	if (vm->is_dom0)
		targets_add_obstacle(own, OBSTACLE_BLOCKS, "Domain-0", g_strdup("is the host itself"));
	else if (vm->state != VM_STATE_OFF && vm->state != VM_STATE_CRASHED)
		targets_add_obstacle(own, OBSTACLE_BLOCKS, "state",
			g_strdup("it runs: offline is for guests that are off"));
	if (facts && !(facts->moves & MOVE_BIT(OFFLINE)))
		targets_add_obstacle(own, OBSTACLE_BLOCKS, "driver",
			g_strdup("its host's driver moves no guest that is off"));
	for (size_t i = 0; vm->facts && i < vm->facts->ndisks; i++)
		if (vm->facts->disks[i].source && !vm_disk_shared(&vm->facts->disks[i]))
			targets_add_obstacle(own, OBSTACLE_CAUTION, "storage",
				g_strdup_printf("%s must be there: offline moves only the definition",
					vm->facts->disks[i].source));
	return own;
}

/* What copying storage along cures, and what the target's own checks look at, is no obstacle of the guest's. */
static GArray *
own_obstacles(const struct targets *targets, const struct vm *vm)
{
	const struct vm_detail *detail = vm->host->vm_detail;
	GArray *own;

	if (targets->opts.wish.offline)
		return offline_obstacles(vm);
	if (detail && memcmp(detail->uuid, vm->uuid, UUID_LEN) != 0)
		detail = NULL;
	own = movable_obstacles(vm, detail);
	for (guint i = own->len; i-- > 0;) {
		const struct obstacle *obstacle = &g_array_index(own, struct obstacle, i);

		if (obstacle->of_target ||
			(obstacle->kind == OBSTACLE_COPY &&
				(targets->opts.wish.copy != COPY_NONE || targets->opts.wish.unsafe)))
			g_array_remove_index(own, i);
	}
	return own;
}

const struct candidate *
targets_candidate(struct targets *targets, const struct vm *vm)
{
	const struct row_key key = vm_key(vm);
	struct candidate *candidate = g_hash_table_lookup(targets->candidates, &key);

	if (candidate)
		return candidate;
	candidate = g_new0(struct candidate, 1);
	candidate->own = own_obstacles(targets, vm);
	candidate->mem = vm_value(vm, VM_MEM, VM_MEM_MAX);
	candidate->vcpus = vm_value(vm, VM_VCPUS, VM_VCPUS_MAX);
	candidate->networks = g_ptr_array_new_with_free_func(g_free);
	for (size_t i = 0; vm->facts && i < vm->facts->nnics; i++) {
		char *network = network_of(&vm->facts->nics[i]);

		if (network)
			g_ptr_array_add(candidate->networks, network);
	}
	g_hash_table_insert(targets->candidates, g_memdup2(&key, sizeof(key)), candidate);
	return candidate;
}

GHashTable *
targets_networks(struct targets *targets, const struct host_snap *host)
{
	GHashTable *networks = targets->networks[host->index];

	if (networks)
		return networks;
	networks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (size_t i = 0; i < host->nvms; i++) {
		const struct vm_facts *facts = host->vms[i].facts;

		for (size_t j = 0; facts && j < facts->nnics; j++) {
			char *network = network_of(&facts->nics[j]);

			if (network)
				g_hash_table_add(networks, network);
		}
	}
	targets->networks[host->index] = networks;
	return networks;
}

/* ---- who is who ---- */

static bool
same_number(const struct host_snap *a, const struct host_snap *b, enum host_field field)
{
	return HOST_HAS(a, field) && HOST_HAS(b, field) && a->value[field] == b->value[field];
}

bool
hosts_same_machine(const struct host_snap *a, const struct host_snap *b)
{
	const struct host_facts *left = a->facts, *right = b->facts;

	if (a->index == b->index)
		return true;
	if (!left || !right)
		return false;
	if (left->uuid && right->uuid)
		return strcmp(left->uuid, right->uuid) == 0;
	/* Xen's capabilities have no UUID: the same name, CPUs and memory to the byte are not chance */
	return left->hostname && g_strcmp0(left->hostname, right->hostname) == 0 &&
	       left->hypervisor == right->hypervisor && same_number(a, b, HOST_PCPUS) &&
	       same_number(a, b, HOST_MEM_TOTAL);
}
