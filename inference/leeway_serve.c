/*
 * leeway_serve.c - the program: options, start, wait for a signal, stop.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/process.h"
#include "replica_server.h"

#define STOP_GRACE_MS 10000
#define MIN_THREADS 2 /* one may be busy loading a version */

struct settings {
    const char *listen, *data, *name, *port_file, *token_file, *cert, *key, *log_level;
    int64_t log_bytes, max_body, threads;
};

/* Returns how opt_parse ended; *e says what was wrong. */
static enum opt_outcome parse_options(int argc, char **argv, struct settings *s, struct err *e)
{
    /* name, letter, kind, destination, argument, help, smallest, largest, required */
    const struct opt opts[] = {
        {"listen", 0, OPT_STRING, &s->listen, "HOST:PORT",
         "Address to listen on; port 0 is chosen by the system.", 0, 0, false, NULL},
        {"data", 0, OPT_STRING, &s->data, "DIR",
         "Folder for artifacts, desired states and observation logs.", 0, 0, true, NULL},
        {"name", 0, OPT_STRING, &s->name, "NAME", "Name of this replica; the host's where absent.",
         0, 0, false, NULL},
        {"port-file", 0, OPT_STRING, &s->port_file, "FILE", "Writes the port here once it listens.",
         0, 0, false, NULL},
        {"log-bytes", 0, OPT_SIZE, &s->log_bytes, "SIZE", "Bound of each model's observation log.",
         65536, 1e15, false, NULL},
        {"threads", 0, OPT_INT, &s->threads, "N",
         "Serving threads, at least 2; 0: one for each core.", 0, 256, false, NULL},
        {"max-body", 0, OPT_SIZE, &s->max_body, "SIZE", "Largest infer request.", 1024, 4e9, false,
         NULL},
        {"token-file", 0, OPT_STRING, &s->token_file, "FILE",
         "Lines of NAME ROLE TOKEN; this or --cert is needed to listen beyond loopback.", 0, 0,
         false, NULL},
        {"cert", 0, OPT_STRING, &s->cert, "FILE", "Certificate chain (PEM); needs --key.", 0, 0,
         false, NULL},
        {"key", 0, OPT_STRING, &s->key, "FILE", "Private key (PEM); needs --cert.", 0, 0, false,
         NULL},
        {"log-level", 0, OPT_STRING, &s->log_level, "LEVEL", "debug, info, warn or error.", 0, 0,
         false, NULL},
        {.kind = OPT_END},
    };
    const struct opt_command command = {
        .name = "leeway-serve",
        .synopsis = "--data DIR",
        .about = "Serves model versions by the Open Inference Protocol and counts what they see. "
                 "What it serves is pushed by leewayd.",
        .examples = "leeway-serve --data /var/lib/leeway/r1 --listen 127.0.0.1:8081\n"
                    "curl -s http://127.0.0.1:8081/v2/health/ready\n",
        .opts = opts,
    };
    const char **args = calloc((size_t)argc + 1, sizeof *args);
    int n_args = 0;
    enum opt_outcome outcome = OPT_USAGE;
    if (args) {
        outcome = opt_parse(&command, argc, argv, args, &n_args, e);
    } else {
        err_set(e, ERR_NOMEM, "out of memory");
    }
    free(args);
    return outcome;
}

static enum err_code check_settings(const struct settings *s, struct err *e)
{
    enum log_level level;
    if (!log_level_parse(s->log_level, &level)) {
        return err_set(e, ERR_INVALID,
                       "--log-level: expected debug, info, warn or error, got "
                       "\"%.40s\"",
                       s->log_level);
    }
    log_set_level(level);
    if (!s->cert != !s->key) {
        return err_set(e, ERR_INVALID, "--cert and --key go together");
    }
    return ERR_OK;
}

static int count_threads(const struct settings *s)
{
    long n = s->threads > 0 ? (long)s->threads : sysconf(_SC_NPROCESSORS_ONLN);
    return n < MIN_THREADS ? MIN_THREADS : (int)n;
}

/* One line for people and scripts, and the file for scripts that wait. */
static enum err_code announce(const struct settings *s, const char *host, int port, struct err *e)
{
    char text[16];
    bool v6 = strchr(host, ':') != NULL;
    printf("listening on %s://%s%s%s:%d\n", s->cert ? "https" : "http", v6 ? "[" : "", host,
           v6 ? "]" : "", port);
    fflush(stdout);
    int len = snprintf(text, sizeof text, "%d\n", port);
    return s->port_file ? file_write_atomic(s->port_file, text, (size_t)len, e) : ERR_OK;
}

/* From start to the signal; the signals are blocked in every thread, and waited for in this one. */
static enum err_code serve(const struct settings *s, const char *host, int port, struct err *e)
{
    const struct replica_options options = {.host = host,
                                            .port = port,
                                            .data_dir = s->data,
                                            .name = s->name,
                                            .log_bytes = (uint64_t)s->log_bytes,
                                            .token_file = s->token_file,
                                            .cert_file = s->cert,
                                            .key_file = s->key,
                                            .max_body_bytes = (size_t)s->max_body,
                                            .n_threads = count_threads(s)};
    sigset_t signals;
    int signal_number = 0;
    struct replica *replica;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    enum err_code code = replica_start(&options, &replica, e);
    if (code) {
        return code;
    }
    code = announce(s, host, replica_port(replica), e);
    if (!code) {
        log_info("started", LOG_S("replica", replica_name(replica)),
                 LOG_S("instance", replica_instance(replica)), LOG_I("port", replica_port(replica)),
                 LOG_I("threads", options.n_threads));
        sigwait(&signals, &signal_number);
        log_info("stopping", LOG_I("signal", signal_number));
    }
    replica_stop(replica, STOP_GRACE_MS);
    return code;
}

int main(int argc, char **argv)
{
    struct settings s = {.listen = "127.0.0.1:0",
                         .log_level = "info",
                         .log_bytes = (int64_t)256 << 20,
                         .max_body = (int64_t)16 << 20};
    struct err e = {0};
    char host[HTTP_HOST_BYTES];
    int port = 0;
    process_start(argv, 1);
    enum opt_outcome outcome = parse_options(argc, argv, &s, &e);
    if (outcome == OPT_DONE) {
        return 0;
    }
    if (outcome == OPT_USAGE || check_settings(&s, &e) ||
        http_listen_parse(s.listen, host, &port, &e)) {
        fprintf(stderr, "leeway-serve: %s\n", e.message);
        return 2;
    }
    if (serve(&s, host, port, &e)) {
        fprintf(stderr, "leeway-serve: %s\n", e.message);
        return 1;
    }
    return 0;
}
