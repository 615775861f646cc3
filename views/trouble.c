#include "views/trouble.h"

#include "views/catalog.h"
#include "views/units.h"

#include <string.h>

#define NAMES_SHOWN 6
#define NAMES_KEPT  64 /* more guests than that never get a line each */
#define TEXT_SIZE   512

/* ---- guests that share a trouble ---- */

struct kind {
	const char *what;  /* "crashed" */
	const char *query; /* finds them in a table of guests; NULL: those above the alarm threshold */
	enum severity severity;
	bool (*has)(const struct row_ctx *ctx, const struct vm *vm);
};

static bool
is_crashed(const struct row_ctx *ctx G_GNUC_UNUSED, const struct vm *vm)
{
	return vm_plight(vm) == PLIGHT_CRASHED;
}

static bool
is_halted(const struct row_ctx *ctx G_GNUC_UNUSED, const struct vm *vm)
{
	return vm_plight(vm) == PLIGHT_HALTED;
}

static bool
is_silent(const struct row_ctx *ctx G_GNUC_UNUSED, const struct vm *vm)
{
	return vm_plight(vm) == PLIGHT_SILENT;
}

static bool
is_starving(const struct row_ctx *ctx, const struct vm *vm)
{
	return VM_HAS(vm, VM_READY) && vm->value[VM_READY] >= (double)ctx->config->ready_bad_pct;
}

static const struct kind kinds[] = {
	{ "crashed", "state=crashed", SEVERITY_BAD, is_crashed },
	{ "halted by an error", "state=paused", SEVERITY_BAD, is_halted },
	{ "frozen", "reason=\"monitor does not answer\"", SEVERITY_BAD, is_silent },
	{ "waiting long for a CPU", NULL, SEVERITY_WARN, is_starving },
};

struct bunch {
	const struct vm *vms[NAMES_KEPT];
	unsigned count; /* of all, kept or not */
};

/* ---- finding ---- */

struct host_trouble {
	const struct host_snap *host;
	enum severity severity;
	char *text;
};

struct troubles {
	struct bunch bunches[G_N_ELEMENTS(kinds)];
	GArray *hosts; /* struct host_trouble, the bad ones first */
};

static void
host_trouble_clear(gpointer trouble)
{
	g_free(((struct host_trouble *)trouble)->text);
}

static gint
compare_severity(gconstpointer a, gconstpointer b)
{
	const struct host_trouble *left = a, *right = b;

	return (gint)right->severity - (gint)left->severity;
}

static void
bunch_add(struct bunch *bunch, const struct vm *vm)
{
	if (bunch->count < NAMES_KEPT)
		bunch->vms[bunch->count] = vm;
	bunch->count++;
}

static void
find_in_host(struct troubles *troubles, const struct host_snap *host, const struct row_ctx *ctx)
{
	char text[TEXT_SIZE];
	struct host_trouble trouble = { .host = host,
		.severity = host_rows.fault(ctx, host, text, sizeof(text)) };

	if (trouble.severity != SEVERITY_NONE) {
		trouble.text = g_strdup(text);
		g_array_append_val(troubles->hosts, trouble);
	}
	for (size_t i = 0; host_snap_fresh(host, ctx->now_us) && i < host->nvms; i++)
		for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++)
			if (!host->vms[i].is_dom0 && kinds[k].has(ctx, &host->vms[i]))
				bunch_add(&troubles->bunches[k], &host->vms[i]);
}

struct troubles *
troubles_find(const struct fleet_snap *snap, const struct row_ctx *ctx)
{
	struct troubles *troubles = g_new0(struct troubles, 1);

	troubles->hosts = g_array_new(FALSE, FALSE, sizeof(struct host_trouble));
	g_array_set_clear_func(troubles->hosts, host_trouble_clear);
	for (size_t i = 0; i < snap->nhosts; i++)
		find_in_host(troubles, snap->hosts[i], ctx);
	g_array_sort(troubles->hosts, compare_severity); /* stable: hosts stay in their order */
	return troubles;
}

void
troubles_free(struct troubles *troubles)
{
	if (!troubles)
		return;
	g_array_free(troubles->hosts, TRUE);
	g_free(troubles);
}

size_t
troubles_count(const struct troubles *troubles)
{
	size_t n = troubles->hosts->len;

	for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++)
		n += troubles->bunches[k].count > 0;
	return n;
}

/* ---- drawing ---- */

/* A line being filled; lines beyond the room are counted, no more. */
struct lines {
	const struct pane *pane;
	struct spots *spots;
	unsigned section;
	int room, n;
};

static void
add_line(struct lines *lines, enum severity severity, const char *subject, const char *text, struct spot spot)
{
	enum role role = severity == SEVERITY_BAD ? ROLE_BAD : ROLE_WARN;
	int y = ++lines->n, x;

	if (lines->n > lines->room)
		return;
	spot.section = lines->section;
	pane_glyph(lines->pane, y, 1, role, severity == SEVERITY_BAD ? "✕" : "!",
		severity == SEVERITY_BAD ? 'x' : '!');
	x = 3 + pane_text(lines->pane, y, 3, -1, role, subject);
	pane_text(lines->pane, y, x + 1, -1, ROLE_NORMAL, text);
	spots_add(lines->spots, lines->pane, y, 1, lines->pane->cols - 1, &spot);
}

/* "crashed for 4m: panicked"; for how long is known when it was seen to happen. */
static char *
describe_guest(const struct kind *kind, const struct vm *vm, int64_t now_us)
{
	GString *text = g_string_new(kind->what);
	char age[UNIT_TEXT];

	if (kind->has == is_starving) {
		g_string_append_printf(text, ": %.0f%% ready", vm->value[VM_READY]);
		return g_string_free(text, FALSE);
	}
	if (vm->since_us) {
		unit_age(age, now_us - vm->since_us);
		g_string_append_printf(text, " for %s", age);
	}
	if (vm->reason)
		g_string_append_printf(text, ": %s", vm->reason);
	return g_string_free(text, FALSE);
}

static void
add_guest(struct lines *lines, const struct env *env, const struct kind *kind, const struct vm *vm)
{
	g_autofree char *subject = g_strdup_printf("%s@%s", vm->name, vm->host->name);
	g_autofree char *text = describe_guest(kind, vm, env->row.now_us);

	add_line(lines, kind->severity, subject, text, (struct spot){ .key = vm_key(vm) });
}

static void
add_bunch(struct lines *lines, const struct env *env, const struct kind *kind, const struct bunch *bunch)
{
	g_autofree char *waiting =
		g_strdup_printf("ready>=%" G_GINT64_FORMAT "%%", env->config->ready_bad_pct);
	g_autofree char *subject = g_strdup_printf("%u VMs", bunch->count);
	g_autoptr(GString) text = g_string_new(kind->what);

	for (unsigned i = 0; i < MIN(bunch->count, NAMES_SHOWN); i++)
		g_string_append_printf(
			text, "%s%s@%s", i ? ", " : ": ", bunch->vms[i]->name, bunch->vms[i]->host->name);
	if (bunch->count > NAMES_SHOWN)
		g_string_append(text, " and more");
	add_line(lines, kind->severity, subject, text->str,
		(struct spot){ .table = &vms_view, .query = kind->query ? kind->query : waiting });
}

static void
add_guests(struct lines *lines, const struct env *env, const struct troubles *troubles,
	enum severity severity, int *spare)
{
	for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
		const struct bunch *bunch = &troubles->bunches[k];
		bool apart = bunch->count <= NAMES_KEPT && (int)bunch->count - 1 <= *spare;

		if (kinds[k].severity != severity || bunch->count == 0)
			continue;
		if (apart)
			*spare -= (int)bunch->count - 1;
		for (unsigned i = 0; apart && i < bunch->count; i++)
			add_guest(lines, env, &kinds[k], bunch->vms[i]);
		if (!apart)
			add_bunch(lines, env, &kinds[k], bunch);
	}
}

static void
add_hosts(struct lines *lines, const struct troubles *troubles, enum severity severity)
{
	for (guint i = 0; i < troubles->hosts->len; i++) {
		const struct host_trouble *trouble = &g_array_index(troubles->hosts, struct host_trouble, i);

		if (trouble->severity == severity)
			add_line(lines, severity, trouble->host->name, trouble->text,
				(struct spot){ .key = host_key(trouble->host) });
	}
}

void
troubles_draw(const struct troubles *troubles, const struct env *env, const struct pane *pane,
	struct spots *spots, unsigned section)
{
	unsigned connecting = env->totals.by_link[LINK_CONNECTING];
	struct lines lines = { .pane = pane, .spots = spots, .section = section, .room = pane->rows - 1 };
	int n = (int)troubles_count(troubles), spare = lines.room - n;

	if (n > lines.room)
		lines.room--; /* for saying so */
	pane_text(pane, 0, 1, -1, ROLE_COLUMN, "trouble");
	if (connecting)
		pane_printf(pane, 0, 10, ROLE_DIM, "(still connecting to %u host%s)", connecting,
			connecting == 1 ? "" : "s");
	for (enum severity severity = SEVERITY_BAD; severity > SEVERITY_NONE; severity--) {
		add_guests(&lines, env, troubles, severity, &spare);
		add_hosts(&lines, troubles, severity);
	}
	if (lines.n > lines.room)
		pane_printf(pane, lines.room + 1, 3, ROLE_DIM, "and %d more: ! shows the hosts",
			lines.n - MAX(lines.room, 0));
	if (n == 0)
		pane_text(pane, 1, 1, -1, ROLE_DIM, connecting ? "nothing yet" : "none");
}
