/*
 * safetensors.c - the reading side. Everything the header claims is checked against the bytes that
 * are there before a single view is handed out; after that, access needs no checks.
 */
#include "base/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"

#define MAX_HEADER_BYTES (100 * 1000 * 1000) /* the reference library's limit */

struct tensor {
    struct st_tensor view;
    uint64_t begin, end; /* in the data section */
    void *copy;          /* owned, where the file's bytes were misaligned */
};

struct st_file {
    const char *name; /* for messages; borrowed while opening */
    const unsigned char *bytes;
    size_t size_bytes;
    bool is_mapped;
    cJSON *header; /* names and metadata are views into it */
    const unsigned char *data;
    uint64_t data_bytes;
    struct tensor *tensors; /* in file order */
    size_t n_tensors;
    struct st_tensor **by_name; /* sorted */
};

static const struct dtype {
    const char *name;
    size_t size_bytes;
} dtypes[] = {
#define X(symbol, text, size) [symbol] = {text, size},
    ST_DTYPE_LIST(X)
#undef X
};
#define N_DTYPES (sizeof dtypes / sizeof dtypes[0])

const char *st_dtype_name(enum st_dtype dtype)
{
    return dtypes[dtype].name;
}

size_t st_dtype_size(enum st_dtype dtype)
{
    return dtypes[dtype].size_bytes;
}

static enum err_code read_dtype(const char *where, const cJSON *node, enum st_dtype *out,
                                struct err *e)
{
    const char *text;
    enum err_code code = json_get_string(node, "dtype", &text, e);
    if (code) {
        return err_prefix(e, "%s", where), code;
    }
    for (size_t i = 0; i < N_DTYPES; i++) {
        if (strcmp(text, dtypes[i].name) == 0) {
            *out = (enum st_dtype)i;
            return ERR_OK;
        }
    }
    return err_set(e, ERR_UNSUPPORTED, "%s: dtype %.20s is not known here", where, text);
}

/* One non-negative whole number up to 2^53, the largest that JSON carries exactly. */
static bool read_size(const cJSON *node, uint64_t *out)
{
    double x = cJSON_IsNumber(node) ? node->valuedouble : -1;
    if (!(x >= 0 && x <= 0x1p53) || x != (double)(uint64_t)x) {
        return false;
    }
    *out = (uint64_t)x;
    return true;
}

/* Shape, and the number of elements without overflow. */
static enum err_code read_shape(const char *where, const cJSON *node, struct st_tensor *t,
                                struct err *e)
{
    const cJSON *shape, *dim;
    enum err_code code = json_get_array(node, "shape", &shape, e);
    if (code) {
        return err_prefix(e, "%s", where), code;
    }
    uint64_t n = 1, size;
    cJSON_ArrayForEach(dim, shape)
    {
        if (t->n_dims == ST_MAX_DIMS) {
            return err_set(e, ERR_UNSUPPORTED, "%s: more than %d dimensions", where, ST_MAX_DIMS);
        }
        if (!read_size(dim, &size)) {
            return err_set(e, ERR_PARSE, "%s: shape[%d]: expected a whole number, 0 or more", where,
                           t->n_dims);
        }
        if (__builtin_mul_overflow(n, size, &n) || n > INT64_MAX) {
            return err_set(e, ERR_PARSE, "%s: the product of its shape overflows", where);
        }
        t->shape[t->n_dims++] = (int64_t)size;
    }
    t->n_elements = (int64_t)n;
    return ERR_OK;
}

static enum err_code read_offsets(const char *where, const cJSON *node, const struct st_file *f,
                                  struct tensor *t, struct err *e)
{
    const cJSON *offsets;
    enum err_code code = json_get_array(node, "data_offsets", &offsets, e);
    if (code) {
        return err_prefix(e, "%s", where), code;
    }
    if (cJSON_GetArraySize(offsets) != 2 || !read_size(offsets->child, &t->begin) ||
        !read_size(offsets->child->next, &t->end)) {
        return err_set(e, ERR_PARSE, "%s: data_offsets: expected two whole numbers", where);
    }
    if (t->begin > t->end || t->end > f->data_bytes) {
        return err_set(e, ERR_PARSE,
                       "%s: data_offsets %llu..%llu do not lie in the %llu bytes of data", where,
                       (unsigned long long)t->begin, (unsigned long long)t->end,
                       (unsigned long long)f->data_bytes);
    }
    uint64_t size, need = (uint64_t)t->view.n_elements;
    if (__builtin_mul_overflow(need, st_dtype_size(t->view.dtype), &size) ||
        size != t->end - t->begin) {
        return err_set(e, ERR_PARSE, "%s: %lld elements of %s do not fill %llu bytes", where,
                       (long long)t->view.n_elements, st_dtype_name(t->view.dtype),
                       (unsigned long long)(t->end - t->begin));
    }
    t->view.size_bytes = (size_t)size;
    return ERR_OK;
}

static enum err_code read_tensor(const struct st_file *f, const cJSON *node, struct tensor *t,
                                 struct err *e)
{
    char where[256];
    snprintf(where, sizeof where, "%.100s: tensor %.100s", f->name, node->string);
    t->view.name = node->string;
    if (!cJSON_IsObject(node)) {
        return err_set(e, ERR_PARSE, "%s: expected an object", where);
    }
    enum err_code code = read_dtype(where, node, &t->view.dtype, e);
    if (!code) {
        code = read_shape(where, node, &t->view, e);
    }
    return code ? code : read_offsets(where, node, f, t, e);
}

static enum err_code check_metadata(const struct st_file *f, const cJSON *node, struct err *e)
{
    const cJSON *item;
    if (!cJSON_IsObject(node)) {
        return err_set(e, ERR_PARSE, "%s: __metadata__: expected an object", f->name);
    }
    cJSON_ArrayForEach(item, node)
    {
        if (!cJSON_IsString(item)) {
            return err_set(e, ERR_PARSE, "%s: __metadata__.%.80s: expected a string", f->name,
                           item->string);
        }
    }
    return ERR_OK;
}

static bool is_metadata(const cJSON *node)
{
    return strcmp(node->string, "__metadata__") == 0;
}

static enum err_code read_tensors(struct st_file *f, struct err *e)
{
    size_t n = (size_t)cJSON_GetArraySize(f->header);
    f->tensors = calloc(n ? n : 1, sizeof *f->tensors);
    f->by_name = calloc(n ? n : 1, sizeof(*f->by_name));
    if (!f->tensors || !f->by_name) {
        return err_set(e, ERR_NOMEM, "%s: out of memory", f->name);
    }
    const cJSON *node;
    cJSON_ArrayForEach(node, f->header)
    {
        enum err_code code = is_metadata(node) ? check_metadata(f, node, e)
                                               : read_tensor(f, node, &f->tensors[f->n_tensors], e);
        if (code) {
            return code;
        }
        f->n_tensors += !is_metadata(node);
    }
    return ERR_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct tensor *x = a, *y = b;
    int order = (x->begin > y->begin) - (x->begin < y->begin);
    return order ? order : (x->end > y->end) - (x->end < y->end);
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct st_tensor *const *)a)->name, (*(struct st_tensor *const *)b)->name);
}

/* No holes, no overlap, nothing behind the last one. */
static enum err_code check_tiling(struct st_file *f, struct err *e)
{
    uint64_t at = 0;
    qsort(f->tensors, f->n_tensors, sizeof *f->tensors, by_place);
    for (size_t i = 0; i < f->n_tensors; i++) {
        const struct tensor *t = &f->tensors[i];
        if (t->begin != at) {
            return err_set(e, ERR_PARSE, "%s: tensor %.100s begins at %llu, expected %llu", f->name,
                           t->view.name, (unsigned long long)t->begin, (unsigned long long)at);
        }
        at = t->end;
    }
    if (at != f->data_bytes) {
        return err_set(e, ERR_PARSE, "%s: tensors end at %llu, but there are %llu bytes of data",
                       f->name, (unsigned long long)at, (unsigned long long)f->data_bytes);
    }
    return ERR_OK;
}

/* Our own writer aligns; other writers' files may not, and then the tensor is copied. */
static enum err_code place_data(struct st_file *f, struct err *e)
{
    for (size_t i = 0; i < f->n_tensors; i++) {
        struct tensor *t = &f->tensors[i];
        t->view.data = f->data + t->begin;
        f->by_name[i] = &t->view;
        if ((uintptr_t)t->view.data % st_dtype_size(t->view.dtype) == 0) {
            continue;
        }
        t->copy = malloc(t->view.size_bytes ? t->view.size_bytes : 1);
        if (!t->copy) {
            return err_set(e, ERR_NOMEM, "%s: out of memory for tensor %.100s", f->name,
                           t->view.name);
        }
        memcpy(t->copy, t->view.data, t->view.size_bytes);
        t->view.data = t->copy;
    }
    qsort(f->by_name, f->n_tensors, sizeof(*f->by_name), by_name);
    return ERR_OK;
}

static enum err_code read_header(struct st_file *f, struct err *e)
{
    uint64_t len = 0;
    if (f->size_bytes < 8) {
        return err_set(e, ERR_PARSE, "%s: %zu bytes are too few for a safetensors file", f->name,
                       f->size_bytes);
    }
    for (int i = 7; i >= 0; i--) {
        len = len << 8 | f->bytes[i];
    }
    if (len > MAX_HEADER_BYTES || len > f->size_bytes - 8) {
        return err_set(e, ERR_PARSE, "%s: a header of %llu bytes does not fit (file: %zu bytes)",
                       f->name, (unsigned long long)len, f->size_bytes);
    }
    char name[128];
    snprintf(name, sizeof name, "%.100s: header", f->name);
    const char *text = (const char *)f->bytes + 8;
    if (len == 0 || text[0] != '{') {
        return err_set(e, ERR_PARSE, "%s: expected a JSON object", name);
    }
    f->data = f->bytes + 8 + len;
    f->data_bytes = f->size_bytes - 8 - len;
    return json_parse(name, text, (size_t)len, &f->header, e);
}

static enum err_code read_file(struct st_file *f, struct err *e)
{
    enum err_code code = read_header(f, e);
    if (!code) {
        code = read_tensors(f, e);
    }
    if (!code) {
        code = check_tiling(f, e);
    }
    return code ? code : place_data(f, e);
}

/* Takes the mapping, where it is one, also on an error. */
static enum err_code open_bytes(const char *name, const void *bytes, size_t size_bytes,
                                bool is_mapped, struct st_file **out, struct err *e)
{
    struct st_file *f = calloc(1, sizeof *f);
    if (!f) {
        if (is_mapped) {
            munmap((void *)(uintptr_t)bytes, size_bytes);
        }
        return err_set(e, ERR_NOMEM, "%s: out of memory", name);
    }
    *f = (struct st_file){
        .name = name, .bytes = bytes, .size_bytes = size_bytes, .is_mapped = is_mapped};
    enum err_code code = read_file(f, e);
    f->name = NULL;
    if (code) {
        st_close(f);
        return code;
    }
    *out = f;
    return ERR_OK;
}

enum err_code st_open_memory(const void *data, size_t size_bytes, struct st_file **out,
                             struct err *e)
{
    return open_bytes("safetensors", data, size_bytes, false, out, e);
}

static enum err_code map_file(const char *path, int fd, void **bytes, size_t *size, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return err_set_errno(e, errno, "cannot stat %s", path);
    }
    if (!S_ISREG(st.st_mode) || st.st_size < 8) {
        return err_set(e, ERR_PARSE, "%s: not a safetensors file", path);
    }
    *size = (size_t)st.st_size;
    *bytes = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
    return *bytes == MAP_FAILED ? err_set_errno(e, errno, "cannot map %s", path) : ERR_OK;
}

enum err_code st_open(const char *path, struct st_file **out, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_set_errno(e, errno, "cannot open %s", path);
    }
    void *bytes = NULL;
    size_t size = 0;
    enum err_code code = map_file(path, fd, &bytes, &size, e);
    close(fd);
    return code ? code : open_bytes(path, bytes, size, true, out, e);
}

void st_close(struct st_file *f)
{
    if (!f) {
        return;
    }
    for (size_t i = 0; i < f->n_tensors; i++) {
        free(f->tensors[i].copy);
    }
    free(f->tensors);
    free(f->by_name);
    cJSON_Delete(f->header);
    if (f->is_mapped) {
        munmap((void *)(uintptr_t)f->bytes, f->size_bytes);
    }
    free(f);
}

const char *st_metadata(const struct st_file *f, const char *key)
{
    const cJSON *meta = cJSON_GetObjectItemCaseSensitive(f->header, "__metadata__");
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(meta, key);
    return value ? value->valuestring : NULL;
}

const struct st_tensor *st_find(const struct st_file *f, const char *name)
{
    struct st_tensor wanted = {.name = name}, *key = &wanted;
    struct st_tensor **hit = bsearch(&key, f->by_name, f->n_tensors, sizeof(*f->by_name), by_name);
    return hit ? *hit : NULL;
}

size_t st_count(const struct st_file *f)
{
    return f->n_tensors;
}

const struct st_tensor *st_at(const struct st_file *f, size_t i)
{
    return i < f->n_tensors ? &f->tensors[i].view : NULL;
}

/* "F32[10,?]" */
static void describe(struct buf *b, enum st_dtype dtype, int n_dims, const int64_t *shape)
{
    buf_printf(b, "%s[", st_dtype_name(dtype));
    for (int i = 0; i < n_dims; i++) {
        buf_puts(b, i ? "," : "");
        if (shape[i] < 0) {
            buf_puts(b, "?");
        } else {
            buf_printf(b, "%lld", (long long)shape[i]);
        }
    }
    buf_puts(b, "]");
}

static bool fits(const struct st_tensor *t, enum st_dtype dtype, int n_dims, const int64_t *shape)
{
    bool same = t->dtype == dtype && t->n_dims == n_dims;
    for (int i = 0; same && i < n_dims; i++) {
        same = shape[i] < 0 || shape[i] == t->shape[i];
    }
    return same;
}

enum err_code st_need(const struct st_file *f, const char *name, enum st_dtype dtype, int n_dims,
                      const int64_t *shape, const struct st_tensor **out, struct err *e)
{
    const struct st_tensor *t = st_find(f, name);
    if (t && fits(t, dtype, n_dims, shape)) {
        *out = t;
        return ERR_OK;
    }
    struct buf want = BUF_INIT;
    describe(&want, dtype, n_dims, shape);
    buf_puts(&want, ", got ");
    if (t) {
        describe(&want, t->dtype, t->n_dims, t->shape);
    } else {
        buf_puts(&want, "nothing");
    }
    enum err_code code = err_set(e, ERR_INVALID, "tensor %s: expected %s", name,
                                 want.data ? want.data : "another one");
    buf_free(&want);
    return code;
}
