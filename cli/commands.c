/*
 * commands.c - the registry: every command of the program, and how they are found by their words.
 */
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "command.h"
#include "command_list.h"

static const struct command *const all[] = {
#define X(symbol) &symbol,
    COMMAND_LIST(X)
#undef X
        NULL};

const struct command *const *commands_all(void)
{
    return all;
}

static const char *const headings[] = {
#define X(symbol, heading) [symbol] = heading,
    COMMAND_GROUP_LIST(X)
#undef X
};

/* "run show" out of argv; one word where there is no second. */
static void join_words(int argc, char **argv, int n_words, char out[64])
{
    if (n_words == 2 && argc > 1)
        snprintf(out, 64, "%s %s", argv[0], argv[1]);
    else
        snprintf(out, 64, "%s", argc > 0 ? argv[0] : "");
}

const struct command *commands_find(int argc, char **argv, int *n_words)
{
    char words[64];
    for (int n = argc > 1 ? 2 : 1; n > 0; n--) {
        join_words(argc, argv, n, words);
        for (size_t i = 0; all[i]; i++) {
            if (strcmp(all[i]->name, words) == 0) {
                *n_words = n;
                return all[i];
            }
        }
    }
    return NULL;
}

static const char *nearest_to(const char *words)
{
    struct suggest s = suggest_start(words);
    for (size_t i = 0; all[i]; i++)
        suggest_add(&s, all[i]->name);
    return suggest_best(&s);
}

const char *commands_nearest(int argc, char **argv)
{
    char one[64], two[64];
    join_words(argc, argv, 1, one);
    join_words(argc, argv, 2, two);
    const char *near = nearest_to(two);
    return near ? near : nearest_to(one);
}

static void print_line(const struct command *c)
{
    printf("  %-16s %s\n", c->name, c->summary);
}

void commands_print_help(void)
{
    puts("Usage: leeway COMMAND [arguments] [options]\n\n"
         "Watches models in production, and retrains, tries and replaces them by policy.");
    for (size_t g = 0; g < sizeof(headings) / sizeof(headings[0]); g++) {
        printf("\n%s\n", headings[g]);
        for (size_t i = 0; all[i]; i++)
            if (all[i]->group == g)
                print_line(all[i]);
    }
    puts("\n`leeway COMMAND --help` shows examples and options. Every command talks to leewayd at\n"
         "--server URL (LEEWAY_SERVER, default http://127.0.0.1:7070); --json prints its answer.");
}

static bool is_verb_of(const struct command *c, const char *noun)
{
    size_t len = strlen(noun);
    return strncmp(c->name, noun, len) == 0 && c->name[len] == ' ';
}

bool commands_is_noun(const char *word)
{
    for (size_t i = 0; all[i]; i++)
        if (is_verb_of(all[i], word))
            return true;
    return false;
}

void commands_print_noun(const char *noun, FILE *out)
{
    fprintf(out, "Usage: leeway %s VERB [arguments] [options]\n\n", noun);
    for (size_t i = 0; all[i]; i++)
        if (is_verb_of(all[i], noun))
            fprintf(out, "  leeway %-16s %s\n", all[i]->name, all[i]->summary);
    fprintf(out, "\n`leeway %s VERB --help` shows examples and options.\n", noun);
}
