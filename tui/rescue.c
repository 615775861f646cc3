#include "tui/rescue.h"

#include <glib.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "tui/term.h"

#define STACK_SIZE 65536 /* SIGSEGV may mean that the normal one has run out */

/* SIGTRAP is how g_error() dies. */
static const int deadly[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGTRAP };

/* Written while disarmed, by the UI thread; read by whoever disarms it. */
static struct {
	atomic_bool armed;
	int fd;
	struct termios tty;
	char undo[512];
	size_t len;
	struct sigaction before[G_N_ELEMENTS(deadly)];
	void *stack;
	stack_t stack_before;
} rescue;

void
term_restore(void)
{
	size_t done = 0;

	if (!atomic_exchange(&rescue.armed, false))
		return;
	while (done < rescue.len) {
		ssize_t n = write(rescue.fd, rescue.undo + done, rescue.len - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	tcsetattr(rescue.fd, TCSANOW, &rescue.tty);
}

/* Restores the terminal and lets the signal do what it would have done without us: kill, dump core, or be reported by a
 * sanitizer. It is blocked until this returns, and then comes again. */
static void
crashed(int signal)
{
	term_restore();
	for (size_t i = 0; i < G_N_ELEMENTS(deadly); i++) {
		if (deadly[i] == signal)
			sigaction(signal, &rescue.before[i], NULL);
	}
	raise(signal);
}

static void
hook(void)
{
	struct sigaction action = { .sa_handler = crashed, .sa_flags = SA_ONSTACK };
	stack_t stack = { .ss_size = STACK_SIZE };

	rescue.stack = stack.ss_sp = g_malloc(STACK_SIZE);
	sigaltstack(&stack, &rescue.stack_before);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < G_N_ELEMENTS(deadly); i++)
		sigaction(deadly[i], &action, &rescue.before[i]);
}

static void
unhook(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(deadly); i++)
		sigaction(deadly[i], &rescue.before[i], NULL);
	sigaltstack(&rescue.stack_before, NULL);
	g_clear_pointer(&rescue.stack, g_free);
}

void
rescue_arm(int fd, const struct termios *tty, const char *undo, size_t len)
{
	rescue.fd = fd;
	rescue.tty = *tty;
	rescue.len = MIN(len, sizeof(rescue.undo));
	memcpy(rescue.undo, undo, rescue.len);
	if (!rescue.stack)
		hook();
	atomic_store(&rescue.armed, true);
}

void
rescue_disarm(void)
{
	atomic_store(&rescue.armed, false);
	if (rescue.stack)
		unhook();
}
