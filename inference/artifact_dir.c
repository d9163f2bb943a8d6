/*
 * artifact_dir.c - content-addressed files; their modification time is the time of their last use.
 */
#include "artifact_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sha256.h"

#define SUFFIX ".safetensors"

enum err_code artifact_dir_init(struct artifact_dir *d, const char *data_dir, struct err *e)
{
    int n = snprintf(d->path, sizeof d->path, "%s/artifacts", data_dir);
    if (n < 0 || (size_t)n >= sizeof d->path) {
        return err_set(e, ERR_INVALID, "path is too long: %.80s...", data_dir);
    }
    return file_mkdirs(d->path, e);
}

void artifact_dir_file(const struct artifact_dir *d, const char *sha256, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%.64s" SUFFIX, d->path, sha256);
}

bool artifact_dir_has(const struct artifact_dir *d, const char *sha256)
{
    char path[PATH_MAX];
    artifact_dir_file(d, sha256, path);
    return file_exists(path);
}

/* The bytes are on disk before the name is. */
static enum err_code sync_file(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) {
        enum err_code code = err_set_errno(e, errno, "cannot sync %s", path);
        if (fd >= 0) {
            close(fd);
        }
        return code;
    }
    close(fd);
    return ERR_OK;
}

static bool is_good(const char *path, const char *sha256)
{
    char hex[SHA256_HEX_BYTES];
    return sha256_file(path, hex, NULL) == ERR_OK && strcmp(hex, sha256) == 0;
}

enum err_code artifact_dir_put(const struct artifact_dir *d, const char *sha256, const char *file,
                               bool *is_new, struct err *e)
{
    char hex[SHA256_HEX_BYTES], path[PATH_MAX];
    enum err_code code = sha256_file(file, hex, e);
    if (code) {
        return code;
    }
    if (strcmp(hex, sha256) != 0) {
        return err_set(e, ERR_REFUSED, "the body's SHA-256 is %s", hex);
    }
    artifact_dir_file(d, sha256, path);
    if (is_good(path, sha256)) {
        *is_new = false;
        artifact_dir_touch(d, sha256);
        return ERR_OK;
    }
    code = sync_file(file, e);
    if (!code && rename(file, path) != 0) {
        code = err_set_errno(e, errno, "cannot store %s", path);
    }
    if (!code) {
        *is_new = true;
    }
    return code;
}

void artifact_dir_touch(const struct artifact_dir *d, const char *sha256)
{
    char path[PATH_MAX];
    artifact_dir_file(d, sha256, path);
    utimensat(AT_FDCWD, path, NULL, 0);
}

void artifact_dir_remove(const struct artifact_dir *d, const char *sha256)
{
    char path[PATH_MAX];
    artifact_dir_file(d, sha256, path);
    unlink(path);
}

struct unused {
    char sha256[SHA256_HEX_BYTES];
    struct timespec used;
};

static int latest_first(const void *a, const void *b)
{
    const struct timespec *s = &((const struct unused *)a)->used;
    const struct timespec *t = &((const struct unused *)b)->used;
    return s->tv_sec != t->tv_sec ? (s->tv_sec < t->tv_sec ? 1 : -1)
                                  : (s->tv_nsec < t->tv_nsec) - (s->tv_nsec > t->tv_nsec);
}

/* "<64 hex digits>.safetensors" of a file that nobody uses. */
static bool read_unused(const struct artifact_dir *d, const char *name,
                        bool (*in_use)(const char *sha256, void *user), void *user,
                        struct unused *out)
{
    char path[PATH_MAX];
    struct stat st;
    if (strlen(name) != 64 + strlen(SUFFIX) || strcmp(name + 64, SUFFIX) != 0) {
        return false;
    }
    memcpy(out->sha256, name, 64);
    out->sha256[64] = '\0';
    artifact_dir_file(d, out->sha256, path);
    if (!sha256_is_hex(out->sha256) || in_use(out->sha256, user) || stat(path, &st) != 0) {
        return false;
    }
    out->used = st.st_mtim;
    return true;
}

void artifact_dir_prune(const struct artifact_dir *d,
                        bool (*in_use)(const char *sha256, void *user), void *user)
{
    struct unused found[ARTIFACT_DIR_KEEP + 64]; /* more than that go at the next prune */
    size_t n = 0;
    DIR *dir = opendir(d->path);
    struct dirent *entry;
    while (dir && n < sizeof found / sizeof *found && (entry = readdir(dir))) {
        n += read_unused(d, entry->d_name, in_use, user, &found[n]);
    }
    if (dir) {
        closedir(dir);
    }
    qsort(found, n, sizeof *found, latest_first);
    for (size_t i = ARTIFACT_DIR_KEEP; i < n; i++) {
        artifact_dir_remove(d, found[i].sha256);
    }
}
