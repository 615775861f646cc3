#include "config/theme.h"

#include "config/error.h"
#include "config/words.h"

#include <assert.h>
#include <string.h>

static const struct {
	const char *name, *help;
} roles[] = {
#define ROLE_INFO(id, name, help) [ROLE_##id] = { name, help },
	ROLES(ROLE_INFO)
#undef ROLE_INFO
};

static_assert(G_N_ELEMENTS(roles) == ROLE_COUNT, "every role has a name");

static const struct {
	const char *name;
	uint8_t attr;
} attrs[] = {
	{ "bold", STYLE_BOLD },
	{ "dim", STYLE_DIM },
	{ "underline", STYLE_UNDERLINE },
	{ "reverse", STYLE_REVERSE },
};

/* Index is the colour's number. */
/* clang-format off */
static const char *const colours[] = {
	"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
	"bright-black", "bright-red", "bright-green", "bright-yellow",
	"bright-blue", "bright-magenta", "bright-cyan", "bright-white",
};
/* clang-format on */

/* Roles a theme leaves out look NORMAL, and NORMAL is the terminal's own colours: only what deviates is
 * coloured. Each deviation has an attribute too, so that terminals without colours show it. The 16-colour
 * stand-in follows the slash wherever the nearest one would not do. */
static const struct preset {
	const char *name;
	const char *styles[ROLE_COUNT];
} presets[] = {
	{
		.name = "default",
		.styles = {
			[ROLE_DIM] = "dim",
			[ROLE_TITLE] = "bold",
			[ROLE_COLUMN] = "bold",
			[ROLE_SORTED] = "bold underline",
			[ROLE_CURSOR] = "reverse",
			[ROLE_MARKED] = "bold 80/cyan",
			[ROLE_WARN] = "bold 214/yellow",
			[ROLE_BAD] = "bold 203/red",
			[ROLE_INFO] = "110/cyan",
			[ROLE_GRAPH] = "109/cyan",
			[ROLE_BADGE] = "bold reverse",
			[ROLE_FOCUS] = "bold reverse",
			[ROLE_KEY] = "bold",
			[ROLE_HEAT_0] = "60/blue",
			[ROLE_HEAT_1] = "61/blue",
			[ROLE_HEAT_2] = "67/blue",
			[ROLE_HEAT_3] = "73/cyan",
			[ROLE_HEAT_4] = "72/cyan",
			[ROLE_HEAT_5] = "113/green",
			[ROLE_HEAT_6] = "184/yellow",
			[ROLE_HEAT_7] = "bold 227/bright-yellow",
		},
	},
	{
		.name = "light",
		.styles = {
			[ROLE_DIM] = "dim",
			[ROLE_TITLE] = "bold",
			[ROLE_COLUMN] = "bold",
			[ROLE_SORTED] = "bold underline",
			[ROLE_CURSOR] = "reverse",
			[ROLE_MARKED] = "bold 25/blue",
			[ROLE_WARN] = "bold 130/magenta",
			[ROLE_BAD] = "bold 160/red",
			[ROLE_INFO] = "25/blue",
			[ROLE_GRAPH] = "24/blue",
			[ROLE_BADGE] = "bold reverse",
			[ROLE_FOCUS] = "bold reverse",
			[ROLE_KEY] = "bold",
			[ROLE_HEAT_0] = "152/cyan",
			[ROLE_HEAT_1] = "116/cyan",
			[ROLE_HEAT_2] = "74/cyan",
			[ROLE_HEAT_3] = "67/blue",
			[ROLE_HEAT_4] = "61/blue",
			[ROLE_HEAT_5] = "55/magenta",
			[ROLE_HEAT_6] = "54/magenta",
			[ROLE_HEAT_7] = "bold 53/red",
		},
	},
	{
		/* Blue, yellow and vermilion differ for every common kind of colour blindness; the alarm is
		 * reversed as well, so that it never hangs on the hue. */
		.name = "colour-blind",
		.styles = {
			[ROLE_DIM] = "dim",
			[ROLE_TITLE] = "bold",
			[ROLE_COLUMN] = "bold",
			[ROLE_SORTED] = "bold underline",
			[ROLE_CURSOR] = "reverse",
			[ROLE_MARKED] = "bold underline 74/cyan",
			[ROLE_WARN] = "bold 220/yellow",
			[ROLE_BAD] = "bold reverse 208/magenta",
			[ROLE_INFO] = "74/cyan",
			[ROLE_GRAPH] = "74/cyan",
			[ROLE_BADGE] = "bold reverse",
			[ROLE_FOCUS] = "bold reverse",
			[ROLE_KEY] = "bold",
			[ROLE_HEAT_0] = "60/blue",
			[ROLE_HEAT_1] = "61/blue",
			[ROLE_HEAT_2] = "67/blue",
			[ROLE_HEAT_3] = "66/cyan",
			[ROLE_HEAT_4] = "102/cyan",
			[ROLE_HEAT_5] = "144/yellow",
			[ROLE_HEAT_6] = "185/yellow",
			[ROLE_HEAT_7] = "bold 227/bright-yellow",
		},
	},
	{
		.name = "mono",
		.styles = {
			[ROLE_DIM] = "dim",
			[ROLE_TITLE] = "bold",
			[ROLE_COLUMN] = "bold",
			[ROLE_SORTED] = "bold underline",
			[ROLE_CURSOR] = "reverse",
			[ROLE_MARKED] = "underline",
			[ROLE_WARN] = "bold",
			[ROLE_BAD] = "bold underline",
			[ROLE_BADGE] = "bold reverse",
			[ROLE_FOCUS] = "bold reverse",
			[ROLE_KEY] = "bold",
			[ROLE_HEAT_0] = "dim",
			[ROLE_HEAT_1] = "dim",
			[ROLE_HEAT_6] = "bold",
			[ROLE_HEAT_7] = "bold",
		},
	},
};

static const struct style plain = { .fg = -1, .bg = -1, .fg16 = -1, .bg16 = -1 };

bool
role_by_name(const char *name, enum role *out)
{
	for (size_t i = 0; i < ROLE_COUNT; i++) {
		if (strcmp(roles[i].name, name) == 0) {
			*out = (enum role)i;
			return true;
		}
	}
	return false;
}

const char *
role_name(enum role role)
{
	return roles[role].name;
}

const char *const *
theme_names(void)
{
	static const char *const names[] = { "default", "light", "colour-blind", "mono", NULL };

	static_assert(G_N_ELEMENTS(names) == G_N_ELEMENTS(presets) + 1, "every theme is named");
	return names;
}

struct theme *
theme_new(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(presets); i++) {
		struct theme *theme;

		if (strcmp(presets[i].name, name) != 0)
			continue;
		theme = g_new0(struct theme, 1);
		theme->name = g_strdup(name);
		for (size_t role = 0; role < ROLE_COUNT; role++) {
			const char *text = presets[i].styles[role];

			if (!theme_set(theme, (enum role)role, text ? text : "default", NULL))
				g_error("built-in theme %s: %s", name, text);
		}
		return theme;
	}
	return NULL;
}

struct theme *
theme_copy(const struct theme *theme)
{
	struct theme *copy = g_memdup2(theme, sizeof(*theme));

	copy->name = g_strdup(theme->name);
	return copy;
}

void
theme_free(struct theme *theme)
{
	if (theme == NULL)
		return;
	g_free(theme->name);
	g_free(theme);
}

/* xterm's palette: 16 colours, a 6x6x6 cube, 24 greys. */
static void
palette_rgb(int colour, int rgb[3])
{
	static const int levels[] = { 0, 95, 135, 175, 215, 255 };
	/* clang-format off */
	static const unsigned char basic[16][3] = {
		{ 0, 0, 0 },       { 205, 0, 0 },   { 0, 205, 0 },   { 205, 205, 0 },
		{ 0, 0, 238 },     { 205, 0, 205 }, { 0, 205, 205 }, { 229, 229, 229 },
		{ 127, 127, 127 }, { 255, 0, 0 },   { 0, 255, 0 },   { 255, 255, 0 },
		{ 92, 92, 255 },   { 255, 0, 255 }, { 0, 255, 255 }, { 255, 255, 255 },
	};
	/* clang-format on */
	int cube = colour - 16;

	for (int i = 0; i < 3; i++) {
		if (colour < 16)
			rgb[i] = basic[colour][i];
		else if (colour >= 232)
			rgb[i] = 8 + 10 * (colour - 232);
		else
			rgb[i] = levels[(i == 0 ? cube / 36 : i == 1 ? cube / 6 : cube) % 6];
	}
}

static int16_t
nearest_basic(int colour)
{
	int want[3], best = 0, best_distance = G_MAXINT;

	if (colour < 16)
		return (int16_t)colour;
	palette_rgb(colour, want);
	for (int i = 0; i < 16; i++) {
		int have[3], d = 0;

		palette_rgb(i, have);
		for (int k = 0; k < 3; k++)
			d += (want[k] - have[k]) * (want[k] - have[k]);
		if (d < best_distance) {
			best = i;
			best_distance = d;
		}
	}
	return (int16_t)best;
}

/* A name, "default" or a number below LIMIT. */
static bool
parse_colour(const char *word, int limit, int16_t *out)
{
	guint64 number;

	if (strcmp(word, "default") == 0) {
		*out = -1;
		return true;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(colours); i++) {
		if (strcmp(word, colours[i]) == 0) {
			*out = (int16_t)i;
			return true;
		}
	}
	if (!g_ascii_string_to_unsigned(word, 10, 0, (guint64)limit - 1, &number, NULL))
		return false;
	*out = (int16_t)number;
	return true;
}

/* "208" or "208/yellow": the second is for terminals with 16 colours. */
static bool
parse_colours(const char *word, int16_t *full, int16_t *basic)
{
	g_auto(GStrv) halves = g_strsplit(word, "/", 2);

	if (halves[0] == NULL || !parse_colour(halves[0], 256, full))
		return false;
	if (halves[1] != NULL)
		return parse_colour(halves[1], 16, basic);
	*basic = *full < 0 ? -1 : nearest_basic(*full);
	return true;
}

static bool
parse_attr(const char *word, uint8_t *out)
{
	for (size_t i = 0; i < G_N_ELEMENTS(attrs); i++) {
		if (strcmp(word, attrs[i].name) == 0) {
			*out |= attrs[i].attr;
			return true;
		}
	}
	return false;
}

static bool
fail_word(const char *word, GError **error)
{
	const char *candidates[G_N_ELEMENTS(attrs) + G_N_ELEMENTS(colours) + 3] = { NULL };
	g_autofree char *quoted = words_quote(word);
	const char *nearest;
	size_t n = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(attrs); i++)
		candidates[n++] = attrs[i].name;
	for (size_t i = 0; i < G_N_ELEMENTS(colours); i++)
		candidates[n++] = colours[i];
	candidates[n++] = "default";
	candidates[n] = "on";
	nearest = words_nearest(word, candidates);
	return config_fail(error, CONFIG_ERROR_VALUE,
		"%s is no style; allowed: [bold] [dim] [underline] [reverse] [COLOUR] [on COLOUR], a colour "
		"being default, "
		"black, red, green, yellow, blue, magenta, cyan, white, bright-… or 0 to 255, with /COLOUR "
		"behind it for "
		"terminals of 16 colours%s%s%s",
		quoted, nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

bool
theme_set(struct theme *theme, enum role role, const char *text, GError **error)
{
	g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
	struct style style = plain;
	bool on = false, fg = false, bg = false, any = false;

	for (size_t i = 0; words[i] != NULL; i++) {
		const char *word = words[i];

		if (*word == '\0')
			continue;
		any = true;
		if (!on && parse_attr(word, &style.attrs))
			continue;
		if (!on && !bg && strcmp(word, "on") == 0)
			on = true;
		else if (on && parse_colours(word, &style.bg, &style.bg16))
			on = false, bg = true;
		else if (!on && !fg && !bg && parse_colours(word, &style.fg, &style.fg16))
			fg = true;
		else
			return fail_word(word, error);
	}
	if (on || !any)
		return fail_word(text, error);
	theme->styles[role] = style;
	return true;
}
