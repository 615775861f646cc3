#include "fleet/tunnel_exec.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

static void
parse(const char *text, struct tunnel_exec_result *result, char **rest)
{
	g_autoptr(GByteArray) written = g_byte_array_new();

	g_byte_array_append(written, (const guint8 *)text, (guint)strlen(text));
	tunnel_exec_parse(written, result);
	if (rest)
		*rest = written->len ? g_strndup((const char *)written->data, written->len) : g_strdup("");
}

Test(tunnel_exec, lines)
{
	static const struct {
		const char *text;
		enum tunnel_exec_state state;
		const char *path, *rest;
	} cases[] = {
		{ "", EXEC_WAITS, NULL, "" },
		{ "Welcome to bob's machine\n", EXEC_WAITS, NULL, "Welcome to bob's machine\n" },
		{ "\nvirt-fleet-tunnel:open nc /run/x", EXEC_WAITS, NULL,
			"\nvirt-fleet-tunnel:open nc /run/x" },
		{ "\nvirt-fleet-tunnel:open nc /run/x\n", EXEC_OPEN, "/run/x", "" },
		{ "hello\nno newline\nvirt-fleet-tunnel:open nc /a b\nDATA\n", EXEC_OPEN, "/a b", "DATA\n" },
		{ "\nvirt-fleet-tunnel:missing\n", EXEC_MISSING, NULL, "" },
		{ "\nvirt-fleet-tunnel:dead /run/x\n", EXEC_DEAD, "/run/x", "" },
		{ "\nvirt-fleet-tunnel:helpless /run/x\n", EXEC_HELPLESS, "/run/x", "" },
		{ "\nvirt-fleet-tunnel:denied bob root:libvirt srwxrwx--- /run/x\n", EXEC_DENIED, "/run/x",
			"" },
		{ "\nvirt-fleet-tunnel:denied bob\n", EXEC_NONSENSE, NULL, "" },
		{ "\nvirt-fleet-tunnel:open\n", EXEC_NONSENSE, NULL, "" },
		{ "\nvirt-fleet-tunnel:\n", EXEC_NONSENSE, NULL, "" },
		{ "\nvirt-fleet-tunnel:surprise /x\n", EXEC_NONSENSE, NULL, "" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct tunnel_exec_result result = { 0 };
		g_autofree char *rest = NULL;

		parse(cases[i].text, &result, &rest);
		cr_assert_eq(result.state, cases[i].state, "%u: %d", i, result.state);
		cr_assert_eq(g_strcmp0(result.path, cases[i].path), 0, "%u: %s", i, result.path);
		cr_assert_str_eq(rest, cases[i].rest);
		if (result.state == EXEC_DENIED) {
			cr_assert_str_eq(result.user, "bob");
			cr_assert_str_eq(result.owner, "root:libvirt");
			cr_assert_str_eq(result.mode, "srwxrwx---");
		}
		tunnel_exec_result_done(&result);
	}
}

Test(tunnel_exec, endless_greetings_end)
{
	g_autofree char *noise = g_strnfill(100000, 'x');
	struct tunnel_exec_result result = { 0 };

	parse(noise, &result, NULL);
	cr_assert_eq(result.state, EXEC_NONSENSE);
}

Test(tunnel_exec, commands_are_whole_in_every_shell)
{
	const char *good[] = { "/run/libvirt/libvirt-sock", "/a path/with $dollars and \"quotes\"", NULL };
	g_autofree char *command = tunnel_exec_command(good);
	const char *const bad[] = { "/it's", "/back\\slash", "/bang!", "/new\nline" };

	cr_assert(command);
	cr_assert_null(strpbrk(command, "\n\\!"), "csh and fish read these otherwise");
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		const char *paths[] = { bad[i], NULL };
		g_autofree char *none = tunnel_exec_command(paths);

		cr_assert_null(none, "%s", bad[i]);
	}
}

/* The script itself, in this machine's sh. */
Test(tunnel_exec, finds_nothing_where_nothing_is)
{
	const char *paths[] = { "/nowhere/a-sock", "/nowhere/b $(echo x) -sock", NULL };
	g_autofree char *command = tunnel_exec_command(paths);
	const char *argv[] = { "sh", "-c", command, NULL };
	struct tunnel_exec_result result = { 0 };
	g_autofree char *out = NULL;

	cr_assert(g_spawn_sync(NULL, (char **)(uintptr_t)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out,
		NULL, NULL, NULL));
	parse(out, &result, NULL);
	cr_assert_eq(result.state, EXEC_MISSING, "%s", out);
	tunnel_exec_result_done(&result);
}
