/*
 * tensor.h - the datatypes of the Open Inference Protocol and how an element becomes a feature's
 * value.
 *
 * Numeric feature: numbers as they are, BOOL 0 or 1, BYTES parsed as a decimal number or refused.
 * Categorical feature: BYTES as they are, numbers by rows_number_text ("3", "0.5"), BOOL "true" or
 * "false". Missing: JSON null, NaN, an empty BYTES element. JSON numbers of an FP32 tensor keep the
 * precision they were written with: 0.1 is the 0.1 that training read from its file.
 */
#ifndef INFERENCE_TENSOR_H
#define INFERENCE_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "base/err.h"
#include "model/rows.h"
#include "model/schema.h"

/* X(symbol, name, bytes of an element (0: variable), smallest and largest value of a whole type) */
#define TENSOR_TYPE_LIST(X)                                                                        \
    X(TENSOR_BOOL, "BOOL", 1, 0, 1)                                                                \
    X(TENSOR_UINT8, "UINT8", 1, 0, 255)                                                            \
    X(TENSOR_UINT16, "UINT16", 2, 0, 65535)                                                        \
    X(TENSOR_UINT32, "UINT32", 4, 0, 4294967295.0)                                                 \
    X(TENSOR_UINT64, "UINT64", 8, 0, 18446744073709549568.0)                                       \
    X(TENSOR_INT8, "INT8", 1, -128, 127)                                                           \
    X(TENSOR_INT16, "INT16", 2, -32768, 32767)                                                     \
    X(TENSOR_INT32, "INT32", 4, -2147483648.0, 2147483647.0)                                       \
    X(TENSOR_INT64, "INT64", 8, -9223372036854775808.0, 9223372036854774784.0)                     \
    X(TENSOR_FP16, "FP16", 2, 0, 0)                                                                \
    X(TENSOR_FP32, "FP32", 4, 0, 0)                                                                \
    X(TENSOR_FP64, "FP64", 8, 0, 0)                                                                \
    X(TENSOR_BYTES, "BYTES", 0, 0, 0)

enum tensor_type {
#define X(symbol, name, size, low, high) symbol,
    TENSOR_TYPE_LIST(X)
#undef X
};

bool tensor_type_parse(struct text name, enum tensor_type *out);
const char *tensor_type_name(enum tensor_type t);
size_t tensor_type_size(enum tensor_type t);
/* Whether a JSON number may stand in a tensor of that type: whole and in range for the whole types.
 */
bool tensor_type_holds(enum tensor_type t, double value);

double tensor_half_to_double(uint16_t half);

/* Where the elements of one tensor go, in row-major order: one feature's column, or the columns of
 * all features in turn. The columns have room for n_rows values. */
struct tensor_sink {
    const struct schema *schema;
    struct rows *rows;
    struct arena *arena;
    size_t feature, first_feature, last_feature; /* first == last: a single column */
    size_t row;
};

/* Each puts one value and moves on; ERR_INVALID where the feature cannot take it, ERR_NOMEM. */
enum err_code tensor_put_number(struct tensor_sink *k, double value, struct err *e);
enum err_code tensor_put_bool(struct tensor_sink *k, bool value, struct err *e);
enum err_code tensor_put_text(struct tensor_sink *k, struct text value,
                              struct err *e); /* borrowed */
void tensor_put_missing(struct tensor_sink *k);

/* n_elements of raw little-endian data (BYTES: u32 length and bytes each). data is borrowed by the
 * rows. Errors name the element. All size_bytes must be used up. */
enum err_code tensor_put_binary(struct tensor_sink *k, enum tensor_type type, size_t n_elements,
                                const char *data, size_t size_bytes, struct err *e);

#endif
