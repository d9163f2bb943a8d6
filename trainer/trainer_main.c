/*
 * trainer_main.c - leeway-trainer: options, signals, and the loop. daemon/trainer.h has the rest.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/process.h"
#include "daemon/trainer.h"

struct program {
    struct trainer trainer;
    struct trainer_options o;
    const char *listen, *port_file, *log_level;
    char host[256], train_program[PATH_MAX];
    uv_loop_t loop;
    uv_signal_t signals[2];
};

static const char examples[] =
    "leeway-trainer --data /var/lib/leeway-trainer\n"
    "leeway-trainer --data ./trainer --listen 0.0.0.0:7700 --token-file tokens --slots 2";

static enum opt_outcome parse(struct program *p, int argc, char **argv, struct err *e)
{
    struct trainer_options *o = &p->o;
    const struct opt opts[] = {
        {.name = "data",
         .kind = OPT_STRING,
         .dest = &o->data,
         .arg = "DIR",
         .required = true,
         .help = "Folder for jobs, snapshots and artifacts."},
        {.name = "listen",
         .kind = OPT_STRING,
         .dest = &p->listen,
         .arg = "HOST:PORT",
         .help = "Address to listen on; port 0 takes a free one."},
        {.name = "port-file",
         .kind = OPT_STRING,
         .dest = &p->port_file,
         .arg = "FILE",
         .help = "Write the port into this file once listening."},
        {.name = "slots",
         .kind = OPT_INT,
         .dest = &o->slots,
         .arg = "N",
         .help = "Jobs that may run at the same time.",
         .min = 1,
         .max = 1024},
        {.name = "store-bytes",
         .kind = OPT_SIZE,
         .dest = &o->store_bytes,
         .arg = "SIZE",
         .help = "Bound of all snapshots and artifacts pushed; least recently used go first.",
         .min = 1,
         .max = 1e15},
        {.name = "keep-jobs",
         .kind = OPT_INT,
         .dest = &o->keep_jobs,
         .arg = "N",
         .help = "Finished jobs to keep, with their results.",
         .min = 1,
         .max = 100000},
        {.name = "max-attempts",
         .kind = OPT_INT,
         .dest = &o->max_attempts,
         .arg = "N",
         .help = "Times a job is started when its process vanishes (a reboot, say).",
         .min = 1,
         .max = 100},
        {.name = "kill-after",
         .kind = OPT_DURATION,
         .dest = &o->kill_after_ms,
         .arg = "TIME",
         .help = "From SIGTERM to SIGKILL, on cancel, deadline and shutdown.",
         .min = 10,
         .max = 3600000},
        {.name = "token-file",
         .kind = OPT_STRING,
         .dest = &o->http.token_file,
         .arg = "FILE",
         .help = "Lines NAME ROLE TOKEN; role viewer or operator."},
        {.name = "cert",
         .kind = OPT_STRING,
         .dest = &o->http.cert_file,
         .arg = "FILE",
         .help = "TLS certificate (PEM)."},
        {.name = "key",
         .kind = OPT_STRING,
         .dest = &o->http.key_file,
         .arg = "FILE",
         .help = "Its key (PEM)."},
        {.name = "train-program",
         .kind = OPT_STRING,
         .dest = &o->train_program,
         .arg = "FILE",
         .help = "leeway-train; default: beside this program."},
        {.name = "allow-fault-injection",
         .kind = OPT_FLAG,
         .dest = &o->allow_fault_injection,
         .help = "Accept jobs that train on labels flipped on purpose (rollout drills)."},
        {.name = "log-level",
         .kind = OPT_STRING,
         .dest = &p->log_level,
         .arg = "LEVEL",
         .help = "debug, info, warn or error."},
        {.kind = OPT_END},
    };
    const struct opt_command command = {
        .name = "leeway-trainer",
        .synopsis = "--data DIR",
        .about = "Serves the job API and runs training jobs, each in a process of its own. "
                 "It only answers; it opens no connection.",
        .examples = examples,
        .opts = opts,
    };
    const char *args[128];
    int n_args;
    if (argc > 128) {
        err_set(e, ERR_INVALID, "too many arguments");
        return OPT_USAGE;
    }
    return opt_parse(&command, argc, argv, args, &n_args, e);
}

/* "HOST:PORT" or "[::1]:PORT". */
static enum err_code split_listen(struct program *p, struct err *e)
{
    const char *colon = strrchr(p->listen, ':');
    char *end;
    long port = colon ? strtol(colon + 1, &end, 10) : -1;
    if (!colon || end == colon + 1 || *end || port < 0 || port > 65535) {
        return err_set(e, ERR_INVALID, "--listen: expected HOST:PORT, got \"%.80s\"", p->listen);
    }
    const char *host = p->listen;
    size_t len = (size_t)(colon - host);
    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof p->host) {
        return err_set(e, ERR_INVALID, "--listen: expected HOST:PORT, got \"%.80s\"", p->listen);
    }
    memcpy(p->host, host, len);
    p->o.http.host = p->host;
    p->o.http.port = (int)port;
    return ERR_OK;
}

static void default_train_program(struct program *p)
{
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(exe, '/');
    snprintf(p->train_program, sizeof p->train_program, "%.*sleeway-train",
             slash ? (int)(slash - exe + 1) : 0, exe);
    p->o.train_program = p->train_program;
}

static enum err_code check(struct program *p, struct err *e)
{
    enum log_level level;
    if (!log_level_parse(p->log_level, &level)) {
        return err_set(e, ERR_INVALID, "--log-level: expected debug, info, warn or error");
    }
    log_set_level(level);
    if (!p->o.train_program) {
        default_train_program(p);
    }
    return split_listen(p, e);
}

/* ---- running ---- */

static void on_signal(uv_signal_t *handle, int signum)
{
    struct program *p = handle->data;
    log_info("stopping", LOG_I("signal", signum));
    for (int i = 0; i < 2; i++) { /* the second one ends us the hard way */
        uv_close((uv_handle_t *)&p->signals[i], NULL);
    }
    trainer_stop(&p->trainer);
}

static void watch_signals(struct program *p)
{
    static const int signums[2] = {SIGTERM, SIGINT};
    for (int i = 0; i < 2; i++) {
        uv_signal_init(&p->loop, &p->signals[i]);
        p->signals[i].data = p;
        uv_signal_start(&p->signals[i], on_signal, signums[i]);
    }
}

static enum err_code announce(struct program *p, struct err *e)
{
    char port[16];
    int n = snprintf(port, sizeof port, "%d\n", http_server_port(p->trainer.http));
    bool ipv6 = strchr(p->host, ':') != NULL;
    printf("listening on %s://%s%s%s:%s", p->o.http.cert_file ? "https" : "http", ipv6 ? "[" : "",
           p->host, ipv6 ? "]" : "", port);
    fflush(stdout);
    return p->port_file ? file_write_atomic(p->port_file, port, (size_t)n, e) : ERR_OK;
}

static int serve(struct program *p)
{
    struct err e = {0};
    uv_loop_init(&p->loop);
    enum err_code code = trainer_start(&p->trainer, &p->o, &p->loop, &e);
    if (!code) {
        watch_signals(p);
        code = announce(p, &e);
    }
    if (code) {
        log_error("cannot_start", LOG_S("error", e.message));
        return 1; /* running jobs are left to the next start */
    }
    uv_run(&p->loop, UV_RUN_DEFAULT);
    trainer_deinit(&p->trainer);
    uv_loop_close(&p->loop);
    return 0;
}

int main(int argc, char **argv)
{
    static struct program p; /* too big for the stack */
    struct err e = {0};
    process_start(argv, 0);
    trainer_options_init(&p.o);
    p.listen = "127.0.0.1:0";
    p.log_level = "info";
    switch (parse(&p, argc, argv, &e)) {
    case OPT_DONE:
        return 0;
    case OPT_RUN:
        if (check(&p, &e) == ERR_OK) {
            return serve(&p);
        }
        break;
    case OPT_USAGE:
        break;
    }
    fprintf(stderr, "leeway-trainer: %s\n", e.message);
    return 2;
}
