/*
 * observation_log_recover.c - the folder as a killed process left it. Only the last segment can
 * hold anything unfinished: its lines are checked one after the other and cut at the first that is
 * not whole.
 */
#include "observation_log_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/rand.h"

/* The id file, made where it is absent. */
static enum err_code load_id(struct observation_log *log, struct err *e)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/id", log->dir);
    char *text;
    size_t len;
    if (file_read(path, 64, &text, &len, NULL) == ERR_OK) {
        bool good = len >= OBSERVATION_LOG_ID_BYTES - 1;
        snprintf(log->id, sizeof log->id, "%.16s", text);
        free(text);
        if (good) {
            return ERR_OK;
        }
    }
    rand_id(log->id, (OBSERVATION_LOG_ID_BYTES - 1) / 2);
    return file_write_atomic(path, log->id, strlen(log->id), e);
}

static void load_lost(struct observation_log *log)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/lost", log->dir);
    char *text;
    size_t len;
    if (file_read(path, 64, &text, &len, NULL) == ERR_OK) {
        log->lost = strtoull(text, NULL, 10);
        free(text);
    }
}

static int by_first_seq(const void *a, const void *b)
{
    const struct segment *s = a, *t = b;
    return (s->first_seq > t->first_seq) - (s->first_seq < t->first_seq);
}

/* "00000000000000000017.ndjson" -> 17 */
static bool parse_segment_name(const char *name, uint64_t *first_seq)
{
    size_t digits = strspn(name, "0123456789");
    if (digits != 20 || strcmp(name + digits, ".ndjson") != 0) {
        return false;
    }
    *first_seq = strtoull(name, NULL, 10);
    return true;
}

static enum err_code list_segments(struct observation_log *log, struct err *e)
{
    DIR *dir = opendir(log->dir);
    if (!dir) {
        return err_set_errno(e, errno, "cannot read %s", log->dir);
    }
    enum err_code code = ERR_OK;
    struct dirent *entry;
    while (!code && (entry = readdir(dir))) {
        uint64_t first_seq;
        struct stat st;
        char path[PATH_MAX];
        if (!parse_segment_name(entry->d_name, &first_seq)) {
            continue;
        }
        segment_path(log, first_seq, path);
        if (stat(path, &st) != 0) {
            code = err_set_errno(e, errno, "cannot read %s", path);
        } else if (log->n_segments == SEGMENTS_MAX) {
            code = err_set(e, ERR_CORRUPT, "more than %d segments in %s", SEGMENTS_MAX, log->dir);
        } else {
            log->segments[log->n_segments++] = (struct segment){first_seq, (uint64_t)st.st_size};
            log->bytes += (uint64_t)st.st_size;
        }
    }
    closedir(dir);
    qsort(log->segments, log->n_segments, sizeof *log->segments, by_first_seq);
    return code;
}

/* Length of the whole lines at the start of text, numbered from seq on; *n_lines of them. */
static size_t whole_lines(const char *text, size_t len, uint64_t seq, uint64_t *n_lines)
{
    size_t good = 0;
    *n_lines = 0;
    while (good < len) {
        const char *newline = memchr(text + good, '\n', len - good);
        char prefix[48];
        int n = snprintf(prefix, sizeof prefix, "{\"seq\":%" PRIu64 ",", seq + *n_lines);
        if (!newline || (size_t)(newline - text - good) < (size_t)n ||
            memcmp(text + good, prefix, (size_t)n) != 0 || newline[-1] != '}') {
            break;
        }
        good = (size_t)(newline - text) + 1;
        ++*n_lines;
    }
    return good;
}

static enum err_code recover_last(struct observation_log *log, struct err *e)
{
    struct segment *last = &log->segments[log->n_segments - 1];
    char path[PATH_MAX];
    segment_path(log, last->first_seq, path);
    char *text;
    size_t len;
    uint64_t n_lines;
    enum err_code code = file_read(path, SIZE_MAX / 2, &text, &len, e);
    if (code) {
        return code;
    }
    size_t good = whole_lines(text, len, last->first_seq, &n_lines);
    free(text);
    if (good < len && truncate(path, (off_t)good) != 0) {
        return err_set_errno(e, errno, "cannot cut the torn end off %s", path);
    }
    log->bytes -= last->size_bytes - good;
    last->size_bytes = good;
    log->next_seq = last->first_seq + n_lines;
    return ERR_OK;
}

enum err_code observation_log_recover(struct observation_log *log, struct err *e)
{
    char path[PATH_MAX];
    enum err_code code = load_id(log, e);
    if (!code) {
        load_lost(log);
        code = list_segments(log, e);
    }
    if (!code && log->n_segments > 0) {
        code = recover_last(log, e);
    }
    if (code) {
        return code;
    }
    if (log->n_segments == 0) {
        log->segments[log->n_segments++] = (struct segment){0};
    }
    segment_path(log, log->segments[log->n_segments - 1].first_seq, path);
    log->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return log->fd >= 0 ? ERR_OK : err_set_errno(e, errno, "cannot open %s", path);
}
