/* folder_limit.c - see folder_limit.h. */
#include "folder_limit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct entry {
    char name[256];
    struct timespec changed;
};

struct listing {
    struct entry *items;
    size_t n, capacity;
};

static bool add(struct listing *l, const char *name, const struct stat *st)
{
    if (l->n == l->capacity) {
        size_t capacity = l->capacity ? 2 * l->capacity : 64;
        struct entry *grown = realloc(l->items, capacity * sizeof(*grown));
        if (!grown)
            return false;
        l->items = grown;
        l->capacity = capacity;
    }
    struct entry *item = &l->items[l->n++];
    snprintf(item->name, sizeof(item->name), "%s", name);
    item->changed = st->st_mtim;
    return true;
}

static enum err_code list(DIR *dir, const char *path, struct listing *l, struct err *e)
{
    const struct dirent *d;
    struct stat st;
    while ((d = readdir(dir)) != NULL) {
        if (fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        if (!add(l, d->d_name, &st))
            return err_set(e, ERR_NOMEM, "no memory to list %s", path);
    }
    return ERR_OK;
}

static int newest_first(const void *a, const void *b)
{
    const struct timespec *x = &((const struct entry *)a)->changed;
    const struct timespec *y = &((const struct entry *)b)->changed;
    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? 1 : -1;
    return (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

enum err_code folder_keep_newest(const char *path, size_t keep, size_t *n_removed, struct err *e)
{
    struct listing l = {0};
    size_t removed = 0;
    DIR *dir = opendir(path);
    if (!dir)
        return err_set_errno(e, errno, "%s", path);
    enum err_code rc = list(dir, path, &l, e);
    if (rc == ERR_OK && l.n > keep)
        qsort(l.items, l.n, sizeof(*l.items), newest_first);
    for (size_t i = keep; rc == ERR_OK && i < l.n; i++)
        removed += unlinkat(dirfd(dir), l.items[i].name, 0) == 0;
    closedir(dir);
    free(l.items);
    if (rc == ERR_OK)
        *n_removed = removed;
    return rc;
}
