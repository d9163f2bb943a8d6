/*
 * harm_state.h - private: what a running harm test remembers.
 */
#ifndef MONITORS_SRC_HARM_STATE_H
#define MONITORS_SRC_HARM_STATE_H

#include "monitors/harm.h"

#define N_BETS 8

/* One direction of the test: evidence that a loss's mean has left the limit, one per bet size, each
 * since it was last worth nothing. */
struct bets {
    double size[N_BETS];  /* per unit of scaled loss; positive: bets on a rise */
    double e[N_BETS];     /* E; above 0 */
    double since[N_BETS]; /* row from which it counts */
};

struct mon_harm {
    struct mon_harm_options options;
    struct mon_harm_limit limit;
    uint64_t n; /* rows fed */
    bool harmed;
    double since;                /* row; NaN without harm */
    double window_n, window_sum; /* since the last signal; losses in their unit */
    double block_n, block_sum;   /* rows of the block that is not full yet, losses likewise */
    struct bets rise, fall;      /* fall: only while harmed */
};

/* Rows that are one bet: 1 or more. */
double harm_block_rows(const struct mon_harm_limit *limit);

/* The options' values are in range. */
enum err_code harm_check_options(const struct mon_harm_options *o, struct err *e);
enum err_code harm_check_limit(const struct mon_harm_limit *limit, struct err *e);

#endif
