/*
 * main: the composition root – reads the command line and the configuration, and hands what they say to a command. With
 * the other files beside it, it is the only place that may include every folder.
 *
 * Exit codes: 0 all good; 1 some hosts or guests failed, said on stderr, a line each; 2 wrong usage or configuration.
 */
#include "app.h"
#include "commands.h"
#include "options.h"

#include "actions/guard.h"
#include "fleet/clock.h"
#include "views/guard_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --refresh, --theme …: the command line's say over the configuration's. */
static bool
config_override(struct config *config, const struct options *options, GError **error)
{
	if (options->refresh && !config_set(config, "refresh", options->refresh, "--refresh", error))
		return false;
	if (options->theme && !config_set_theme(config, options->theme, error)) {
		g_prefix_error(error, "--theme: ");
		return false;
	}
	/* in a locale that knows no UTF-8 the graphics would come out as question marks */
	config->ascii = config->ascii || options->ascii || !g_get_charset(NULL);
	config->mouse = config->mouse && !options->no_mouse;
	return true;
}

static bool
check_clock(GError **error)
{
	int64_t seconds;

	if (clock_frozen(&seconds))
		return true;
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
		"VIRT_FLEET_NOW: '%s' is no time; allowed are seconds since the epoch",
		getenv("VIRT_FLEET_NOW"));
	return false;
}

/* Said once here rather than by every host. "none" means none, as to ssh. */
static bool
check_ssh_config(const char *path, GError **error)
{
	if (!path || strcmp(path, "none") == 0 || access(path, R_OK) == 0)
		return true;
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "--ssh-config: can't read %s: %s", path,
		g_strerror(errno));
	return false;
}

/* The configuration with the fleet that the command line asks for. */
static struct config *
load_config(const struct options *options, struct sim **sim, GError **error)
{
	g_autofree char *path = options->config || options->demo ? g_strdup(options->config) : config_find();
	struct config *config = config_load(path, error);
	struct sim_opts sim_opts;
	bool ok;

	if (!config)
		return NULL;
	ok = check_clock(error) && check_ssh_config(options->ssh_config, error) &&
	     config_override(config, options, error);
	if (ok && options->demo && (options->hosts[0] || options->uris)) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
			"--demo makes up its hosts; '%s' can't be one of them",
			options->hosts[0] ? options->hosts[0] : options->uris[0]);
		ok = false;
	} else if (ok && options->demo) {
		ok = sim_parse(options->demo, &sim_opts, error);
		if (!ok) {
			g_prefix_error(error, "--demo: ");
		} else {
			/* a frozen clock wants a world that stands still: golden screens */
			sim_opts.calm = getenv("VIRT_FLEET_NOW") != NULL;
			g_ptr_array_set_size(config->hosts, 0);
			*sim = sim_new(&sim_opts);
			sim_add_hosts(*sim, config);
		}
	} else if (ok && (options->hosts[0] || options->uris)) {
		ok = config_select(config, (const char *const *)options->hosts,
			(const char *const *)options->uris, error);
	}
	if (ok && config->hosts->len == 0) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
			"no hosts: name some (virt-fleet root@kvm1), list them in %s, or try virt-fleet "
			"--demo",
			path ? path : "~/.config/virt-fleet/config.yaml");
		ok = false;
	}
	if (!ok)
		g_clear_pointer(&config, config_free);
	return config;
}

static int
usage_error(const GError *error)
{
	fprintf(stderr, "virt-fleet: %s\n", error->message);
	return EXIT_USAGE;
}

static int
run(const struct options *options)
{
	static int (*const commands[COMMAND_COUNT])(const struct command_env *) = {
		[COMMAND_CONSOLE] = command_console,
		[COMMAND_LIST] = command_list,
		[COMMAND_DO] = command_do,
		[COMMAND_CHECK] = command_check,
		[COMMAND_SNAPSHOT] = command_snapshot,
	};
	g_autoptr(GError) error = NULL;
	struct sim *sim = NULL;
	struct config *config = load_config(options, &sim, &error);
	struct guards *guards = config ? guards_new(config, &guard_filters, &error) : NULL;
	/* what is simulated is nobody's: another world's hosts may have the same names */
	g_autofree char *path = sim ? NULL : maintenance_usual_path();
	struct maintenance *maintenance = maintenance_new(path);
	int status;

	if (guards)
		status = commands[options->command](&(struct command_env){
			.options = options,
			.config = config,
			.sim = sim,
			.guards = guards,
			.maintenance = maintenance,
		});
	else
		status = usage_error(error);
	maintenance_free(maintenance);
	guards_free(guards);
	sim_free(sim);
	config_free(config);
	return status;
}

/* Started with a standard descriptor closed, the next socket would become it, and a message would go down a connection.
 * What is written to an output that was closed fails: it is read only. */
static void
open_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* STATUS, unless what was printed did not get out. Who reads only the first lines has what he wants. */
static int
end_output(int status)
{
	if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE)
		return status;
	fprintf(stderr, "virt-fleet: can't write the output: %s\n", g_strerror(errno));
	return EXIT_SOME_FAILED;
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	struct options options;
	int status;

	open_standard_fds();
	app_restart_thrifty(argv);
	setlocale(LC_ALL, "");
	signal(SIGPIPE, SIG_IGN); /* whoever writes looks at the result */
	app_raise_limits();
	if (!options_parse(&options, argc, argv, &error)) {
		options_done(&options);
		return usage_error(error);
	}
	if (options.version) {
		printf("virt-fleet %s\n", VIRT_FLEET_VERSION);
		status = EXIT_SUCCESS;
	} else if (options.dump_config) {
		fputs(config_defaults_text(), stdout);
		status = EXIT_SUCCESS;
	} else if (options.command == COMMAND_LIST && g_strcmp0(options.columns, "help") == 0) {
		status = command_columns_help(options.what);
	} else {
		status = run(&options);
	}
	options_done(&options);
	return end_output(status);
}
