/*
 * main.c - leeway, the operator's program: finds the command and runs it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/process.h"
#include "command.h"

#define DEFAULT_SERVER "http://127.0.0.1:7070"
#define DEFAULT_TIMEOUT_MS 30000

/* Options may stand before the command, too: index of the first word that is none. */
static int find_first_word(int argc, char **argv)
{
    int i = 1;
    while (i < argc && argv[i][0] == '-' && argv[i][1] != '\0') {
        bool takes_next = !strchr(argv[i], '=') && strncmp(argv[i], "--", 2) == 0 &&
                          cli_global_takes_value(argv[i] + 2);
        i += takes_next ? 2 : 1;
    }
    return i < argc ? i : argc;
}

static bool asks_for(int argc, char **argv, int from, int to, const char *name)
{
    for (int i = from; i < to && i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return false;
}

static int refuse_unknown(int argc, char **argv)
{
    const char *near = commands_nearest(argc, argv);
    fprintf(stderr, "leeway: unknown command \"%.60s\"", argv[0]);
    if (near)
        fprintf(stderr, "; did you mean: leeway %s", near);
    if (commands_is_noun(argv[0]))
        fprintf(stderr, "\nTry: leeway %s --help\n", argv[0]);
    else
        fputs("\nTry: leeway --help\n", stderr);
    return CLI_USAGE;
}

/* A noun and no verb: `leeway policy`, `leeway policy --help`. */
static int show_noun(const char *noun, bool asked)
{
    if (!asked)
        fprintf(stderr, "leeway %s: expected a verb\n\n", noun);
    commands_print_noun(noun, asked ? stdout : stderr);
    return asked ? CLI_OK : CLI_USAGE;
}

/* argv: the words from the first one on, of which no command is made. */
static int refuse(int argc, char **argv)
{
    bool alone = argc == 1 || argv[1][0] == '-';
    if (alone && commands_is_noun(argv[0]))
        return show_noun(argv[0], asks_for(argc, argv, 1, argc, "--help") ||
                                      asks_for(argc, argv, 1, argc, "-h"));
    return refuse_unknown(argc, argv);
}

/* The command's argv: its name, the options that stood before it, then what followed it. */
static char **reorder(int argc, char **argv, int first_word, int n_words, int *n_out)
{
    char **out = calloc((size_t)argc + 1, sizeof(*out));
    int n = 0;
    if (!out)
        return NULL;
    out[n++] = argv[first_word + n_words - 1];
    for (int i = 1; i < first_word; i++)
        out[n++] = argv[i];
    for (int i = first_word + n_words; i < argc; i++)
        out[n++] = argv[i];
    *n_out = n;
    return out;
}

static int run_command(const struct command *c, int argc, char **argv)
{
    const char *user = getenv("USER");
    struct cli cli = {.command = c,
                      .argc = argc,
                      .argv = argv,
                      .args = calloc((size_t)argc + 1, sizeof(*cli.args)),
                      .server = DEFAULT_SERVER,
                      .actor = user ? user : "",
                      .timeout_ms = DEFAULT_TIMEOUT_MS};
    snprintf(cli.full_name, sizeof(cli.full_name), "leeway %s", c->name);
    if (!cli.args) {
        fputs("leeway: out of memory\n", stderr);
        return CLI_FAILED;
    }
    int code = c->run(&cli);
    free(cli.args);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == CLI_OK)
        code = CLI_FAILED; /* the data did not arrive: a full disk, a closed pipe */
    return code;
}

/* `leeway help run show` is `leeway run show --help`. */
static int help(int argc, char **argv)
{
    int n_words = 0;
    const struct command *c = argc > 0 ? commands_find(argc, argv, &n_words) : NULL;
    char *words[] = {argc > 0 ? argv[0] : "", "--help", NULL};
    if (c)
        return run_command(c, 2, words);
    if (argc == 1 && commands_is_noun(argv[0]))
        return show_noun(argv[0], true);
    if (argc > 0)
        return refuse_unknown(argc, argv);
    commands_print_help();
    return CLI_OK;
}

int main(int argc, char **argv)
{
    int n_words = 0, n = 0;
    process_start(argv, 0);
    int first = find_first_word(argc, argv);
    if (asks_for(argc, argv, 1, first, "--help") || asks_for(argc, argv, 1, first, "-h"))
        return help(0, NULL);
    if (asks_for(argc, argv, 1, first, "--version")) {
        puts("leeway " LEEWAY_VERSION);
        return CLI_OK;
    }
    if (first == argc) {
        fputs("leeway: expected a command\nTry: leeway --help\n", stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[first], "help") == 0)
        return help(argc - first - 1, argv + first + 1);
    const struct command *c = commands_find(argc - first, argv + first, &n_words);
    if (!c)
        return refuse(argc - first, argv + first);
    char **words = reorder(argc, argv, first, n_words, &n);
    int code = words ? run_command(c, n, words) : CLI_FAILED;
    free(words);
    return code;
}
