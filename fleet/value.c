#include "fleet/value.h"

void
value_number(struct value *value, double number)
{
	value->type = VALUE_NUMBER;
	value->number = number;
}

void
value_flag(struct value *value, bool flag)
{
	value->type = VALUE_FLAG;
	value->number = flag;
}

void
value_text(struct value *value, const char *text)
{
	value->type = text && *text ? VALUE_TEXT : VALUE_UNKNOWN;
	value->text = text;
}
