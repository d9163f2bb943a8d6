/*
 * safetensors.h - the one file format for bulk numbers: 8 bytes of header length, a JSON header, raw
 * little-endian tensors (https://github.com/huggingface/safetensors, format section).
 *
 * Reading maps the file and checks every offset, shape and overflow before anything is handed out:
 * tensors must tile the data section without holes or overlap, the header is at most 100 MB.
 * Writing puts the data section at a 64-byte aligned file offset (the header is padded with spaces) and
 * sorts tensors by size of element, as the reference library does, so that each is aligned to its
 * element without holes. Equal content gives equal bytes, whatever the order of the calls.
 */
#ifndef BASE_SAFETENSORS_H
#define BASE_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* X(symbol, name in the header, bytes per element) */
#define ST_DTYPE_LIST(X)                                                                           \
    X(ST_F64, "F64", 8) X(ST_F32, "F32", 4) X(ST_F16, "F16", 2) X(ST_BF16, "BF16", 2)              \
    X(ST_I64, "I64", 8) X(ST_I32, "I32", 4) X(ST_I16, "I16", 2) X(ST_I8, "I8", 1)                  \
    X(ST_U64, "U64", 8) X(ST_U32, "U32", 4) X(ST_U16, "U16", 2) X(ST_U8, "U8", 1)                  \
    X(ST_BOOL, "BOOL", 1)

enum st_dtype {
#define X(symbol, name, size) symbol,
    ST_DTYPE_LIST(X)
#undef X
};

#define ST_MAX_DIMS 8

struct st_tensor {
    const char *name;
    enum st_dtype dtype;
    int n_dims;
    int64_t shape[ST_MAX_DIMS];
    int64_t n_elements;
    const void *data; /* aligned to its element size */
    size_t size_bytes;
};

struct st_file;

/* Maps path. *out is owned; free with st_close. The file must not be truncated while open (Leeway's
 * are content-addressed and never change). */
enum err_code st_open(const char *path, struct st_file **out, struct err *e);
/* The same over memory: data is borrowed until st_close. Misaligned tensors are copied. */
enum err_code st_open_memory(const void *data, size_t size_bytes, struct st_file **out, struct err *e);
void st_close(struct st_file *f);

/* Views, valid until st_close. NULL where absent. */
const char *st_metadata(const struct st_file *f, const char *key);
const struct st_tensor *st_find(const struct st_file *f, const char *name);
size_t st_count(const struct st_file *f);
const struct st_tensor *st_at(const struct st_file *f, size_t i);

/* st_find that insists on dtype and shape (-1 in shape: any size) and says what it found instead. */
enum err_code st_need(const struct st_file *f, const char *name, enum st_dtype dtype, int n_dims,
                      const int64_t *shape, const struct st_tensor **out, struct err *e);

const char *st_dtype_name(enum st_dtype dtype);
size_t st_dtype_size(enum st_dtype dtype);

struct st_writer;

struct st_writer *st_writer_new(void); /* NULL: out of memory */
void st_writer_free(struct st_writer *w);
/* Copies name and shape; borrows data until the file is written. */
enum err_code st_writer_add(struct st_writer *w, const char *name, enum st_dtype dtype, int n_dims,
                            const int64_t *shape, const void *data, struct err *e);
/* Copies both. */
enum err_code st_writer_meta(struct st_writer *w, const char *key, const char *value, struct err *e);
/* Writes atomically (temporary file, fsync, rename) and reports the SHA-256 where sha256 != NULL. */
enum err_code st_writer_save(struct st_writer *w, const char *path, char sha256[65], struct err *e);
/* The same bytes in memory: *out is owned (free). */
enum err_code st_writer_memory(struct st_writer *w, void **out, size_t *size_bytes, struct err *e);

#endif
