#include "tests/support/golden.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#define ROLE_LETTERS "abcdefghijklmnopqrstABCDEFGH"

char *
golden_picture(const struct canvas *canvas)
{
	GString *out = g_string_new(NULL);
	g_autofree char *text = canvas_text(canvas);
	bool used[ROLE_COUNT] = { false };

	g_string_append(out, text);
	if (out->len && out->str[out->len - 1] != '\n')
		g_string_append_c(out, '\n');
	g_string_append(out, "---- roles\n");
	for (int y = 0; y < canvas_rows(canvas); y++) {
		gsize line = out->len;

		for (int x = 0; x < canvas_cols(canvas); x++) {
			enum role role = (enum role)canvas_at(canvas, y, x)->role;

			used[role] = true;
			g_string_append_c(out, role == ROLE_NORMAL ? ' ' : ROLE_LETTERS[role]);
		}
		while (out->len > line && out->str[out->len - 1] == ' ')
			g_string_truncate(out, out->len - 1);
		g_string_append_c(out, '\n');
	}
	for (int role = ROLE_NORMAL + 1; role < ROLE_COUNT; role++)
		if (used[role])
			g_string_append_printf(
				out, "%c: %s\n", ROLE_LETTERS[role], role_name((enum role)role));
	return g_string_free(out, FALSE);
}

bool
golden_matches(const char *name, const char *got)
{
	g_autofree char *path = g_strdup_printf("tests/screen/golden/%s.screen", name);
	g_autofree char *wanted = NULL;
	g_auto(GStrv) got_lines = g_strsplit(got, "\n", -1), wanted_lines = NULL;
	bool same = true;

	if (g_getenv("UPDATE_SCREENS"))
		return g_file_set_contents(path, got, -1, NULL);
	if (!g_file_get_contents(path, &wanted, NULL, NULL)) {
		fprintf(stderr, "there is no %s: make check-screen UPDATE_SCREENS=1\n", path);
		return false;
	}
	wanted_lines = g_strsplit(wanted, "\n", -1);
	for (size_t i = 0; got_lines[i] || wanted_lines[i]; i++) {
		const char *a = wanted_lines[i] ? wanted_lines[i] : "(end)",
			   *b = got_lines[i] ? got_lines[i] : "(end)";

		if (strcmp(a, b) == 0)
			continue;
		fprintf(stderr, "%s, line %zu:\n- %s\n+ %s\n", name, i + 1, a, b);
		same = false;
		if (!got_lines[i] || !wanted_lines[i])
			break;
	}
	return same;
}
