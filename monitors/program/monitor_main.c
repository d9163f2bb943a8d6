/*
 * monitor_main.c - leeway-monitor: drift numbers from files, without a server. Finds the command
 * and runs it.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/process.h"
#include "base/suggest.h"
#include "monitor_cli.h"

static const struct monitor_command *const commands[] = {
    &monitor_reference,
    &monitor_compare,
    &monitor_detect,
    &monitor_suggest,
};
#define N_COMMANDS (sizeof commands / sizeof commands[0])

static void print_help(void)
{
    puts("Usage: leeway-monitor COMMAND [options]\n\n"
         "Examples:\n"
         "  leeway-monitor reference january.csv -o january.safetensors\n"
         "  leeway-monitor compare january.safetensors february.csv.gz\n"
         "  leeway-monitor compare january.safetensors february.csv --window 1000 --json\n"
         "  leeway-monitor detect errors.csv --column error\n"
         "\nCommands:");
    for (size_t i = 0; i < N_COMMANDS; i++)
        printf("  %-11s%s\n", commands[i]->name, commands[i]->summary);
    puts("\nFiles are CSV with a header line, plain or gzip; - is stdin.\n"
         "leeway-monitor COMMAND --help says more.");
}

static const struct monitor_command *find(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int refuse(const char *name)
{
    struct suggest nearest = suggest_start(name);
    for (size_t i = 0; i < N_COMMANDS; i++)
        suggest_add(&nearest, commands[i]->name);
    const char *near = suggest_best(&nearest);
    fprintf(stderr, "leeway-monitor: unknown command \"%.60s\"", name);
    if (near)
        fprintf(stderr, "; did you mean: leeway-monitor %s", near);
    fputs("\nTry: leeway-monitor --help\n", stderr);
    return MONITOR_USAGE;
}

/* A closed pipe: its reader has seen enough (| head), which is no failure; a full disk is. */
static bool reader_has_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) > 0 && (out.revents & POLLERR);
}

static int close_stdout(int code)
{
    bool failed = fflush(stdout) != 0 || ferror(stdout);
    if (!failed || code == MONITOR_FAILED || reader_has_gone())
        return code;
    fputs("leeway-monitor: cannot write to stdout: is the disk full?\n", stderr);
    return MONITOR_FAILED;
}

static int run(const struct monitor_command *c, int argc, char **argv)
{
    return close_stdout(c->run(c, argc, argv));
}

int main(int argc, char **argv)
{
    process_start(argv, 1);
    const char *first = argc > 1 ? argv[1] : "";
    if (strcmp(first, "--version") == 0) {
        puts("leeway-monitor " LEEWAY_VERSION);
        return MONITOR_OK;
    }
    bool wants_help =
        strcmp(first, "help") == 0 || strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0;
    if (wants_help && argc == 2) {
        print_help();
        return MONITOR_OK;
    }
    if (argc < 2) {
        fputs("leeway-monitor: expected a command\nTry: leeway-monitor --help\n", stderr);
        return MONITOR_USAGE;
    }
    const struct monitor_command *c = find(wants_help ? argv[2] : first);
    if (!c)
        return refuse(wants_help ? argv[2] : first);
    char *help[] = {argv[0], "--help", NULL};
    return wants_help ? run(c, 2, help) : run(c, argc - 1, argv + 1);
}
