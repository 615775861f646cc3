#include "tui/key.h"

#include <criterion/criterion.h>
#include <string.h>

#define MS   1000
#define SOON (26 * MS) /* after the time that a sequence may take */

struct want {
	enum input_type type;
	uint32_t code; /* of a click: the button */
	uint8_t mods;
	int y, x;
};

#define KEY(code)                        \
	{                                \
		INPUT_KEY, code, 0, 0, 0 \
	}
#define CTRL(code)                                  \
	{                                           \
		INPUT_KEY, code, KEY_MOD_CTRL, 0, 0 \
	}
#define ALT(code)                                  \
	{                                          \
		INPUT_KEY, code, KEY_MOD_ALT, 0, 0 \
	}
#define PASTE(code)                        \
	{                                  \
		INPUT_PASTE, code, 0, 0, 0 \
	}
#define MOUSE(button, y, x)                  \
	{                                    \
		INPUT_MOUSE, button, 0, y, x \
	}

static const struct {
	const char *bytes;
	size_t len; /* 0: up to the NUL */
	struct want want[6];
} samples[] = {
	{ "aA 1?", 0, { KEY('a'), KEY('A'), KEY(' '), KEY('1'), KEY('?') } },
	{ "\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80", 0, { KEY(0xe9), KEY(0x4e2d), KEY(0x1f600) } },
	{ "\r\n\t\x7f\b", 0,
		{ KEY(KEY_CODE_ENTER), KEY(KEY_CODE_ENTER), KEY(KEY_CODE_TAB), KEY(KEY_CODE_BACKSPACE),
			KEY(KEY_CODE_BACKSPACE) } },
	{ "\0\x01\x1a\x1c\x1f", 5, { CTRL(' '), CTRL('a'), CTRL('z'), CTRL('\\'), CTRL('_') } },
	{ "\033[A\033OB\033[C\033OD", 0,
		{ KEY(KEY_CODE_UP), KEY(KEY_CODE_DOWN), KEY(KEY_CODE_RIGHT), KEY(KEY_CODE_LEFT) } },
	{ "\033[H\033[F\033[1~\033[4~\033[7~", 0,
		{ KEY(KEY_CODE_HOME), KEY(KEY_CODE_END), KEY(KEY_CODE_HOME), KEY(KEY_CODE_END),
			KEY(KEY_CODE_HOME) } },
	{ "\033[2~\033[3~\033[5~\033[6~\033[Z", 0,
		{ KEY(KEY_CODE_INSERT), KEY(KEY_CODE_DELETE), KEY(KEY_CODE_PGUP), KEY(KEY_CODE_PGDN),
			KEY(KEY_CODE_BACKTAB) } },
	{ "\033OP\033[11~\033[[A\033[15~\033[24~", 0,
		{ KEY(KEY_CODE_F1), KEY(KEY_CODE_F1), KEY(KEY_CODE_F1), KEY(KEY_CODE_F1 + 4),
			KEY(KEY_CODE_F12) } },
	{ "\033[1;5A\033[1;3B\033[1;2C\033[5;5~", 0,
		{ CTRL(KEY_CODE_UP), ALT(KEY_CODE_DOWN), KEY(KEY_CODE_RIGHT), CTRL(KEY_CODE_PGUP) } },
	{ "\033x\033\xc3\xa9\033\x7f", 0, { ALT('x'), ALT(0xe9), ALT(KEY_CODE_BACKSPACE) } },
	{ "\033\033[A", 0, { KEY(KEY_CODE_ESC), KEY(KEY_CODE_UP) } },
	{ "\033[<0;5;3M\033[<0;5;3m", 0, { MOUSE(MOUSE_LEFT, 2, 4) } },
	{ "\033[<0;5;3M\033[<0;5;3m\033[<0;5;3M\033[<0;5;3m\033[<0;5;3M", 0,
		{ MOUSE(MOUSE_LEFT, 2, 4), MOUSE(MOUSE_LEFT_DOUBLE, 2, 4), MOUSE(MOUSE_LEFT, 2, 4) } },
	{ "\033[<0;5;3M\033[<0;6;3M", 0, { MOUSE(MOUSE_LEFT, 2, 4), MOUSE(MOUSE_LEFT, 2, 5) } },
	{ "\033[<64;1;1M\033[<65;300;200M", 0,
		{ MOUSE(MOUSE_WHEEL_UP, 0, 0), MOUSE(MOUSE_WHEEL_DOWN, 199, 299) } },
	{ "\033[<1;1;1M\033[<2;1;1M\033[<35;1;1M\033[<0;0;0M\033[<66;1;1Mj", 0, { KEY('j') } },
	{ "\033[M !!j", 0, { MOUSE(MOUSE_LEFT, 0, 0), KEY('j') } },
	/* a paste is no key, whatever is in it */
	{ "\033[200~q\r\x03\t\033[A\033[201~j", 0,
		{ PASTE('q'), PASTE('\n'), PASTE('\t'), PASTE('['), PASTE('A'), KEY('j') } },
	{ "\033[200~\xff\xc3\xa9\xc2\x9b\033[201~j", 0, { PASTE(0xe9), KEY('j') } },
	/* what is not known is swallowed whole */
	{ "\033[?1;2c\033[I\033[999~\033Ojk", 0, { KEY('k') } },
	{ "\033]11;rgb:0/0/0\033\\\033]0;q\007\033P1$r0m\033\\j", 0, { KEY('j') } },
	{ "\033[12\033[A", 0, { KEY(KEY_CODE_UP) } },
	{ "\xff\xc3(\xed\xa0\x80z", 0, { KEY('('), KEY('z') } },
	{ "\xc2\x9b\x41", 0, { KEY('A') } },
};

static void
expect(const struct input *input, const struct want *want, size_t sample, size_t i)
{
	cr_expect_eq(input->type, want->type, "sample %zu, input %zu: type %d", sample, i, input->type);
	if (want->type == INPUT_MOUSE) {
		cr_expect(input->button == want->code && input->y == want->y && input->x == want->x,
			"sample %zu, input %zu: button %d at %d,%d", sample, i, input->button, input->y,
			input->x);
	} else {
		cr_expect(input->key.code == want->code && input->key.mods == want->mods,
			"sample %zu, input %zu: key %x mods %d", sample, i, input->key.code, input->key.mods);
	}
}

/* Feeds a sample in pieces of STEP bytes and checks all that comes of it. */
static void
run_sample(size_t sample, size_t step)
{
	struct key_decoder *decoder = key_decoder_new();
	const char *bytes = samples[sample].bytes;
	size_t len = samples[sample].len ? samples[sample].len : strlen(bytes), inputs = 0;
	int wait_ms;

	for (size_t at = 0; at < len; at += step) {
		struct input input;

		cr_assert_eq(
			key_decoder_feed(decoder, bytes + at, MIN(step, len - at), 0), MIN(step, len - at));
		while ((input = key_decoder_next(decoder, 0, &wait_ms)).type != INPUT_NONE) {
			cr_assert_lt(inputs, G_N_ELEMENTS(samples[sample].want), "sample %zu", sample);
			expect(&input, &samples[sample].want[inputs], sample, inputs);
			inputs++;
		}
	}
	cr_expect_eq(wait_ms, -1, "sample %zu: something is left", sample);
	cr_expect_eq(key_decoder_next(decoder, SOON, &wait_ms).type, INPUT_NONE);
	cr_expect(inputs == G_N_ELEMENTS(samples[sample].want) ||
			  samples[sample].want[inputs].type == INPUT_NONE,
		"sample %zu, step %zu: only %zu inputs", sample, step, inputs);
	key_decoder_free(decoder);
}

Test(key, bytes_become_inputs_however_they_are_cut)
{
	static const size_t steps[] = { 64, 1, 2, 3 };

	for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
		for (size_t s = 0; s < G_N_ELEMENTS(steps); s++)
			run_sample(i, steps[s]);
	}
}

/* The beginning of a sequence that does not go on. */
static const struct {
	const char *bytes;
	struct want want[2];
} unfinished[] = {
	{ "\033", { KEY(KEY_CODE_ESC) } },
	{ "\033[", { ALT('[') } },
	{ "\033O", { ALT('O') } },
	{ "\033]", { ALT(']') } },
	{ "\033[1;", { { INPUT_NONE, 0, 0, 0, 0 } } },
	{ "\xe4\xb8", { { INPUT_NONE, 0, 0, 0, 0 } } },
};

Test(key, what_stays_unfinished_counts_after_a_while)
{
	for (size_t i = 0; i < G_N_ELEMENTS(unfinished); i++) {
		struct key_decoder *decoder = key_decoder_new();
		struct input input;
		int wait_ms;

		key_decoder_feed(decoder, unfinished[i].bytes, strlen(unfinished[i].bytes), 1000 * MS);
		cr_expect_eq(key_decoder_next(decoder, 1000 * MS, &wait_ms).type, INPUT_NONE);
		cr_expect_eq(wait_ms, 25, "sample %zu: %d", i, wait_ms);
		cr_expect_eq(key_decoder_next(decoder, 1010 * MS, &wait_ms).type, INPUT_NONE);
		cr_expect_eq(wait_ms, 15, "sample %zu: %d", i, wait_ms);
		input = key_decoder_next(decoder, 1025 * MS, &wait_ms);
		expect(&input, &unfinished[i].want[0], i, 0);
		cr_expect_eq(wait_ms, -1);
		key_decoder_feed(decoder, "j", 1, 1030 * MS);
		input = key_decoder_next(decoder, 1030 * MS, &wait_ms);
		cr_expect(input.type == INPUT_KEY && input.key.code == 'j', "sample %zu", i);
		key_decoder_free(decoder);
	}
}

Test(key, a_paste_waits_for_its_end)
{
	struct key_decoder *decoder = key_decoder_new();
	int wait_ms;

	key_decoder_feed(decoder, "\033[200~\033[20", 10, 0);
	cr_expect_eq(key_decoder_next(decoder, 3600 * INT64_C(1000000), &wait_ms).type, INPUT_NONE);
	cr_expect_eq(wait_ms, -1);
	key_decoder_feed(decoder, "1~q", 3, 3601 * INT64_C(1000000));
	cr_expect_eq(key_decoder_next(decoder, 3601 * INT64_C(1000000), &wait_ms).type, INPUT_KEY);
	key_decoder_free(decoder);
}

Test(key, a_slow_second_click_is_another_click)
{
	struct key_decoder *decoder = key_decoder_new();
	int wait_ms;

	for (int i = 0; i < 3; i++) {
		key_decoder_feed(decoder, "\033[<0;1;1M", 9, i * 301 * MS);
		cr_expect_eq(key_decoder_next(decoder, i * 301 * MS, &wait_ms).button, MOUSE_LEFT);
	}
	key_decoder_free(decoder);
}

Test(key, an_unended_answer_does_not_deafen_for_ever)
{
	struct key_decoder *decoder = key_decoder_new();
	int wait_ms;

	key_decoder_feed(decoder, "\033]11;rgb", 8, 0);
	cr_expect_eq(key_decoder_next(decoder, 0, &wait_ms).type, INPUT_NONE);
	key_decoder_feed(decoder, "j", 1, 1000 * MS);
	cr_expect_eq(key_decoder_next(decoder, 1000 * MS, &wait_ms).type, INPUT_KEY);
	key_decoder_free(decoder);
}

Test(key, endless_sequences_are_dropped)
{
	struct key_decoder *decoder = key_decoder_new();
	size_t room = 0;
	int wait_ms;

	key_decoder_feed(decoder, "\033[", 2, 0);
	while (key_decoder_feed(decoder, ";", 1, 0) == 1)
		room++;
	cr_expect_gt(room, 100);
	cr_expect_eq(key_decoder_next(decoder, 0, &wait_ms).type, INPUT_NONE);
	cr_expect_eq(key_decoder_feed(decoder, "j", 1, 0), 1);
	cr_expect_eq(key_decoder_next(decoder, 0, &wait_ms).key.code, 'j');
	key_decoder_free(decoder);
	key_decoder_free(NULL);
}
