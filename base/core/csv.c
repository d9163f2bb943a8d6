/*
 * csv.c - a streaming reader of RFC 4180, as kind as Python's: quoted fields may hold commas,
 * doubled quotes and line ends; lines end in LF or CRLF; a quote inside an unquoted field is
 * itself; empty lines are skipped. zlib reads plain files too, so there is one way in.
 */
#include "base/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buf.h"

#define MAX_FIELDS 4096
#define MAX_FIELD_BYTES (1 << 20)
#define MAX_ROW_BYTES (16 << 20)
#define INPUT_BYTES 65536

struct csv {
    char *name; /* for messages */
    gzFile input;
    int64_t file_bytes; /* as stored, compressed or not; -1: unknown */
    char *in;           /* INPUT_BYTES */
    size_t in_len, in_at;
    bool at_end;
    int64_t line; /* of the next byte, from 1 */
    int64_t in_offset, line_offset; /* in the stream: of in[0], of the line's first byte */
    int64_t row_line;
    int64_t n_rows;
    struct buf text; /* the fields of the row, each with its terminator */
    size_t *starts;  /* of the fields in text; MAX_FIELDS */
    size_t n_fields;
    bool has_quotes;     /* the row has a quoted field */
    const char **fields; /* views into text; MAX_FIELDS */
    char **columns;      /* owned */
    size_t n_columns;
};

static enum err_code fail(const struct csv *c, enum err_code code, const char *what, struct err *e)
{
    int64_t column = c->in_offset + (int64_t)c->in_at - c->line_offset + 1;
    return err_set(e, code, "%s:%lld:%lld: %s", c->name, (long long)c->line, (long long)column,
                   what);
}

/* Fills the input buffer; at_end where there is nothing more. */
static enum err_code refill(struct csv *c, struct err *e)
{
    int why = Z_OK;
    c->in_offset += (int64_t)c->in_len;
    int n = gzread(c->input, c->in, INPUT_BYTES);
    c->in_at = 0;
    c->in_len = n > 0 ? (size_t)n : 0;
    c->at_end = n <= 0;
    const char *text = gzerror(c->input, &why);
    if (why == Z_ERRNO) {
        return err_set_errno(e, errno, "reading %s", c->name);
    }
    if (why != Z_OK && why != Z_STREAM_END) { /* found while reading ahead: no line to name */
        return err_set(e, ERR_PARSE, "%s: %s", c->name,
                       why == Z_BUF_ERROR ? "the compressed file is cut off" : text);
    }
    return ERR_OK;
}

/* The next byte without taking it, -1 at the end. */
static enum err_code peek(struct csv *c, int *byte, struct err *e)
{
    if (c->in_at == c->in_len && !c->at_end) {
        enum err_code code = refill(c, e);
        if (code) {
            return code;
        }
    }
    *byte = c->in_at < c->in_len ? (unsigned char)c->in[c->in_at] : -1;
    return ERR_OK;
}

static void next_line(struct csv *c, size_t line_feed)
{
    c->line++;
    c->line_offset = c->in_offset + (int64_t)line_feed + 1;
}

static void take(struct csv *c)
{
    if (c->in[c->in_at] == '\n') {
        next_line(c, c->in_at);
    }
    c->in_at++;
}

/* Takes what follows up to a or b: the fast path, a run at a time. */
static enum err_code take_run(struct csv *c, char a, char b, struct err *e)
{
    const char *start = c->in + c->in_at, *end = c->in + c->in_len, *p = start;
    for (; p < end && *p != a && *p != b && *p != '\0'; p++) {
        if (*p == '\n') {
            next_line(c, (size_t)(p - c->in));
        }
    }
    buf_append(&c->text, start, (size_t)(p - start));
    c->in_at = (size_t)(p - c->in);
    if (p < end && *p == '\0') {
        return fail(c, ERR_PARSE, "a NUL byte: this is no text file", e);
    }
    if (buf_failed(&c->text)) {
        return err_set(e, ERR_NOMEM, "%s: out of memory", c->name);
    }
    if (c->text.len - c->starts[c->n_fields] > MAX_FIELD_BYTES) {
        return fail(c, ERR_LIMIT, "a field is longer than 1 MiB (a quote that is not closed?)", e);
    }
    return c->text.len > MAX_ROW_BYTES ? fail(c, ERR_LIMIT, "a row is longer than 16 MiB", e)
                                       : ERR_OK;
}

/* Behind the opening quote, up to and with the closing one. */
static enum err_code read_quoted(struct csv *c, struct err *e)
{
    int64_t opened = c->line, column = c->in_offset + (int64_t)c->in_at - c->line_offset;
    for (;;) {
        int byte;
        enum err_code code = peek(c, &byte, e);
        if (!code && byte < 0) {
            code = err_set(e, ERR_PARSE, "%s:%lld:%lld: a quoted field that begins here never ends",
                           c->name, (long long)opened, (long long)column);
        }
        if (!code && byte != '"') {
            code = take_run(c, '"', '"', e);
        }
        if (code) {
            return code;
        }
        if (byte != '"') {
            continue;
        }
        take(c);
        code = peek(c, &byte, e);
        if (code || byte != '"') {
            return code;
        }
        buf_append(&c->text, "\"", 1);
        take(c);
    }
}

static enum err_code read_unquoted(struct csv *c, struct err *e)
{
    int byte;
    enum err_code code = peek(c, &byte, e);
    while (!code && byte >= 0 && byte != ',' && byte != '\n') {
        code = take_run(c, ',', '\n', e);
        if (!code) {
            code = peek(c, &byte, e);
        }
    }
    if (!code && byte == '\n' && c->text.len > c->starts[c->n_fields] &&
        c->text.data[c->text.len - 1] == '\r') {
        c->text.data[--c->text.len] = '\0'; /* CRLF */
    }
    return code;
}

/* Behind a closing quote only a comma or a line's end may stand. */
static enum err_code skip_cr(struct csv *c, struct err *e)
{
    int byte;
    enum err_code code = peek(c, &byte, e);
    if (!code && byte == '\r') {
        take(c);
        code = peek(c, &byte, e);
    }
    if (!code && byte >= 0 && byte != ',' && byte != '\n') {
        code = fail(c, ERR_PARSE, "expected a comma or the line's end after a closing quote", e);
    }
    return code;
}

/* One field with its terminator; *last where the row ends behind it. */
static enum err_code read_field(struct csv *c, bool *last, struct err *e)
{
    int byte;
    if (c->n_fields == MAX_FIELDS) {
        return fail(c, ERR_LIMIT, "more than 4096 fields", e);
    }
    c->starts[c->n_fields] = c->text.len;
    enum err_code code = peek(c, &byte, e);
    if (!code && byte == '"') {
        take(c);
        c->has_quotes = true;
        code = read_quoted(c, e);
        if (!code) {
            code = skip_cr(c, e);
        }
    } else if (!code) {
        code = read_unquoted(c, e);
    }
    if (!code) {
        code = peek(c, &byte, e);
    }
    if (code) {
        return code;
    }
    buf_append(&c->text, "", 1);
    c->n_fields++;
    *last = byte != ',';
    if (byte >= 0) {
        take(c);
    }
    return ERR_OK;
}

static enum err_code read_fields(struct csv *c, struct err *e)
{
    bool last = false;
    enum err_code code = ERR_OK;
    buf_clear(&c->text);
    c->n_fields = 0;
    c->has_quotes = false;
    c->row_line = c->line;
    while (!code && !last) {
        code = read_field(c, &last, e);
    }
    if (!code && buf_failed(&c->text)) {
        code = err_set(e, ERR_NOMEM, "%s: out of memory", c->name);
    }
    return code;
}

/* The fields of the next row that is no empty line; *more is false at the end of the file. */
static enum err_code read_row(struct csv *c, bool *more, struct err *e)
{
    int byte;
    bool is_empty = true;
    while (is_empty) {
        enum err_code code = peek(c, &byte, e);
        if (!code && byte >= 0) {
            code = read_fields(c, e);
        }
        if (code || byte < 0) {
            *more = false;
            return code;
        }
        is_empty = c->text.len == 1 && !c->has_quotes; /* one terminator */
    }
    for (size_t i = 0; i < c->n_fields; i++) {
        c->fields[i] = c->text.data + c->starts[i];
    }
    *more = true;
    return ERR_OK;
}

static enum err_code skip_byte_order_mark(struct csv *c, struct err *e)
{
    int byte;
    enum err_code code = peek(c, &byte, e);
    if (!code && c->in_len >= 3 && memcmp(c->in, "\xef\xbb\xbf", 3) == 0) {
        c->in_at = 3;
        c->line_offset = 3;
    }
    return code;
}

static enum err_code copy_header(struct csv *c, struct err *e)
{
    c->columns = calloc(c->n_fields, sizeof(*c->columns));
    if (!c->columns) {
        return err_set(e, ERR_NOMEM, "%s: out of memory", c->name);
    }
    for (size_t i = 0; i < c->n_fields; i++) {
        if (csv_find_column(c, c->fields[i]) >= 0) {
            return err_set(e, ERR_PARSE, "%s:%lld:1: column \"%.80s\" is there twice", c->name,
                           (long long)c->row_line, c->fields[i]);
        }
        c->columns[i] = strdup(c->fields[i]);
        if (!c->columns[i]) {
            return err_set(e, ERR_NOMEM, "%s: out of memory", c->name);
        }
        c->n_columns++;
    }
    return ERR_OK;
}

static enum err_code read_header(struct csv *c, struct err *e)
{
    bool more = false;
    enum err_code code = skip_byte_order_mark(c, e);
    if (!code) {
        code = read_row(c, &more, e);
    }
    if (!code && !more) {
        code = fail(c, ERR_PARSE, "expected a header line, the file is empty", e);
    }
    return code ? code : copy_header(c, e);
}

static enum err_code open_input(struct csv *c, const char *path, struct err *e)
{
    struct stat st;
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int why = errno;
        if (fd >= 0) {
            close(fd);
        }
        return err_set_errno(e, why, "cannot open %s", c->name);
    }
    c->file_bytes = S_ISREG(st.st_mode) ? st.st_size : -1;
    if (S_ISDIR(st.st_mode)) {
        close(fd);
        return err_set(e, ERR_IO, "cannot open %s: it is a folder", c->name);
    }
    c->input = gzdopen(fd, "rb");
    if (!c->input) {
        close(fd);
        return err_set(e, ERR_NOMEM, "%s: out of memory", c->name);
    }
    gzbuffer(c->input, INPUT_BYTES);
    return ERR_OK;
}

enum err_code csv_open(const char *path, struct csv **out, struct err *e)
{
    struct csv *c = calloc(1, sizeof *c);
    if (!c) {
        return err_set(e, ERR_NOMEM, "%s: out of memory", path);
    }
    c->name = strdup(strcmp(path, "-") == 0 ? "stdin" : path);
    c->in = malloc(INPUT_BYTES);
    c->starts = calloc(MAX_FIELDS, sizeof *c->starts);
    c->fields = calloc(MAX_FIELDS, sizeof(*c->fields));
    c->line = 1;
    enum err_code code = c->name && c->in && c->starts && c->fields
                             ? open_input(c, path, e)
                             : err_set(e, ERR_NOMEM, "%s: out of memory", path);
    if (!code) {
        code = read_header(c, e);
    }
    if (code) {
        csv_close(c);
        return code;
    }
    *out = c;
    return ERR_OK;
}

void csv_close(struct csv *c)
{
    if (!c) {
        return;
    }
    for (size_t i = 0; i < c->n_columns; i++) {
        free(c->columns[i]);
    }
    free(c->columns);
    if (c->input) {
        gzclose(c->input);
    }
    buf_free(&c->text);
    free(c->fields);
    free(c->starts);
    free(c->in);
    free(c->name);
    free(c);
}

size_t csv_n_columns(const struct csv *c)
{
    return c->n_columns;
}

const char *csv_column(const struct csv *c, size_t i)
{
    return i < c->n_columns ? c->columns[i] : NULL;
}

int csv_find_column(const struct csv *c, const char *name)
{
    for (size_t i = 0; i < c->n_columns; i++) {
        if (strcmp(c->columns[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

enum err_code csv_next(struct csv *c, const char *const **fields, bool *more, struct err *e)
{
    bool got = false;
    enum err_code code = read_row(c, &got, e);
    if (!code && got && c->n_fields != c->n_columns) {
        code = err_set(e, ERR_PARSE, "%s:%lld:1: expected %zu fields as in the header, got %zu",
                       c->name, (long long)c->row_line, c->n_columns, c->n_fields);
    }
    if (code) {
        return code;
    }
    c->n_rows += got;
    *fields = c->fields;
    *more = got;
    return ERR_OK;
}

int64_t csv_row_number(const struct csv *c)
{
    return c->n_rows;
}

int64_t csv_line(const struct csv *c)
{
    return c->row_line;
}

const char *csv_name(const struct csv *c)
{
    return c->name;
}

double csv_progress(const struct csv *c)
{
    if (c->file_bytes < 0) {
        return -1;
    }
    if (c->at_end || c->file_bytes == 0) {
        return 1;
    }
    double share = (double)gzoffset(c->input) / (double)c->file_bytes;
    return share > 1 ? 1 : share;
}
