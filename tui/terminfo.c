#include "tui/terminfo.h"

#include <curses.h>
#include <term.h>
#include <unistd.h>

#define HINT "try TERM=xterm-256color"

bool
terminfo_check(const char *name, GError **error)
{
	int reason;
	bool able;

	if (!name || !*name) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			"TERM is not set: what terminal is this? (" HINT ")");
		return false;
	}
	if (setupterm(name, STDOUT_FILENO, &reason) != OK) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			"TERM is '%s', of which terminfo knows nothing here (" HINT ")", name);
		return false;
	}
	able = cursor_address && clear_screen;
	del_curterm(cur_term);
	if (!able)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			"TERM is '%s', a terminal that can't move its cursor (" HINT ")", name);
	return able;
}
