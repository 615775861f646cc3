/*
 * value: one fact of one row, raw – what sorts, what queries compare, and what goes into JSON. Pure. Any thread.
 */
#pragma once

#include <stdbool.h>

enum value_type { VALUE_UNKNOWN, VALUE_NUMBER, VALUE_TEXT, VALUE_FLAG };

struct value {
	enum value_type type;
	double number;     /* VALUE_NUMBER in the fact's unit; VALUE_FLAG 0 or 1 */
	const char *text;  /* VALUE_TEXT: the row's, or buffer; valid as long as both; of lists: the items, commas between */
	char buffer[512];
};

void value_number(struct value *value, double number);
void value_flag(struct value *value, bool flag);
void value_text(struct value *value, const char *text); /* borrowed; NULL or "": unknown */
