/*
 * file_writer.c - the order (write, fsync, rename, fsync of the folder) is what makes "the old or
 * the new one" true after a power cut, not only after a crash of the process.
 */
#include "base/file_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/rand.h"

struct file_writer {
    int fd;
    char path[PATH_MAX], temporary[PATH_MAX];
};

enum err_code file_writer_open(const char *path, struct file_writer **out, struct err *e)
{
    struct file_writer *w = malloc(sizeof *w);
    if (!w) {
        return err_set(e, ERR_NOMEM, "out of memory writing %s", path);
    }
    char id[13];
    rand_id(id, 6);
    int n = snprintf(w->temporary, sizeof w->temporary, "%s.tmp-%s", path, id);
    if (n < 0 || (size_t)n >= sizeof w->temporary) {
        free(w);
        return err_set(e, ERR_INVALID, "path is too long: %.80s...", path);
    }
    strcpy(w->path, path); /* shorter than temporary, which fits */
    w->fd = open(w->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (w->fd < 0) {
        enum err_code code = err_set_errno(e, errno, "cannot create %s", w->temporary);
        free(w);
        return code;
    }
    *out = w;
    return ERR_OK;
}

enum err_code file_writer_append(struct file_writer *w, const void *data, size_t len, struct err *e)
{
    for (const char *p = data; len > 0;) {
        ssize_t n = write(w->fd, p, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return err_set_errno(e, errno, "writing %s", w->temporary);
        }
        p += n;
        len -= (size_t)n;
    }
    return ERR_OK;
}

static enum err_code sync_folder_of(const char *path, struct err *e)
{
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    if (slash) {
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return err_set_errno(e, errno, "cannot open %s", folder);
    }
    enum err_code code = ERR_OK;
    if (fsync(fd) != 0) {
        code = err_set_errno(e, errno, "fsync of %s", folder);
    }
    close(fd);
    return code;
}

static enum err_code sync_and_close(struct file_writer *w, struct err *e)
{
    enum err_code code = ERR_OK;
    if (fsync(w->fd) != 0) {
        code = err_set_errno(e, errno, "fsync of %s", w->temporary);
    }
    if (close(w->fd) != 0 && !code) {
        code = err_set_errno(e, errno, "closing %s", w->temporary);
    }
    w->fd = -1;
    return code;
}

enum err_code file_writer_commit(struct file_writer *w, struct err *e)
{
    enum err_code code = sync_and_close(w, e);
    if (!code && rename(w->temporary, w->path) != 0) {
        code = err_set_errno(e, errno, "renaming to %s", w->path);
    }
    if (code) {
        file_writer_abort(w);
        return code;
    }
    code = sync_folder_of(w->path, e);
    free(w);
    return code;
}

void file_writer_abort(struct file_writer *w)
{
    if (w) {
        if (w->fd >= 0) {
            close(w->fd);
        }
        unlink(w->temporary);
        free(w);
    }
}

enum err_code file_write_atomic(const char *path, const void *data, size_t len, struct err *e)
{
    struct file_writer *w;
    enum err_code code = file_writer_open(path, &w, e);
    if (code) {
        return code;
    }
    code = file_writer_append(w, data, len, e);
    if (code) {
        file_writer_abort(w);
        return code;
    }
    return file_writer_commit(w, e);
}
