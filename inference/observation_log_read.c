/*
 * observation_log_read.c - pages of the log. The lock is held to find a segment and to open it; a
 * segment that is dropped meanwhile stays readable through its descriptor, and bytes below the size
 * seen under the lock never change.
 */
#include "observation_log_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_BLOCK ((size_t)256 << 10)

/* One segment on its way to a page. */
struct piece {
    int fd; /* -1: there is nothing to read */
    uint64_t first_seq, size_bytes;
    uint64_t seq, offset; /* the line that starts at offset */
};

/* The segment that holds seq: the last one that begins at or below it. */
static const struct segment *find_segment(const struct observation_log *log, uint64_t seq)
{
    size_t i = log->n_segments - 1;
    while (i > 0 && log->segments[i].first_seq > seq) {
        i--;
    }
    return &log->segments[i];
}

/* Clamps *seq to what is there and opens its segment. */
static enum err_code open_piece(struct observation_log *log, uint64_t *seq, struct piece *out,
                                struct err *e)
{
    pthread_mutex_lock(&log->lock);
    uint64_t first = log->segments[0].first_seq;
    *seq = *seq < first ? first : *seq > log->next_seq ? log->next_seq : *seq;
    const struct segment *segment = find_segment(log, *seq);
    *out = (struct piece){-1, segment->first_seq, segment->size_bytes, segment->first_seq, 0};
    if (log->hint.segment_first_seq == segment->first_seq && log->hint.seq <= *seq &&
        log->hint.seq >= segment->first_seq && log->hint.offset <= segment->size_bytes) {
        out->seq = log->hint.seq;
        out->offset = log->hint.offset;
    }
    enum err_code code = ERR_OK;
    if (*seq < log->next_seq) {
        char path[PATH_MAX];
        segment_path(log, segment->first_seq, path);
        out->fd = open(path, O_RDONLY | O_CLOEXEC);
        if (out->fd < 0) {
            code = err_set_errno(e, errno, "cannot open %s", path);
        }
    }
    pthread_mutex_unlock(&log->lock);
    return code;
}

static void save_hint(struct observation_log *log, const struct piece *piece)
{
    pthread_mutex_lock(&log->lock);
    log->hint = (struct read_hint){piece->seq, piece->first_seq, piece->offset};
    pthread_mutex_unlock(&log->lock);
}

/* What a page still takes. */
struct page {
    uint64_t from; /* lines below are stepped over */
    size_t lines_left;
    struct buf *out;
};

/* Takes the whole lines of block; returns the bytes used, 0 where not one line is whole. */
static size_t take_lines(struct piece *piece, struct page *page, const char *block, size_t len)
{
    size_t used = 0;
    while (used < len && page->lines_left > 0) {
        const char *newline = memchr(block + used, '\n', len - used);
        if (!newline) {
            break;
        }
        size_t n = (size_t)(newline - (block + used)) + 1;
        if (piece->seq >= page->from) {
            if (page->out->len > 0 && page->out->len + n > OBSERVATION_LOG_MAX_PAGE) {
                page->lines_left = 0;
                break;
            }
            buf_append(page->out, block + used, n);
            page->lines_left--;
        }
        used += n;
        piece->seq++;
    }
    return used;
}

/* Reads a piece to its end or until the page is full. */
static enum err_code read_piece(struct piece *piece, struct page *page, struct err *e)
{
    size_t room = READ_BLOCK;
    char *block = malloc(room);
    enum err_code code = block ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
    while (!code && piece->offset < piece->size_bytes && page->lines_left > 0) {
        uint64_t left = piece->size_bytes - piece->offset;
        ssize_t n = pread(piece->fd, block, left < room ? left : room, (off_t)piece->offset);
        if (n <= 0) {
            code = err_set_errno(e, n ? errno : EIO, "reading the observation log");
            break;
        }
        size_t used = take_lines(piece, page, block, (size_t)n);
        piece->offset += used;
        if (used == 0 && page->lines_left > 0) { /* a line longer than the block */
            char *longer = realloc(block, room * 2);
            if (!longer) {
                code = err_set(e, ERR_NOMEM, "out of memory");
                break;
            }
            block = longer;
            room *= 2;
        }
    }
    free(block);
    return code;
}

/* A power cut may have taken the end of a segment that is not the last: goes on at the one behind
 * it. */
static void step_over_hole(struct observation_log *log, const struct piece *piece, uint64_t *from)
{
    pthread_mutex_lock(&log->lock);
    *from = log->next_seq;
    for (size_t i = log->n_segments; i-- > 0 && log->segments[i].first_seq > piece->first_seq;) {
        *from = log->segments[i].first_seq;
    }
    pthread_mutex_unlock(&log->lock);
}

enum err_code observation_log_read(struct observation_log *log, uint64_t from, size_t limit,
                                   struct buf *out, uint64_t *next, struct err *e)
{
    struct page page = {from, limit, out};
    enum err_code code = ERR_OK;
    while (!code && page.lines_left > 0) {
        struct piece piece;
        code = open_piece(log, &page.from, &piece, e);
        if (code || piece.fd < 0) {
            break;
        }
        code = read_piece(&piece, &page, e);
        close(piece.fd);
        save_hint(log, &piece);
        if (piece.seq > page.from) {
            page.from = piece.seq;
        } else if (!code && page.lines_left > 0) {
            step_over_hole(log, &piece, &page.from);
        }
    }
    if (!code && buf_failed(out)) {
        code = err_set(e, ERR_NOMEM, "out of memory");
    }
    if (!code) {
        *next = page.from;
    }
    return code;
}
