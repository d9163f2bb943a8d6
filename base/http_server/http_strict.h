/*
 * http_strict.h - refuses requests whose framing two readers could understand differently.
 *
 * libmicrohttpd accepts Content-Length together with Transfer-Encoding, repeated Content-Length and
 * Host, unknown transfer codings, spaces in header names, folded lines and NUL in values; behind a
 * proxy each of these lets one request hide in another. Pure but for reading the connection's
 * header list.
 */
#ifndef HTTP_STRICT_H
#define HTTP_STRICT_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define STRICT_MAX_FIELDS 128
#define STRICT_MAX_HEAD_BYTES 16384

struct head_field {
    enum MHD_ValueKind kind;  /* MHD_HEADER_KIND or MHD_GET_ARGUMENT_KIND */
    const char *name, *value; /* views into libmicrohttpd's buffer; value NULL: none given */
    size_t name_len, value_len;
};

/* A request's header fields and query arguments, in the order received. */
struct head {
    size_t n_fields;
    size_t n_bytes; /* of all names and values */
    bool too_large;
    struct head_field fields[STRICT_MAX_FIELDS];
};

/* What the header says about the body. */
struct head_body {
    bool chunked;
    bool expects_continue;
    uint64_t content_length; /* 0 where absent */
};

/* Collects the views; they are valid until the request is completed. */
void head_read(struct MHD_Connection *connection, struct head *out);

/* ERR_INVALID (400) for ambiguous framing, ERR_UNSUPPORTED (501) for another transfer coding. */
enum err_code head_check(const struct head *h, const char *version, struct head_body *out,
                         struct err *e);

#endif
