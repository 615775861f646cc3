#include "actions/relocation.h"

#include "config/hostspec.h"

#include <string.h>

/* A gigabit, less what Ethernet, IP and TCP take of it. */
#define LINK_BYTES_S 117e6

/* ---- life ---- */

static void
move_free(gpointer pointer)
{
	struct move *move = pointer;

	g_free(move->name);
	g_free(move->from);
	g_free(move->to);
	g_free(move->why);
	g_free(move);
}

static void
stay_free(gpointer pointer)
{
	struct stay *stay = pointer;

	g_free(stay->name);
	g_free(stay->host);
	g_free(stay->why);
	g_free(stay->cause);
	g_free(stay);
}

struct relocation *
relocation_new(enum relocation_kind kind, const char *subject)
{
	struct relocation *moves = g_new0(struct relocation, 1);

	moves->kind = kind;
	moves->subject = g_strdup(subject);
	moves->list = g_ptr_array_new_with_free_func(move_free);
	moves->stays = g_ptr_array_new_with_free_func(stay_free);
	return moves;
}

void
relocation_free(struct relocation *moves)
{
	if (!moves)
		return;
	g_ptr_array_free(moves->list, TRUE);
	g_ptr_array_free(moves->stays, TRUE);
	g_free(moves->subject);
	g_free(moves);
}

void
relocation_add(struct relocation *moves, const struct vm *vm, const struct host_snap *to,
	enum verdict verdict, const char *why)
{
	struct move *move = g_new(struct move, 1);

	*move = (struct move){
		.guest = vm_key(vm),
		.name = g_strdup(vm->name),
		.from = g_strdup(vm->host->name),
		.to = g_strdup(to->name),
		.dest = to->index,
		.why = g_strdup(why),
		.verdict = verdict,
		.mem = VM_HAS(vm, VM_MEM) ? vm->value[VM_MEM] : -1,
	};
	g_ptr_array_add(moves->list, move);
}

void
relocation_leave(struct relocation *moves, const struct vm *vm, const char *cause, const char *why)
{
	struct stay *stay = g_new(struct stay, 1);

	*stay = (struct stay){
		.guest = vm_key(vm),
		.name = g_strdup(vm->name),
		.host = g_strdup(vm->host->name),
		.why = g_strdup(why),
		.cause = g_strdup(cause),
	};
	g_ptr_array_add(moves->stays, stay);
}

/* ---- questions ---- */

GArray *
relocation_keys(const struct relocation *moves)
{
	GArray *keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));

	for (guint i = 0; i < moves->list->len; i++)
		g_array_append_val(keys, ((const struct move *)moves->list->pdata[i])->guest);
	return keys;
}

char *
relocation_title(const struct relocation *moves)
{
	static const char *const words[] = {
		[RELOCATION_EVACUATE] = "Evacuate",
		[RELOCATION_RETURN] = "Return to",
		[RELOCATION_EVEN] = "Even out",
	};

	return g_strdup_printf("%s %s", words[moves->kind], moves->subject ? moves->subject : "all sites");
}

double
relocation_bytes(const struct relocation *moves, unsigned *unknown)
{
	double bytes = 0;

	*unknown = 0;
	for (guint i = 0; i < moves->list->len; i++) {
		double mem = ((const struct move *)moves->list->pdata[i])->mem;

		bytes += MAX(mem, 0);
		*unknown += mem < 0;
	}
	return bytes;
}

double
move_seconds(double bytes)
{
	return bytes / LINK_BYTES_S;
}

/* ---- for a shell ---- */

static char *
uri_of(uint32_t host, const struct fleet_snap *snap, const struct config *config)
{
	const struct config_host *entry = config->hosts->pdata[host];
	const struct host_facts *facts = snap->hosts[host]->facts;
	/* libvirt's URIs begin with the driver's name */
	g_autofree char *driver = g_ascii_strdown(facts && facts->driver ? facts->driver : "qemu", -1);
	g_autofree char *address = hostspec_address(entry->spec, true, true);

	if (entry->spec->transport == TRANSPORT_DIRECT)
		return g_strdup(entry->spec->uri);
	if (entry->spec->transport == TRANSPORT_SSH && entry->spec->path)
		return hostspec_format(entry->spec);
	return g_strdup_printf("%s+ssh://%s/system", driver, address ? address : entry->name);
}

/* TEXT without anything that could end a comment, or do something to a terminal. */
static char *
harmless(const char *text)
{
	char *copy = g_strdup(text);

	for (char *c = copy; *c; c++)
		if (!g_ascii_isalnum(*c) && !strchr("._-+@:/ ", *c))
			*c = '?';
	return copy;
}

static void
append_command(GString *out, const struct move *move, const struct fleet_snap *snap,
	const struct config *config, const struct move_wish *wish)
{
	static const char *const copies[] = {
		[COPY_NONE] = "",
		[COPY_ALL] = " --copy-storage-all --abort-on-error",
		[COPY_INCREMENTAL] = " --copy-storage-inc --abort-on-error",
	};
	const struct config_host *entry = config->hosts->pdata[move->dest];
	g_autofree char *from = uri_of(move->guest.host, snap, config),
			*to = uri_of(move->dest, snap, config);
	g_autofree char *address = hostspec_address(entry->spec, false, false);
	g_autofree char *quoted_from = g_shell_quote(from), *quoted_to = g_shell_quote(to);
	const char *there = address ? address : entry->name;
	g_autofree char *tcp = g_strdup_printf(strchr(there, ':') ? "tcp://[%s]" : "tcp://%s", there);
	g_autofree char *quoted_tcp = g_shell_quote(tcp), *name = harmless(move->name);
	char uuid[37];

	uuid_format(move->guest.uuid, uuid);
	g_string_append_printf(out,
		"virsh -c %s migrate %s --persistent --undefinesource%s%s %s %s %s  # %s\n", quoted_from,
		wish->offline ? "--offline" : "--live", copies[wish->copy], wish->unsafe ? " --unsafe" : "",
		uuid, quoted_to, quoted_tcp, name);
}

char *
relocation_virsh(const struct relocation *moves, const struct fleet_snap *snap, const struct config *config,
	const struct move_wish *wish)
{
	g_autofree char *title = relocation_title(moves), *safe_title = harmless(title);
	GString *out = g_string_new(NULL);

	g_string_append_printf(out, "# %s: %u moves\n", safe_title, moves->list->len);
	for (guint i = 0; i < moves->list->len; i++)
		append_command(out, moves->list->pdata[i], snap, config, wish);
	for (guint i = 0; i < moves->stays->len; i++) {
		const struct stay *stay = moves->stays->pdata[i];
		g_autofree char *name = harmless(stay->name), *why = harmless(stay->why);

		g_string_append_printf(out, "# %s stays: %s\n", name, why);
	}
	return g_string_free(out, FALSE);
}
