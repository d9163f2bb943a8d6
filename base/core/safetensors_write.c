/*
 * safetensors_write.c - the writing side. The order of tensors (largest elements first, then by
 * name) keeps every tensor aligned to its element without holes, and makes equal inputs equal
 * bytes.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file_writer.h"
#include "base/safetensors.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "json_write.h"

#define DATA_ALIGNMENT 64 /* of the data section in the file: a cache line, and AVX-512 loads */

struct entry {
    struct st_tensor tensor; /* data is borrowed */
    char *name;              /* owned */
};

struct meta {
    char *key, *value; /* owned */
};

struct st_writer {
    struct entry *entries;
    size_t n_entries, cap_entries;
    struct meta *meta;
    size_t n_meta, cap_meta;
};

/* Where the bytes go: one part after the other. */
typedef enum err_code sink_fn(void *sink, const void *data, size_t len, struct err *e);

struct st_writer *st_writer_new(void)
{
    return calloc(1, sizeof(struct st_writer));
}

void st_writer_free(struct st_writer *w)
{
    if (!w) {
        return;
    }
    for (size_t i = 0; i < w->n_entries; i++) {
        free(w->entries[i].name);
    }
    for (size_t i = 0; i < w->n_meta; i++) {
        free(w->meta[i].key);
        free(w->meta[i].value);
    }
    free(w->entries);
    free(w->meta);
    free(w);
}

/* Room for one more item of item_bytes; the old items stay where memory is out. */
static bool grow(void **items, size_t n, size_t *cap, size_t item_bytes)
{
    if (n < *cap) {
        return true;
    }
    size_t new_cap = *cap ? *cap * 2 : 16;
    void *more = realloc(*items, new_cap * item_bytes);
    if (!more) {
        return false;
    }
    *items = more;
    *cap = new_cap;
    return true;
}

static enum err_code check_name(const struct st_writer *w, const char *name, struct err *e)
{
    if (!*name || strcmp(name, "__metadata__") == 0 || !utf8_is_valid(name, strlen(name))) {
        return err_set(e, ERR_INVALID, "\"%.80s\" cannot name a tensor", name);
    }
    for (size_t i = 0; i < w->n_entries; i++) {
        if (strcmp(w->entries[i].name, name) == 0) {
            return err_set(e, ERR_CONFLICT, "tensor %.80s is there already", name);
        }
    }
    return ERR_OK;
}

static enum err_code fill_tensor(struct st_tensor *t, const int64_t *shape, struct err *e)
{
    if (t->n_dims < 0 || t->n_dims > ST_MAX_DIMS) {
        return err_set(e, ERR_INVALID, "tensor %.80s: %d dimensions, 0..%d are possible", t->name,
                       t->n_dims, ST_MAX_DIMS);
    }
    int64_t n = 1;
    size_t size;
    bool overflow = false;
    for (int i = 0; i < t->n_dims; i++) {
        if (shape[i] < 0) {
            return err_set(e, ERR_INVALID, "tensor %.80s: shape[%d] is %lld", t->name, i,
                           (long long)shape[i]);
        }
        overflow |= __builtin_mul_overflow(n, shape[i], &n);
        t->shape[i] = shape[i];
    }
    if (overflow || __builtin_mul_overflow((size_t)n, st_dtype_size(t->dtype), &size)) {
        return err_set(e, ERR_LIMIT, "tensor %.80s: the product of its shape overflows", t->name);
    }
    t->n_elements = n;
    t->size_bytes = size;
    return ERR_OK;
}

enum err_code st_writer_add(struct st_writer *w, const char *name, enum st_dtype dtype, int n_dims,
                            const int64_t *shape, const void *data, struct err *e)
{
    struct st_tensor t = {.name = name, .dtype = dtype, .n_dims = n_dims, .data = data};
    enum err_code code = check_name(w, name, e);
    if (!code) {
        code = fill_tensor(&t, shape, e);
    }
    if (code) {
        return code;
    }
    char *copy = strdup(name);
    if (!copy || !grow((void **)&w->entries, w->n_entries, &w->cap_entries, sizeof *w->entries)) {
        free(copy);
        return err_set(e, ERR_NOMEM, "out of memory adding tensor %.80s", name);
    }
    t.name = copy;
    w->entries[w->n_entries++] = (struct entry){t, copy};
    return ERR_OK;
}

static enum err_code check_meta(const struct st_writer *w, const char *key, const char *value,
                                struct err *e)
{
    if (!utf8_is_valid(key, strlen(key)) || !utf8_is_valid(value, strlen(value))) {
        return err_set(e, ERR_INVALID, "metadata %.80s is not UTF-8", key);
    }
    for (size_t i = 0; i < w->n_meta; i++) {
        if (strcmp(w->meta[i].key, key) == 0) {
            return err_set(e, ERR_CONFLICT, "metadata %.80s is there already", key);
        }
    }
    return ERR_OK;
}

enum err_code st_writer_meta(struct st_writer *w, const char *key, const char *value, struct err *e)
{
    enum err_code code = check_meta(w, key, value, e);
    if (code) {
        return code;
    }
    struct meta m = {strdup(key), strdup(value)};
    if (!m.key || !m.value || !grow((void **)&w->meta, w->n_meta, &w->cap_meta, sizeof *w->meta)) {
        free(m.key);
        free(m.value);
        return err_set(e, ERR_NOMEM, "out of memory adding metadata %.80s", key);
    }
    w->meta[w->n_meta++] = m;
    return ERR_OK;
}

static int by_size_then_name(const void *a, const void *b)
{
    const struct st_tensor *x = &((const struct entry *)a)->tensor;
    const struct st_tensor *y = &((const struct entry *)b)->tensor;
    size_t sx = st_dtype_size(x->dtype), sy = st_dtype_size(y->dtype);
    return sx != sy ? (sx < sy ? 1 : -1) : strcmp(x->name, y->name);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct meta *)a)->key, ((const struct meta *)b)->key);
}

static void put_metadata(const struct st_writer *w, struct buf *b)
{
    buf_puts(b, "\"__metadata__\":{");
    for (size_t i = 0; i < w->n_meta; i++) {
        buf_puts(b, i ? "," : "");
        json_write_string(b, w->meta[i].key);
        buf_puts(b, ":");
        json_write_string(b, w->meta[i].value);
    }
    buf_puts(b, "}");
}

/* Returns where the tensor ends in the data section. */
static size_t put_tensor(const struct st_tensor *t, size_t begin, struct buf *b)
{
    json_write_string(b, t->name);
    buf_printf(b, ":{\"dtype\":\"%s\",\"shape\":[", st_dtype_name(t->dtype));
    for (int i = 0; i < t->n_dims; i++) {
        buf_printf(b, "%s%lld", i ? "," : "", (long long)t->shape[i]);
    }
    buf_printf(b, "],\"data_offsets\":[%zu,%zu]}", begin, begin + t->size_bytes);
    return begin + t->size_bytes;
}

/* The 8 bytes of length and the JSON, padded with blanks up to the alignment of the data. */
static void put_header(const struct st_writer *w, struct buf *b)
{
    size_t at = 0;
    buf_append(b, "\0\0\0\0\0\0\0\0", 8);
    buf_puts(b, "{");
    if (w->n_meta) {
        put_metadata(w, b);
    }
    for (size_t i = 0; i < w->n_entries; i++) {
        buf_puts(b, i || w->n_meta ? "," : "");
        at = put_tensor(&w->entries[i].tensor, at, b);
    }
    buf_puts(b, "}");
    while (!buf_failed(b) && b->len % DATA_ALIGNMENT) {
        buf_puts(b, " ");
    }
    for (int i = 0; i < 8 && !buf_failed(b); i++) {
        b->data[i] = (char)((b->len - 8) >> (8 * i));
    }
}

static enum err_code write_to(struct st_writer *w, sink_fn *put, void *sink, struct err *e)
{
    struct buf header = BUF_INIT;
    if (w->n_entries) { /* qsort's argument must not be NULL, even for nothing */
        qsort(w->entries, w->n_entries, sizeof *w->entries, by_size_then_name);
    }
    if (w->n_meta) {
        qsort(w->meta, w->n_meta, sizeof *w->meta, by_key);
    }
    put_header(w, &header);
    enum err_code code = buf_failed(&header)
                             ? err_set(e, ERR_NOMEM, "out of memory for a safetensors header")
                             : put(sink, header.data, header.len, e);
    for (size_t i = 0; i < w->n_entries && !code; i++) {
        code = put(sink, w->entries[i].tensor.data, w->entries[i].tensor.size_bytes, e);
    }
    buf_free(&header);
    return code;
}

struct file_sink {
    struct file_writer *file;
    struct sha256 *digest; /* NULL: not wanted */
};

static enum err_code put_to_file(void *sink, const void *data, size_t len, struct err *e)
{
    struct file_sink *s = sink;
    if (s->digest) {
        sha256_update(s->digest, data, len);
    }
    return file_writer_append(s->file, data, len, e);
}

static enum err_code save_with(struct st_writer *w, const char *path, struct sha256 *digest,
                               struct err *e)
{
    struct file_sink sink = {.digest = digest};
    enum err_code code = file_writer_open(path, &sink.file, e);
    if (code) {
        return code;
    }
    code = write_to(w, put_to_file, &sink, e);
    if (code) {
        file_writer_abort(sink.file);
        return code;
    }
    return file_writer_commit(sink.file, e);
}

enum err_code st_writer_save(struct st_writer *w, const char *path, char sha256[65], struct err *e)
{
    struct sha256 *digest = sha256 ? sha256_new() : NULL;
    if (sha256 && !digest) {
        return err_set(e, ERR_NOMEM, "out of memory writing %s", path);
    }
    enum err_code code = save_with(w, path, digest, e);
    if (!code && sha256) {
        sha256_finish(digest, sha256);
    }
    sha256_free(digest);
    return code;
}

static enum err_code put_to_buf(void *sink, const void *data, size_t len, struct err *e)
{
    buf_append(sink, data, len);
    return buf_failed(sink) ? err_set(e, ERR_NOMEM, "out of memory for a safetensors file")
                            : ERR_OK;
}

enum err_code st_writer_memory(struct st_writer *w, void **out, size_t *size_bytes, struct err *e)
{
    struct buf b = BUF_INIT;
    enum err_code code = write_to(w, put_to_buf, &b, e);
    if (code) {
        buf_free(&b);
        return code;
    }
    *out = buf_take(&b, size_bytes);
    return ERR_OK;
}
