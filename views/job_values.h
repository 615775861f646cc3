/* job_values: what the columns of jobs say of a struct queue_entry. UI thread only, pure. */
#pragma once

#include "views/column_table.h"

/* The words for states, NULL-terminated. */
extern const char *const job_state_words[];

/* As column.value */
void job_order(VALUE_ARGS);
void job_state(VALUE_ARGS);
void job_verb(VALUE_ARGS);
void job_vm(VALUE_ARGS);
void job_host(VALUE_ARGS);
void job_to(VALUE_ARGS);
void job_progress(VALUE_ARGS);
void job_left(VALUE_ARGS);
void job_speed(VALUE_ARGS);
void job_dirty(VALUE_ARGS);
void job_round(VALUE_ARGS);
void job_downtime(VALUE_ARGS);
void job_eta(VALUE_ARGS);
void job_started(VALUE_ARGS);
void job_queued(VALUE_ARGS);
void job_took(VALUE_ARGS);
void job_result(VALUE_ARGS);
void job_batch(VALUE_ARGS);
void job_uuid(VALUE_ARGS);

/* As column.cell. What does not apply is left out rather than unknown, or the table would be full of it. */
void job_order_cell(CELL_ARGS);
void job_state_cell(CELL_ARGS);
void job_result_cell(CELL_ARGS);
void job_to_cell(CELL_ARGS);
void job_progress_cell(CELL_ARGS);
void job_quiet_cell(CELL_ARGS);
void job_eta_cell(CELL_ARGS);
void job_started_cell(CELL_ARGS);
