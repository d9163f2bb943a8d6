/*
 * http_strict.c - reading a request's head and refusing the ambiguous ones.
 */
#include "http_strict.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static enum MHD_Result collect(void *cls, enum MHD_ValueKind kind, const char *name,
                               size_t name_len, const char *value, size_t value_len)
{
    struct head *h = cls;
    h->n_bytes += name_len + value_len;
    if (h->n_fields == STRICT_MAX_FIELDS || h->n_bytes > STRICT_MAX_HEAD_BYTES) {
        h->too_large = true;
        return MHD_NO;
    }
    h->fields[h->n_fields++] = (struct head_field){kind, name, value, name_len, value_len};
    return MHD_YES;
}

void head_read(struct MHD_Connection *connection, struct head *out)
{
    out->n_fields = out->n_bytes = 0;
    out->too_large = false;
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND | MHD_GET_ARGUMENT_KIND, collect, out);
}

static bool is_token(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c) != NULL)
            return false;
    }
    return len > 0;
}

static bool is_field_text(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/*
 * Before 1.0 libmicrohttpd counts a value's length with strlen, so a NUL inside cuts it off unseen.
 * It parses in place, though: a name and its value stand in one line, and the next name begins
 * right after CR LF (or LF), both overwritten by NUL. Anything else between two fields is what was
 * cut off. A folded line, which RFC 9112 5.2 lets a server refuse, is moved away from its place and
 * fails too.
 */
static bool library_parses_in_place(void)
{
    return strverscmp(MHD_get_version(), "1.0") < 0;
}

static bool in_one_piece(const struct head_field *f, const struct head_field *next)
{
    if (f->value == NULL)
        return true;
    const char *end = f->value + f->value_len;
    if (f->value <= f->name || (size_t)(f->value - f->name) > f->name_len + 16)
        return false;
    if (next == NULL)
        return end[1] == '\0';
    return next->name == end + 2 ? end[1] == '\0' : next->name == end + 1;
}

static enum err_code check_field(const struct head_field *f, const struct head_field *next,
                                 bool in_place, struct err *e)
{
    if (!is_token(f->name, f->name_len))
        return err_set(e, ERR_INVALID, "malformed header name");
    if (f->value != NULL && !is_field_text(f->value, f->value_len))
        return err_set(e, ERR_INVALID, "control character in header %.64s", f->name);
    if (in_place && !in_one_piece(f, next))
        return err_set(e, ERR_INVALID, "NUL or folded line in header %.64s", f->name);
    return ERR_OK;
}

static const struct head_field *next_header(const struct head *h, size_t i)
{
    while (++i < h->n_fields)
        if (h->fields[i].kind == MHD_HEADER_KIND)
            return &h->fields[i];
    return NULL;
}

/* The only header called name, NULL where absent; *n counts them. */
static const char *only(const struct head *h, const char *name, int *n)
{
    const char *value = NULL;
    size_t len = strlen(name);
    *n = 0;
    for (size_t i = 0; i < h->n_fields; i++) {
        const struct head_field *f = &h->fields[i];
        if (f->kind == MHD_HEADER_KIND && f->name_len == len && strcasecmp(f->name, name) == 0) {
            value = f->value != NULL ? f->value : "";
            (*n)++;
        }
    }
    return value;
}

static enum err_code check_framing(const struct head *h, const char *version, struct head_body *out,
                                   struct err *e)
{
    int n_length, n_coding, n_host, n_expect;
    const char *length = only(h, "Content-Length", &n_length);
    const char *coding = only(h, "Transfer-Encoding", &n_coding);
    const char *expect = only(h, "Expect", &n_expect);
    only(h, "Host", &n_host);
    if (n_length > 1 || n_host > 1)
        return err_set(e, ERR_INVALID, "%d %s headers, expected at most one",
                       n_length > 1 ? n_length : n_host, n_length > 1 ? "Content-Length" : "Host");
    if (n_length > 0 && n_coding > 0)
        return err_set(e, ERR_INVALID, "Content-Length together with Transfer-Encoding");
    if (n_coding > 0 && strcmp(version, MHD_HTTP_VERSION_1_1) != 0)
        return err_set(e, ERR_INVALID, "Transfer-Encoding in %.16s", version);
    if (n_coding > 1 || (n_coding == 1 && strcasecmp(coding, "chunked") != 0))
        return err_set(e, ERR_UNSUPPORTED, "Transfer-Encoding other than chunked");
    out->chunked = n_coding == 1;
    out->content_length = n_length == 1 ? strtoull(length, NULL, 10) : 0;
    out->expects_continue = expect != NULL && strcasecmp(expect, "100-continue") == 0;
    return ERR_OK;
}

enum err_code head_check(const struct head *h, const char *version, struct head_body *out,
                         struct err *e)
{
    bool in_place = library_parses_in_place();
    for (size_t i = 0; i < h->n_fields; i++) {
        const struct head_field *f = &h->fields[i];
        if (f->kind != MHD_HEADER_KIND)
            continue;
        enum err_code code = check_field(f, next_header(h, i), in_place, e);
        if (code != ERR_OK)
            return code;
    }
    return check_framing(h, version, out, e);
}
