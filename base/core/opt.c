/*
 * opt.c - walks argv once, gives each option to opt_value.c, collects the rest, then looks at the
 * environment and at what is required.
 */
#include "base/opt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "opt_value.h"

#define MAX_OPTS 128

struct parse {
    const struct opt_command *command;
    int argc, next; /* next: index of the argument to be read */
    char **argv;
    const char **args;
    int n_args;
    bool seen[MAX_OPTS]; /* by index in the table */
    bool done;           /* --help or --version was served */
    struct err *e;
};

static const struct opt *by_letter(const struct opt_command *command, char letter)
{
    for (const struct opt *o = command->opts; o->kind != OPT_END; o++) {
        if (o->letter && o->letter == letter) {
            return o;
        }
    }
    return NULL;
}

static const struct opt *by_name(const struct opt_command *command, const char *name, size_t len)
{
    for (const struct opt *o = command->opts; o->kind != OPT_END; o++) {
        if (strncmp(o->name, name, len) == 0 && o->name[len] == '\0') {
            return o;
        }
    }
    return NULL;
}

static enum err_code unknown_option(struct parse *p, const char *name, size_t len)
{
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)len, name);
    struct suggest s = suggest_start(word);
    for (const struct opt *o = p->command->opts; o->kind != OPT_END; o++) {
        suggest_add(&s, o->name);
    }
    suggest_add(&s, "help");
    suggest_add(&s, "version");
    const char *near = suggest_best(&s);
    return err_set(p->e, ERR_INVALID, "unknown option --%s%s%s%s", word,
                   near ? " (did you mean --" : "", near ? near : "", near ? "?)" : "");
}

static enum err_code set(struct parse *p, const struct opt *o, const char *text)
{
    p->seen[o - p->command->opts] = true;
    return opt_value_set(o, text, p->e);
}

/* The value that stands in the next argument. */
static enum err_code set_from_next(struct parse *p, const struct opt *o)
{
    if (p->next == p->argc) {
        return err_set(p->e, ERR_INVALID, "--%s needs a value: --%s %s", o->name, o->name,
                       opt_value_arg(o));
    }
    return set(p, o, p->argv[p->next++]);
}

/* --no-NAME of a flag. */
static const struct opt *negated_flag(struct parse *p, const char *name, size_t len)
{
    if (len <= 3 || strncmp(name, "no-", 3) != 0) {
        return NULL;
    }
    const struct opt *o = by_name(p->command, name + 3, len - 3);
    return o && o->kind == OPT_FLAG ? o : NULL;
}

static bool serve_builtin(struct parse *p, const char *name)
{
    if (strcmp(name, "help") == 0) {
        opt_print_help(p->command);
    } else if (strcmp(name, "version") == 0) {
        printf("%s %s\n", p->command->name, LEEWAY_VERSION);
    } else {
        return false;
    }
    p->done = true;
    return true;
}

/* Behind the two dashes. */
static enum err_code read_long(struct parse *p, const char *name)
{
    const char *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    const struct opt *o = by_name(p->command, name, len);
    if (o && equals) {
        return set(p, o, equals + 1);
    }
    if (o) {
        return o->kind == OPT_FLAG ? set(p, o, "true") : set_from_next(p, o);
    }
    o = negated_flag(p, name, len);
    if (o && !equals) {
        return set(p, o, "false");
    }
    return serve_builtin(p, name) ? ERR_OK : unknown_option(p, name, len);
}

/* Behind the one dash: "-v", "-vq" (flags), "-n 5", "-n5". */
static enum err_code read_letters(struct parse *p, const char *letters)
{
    for (; *letters && !p->done; letters++) {
        const struct opt *o = by_letter(p->command, *letters);
        if (!o && *letters == 'h') {
            serve_builtin(p, "help");
            return ERR_OK;
        }
        if (!o) {
            return err_set(p->e, ERR_INVALID, "unknown option -%c", *letters);
        }
        if (o->kind != OPT_FLAG) {
            return letters[1] ? set(p, o, letters + 1) : set_from_next(p, o);
        }
        enum err_code code = set(p, o, "true");
        if (code) {
            return code;
        }
    }
    return ERR_OK;
}

static enum err_code read_arguments(struct parse *p)
{
    bool only_positional = false;
    while (p->next < p->argc && !p->done) {
        const char *arg = p->argv[p->next++];
        enum err_code code = ERR_OK;
        if (only_positional || arg[0] != '-' || arg[1] == '\0') {
            p->args[p->n_args++] = arg; /* "-" alone is a file name by custom: stdin */
        } else if (strcmp(arg, "--") == 0) {
            only_positional = true;
        } else {
            code = arg[1] == '-' ? read_long(p, arg + 2) : read_letters(p, arg + 1);
        }
        if (code) {
            return code;
        }
    }
    return ERR_OK;
}

static enum err_code fill_from_environment(struct parse *p)
{
    for (const struct opt *o = p->command->opts; o->kind != OPT_END; o++) {
        const char *text = o->env ? getenv(o->env) : NULL;
        if (!text || !*text || p->seen[o - p->command->opts]) {
            continue;
        }
        enum err_code code = set(p, o, text);
        if (code) {
            err_prefix(p->e, "environment variable %s", o->env);
            return code;
        }
    }
    return ERR_OK;
}

static enum err_code check_required(struct parse *p)
{
    for (const struct opt *o = p->command->opts; o->kind != OPT_END; o++) {
        if (o->required && !p->seen[o - p->command->opts]) {
            return err_set(p->e, ERR_INVALID, "--%s %s is required%s%s", o->name,
                           opt_value_arg(o) ? opt_value_arg(o) : "",
                           o->env ? ", or the environment variable " : "", o->env ? o->env : "");
        }
    }
    return ERR_OK;
}

static enum err_code check_positional(struct parse *p)
{
    const struct opt_command *c = p->command;
    const char *synopsis = c->synopsis ? c->synopsis : "";
    if (p->n_args < c->min_args) {
        return err_set(p->e, ERR_INVALID, "expected %s%d argument%s, got %d: %s %s",
                       c->max_args == c->min_args ? "" : "at least ", c->min_args,
                       c->min_args == 1 ? "" : "s", p->n_args, c->name, synopsis);
    }
    if (c->max_args >= 0 && p->n_args > c->max_args) {
        return err_set(p->e, ERR_INVALID, "unexpected argument \"%.80s\": %s %s",
                       p->args[c->max_args], c->name, synopsis);
    }
    return ERR_OK;
}

enum opt_outcome opt_parse(const struct opt_command *command, int argc, char **argv,
                           const char **args, int *n_args, struct err *e)
{
    struct parse p = {
        .command = command, .argc = argc, .next = 1, .argv = argv, .args = args, .e = e};
    size_t n_opts = 0;
    while (command->opts[n_opts].kind != OPT_END) {
        n_opts++;
    }
    if (n_opts > MAX_OPTS) {
        err_set(e, ERR_INTERNAL, "%s declares more than %d options", command->name, MAX_OPTS);
        return OPT_USAGE;
    }
    if (read_arguments(&p)) {
        return OPT_USAGE;
    }
    if (p.done) {
        return OPT_DONE;
    }
    if (fill_from_environment(&p) || check_required(&p) || check_positional(&p)) {
        return OPT_USAGE;
    }
    *n_args = p.n_args;
    return OPT_RUN;
}
