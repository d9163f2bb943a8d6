/*
 * err.c - codes with their texts and statuses from one list; messages built in place, never
 * allocated.
 */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum err_code code_of_errno(int errno_value)
{
    switch (errno_value) {
    case ENOENT:
        return ERR_NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
        return ERR_NO_SPACE;
    case ENOMEM:
        return ERR_NOMEM;
    default:
        return ERR_IO;
    }
}

enum err_code err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
    if (!e) {
        return code;
    }
    /* A message may quote the one that is being replaced, so it is built beside it. */
    char text[sizeof e->message];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    memcpy(e->message, text, sizeof text);
    e->code = code;
    return code;
}

enum err_code err_set_errno(struct err *e, int errno_value, const char *fmt, ...)
{
    enum err_code code = code_of_errno(errno_value);
    if (!e) {
        return code;
    }
    char what[sizeof e->message / 2], why[128];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    return err_set(e, code, "%s: %s", what, strerror_r(errno_value, why, sizeof why));
}

enum err_code err_prefix(struct err *e, const char *fmt, ...)
{
    if (!e) {
        return ERR_INTERNAL;
    }
    char what[sizeof e->message / 2];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    return err_set(e, e->code, "%s: %s", what, e->message);
}

const char *err_code_text(enum err_code code)
{
    switch (code) {
#define X(symbol, text, status)                                                                    \
    case symbol:                                                                                   \
        return text;
        ERR_LIST(X)
#undef X
    }
    return "unknown error";
}

int err_http_status(enum err_code code)
{
    switch (code) {
#define X(symbol, text, status)                                                                    \
    case symbol:                                                                                   \
        return status;
        ERR_LIST(X)
#undef X
    }
    return 500;
}

void err_clear(struct err *e)
{
    if (e)
        *e = (struct err){0};
}
