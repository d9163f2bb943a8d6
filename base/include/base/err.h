/*
 * err.h - one way to say what went wrong.
 *
 * Every fallible function of Leeway returns an enum err_code (ERR_OK is 0) and takes a
 * struct err * as its last parameter, filled where the failure happens with the values seen.
 * The struct err may be NULL where the caller needs the code alone. Outputs are written only on
 * success. Nothing here prints, logs or exits.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

/* X(symbol, short text, HTTP status that a server answers with) */
#define ERR_LIST(X)                                                                                \
    X(ERR_OK, "ok", 200)                                                                           \
    X(ERR_INVALID, "invalid", 400)         /* an argument or input that breaks a rule */           \
    X(ERR_PARSE, "parse error", 400)       /* text or bytes that are not what they claim to be */  \
    X(ERR_UNAUTHORIZED, "unauthorized", 401)                                                       \
    X(ERR_FORBIDDEN, "forbidden", 403)     /* known, but the role does not allow it */             \
    X(ERR_NOT_FOUND, "not found", 404)                                                             \
    X(ERR_TIMEOUT, "timed out", 504)                                                               \
    X(ERR_CONFLICT, "conflict", 409)       /* exists already, or not in a state for this */        \
    X(ERR_LIMIT, "limit exceeded", 413)                                                            \
    X(ERR_REFUSED, "refused by policy", 422)                                                       \
    X(ERR_BUSY, "busy", 503)               /* later, the same call may succeed */                  \
    X(ERR_UNREACHABLE, "unreachable", 502) /* no answer from a peer */                             \
    X(ERR_CORRUPT, "corrupt", 500)         /* hash, chain or checksum does not match */            \
    X(ERR_UNSUPPORTED, "unsupported", 501)                                                         \
    X(ERR_CANCELLED, "cancelled", 499)                                                             \
    X(ERR_IO, "i/o error", 500)                                                                    \
    X(ERR_NO_SPACE, "no space left", 507)                                                          \
    X(ERR_NOMEM, "out of memory", 500)                                                             \
    X(ERR_INTERNAL, "internal error", 500)

enum err_code {
#define X(symbol, text, status) symbol,
    ERR_LIST(X)
#undef X
};

struct err {
    enum err_code code;
    char message[512]; /* a sentence without a final full stop, always terminated */
};

/* Fills *e (NULL allowed) and returns code, so that a caller can `return err_set(e, ...)`. */
enum err_code err_set(struct err *e, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Fills *e from errno_value: "<fmt>: No space left on device"; returns the matching code
 * (ENOENT -> ERR_NOT_FOUND, ENOSPC/EDQUOT -> ERR_NO_SPACE, ENOMEM -> ERR_NOMEM, else ERR_IO). */
enum err_code err_set_errno(struct err *e, int errno_value, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "<fmt>: " in front of the message already there; returns e->code. Where e is NULL
 * there is no code to give back: ERR_INTERNAL. */
enum err_code err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Takes a failure back that the caller has dealt with: code ERR_OK, no message. NULL is fine. */
void err_clear(struct err *e);

/* The short text of the list above; never NULL. */
const char *err_code_text(enum err_code code);

/* The HTTP status of the list above. */
int err_http_status(enum err_code code);

#endif
