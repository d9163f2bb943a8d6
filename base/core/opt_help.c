/*
 * opt_help.c - the text of --help, made from the table: usage, what it is, examples, options with
 * defaults; wrapped at the terminal's width.
 */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/opt.h"
#include "opt_value.h"

#define HELP_COLUMN 28
#define MIN_WIDTH 50
#define MAX_WIDTH 120

static int terminal_width(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) {
        return 80;
    }
    int width = size.ws_col;
    return width < MIN_WIDTH ? MIN_WIDTH : width > MAX_WIDTH ? MAX_WIDTH : width;
}

/* Words of text from column `at` on, broken before width, later lines indented. */
static void print_wrapped(const char *text, int at, int indent, int width)
{
    bool first = true;
    for (;;) {
        text += strspn(text, " ");
        int len = (int)strcspn(text, " ");
        if (len == 0) {
            break;
        }
        if (!first && at + 1 + len > width) {
            printf("\n%*s", indent, "");
            at = indent;
        } else if (!first) {
            putchar(' ');
            at++;
        }
        printf("%.*s", len, text);
        at += len;
        text += len;
        first = false;
    }
    putchar('\n');
}

/* "  -n, --name ARG", returns its length. */
static int print_name(const struct opt *o)
{
    int len = o->letter ? printf("  -%c, --%s", o->letter, o->name) : printf("      --%s", o->name);
    const char *arg = opt_value_arg(o);
    return arg ? len + printf(" %s", arg) : len;
}

static void add_notes(const struct opt *o, struct buf *text)
{
    struct buf value = BUF_INIT;
    opt_value_print(o, &value);
    if (o->required) {
        buf_puts(text, " (required)");
    } else if (value.len) {
        buf_printf(text, " (default: %s)", value.data);
    }
    if (o->kind == OPT_STRINGS) {
        buf_puts(text, " (may be repeated)");
    }
    if (o->env) {
        buf_printf(text, " [env: %s]", o->env);
    }
    buf_free(&value);
}

static void print_option(const struct opt *o, int width)
{
    int at = print_name(o);
    if (at > HELP_COLUMN - 2) {
        putchar('\n');
        at = 0;
    }
    printf("%*s", HELP_COLUMN - at, "");
    struct buf text = BUF_INIT;
    buf_puts(&text, o->help ? o->help : "");
    add_notes(o, &text);
    print_wrapped(text.data ? text.data : "", HELP_COLUMN, HELP_COLUMN, width);
    buf_free(&text);
}

/* Each line of examples, indented. */
static void print_examples(const char *examples)
{
    puts("Examples:");
    while (*examples) {
        int len = (int)strcspn(examples, "\n");
        printf("  %.*s\n", len, examples);
        examples += len;
        examples += *examples == '\n';
    }
    putchar('\n');
}

void opt_print_help(const struct opt_command *command)
{
    int width = terminal_width();
    const char *synopsis = command->synopsis ? command->synopsis : "";
    printf("Usage: %s%s%s [options]\n\n", command->name, *synopsis ? " " : "", synopsis);
    if (command->about) {
        print_wrapped(command->about, 0, 0, width);
        putchar('\n');
    }
    if (command->examples) {
        print_examples(command->examples);
    }
    puts("Options:");
    for (const struct opt *o = command->opts; o->kind != OPT_END; o++) {
        print_option(o, width);
    }
    const struct opt help = {
        .name = "help", .letter = 'h', .kind = OPT_FLAG, .help = "Shows this."};
    const struct opt version = {.name = "version", .kind = OPT_FLAG, .help = "Shows the version."};
    print_option(&help, width);
    print_option(&version, width);
}
