#include "app.h"

#include "fleet/conn_libvirt.h"
#include "fleet/events.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* Entries of the mailbox: ended jobs. A bulk of 500 fits without any host thread waiting for the screen. */
#define MAILBOX_ENTRIES 1024

/* How long hosts get to end before the process leaves without them. */
#define STOP_MS 2000

static struct conn *
app_make_conn(void *ctx, uint32_t index, enum conn_purpose purpose, const struct conn_listener *listener)
{
	struct app *app = ctx;
	const struct config_host *host = g_ptr_array_index(app->opts.config->hosts, index);

	if (host->spec->transport == TRANSPORT_SIM)
		return conn_sim_new(app->opts.sim, index, app->opts.readonly, listener);
	return conn_libvirt_new(
		&(struct conn_libvirt_opts){
			.tunnels = app->tunnels,
			.purpose = purpose,
			.readonly = app->opts.readonly,
			.keepalive_ms = app->opts.config->keepalive_ms,
			.xen_tools = app->opts.config->xen_tools,
			.tenant = app->tenants,
			.labels = host->labels,
			.migration_address = host->migration_address,
		},
		host->spec, index, listener);
}

static void
app_poke(void *ctx, uint32_t host)
{
	struct app *app = ctx;

	if (app->fleet)
		fleet_poke(app->fleet, host);
}

static void
app_asks_changed(void *ctx)
{
	struct app *app = ctx;

	mailbox_mark(app->mailbox);
}

static bool
app_needs_libvirt(const struct config *config)
{
	for (guint i = 0; i < config->hosts->len; i++) {
		const struct config_host *host = g_ptr_array_index(config->hosts, i);

		if (host->spec->transport != TRANSPORT_SIM)
			return true;
	}
	return false;
}

bool
app_init(struct app *app, const struct app_opts *opts, GError **error)
{
	*app = (struct app){ .opts = *opts };
	app->mailbox = mailbox_new(MAILBOX_ENTRIES);
	app->timeline = timeline_new((size_t)opts->config->events_kept);
	app->asks = asks_new(opts->interactive, app_poke, app_asks_changed, app);
	app->tenants = tenant_rules_new(opts->config);
	app->factory = (struct conn_factory){ .ctx = app, .make = app_make_conn };
	if (app_needs_libvirt(opts->config)) {
		struct tunnels_opts tunnels = {
			.connect_timeout_ms = opts->config->connect_timeout_ms,
			.parallel = (unsigned)opts->config->connect_parallel,
			.gate_parallel = (unsigned)opts->config->gate_parallel,
			.asks = app->asks,
			.ssh_config = opts->ssh_config,
		};

		if (!events_start(error))
			return false;
		app->tunnels = tunnels_new(&tunnels, error);
		if (!app->tunnels)
			return false;
	}
	app->fleet = fleet_new(&(struct fleet_opts){
		.config = opts->config,
		.factory = &app->factory,
		.mailbox = app->mailbox,
		.timeline = app->timeline,
		.once = opts->once,
	});
	return true;
}

static void
app_log_changed(void *ctx)
{
	struct app *app = ctx;

	mailbox_mark(app->mailbox);
}

bool
app_log_events(struct app *app, const char *path, GError **error)
{
	app->eventlog = eventlog_new(path, app->timeline, app_log_changed, app, error);
	return app->eventlog != NULL;
}

static void
message_drop(struct message message)
{
	if (message.type == FLEET_MESSAGE_JOB)
		job_free(message.data);
}

static bool
app_stop_fleet(struct app *app)
{
	mailbox_close(app->mailbox);
	fleet_stop(app->fleet);
	if (!fleet_wait(app->fleet, STOP_MS))
		return false;
	fleet_free(app->fleet);
	app->fleet = NULL;
	return true;
}

/* After the fleet, which has the last word. */
static bool
app_stop_log(struct app *app)
{
	if (!eventlog_stop(app->eventlog, STOP_MS))
		return false;
	eventlog_free(app->eventlog);
	return true;
}

bool
app_done(struct app *app)
{
	bool ended = !app->fleet || app_stop_fleet(app);

	if (app->eventlog)
		ended = app_stop_log(app) && ended;
	if (!ended)
		return false;
	if (app->tunnels) {
		tunnels_free(app->tunnels);
		events_stop();
	}
	tenant_rules_free(app->tenants);
	asks_free(app->asks);
	mailbox_free(app->mailbox, message_drop);
	timeline_free(app->timeline);
	return true;
}

void
app_raise_limits(void)
{
	struct rlimit files;

	/* A thread per host, nearly all asleep: an arena of memory for each eight of them is memory lost (62 MiB instead of 73
	 * were measured with 221 hosts). */
	mallopt(M_ARENA_MAX, 1);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

void
app_restart_thrifty(char **argv)
{
	/* glibc and GLib take these from the environment only, before main(). Each thread keeps up to seven freed pieces of each
	 * size up to 1 KiB, and GLib's slices of their own beside them. With a thread per host, who all read XML and then sleep,
	 * that is memory lost: with 221 hosts 80 MiB became 67 without the one, and 60 became 56 without the other. */
	static const char name[] = "GLIBC_TUNABLES", value[] = "glibc.malloc.tcache_max=256";
	static const char slices[] = "G_SLICE", malloced[] = "always-malloc";
	const char *now = getenv(name);
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);

	if (!now && self && setenv(name, value, true) == 0) {
		bool ours = !getenv(slices) && setenv(slices, malloced, true) == 0;

		execv(self, argv);
		unsetenv(name);
		if (ours)
			unsetenv(slices);
	} else if (g_strcmp0(now, value) == 0) {
		unsetenv(name); /* not meant for the programs that we start */
		if (g_strcmp0(getenv(slices), malloced) == 0)
			unsetenv(slices);
	}
}

void
app_block_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT, SIGQUIT };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
		sigaddset(&set, signals[i]);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}
