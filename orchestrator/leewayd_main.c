/*
 * leewayd_main.c - leewayd, the control host's daemon: options, signals, start, stop.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/file.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/process.h"
#include "daemon.h"

struct program {
    struct daemon daemon;
    uv_loop_t loop;
    uv_signal_t signals[2];
    const char *listen, *log_level;
};

static void options_init(struct program *p)
{
    p->listen = "127.0.0.1:7070";
    p->log_level = "info";
    p->daemon.options = (struct daemon_options){
        .data_dir = "leeway-data", .collect_ms = 5000, .tick_ms = 1000, .keep_rows = 2000000};
}

static enum opt_outcome read_options(struct program *p, int argc, char **argv, struct err *e)
{
    struct daemon_options *o = &p->daemon.options;
    /* name, letter, kind, destination, argument, help, smallest, largest, required */
    const struct opt opts[] = {
        {"data", 0, OPT_STRING, &o->data_dir, "DIR",
         "Folder for the database, artifacts and snapshots; made where absent.", 0, 0, false, NULL},
        {"listen", 0, OPT_STRING, &p->listen, "HOST:PORT",
         "Where the API and the dashboard answer; port 0 lets the system choose.", 0, 0, false,
         NULL},
        {"port-file", 0, OPT_STRING, &o->port_file, "FILE",
         "The port is written there once the daemon listens.", 0, 0, false, NULL},
        {"fleet", 0, OPT_STRING, &o->fleet_file, "FILE",
         "The replicas: a Prometheus file_sd file (JSON or YAML), watched for changes.", 0, 0,
         false, NULL},
        {"trainer", 0, OPT_STRING, &o->trainer_url, "URL", "The leeway-trainer on the GPU host.", 0,
         0, false, NULL},
        {"token-file", 0, OPT_STRING, &o->token_file, "FILE",
         "Who may ask for what: lines \"NAME viewer|operator TOKEN\".", 0, 0, false, NULL},
        {"cert", 0, OPT_STRING, &o->cert_file, "FILE", "TLS certificate (PEM); with --key.", 0, 0,
         false, NULL},
        {"key", 0, OPT_STRING, &o->key_file, "FILE", "TLS private key (PEM).", 0, 0, false, NULL},
        {"peer-token-file", 0, OPT_STRING, &o->peer_token_file, "FILE",
         "The token sent to replicas and the trainer: the file's first line.", 0, 0, false, NULL},
        {"peer-ca", 0, OPT_STRING, &o->peer_ca_file, "FILE",
         "Certificates (PEM) that replicas and the trainer are checked against.", 0, 0, false,
         NULL},
        {"collect-interval", 0, OPT_DURATION, &o->collect_ms, "TIME",
         "Pause between two visits to a replica.", 10, 3600000, false, NULL},
        {"tick-interval", 0, OPT_DURATION, &o->tick_ms, "TIME",
         "How often policies and runs are looked at.", 10, 3600000, false, NULL},
        {"keep-rows", 0, OPT_INT, &o->keep_rows, "N",
         "Observations kept per model; the oldest go first, counted.", 1000, 1e12, false, NULL},
        {"log-level", 0, OPT_STRING, &p->log_level, "LEVEL", "debug, info, warn or error.", 0, 0,
         false, NULL},
        {.kind = OPT_END},
    };
    const struct opt_command command = {
        .name = "leewayd",
        .about =
            "Watches models in production, decides when one must be retrained, has it retrained, "
            "and brings the new version into the fleet by canary, or takes it back.",
        .examples = "leewayd --data /var/lib/leeway --fleet fleet.json --trainer http://gpu1:7700\n"
                    "leewayd --listen 127.0.0.1:0 --port-file port",
        .opts = opts,
        .max_args = 0,
    };
    const char *args[1];
    int n_args = 0;
    return opt_parse(&command, argc, argv, argc > 0 ? args : NULL, &n_args, e);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct program *p = handle->data;
    log_info("stopping", LOG_S("signal", number == SIGINT ? "SIGINT" : "SIGTERM"));
    for (size_t i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&p->signals[i], NULL);
    daemon_stop(&p->daemon);
}

static void watch_signals(struct program *p)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(&p->loop, &p->signals[i]);
        p->signals[i].data = p;
        uv_signal_start(&p->signals[i], on_signal, numbers[i]);
    }
}

static void announce(struct program *p)
{
    struct err e = {0};
    char text[32];
    int port = http_server_port(p->daemon.server);
    const char *scheme = p->daemon.options.cert_file ? "https" : "http";
    snprintf(text, sizeof(text), "%d\n", port);
    if (p->daemon.options.port_file &&
        file_write_atomic(p->daemon.options.port_file, text, strlen(text), &e) != ERR_OK)
        log_error("port_file", LOG_S("error", e.message));
    bool ipv6 = strchr(p->daemon.options.listen_host, ':') != NULL;
    printf("listening on %s://%s%s%s:%d\n", scheme, ipv6 ? "[" : "", p->daemon.options.listen_host,
           ipv6 ? "]" : "", port);
    fflush(stdout);
}

static int run(struct program *p)
{
    struct err e = {0};
    char host[HTTP_HOST_BYTES];
    if (http_listen_parse(p->listen, host, &p->daemon.options.listen_port, &e) != ERR_OK) {
        fprintf(stderr, "leewayd: %s\n", e.message);
        return 2;
    }
    p->daemon.options.listen_host = host;
    uv_loop_init(&p->loop);
    enum err_code rc = daemon_start(&p->daemon, &p->loop, &e);
    if (rc == ERR_OK) {
        watch_signals(p);
        announce(p);
    } else {
        fprintf(stderr, "leewayd: %s\n", e.message);
    }
    uv_run(&p->loop, UV_RUN_DEFAULT);
    daemon_clean_up(&p->daemon);
    uv_loop_close(&p->loop);
    return rc == ERR_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct err e = {0};
    enum log_level level;
    process_start(argv, 1);
    struct program *p = calloc(1, sizeof(*p));
    if (!p) {
        fprintf(stderr, "leewayd: out of memory\n");
        return 1;
    }
    options_init(p);
    enum opt_outcome outcome = read_options(p, argc, argv, &e);
    if (outcome == OPT_RUN && !log_level_parse(p->log_level, &level)) {
        err_set(&e, ERR_INVALID, "--log-level: expected debug, info, warn or error, got \"%s\"",
                p->log_level);
        outcome = OPT_USAGE;
    }
    int status = outcome == OPT_DONE ? 0 : 2;
    if (outcome == OPT_USAGE)
        fprintf(stderr, "leewayd: %s\nTry 'leewayd --help'.\n", e.message);
    if (outcome == OPT_RUN) {
        log_set_level(level);
        status = run(p);
    }
    free(p);
    return status;
}
