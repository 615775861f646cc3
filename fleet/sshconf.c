#include "fleet/sshconf.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "fleet/clock.h"
#include "fleet/error.h"
#include "fleet/spawn.h"

/* Long enough for one start of a fleet, short enough that nobody notices an edited file counting late. */
static const int64_t fresh_us = 10 * G_USEC_PER_SEC;

/* Somebody's answer, for all of its class. */
struct answer {
	bool running; /* somebody is asking right now */
	char *name, *text;
};

struct sshconf {
	char *file; /* constant */

	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned runs;                   /* guarded by lock, as all below */
	int64_t born_us;                 /* of the answers */
	bool reading;                    /* somebody finds out the classes right now */
	bool missing;                    /* there is no ssh */
	struct sshconf_classes *classes; /* NULL: not known yet; used by others only under the lock */
	GHashTable *answers;             /* class → struct answer */
};

/* What one host asks for, on its thread's stack. */
struct request {
	struct sshconf *conf;
	const char *name, *user;
	uint16_t port;
	int64_t deadline_us;
	int cancel_fd;
};

static void
answer_free(void *data)
{
	struct answer *answer = data;

	g_free(answer->name);
	g_free(answer->text);
	g_free(answer);
}

struct sshconf *
sshconf_new(const char *file)
{
	struct sshconf *conf = g_new0(struct sshconf, 1);
	pthread_condattr_t attr;

	conf->file = g_strdup(file);
	pthread_mutex_init(&conf->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&conf->changed, &attr);
	pthread_condattr_destroy(&attr);
	conf->answers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, answer_free);
	return conf;
}

void
sshconf_free(struct sshconf *conf)
{
	if (!conf)
		return;
	sshconf_classes_free(conf->classes);
	g_hash_table_unref(conf->answers);
	pthread_cond_destroy(&conf->changed);
	pthread_mutex_destroy(&conf->lock);
	g_free(conf->file);
	g_free(conf);
}

void
sshconf_wake(struct sshconf *conf)
{
	pthread_mutex_lock(&conf->lock);
	pthread_cond_broadcast(&conf->changed);
	pthread_mutex_unlock(&conf->lock);
}

unsigned
sshconf_runs(struct sshconf *conf)
{
	unsigned runs;

	pthread_mutex_lock(&conf->lock);
	runs = conf->runs;
	pthread_mutex_unlock(&conf->lock);
	return runs;
}

/* ---- running ssh; without the lock ---- */

/* ssh's own words, without what -v adds. */
static char *
plain_words(const char *err)
{
	g_auto(GStrv) lines = g_strsplit(err, "\n", -1);
	GString *words = g_string_new(NULL);

	for (char **line = lines; *line; line++) {
		g_strstrip(*line);
		if (!**line || g_str_has_prefix(*line, "debug") || g_str_has_prefix(*line, "OpenSSH") ||
			g_str_has_prefix(*line, "Pseudo-terminal"))
			continue;
		g_string_append_printf(words, "%s%s", words->len ? "; " : "", *line);
	}
	return g_string_free(words, FALSE);
}

static bool
run_ssh(const struct request *request, bool verbose, struct spawn_output *output, GError **error)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autofree char *port = g_strdup_printf("%u", request->port);
	g_autofree char *words = NULL;

	g_ptr_array_add(argv, g_strdup("ssh"));
	g_ptr_array_set_free_func(argv, g_free);
	g_ptr_array_add(argv, g_strdup(verbose ? "-vG" : "-G"));
	if (request->conf->file) {
		g_ptr_array_add(argv, g_strdup("-F"));
		g_ptr_array_add(argv, g_strdup(request->conf->file));
	}
	if (request->user) {
		g_ptr_array_add(argv, g_strdup("-l"));
		g_ptr_array_add(argv, g_strdup(request->user));
	}
	if (request->port) {
		g_ptr_array_add(argv, g_strdup("-p"));
		g_ptr_array_add(argv, g_steal_pointer(&port));
	}
	g_ptr_array_add(argv, g_strdup("--"));
	g_ptr_array_add(argv, g_strdup(request->name));
	g_ptr_array_add(argv, NULL);

	if (!spawn_capture((const char *const *)argv->pdata, request->deadline_us, request->cancel_fd, output,
		    error))
		return false;
	if (WIFEXITED(output->status) && WEXITSTATUS(output->status) == 0)
		return true;
	words = plain_words(output->err);
	spawn_output_done(output);
	g_set_error(
		error, FLEET_ERROR, FLEET_ERROR_FAILED, "ssh config: %s", *words ? words : "ssh -G failed");
	return false;
}

/* The texts of the files ssh says it reads, for every host the same: also a Host block that does not match includes.
 * NULL: not sure to have them all. */
static char **
read_files(const char *err)
{
	static const char prefix[] = "debug1: Reading configuration data ";
	g_auto(GStrv) lines = g_strsplit(err, "\n", -1);
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

	for (char **line = lines; *line; line++) {
		g_strchomp(*line);
		if (g_str_has_prefix(*line, prefix)) {
			char *text;

			if (!g_file_get_contents(*line + sizeof(prefix) - 1, &text, NULL, NULL))
				return NULL;
			g_ptr_array_add(texts, text);
		}
	}
	if (texts->len == 0)
		return NULL;
	g_ptr_array_set_free_func(texts, NULL);
	g_ptr_array_add(texts, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&texts), FALSE);
}

/* Nothing is known that could be shared. */
static struct sshconf_classes *
no_classes(void)
{
	char *files[] = { g_strdup("Match exec unknown"), NULL };
	struct sshconf_classes *classes = sshconf_classes_new(files);

	g_free(files[0]);
	return classes;
}

static struct sshconf_classes *
find_classes(const char *err)
{
	g_auto(GStrv) files = read_files(err);

	return files ? sshconf_classes_new(files) : no_classes();
}

/* ---- sharing; with the lock held, but for the runs of ssh ---- */

static struct answer *
put_running(struct sshconf *conf, const char *class)
{
	struct answer *answer = g_new0(struct answer, 1);

	answer->running = true;
	g_hash_table_replace(conf->answers, g_strdup(class), answer);
	return answer;
}

/* TEXT (or NULL: failed) was answered to REQUEST, asked when the answers were BORN_US. */
static void
put_answer(const struct request *request, int64_t born_us, const char *class, const char *text)
{
	struct sshconf *conf = request->conf;

	if (!class || born_us != conf->born_us)
		return;
	if (text && sshconf_may_share(conf->classes, request->name, text)) {
		struct answer *answer = put_running(conf, class);

		answer->running = false;
		answer->name = g_strdup(request->name);
		answer->text = g_strdup(text);
	} else {
		g_hash_table_remove(conf->answers, class);
	}
}

static void
forget_old(struct sshconf *conf)
{
	if (conf->born_us && clock_now_us() - conf->born_us < fresh_us)
		return;
	if (conf->reading)
		return;
	g_hash_table_remove_all(conf->answers);
	g_clear_pointer(&conf->classes, sshconf_classes_free);
	conf->missing = false;
	conf->born_us = clock_now_us();
}

static bool
wait_for_others(const struct request *request, GError **error)
{
	struct pollfd cancel = { request->cancel_fd, POLLIN, 0 };
	struct timespec until = { .tv_sec = request->deadline_us / G_USEC_PER_SEC,
		.tv_nsec = request->deadline_us % G_USEC_PER_SEC * 1000 };

	if (poll(&cancel, 1, 0) > 0) {
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_CANCELLED, "cancelled");
		return false;
	}
	if (pthread_cond_timedwait(&request->conf->changed, &request->conf->lock, &until)) {
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_TIMEOUT, "ssh -G did not end in time");
		return false;
	}
	return true;
}

/* The first of a generation: asks for itself and finds out the classes. */
static char *
ask_first(const struct request *request, GError **error)
{
	struct sshconf *conf = request->conf;
	struct sshconf_classes *classes = NULL;
	struct spawn_output output = { 0 };
	g_autofree char *class = NULL;
	g_autoptr(GError) local = NULL;
	bool ok;

	conf->reading = true;
	conf->runs++;
	pthread_mutex_unlock(&conf->lock);
	ok = run_ssh(request, true, &output, &local);
	if (ok)
		classes = find_classes(output.err);
	pthread_mutex_lock(&conf->lock);
	conf->reading = false;
	conf->classes = classes;
	conf->missing = g_error_matches(local, FLEET_ERROR, FLEET_ERROR_UNSUPPORTED);
	if (ok) {
		class = sshconf_class(classes, request->name, request->user, request->port);
		put_answer(request, conf->born_us, class, output.out);
	} else {
		g_propagate_error(error, g_steal_pointer(&local));
	}
	pthread_cond_broadcast(&conf->changed);
	g_free(output.err);
	return output.out;
}

static char *
ask_for_class(const struct request *request, const char *class, GError **error)
{
	struct sshconf *conf = request->conf;
	struct spawn_output output = { 0 };
	int64_t born_us = conf->born_us;

	if (class)
		put_running(conf, class);
	conf->runs++;
	pthread_mutex_unlock(&conf->lock);
	run_ssh(request, false, &output, error);
	pthread_mutex_lock(&conf->lock);
	put_answer(request, born_us, class, output.out);
	pthread_cond_broadcast(&conf->changed);
	g_free(output.err);
	return output.out;
}

static char *
find_answer(const struct request *request, GError **error)
{
	struct sshconf *conf = request->conf;

	for (;;) {
		g_autofree char *class = NULL;
		struct answer *answer;

		forget_old(conf);
		if (conf->missing)
			return NULL;
		if (!conf->classes && !conf->reading)
			return ask_first(request, error);
		if (conf->classes) {
			class = sshconf_class(conf->classes, request->name, request->user, request->port);
			answer = class ? g_hash_table_lookup(conf->answers, class) : NULL;
			if (!answer)
				return ask_for_class(request, class, error);
			if (!answer->running)
				return sshconf_rename(answer->text, answer->name, request->name);
		}
		if (!wait_for_others(request, error))
			return NULL;
	}
}

struct sshconf_host *
sshconf_resolve(struct sshconf *conf, const char *name, const char *user, uint16_t port, int64_t deadline_us,
	int cancel_fd, GError **error)
{
	struct request request = { conf, name, user, port, deadline_us, cancel_fd };
	g_autoptr(GError) local = NULL;
	g_autofree char *text = NULL;
	bool missing;

	pthread_mutex_lock(&conf->lock);
	text = find_answer(&request, &local);
	missing = conf->missing;
	pthread_mutex_unlock(&conf->lock);
	if (text)
		return sshconf_parse(name, text, error);
	if (!local || (missing && g_error_matches(local, FLEET_ERROR, FLEET_ERROR_UNSUPPORTED)))
		return sshconf_defaults(name, user, port);
	g_propagate_error(error, g_steal_pointer(&local));
	return NULL;
}
