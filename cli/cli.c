/*
 * cli.c - the global options and the ways out; see cli.h.
 */
#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

#define MAX_OPTS 40

static const struct opt *find_opt(const struct opt *opts, const char *name)
{
    for (const struct opt *o = opts; o && o->kind != OPT_END; o++)
        if (strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

/* The table of the global options, pointing into cli; returns how many were written. */
static size_t global_opts(struct cli *cli, struct opt out[MAX_OPTS])
{
    const struct opt opts[] = {
        {.name = "server",
         .kind = OPT_STRING,
         .dest = &cli->server,
         .arg = "URL",
         .help = "Where leewayd answers.",
         .env = "LEEWAY_SERVER"},
        {.name = "token-file",
         .kind = OPT_STRING,
         .dest = &cli->token_file,
         .arg = "FILE",
         .help = "File whose first line ends in your token.",
         .env = "LEEWAY_TOKEN_FILE"},
        {.name = "ca",
         .kind = OPT_STRING,
         .dest = &cli->ca_file,
         .arg = "FILE",
         .help = "Certificates (PEM) that leewayd's is checked against; the system's if absent."},
        {.name = "actor",
         .kind = OPT_STRING,
         .dest = &cli->actor,
         .arg = "NAME",
         .help = "Your name in the audit log where leewayd has no tokens."},
        {.name = "timeout",
         .kind = OPT_DURATION,
         .dest = &cli->timeout_ms,
         .arg = "TIME",
         .min = 1,
         .max = 24 * 3600e3,
         .help = "How long one call may take."},
        {.name = "json",
         .kind = OPT_FLAG,
         .dest = &cli->json,
         .help = "Print JSON: the API's document as it is."},
    };
    memcpy(out, opts, sizeof(opts));
    return sizeof(opts) / sizeof(opts[0]);
}

bool cli_global_takes_value(const char *name)
{
    struct cli none = {0};
    struct opt opts[MAX_OPTS];
    size_t n = global_opts(&none, opts);
    opts[n] = (struct opt){.kind = OPT_END};
    const struct opt *o = find_opt(opts, name);
    return o && o->kind != OPT_FLAG;
}

static void merge_opts(struct cli *cli, const struct opt *own, struct opt out[MAX_OPTS])
{
    struct opt global[MAX_OPTS];
    size_t n = 0, n_global = global_opts(cli, global);
    for (const struct opt *o = own; o && o->kind != OPT_END; o++)
        out[n++] = *o;
    for (size_t i = 0; i < n_global; i++)
        if (!find_opt(own, global[i].name))
            out[n++] = global[i];
    out[n] = (struct opt){.kind = OPT_END};
}

static bool is_url(const char *text)
{
    return strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
}

bool cli_parse(struct cli *cli, const struct opt *own, int *exit_code)
{
    struct err e = {0};
    struct opt opts[MAX_OPTS];
    const struct command *c = cli->command;
    merge_opts(cli, own, opts);
    const struct opt_command spec = {.name = cli->full_name,
                                     .synopsis = c->synopsis,
                                     .about = c->about ? c->about : c->summary,
                                     .examples = c->examples,
                                     .opts = opts,
                                     .min_args = c->min_args,
                                     .max_args = c->max_args};
    switch (opt_parse(&spec, cli->argc, cli->argv, cli->args, &cli->n_args, &e)) {
    case OPT_RUN:
        if (is_url(cli->server))
            return true;
        err_set(&e, ERR_INVALID,
                "--server: expected a URL such as http://127.0.0.1:7070, got \"%.200s\"",
                cli->server);
        break;
    case OPT_DONE:
        *exit_code = CLI_OK;
        return false;
    case OPT_USAGE:
        break;
    }
    *exit_code = cli_usage(cli, "%s", e.message);
    return false;
}

int cli_fail(const struct cli *cli, const struct err *e)
{
    fprintf(stderr, "%s: %s\n", cli->full_name, e->message);
    if (e->code == ERR_UNREACHABLE)
        return CLI_UNREACHABLE;
    return e->code == ERR_REFUSED ? CLI_REFUSED : CLI_FAILED;
}

int cli_usage(const struct cli *cli, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "%s: ", cli->full_name);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fprintf(stderr, "\nTry: %s --help\n", cli->full_name);
    return CLI_USAGE;
}

void cli_say(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
}
