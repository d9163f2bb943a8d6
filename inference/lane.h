/*
 * lane.h - what one serving thread needs for itself while it answers a request: memory, a lock
 * around its counters, and an index into the per-lane parts of every version.
 *
 * A handler takes a lane, works, gives it back; there are as many lanes as serving threads, so it
 * never waits for one. Counters are kept per lane and added up when they are read: lanes_lock_all
 * stops the counting for that moment, so that a report shows one instant.
 */
#ifndef INFERENCE_LANE_H
#define INFERENCE_LANE_H

#include <pthread.h>

#include "arena.h"
#include "base/buf.h"

struct lane {
    size_t index;
    pthread_mutex_t
        counting;       /* held while this lane's counters change, and by readers of all lanes */
    struct arena arena; /* of the request in work */
    struct buf lines;   /* its observation lines */
};

struct lanes;

struct lanes *lanes_new(size_t n); /* NULL: out of memory */
void lanes_free(struct lanes *l);
size_t lanes_count(const struct lanes *l);

struct lane *lane_take(struct lanes *l); /* waits where all are taken */
void lane_give_back(struct lanes *l, struct lane *lane);

void lanes_lock_all(struct lanes *l);
void lanes_unlock_all(struct lanes *l);

#endif
