/* pulse: how many hosts and guests there are, by state and hypervisor. */
#include "views/pulse.h"
#include "views/units.h"

#include "tui/cell.h"

#define COUNT_LEAST 5
#define COUNT_GAP   2

/* The states that deserve a row. */
struct state_rows {
	enum vm_state states[VM_STATE_COUNT];
	size_t n;
};

static unsigned
count_of(const struct host_totals *part, enum vm_state state)
{
	return state == VM_STATE_UNKNOWN ? part->guests.unknown : part->guests.by_state[state];
}

static struct state_rows
choose_states(const struct host_totals *all)
{
	struct state_rows rows = { .n = 0 };

	for (int i = 0; i < VM_STATE_COUNT; i++)
		if (i == VM_STATE_OFF || i == VM_STATE_CRASHED || count_of(all, (enum vm_state)i))
			rows.states[rows.n++] = (enum vm_state)i;
	return rows;
}

/* One column, a hypervisor's or that of all, from X on; returns where it ends. */
static int
draw_part(const struct pane *pane, int x, const char *title, const struct host_totals *part,
	const struct state_rows *rows)
{
	g_autofree char *hosts = g_strdup_printf("%u/%u", part->up, part->hosts);
	char text[UNIT_TEXT];
	int width = MAX(text_width(hosts), COUNT_LEAST), y = 0;

	pane_field(pane, y++, x, width, ALIGN_RIGHT, ROLE_COLUMN, title);
	pane_field(pane, y++, x, width, ALIGN_RIGHT, part->up < part->hosts ? ROLE_WARN : ROLE_NORMAL, hosts);
	unit_thousands(text, part->guests.running);
	pane_field(pane, y++, x, width, ALIGN_RIGHT, ROLE_NORMAL, text);
	for (size_t i = 0; i < rows->n; i++) {
		unsigned count = count_of(part, rows->states[i]);
		bool bad = vm_look(rows->states[i])->role == ROLE_BAD;

		unit_thousands(text, count);
		pane_field(pane, y++, x, width, ALIGN_RIGHT,
			!count ? ROLE_DIM
			: bad  ? ROLE_BAD
			       : ROLE_NORMAL,
			text);
	}
	return x + width;
}

int
pulse_draw_counts(struct view *view, const struct pane *pane, int *used)
{
	const struct fleet_totals *totals = &view->env->totals;
	struct state_rows rows = choose_states(&totals->all);
	int x = PULSE_LABEL, y = 1;
	bool several = false;

	pane_text(pane, y++, 0, -1, ROLE_DIM, "hosts");
	pane_text(pane, y++, 0, -1, ROLE_DIM, "running");
	for (size_t i = 0; i < rows.n; i++)
		pane_text(pane, y++, 0, PULSE_LABEL - 1, ROLE_DIM, vm_state_name(rows.states[i]));
	for (int i = HYPERVISOR_UNKNOWN + 1; i < HYPERVISOR_COUNT; i++) {
		if (totals->by_hypervisor[i].hosts == 0)
			continue;
		x = draw_part(
			    pane, x, hypervisor_title((enum hypervisor)i), &totals->by_hypervisor[i], &rows) +
		    COUNT_GAP;
		several = true;
	}
	if (several && totals->by_hypervisor[HYPERVISOR_UNKNOWN].hosts)
		x = draw_part(pane, x, "?", &totals->by_hypervisor[HYPERVISOR_UNKNOWN], &rows) + COUNT_GAP;
	*used = draw_part(pane, x, "all", &totals->all, &rows);
	return y;
}
