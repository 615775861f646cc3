/* Any bytes as a terminal's input, in any pieces and at any time: each input is a valid one, nothing within a paste is a
 * key, and nothing stays stuck. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tui/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct input input)
{
	switch (input.type) {
	case INPUT_KEY:
		g_assert(input.key.code != KEY_CODE_NONE && input.key.code < KEY_CODE_LAST);
		g_assert(input.key.code >= KEY_CODE_UP || g_unichar_validate(input.key.code));
		g_assert(input.key.code >= ' ' && input.key.code != 0x7f);
		break;
	case INPUT_PASTE:
		g_assert(g_unichar_validate(input.key.code) && input.key.mods == 0);
		g_assert(input.key.code >= ' ' || input.key.code == '\n' || input.key.code == '\t');
		break;
	case INPUT_MOUSE:
		g_assert(input.y >= 0 && input.x >= 0 && input.button <= MOUSE_WHEEL_DOWN);
		break;
	default:
		g_assert_not_reached();
	}
}

static void
drain(struct key_decoder *decoder, int64_t now_us)
{
	struct input input;
	int wait_ms;

	while ((input = key_decoder_next(decoder, now_us, &wait_ms)).type != INPUT_NONE)
		check(input);
	g_assert(wait_ms == -1 || (wait_ms > 0 && wait_ms <= 25));
}

/* Between its marks, a paste of anything that does not hold the end mark is no key. */
static void
check_paste(const uint8_t *data, size_t size)
{
	struct key_decoder *decoder = key_decoder_new();
	int wait_ms;

	key_decoder_feed(decoder, "\033[200~", 6, 0);
	for (size_t i = 0; i < size && !memmem(data, size, "\033[201~", 6); i++) {
		struct input input;

		key_decoder_feed(decoder, data + i, 1, 0);
		while ((input = key_decoder_next(decoder, 0, &wait_ms)).type != INPUT_NONE)
			g_assert(input.type == INPUT_PASTE);
	}
	key_decoder_free(decoder);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct key_decoder *decoder = key_decoder_new();
	int64_t now_us = 1;

	/* A byte says how much comes at once and how much later, as many bytes follow. */
	for (size_t at = 0; at < size;) {
		size_t step = data[at] & 0x3f, taken = 0;
		int64_t pause_us = (data[at] >> 6) * 15000;

		at++;
		now_us += pause_us;
		drain(decoder, now_us);
		step = MIN(step, size - at);
		while (taken < step) {
			size_t n = key_decoder_feed(decoder, data + at + taken, step - taken, now_us);

			drain(decoder, now_us);
			g_assert(n > 0);
			taken += n;
		}
		at += step;
	}
	key_decoder_free(decoder);
	check_paste(data, size);
	return 0;
}
