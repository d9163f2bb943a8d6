/*
 * tensor_input.c - one input tensor after the other: head, then data into the columns.
 */
#include "tensor_input.h"

#include <string.h>

#include "tensor.h"

/* What a tensor says about itself, gathered until its data can be read. */
struct head {
    struct text name;
    bool has_type, has_shape, has_data, has_binary;
    enum tensor_type type;
    int n_dims;
    size_t shape[2];
    const char *deferred; /* data that came before the rest of the head */
    size_t binary_bytes;
    bool resolved, skip; /* skip: a tensor of the other version */
    struct tensor_sink sink;
};

enum err_code tensor_inputs_init(struct tensor_inputs *in, const struct feature_index *features,
                                 const struct feature_index *others, struct arena *arena,
                                 const struct infer_body *body, struct rows *rows, struct err *e)
{
    const struct schema *schema = feature_index_schema(features);
    struct column *columns = arena_alloc(arena, schema->n_features * sizeof *columns);
    if (!columns) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    memset(columns, 0, schema->n_features * sizeof *columns);
    *rows = (struct rows){.n_rows = 0, .n_columns = schema->n_features, .columns = columns};
    *in = (struct tensor_inputs){.features = features,
                                 .others = others,
                                 .schema = schema,
                                 .arena = arena,
                                 .body = body,
                                 .rows = rows};
    return ERR_OK;
}

static size_t n_elements(const struct head *h)
{
    return h->n_dims == 2 ? h->shape[0] * h->shape[1] : h->shape[0];
}

/* ---- from a name to columns ---- */

static bool is_given(const struct column *c)
{
    return c->numbers || c->texts;
}

static bool add_column(struct tensor_inputs *in, size_t feature)
{
    struct column *c = &in->rows->columns[feature];
    if (in->schema->features[feature].kind == FEATURE_NUMERIC) {
        c->numbers = arena_alloc(in->arena, in->rows->n_rows * sizeof *c->numbers);
    } else {
        c->texts = arena_alloc(in->arena, in->rows->n_rows * sizeof *c->texts);
    }
    return is_given(c);
}

/* first..last are the features that the tensor fills. */
static bool add_columns(struct tensor_inputs *in, struct json_scan *s, struct head *h, size_t first,
                        size_t last)
{
    for (size_t f = first; f <= last; f++) {
        if (is_given(&in->rows->columns[f])) {
            return json_scan_fail(s, "feature \"%s\" is given twice", in->schema->features[f].name);
        }
        if (!add_column(in, f)) {
            return json_scan_fail(s, "out of memory");
        }
    }
    h->sink = (struct tensor_sink){.schema = in->schema,
                                   .rows = in->rows,
                                   .arena = in->arena,
                                   .feature = first,
                                   .first_feature = first,
                                   .last_feature = last};
    return true;
}

/* The number of rows is the first tensor's. Every element takes a byte at least, so that a shape
 * cannot ask for more memory than a multiple of the body. */
static bool check_shape(struct tensor_inputs *in, struct json_scan *s, const struct head *h,
                        size_t width)
{
    size_t most = in->body->json_len + in->body->binary_len;
    if ((h->n_dims == 1 && width != 1) || (h->n_dims == 2 && h->shape[1] != width)) {
        return json_scan_fail(s, "expected the shape [n, %zu]%s", width,
                              width == 1 ? " or [n]" : "");
    }
    if (h->shape[0] == 0 || h->shape[0] > most / width) {
        return json_scan_fail(s, "a shape of %zu rows does not fit a body of %zu bytes",
                              h->shape[0], most);
    }
    if (in->rows->n_rows != 0 && in->rows->n_rows != h->shape[0]) {
        return json_scan_fail(s, "%zu rows, but the tensors before have %zu", h->shape[0],
                              in->rows->n_rows);
    }
    in->rows->n_rows = h->shape[0];
    return true;
}

/* Called when name, shape and datatype are known: decides where the data goes. */
static bool resolve(struct tensor_inputs *in, struct json_scan *s, struct head *h)
{
    h->resolved = true;
    int feature = feature_index_find(in->features, h->name, in->next_guess);
    if (feature >= 0) {
        in->next_guess = (size_t)feature + 1;
        return check_shape(in, s, h, 1) && add_columns(in, s, h, (size_t)feature, (size_t)feature);
    }
    if (text_is(h->name, INFER_MATRIX)) {
        size_t width = in->schema->n_features;
        return check_shape(in, s, h, width) && add_columns(in, s, h, 0, width - 1);
    }
    h->skip = in->others && feature_index_find(in->others, h->name, 0) >= 0;
    return h->skip || json_scan_fail(s, "no feature of this name, and not \"" INFER_MATRIX "\"");
}

/* ---- JSON data ---- */

static bool check_put(struct json_scan *s, enum err_code code)
{
    if (code) {
        struct err reason = *s->e;
        json_scan_fail(s, "%s", reason.message);
        s->e->code = code;
    }
    return code == ERR_OK;
}

static bool read_text(struct json_scan *s, struct head *h)
{
    struct text text;
    if (h->type != TENSOR_BYTES) {
        return json_scan_fail(s, "a string in a tensor of %s", tensor_type_name(h->type));
    }
    return json_scan_string(s, &text) && check_put(s, tensor_put_text(&h->sink, text, s->e));
}

static bool read_bool(struct json_scan *s, struct head *h)
{
    bool value;
    if (h->type != TENSOR_BOOL) {
        return json_scan_fail(s, "true or false in a tensor of %s", tensor_type_name(h->type));
    }
    return json_scan_bool(s, &value) && check_put(s, tensor_put_bool(&h->sink, value, s->e));
}

static bool read_number(struct json_scan *s, struct head *h)
{
    double value;
    if (!json_scan_number(s, &value)) {
        return false;
    }
    if (!tensor_type_holds(h->type, value)) {
        return json_scan_fail(s, "%.17g in a tensor of %s", value, tensor_type_name(h->type));
    }
    return check_put(s, h->type == TENSOR_BOOL ? tensor_put_bool(&h->sink, value != 0, s->e)
                                               : tensor_put_number(&h->sink, value, s->e));
}

static bool read_element(struct json_scan *s, struct head *h)
{
    if (h->sink.row == h->sink.rows->n_rows) {
        return json_scan_fail(s, "more than the %zu values of its shape", n_elements(h));
    }
    switch (json_scan_peek(s)) {
    case '"':
        return read_text(s, h);
    case 't':
    case 'f':
        return read_bool(s, h);
    case 'n':
        if (json_scan_null(s)) {
            tensor_put_missing(&h->sink);
        }
        return !s->failed;
    default:
        return read_number(s, h);
    }
}

/* An array at nesting level: all arrays of the next level, or all values of this one and below. */
static void read_level(struct json_scan *s, struct head *h, int level)
{
    bool first = true;
    size_t n_arrays = 0, n_values = 0;
    json_scan_enter(s, '[');
    while (json_scan_next_item(s, &first)) {
        if (json_scan_peek(s) == '[' && level + 1 < h->n_dims) {
            n_arrays++;
            read_level(s, h, level + 1);
        } else if (read_element(s, h)) {
            n_values++;
        }
    }
    size_t below = level == 0 && h->n_dims == 2 ? h->shape[1] : 1;
    bool whole = n_arrays == 0 ? n_values == h->shape[level] * below
                               : n_arrays == h->shape[level] && n_values == 0;
    if (!s->failed && !whole) {
        json_scan_fail(s, "%zu values at nesting level %d, the shape says %zu", n_arrays + n_values,
                       level + 1, n_arrays ? h->shape[level] : h->shape[level] * below);
    }
}

static void read_data(struct json_scan *s, struct head *h)
{
    if (h->skip) {
        json_scan_skip(s);
    } else {
        read_level(s, h, 0);
    }
}

/* ---- the head ---- */

static void read_type(struct json_scan *s, struct head *h)
{
    struct text name;
    if (!json_scan_string(s, &name)) {
        return;
    }
    h->has_type = tensor_type_parse(name, &h->type);
    if (!h->has_type) {
        json_scan_fail(s, "unknown datatype \"%.*s\"", name.len < 20 ? (int)name.len : 20, name.s);
    }
}

static void read_shape(struct json_scan *s, struct head *h)
{
    bool first = true;
    double size;
    json_scan_enter(s, '[');
    while (json_scan_next_item(s, &first) && json_scan_number(s, &size)) {
        if (h->n_dims == 2 || !tensor_type_holds(TENSOR_UINT32, size)) {
            json_scan_fail(s, "expected a shape of one or two whole numbers");
            return;
        }
        h->shape[h->n_dims++] = (size_t)size;
    }
    h->has_shape = h->n_dims > 0;
}

static void read_tensor_parameters(struct json_scan *s, struct head *h)
{
    bool first = true;
    struct text key;
    double size;
    json_scan_enter(s, '{');
    while (json_scan_next_key(s, &first, &key)) {
        if (!text_is(key, "binary_data_size")) {
            json_scan_skip(s);
        } else if (json_scan_number(s, &size)) {
            h->has_binary = tensor_type_holds(TENSOR_INT64, size) && size >= 0;
            h->binary_bytes = h->has_binary ? (size_t)size : 0;
            if (!h->has_binary) {
                json_scan_fail(s, "binary_data_size: expected a number of bytes");
            }
        }
    }
}

/* Data is read on the spot where the rest is known, as clients send it; else its place is kept. */
static void meet_data(struct tensor_inputs *in, struct json_scan *s, struct head *h)
{
    h->has_data = true;
    if (h->name.s && h->has_shape && h->has_type) {
        if (resolve(in, s, h)) {
            read_data(s, h);
        }
        return;
    }
    json_scan_peek(s);
    h->deferred = s->p;
    json_scan_skip(s);
}

static void read_head_key(struct tensor_inputs *in, struct json_scan *s, struct head *h,
                          struct text key)
{
    bool twice = (text_is(key, "name") && h->name.s) || (text_is(key, "shape") && h->n_dims) ||
                 (text_is(key, "datatype") && h->has_type) || (text_is(key, "data") && h->has_data);
    if (twice) {
        json_scan_fail(s, "\"%.*s\" is given twice", (int)key.len, key.s);
    } else if (text_is(key, "name")) {
        json_scan_string(s, &h->name);
    } else if (text_is(key, "shape")) {
        read_shape(s, h);
    } else if (text_is(key, "datatype")) {
        read_type(s, h);
    } else if (text_is(key, "parameters")) {
        read_tensor_parameters(s, h);
    } else if (text_is(key, "data")) {
        meet_data(in, s, h);
    } else {
        json_scan_skip(s);
    }
}

static void read_deferred(struct json_scan *s, struct head *h)
{
    const char *behind = s->p;
    s->p = h->deferred;
    read_data(s, h);
    if (!s->failed) {
        s->p = behind;
    }
}

static void read_binary(struct tensor_inputs *in, struct json_scan *s, struct head *h)
{
    size_t left = in->body->binary_len - in->binary_used;
    if (h->binary_bytes > left) {
        json_scan_fail(s, "binary_data_size %zu, but %zu bytes are left in the body",
                       h->binary_bytes, left);
        return;
    }
    const char *data = in->body->binary + in->binary_used;
    in->binary_used += h->binary_bytes;
    if (!h->skip) {
        check_put(s,
                  tensor_put_binary(&h->sink, h->type, n_elements(h), data, h->binary_bytes, s->e));
    }
}

/* Behind the tensor's closing brace: what could not be read on the way. */
static void finish_tensor(struct tensor_inputs *in, struct json_scan *s, struct head *h)
{
    if (!h->name.s || !h->has_shape || !h->has_type) {
        json_scan_fail(s, "a tensor needs \"name\", \"shape\" and \"datatype\"");
    } else if (h->has_data == h->has_binary) {
        json_scan_fail(s, "expected either \"data\" or the parameter \"binary_data_size\"");
    } else if (!h->resolved && !resolve(in, s, h)) {
        return;
    } else if (h->deferred) {
        read_deferred(s, h);
    } else if (h->has_binary) {
        read_binary(in, s, h);
    }
}

void tensor_inputs_read(struct tensor_inputs *in, struct json_scan *s)
{
    bool first = true, first_key;
    struct text key;
    struct head h = {0};
    json_scan_enter(s, '[');
    while (json_scan_next_item(s, &first)) {
        h = (struct head){0};
        first_key = true;
        json_scan_enter(s, '{');
        while (json_scan_next_key(s, &first_key, &key)) {
            read_head_key(in, s, &h, key);
        }
        if (!s->failed) {
            finish_tensor(in, s, &h);
        }
    }
    if (s->failed && h.name.s) {
        err_prefix(s->e, "input \"%.*s\"", h.name.len < 64 ? (int)h.name.len : 64, h.name.s);
    }
}

enum err_code tensor_inputs_finish(const struct tensor_inputs *in, struct err *e)
{
    for (size_t f = 0; f < in->schema->n_features; f++) {
        if (!is_given(&in->rows->columns[f])) {
            return err_set(e, ERR_INVALID, "feature \"%s\" has no input tensor",
                           in->schema->features[f].name);
        }
    }
    if (in->binary_used != in->body->binary_len) {
        return err_set(e, ERR_INVALID, "%zu bytes of binary data belong to no tensor",
                       in->body->binary_len - in->binary_used);
    }
    return ERR_OK;
}
