/*
 * observation_log.c - appending, rolling to a new segment, dropping the oldest.
 */
#include "observation_log_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define PENDING_KEEP_BYTES ((size_t)1 << 20)

void segment_path(const struct observation_log *log, uint64_t first_seq, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%020" PRIu64 ".ndjson", log->dir, first_seq);
}

enum err_code observation_log_open(const char *dir, uint64_t max_bytes,
                                   struct observation_log **out, struct err *e)
{
    struct observation_log *log = calloc(1, sizeof *log);
    if (!log) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    log->fd = -1;
    log->max_bytes = max_bytes;
    log->segment_bytes = max_bytes / SEGMENTS_WANTED;
    if (log->segment_bytes < SEGMENT_MIN_BYTES) {
        log->segment_bytes = SEGMENT_MIN_BYTES;
    }
    snprintf(log->dir, sizeof log->dir, "%s", dir);
    pthread_mutex_init(&log->lock, NULL);
    enum err_code code = file_mkdirs(dir, e);
    if (!code) {
        code = observation_log_recover(log, e);
    }
    if (code) {
        observation_log_close(log);
        return code;
    }
    *out = log;
    return ERR_OK;
}

void observation_log_close(struct observation_log *log)
{
    if (!log) {
        return;
    }
    if (log->fd >= 0) {
        close(log->fd);
    }
    buf_free(&log->pending);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

/* ---- below: the lock is held ---- */

static void drop_oldest(struct observation_log *log)
{
    char path[PATH_MAX];
    segment_path(log, log->segments[0].first_seq, path);
    unlink(path);
    log->bytes -= log->segments[0].size_bytes;
    log->n_segments--;
    memmove(log->segments, log->segments + 1, log->n_segments * sizeof *log->segments);
}

static enum err_code start_segment(struct observation_log *log, struct err *e)
{
    char path[PATH_MAX];
    segment_path(log, log->next_seq, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        return err_set_errno(e, errno, "cannot create %s", path);
    }
    close(log->fd);
    log->fd = fd;
    log->segments[log->n_segments++] = (struct segment){.first_seq = log->next_seq};
    return ERR_OK;
}

/* Makes the last segment one that takes len more bytes, and the whole stay in its bound. */
static enum err_code make_room(struct observation_log *log, size_t len, struct err *e)
{
    if (len > log->max_bytes) {
        return err_set(e, ERR_LIMIT, "%zu bytes of rows at once, the log holds %" PRIu64, len,
                       log->max_bytes);
    }
    const struct segment *last = &log->segments[log->n_segments - 1];
    if (last->size_bytes > 0 && last->size_bytes + len > log->segment_bytes) {
        if (log->n_segments == SEGMENTS_MAX) {
            drop_oldest(log);
        }
        enum err_code code = start_segment(log, e);
        if (code) {
            return code;
        }
    }
    while (log->bytes + len > log->max_bytes && log->n_segments > 1) {
        drop_oldest(log);
    }
    return ERR_OK;
}

/* Puts `{"seq":N,` in front of every line. */
static enum err_code number_lines(struct observation_log *log, const char *lines, size_t len,
                                  struct err *e)
{
    buf_clear(&log->pending);
    uint64_t seq = log->next_seq;
    char number[40];
    for (const char *p = lines, *end = lines + len; p < end; seq++) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        size_t n = newline ? (size_t)(newline - p) + 1 : (size_t)(end - p);
        int prefix = snprintf(number, sizeof number, "{\"seq\":%" PRIu64 ",", seq);
        buf_append(&log->pending, number, (size_t)prefix);
        buf_append(&log->pending, p, n);
        p += n;
    }
    return buf_failed(&log->pending) ? err_set(e, ERR_NOMEM, "out of memory") : ERR_OK;
}

/* All of pending, or nothing of it. */
static enum err_code write_pending(struct observation_log *log, struct err *e)
{
    struct segment *last = &log->segments[log->n_segments - 1];
    size_t done = 0;
    while (done < log->pending.len) {
        ssize_t n = write(log->fd, log->pending.data + done, log->pending.len - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            enum err_code code =
                err_set_errno(e, n ? errno : ENOSPC, "observation log in %s", log->dir);
            if (done > 0 && ftruncate(log->fd, (off_t)last->size_bytes) != 0) {
                err_prefix(e, "cannot take back half a line");
            }
            return code;
        }
        done += (size_t)n;
    }
    last->size_bytes += log->pending.len;
    log->bytes += log->pending.len;
    return ERR_OK;
}

/* Keeps the count of lost rows over a restart; on a full disk this fails and is tried again later.
 */
static void save_lost(const struct observation_log *log)
{
    char path[PATH_MAX], text[32];
    snprintf(path, sizeof path, "%s/lost", log->dir);
    int len = snprintf(text, sizeof text, "%" PRIu64 "\n", log->lost);
    file_write_atomic(path, text, (size_t)len, NULL);
}

static enum err_code append_locked(struct observation_log *log, const char *lines, size_t len,
                                   size_t n_lines, struct err *e)
{
    enum err_code code = number_lines(log, lines, len, e);
    if (!code) {
        code = make_room(log, log->pending.len, e);
    }
    if (!code) {
        code = write_pending(log, e);
    }
    if (code) {
        log->lost += n_lines;
    } else {
        log->next_seq += n_lines;
    }
    return code;
}

enum err_code observation_log_append(struct observation_log *log, const char *lines, size_t len,
                                     size_t n_lines, bool *first_failure, struct err *e)
{
    pthread_mutex_lock(&log->lock);
    bool was_failing = log->failing;
    enum err_code code = append_locked(log, lines, len, n_lines, e);
    log->failing = code != ERR_OK;
    if (was_failing != log->failing) {
        save_lost(log);
    }
    if (log->pending.cap > PENDING_KEEP_BYTES) {
        buf_free(&log->pending);
    }
    pthread_mutex_unlock(&log->lock);
    if (first_failure) {
        *first_failure = code && !was_failing;
    }
    return code;
}

void observation_log_lose(struct observation_log *log, size_t n_lines)
{
    pthread_mutex_lock(&log->lock);
    log->lost += n_lines;
    save_lost(log);
    pthread_mutex_unlock(&log->lock);
}

void observation_log_info(struct observation_log *log, struct observation_log_info *out)
{
    pthread_mutex_lock(&log->lock);
    memcpy(out->id, log->id, sizeof out->id);
    out->first_seq = log->segments[0].first_seq;
    out->next_seq = log->next_seq;
    out->dropped = log->segments[0].first_seq + log->lost;
    out->bytes = log->bytes;
    out->failing = log->failing;
    pthread_mutex_unlock(&log->lock);
}
