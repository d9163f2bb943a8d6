/*
 * diagnostic.c - one mistake as one line, in the form that editors and terminals make clickable.
 */
#include "policies/diagnostic.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void append(char *out, size_t size_bytes, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void append(char *out, size_t size_bytes, const char *fmt, ...)
{
    size_t used = strlen(out);
    va_list args;

    va_start(args, fmt);
    vsnprintf(out + used, size_bytes - used, fmt, args);
    va_end(args);
}

char *diagnostic_format(const struct diagnostics *d, size_t i, char *out, size_t size_bytes)
{
    const struct diagnostic *item = &d->items[i];

    out[0] = '\0';
    append(out, size_bytes, "%s:", d->name);
    if (item->line > 0)
        append(out, size_bytes, "%d:%d:", item->line, item->column);
    if (item->path[0] != '\0')
        append(out, size_bytes, " %s:", item->path);
    append(out, size_bytes, " %s", item->message);
    if (item->expected[0] != '\0')
        append(out, size_bytes, ", expected %s", item->expected);
    if (item->nearest[0] != '\0')
        append(out, size_bytes, "; did you mean \"%s\"?", item->nearest);
    return out;
}
