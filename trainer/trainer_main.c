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
    char host[HTTP_HOST_BYTES], train_program[PATH_MAX];
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
        {"data", 0, OPT_STRING, &o->data, "DIR", "Folder for jobs, snapshots and artifacts.", 0, 0,
         true, NULL},
        {"listen", 0, OPT_STRING, &p->listen, "HOST:PORT",
         "Address to listen on; port 0 takes a free one.", 0, 0, false, NULL},
        {"port-file", 0, OPT_STRING, &p->port_file, "FILE",
         "Write the port into this file once listening.", 0, 0, false, NULL},
        {"slots", 0, OPT_INT, &o->slots, "N", "Jobs that may run at the same time.", 1, 1024, false,
         NULL},
        {"store-bytes", 0, OPT_SIZE, &o->store_bytes, "SIZE",
         "Bound of all snapshots and artifacts pushed; least recently used go first.", 1, 1e15,
         false, NULL},
        {"keep-jobs", 0, OPT_INT, &o->keep_jobs, "N", "Finished jobs to keep, with their results.",
         1, 100000, false, NULL},
        {"max-attempts", 0, OPT_INT, &o->max_attempts, "N",
         "Times a job is started when its process vanishes (a reboot, say).", 1, 100, false, NULL},
        {"kill-after", 0, OPT_DURATION, &o->kill_after_ms, "TIME",
         "From SIGTERM to SIGKILL, on cancel, deadline and shutdown.", 10, 3600000, false, NULL},
        {"token-file", 0, OPT_STRING, &o->http.token_file, "FILE",
         "Lines NAME ROLE TOKEN; role viewer or operator.", 0, 0, false, NULL},
        {"cert", 0, OPT_STRING, &o->http.cert_file, "FILE", "TLS certificate (PEM).", 0, 0, false,
         NULL},
        {"key", 0, OPT_STRING, &o->http.key_file, "FILE", "Its key (PEM).", 0, 0, false, NULL},
        {"train-program", 0, OPT_STRING, &o->train_program, "FILE",
         "leeway-train; default: beside this program.", 0, 0, false, NULL},
        {"allow-fault-injection", 0, OPT_FLAG, &o->allow_fault_injection, NULL,
         "Accept jobs that train on labels flipped on purpose (rollout drills).", 0, 0, false,
         NULL},
        {"log-level", 0, OPT_STRING, &p->log_level, "LEVEL", "debug, info, warn or error.", 0, 0,
         false, NULL},
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
    p->o.http.host = p->host;
    return http_listen_parse(p->listen, p->host, &p->o.http.port, e);
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
