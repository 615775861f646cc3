#include "views/command.h"

#include "tests/support/snaps.h"
#include "tui/keymap.h"
#include "views/request.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

static const struct fleet_snap *snap;
static struct command_ctx ctx;

static void
setup(void)
{
	const struct vm vms[] = { snaps_vm("web-1", 1), snaps_vm("web-2", 2), snaps_vm("db-1", 3) };
	const struct snaps_part parts[] = { { .host = snaps_host(0, "kvm001"), .vms = vms, .nvms = 3 },
		{ .host = snaps_host(1, "kvm002"), .vms = vms, .nvms = 1 } };

	snap = snaps_fleet(parts, 2);
	ctx = (struct command_ctx){ .kind = &vm_rows, .snap = snap };
}

static void
teardown(void)
{
	fleet_snap_unref(snap);
}

TestSuite(command, .init = setup, .fini = teardown);

struct example {
	char text[32];
	enum command_form form;
	char request[16], argument[32]; /* "": none */
};

ParameterizedTestParameters(command, parse)
{
	static struct example examples[] = {
		{ "", COMMAND_FORM_REQUEST, "", "" },
		{ "  ", COMMAND_FORM_REQUEST, "", "" },
		{ "quit", COMMAND_FORM_REQUEST, "quit", "" },
		{ "q", COMMAND_FORM_REQUEST, "quit", "" },
		{ " hosts ", COMMAND_FORM_REQUEST, "hosts", "" },
		{ "shutdown", COMMAND_FORM_REQUEST, "shutdown", "" },
		{ "sort cpu", COMMAND_FORM_SORT, "", "cpu" },
		{ "sort  cpu down ", COMMAND_FORM_SORT, "", "cpu down" },
		{ "filter", COMMAND_FORM_FILTER, "", "" },
		{ "filter web !db", COMMAND_FORM_FILTER, "", "web !db" },
		{ "columns name,cpu", COMMAND_FORM_COLUMNS, "", "name,cpu" },
		{ "host kvm001", COMMAND_FORM_HOST, "", "kvm001" },
		{ "vm web-1", COMMAND_FORM_VM, "", "web-1" },
	};

	return cr_make_param_array(struct example, examples, G_N_ELEMENTS(examples));
}

ParameterizedTest(struct example *example, command, parse)
{
	struct command_line line;
	g_autoptr(GError) error = NULL;
	int request = *example->request ? request_by_name(false, example->request) : KEYMAP_NONE;

	cr_assert(command_parse(&ctx, example->text, &line, &error), "%s: %s", example->text,
		error ? error->message : "");
	cr_expect_eq(line.form, example->form);
	cr_expect_eq(line.request, request);
	cr_expect_str_eq(line.argument ? line.argument : "", example->argument);
	command_clear(&line);
}

Test(command, errors_say_what_to_do)
{
	static const struct {
		const char *text, *part;
	} wrong[] = {
		{ "dance", "'dance'" },
		{ "sort", "sort A,B" },
		{ "host", "host NAME" },
		{ "quit now", "no argument" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		struct command_line line;

		cr_expect_not(command_parse(&ctx, wrong[i].text, &line, &error), "%s", wrong[i].text);
		cr_assert_not_null(error);
		cr_expect(strstr(error->message, wrong[i].part), "%s", error->message);
		command_clear(&line);
	}
}

Test(command, verbs_are_refused_when_read_only)
{
	g_autoptr(GError) error = NULL;
	struct command_line line;

	ctx.readonly = true;
	cr_expect_not(command_parse(&ctx, "shutdown", &line, &error));
	cr_assert_not_null(error);
	cr_expect(strstr(error->message, "read-only"), "%s", error->message);
}

static void
expect_completions(const char *text, const char *expected)
{
	char **found = command_complete(&ctx, text, strlen(text));
	g_autofree char *joined = found ? g_strjoinv("|", found) : g_strdup("");

	cr_expect_str_eq(joined, expected, "'%s': %s", text, joined);
	g_strfreev(found);
}

Test(command, completes)
{
	expect_completions("sh", "shutdown");
	expect_completions("so", "sort |sort-invert|sort-left|sort-right");
	expect_completions("autostart-o", "autostart-off|autostart-on");
	expect_completions("host ", "host kvm001|host kvm002");
	expect_completions("vm web", "vm web-1|vm web-2");
	expect_completions("sort net-r", "sort net-rx");
	expect_completions("columns name,net-", "columns name,net-rx|columns name,net-tx");
	expect_completions("filter x", "");
	expect_completions("dance ", "");
	ctx.readonly = true;
	expect_completions("sh", "");
	ctx.kind = NULL;
	expect_completions("sort c", "");
}

Test(command, completes_what_stands_before_the_cursor)
{
	char **found = command_complete(&ctx, "host kvm001", strlen("host kvm0"));

	cr_assert_not_null(found);
	cr_expect_eq(g_strv_length(found), 2);
	g_strfreev(found);
}

Test(command, each_form_is_explained)
{
	for (int i = COMMAND_FORM_REQUEST + 1; i < COMMAND_FORM_COUNT; i++)
		cr_expect(*command_usage((enum command_form)i) && *command_help((enum command_form)i));
}

Test(command, finds_by_name)
{
	cr_expect_eq(command_find_host(snap, "kvm002"), snap->hosts[1]);
	cr_expect_null(command_find_host(snap, "kvm003"));
	cr_expect_eq(command_find_vm(snap, "web-2"), &snap->hosts[0]->vms[2]);
	cr_expect_null(command_find_vm(snap, "web"));
}
