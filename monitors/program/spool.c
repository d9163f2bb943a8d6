/*
 * spool.c - see spool.h.
 */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor_cli.h"

#define BLOCK_BYTES 65536

static bool is_regular(const char *path)
{
    struct stat st;
    return strcmp(path, "-") != 0 && (stat(path, &st) != 0 || S_ISREG(st.st_mode));
}

static enum err_code write_all(int fd, const char *data, size_t len, struct err *e)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0)
            return err_set_errno(e, errno, "a copy of the input");
        data += n;
        len -= (size_t)n;
    }
    return ERR_OK;
}

static enum err_code copy(int from, int to, struct err *e)
{
    char block[BLOCK_BYTES];
    enum err_code code = ERR_OK;
    while (!code) {
        ssize_t n = read(from, block, sizeof block);
        if (n < 0)
            return err_set_errno(e, errno, "reading the input");
        if (n == 0)
            break;
        code = write_all(to, block, (size_t)n, e);
    }
    return code;
}

static enum err_code open_nameless(int *out, struct err *e)
{
    char path[4096];
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/leeway-monitor-XXXXXX", folder && *folder ? folder : "/tmp");
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(e, errno, "a copy of the input, %.200s", path);
    unlink(path);
    *out = fd;
    return ERR_OK;
}

enum err_code spool_open(const char *path, struct spool *s, const char **out, struct err *e)
{
    *s = (struct spool){.fd = -1};
    *out = path;
    if (is_regular(path))
        return ERR_OK;
    bool is_stdin = strcmp(path, "-") == 0;
    int from = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return err_set_errno(e, errno, "cannot open %s", path);
    enum err_code code = open_nameless(&s->fd, e);
    if (!code)
        code = copy(from, s->fd, e);
    if (!is_stdin)
        close(from);
    snprintf(s->path, sizeof s->path, "/proc/self/fd/%d", s->fd);
    *out = s->path;
    return code;
}

void spool_close(struct spool *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}
