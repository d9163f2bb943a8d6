/*
 * http_body.c - gathers a request's body, bounded, in memory or in a spool file.
 *
 * Spooling writes into the page cache from the loop thread, at most one receive buffer (32 KiB) at
 * a time: what bounds the wait is the kernel's write-back, which a round trip to the thread pool
 * per piece would not shorten.
 */
#include "http_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rand.h"

#define BODY_FIRST_BYTES 4096

void body_init(struct http_body *b, size_t max_bytes)
{
    *b = (struct http_body){.max_bytes = max_bytes, .fd = -1};
}

enum err_code body_spool(struct http_body *b, const char *dir, struct err *e)
{
    char id[33];
    rand_id(id, 16);
    if (asprintf(&b->path, "%s/upload-%s", dir, id) < 0) {
        b->path = NULL;
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    b->fd = open(b->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (b->fd < 0)
        return err_set_errno(e, errno, "create %s", b->path);
    return ERR_OK;
}

static enum err_code write_all(struct http_body *b, const char *data, size_t len, struct err *e)
{
    while (len > 0) {
        ssize_t n = write(b->fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set_errno(e, errno, "write %s", b->path);
        data += n;
        len -= (size_t)n;
    }
    return ERR_OK;
}

static enum err_code reserve(struct http_body *b, size_t need, struct err *e)
{
    size_t cap = b->cap > 0 ? b->cap : BODY_FIRST_BYTES;
    while (cap < need)
        cap *= 2;
    char *grown = cap > b->cap ? realloc(b->data, cap) : b->data;
    if (grown == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a body of %zu bytes", need);
    b->data = grown;
    b->cap = cap;
    return ERR_OK;
}

static enum err_code keep(struct http_body *b, const char *data, size_t len, struct err *e)
{
    if (reserve(b, b->n_bytes + len + 1, e) != ERR_OK)
        return ERR_NOMEM;
    memcpy(b->data + b->n_bytes, data, len);
    b->data[b->n_bytes + len] = '\0';
    return ERR_OK;
}

enum err_code body_add(struct http_body *b, const char *data, size_t len, struct err *e)
{
    if (len > b->max_bytes - b->n_bytes)
        return err_set(e, ERR_LIMIT, "body over %zu bytes", b->max_bytes);
    enum err_code code = b->fd >= 0 ? write_all(b, data, len, e) : keep(b, data, len, e);
    if (code == ERR_OK)
        b->n_bytes += len;
    return code;
}

enum err_code body_finish(struct http_body *b, struct err *e)
{
    int fd = b->fd;
    b->fd = -1;
    if (fd >= 0 && close(fd) != 0)
        return err_set_errno(e, errno, "close %s", b->path);
    return ERR_OK;
}

void body_deinit(struct http_body *b)
{
    body_finish(b, NULL);
    if (b->path != NULL)
        unlink(b->path);
    free(b->path);
    free(b->data);
    body_init(b, 0);
}
