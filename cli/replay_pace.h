/*
 * replay_pace.h - when the next row of a replay may go: evenly, at a rate. Pure.
 */
#ifndef CLI_REPLAY_PACE_H
#define CLI_REPLAY_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct replay_pace {
    double rows_per_s; /* 0: as fast as it goes */
    double next_ms;    /* when the next row is due */
};

struct replay_pace replay_pace_start(double rows_per_s, double now_ms);

/* True where a row may go now; it is then counted as gone. What was missed in a stall is made up
 * for by at most 100 ms' worth of rows: a burst is not the stream that was asked for. */
bool replay_pace_take(struct replay_pace *p, double now_ms);

/* Milliseconds until the next row, at least 0. */
int64_t replay_pace_wait_ms(const struct replay_pace *p, double now_ms);

#endif
