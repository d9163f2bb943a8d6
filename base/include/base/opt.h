/*
 * opt.h - command lines as tables.
 *
 * A program declares its options once; parsing, range checks, defaults in --help and the error for
 * a mistyped option (with the nearest name) come from the table. --help and --version are built in.
 */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum opt_kind {
    OPT_END,
    OPT_FLAG,     /* bool *: --name sets true, --no-name sets false */
    OPT_STRING,   /* const char **: borrowed from argv */
    OPT_INT,      /* int64_t *, min..max */
    OPT_DOUBLE,   /* double *, min..max */
    OPT_DURATION, /* int64_t * in ms: 250ms, 90s, 15m, 6h, 30d; min..max in ms */
    OPT_SIZE,     /* int64_t * in bytes: 4096, 64K, 16M, 2G; min..max in bytes */
    OPT_STRINGS,  /* struct opt_list *: may be repeated */
};

#define OPT_LIST_MAX 64

struct opt_list {
    size_t n;
    const char *items[OPT_LIST_MAX]; /* borrowed from argv */
};

struct opt {
    const char *name; /* without the dashes */
    char letter;      /* 0 for none */
    enum opt_kind kind;
    void *dest;          /* holds the default before parsing */
    const char *arg;     /* name of the argument in --help, e.g. "DIR" */
    const char *help;    /* one sentence */
    double min, max;     /* both 0: no limits */
    bool required;
    const char *env; /* environment variable read where the option is absent; NULL for none */
};

struct opt_command {
    const char *name;     /* "leeway retrain" */
    const char *synopsis; /* "MODEL --reason TEXT" */
    const char *about;    /* one or two sentences */
    const char *examples; /* shown first in --help; lines ready to paste; may be NULL */
    const struct opt *opts; /* ends with OPT_END */
    int min_args, max_args; /* positional arguments; max -1: any number */
};

enum opt_outcome { OPT_RUN, OPT_DONE /* --help or --version was printed: exit 0 */, OPT_USAGE };

/* Parses argv[1..]. Positional arguments are moved to the front of args (borrowed; args has room for
 * argc pointers) and counted in *n_args. Options may stand anywhere; "--" ends them. On OPT_USAGE *e
 * says which option or argument and what was expected; the caller prints it and exits 2. */
enum opt_outcome opt_parse(const struct opt_command *command, int argc, char **argv,
                           const char **args, int *n_args, struct err *e);

/* Writes --help to stdout, wrapped at the terminal's width (80 where it is not a terminal). */
void opt_print_help(const struct opt_command *command);

#endif
