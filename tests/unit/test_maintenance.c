/* Hosts that are taken out of service, in memory and on disk. */
#include "actions/maintenance.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT(text) ((char *)(uintptr_t)(text))

static char *folder, *path;

static void
make_folder(void)
{
	folder = g_dir_make_tmp("virt-fleet-XXXXXX", NULL);
	cr_assert_not_null(folder);
	path = g_build_filename(folder, "state", "maintenance", NULL);
}

static void
remove_folder(void)
{
	g_autofree char *state = g_path_get_dirname(path), *lock = g_strconcat(path, ".lock", NULL);

	g_unlink(path);
	g_unlink(lock);
	g_rmdir(state);
	g_rmdir(folder);
	g_free(folder);
	g_free(path);
}

TestSuite(maintenance, .init = make_folder, .fini = remove_folder);

static struct maintenance *
read_again(void)
{
	struct maintenance *maintenance = maintenance_new(path);
	g_autoptr(GError) error = NULL;

	cr_assert(maintenance_refresh(maintenance, &error), "%s", error ? error->message : "");
	return maintenance;
}

Test(maintenance, outlives_the_process_with_the_guests_that_left)
{
	struct maintenance *first = maintenance_new(path), *second;
	/* whatever a guest is called */
	struct maintenance_guest guest = { .name = TEXT("we b;\n[x]\x1b\xff"), .to = TEXT("kvm 2") };
	g_autoptr(GPtrArray) guests = g_ptr_array_new();
	const struct maintenance_note *note;

	memset(guest.uuid, 0xab, UUID_LEN);
	g_ptr_array_add(guests, &guest);
	cr_assert(maintenance_refresh(first, NULL), "no file: nobody");
	cr_expect_eq(maintenance_count(first), 0);
	cr_assert(maintenance_leave(first, "root@kvm1:22 [x]", guests, NULL));
	cr_assert(maintenance_leave(first, "root@kvm1:22 [x]", guests, NULL), "again: it counts once");
	cr_assert(maintenance_begin(first, "kvm2", NULL));
	second = read_again();
	note = maintenance_find(second, "root@kvm1:22 [x]");
	cr_assert_not_null(note);
	cr_expect_str_eq(note->by, g_get_user_name());
	cr_expect(note->since && strlen(note->since) > 10);
	cr_assert_eq(note->guests->len, 1);
	cr_expect_str_eq(((struct maintenance_guest *)note->guests->pdata[0])->name, guest.name);
	cr_expect_str_eq(((struct maintenance_guest *)note->guests->pdata[0])->to, "kvm 2");
	cr_expect_arr_eq(((struct maintenance_guest *)note->guests->pdata[0])->uuid, guest.uuid, UUID_LEN);
	cr_expect_not_null(maintenance_find(second, "kvm2"));
	maintenance_free(first);
	maintenance_free(second);
}

/* A host that is released by hand can still get its guests back; a new evacuation begins anew. */
Test(maintenance, remembers_who_left_until_it_is_taken_out_again)
{
	struct maintenance *maintenance = maintenance_new(path), *again;
	struct maintenance_guest guest = { .uuid = { 1 }, .name = TEXT("a"), .to = TEXT("kvm2") };
	const struct host_static host = { .name = TEXT("kvm1") };
	g_autoptr(GPtrArray) guests = g_ptr_array_new();

	g_ptr_array_add(guests, &guest);
	cr_assert(maintenance_leave(maintenance, "kvm1", guests, NULL));
	cr_assert(maintenance_end(maintenance, "kvm1", NULL));
	cr_expect_not(maintenance_covers(maintenance, &host));
	again = read_again();
	cr_expect_not(maintenance_covers(again, &host));
	cr_assert_not_null(maintenance_find(again, "kvm1"));
	cr_expect_eq(maintenance_find(again, "kvm1")->guests->len, 1);
	cr_assert(maintenance_begin(again, "kvm1", NULL));
	cr_expect(maintenance_covers(again, &host));
	cr_expect_eq(maintenance_find(again, "kvm1")->guests->len, 0);
	maintenance_free(maintenance);
	maintenance_free(again);
}

Test(maintenance, of_two_processes_neither_loses_the_others_hosts)
{
	struct maintenance *a = read_again(), *b = read_again();
	unsigned version = maintenance_version(a);

	cr_assert(maintenance_begin(a, "kvm1", NULL));
	cr_assert(maintenance_begin(b, "kvm2", NULL), "which has not read of kvm1");
	cr_expect_eq(maintenance_count(b), 2);
	cr_assert(maintenance_refresh(a, NULL));
	cr_expect_eq(maintenance_count(a), 2);
	cr_expect_neq(maintenance_version(a), version);
	cr_assert(maintenance_end(a, "kvm2", NULL));
	cr_assert(maintenance_refresh(b, NULL));
	cr_expect_eq(maintenance_count(b), 1);
	version = maintenance_version(b);
	cr_assert(maintenance_refresh(b, NULL));
	cr_expect_eq(maintenance_version(b), version, "nothing new");
	maintenance_free(a);
	maintenance_free(b);
}

Test(maintenance, a_file_that_cant_be_read_is_said_once_and_not_overwritten)
{
	struct maintenance *maintenance = maintenance_new(path);
	g_autoptr(GError) error = NULL, later = NULL;
	g_autofree char *text = NULL;

	cr_assert(maintenance_begin(maintenance, "kvm1", NULL));
	cr_assert(g_file_set_contents(path, "not a key file\n", -1, NULL));
	cr_expect_not(maintenance_refresh(maintenance, &error));
	cr_assert_not_null(error);
	cr_expect(strstr(error->message, path), "%s", error->message);
	cr_expect(maintenance_refresh(maintenance, NULL), "the same file again");
	cr_expect_not_null(maintenance_find(maintenance, "kvm1"), "what was known stays");
	cr_expect_not(maintenance_begin(maintenance, "kvm2", &later));
	cr_expect_null(maintenance_find(maintenance, "kvm2"));
	cr_assert(g_file_get_contents(path, &text, NULL, NULL));
	cr_expect_str_eq(text, "not a key file\n");
	maintenance_free(maintenance);
}

Test(maintenance, a_folder_that_cant_be_made_is_an_error_in_words)
{
	g_autofree char *below = NULL;
	struct maintenance *maintenance;
	g_autoptr(GError) error = NULL;

	maintenance = maintenance_new(path);
	cr_assert(maintenance_begin(maintenance, "kvm1", NULL));
	maintenance_free(maintenance);
	below = g_build_filename(path, "x", "maintenance", NULL);
	maintenance = maintenance_new(below);
	cr_expect_not(maintenance_begin(maintenance, "kvm1", &error));
	cr_expect(error && strstr(error->message, "can't be written"), "%s", error ? error->message : "");
	cr_expect_eq(maintenance_count(maintenance), 0);
	maintenance_free(maintenance);
}

Test(maintenance, the_config_alone_can_say_so)
{
	struct maintenance *maintenance = maintenance_new(NULL);
	struct host_static in_config = { .name = TEXT("kvm1"), .maintenance = true },
			   other = { .name = TEXT("kvm2") };

	cr_expect(maintenance_covers(NULL, &in_config));
	cr_expect_not(maintenance_covers(NULL, &other));
	cr_expect_not(maintenance_covers(NULL, NULL));
	cr_assert(maintenance_begin(maintenance, "kvm2", NULL));
	cr_expect(maintenance_covers(maintenance, &other));
	cr_assert(maintenance_end(maintenance, "kvm2", NULL));
	cr_expect_not(maintenance_covers(maintenance, &other));
	maintenance_free(maintenance);
}
