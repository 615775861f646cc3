/*
 * conn_sim_load: how a simulated guest's load goes up and down. Counters are closed forms of time, so that a world of
 * 100,000 guests costs nothing between samples and two samples always agree about what lay between them. Pure.
 */
#pragma once

#include <stdint.h>

/* A well-mixed 64-bit hash of two numbers: all that is "random" about the world comes from it. */
uint64_t sim_mix(uint64_t a, uint64_t b);

/* BITS as a number in [0, 1). */
double sim_unit(uint64_t bits);

/* The load-seconds of a guest with the identity BITS between world time 0 and T (seconds, may be negative): the
 * integral of a load that is 1 on average, never negative, and within SWING (0..1) of 1. Never falls with T. With SWING 0 it is T itself. */
double sim_wave(uint64_t bits, double t, double swing);
