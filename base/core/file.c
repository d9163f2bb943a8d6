/*
 * file.c - reading whole files, making folders, removing trees, locking. Writing is in
 * file_writer.c.
 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"

#define READ_STEP_BYTES 65536
#define MAX_TREE_DEPTH 64
#define LOCK_TRIES 20
#define LOCK_PAUSE_NS 50000000 /* 20 tries: a second */

bool file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

/* Reads to the end instead of trusting st_size: files in /proc say 0, and a file may grow. */
static enum err_code read_all(int fd, const char *path, size_t max_bytes, struct buf *b,
                              struct err *e)
{
    char step[READ_STEP_BYTES];
    for (;;) {
        ssize_t n = read(fd, step, sizeof step);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return err_set_errno(e, errno, "reading %s", path);
        }
        if (n == 0) {
            return ERR_OK;
        }
        if ((size_t)n > max_bytes - b->len) {
            return err_set(e, ERR_LIMIT, "%s is larger than %zu bytes", path, max_bytes);
        }
        buf_append(b, step, (size_t)n);
        if (buf_failed(b)) {
            return err_set(e, ERR_NOMEM, "out of memory reading %s", path);
        }
    }
}

enum err_code file_read(const char *path, size_t max_bytes, char **out, size_t *len, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_set_errno(e, errno, "cannot open %s", path);
    }
    struct buf b = BUF_INIT;
    enum err_code code = read_all(fd, path, max_bytes, &b, e);
    close(fd);
    if (code) {
        buf_free(&b);
        return code;
    }
    size_t n;
    char *data = buf_take(&b, &n);
    if (!data) {
        return err_set(e, ERR_NOMEM, "out of memory reading %s", path);
    }
    *out = data;
    if (len) {
        *len = n;
    }
    return ERR_OK;
}

static enum err_code make_one(const char *path, mode_t mode, struct err *e)
{
    struct stat st;
    if (mkdir(path, mode) == 0) {
        return ERR_OK;
    }
    int why = errno;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        return ERR_OK; /* also where the parent is not writable: then mkdir says EACCES or EROFS */
    }
    return err_set_errno(e, why, "cannot create folder %s", path);
}

enum err_code file_mkdirs(const char *path, struct err *e)
{
    char prefix[PATH_MAX];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof prefix) {
        return err_set(e, ERR_INVALID, "a folder's path has 1..%d bytes, got %zu", PATH_MAX - 1,
                       len);
    }
    memcpy(prefix, path, len + 1);
    while (len > 1 && prefix[len - 1] == '/') {
        prefix[--len] = '\0';
    }
    for (char *slash = strchr(prefix + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        enum err_code code = make_one(prefix, 0777, e);
        *slash = '/';
        if (code) {
            return code;
        }
    }
    return make_one(prefix, 0700, e);
}

static enum err_code remove_at(int parent, const char *name, const char *path, int depth,
                               struct err *e);

static enum err_code remove_children(int folder, const char *path, int depth, struct err *e)
{
    DIR *dir = fdopendir(folder);
    if (!dir) {
        int why = errno;
        close(folder);
        return err_set_errno(e, why, "reading folder %s", path);
    }
    enum err_code code = ERR_OK;
    struct dirent *entry;
    while (!code && (entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            code = remove_at(folder, entry->d_name, path, depth + 1, e);
        }
    }
    closedir(dir);
    return code;
}

/* By descriptor and O_NOFOLLOW, so that a link put in place meanwhile leads nowhere. */
static enum err_code remove_at(int parent, const char *name, const char *path, int depth,
                               struct err *e)
{
    if (depth > MAX_TREE_DEPTH) {
        return err_set(e, ERR_LIMIT, "%s is deeper than %d folders", path, MAX_TREE_DEPTH);
    }
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) {
        return ERR_OK;
    }
    if (errno != EISDIR && errno != EPERM) {
        return err_set_errno(e, errno, "removing %s in %s", name, path);
    }
    int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) {
        return err_set_errno(e, errno, "removing %s in %s", name, path);
    }
    enum err_code code = remove_children(folder, path, depth, e);
    if (!code && unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT) {
        code = err_set_errno(e, errno, "removing %s in %s", name, path);
    }
    return code;
}

enum err_code file_remove_tree(const char *path, struct err *e)
{
    return remove_at(AT_FDCWD, path, path, 0, e);
}

static bool take_lock(int fd)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            return true;
        }
        nanosleep(&pause, NULL);
    }
    return false;
}

enum err_code file_lock_folder(const char *folder, int *fd_out, struct err *e)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/lock", folder) >= (int)sizeof path) {
        return err_set(e, ERR_INVALID, "path too long: %.200s", folder);
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return err_set_errno(e, errno, "cannot open %s", path);
    }
    if (!take_lock(fd)) {
        close(fd);
        return err_set(e, ERR_CONFLICT, "%s is in use by another process", folder);
    }
    *fd_out = fd;
    return ERR_OK;
}
