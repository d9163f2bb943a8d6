/*
 * observation_log.h - the rows that a model scored, on disk until the orchestrator has read them:
 * an append-only sequence of lines, bounded in bytes, read by sequence number.
 *
 * A folder of segment files, each named by the sequence number of its first line (20 digits,
 * ".ndjson"), a file "id" made with the folder, and "lost". Sequence numbers have no holes, so the
 * name of the oldest segment says how many rows were dropped. A line is written before its client
 * is answered: a killed process loses nothing but a line it was in the middle of, which is cut off
 * at the next start. When the disk is full rows are lost, counted, and serving goes on.
 *
 * All functions are thread-safe but open and close.
 */
#ifndef INFERENCE_OBSERVATION_LOG_H
#define INFERENCE_OBSERVATION_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define OBSERVATION_LOG_ID_BYTES 17
#define OBSERVATION_LOG_MAX_LINES 10000
#define OBSERVATION_LOG_MAX_PAGE ((size_t)16 << 20)

struct observation_log;

struct observation_log_info {
    char id[OBSERVATION_LOG_ID_BYTES];
    uint64_t first_seq, next_seq;
    uint64_t dropped; /* first_seq + rows lost to a full disk */
    uint64_t bytes;
    bool failing; /* the last append failed */
};

/* Opens or creates the folder. max_bytes bounds all segments together. *out is owned; free with
 * close. */
enum err_code observation_log_open(const char *dir, uint64_t max_bytes,
                                   struct observation_log **out, struct err *e);
void observation_log_close(struct observation_log *log);

/* Appends n_lines lines as observation_lines_write makes them, with one write(2). Where that fails
 * the rows are lost and counted, the file is as before, and *e says why; *first_failure (NULL
 * allowed) is true where the append before had succeeded. */
enum err_code observation_log_append(struct observation_log *log, const char *lines, size_t len,
                                     size_t n_lines, bool *first_failure, struct err *e);

/* Counts rows that could not even be written as lines. */
void observation_log_lose(struct observation_log *log, size_t n_lines);

void observation_log_info(struct observation_log *log, struct observation_log_info *out);

/* Appends at most limit whole lines from sequence number `from` on to out (fewer where a page would
 * be longer than OBSERVATION_LOG_MAX_PAGE); *next is the value for the next `from`. From below the
 * first kept line starts there; from beyond the end gives no line and *next = the end. */
enum err_code observation_log_read(struct observation_log *log, uint64_t from, size_t limit,
                                   struct buf *out, uint64_t *next, struct err *e);

#endif
