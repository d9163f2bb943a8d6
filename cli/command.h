/*
 * command.h - a command as data. Each lives in cmd_<name>.c; commands.c lists them.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli.h"

/* X(symbol, heading in `leeway --help`) */
#define COMMAND_GROUP_LIST(X)                                                                      \
    X(GROUP_WATCH, "See what is going on")                                                         \
    X(GROUP_RUNS, "Retrain, and steer a run")                                                      \
    X(GROUP_VERSIONS, "Versions and their history")                                                \
    X(GROUP_MODELS, "Models and policies")                                                         \
    X(GROUP_DATA, "Bring data in")                                                                 \
    X(GROUP_OTHER, "Other")

enum command_group {
#define X(symbol, heading) symbol,
    COMMAND_GROUP_LIST(X)
#undef X
};

struct command {
    const char *name;     /* one word, or noun and verb: "run show" */
    const char *synopsis; /* "MODEL --reason TEXT" */
    const char *summary;  /* one line in `leeway --help` */
    const char *about;    /* in `leeway NAME --help` */
    const char *examples; /* shown first there; lines ready to paste */
    enum command_group group;
    int min_args, max_args; /* max -1: any number */
    int (*run)(struct cli *cli);
};

/* All commands in the order of --help; ends with NULL. */
const struct command *const *commands_all(void);

/* The command that argv's first one or two words name; *n_words how many it took. NULL: none. */
const struct command *commands_find(int argc, char **argv, int *n_words);

/* The name meant by the mistyped words, or NULL. */
const char *commands_nearest(int argc, char **argv);

/* `leeway --help`. */
void commands_print_help(void);
/* Whether commands begin with this word and a verb: "run" of "run show". */
bool commands_is_noun(const char *word);
/* `leeway NOUN --help`: those commands. */
void commands_print_noun(const char *noun, FILE *out);

#endif
