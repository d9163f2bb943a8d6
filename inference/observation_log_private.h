/*
 * observation_log_private.h - what the writing, reading and recovering halves of the log share.
 */
#ifndef INFERENCE_OBSERVATION_LOG_PRIVATE_H
#define INFERENCE_OBSERVATION_LOG_PRIVATE_H

#include <limits.h>
#include <pthread.h>

#include "observation_log.h"

#define SEGMENTS_MAX 64
#define SEGMENTS_WANTED 16 /* the bound is divided by this: what is dropped at a time */
#define SEGMENT_MIN_BYTES 4096

struct segment {
    uint64_t first_seq;
    uint64_t size_bytes;
};

/* Where the last page ended: the next one mostly begins there. */
struct read_hint {
    uint64_t seq, segment_first_seq, offset;
};

struct observation_log {
    pthread_mutex_t lock; /* everything below */
    char dir[PATH_MAX - 64];
    char id[OBSERVATION_LOG_ID_BYTES];
    uint64_t max_bytes, segment_bytes;
    size_t n_segments; /* at least 1; the last one is written to */
    struct segment segments[SEGMENTS_MAX];
    uint64_t next_seq, lost, bytes;
    bool failing;
    int fd; /* of the last segment */
    struct buf pending;
    struct read_hint hint;
};

void segment_path(const struct observation_log *log, uint64_t first_seq, char out[PATH_MAX]);

/* Fills id, segments, next_seq, lost and bytes from the folder, cutting off a torn last line; opens
 * fd. */
enum err_code observation_log_recover(struct observation_log *log, struct err *e);

#endif
