#include "fleet/tunnel_exec.h"

#include <string.h>

/* Start-up files that print more than this are no greeting. */
enum { NOISE_MAX = 64 << 10 };

static const char marker[] = "virt-fleet-tunnel:";

/*
 * One line, no single quote, backslash or exclamation mark: so single quotes keep it whole in every shell, csh too.
 * -r and -w on a socket ask what connect() asks. nc -z tells a dead socket before any byte is lost in it; a helper
 * is only good enough for the sockets it looks for itself.
 */
static const char script[] =
	"say() { echo; echo \"virt-fleet-tunnel:$*\"; }; "
	"deny() { set -- $(ls -ld \"$1\") \"$1\"; for last do :; done; "
	"say denied \"$(id -un)\" \"$3:$4\" \"$1\" \"$last\"; exit 77; }; "
	"for s do "
	"d=${s%/*}; until test -z \"$d\" || test -d \"$d\"; do d=${d%/*}; done; "
	"test -z \"$d\" || test -x \"$d\" || deny \"$d\"; "
	"test -S \"$s\" || continue; "
	"if test -r \"$s\" && test -w \"$s\"; then :; else deny \"$s\"; fi; "
	"if nc -h 2>&1 | grep -e -U >/dev/null; then "
	"nc -z -U \"$s\" >/dev/null 2>&1 </dev/null || { say dead \"$s\"; exit 76; }; "
	"say open nc \"$s\"; "
	"if nc -q 2>&1 | grep \"requires an argument\" >/dev/null; then exec nc -q 0 -U \"$s\"; fi; "
	"exec nc -U \"$s\"; fi; "
	"if command -v socat >/dev/null 2>&1; then say open socat \"$s\"; exec socat - \"UNIX-CONNECT:$s\"; "
	"fi; "
	"case $s in *-sock-ro) r=-r;; *) r=;; esac; "
	"case $s in "
	"*/virtxend-sock*) u=xen:///system;; */run/libvirt/*) u=qemu:///system;; *) u=;; esac; "
	"if test -n \"$u\" && command -v virt-ssh-helper >/dev/null 2>&1; then "
	"say open virt-ssh-helper \"$s\"; exec virt-ssh-helper $r \"$u\"; fi; "
	"say helpless \"$s\"; exit 75; done; "
	"say missing; exit 74";

static bool
can_be_quoted(const char *path)
{
	for (; *path; path++) {
		if (strchr("'\\!", *path) || g_ascii_iscntrl(*path))
			return false;
	}
	return true;
}

char *
tunnel_exec_command(const char *const *paths)
{
	g_autoptr(GString) command = g_string_new(NULL);

	g_string_append_printf(command, "exec sh -c '%s' sh", script);
	for (; *paths; paths++) {
		if (!can_be_quoted(*paths))
			return NULL;
		g_string_append_printf(command, " '%s'", *paths);
	}
	return g_strdup(command->str);
}

void
tunnel_exec_result_done(struct tunnel_exec_result *result)
{
	g_free(result->via);
	g_free(result->path);
	g_free(result->user);
	g_free(result->owner);
	g_free(result->mode);
	*result = (struct tunnel_exec_result){ 0 };
}

/* Words of a marked line, then the path, which may hold blanks. */
static const struct {
	const char *word;
	enum tunnel_exec_state state;
	unsigned fields; /* between the word and the path */
} forms[] = {
	{ "open", EXEC_OPEN, 1 },
	{ "missing", EXEC_MISSING, 0 },
	{ "denied", EXEC_DENIED, 3 },
	{ "dead", EXEC_DEAD, 0 },
	{ "helpless", EXEC_HELPLESS, 0 },
};

static void
parse_line(const char *line, struct tunnel_exec_result *result)
{
	result->state = EXEC_NONSENSE;
	for (unsigned i = 0; i < G_N_ELEMENTS(forms); i++) {
		g_auto(GStrv) parts = g_strsplit(line, " ", (int)forms[i].fields + 2);
		guint n = g_strv_length(parts);

		if (n == 0 || strcmp(parts[0], forms[i].word))
			continue;
		if (forms[i].state != EXEC_MISSING && n != forms[i].fields + 2)
			return;
		result->state = forms[i].state;
		result->path = forms[i].state == EXEC_MISSING ? NULL : g_strdup(parts[n - 1]);
		if (forms[i].state == EXEC_OPEN)
			result->via = g_strdup(parts[1]);
		if (forms[i].state == EXEC_DENIED) {
			result->user = g_strdup(parts[1]);
			result->owner = g_strdup(parts[2]);
			result->mode = g_strdup(parts[3]);
		}
	}
}

void
tunnel_exec_parse(GByteArray *written, struct tunnel_exec_result *result)
{
	/* GByteArray has no memory before its first byte. */
	const guint8 *start =
		written->len ? memmem(written->data, written->len, marker, sizeof(marker) - 1) : NULL;
	const guint8 *words = start ? start + sizeof(marker) - 1 : NULL;
	const guint8 *end = words ? memchr(words, '\n', written->len - (gsize)(words - written->data)) : NULL;

	if (end) {
		g_autofree char *line = g_strndup((const char *)words, (gsize)(end - words));

		parse_line(line, result);
		g_byte_array_remove_range(written, 0, (guint)(end + 1 - written->data));
	} else {
		result->state = written->len > NOISE_MAX ? EXEC_NONSENSE : EXEC_WAITS;
	}
}
