#include "views/move_form.h"

#include "tui/cell.h"
#include "views/request.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define VALUES_MOST 5

/* The first value is not to say anything. */
static const struct {
	int request;
	const char *param, *label;
	struct {
		const char *text;
		uint32_t needs; /* of the hosts' drivers */
	} values[VALUES_MOST];
} choices[] = {
	{ REQ_MOVE_OFFLINE, "offline", "offline", { { "no", 0 }, { "yes", MOVE_BIT(OFFLINE) } } },
	{ REQ_MOVE_COPY, "copy", "copy storage",
		{ { "none", 0 }, { "all", MOVE_BIT(COPY_ALL) }, { "inc", MOVE_BIT(COPY_INC) } } },
	{ REQ_MOVE_POSTCOPY, "postcopy", "post-copy", { { "no", 0 }, { "yes", MOVE_BIT(POST_COPY) } } },
	{ REQ_MOVE_AUTOCONVERGE, "autoconverge", "auto-converge",
		{ { "no", 0 }, { "yes", MOVE_BIT(AUTO_CONVERGE) } } },
	{ REQ_MOVE_COMPRESS, "compress", "compress", { { "no", 0 }, { "yes", MOVE_BIT(COMPRESS) } } },
	{ REQ_MOVE_BANDWIDTH, "bandwidth", "bandwidth",
		{ { "any", 0 }, { "50M", MOVE_BIT(BANDWIDTH) }, { "100M", MOVE_BIT(BANDWIDTH) },
			{ "500M", MOVE_BIT(BANDWIDTH) }, { "1G", MOVE_BIT(BANDWIDTH) } } },
	{ REQ_MOVE_DOWNTIME, "downtime", "downtime",
		{ { "usual", 0 }, { "100ms", MOVE_BIT(DOWNTIME) }, { "300ms", MOVE_BIT(DOWNTIME) },
			{ "1s", MOVE_BIT(DOWNTIME) }, { "5s", MOVE_BIT(DOWNTIME) } } },
	{ REQ_MOVE_TLS, "tls", "TLS", { { "no", 0 }, { "yes", MOVE_BIT(TLS) } } },
	{ REQ_MOVE_P2P, "p2p", "peer to peer", { { "no", 0 }, { "yes", MOVE_BIT(P2P) } } },
};

static_assert(G_N_ELEMENTS(choices) == MOVE_CHOICES, "a pick for each choice");

enum { CHOICE_OFFLINE, CHOICE_COPY };

static bool
is_there(size_t choice, unsigned value)
{
	return value < VALUES_MOST && choices[choice].values[value].text;
}

/* The value after NOW that FEATURES allow; the first one always is. */
static unsigned
next_value(size_t choice, unsigned now, uint32_t features)
{
	do
		now = is_there(choice, now + 1) ? now + 1 : 0;
	while ((choices[choice].values[now].needs & features) != choices[choice].values[now].needs);
	return now;
}

bool
move_form_request(struct move_form *form, int request, uint32_t features, const char **why)
{
	*why = NULL;
	for (size_t i = 0; i < MOVE_CHOICES; i++) {
		unsigned next;

		if (choices[i].request != request)
			continue;
		next = next_value(i, form->picks[i], features);
		if (next == form->picks[i])
			*why = "the driver of these hosts offers nothing else";
		form->picks[i] = (unsigned char)next;
		return true;
	}
	return false;
}

struct move_wish
move_form_wish(const struct move_form *form)
{
	static const enum copy_storage copies[] = { COPY_NONE, COPY_ALL, COPY_INCREMENTAL };

	return (struct move_wish){
		.copy = copies[form->picks[CHOICE_COPY]],
		.offline = form->picks[CHOICE_OFFLINE],
	};
}

char **
move_form_params(const struct move_form *form, const char *to)
{
	GPtrArray *params = g_ptr_array_new();

	if (to) {
		g_ptr_array_add(params, g_strdup("to"));
		g_ptr_array_add(params, g_strdup(to));
	}
	for (size_t i = 0; i < MOVE_CHOICES; i++) {
		if (!form->picks[i])
			continue;
		g_ptr_array_add(params, g_strdup(choices[i].param));
		g_ptr_array_add(params, g_strdup(choices[i].values[form->picks[i]].text));
	}
	g_ptr_array_add(params, NULL);
	return (char **)g_ptr_array_free(params, FALSE);
}

/* ---- drawing ---- */

/* Some value of it, beside the first, is allowed. */
static bool
is_offered(size_t choice, uint32_t features)
{
	return next_value(choice, 0, features) != 0;
}

int
move_form_draw(const struct move_form *form, const struct pane *pane, int y, const struct keymap *keymap,
	uint32_t features)
{
	int x = 0, first = y;

	for (size_t i = 0; i < MOVE_CHOICES; i++) {
		g_autofree char *key = keys_label(keymap, choices[i].request);
		g_autofree char *text =
			g_strdup_printf("%s %s", choices[i].label, choices[i].values[form->picks[i]].text);
		int width = key ? text_width(key) + 1 + text_width(text) : 0;
		bool offered = is_offered(i, features);

		if (!key)
			continue;
		if (x > 0 && x + width > pane->cols) {
			x = 0;
			y++;
		}
		x += pane_text(pane, y, x, -1, offered ? ROLE_KEY : ROLE_DIM, key) + 1;
		x += pane_text(pane, y, x, -1,
			     !offered         ? ROLE_DIM
			     : form->picks[i] ? ROLE_INFO
					      : ROLE_NORMAL,
			     text) +
		     2;
	}
	return y - first + 1;
}
