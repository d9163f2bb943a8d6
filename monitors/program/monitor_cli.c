/*
 * monitor_cli.c - see monitor_cli.h.
 */
#include "monitor_cli.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

bool monitor_parse(const struct monitor_command *c, const struct opt *opts, int argc, char **argv,
                   const char **args, int *exit_code)
{
    char name[64];
    int n_args = 0;
    struct err e = {0};
    snprintf(name, sizeof name, "leeway-monitor %s", c->name);
    const struct opt_command spec = {.name = name,
                                     .synopsis = c->synopsis,
                                     .about = c->about,
                                     .examples = c->examples,
                                     .opts = opts,
                                     .min_args = c->min_args,
                                     .max_args = c->max_args};
    switch (opt_parse(&spec, argc, argv, args, &n_args, &e)) {
    case OPT_RUN:
        return true;
    case OPT_DONE:
        *exit_code = MONITOR_OK;
        return false;
    case OPT_USAGE:
        break;
    }
    *exit_code = monitor_usage(c, &e);
    return false;
}

int monitor_fail(const struct monitor_command *c, const struct err *e)
{
    if (interrupted) {
        fprintf(stderr, "leeway-monitor %s: interrupted\n", c->name);
        return MONITOR_INTERRUPTED;
    }
    fprintf(stderr, "leeway-monitor %s: %s\n", c->name, e->message);
    return MONITOR_FAILED;
}

int monitor_usage(const struct monitor_command *c, const struct err *e)
{
    fprintf(stderr, "leeway-monitor %s: %s\nTry: leeway-monitor %s --help\n", c->name, e->message,
            c->name);
    return MONITOR_USAGE;
}

void monitor_say(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
}

/* The flag may be set just before a read that then waits for ever: an alarm a second breaks off
 * that one, too. */
static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
    alarm(1);
}

void monitor_watch_signals(void)
{
    /* without SA_RESTART: a read that waits for a pipe comes back */
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGALRM, &action, NULL);
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error, not the end */
}

bool monitor_interrupted(void)
{
    return interrupted;
}

void monitor_hold_signals(bool hold)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGALRM);
    sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

bool monitor_output_failed(void)
{
    return ferror(stdout) != 0;
}
