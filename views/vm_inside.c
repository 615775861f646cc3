/* The blocks of a guest's page on what it says itself, what is saved of it, and what keeps it where it is. */
#include "views/vm_page.h"

#include "actions/movable.h"
#include "views/units.h"

#define LABEL_CELL 9
#define MOUNT_CELL 16
#define FILL_CELL  10

/* ---- migration ---- */

static void
add_verdict(const struct vm_page *on, const GArray *obstacles)
{
	static const struct {
		enum role role;
		const char *text;
	} verdicts[OBSTACLE_COUNT] = {
		[OBSTACLE_CAUTION] = { ROLE_NORMAL, "can move to a host that is like this one" },
		[OBSTACLE_COPY] = { ROLE_WARN, "can move when its storage is copied along" },
		[OBSTACLE_BLOCKS] = { ROLE_BAD, "can't move live" },
	};

	if (obstacles->len == 0) {
		page_text(on->page, ROLE_NORMAL, "nothing here stands in the way");
		return;
	}
	enum obstacle_kind worst = g_array_index(obstacles, struct obstacle, 0).kind;

	page_text(on->page, verdicts[worst].role, "%s", verdicts[worst].text);
}

void
vm_page_migration(const struct vm_page *on)
{
	static const enum role roles[OBSTACLE_COUNT] = {
		[OBSTACLE_CAUTION] = ROLE_DIM, [OBSTACLE_COPY] = ROLE_WARN, [OBSTACLE_BLOCKS] = ROLE_BAD
	};
	g_autoptr(GArray) obstacles = movable_obstacles(on->vm, on->detail);

	page_section(on->page, "Live migration");
	add_verdict(on, obstacles);
	for (guint i = 0; i < obstacles->len; i++) {
		const struct obstacle *obstacle = &g_array_index(obstacles, struct obstacle, i);

		page_field(on->page, obstacle_word(obstacle->kind),
			obstacle->kind == OBSTACLE_CAUTION ? ROLE_NORMAL : roles[obstacle->kind], "%s: %s",
			obstacle->what, obstacle->why);
	}
}

/* ---- the guest's agent ---- */

static void
add_file_system(const struct vm_page *on, const struct guest_fs *fs)
{
	bool known = fs->total_bytes > 0;
	double pct = known ? 100.0 * (double)fs->used_bytes / (double)fs->total_bytes : -1;
	char used[UNIT_TEXT] = "-", total[UNIT_TEXT] = "-";
	g_autofree char *text = NULL;
	enum role role = known ? threshold_role(on->env->config, THRESHOLD_MEM, pct) : ROLE_DIM;

	if (known) {
		unit_format(used, UNIT_BYTES, (double)fs->used_bytes);
		unit_format(total, UNIT_BYTES, (double)fs->total_bytes);
	}
	text = g_strdup_printf("%s of %s%s%s", used, total, fs->type ? ", " : "", fs->type ? fs->type : "");

	const struct page_cell cells[] = {
		{ fs->mountpoint, MOUNT_CELL, ALIGN_LEFT, ROLE_NORMAL },
		{ NULL, FILL_CELL, ALIGN_LEFT, role },
		{ text, 0, ALIGN_LEFT, role },
	};

	page_cells(on->page, cells, G_N_ELEMENTS(cells));
	page_cells_meter(on->page, 1, pct);
}

void
vm_page_agent(const struct vm_page *on)
{
	const struct vm_detail *detail = on->detail;

	page_section(on->page, "Inside the guest");
	if (!detail) {
		page_text(on->page, ROLE_DIM,
			on->fresh ? "asking its host" : "not known: its host does not answer");
		return;
	}
	if (!detail->taken_us) {
		page_text(on->page, ROLE_DIM, "not known: not asked");
		return;
	}
	if (!detail->agent_hostname && !detail->agent_os && !detail->addresses[0] && detail->nfs == 0) {
		page_text(on->page, ROLE_DIM,
			vm_is_running(on->vm) ? "nothing known: no guest agent answers"
					      : "nothing: it does not run");
		return;
	}
	dossier_text(on->page, "name", detail->agent_hostname);
	dossier_text(on->page, "system", detail->agent_os);
	for (size_t i = 0; detail->addresses[i]; i++)
		page_field(on->page, i ? "" : "addresses", ROLE_NORMAL, "%s", detail->addresses[i]);
	for (size_t i = 0; i < detail->nfs; i++)
		add_file_system(on, &detail->fs[i]);
}

/* ---- what is saved ---- */

void
vm_page_saved(const struct vm_page *on)
{
	const struct vm_detail *detail = on->detail;

	if (!detail || !detail->taken_us)
		return;
	page_section(on->page, "Saved");
	if (detail->snapshots < 0)
		dossier_text(on->page, "snapshots", NULL);
	else
		page_field(on->page, "snapshots", ROLE_NORMAL, "%d", detail->snapshots);
	page_field(on->page, "memory", detail->managed_save ? ROLE_WARN : ROLE_NORMAL, "%s",
		detail->managed_save ? "saved: a start resumes it" : "not saved");
}
