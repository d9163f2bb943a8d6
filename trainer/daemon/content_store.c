/*
 * content_store.c - the folders store/snapshots and store/artifacts.
 */
#include "daemon/content_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static const char *const folders[] = {
    [CONTENT_SNAPSHOT] = "snapshots", [CONTENT_ARTIFACT] = "artifacts"};
#define N_KINDS (sizeof folders / sizeof folders[0])

static void kind_folder(const struct content_store *s, size_t kind, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%s", s->folder, folders[kind]);
}

enum err_code content_store_init(struct content_store *s, const char *folder, int64_t max_bytes,
                                 struct err *e)
{
    if (strlen(folder) >= sizeof s->folder) {
        return err_set(e, ERR_INVALID, "path is too long: %.80s...", folder);
    }
    snprintf(s->folder, sizeof s->folder, "%s", folder);
    s->max_bytes = max_bytes;
    enum err_code code = ERR_OK;
    for (size_t i = 0; !code && i < N_KINDS; i++) {
        char path[PATH_MAX];
        kind_folder(s, i, path);
        code = file_mkdirs(path, e);
    }
    return code;
}

void content_store_path(const struct content_store *s, enum content_kind kind, const char *sha256,
                        char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%s/%s", s->folder, folders[kind], sha256);
}

bool content_store_use(const struct content_store *s, enum content_kind kind, const char *sha256)
{
    char path[PATH_MAX];
    content_store_path(s, kind, sha256, path);
    return utimensat(AT_FDCWD, path, NULL, 0) == 0;
}

static enum err_code sync_file(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_set_errno(e, errno, "cannot open %s", path);
    }
    enum err_code code = fsync(fd) == 0 ? ERR_OK : err_set_errno(e, errno, "fsync of %s", path);
    close(fd);
    return code;
}

enum err_code content_store_admit(const struct content_store *s, enum content_kind kind,
                                  const char *sha256, const char *file, struct err *e)
{
    char actual[SHA256_HEX_BYTES], path[PATH_MAX];
    enum err_code code = sha256_file(file, actual, e);
    if (!code && strcmp(actual, sha256) != 0) {
        code = err_set(e, ERR_REFUSED, "wrong hash: the body has SHA-256 %s", actual);
    }
    code = code ? code : sync_file(file, e);
    content_store_path(s, kind, sha256, path);
    if (!code && rename(file, path) != 0) {
        code = err_set_errno(e, errno, "renaming to %s", path);
    }
    if (!code) {
        content_store_use(s, kind, sha256);
    }
    return code;
}

/* ---- the bound ---- */

struct entry {
    char path[PATH_MAX + SHA256_HEX_BYTES + 1];
    char sha256[SHA256_HEX_BYTES];
    int64_t bytes;
    struct timespec used;
};

struct listing {
    struct entry *entries;
    size_t n, cap;
    int64_t bytes;
};

static bool add_entry(struct listing *l, const char *folder, const char *name)
{
    struct stat st;
    struct entry entry = {0};
    snprintf(entry.path, sizeof entry.path, "%s/%.64s", folder, name);
    if (!sha256_is_hex(name) || stat(entry.path, &st) != 0) {
        return true;
    }
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        struct entry *grown = realloc(l->entries, cap * sizeof *grown);
        if (!grown) {
            return false;
        }
        l->entries = grown;
        l->cap = cap;
    }
    memcpy(entry.sha256, name, SHA256_HEX_BYTES);
    entry.bytes = st.st_size;
    entry.used = st.st_mtim;
    l->bytes += entry.bytes;
    l->entries[l->n++] = entry;
    return true;
}

static void list_all(const struct content_store *s, struct listing *l)
{
    for (size_t kind = 0; kind < N_KINDS; kind++) {
        char folder[PATH_MAX];
        kind_folder(s, kind, folder);
        DIR *dir = opendir(folder);
        struct dirent *d;
        while (dir && (d = readdir(dir)) && add_entry(l, folder, d->d_name)) {
        }
        if (dir) {
            closedir(dir);
        }
    }
}

static int by_use(const void *a, const void *b)
{
    const struct timespec *x = &((const struct entry *)a)->used;
    const struct timespec *y = &((const struct entry *)b)->used;
    if (x->tv_sec != y->tv_sec) {
        return x->tv_sec < y->tv_sec ? -1 : 1;
    }
    return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

int content_store_evict(const struct content_store *s, bool (*pinned)(const char *sha256, void *),
                        void *user)
{
    struct listing l = {0};
    int removed = 0;
    list_all(s, &l);
    if (l.bytes > s->max_bytes) {
        qsort(l.entries, l.n, sizeof *l.entries, by_use);
    }
    for (size_t i = 0; i < l.n && l.bytes > s->max_bytes; i++) {
        if (!pinned(l.entries[i].sha256, user) && unlink(l.entries[i].path) == 0) {
            l.bytes -= l.entries[i].bytes;
            removed++;
        }
    }
    free(l.entries);
    return removed;
}

int64_t content_store_bytes(const struct content_store *s)
{
    struct listing l = {0};
    list_all(s, &l);
    free(l.entries);
    return l.bytes;
}
