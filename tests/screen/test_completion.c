/* The completion of bash, asked as readline would ask it. */
#include <criterion/criterion.h>
#include <glib.h>
#include <stdint.h>
#include <string.h>

#define SCRIPT                                                                                        \
	". completions/virt-fleet.bash; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); "                \
	"_virt_fleet \"$VIRT_FLEET\" \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\"; " \
	"echo \" ${COMPREPLY[*]} \""
#define MAX_WORDS 6

/* WORDS are what stands after the program's name, the last one being completed; all of FOUND must be offered. */
static const struct {
	const char *words[MAX_WORDS], *found[MAX_WORDS], *not_found;
} cases[] = {
	{ { "" }, { "list", "check", "snapshot" }, "--view" },
	{ { "--vi" }, { "--view=" }, "list" },
	{ { "--view", "" }, { "pulse", "hosts", "vms" }, "list" },
	{ { "--view", "=", "vm" }, { "vms" }, "hosts" },
	{ { "--theme", "" }, { "colour-blind" }, "pulse" },
	{ { "list", "" }, { "hosts", "vms" }, "check" },
	{ { "list", "vms", "-o", "" }, { "json", "csv" }, "vms" },
	{ { "" }, { "do" }, "stop" },
	{ { "do", "" }, { "start", "shutdown", "autostart-off" }, "check" },
	{ { "do", "stop", "--w" }, { "--where=" }, "stop" },
	{ { "do", "migrate", "" }, { "to=", "offline" }, "stop" },
	{ { "do", "stop", "-o", "" }, { "jsonl" }, "csv" },
	{ { "list", "hosts", "--columns", "name,vcpu-r" }, { "name,vcpu-ratio" }, "tenant" },
};

Test(completion, offers_what_the_program_takes)
{
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GPtrArray) argv = g_ptr_array_new();
		g_autofree char *out = NULL, *err = NULL;
		const char *const bash[] = { "bash", "-c", SCRIPT, "bash", "virt-fleet" };
		GError *error = NULL;

		for (size_t j = 0; j < G_N_ELEMENTS(bash); j++)
			g_ptr_array_add(argv, (gpointer)(uintptr_t)bash[j]);
		for (size_t j = 0; j < MAX_WORDS && cases[i].words[j]; j++)
			g_ptr_array_add(argv, (gpointer)(uintptr_t)cases[i].words[j]);
		g_ptr_array_add(argv, NULL);
		cr_assert(g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
				  &out, &err, NULL, &error),
			"%s", error ? error->message : "");
		cr_expect_str_empty(err, "row %zu: %s", i, err);
		for (size_t j = 0; j < MAX_WORDS && cases[i].found[j]; j++) {
			g_autofree char *word = g_strdup_printf(" %s ", cases[i].found[j]);

			cr_expect(strstr(out, word), "row %zu: no%sin:%s", i, word, out);
		}
		g_autofree char *wrong = g_strdup_printf(" %s ", cases[i].not_found);
		cr_expect_not(strstr(out, wrong), "row %zu: %s", i, out);
	}
}
