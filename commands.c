#include "commands.h"

#include <stdio.h>
#include <unistd.h>

/* Between the two samples that a rate needs, unless --refresh says otherwise. */
#define ONCE_INTERVAL_MS 1000

int
command_failed(int status, const GError *error)
{
	fprintf(stderr, "virt-fleet: %s\n", error->message);
	return status;
}

void
command_read_maintenance(const struct command_env *env)
{
	g_autoptr(GError) error = NULL;

	if (!maintenance_refresh(env->maintenance, &error))
		fprintf(stderr, "virt-fleet: who is in maintenance is not known: %s\n", error->message);
}

bool
command_start(const struct command_env *env, const struct snap_need *once, struct app *app, GError **error)
{
	if (once && !env->options->refresh)
		env->config->interval_ms = ONCE_INTERVAL_MS;
	if (!app_init(app,
		    &(struct app_opts){
			    .config = env->config,
			    .sim = env->sim,
			    .ssh_config = env->options->ssh_config,
			    .readonly = env->options->readonly,
			    .once = once,
		    },
		    error))
		return false;
	fleet_start(app->fleet);
	return true;
}

int
command_end(struct app *app, int status)
{
	if (!app_done(app)) {
		fflush(stdout);
		_exit(status);
	}
	return status;
}
