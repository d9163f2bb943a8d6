/*
 * tensor.c - elements into columns, and the binary form of all datatypes.
 */
#include "tensor.h"

#include <math.h>
#include <string.h>

#include "json_scan.h"

static const struct {
    const char *name;
    size_t size_bytes;
    double low, high; /* both 0: not a whole type */
} types[] = {
#define X(symbol, name, size, low, high) [symbol] = {name, size, low, high},
    TENSOR_TYPE_LIST(X)
#undef X
};

bool tensor_type_parse(struct text name, enum tensor_type *out)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (text_is(name, types[i].name)) {
            *out = (enum tensor_type)i;
            return true;
        }
    }
    return false;
}

const char *tensor_type_name(enum tensor_type t)
{
    return types[t].name;
}

size_t tensor_type_size(enum tensor_type t)
{
    return types[t].size_bytes;
}

bool tensor_type_holds(enum tensor_type t, double value)
{
    if (types[t].high == 0) {
        return t != TENSOR_BYTES;
    }
    return value == floor(value) && value >= types[t].low && value <= types[t].high;
}

double tensor_half_to_double(uint16_t half)
{
    int exponent = half >> 10 & 31;
    int fraction = half & 1023;
    double value = exponent == 31  ? (fraction ? NAN : INFINITY)
                   : exponent == 0 ? ldexp(fraction, -24)
                                   : ldexp(fraction + 1024, exponent - 25);
    return half & 0x8000 ? -value : value;
}

/* ---- one element into its column ---- */

static void advance(struct tensor_sink *k)
{
    if (k->feature == k->last_feature) {
        k->feature = k->first_feature;
        k->row++;
    } else {
        k->feature++;
    }
}

static bool is_numeric(const struct tensor_sink *k)
{
    return k->schema->features[k->feature].kind == FEATURE_NUMERIC;
}

static void put_category(struct tensor_sink *k, struct text value)
{
    k->rows->columns[k->feature].texts[k->row] = value;
    advance(k);
}

void tensor_put_missing(struct tensor_sink *k)
{
    if (is_numeric(k)) {
        k->rows->columns[k->feature].numbers[k->row] = NAN;
        advance(k);
    } else {
        put_category(k, (struct text){0});
    }
}

enum err_code tensor_put_number(struct tensor_sink *k, double value, struct err *e)
{
    if (is_numeric(k)) {
        k->rows->columns[k->feature].numbers[k->row] = value;
        advance(k);
        return ERR_OK;
    }
    if (isnan(value)) {
        tensor_put_missing(k);
        return ERR_OK;
    }
    char *text = arena_alloc(k->arena, 32);
    if (!text) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    put_category(k, (struct text){text, (uint32_t)rows_number_text(value, text)});
    return ERR_OK;
}

enum err_code tensor_put_bool(struct tensor_sink *k, bool value, struct err *e)
{
    if (is_numeric(k)) {
        return tensor_put_number(k, value, e);
    }
    put_category(k, value ? (struct text){"true", 4} : (struct text){"false", 5});
    return ERR_OK;
}

enum err_code tensor_put_text(struct tensor_sink *k, struct text value, struct err *e)
{
    if (value.len == 0) {
        tensor_put_missing(k);
        return ERR_OK;
    }
    if (!is_numeric(k)) {
        put_category(k, value);
        return ERR_OK;
    }
    double number;
    if (json_number_parse(value.s, value.len, &number) != value.len) {
        int shown = value.len < 40 ? (int)value.len : 40;
        return err_set(e, ERR_INVALID, "row %zu: feature \"%s\" is numeric, got the text \"%.*s\"",
                       k->row, k->schema->features[k->feature].name, shown, value.s);
    }
    return tensor_put_number(k, number, e);
}

/* ---- the binary form ---- */

/* One element as a double; p need not be aligned. The protocol is little-endian, and so are we. */
static double load_number(enum tensor_type type, const char *p)
{
    union {
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        uint64_t u64;
        int8_t i8;
        int16_t i16;
        int32_t i32;
        int64_t i64;
        float f32;
        double f64;
    } v;
    memcpy(&v, p, types[type].size_bytes);
    switch (type) {
    case TENSOR_BOOL:
    case TENSOR_UINT8:
        return v.u8;
    case TENSOR_UINT16:
        return v.u16;
    case TENSOR_UINT32:
        return v.u32;
    case TENSOR_UINT64:
        return (double)v.u64;
    case TENSOR_INT8:
        return v.i8;
    case TENSOR_INT16:
        return v.i16;
    case TENSOR_INT32:
        return v.i32;
    case TENSOR_INT64:
        return (double)v.i64;
    case TENSOR_FP16:
        return tensor_half_to_double(v.u16);
    case TENSOR_FP32:
        return v.f32;
    case TENSOR_FP64:
        return v.f64;
    case TENSOR_BYTES:
        break;
    }
    return NAN;
}

static enum err_code put_binary_bytes(struct tensor_sink *k, size_t n_elements, const char *data,
                                      size_t size_bytes, struct err *e)
{
    const char *p = data, *end = data + size_bytes;
    for (size_t i = 0; i < n_elements; i++) {
        uint32_t len = 0;
        if ((size_t)(end - p) >= sizeof len) {
            memcpy(&len, p, sizeof len);
            p += sizeof len;
        } else {
            return err_set(e, ERR_INVALID, "element %zu: no room for its length", i);
        }
        if (len > (size_t)(end - p)) {
            return err_set(e, ERR_INVALID, "element %zu: length %u, but %zu bytes are left", i, len,
                           (size_t)(end - p));
        }
        enum err_code code = tensor_put_text(k, (struct text){p, len}, e);
        if (code) {
            return code;
        }
        p += len;
    }
    if (p != end) {
        return err_set(e, ERR_INVALID, "%zu bytes behind the last element", (size_t)(end - p));
    }
    return ERR_OK;
}

enum err_code tensor_put_binary(struct tensor_sink *k, enum tensor_type type, size_t n_elements,
                                const char *data, size_t size_bytes, struct err *e)
{
    if (type == TENSOR_BYTES) {
        return put_binary_bytes(k, n_elements, data, size_bytes, e);
    }
    size_t size = types[type].size_bytes;
    if (size_bytes / size != n_elements || size_bytes % size != 0) {
        return err_set(e, ERR_INVALID, "%zu bytes for %zu elements of %s", size_bytes, n_elements,
                       types[type].name);
    }
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < n_elements && !code; i++) {
        double value = load_number(type, data + i * size);
        code = type == TENSOR_BOOL ? tensor_put_bool(k, value != 0, e)
                                   : tensor_put_number(k, value, e);
    }
    return code;
}
