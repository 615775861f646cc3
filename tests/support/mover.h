/* mover: hands that migrate guests, for tests: jobs go in, and come back ended. */
#pragma once

#include "fleet/hands.h"

struct mover;

struct mover *mover_new(const struct conn_factory *factory); /* copied */
/* Waits for what is under way. */
void mover_free(struct mover *mover);

/* A migration of VM from host FROM to host TO, which are called "hFROM" and "hTO"; PARAMS: names and values in turn, NULL-
 * terminated; NULL: none. */
struct job *mover_job(const char *vm, const uint8_t uuid[UUID_LEN], uint32_t from, uint32_t to,
                      const char *const *params);
/* Takes JOB. */
void mover_begin(struct mover *mover, struct job *job);
/* The next job that has ended, for the caller to free; NULL after TIMEOUT_MS. */
struct job *mover_end(struct mover *mover, int64_t timeout_ms);
