/*
 * The serial console of a simulated guest: a login prompt that takes anybody, and a shell that knows a few words. It echoes
 * as a real one would, and ends with its guest or its link.
 */
#include "fleet/conn_sim_link.h"
#include "fleet/conn_sim_load.h"
#include "fleet/linebuf.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS   100 /* how often it is looked at the guest's and the link's state */
#define LINE_MOST 200
#define CTRL(c)   ((c) - '@')

enum stage { STAGE_LOGIN, STAGE_PASSWORD, STAGE_SHELL };

struct shell {
	struct sim_link *link;
	struct sim_vm vm; /* as it was when looked at last */
	char *name;
	enum stage stage;
	GString *line;
	struct linebuf out;
	unsigned lines; /* of `yes` that are still to come */
};

/* ---- what it writes ---- */

static void say(struct shell *shell, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
say(struct shell *shell, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	linebuf_put(&shell->out, text, strlen(text));
}

static void
say_prompt(struct shell *shell)
{
	if (shell->stage == STAGE_LOGIN)
		say(shell, "\r\n%s login: ", shell->name);
	else if (shell->stage == STAGE_PASSWORD)
		say(shell, "Password: ");
	else
		say(shell, "\033[1;32mroot@%s\033[0m:\033[1;34m~\033[0m# ", shell->name);
}

static void
do_uname(struct shell *shell)
{
	say(shell, "Linux %s 6.1.0-28-amd64 #1 SMP PREEMPT_DYNAMIC Debian x86_64 GNU/Linux\r\n", shell->name);
}

static void
do_nproc(struct shell *shell)
{
	say(shell, "%u\r\n", shell->vm.vcpus);
}

static void
do_dmesg(struct shell *shell)
{
	static const char *const lines[] = {
		"Linux version 6.1.0-28-amd64 (debian-kernel@lists.debian.org)",
		"Command line: BOOT_IMAGE=/vmlinuz root=/dev/vda1 ro console=ttyS0,115200n8",
		"Hypervisor detected: KVM",
		"clocksource: kvm-clock: mask: 0xffffffffffffffff",
		"printk: console [ttyS0] enabled",
		"virtio_blk virtio2: [vda] 83886080 512-byte logical blocks",
		"EXT4-fs (vda1): mounted filesystem with ordered data mode",
		"systemd[1]: Reached target multi-user.target - Multi-User System.",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
		say(shell, "\033[32m[%5u.%06u]\033[0m %s\r\n", (unsigned)i / 3,
			104729 * (unsigned)i % 1000000, lines[i]);
}

static void
do_colors(struct shell *shell)
{
	for (int colour = 0; colour < 16; colour++)
		say(shell, "\033[48;5;%dm  \033[0m", colour);
	say(shell, "\r\n");
	for (int colour = 16; colour < 232; colour++)
		say(shell, "\033[48;5;%dm \033[0m%s", colour, (colour - 15) % 36 ? "" : "\r\n");
	for (int colour = 232; colour < 256; colour++)
		say(shell, "\033[48;5;%dm \033[0m", colour);
	say(shell, "\r\n");
}

static void
do_yes(struct shell *shell)
{
	shell->lines = 100000;
}

/* What must not reach the terminal of whoever looks: its title, its clipboard, its answers, text that runs backwards. */
static void
do_evil(struct shell *shell)
{
	say(shell, "\033]0;evil "
		   "title\007\033]52;c;ZXZpbA==\007\033[21t\033P$qm\033\\\033[?1049h\033[2J\033[?1049l"
		   "abc\xe2\x80\xae"
		   "def\r\n");
}

static void
do_exit(struct shell *shell)
{
	shell->stage = STAGE_LOGIN;
}

static void
do_poweroff(struct shell *shell)
{
	struct sim_visit visit;
	int index;

	say(shell, "[  OK  ] Reached target poweroff.target - System Power Off.\r\nreboot: Power down\r\n");
	sim_visit_begin(&visit, shell->link);
	index = sim_host_find(visit.link->host, shell->vm.uuid);
	if (index >= 0)
		sim_life_act(visit.link->host, &visit.link->host->vms[index], VM_ACT_DESTROY, visit.now_us,
			visit.events, NULL);
	sim_visit_end(&visit);
}

static void do_help(struct shell *shell);

static const struct {
	const char *name;
	void (*run)(struct shell *shell);
} commands[] = {
	{ "colors", do_colors },
	{ "dmesg", do_dmesg },
	{ "evil", do_evil },
	{ "exit", do_exit },
	{ "help", do_help },
	{ "nproc", do_nproc },
	{ "poweroff", do_poweroff },
	{ "uname", do_uname },
	{ "yes", do_yes },
};

static void
do_help(struct shell *shell)
{
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		say(shell, "%s%s", i ? " " : "", commands[i].name);
	say(shell, "\r\n");
}

/* ---- what is typed ---- */

static void
obey(struct shell *shell)
{
	g_auto(GStrv) words = g_strsplit(g_strstrip(shell->line->str), " ", 2);

	if (!words[0])
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
		if (strcmp(commands[i].name, words[0]) == 0) {
			commands[i].run(shell);
			return;
		}
	}
	say(shell, "-bash: %s: command not found\r\n", words[0]);
}

static void
enter(struct shell *shell)
{
	say(shell, "\r\n");
	if (shell->stage == STAGE_SHELL)
		obey(shell);
	else if (shell->stage == STAGE_PASSWORD)
		shell->stage = STAGE_SHELL;
	else if (shell->line->len)
		shell->stage = STAGE_PASSWORD;
	g_string_truncate(shell->line, 0);
	if (!shell->lines)
		say_prompt(shell);
}

static void
rub_out(struct shell *shell)
{
	GString *line = shell->line;
	gsize len = line->len;

	if (!len)
		return;
	while (--len > 0 && ((guchar)line->str[len] & 0xc0) == 0x80)
		;
	g_string_truncate(line, len);
	say(shell, "\b \b");
}

static void
type(struct shell *shell, unsigned char byte)
{
	switch (byte) {
	case '\r':
	case '\n':
		enter(shell);
		break;
	case 0x7f:
	case '\b':
		rub_out(shell);
		break;
	case CTRL('C'):
		shell->lines = 0;
		g_string_truncate(shell->line, 0);
		say(shell, "^C\r\n");
		say_prompt(shell);
		break;
	default:
		if (byte < ' ' || shell->line->len >= LINE_MOST)
			break;
		g_string_append_c(shell->line, (char)byte);
		if (shell->stage != STAGE_PASSWORD)
			linebuf_put(&shell->out, (const char *)&byte, 1);
		break;
	}
}

/* ---- the line ---- */

/* What the guest is like now; false: it is not there. */
static bool
look_at(struct shell *shell, const uint8_t uuid[UUID_LEN])
{
	struct sim_visit visit;
	int index;

	sim_visit_begin(&visit, shell->link);
	index = sim_host_find(visit.link->host, uuid);
	if (index >= 0)
		shell->vm = visit.link->host->vms[index];
	sim_visit_end(&visit);
	return index >= 0;
}

static void
go_on(struct shell *shell)
{
	for (int i = 0; i < 100 && shell->lines > 0; i++) {
		say(shell, "y\r\n");
		if (--shell->lines == 0)
			say_prompt(shell);
	}
}

/* Reads what is typed. False: the other end is closed. */
static bool
listen_to(struct shell *shell, int fd)
{
	unsigned char bytes[256];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	for (ssize_t i = 0; i < n; i++)
		type(shell, bytes[i]);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Until one of the ends closes. False: the link was lost. */
static bool
converse(struct shell *shell, struct console_call *call, GError **error)
{
	uint8_t uuid[UUID_LEN];

	memcpy(uuid, shell->vm.uuid, UUID_LEN);
	for (;;) {
		struct pollfd pollfd = { .fd = call->fd, .events = POLLIN };

		if (!sim_ask_host(shell->link, 0, error))
			return false;
		if (!look_at(shell, uuid) || !sim_vm_active(&shell->vm))
			call->ended = "the guest is off";
		go_on(shell);
		if (!linebuf_flush(&shell->out, call->fd) || call->ended)
			return true;
		poll(&pollfd, 1, shell->lines ? 1 : LOOK_MS);
		if (pollfd.revents && !listen_to(shell, call->fd))
			return true;
	}
}

static bool
may_open(struct shell *shell, const uint8_t uuid[UUID_LEN], const struct console_call *call, GError **error)
{
	if (shell->link->readonly)
		return sim_fail(error, FLEET_ERROR_DENIED, "the connection is read-only");
	if (!sim_ask_host(shell->link, 2, error))
		return false;
	if (!look_at(shell, uuid))
		return sim_fail(error, FLEET_ERROR_NO_DOMAIN, "Domain not found");
	if (!sim_vm_active(&shell->vm))
		return sim_fail(error, FLEET_ERROR_STATE,
			"open the console: Requested operation is not valid: domain is not running");
	if (!call->force && sim_unit(sim_vm_bits(&shell->vm, 140)) < 0.05)
		return sim_fail(error, FLEET_ERROR_BUSY, "somebody else has this console open");
	return true;
}

bool
sim_console(struct conn *conn, const uint8_t uuid[UUID_LEN], struct console_call *call, GError **error)
{
	struct shell shell = { .link = sim_link_of(conn) };
	bool ok;

	if (!may_open(&shell, uuid, call, error))
		return false;
	shell.name = sim_vm_label(&shell.vm);
	shell.line = g_string_new(NULL);
	linebuf_init(&shell.out);
	call->turned(call->ctx, true);
	say(&shell, "\r\nDebian GNU/Linux 12 %s ttyS0\r\n", shell.name);
	say_prompt(&shell);
	ok = converse(&shell, call, error);
	call->turned(call->ctx, false);
	linebuf_done(&shell.out);
	g_string_free(shell.line, TRUE);
	g_free(shell.name);
	return ok;
}
