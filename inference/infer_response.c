/*
 * infer_response.c - outputs by label kind: a table of what exists, one writer per form.
 */
#include "infer_response.h"

#include <stdint.h>
#include <string.h>

#include "json_scan.h"
#include "json_text.h"

struct output {
    const char *name;
    bool is_class; /* BYTES [n] instead of FP32 */
    bool binary;
};

/* All outputs that a label kind has, in order; returns how many. */
static size_t list_outputs(const struct schema *schema, struct output out[2])
{
    static const char *const names[] = {[LABEL_BINARY] = "score",
                                        [LABEL_MULTICLASS] = "probabilities",
                                        [LABEL_REGRESSION] = "value"};
    out[0] = (struct output){.name = names[schema->label_kind]};
    out[1] = (struct output){.name = "class", .is_class = true};
    return schema->label_kind == LABEL_REGRESSION ? 1 : 2;
}

/* NULL where the label kind has no such output. */
static struct output *find_output(struct output *all, size_t n, struct text name)
{
    for (size_t i = 0; i < n; i++) {
        if (text_is(name, all[i].name)) {
            return &all[i];
        }
    }
    return NULL;
}

enum err_code infer_outputs_check(const struct schema *schema, const struct infer_request *wanted,
                                  struct err *e)
{
    struct output all[2];
    size_t n = list_outputs(schema, all);
    for (size_t i = 0; i < wanted->n_outputs; i++) {
        struct text name = wanted->outputs[i].name;
        if (!find_output(all, n, name)) {
            return err_set(e, ERR_INVALID, "no output \"%.*s\"; expected \"%s\"%s",
                           name.len < 64 ? (int)name.len : 64, name.s, all[0].name,
                           n == 2 ? " or \"class\"" : "");
        }
    }
    return ERR_OK;
}

size_t infer_class(const struct schema *schema, const float *scores)
{
    size_t n = schema_n_outputs(schema), best = 0;
    if (n == 1) {
        return scores[0] >= 0.5f;
    }
    for (size_t i = 1; i < n; i++) {
        best = scores[i] > scores[best] ? i : best;
    }
    return best;
}

static const char *class_of_row(const struct infer_answer *a, size_t row)
{
    return a->schema
        ->classes[infer_class(a->schema, a->scores + row * schema_n_outputs(a->schema))];
}

/* ---- the head of a tensor, its data as JSON, its data as bytes ---- */

static void put_head(const struct infer_answer *a, const struct output *o, struct buf *b)
{
    size_t width = schema_n_outputs(a->schema);
    buf_printf(b, "{\"name\":\"%s\",\"datatype\":\"%s\",\"shape\":[%zu", o->name,
               o->is_class ? "BYTES" : "FP32", a->n_rows);
    if (!o->is_class && a->schema->label_kind == LABEL_MULTICLASS) {
        buf_printf(b, ",%zu", width);
    }
    buf_puts(b, "],");
}

static void put_json_data(const struct infer_answer *a, const struct output *o, struct buf *b)
{
    size_t n = o->is_class ? a->n_rows : a->n_rows * schema_n_outputs(a->schema);
    buf_puts(b, "\"data\":[");
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            buf_append(b, ",", 1);
        }
        if (o->is_class) {
            const char *name = class_of_row(a, i);
            json_text_string(b, name, strlen(name));
        } else {
            json_text_float(b, a->scores[i]);
        }
    }
    buf_puts(b, "]}");
}

static void put_binary_data(const struct infer_answer *a, const struct output *o, struct buf *b)
{
    if (!o->is_class) {
        buf_append(b, a->scores, a->n_rows * schema_n_outputs(a->schema) * sizeof *a->scores);
        return;
    }
    for (size_t i = 0; i < a->n_rows; i++) {
        const char *name = class_of_row(a, i);
        uint32_t len = (uint32_t)strlen(name);
        buf_append(b, &len, sizeof len);
        buf_append(b, name, len);
    }
}

static size_t binary_size(const struct infer_answer *a, const struct output *o)
{
    if (!o->is_class) {
        return a->n_rows * schema_n_outputs(a->schema) * sizeof *a->scores;
    }
    size_t size = 0;
    for (size_t i = 0; i < a->n_rows; i++) {
        size += sizeof(uint32_t) + strlen(class_of_row(a, i));
    }
    return size;
}

/* ---- the answer ---- */

/* The outputs to send, in the order they were asked for; returns how many. */
static size_t choose_outputs(const struct infer_answer *a, const struct infer_request *wanted,
                             struct output out[INFER_MAX_OUTPUTS])
{
    struct output all[2];
    size_t n_all = list_outputs(a->schema, all);
    for (size_t i = 0; i < n_all; i++) {
        all[i].binary = wanted->binary_output;
    }
    if (wanted->n_outputs == 0) {
        memcpy(out, all, n_all * sizeof *all);
        return n_all;
    }
    size_t n = 0;
    for (size_t i = 0; i < wanted->n_outputs; i++) {
        const struct wanted_output *w = &wanted->outputs[i];
        const struct output *o = find_output(all, n_all, w->name);
        if (o) {
            out[n] = *o;
            out[n++].binary = w->binary_given ? w->binary : o->binary;
        }
    }
    return n;
}

static void put_preamble(const struct infer_answer *a, struct buf *b)
{
    buf_printf(b, "{\"model_name\":\"%s\",\"model_version\":", a->schema->model);
    json_text_string(b, a->version_label, strlen(a->version_label));
    buf_puts(b, ",\"id\":");
    json_text_string(b, a->id.s, a->id.len);
    buf_printf(b, ",\"parameters\":{\"leeway_version\":\"%s\"},\"outputs\":[", a->version_sha256);
}

void infer_response_write(const struct infer_answer *a, const struct infer_request *wanted,
                          struct buf *b, size_t *json_len)
{
    struct output outputs[INFER_MAX_OUTPUTS];
    size_t n = choose_outputs(a, wanted, outputs);
    bool any_binary = false;
    size_t begin = b->len;
    put_preamble(a, b);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            buf_append(b, ",", 1);
        }
        put_head(a, &outputs[i], b);
        if (outputs[i].binary) {
            any_binary = true;
            buf_printf(b, "\"parameters\":{\"binary_data_size\":%zu}}",
                       binary_size(a, &outputs[i]));
        } else {
            put_json_data(a, &outputs[i], b);
        }
    }
    buf_puts(b, "]}");
    *json_len = any_binary ? b->len - begin : 0;
    for (size_t i = 0; i < n; i++) {
        if (outputs[i].binary) {
            put_binary_data(a, &outputs[i], b);
        }
    }
}
