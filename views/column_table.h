/* column_table: what the column tables of host_rows.c and vm_rows.c are written with. */
#pragma once

#include "views/columns.h"

#define TEXT_INFO(field_name, field_help) \
	&(const struct field_info) { .name = field_name, .help = field_help }
#define NUMBER_INFO(field_name, field_unit, field_help) \
	&(const struct field_info) { .name = field_name, .unit = field_unit, .help = field_help }
