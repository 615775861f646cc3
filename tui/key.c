#include "tui/key.h"

#include <stdbool.h>
#include <string.h>

#define ESC             0x1b
#define PENDING_US      25000 /* how long the rest of a sequence may take; then what is there counts by itself */
#define STRING_US       500000 /* pause that ends a terminal's answer which lacks its end */
#define DOUBLE_CLICK_US 300000
#define PASTE_BEGIN     200
#define PASTE_END       "\033[201~"

enum mode {
	MODE_KEYS,
	MODE_PASTE, /* between the marks of a bracketed paste */
	MODE_STRING, /* in a terminal's answer to something (OSC, DCS, ...); we ask nothing, so it is swallowed */
};

struct key_decoder {
	unsigned char bytes[256];
	size_t len;
	int64_t fed_us; /* when the last byte came */
	enum mode mode;
	struct input click; /* the last one that may become a double one; INPUT_NONE: there is none */
	int64_t click_us;
};

/* What is being decoded: bytes of the decoder, and whether more may still come. */
struct view {
	const unsigned char *bytes;
	size_t len;
	bool final;
};

struct key_name {
	int name; /* final byte, or number before '~' */
	uint32_t code;
};

static const struct key_name letter_keys[] = {
	{ 'A', KEY_CODE_UP },
	{ 'B', KEY_CODE_DOWN },
	{ 'C', KEY_CODE_RIGHT },
	{ 'D', KEY_CODE_LEFT },
	{ 'F', KEY_CODE_END },
	{ 'H', KEY_CODE_HOME },
	{ 'M', KEY_CODE_ENTER }, /* of the keypad */
	{ 'P', KEY_CODE_F1 },
	{ 'Q', KEY_CODE_F1 + 1 },
	{ 'R', KEY_CODE_F1 + 2 },
	{ 'S', KEY_CODE_F1 + 3 },
	{ 'Z', KEY_CODE_BACKTAB },
};

static const struct key_name number_keys[] = {
	{ 1, KEY_CODE_HOME },
	{ 2, KEY_CODE_INSERT },
	{ 3, KEY_CODE_DELETE },
	{ 4, KEY_CODE_END },
	{ 5, KEY_CODE_PGUP },
	{ 6, KEY_CODE_PGDN },
	{ 7, KEY_CODE_HOME },
	{ 8, KEY_CODE_END },
	{ 11, KEY_CODE_F1 },
	{ 12, KEY_CODE_F1 + 1 },
	{ 13, KEY_CODE_F1 + 2 },
	{ 14, KEY_CODE_F1 + 3 },
	{ 15, KEY_CODE_F1 + 4 },
	{ 17, KEY_CODE_F1 + 5 },
	{ 18, KEY_CODE_F1 + 6 },
	{ 19, KEY_CODE_F1 + 7 },
	{ 20, KEY_CODE_F1 + 8 },
	{ 21, KEY_CODE_F1 + 9 },
	{ 23, KEY_CODE_F1 + 10 },
	{ 24, KEY_CODE_F1 + 11 },
};

static uint32_t
key_by_name(const struct key_name *table, size_t n, int name)
{
	for (size_t i = 0; i < n; i++) {
		if (table[i].name == name)
			return table[i].code;
	}
	return KEY_CODE_NONE;
}

static struct input
input_key(uint32_t code, uint8_t mods)
{
	return (struct input){
		.type = code == KEY_CODE_NONE ? INPUT_NONE : INPUT_KEY,
		.key = { .code = code, .mods = mods },
	};
}

/*
 * The decode_* functions put what VIEW begins with into *OUT – untouched, so INPUT_NONE, when it means nothing to us – and
 * return how many bytes that was; 0: more must come to tell.
 */

static size_t
decode_control(unsigned char byte, struct input *out)
{
	switch (byte) {
	case 0x00:
		*out = input_key(' ', KEY_MOD_CTRL);
		break;
	case '\b':
	case 0x7f:
		*out = input_key(KEY_CODE_BACKSPACE, 0);
		break;
	case '\t':
		*out = input_key(KEY_CODE_TAB, 0);
		break;
	case '\n':
	case '\r':
		*out = input_key(KEY_CODE_ENTER, 0);
		break;
	default:
		*out = input_key(g_ascii_tolower((char)(byte | 0x40)), KEY_MOD_CTRL);
		break;
	}
	out->byte = byte;
	return 1;
}

static size_t
decode_utf8(struct view view, struct input *out)
{
	gunichar ch = g_utf8_get_char_validated((const char *)view.bytes, (gssize)MIN(view.len, 6));

	if (ch == (gunichar)-2)
		return view.final ? 1 : 0;
	if (ch == (gunichar)-1)
		return 1;
	if (g_unichar_iscntrl(ch))
		return (size_t)g_unichar_to_utf8(ch, NULL);
	*out = input_key(ch, 0);
	return (size_t)g_unichar_to_utf8(ch, NULL);
}

static size_t
decode_char(struct view view, struct input *out)
{
	if (view.bytes[0] < 0x20 || view.bytes[0] == 0x7f)
		return decode_control(view.bytes[0], out);
	return decode_utf8(view, out);
}

/* The parameters of a sequence, "1;5": up to N of them, 0 where none is given. */
static void
read_params(const unsigned char *at, const unsigned char *end, int *params, size_t n)
{
	memset(params, 0, n * sizeof(*params));
	for (size_t i = 0; at < end && i < n; at++) {
		if (*at == ';')
			i++;
		else if (g_ascii_isdigit((char)*at))
			params[i] = MIN(params[i] * 10 + (*at - '0'), 0xffff);
	}
}

/* xterm's modifier parameter: one more than a mask of shift, alt, ctrl and meta. */
static uint8_t
mods_of_param(int param)
{
	int mask = param > 0 ? param - 1 : 0;

	return (uint8_t)((mask & 4 ? KEY_MOD_CTRL : 0) | (mask & (2 | 8) ? KEY_MOD_ALT : 0));
}

static struct input
mouse_click(struct key_decoder *decoder, int y, int x)
{
	struct input input = { .type = INPUT_MOUSE, .button = MOUSE_LEFT, .y = y, .x = x };
	const struct input *last = &decoder->click;

	if (last->type == INPUT_MOUSE && last->y == y && last->x == x &&
		decoder->fed_us - decoder->click_us <= DOUBLE_CLICK_US) {
		input.button = MOUSE_LEFT_DOUBLE;
		decoder->click.type = INPUT_NONE;
	} else {
		decoder->click = input;
		decoder->click_us = decoder->fed_us;
	}
	return input;
}

/* BUTTONS as xterm encodes them: 0 to 2 and modifiers, +32 motion, +64 wheel. */
static struct input
mouse_input(struct key_decoder *decoder, int buttons, int x, int y)
{
	struct input input = { .type = INPUT_NONE, .y = y - 1, .x = x - 1 };

	if (x < 1 || y < 1 || buttons & (32 | 128))
		return input;
	if (buttons & 64 && (buttons & 3) <= 1) {
		input.type = INPUT_MOUSE;
		input.button = (buttons & 3) == 0 ? MOUSE_WHEEL_UP : MOUSE_WHEEL_DOWN;
	} else if ((buttons & (64 | 3)) == 0) {
		input = mouse_click(decoder, y - 1, x - 1);
	}
	return input;
}

/* What terminals without SGR mouse answer: "\e[M" and three bytes. */
static size_t
decode_old_mouse(struct key_decoder *decoder, struct view view, struct input *out)
{
	if (view.len < 6)
		return view.final ? view.len : 0;
	*out = mouse_input(decoder, view.bytes[3] - 32, view.bytes[4] - 32, view.bytes[5] - 32);
	return 6;
}

/* A whole sequence: parameters from PARAMS up to FINAL. */
static struct input
csi_input(struct key_decoder *decoder, const unsigned char *at, const unsigned char *final)
{
	struct input input;
	uint32_t code;
	int params[3];

	if (*at == '<') {
		read_params(at + 1, final, params, G_N_ELEMENTS(params));
		return *final == 'M' ? mouse_input(decoder, params[0], params[1], params[2])
				     : (struct input){ 0 };
	}
	read_params(at, final, params, G_N_ELEMENTS(params));
	if (*final == '~' && params[0] == PASTE_BEGIN)
		decoder->mode = MODE_PASTE;
	code = *final == '~' ? key_by_name(number_keys, G_N_ELEMENTS(number_keys), params[0])
			     : key_by_name(letter_keys, G_N_ELEMENTS(letter_keys), *final);
	input = input_key(code, mods_of_param(params[1]));
	input.shift = params[1] > 1 && (params[1] - 1) & 1;
	return input;
}

static size_t
decode_csi(struct key_decoder *decoder, struct view view, struct input *out)
{
	size_t i = 2;

	if (i < view.len && view.bytes[i] == 'M')
		return decode_old_mouse(decoder, view, out);
	if (i < view.len && view.bytes[i] == '[') { /* the Linux console's F1 to F5: "\e[[A" */
		if (view.len == 3)
			return view.final ? 3 : 0;
		if (view.bytes[3] >= 'A' && view.bytes[3] <= 'E')
			*out = input_key(KEY_CODE_F1 + view.bytes[3] - 'A', 0);
		return 4;
	}
	while (i < view.len && view.bytes[i] >= 0x20 && view.bytes[i] < 0x40)
		i++;
	if (i == view.len) {
		if (view.final && i == 2)
			*out = input_key('[', KEY_MOD_ALT);
		return view.final ? i : 0;
	}
	if (view.bytes[i] < 0x40 || view.bytes[i] >= 0x7f)
		return i; /* not its end: another key cut the sequence off */
	*out = csi_input(decoder, view.bytes + 2, view.bytes + i);
	return i + 1;
}

static size_t
decode_ss3(struct view view, struct input *out)
{
	if (view.len == 2) {
		if (view.final)
			*out = input_key('O', KEY_MOD_ALT);
		return view.final ? 2 : 0;
	}
	*out = input_key(key_by_name(letter_keys, G_N_ELEMENTS(letter_keys), view.bytes[2]), 0);
	return 3;
}

static size_t
decode_escape(struct key_decoder *decoder, struct view view, struct input *out)
{
	struct view rest = { .bytes = view.bytes + 1, .len = view.len - 1, .final = view.final };
	size_t taken;

	if (view.len == 1 && !view.final)
		return 0;
	if (view.len == 1 || view.bytes[1] == ESC) {
		*out = input_key(KEY_CODE_ESC, 0);
		return 1;
	}
	if (view.bytes[1] == '[')
		return decode_csi(decoder, view, out);
	if (view.bytes[1] == 'O')
		return decode_ss3(view, out);
	if (strchr("]P_^X", view.bytes[1])) {
		if (view.len == 2 && !view.final)
			return 0; /* alt-] or the like, if nothing follows at once */
		if (view.len > 2) {
			decoder->mode = MODE_STRING;
			return 2;
		}
	}
	taken = decode_char(rest, out);
	out->key.mods |= KEY_MOD_ALT;
	return taken > 0 ? taken + 1 : 0;
}

/* Nothing but the end of the paste means anything here, least of all a key. */
static size_t
decode_paste(struct key_decoder *decoder, struct view view, struct input *out)
{
	size_t taken;

	if (memcmp(view.bytes, PASTE_END, MIN(view.len, strlen(PASTE_END))) == 0) {
		if (view.len < strlen(PASTE_END))
			return 0; /* however long that takes: better deaf than a key made of a paste */
		decoder->mode = MODE_KEYS;
		return strlen(PASTE_END);
	}
	switch (view.bytes[0]) {
	case '\r':
	case '\n':
		*out = input_key('\n', 0);
		taken = 1;
		break;
	case '\t':
		*out = input_key('\t', 0);
		taken = 1;
		break;
	default:
		taken = decode_utf8(view, out);
		break;
	}
	if (out->type == INPUT_KEY)
		out->type = INPUT_PASTE;
	return taken;
}

/* Up to BEL, "ESC \\", or an ESC that begins something else. */
static size_t
decode_string(struct key_decoder *decoder, struct view view, struct input *out)
{
	size_t i = 0;

	while (i < view.len && view.bytes[i] != '\a' && view.bytes[i] != ESC)
		i++;
	if (i == view.len)
		return i;
	if (view.bytes[i] == ESC && i + 1 == view.len && !view.final)
		return i;
	decoder->mode = MODE_KEYS;
	if (view.bytes[i] == '\a')
		return i + 1;
	if (i + 1 < view.len && view.bytes[i + 1] == '\\')
		return i + 2;
	return i > 0 ? i : decode_escape(decoder, view, out);
}

static size_t
decode(struct key_decoder *decoder, struct view view, struct input *out)
{
	if (decoder->mode == MODE_PASTE)
		return decode_paste(decoder, view, out);
	if (decoder->mode == MODE_STRING)
		return decode_string(decoder, view, out);
	if (view.bytes[0] == ESC)
		return decode_escape(decoder, view, out);
	return decode_char(view, out);
}

struct key_decoder *
key_decoder_new(void)
{
	return g_new0(struct key_decoder, 1);
}

void
key_decoder_free(struct key_decoder *decoder)
{
	if (!decoder)
		return;
	explicit_bzero(decoder, sizeof(*decoder)); /* a passphrase may have come through here */
	g_free(decoder);
}

size_t
key_decoder_feed(struct key_decoder *decoder, const void *bytes, size_t n, int64_t now_us)
{
	size_t taken = MIN(n, sizeof(decoder->bytes) - decoder->len);

	if (decoder->mode == MODE_STRING && now_us - decoder->fed_us > STRING_US)
		decoder->mode = MODE_KEYS;
	memcpy(decoder->bytes + decoder->len, bytes, taken);
	decoder->len += taken;
	decoder->fed_us = now_us;
	return taken;
}

static void
drop(struct key_decoder *decoder, size_t n)
{
	decoder->len -= n;
	memmove(decoder->bytes, decoder->bytes + n, decoder->len);
	explicit_bzero(decoder->bytes + decoder->len, n);
}

struct input
key_decoder_next(struct key_decoder *decoder, int64_t now_us, int *wait_ms)
{
	int64_t due_us = decoder->fed_us + PENDING_US;
	bool full = decoder->len == sizeof(decoder->bytes);

	*wait_ms = -1;
	while (decoder->len > 0) {
		struct view view = {
			.bytes = decoder->bytes,
			.len = decoder->len,
			.final = full || now_us >= due_us,
		};
		struct input input = { .type = INPUT_NONE };
		size_t taken = decode(decoder, view, &input);

		if (taken == 0) {
			if (decoder->mode != MODE_PASTE)
				*wait_ms = (int)((due_us - now_us + 999) / 1000);
			break;
		}
		drop(decoder, taken);
		if (input.type != INPUT_NONE)
			return input;
	}
	return (struct input){ .type = INPUT_NONE };
}
