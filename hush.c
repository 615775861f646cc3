#include "hush.h"

#include "tui/cell.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define KEPT 65536 /* bytes */

int
hush_begin(void)
{
	int real, file;

	if (!isatty(STDERR_FILENO))
		return -1;
	file = memfd_create("stderr", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (file < 0)
		return -1;
	if (ftruncate(file, KEPT) < 0 || fcntl(file, F_ADD_SEALS, F_SEAL_GROW) < 0) {
		close(file);
		return -1;
	}
	real = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	dup2(file, STDERR_FILENO);
	close(file);
	return real;
}

void
hush_end(int real)
{
	g_autofree char *text = g_malloc0(KEPT + 1); /* the file's unused end is zeros */
	g_auto(GStrv) lines = NULL;

	if (real < 0)
		return;
	if (pread(STDERR_FILENO, text, KEPT, 0) < 0)
		*text = '\0';
	dup2(real, STDERR_FILENO);
	close(real);
	lines = g_strsplit(text, "\n", -1);
	for (size_t i = 0; lines[i]; i++) {
		g_autofree char *line =
			text_harmless(lines[i]); /* libraries quote what guests and hosts say */

		if (*line)
			fprintf(stderr, "%s\n", line);
	}
}
