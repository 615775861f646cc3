#include "fleet/knownhosts.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Any text will do for keys: they are only compared. */
#define KEY_A "QUFB"
#define KEY_B "QkJC"
#define KEY_C "Q0ND"

struct fixture {
	char *folder, *file;
	char *files[3]; /* one that is missing, then FILE */
	struct knownhosts *known;
};

static void
fixture_init(struct fixture *f, const char *text)
{
	f->folder = g_dir_make_tmp("known-XXXXXX", NULL);
	f->file = g_build_filename(f->folder, "known_hosts", NULL);
	f->files[0] = g_build_filename(f->folder, "missing", NULL);
	f->files[1] = f->file;
	f->files[2] = NULL;
	f->known = knownhosts_new();
	if (text)
		cr_assert(g_file_set_contents(f->file, text, -1, NULL));
}

static void
fixture_done(struct fixture *f)
{
	knownhosts_free(f->known);
	g_unlink(f->file);
	g_rmdir(f->folder);
	g_free(f->files[0]);
	g_free(f->file);
	g_free(f->folder);
}

static enum known
check(struct fixture *f, const char *name, const char *type, const char *key, char **where)
{
	struct known_result result = knownhosts_check(f->known, f->files, name, type, key);
	enum known status = result.status;

	if (where)
		*where = g_strdup(result.where);
	known_result_done(&result);
	return status;
}

static const char sample[] = "# a comment\n"
			     "\n"
			     "web1,web2 ssh-ed25519 " KEY_A " somebody@somewhere\n"
			     "*.dc1,!bad.dc1 ssh-ed25519 " KEY_B "\n"
			     "[web1]:2222 ssh-rsa " KEY_C "\n"
			     "MiXed ssh-ed25519 " KEY_A "\n"
			     "@revoked * ssh-ed25519 " KEY_C "\n"
			     "@cert-authority *.ca ssh-ed25519 " KEY_B "\n"
			     "broken line\n"
			     "many ssh-ed25519 " KEY_A "\n"
			     "many ecdsa-sha2-nistp256 " KEY_B "\n"
			     "last ssh-ed25519 " KEY_A;

Test(knownhosts, lines)
{
	static const struct {
		const char *name, *type, *key;
		enum known status;
		unsigned line;
	} cases[] = {
		{ "web1", "ssh-ed25519", KEY_A, KNOWN_YES, 3 },
		{ "web2", "ssh-ed25519", KEY_A, KNOWN_YES, 3 },
		{ "web3", "ssh-ed25519", KEY_A, KNOWN_NO, 0 },
		{ "web1", "ssh-ed25519", KEY_B, KNOWN_CHANGED, 3 },
		{ "web1", "ssh-rsa", KEY_A, KNOWN_CHANGED, 3 },
		{ "a.dc1", "ssh-ed25519", KEY_B, KNOWN_YES, 4 },
		{ "bad.dc1", "ssh-ed25519", KEY_B, KNOWN_NO, 0 },
		{ "[web1]:2222", "ssh-rsa", KEY_C, KNOWN_YES, 5 },
		{ "[web1]:2222", "ssh-ed25519", KEY_A, KNOWN_CHANGED, 5 },
		{ "mixed", "ssh-ed25519", KEY_A, KNOWN_YES, 6 },
		{ "web1", "ssh-ed25519", KEY_C, KNOWN_REVOKED, 7 },
		{ "unknown", "ssh-ed25519", KEY_C, KNOWN_REVOKED, 7 },
		{ "x.ca", "ssh-ed25519", KEY_B, KNOWN_NO, 0 },
		{ "broken", "ssh-ed25519", KEY_A, KNOWN_NO, 0 },
		{ "many", "ecdsa-sha2-nistp256", KEY_B, KNOWN_YES, 11 },
		{ "many", "ecdsa-sha2-nistp256", KEY_C, KNOWN_CHANGED, 11 },
		{ "last", "ssh-ed25519", KEY_A, KNOWN_YES, 12 },
	};
	struct fixture f;

	fixture_init(&f, sample);
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *where = NULL, *wanted = NULL;

		if (cases[i].line)
			wanted = g_strdup_printf("%s:%u", f.file, cases[i].line);
		cr_assert_eq(check(&f, cases[i].name, cases[i].type, cases[i].key, &where), cases[i].status,
			"%u: %s", i, cases[i].name);
		cr_assert_eq(g_strcmp0(where, wanted), 0, "%u: %s", i, where);
	}
	fixture_done(&f);
}

Test(knownhosts, certificate_authority_is_told)
{
	struct fixture f;
	struct known_result result;

	fixture_init(&f, sample);
	result = knownhosts_check(f.known, f.files, "x.ca", "ssh-ed25519", KEY_A);
	cr_assert(result.ca);
	known_result_done(&result);
	fixture_done(&f);
}

Test(knownhosts, types_come_first)
{
	struct fixture f;
	g_auto(GStrv) many = NULL, none = NULL, hashed = NULL;

	fixture_init(&f, sample);
	many = knownhosts_types(f.known, f.files, "many");
	cr_assert_eq(g_strv_length(many), 2);
	cr_assert_str_eq(many[1], "ecdsa-sha2-nistp256");
	none = knownhosts_types(f.known, f.files, "nobody");
	cr_assert_null(none[0]);
	fixture_done(&f);
}

Test(knownhosts, added_keys_are_found_and_files_private)
{
	struct fixture f;
	g_autofree char *deep = NULL, *deep_file = NULL;
	struct stat st;
	g_autoptr(GError) error = NULL;

	fixture_init(&f, "open-ended ssh-ed25519 " KEY_B);
	cr_assert(knownhosts_add(f.known, f.file, "new", false, "ssh-ed25519", KEY_A, NULL));
	cr_assert_eq(check(&f, "new", "ssh-ed25519", KEY_A, NULL), KNOWN_YES);
	cr_assert_eq(check(&f, "open-ended", "ssh-ed25519", KEY_B, NULL), KNOWN_YES);

	deep = g_build_filename(f.folder, ".ssh", NULL);
	deep_file = g_build_filename(deep, "known_hosts", NULL);
	cr_assert(knownhosts_add(f.known, deep_file, "new", false, "ssh-ed25519", KEY_A, NULL));
	cr_assert_eq(stat(deep, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0700);
	cr_assert_eq(stat(deep_file, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600);
	cr_assert_not(knownhosts_add(f.known, "/proc/none/known_hosts", "x", false, "t", "k", &error));
	cr_assert(strstr(error->message, "/proc/none/known_hosts"), "%s", error->message);
	g_unlink(deep_file);
	g_rmdir(deep);
	fixture_done(&f);
}

/* ssh-keygen -F is the judge of what we hash, and -H makes what we must find. */
Test(knownhosts, hashed_names_are_those_of_ssh)
{
	struct fixture f;
	g_autofree char *text = NULL;
	g_auto(GStrv) before = NULL, after = NULL;
	int status = -1;

	fixture_init(&f, NULL);
	cr_assert(knownhosts_add(f.known, f.file, "[web1]:2222", true, "ssh-ed25519",
		"AAAAC3NzaC1lZDI1NTE5AAAAIDmnM1FLSFfmOr5ovSmnyqRmOxjUCSGZYWHNTQVNhYXX", NULL));
	cr_assert(g_file_get_contents(f.file, &text, NULL, NULL));
	cr_assert(g_str_has_prefix(text, "|1|"), "%s", text);
	{
		const char *argv[] = { "ssh-keygen", "-F", "[web1]:2222", "-f", f.file, NULL };

		cr_assert(g_spawn_sync(NULL, (char **)(uintptr_t)argv, NULL,
			G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL, &status,
			NULL));
		cr_assert_eq(status, 0);
	}
	before = knownhosts_types(f.known, f.files, "[web1]:2222");
	cr_assert_null(before[0], "not searched yet");
	cr_assert_eq(check(&f, "[web1]:2222", "ssh-rsa", KEY_A, NULL), KNOWN_CHANGED);
	after = knownhosts_types(f.known, f.files, "[web1]:2222");
	cr_assert_str_eq(after[0], "ssh-ed25519");
	cr_assert_eq(check(&f, "web1", "ssh-rsa", KEY_A, NULL), KNOWN_NO);
	fixture_done(&f);
}

Test(knownhosts, names)
{
	static const struct {
		const char *host, *alias, *wanted;
		uint16_t port;
	} cases[] = {
		{ "Web1", NULL, "web1", 22 },
		{ "web1", NULL, "[web1]:2222", 2222 },
		{ "fe80::1", NULL, "fe80::1", 22 },
		{ "web1", "Alias", "alias", 2222 },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *name = knownhosts_name(cases[i].host, cases[i].port, cases[i].alias);

		cr_assert_str_eq(name, cases[i].wanted);
	}
}
