#include "views/request.h"

#include "actions/registry.h"
#include "tui/keymap.h"

#include <string.h>

static const struct {
	const char *name, *help;
} requests[REQ_COUNT] = {
#define REQUEST_INFO(id, request_name, request_help) \
	[REQ_##id] = { .name = request_name, .help = request_help },
	REQUESTS(REQUEST_INFO)
#undef REQUEST_INFO
};

int
request_by_name(bool readonly, const char *name)
{
	size_t n;
	const struct action *const *actions = registry_actions(readonly, &n);

	for (int i = 0; i < REQ_COUNT; i++)
		if (strcmp(requests[i].name, name) == 0)
			return i;
	for (size_t i = 0; i < n; i++)
		if (strcmp(actions[i]->name, name) == 0)
			return REQ_COUNT + (int)i;
	return KEYMAP_NONE;
}

const struct action *
request_action(int request)
{
	size_t n;
	const struct action *const *actions = registry_actions(false, &n);

	return request >= REQ_COUNT && request < request_limit(false) ? actions[request - REQ_COUNT] : NULL;
}

const char *
request_name(int request)
{
	const struct action *action = request_action(request);

	return action ? action->name : requests[request].name;
}

const char *
request_help(int request)
{
	const struct action *action = request_action(request);

	return action ? action->help : requests[request].help;
}

int
request_limit(bool readonly)
{
	size_t n;

	registry_actions(readonly, &n);
	return REQ_COUNT + (int)n;
}
