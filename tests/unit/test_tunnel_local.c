/* The near end of tunnels: its folder may vanish, and may not be anybody else's. */
#include "fleet/tunnel_local.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char *runtime;

static void
start(void)
{
	runtime = g_dir_make_tmp("vf-local-XXXXXX", NULL);
	cr_assert_not_null(runtime);
	g_setenv("XDG_RUNTIME_DIR", runtime, TRUE);
}

static void
stop(void)
{
	cr_assert_eq(g_rmdir(runtime), 0, "something was left behind");
	g_free(runtime);
}

TestSuite(tunnel_local, .init = start, .fini = stop);

/* The folder that a socket in FOLDER lies in, after the socket was closed. */
static char *
path_of(struct local_folder *folder)
{
	struct local_socket local = { .fd = -1 };
	g_autoptr(GError) error = NULL;
	char *path;

	cr_assert(local_socket_open(folder, &local, &error), "%s", error->message);
	path = g_path_get_dirname(local.path);
	local_socket_close(&local);
	return path;
}

Test(tunnel_local, a_folder_that_was_cleaned_away_is_made_anew)
{
	struct local_folder *folder = local_folder_new(NULL);
	g_autofree char *path = path_of(folder), *again = NULL;
	struct stat st;

	cr_assert_eq(g_rmdir(path), 0);
	again = path_of(folder);
	cr_assert_str_eq(again, path);
	cr_assert_eq(g_stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0700);
	local_folder_free(folder);
}

Test(tunnel_local, what_lies_in_its_place_is_not_used)
{
	struct local_folder *folder = local_folder_new(NULL);
	g_autofree char *path = path_of(folder), *other = g_build_filename(runtime, "other", NULL);
	struct local_socket local = { .fd = -1 };
	g_autoptr(GError) error = NULL;

	cr_assert_eq(g_rmdir(path), 0);
	cr_assert_eq(g_mkdir(other, 0700), 0);
	cr_assert_eq(symlink(other, path), 0);
	cr_assert_not(local_socket_open(folder, &local, &error));
	cr_assert_eq(g_unlink(path), 0);

	cr_assert_eq(g_mkdir(path, 0700), 0);
	cr_assert_eq(g_chmod(path, 0777), 0);
	cr_assert_not(local_socket_open(folder, &local, NULL));
	cr_assert_eq(g_rmdir(other), 0);
	local_folder_free(folder);
}
