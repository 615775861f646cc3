/* Guests' consoles in the real binary, on simulated guests. */
#include "tests/support/screen.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define DEADLINE 20000

/* One host with four guests, the cursor on the first. */
static struct screen *
start(const char *option)
{
	const char *binary = getenv("VIRT_FLEET");
	const char *const argv[] = { binary ? binary : "build/release/virt-fleet", "--demo=1x4", "--view",
		"vms", option, NULL };
	struct screen *screen = screen_start(argv, NULL, 24, 80);

	cr_assert(screen_wait_text(screen, "mon-billing-01 kvm001   running", DEADLINE));
	return screen;
}

static void
expect(struct screen *screen, const char *text)
{
	g_autofree char *now = NULL;

	if (screen_wait_text(screen, text, DEADLINE))
		return;
	now = screen_text(screen);
	cr_assert_fail("'%s' does not come:\n%s", text, now);
}

static void
log_in(struct screen *screen)
{
	screen_send(screen, "c");
	expect(screen, "mon-billing-01 login:");
	screen_send(screen, "root\r");
	expect(screen, "Password:");
	screen_send(screen, "secret\r");
	expect(screen, "root@mon-billing-01:~#");
}

static void
end(struct screen *screen)
{
	screen_send(screen, "q");
	cr_expect_eq(screen_exit_status(screen, DEADLINE), 0);
	cr_expect(screen_is_sane(screen));
	screen_free(screen);
}

Test(serial, is_typed_on_left_and_taken_up_again)
{
	struct screen *screen = start(NULL);
	int y, x;

	log_in(screen);
	cr_expect(screen_shows(screen, "console mon-billing-01 on kvm001"));
	cr_expect(screen_shows(screen, "Ctrl-] returns"));
	cr_expect_not(screen_shows(screen, "secret"));
	screen_send(screen, "uname\r");
	expect(screen, "Linux mon-billing-01");
	screen_send(screen, "caf\xc3\xa9" SCREEN_BACKSPACE SCREEN_BACKSPACE "b");
	expect(screen, ":~# cab");
	cr_expect(screen_cursor(screen, &y, &x) && x == 26, "cursor at %d", x);
	screen_send(screen, SCREEN_CTRL(']'));
	expect(screen, "4/4 VMs");
	cr_expect(screen_wait_gone(screen, "Linux mon-billing-01", DEADLINE));
	screen_send(screen, "c");
	expect(screen, ":~# cab"); /* still there, and still logged in */
	screen_send(screen, SCREEN_CTRL('c'));
	expect(screen, "^C");
	screen_send(screen, SCREEN_CTRL(']'));
	expect(screen, "4/4 VMs");
	end(screen);
}

Test(serial, keys_of_the_program_and_of_the_terminal_are_the_guests)
{
	struct screen *screen = start(NULL);

	log_in(screen);
	screen_send(screen, "q?:/\032z3\r");
	expect(screen, "-bash: q?:/z3: command not found");
	screen_send(screen, "\033[200~pas\xc3\xa9q\n\033[201~");
	expect(screen, "-bash: pas\xc3\xa9q: command not found");
	screen_send(screen, SCREEN_CTRL(']'));
	expect(screen, "4/4 VMs");
	end(screen);
}

Test(serial, what_a_guest_writes_stays_in_its_screen)
{
	struct screen *screen = start(NULL);
	const GString *output;

	log_in(screen);
	screen_send(screen, "evil\r");
	expect(screen, "abcdef");
	screen_send(screen, "colors\r");
	expect(screen, ":~# colors");
	screen_wait_quiet(screen, 300, DEADLINE);
	output = screen_output(screen);
	cr_expect_null(strstr(output->str, "evil title"));
	cr_expect_null(strstr(output->str, "\036"));
	cr_expect_null(strstr(output->str, "\xe2\x80\xae"));
	cr_expect(screen_in_alternate(screen));
	screen_send(screen, SCREEN_CTRL(']'));
	expect(screen, "4/4 VMs");
	end(screen);
}

Test(serial, shows_colours_of_the_guest)
{
	struct screen *screen = start(NULL);
	struct screen_style style;
	int y, x;

	log_in(screen);
	screen_send(screen, "colors\r");
	cr_assert(screen_find(screen, "root@", &y, &x));
	style = screen_style_at(screen, y, x);
	cr_expect(style.bold && style.fg == 2, "%d", style.fg);
	expect(screen, ":~# colors");
	screen_wait_quiet(screen, 300, DEADLINE);
	cr_assert(screen_find(screen, ":~# colors", &y, &x));
	for (int colour = 0; colour < 16; colour++)
		cr_expect_eq(screen_style_at(screen, y + 1, 2 * colour).bg, colour, "colour %d", colour);
	cr_expect_eq(screen_style_at(screen, y + 2, 10).bg, 26);
	screen_send(screen, SCREEN_CTRL(']'));
	expect(screen, "4/4 VMs");
	end(screen);
}

Test(serial, has_a_menu_scrolls_back_and_tells_the_guest_its_size)
{
	struct screen *screen = start(NULL);

	log_in(screen);
	screen_send(screen, "\036");
	expect(screen, "] send Ctrl-]  s stty");
	screen_send(screen, "s");
	expect(screen, "stty rows 23 cols 80");
	screen_resize(screen, 30, 100);
	screen_send(screen, "\036");
	expect(screen, "s stty");
	screen_send(screen, "s");
	expect(screen, "stty rows 29 cols 100");
	screen_send(screen, "dmesg\rdmesg\rdmesg\rdmesg\rnproc\r");
	expect(screen, ":~# nproc");
	screen_send(screen, "\033[5;3~");
	expect(screen, "lines back");
	cr_expect(screen_wait_gone(screen, ":~# nproc", DEADLINE));
	screen_send(screen, "x");
	cr_assert(screen_wait_gone(screen, "lines back", DEADLINE));
	expect(screen, ":~# x");
	screen_send(screen, SCREEN_CTRL(']'));
	expect(screen, "4/4 VMs");
	end(screen);
}

Test(serial, tells_that_the_guest_is_gone_and_connects_again)
{
	struct screen *screen = start(NULL);

	log_in(screen);
	screen_send(screen, "poweroff\r");
	expect(screen, "the guest is off: Enter reconnects");
	expect(screen, "reboot: Power down");
	screen_send(screen, "\r");
	expect(screen, "running"); /* "the guest is not …", or by then "it needs a … guest (off)" */
	screen_send(screen, SCREEN_ESC);
	expect(screen, "3/4 VMs");
	screen_send(screen, "s");
	expect(screen, "4/4 VMs");
	screen_send(screen, "c");
	expect(screen, "mon-billing-01 login:");
	screen_send(screen, SCREEN_CTRL(']'));
	expect(screen, "4/4 VMs");
	end(screen);
}

Test(serial, a_guest_without_one_is_told_what_to_add)
{
	struct screen *screen = start(NULL);

	screen_send(screen, "G");
	expect(screen, "win-intra-01");
	screen_send(screen, "c");
	expect(screen, "This VM has no serial console.");
	expect(screen, "<serial type='pty'/>");
	screen_send(screen, "\036v");
	expect(screen, "copied: virt-viewer -c qemu");
	cr_expect(strstr(screen_output(screen)->str, "\033]52;c;dmlydC12aWV3ZXIg"));
	screen_send(screen, SCREEN_ESC);
	expect(screen, "4/4 VMs");
	end(screen);
}

Test(serial, is_refused_when_read_only)
{
	struct screen *screen = start("--readonly");

	screen_send(screen, "c");
	expect(screen, "read-only");
	cr_expect_not(screen_shows(screen, "login:"));
	end(screen);
}
