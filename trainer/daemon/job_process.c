/*
 * job_process.c - fork, lock, /proc.
 */
#include "daemon/job_process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"

#define MAX_ENVIRON_BYTES (1 << 20)
#define MAX_ARGS 32

/* ---- the lock ---- */

/* A descriptor that holds the lock, or -1 with errno: EWOULDBLOCK where a process of the job lives.
 */
static int take_lock(const struct job *j)
{
    char path[PATH_MAX];
    job_path(j, "lock", path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

bool job_process_alive(const struct job *j)
{
    int fd = take_lock(j);
    if (fd >= 0) {
        close(fd);
        return false;
    }
    return errno == EWOULDBLOCK;
}

/* ---- starting ---- */

struct arguments {
    char *items[MAX_ARGS];
    size_t n;
    bool failed;
};

/* value NULL: name alone. */
static void add_argument(struct arguments *a, const char *name, const char *value)
{
    char *copies[2] = {strdup(name), value ? strdup(value) : NULL};
    a->failed = a->failed || !copies[0] || (value && !copies[1]);
    for (int i = 0; i < 2; i++) {
        if (copies[i]) {
            a->items[a->n++] = copies[i];
        }
    }
}

static void free_arguments(struct arguments *a)
{
    for (size_t i = 0; i < a->n; i++) {
        free(a->items[i]);
    }
}

static void add_file(struct arguments *a, const struct job *j, const char *option, const char *name)
{
    char path[PATH_MAX];
    job_path(j, name, path);
    if (file_exists(path)) {
        add_argument(a, option, path);
    }
}

static void build_arguments(struct arguments *a, const struct job *j, const struct job_command *c)
{
    char memory[32], out[PATH_MAX];
    snprintf(memory, sizeof memory, "%lld", (long long)j->spec.memory_bytes);
    job_path(j, "out", out);
    add_argument(a, c->program, NULL);
    add_argument(a, "--snapshot", c->snapshot_path);
    add_argument(a, "--snapshot-sha256", j->spec.snapshot);
    if (c->champion_path) {
        add_argument(a, "--champion", c->champion_path);
        add_argument(a, "--champion-sha256", j->spec.champion);
    }
    add_argument(a, "--model", j->spec.model);
    add_argument(a, "--backend", j->spec.backend);
    add_argument(a, "--memory-bytes", memory);
    add_file(a, j, "--parameters", "parameters.json");
    add_file(a, j, "--lineage", "lineage.json");
    add_argument(a, "--out", out);
}

static enum err_code clear_out(const struct job *j, struct err *e)
{
    char path[PATH_MAX];
    job_path(j, "out", path);
    enum err_code code = file_remove_tree(path, e);
    return code ? code : file_mkdirs(path, e);
}

static int open_log(const struct job *j, struct err *e)
{
    char path[PATH_MAX];
    job_path(j, "log", path);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        err_set_errno(e, errno, "cannot create %s", path);
    }
    return fd;
}

/* Our environment and the job's mark; the array is owned, the texts are not. mark must outlive it.
 */
static char **job_environment(char *mark)
{
    size_t n = 0;
    while (environ[n]) {
        n++;
    }
    char **out = malloc((n + 2) * sizeof *out);
    if (out) {
        memcpy(out, environ, n * sizeof *out);
        out[n] = mark;
        out[n + 1] = NULL;
    }
    return out;
}

static enum err_code spawn(uv_loop_t *loop, struct job *j, char **args, int log_fd, int lock_fd,
                           uv_exit_cb on_exit, struct err *e)
{
    char mark[PATH_MAX];
    snprintf(mark, sizeof mark, JOB_FOLDER_ENV "=%s", j->folder);
    char **environment = job_environment(mark);
    if (!environment) {
        return err_set(e, ERR_NOMEM, "out of memory starting job %s", j->id);
    }
    uv_stdio_container_t stdio[4] = {{.flags = UV_IGNORE},
                                     {.flags = UV_INHERIT_FD, .data.fd = log_fd},
                                     {.flags = UV_INHERIT_FD, .data.fd = log_fd},
                                     {.flags = UV_INHERIT_FD, .data.fd = lock_fd}};
    uv_process_options_t options = {.file = args[0],
                                    .args = args,
                                    .env = environment,
                                    .exit_cb = on_exit,
                                    .stdio = stdio,
                                    .stdio_count = 4,
                                    .flags = UV_PROCESS_DETACHED};
    int status = uv_spawn(loop, &j->process, &options);
    free(environment);
    if (status != 0) {
        uv_close((uv_handle_t *)&j->process, NULL);
        return err_set(e, ERR_IO, "cannot start %s: %s", args[0], uv_strerror(status));
    }
    j->process.data = j;
    j->pid = j->process.pid;
    j->watched = true;
    j->leader_gone = false;
    j->exit_text[0] = '\0';
    return ERR_OK;
}

enum err_code job_process_start(uv_loop_t *loop, struct job *j, const struct job_command *command,
                                uv_exit_cb on_exit, struct err *e)
{
    struct arguments a = {0};
    int lock_fd = take_lock(j);
    if (lock_fd < 0) {
        return err_set_errno(e, errno, "cannot lock the folder of job %s", j->id);
    }
    enum err_code code = clear_out(j, e);
    int log_fd = code ? -1 : open_log(j, e);
    build_arguments(&a, j, command);
    if (!code && log_fd < 0) {
        code = e ? e->code : ERR_IO;
    } else if (!code && a.failed) {
        code = err_set(e, ERR_NOMEM, "out of memory starting job %s", j->id);
    } else if (!code) {
        code = spawn(loop, j, a.items, log_fd, lock_fd, on_exit, e);
    }
    free_arguments(&a);
    if (log_fd >= 0) {
        close(log_fd);
    }
    close(lock_fd); /* the child's copy keeps the lock */
    return code;
}

/* ---- finding and signalling ---- */

static bool environment_has(const char *block, size_t len, const char *wanted)
{
    for (const char *p = block; p < block + len; p += strlen(p) + 1) {
        if (strcmp(p, wanted) == 0) {
            return true;
        }
    }
    return false;
}

static bool process_is_of(pid_t pid, const struct job *j)
{
    char path[64], wanted[PATH_MAX], *block;
    size_t len;
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    snprintf(wanted, sizeof wanted, JOB_FOLDER_ENV "=%s", j->folder);
    if (file_read(path, MAX_ENVIRON_BYTES, &block, &len, NULL)) {
        return false;
    }
    bool found = environment_has(block, len, wanted);
    free(block);
    return found;
}

/* The group of any process of the job; 0: none found. */
static pid_t find_group(const struct job *j)
{
    if (j->pid > 0 && process_is_of(j->pid, j)) {
        return j->pid;
    }
    pid_t group = 0;
    DIR *proc = opendir("/proc");
    struct dirent *d;
    while (proc && group <= 0 && (d = readdir(proc))) {
        pid_t pid = isdigit((unsigned char)d->d_name[0]) ? (pid_t)atoi(d->d_name) : 0;
        if (pid > 0 && process_is_of(pid, j)) {
            group = getpgid(pid);
        }
    }
    if (proc) {
        closedir(proc);
    }
    return group > 0 ? group : 0;
}

void job_process_signal(struct job *j, int signum)
{
    pid_t group = find_group(j);
    if (group > 0 && group != getpgrp()) {
        kill(-group, signum);
    }
}
