#include "fleet/clock.h"
#include "fleet/tunnel_error.h"
#include "fleet/tunnel_pump_private.h"

/* ---- pump thread ---- */

static void
request_answer(struct request *request, int chosen, enum fleet_error code, const char *words)
{
	struct pump_link *link = request->link;

	g_queue_remove(&link->pump->requests, request);
	g_ptr_array_unref(request->pipes);
	pthread_mutex_lock(&link->lock);
	request->chosen = chosen;
	request->code = code;
	request->words = g_strdup(words);
	request->done = true;
	pthread_cond_signal(&request->answered);
	pthread_mutex_unlock(&link->lock);
	/* REQUEST may be gone now. */
}

/* All pipes but the chosen one are of no use any more. */
static void
request_keep(struct request *request, int chosen)
{
	for (guint i = 0; i < request->pipes->len; i++) {
		struct pipe *pipe = request->pipes->pdata[i];

		if ((int)i == chosen)
			pipe_listen(pipe, request->local);
		else
			pipe_drop(pipe);
	}
}

static void
request_fail(struct request *request, enum fleet_error code, const char *words)
{
	g_autofree char *copy = g_strdup(words);

	request_keep(request, -1);
	request_answer(request, -1, code, copy);
}

/* The command ran, and said what it found or not. */
static void
request_take_result(struct request *request, struct pipe *pipe)
{
	const struct tunnel_exec_result *found = pipe_result(pipe);

	request->result = (struct tunnel_exec_result){ .state = found->state,
		.via = g_strdup(found->via),
		.path = g_strdup(found->path),
		.user = g_strdup(found->user),
		.owner = g_strdup(found->owner),
		.mode = g_strdup(found->mode) };
}

/* The first path that opens counts, but one after it only when it has failed. */
static void
request_look(struct request *request)
{
	for (guint i = 0; i < request->pipes->len; i++) {
		struct pipe *pipe = request->pipes->pdata[i];
		enum pipe_state state = pipe_state(pipe);

		if (state != PIPE_OPEN && state != PIPE_FAILED)
			return;
		if (request->command)
			request_take_result(request, pipe);
		if (state == PIPE_OPEN) {
			request_keep(request, (int)i);
			request_answer(request, (int)i, FLEET_ERROR_FAILED, NULL);
			return;
		}
	}
	request_fail(request, FLEET_ERROR_NO_SOCKET, pipe_words(request->pipes->pdata[0]));
}

bool
requests_look(struct pump_link *link)
{
	bool any = false;

	for (GList *it = link->pump->requests.head, *next; it; it = next) {
		struct request *request = it->data;
		guint before = link->pump->requests.length;

		next = it->next;
		if (request->link != link)
			continue;
		request_look(request);
		any |= link->pump->requests.length < before;
	}
	return any;
}

void
requests_fail(struct pump_link *link, const char *words)
{
	for (GList *it = link->pump->requests.head, *next; it; it = next) {
		struct request *request = it->data;

		next = it->next;
		if (request->link == link)
			request_fail(request, FLEET_ERROR_GONE, words);
	}
}

void
requests_cancel(struct pump_link *link, size_t user)
{
	for (GList *it = link->pump->requests.head, *next; it; it = next) {
		struct request *request = it->data;

		next = it->next;
		if (request->link == link && request->user == user)
			request_fail(request, FLEET_ERROR_CANCELLED, "cancelled");
	}
}

int
requests_check_deadlines(struct pump *pump)
{
	int64_t now_us = clock_now_us(), next_us = INT64_MAX;

	for (GList *it = pump->requests.head, *next; it; it = next) {
		struct request *request = it->data;
		struct pump_link *link = request->link;

		next = it->next;
		if (request->deadline_us > now_us) {
			next_us = MIN(next_us, request->deadline_us);
			continue;
		}
		request_fail(request, FLEET_ERROR_TIMEOUT, "no answer in time");
		link_service(link);
		/* That may have answered others. */
		return 0;
	}
	return next_us == INT64_MAX ? -1 : (int)MIN((next_us - now_us) / 1000 + 1, 60000);
}

static void
pipe_ready(void *link)
{
	link_service(link);
}

static void
run_open(struct pump *pump, struct order *order)
{
	struct request *request = order->request;
	struct pump_link *link = request->link;
	struct pipe_opts opts = { .session = link->session,
		.epoll_fd = pump->epoll_fd,
		.user = request->user,
		.ready = pipe_ready,
		.ctx = link };

	g_queue_push_tail(&pump->requests, request);
	request->pipes = g_ptr_array_new();
	if (!link->session) {
		/* Only this thread writes it. */
		request_answer(request, -1, FLEET_ERROR_GONE, link->why);
		return;
	}
	if (g_hash_table_contains(link->cut, GSIZE_TO_POINTER(request->user))) {
		request_answer(request, -1, FLEET_ERROR_CANCELLED, "cancelled");
		return;
	}
	if (request->command)
		g_ptr_array_add(request->pipes, pipe_new_exec(&opts, request->command));
	for (const char *const *path = request->paths; path && *path; path++)
		g_ptr_array_add(request->pipes, pipe_new_unix(&opts, *path));
	for (guint i = 0; i < request->pipes->len; i++)
		g_ptr_array_add(link->pipes, request->pipes->pdata[i]);
	link_service(link);
}

/* ---- who waits ---- */

static void
request_wait(struct request *request)
{
	struct pump_link *link = request->link;

	pthread_cond_init(&request->answered, NULL);
	pump_give_order(link->pump, &(struct order){ .run = run_open, .link = link, .request = request });
	pthread_mutex_lock(&link->lock);
	while (!request->done)
		pthread_cond_wait(&request->answered, &link->lock);
	pthread_mutex_unlock(&link->lock);
	pthread_cond_destroy(&request->answered);
}

static void
request_set_error(struct request *request, GError **error)
{
	const char *words = request->words && *request->words ? request->words : "no reason given";

	tunnel_error_set(error, request->code, "%s", words);
}

int
pump_open_unix(struct pump_link *link, size_t user, const char *const *paths, struct local_socket *local,
	int64_t deadline_us, GError **error)
{
	struct request request = {
		.link = link, .user = user, .paths = paths, .local = local, .deadline_us = deadline_us
	};

	request_wait(&request);
	if (request.chosen < 0)
		request_set_error(&request, error);
	g_free(request.words);
	return request.chosen;
}

bool
pump_open_exec(struct pump_link *link, size_t user, const char *command, struct local_socket *local,
	int64_t deadline_us, struct tunnel_exec_result *result, GError **error)
{
	struct request request = {
		.link = link, .user = user, .command = command, .local = local, .deadline_us = deadline_us
	};
	bool understood;

	request_wait(&request);
	understood = request.result.state != EXEC_WAITS && request.result.state != EXEC_NONSENSE;
	if (understood)
		*result = request.result;
	else
		request_set_error(&request, error);
	g_free(request.words);
	if (!understood)
		tunnel_exec_result_done(&request.result);
	return understood;
}
