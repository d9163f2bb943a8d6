/*
 * monitor_cli.h - what the commands of leeway-monitor share: how one is described, its ways out,
 * and whether somebody pressed Ctrl-C. stdout is data, stderr is talk.
 */
#ifndef PROGRAM_MONITOR_CLI_H
#define PROGRAM_MONITOR_CLI_H

#include <stdbool.h>

#include "base/err.h"
#include "base/opt.h"

enum monitor_exit {
    MONITOR_OK = 0,
    MONITOR_FAILED = 1,
    MONITOR_USAGE = 2,
    MONITOR_FOUND = 10, /* drift or a change, where --exit-code asks for it */
    MONITOR_INTERRUPTED = 130,
};

struct monitor_command {
    const char *name;     /* "compare" */
    const char *synopsis; /* "REFERENCE FILE" */
    const char *summary;  /* one line in `leeway-monitor --help` */
    const char *about;    /* in `leeway-monitor NAME --help` */
    const char *examples; /* shown first there; lines ready to paste */
    int min_args, max_args;
    /* argv[0] is the command's name. Returns an enum monitor_exit. */
    int (*run)(const struct monitor_command *c, int argc, char **argv);
};

extern const struct monitor_command monitor_reference, monitor_compare, monitor_detect,
    monitor_suggest;

/* Parses options and arguments: args (room for argc, borrowed from argv) holds the positional ones.
 * False: nothing to run, *exit_code says why. */
bool monitor_parse(const struct monitor_command *c, const struct opt *opts, int argc, char **argv,
                   const char **args, int *exit_code);

/* "leeway-monitor compare: <message>" on stderr; returns MONITOR_FAILED, or MONITOR_INTERRUPTED
 * without a word of the message where Ctrl-C is why a read failed. */
int monitor_fail(const struct monitor_command *c, const struct err *e);
/* The same for a mistake on the command line; returns MONITOR_USAGE. */
int monitor_usage(const struct monitor_command *c, const struct err *e);

/* A line of talk on stderr. */
void monitor_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* From here on Ctrl-C and SIGTERM set a flag, which long loops look at; a second one kills. */
void monitor_watch_signals(void);
bool monitor_interrupted(void);
/* Keeps them waiting while a report is written: a write that a signal breaks off loses its rest. */
void monitor_hold_signals(bool hold);

/* Whether whoever reads stdout has gone, or its disk is full: no more need be written. */
bool monitor_output_failed(void);

#endif
