/*
 * infer_request.c - the request object around the tensors: id, parameters, outputs, inputs.
 */
#include "infer_request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json_scan.h"
#include "tensor_input.h"

enum err_code infer_body_split(const char *body, size_t len, const char *header,
                               struct infer_body *out, struct err *e)
{
    size_t json_len = len;
    if (header) {
        char *rest;
        unsigned long long value = strtoull(header, &rest, 10);
        if (*header < '0' || *header > '9' || *rest || value > len) {
            return err_set(e, ERR_INVALID,
                           "Inference-Header-Content-Length: expected 0..%zu, got \"%s\"", len,
                           header);
        }
        json_len = (size_t)value;
    }
    *out = (struct infer_body){body, json_len, body + json_len, len - json_len};
    return ERR_OK;
}

/* Takes an id or key of bounded length; a number stands for its text. */
static void read_short_text(struct json_scan *s, const char *what, struct text *out)
{
    if (json_scan_peek(s) == '"') {
        json_scan_string(s, out);
    } else {
        const char *begin = s->p;
        double ignored;
        if (json_scan_number(s, &ignored)) {
            *out = (struct text){begin, (uint32_t)(s->p - begin)};
        }
    }
    if (!s->failed && out->len > INFER_ID_BYTES) {
        json_scan_fail(s, "%s is longer than %d bytes", what, INFER_ID_BYTES);
    }
    if (!s->failed && out->len == 0) {
        *out = (struct text){0}; /* clients without an id send "" */
    }
}

static void read_parameters(struct json_scan *s, struct infer_request *r)
{
    bool first = true;
    struct text key;
    json_scan_enter(s, '{');
    while (json_scan_next_key(s, &first, &key)) {
        if (text_is(key, "leeway_key")) {
            read_short_text(s, "leeway_key", &r->key);
        } else if (text_is(key, "binary_data_output")) {
            json_scan_bool(s, &r->binary_output);
        } else {
            json_scan_skip(s);
        }
    }
}

static void read_output_parameters(struct json_scan *s, struct wanted_output *o)
{
    bool first = true;
    struct text key;
    json_scan_enter(s, '{');
    while (json_scan_next_key(s, &first, &key)) {
        if (text_is(key, "binary_data")) {
            o->binary_given = json_scan_bool(s, &o->binary);
        } else {
            json_scan_skip(s);
        }
    }
}

static void read_output(struct json_scan *s, struct wanted_output *o)
{
    bool first = true;
    struct text key;
    json_scan_enter(s, '{');
    while (json_scan_next_key(s, &first, &key)) {
        if (text_is(key, "name")) {
            json_scan_string(s, &o->name);
        } else if (text_is(key, "parameters")) {
            read_output_parameters(s, o);
        } else {
            json_scan_skip(s);
        }
    }
    if (!s->failed && !o->name.s) {
        json_scan_fail(s, "an output needs a \"name\"");
    }
}

static void read_outputs(struct json_scan *s, struct infer_request *r)
{
    bool first = true;
    json_scan_enter(s, '[');
    while (json_scan_next_item(s, &first)) {
        if (r->n_outputs == INFER_MAX_OUTPUTS) {
            json_scan_fail(s, "more than %d outputs", INFER_MAX_OUTPUTS);
            return;
        }
        struct wanted_output *o = &r->outputs[r->n_outputs++];
        *o = (struct wanted_output){0};
        read_output(s, o);
    }
}

/* Keys of the request object; one bit each to find repetition. */
enum { KEY_ID = 1, KEY_PARAMETERS = 2, KEY_OUTPUTS = 4, KEY_INPUTS = 8 };

static unsigned key_bit(struct text key)
{
    return text_is(key, "id")           ? KEY_ID
           : text_is(key, "parameters") ? KEY_PARAMETERS
           : text_is(key, "outputs")    ? KEY_OUTPUTS
           : text_is(key, "inputs")     ? KEY_INPUTS
                                        : 0;
}

/* inputs == NULL: the tensors are skipped. */
static void read_request(struct json_scan *s, struct tensor_inputs *inputs, struct infer_request *r)
{
    bool first = true;
    struct text key;
    unsigned seen = 0;
    json_scan_enter(s, '{');
    while (json_scan_next_key(s, &first, &key)) {
        unsigned bit = key_bit(key);
        if (bit & seen) {
            json_scan_fail(s, "\"%.*s\" is given twice", (int)key.len, key.s);
        }
        seen |= bit;
        if (bit == KEY_ID) {
            read_short_text(s, "id", &r->id);
        } else if (bit == KEY_PARAMETERS) {
            read_parameters(s, r);
        } else if (bit == KEY_OUTPUTS) {
            read_outputs(s, r);
        } else if (bit == KEY_INPUTS && inputs) {
            tensor_inputs_read(inputs, s);
        } else {
            json_scan_skip(s);
        }
    }
    json_scan_end(s);
    if (!s->failed && !(seen & KEY_INPUTS)) {
        json_scan_fail(s, "the request needs \"inputs\"");
    }
}

enum err_code infer_request_read(const struct infer_body *body,
                                 const struct feature_index *features,
                                 const struct feature_index *others, struct arena *arena,
                                 struct infer_request *out, struct err *e)
{
    struct err local = {0}; /* the code is needed also where the caller passes NULL */
    struct json_scan s;
    struct tensor_inputs inputs;
    *out = (struct infer_request){0};
    json_scan_init(&s, body->json, body->json_len, arena, &local);
    enum err_code code =
        tensor_inputs_init(&inputs, features, others, arena, body, &out->rows, &local);
    if (!code) {
        read_request(&s, &inputs, out);
        code = s.failed ? local.code : tensor_inputs_finish(&inputs, &local);
    }
    return code ? err_set(e, code, "%s", local.message) : ERR_OK;
}

enum err_code infer_request_peek(const struct infer_body *body, struct arena *arena,
                                 struct infer_request *out, struct err *e)
{
    struct err local = {0};
    struct json_scan s;
    *out = (struct infer_request){0};
    json_scan_init(&s, body->json, body->json_len, arena, &local);
    read_request(&s, NULL, out);
    return s.failed ? err_set(e, local.code, "%s", local.message) : ERR_OK;
}
