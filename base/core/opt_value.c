/*
 * opt_value.c - the kinds of option values: how each is read, checked and shown.
 */
#include "opt_value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "number.h"

static bool has_limits(const struct opt *opt)
{
    return opt->min != 0 || opt->max != 0;
}

static bool in_limits(const struct opt *opt, double value)
{
    return !has_limits(opt) || (value >= opt->min && value <= opt->max);
}

static const char *kind_words(enum opt_kind kind)
{
    switch (kind) {
    case OPT_FLAG:
        return "true or false";
    case OPT_INT:
        return "a whole number";
    case OPT_DOUBLE:
        return "a number";
    case OPT_DURATION:
        return "a duration such as 90s, 15m, 6h or 30d";
    case OPT_SIZE:
        return "a size such as 4096, 64K, 16M or 2G";
    case OPT_STRING:
    case OPT_STRINGS:
    case OPT_END:
        break;
    }
    return "a text";
}

/* 65536 -> "64K": the largest unit that divides it. */
static void print_size(int64_t bytes, struct buf *b)
{
    static const char units[] = {'\0', 'K', 'M', 'G', 'T'};
    size_t unit = 0;
    while (bytes && bytes % 1024 == 0 && unit + 1 < sizeof units) {
        bytes /= 1024;
        unit++;
    }
    buf_printf(b, "%" PRId64, bytes);
    if (units[unit]) {
        buf_append(b, &units[unit], 1);
    }
}

static void print_number(enum opt_kind kind, double value, struct buf *b)
{
    char text[CLOCK_TEXT_BYTES + NUMBER_BYTES];
    if (kind == OPT_DURATION) {
        buf_puts(b, clock_format_duration((int64_t)value, text, sizeof text));
    } else if (kind == OPT_SIZE) {
        print_size((int64_t)value, b);
    } else {
        buf_puts(b, number_format(value, text));
    }
}

static enum err_code refuse(const struct opt *opt, const char *text, struct err *e)
{
    struct buf expected = BUF_INIT;
    buf_puts(&expected, kind_words(opt->kind));
    if (has_limits(opt)) {
        buf_puts(&expected, ", ");
        print_number(opt->kind, opt->min, &expected);
        buf_puts(&expected, "..");
        print_number(opt->kind, opt->max, &expected);
    }
    enum err_code code = err_set(e, ERR_INVALID, "--%s: expected %s, got \"%.80s\"", opt->name,
                                 expected.data ? expected.data : "another value", text);
    buf_free(&expected);
    return code;
}

static bool parse_bool(const char *text, bool *out)
{
    static const struct {
        const char *text;
        bool value;
    } words[] = {{"true", true},   {"yes", true}, {"1", true},
                 {"false", false}, {"no", false}, {"0", false}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i].text) == 0) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

/* strtoll and strtod skip blanks; a value that begins with one is a slip that we show. */
static bool starts_like_number(const char *text)
{
    return *text && !isspace((unsigned char)*text);
}

static bool parse_int(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (!starts_like_number(text) || *end || errno) {
        return false;
    }
    *out = value;
    return true;
}

static bool parse_double(const char *text, double *out)
{
    char *end;
    double value = strtod(text, &end);
    if (!starts_like_number(text) || *end || !isfinite(value)) {
        return false;
    }
    *out = value;
    return true;
}

static bool parse_size(const char *text, int64_t *out)
{
    char *end;
    if (!isdigit((unsigned char)*text)) {
        return false;
    }
    double value = strtod(text, &end);
    const char *units = "KMGT", *unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
    if (unit) {
        value *= pow(1024, (double)(unit - units) + 1);
        end++;
    }
    if (*end || !(value <= 0x1p62)) {
        return false;
    }
    *out = (int64_t)value;
    return true;
}

static enum err_code set_whole(const struct opt *opt, const char *text, struct err *e)
{
    int64_t value = 0;
    bool ok = opt->kind == OPT_INT        ? parse_int(text, &value)
              : opt->kind == OPT_DURATION ? clock_parse_duration(text, &value)
                                          : parse_size(text, &value);
    if (!ok || !in_limits(opt, (double)value)) {
        return refuse(opt, text, e);
    }
    *(int64_t *)opt->dest = value;
    return ERR_OK;
}

static enum err_code add_string(const struct opt *opt, const char *text, struct err *e)
{
    struct opt_list *list = opt->dest;
    if (list->n == OPT_LIST_MAX) {
        return err_set(e, ERR_LIMIT, "--%s: given more than %d times", opt->name, OPT_LIST_MAX);
    }
    list->items[list->n++] = text;
    return ERR_OK;
}

enum err_code opt_value_set(const struct opt *opt, const char *text, struct err *e)
{
    double number;
    switch (opt->kind) {
    case OPT_FLAG:
        return parse_bool(text, opt->dest) ? ERR_OK : refuse(opt, text, e);
    case OPT_STRING:
        *(const char **)opt->dest = text;
        return ERR_OK;
    case OPT_STRINGS:
        return add_string(opt, text, e);
    case OPT_INT:
    case OPT_DURATION:
    case OPT_SIZE:
        return set_whole(opt, text, e);
    case OPT_DOUBLE:
        if (!parse_double(text, &number) || !in_limits(opt, number)) {
            return refuse(opt, text, e);
        }
        *(double *)opt->dest = number;
        return ERR_OK;
    case OPT_END:
        break;
    }
    return err_set(e, ERR_INTERNAL, "--%s has no kind", opt->name);
}

void opt_value_print(const struct opt *opt, struct buf *b)
{
    const char *text;
    switch (opt->kind) {
    case OPT_STRING:
        text = *(const char *const *)opt->dest;
        buf_puts(b, text ? text : "");
        break;
    case OPT_INT:
        buf_printf(b, "%" PRId64, *(const int64_t *)opt->dest);
        break;
    case OPT_DURATION:
    case OPT_SIZE:
        print_number(opt->kind, (double)*(const int64_t *)opt->dest, b);
        break;
    case OPT_DOUBLE:
        print_number(opt->kind, *(const double *)opt->dest, b);
        break;
    case OPT_FLAG: /* off unless its help says otherwise */
    case OPT_STRINGS:
    case OPT_END:
        break;
    }
}

const char *opt_value_arg(const struct opt *opt)
{
    if (opt->arg) {
        return opt->arg;
    }
    switch (opt->kind) {
    case OPT_STRING:
    case OPT_STRINGS:
        return "TEXT";
    case OPT_INT:
    case OPT_DOUBLE:
        return "N";
    case OPT_DURATION:
        return "TIME";
    case OPT_SIZE:
        return "SIZE";
    case OPT_FLAG:
    case OPT_END:
        break;
    }
    return NULL;
}
