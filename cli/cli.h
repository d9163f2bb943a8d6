/*
 * cli.h - what every command gets: its words, the global options, and the ways out.
 *
 * main.c finds the command and fills struct cli; the command calls cli_parse with its own options,
 * which adds the global ones, and returns an exit code. stdout is data, stderr is talk.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/opt.h"

enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_UNREACHABLE = 3, /* leewayd does not answer */
    CLI_REFUSED = 4,     /* leewayd answered 422: a policy does not allow it */
    CLI_INTERRUPTED = 130,
};

struct command;

struct cli {
    const struct command *command;
    char full_name[64]; /* "leeway run show" */
    int argc;           /* argv[0] is the command's last word */
    char **argv;
    const char **args; /* positional arguments, after cli_parse; room for argc */
    int n_args;
    /* the global options */
    const char *server, *token_file, *ca_file, *actor;
    int64_t timeout_ms;
    bool json;
};

/* Parses the command's own options (ended by OPT_END; NULL: none) and the global ones; a command's
 * option hides a global one of the same name. False: nothing to run, *exit_code says why. */
bool cli_parse(struct cli *cli, const struct opt *own, int *exit_code);

/* Whether a global option takes a value: main.c must know before it knows the command. */
bool cli_global_takes_value(const char *name);

/* "leeway run show: <message>" on stderr; returns the exit code that fits e->code. */
int cli_fail(const struct cli *cli, const struct err *e);
/* The same for a mistake on the command line; returns CLI_USAGE. */
int cli_usage(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A line of talk on stderr. */
void cli_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
