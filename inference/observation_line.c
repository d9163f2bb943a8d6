/*
 * observation_line.c - one row, one line of JSON without its opening `{"seq":N,`.
 */
#include "observation_line.h"

#include <inttypes.h>
#include <stdio.h>

#include "json_text.h"

/* "req-1", or "req-1#0" where the request has several rows. */
static void put_id(const struct observation_batch *o, size_t row, struct buf *b)
{
    char number[24];
    buf_puts(b, "\"id\":");
    json_text_string(b, o->id.s, o->id.len);
    if (o->rows->n_rows > 1) {
        int n = snprintf(number, sizeof number, "#%zu\"", row);
        b->len -= b->len > 0; /* inside the quotes */
        buf_append(b, number, (size_t)n);
    }
}

static void put_value(const struct feature *f, const struct column *c, size_t row, struct buf *b)
{
    if (f->pii) {
        buf_append(b, "null", 4);
    } else if (f->kind == FEATURE_NUMERIC) {
        json_text_double(b, c->numbers[row]);
    } else {
        json_text_string(b, c->texts[row].s, c->texts[row].len);
    }
}

static void put_features(const struct observation_batch *o, size_t row, struct buf *b)
{
    buf_puts(b, ",\"x\":[");
    for (size_t f = 0; f < o->schema->n_features; f++) {
        if (f > 0) {
            buf_append(b, ",", 1);
        }
        put_value(&o->schema->features[f], &o->rows->columns[f], row, b);
    }
    buf_append(b, "]", 1);
}

/* begin: everything up to the opening bracket. */
static void put_scores(const char *begin, const float *scores, size_t n, struct buf *b)
{
    buf_puts(b, begin);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            buf_append(b, ",", 1);
        }
        json_text_float(b, scores[i]);
    }
    buf_append(b, "]", 1);
}

/* What all rows of a batch have in common, written once. */
struct common {
    struct buf middle, shadow;
};

static void write_common(const struct observation_batch *o, struct common *c)
{
    if (o->key.s) {
        buf_puts(&c->middle, ",\"key\":");
        json_text_string(&c->middle, o->key.s, o->key.len);
    }
    buf_printf(&c->middle, ",\"t\":%" PRId64 ",\"v\":\"%s\",\"role\":\"%s\"", o->time_unix_ms,
               o->version, o->role);
    if (o->shadow_scores) {
        buf_printf(&c->shadow, ",\"sv\":\"%s\",\"sy\":[", o->shadow_version);
    }
}

static void put_line(const struct observation_batch *o, const struct common *c, size_t row,
                     struct buf *b)
{
    size_t n_outputs = schema_n_outputs(o->schema);
    put_id(o, row, b);
    buf_append(b, c->middle.data, c->middle.len);
    put_features(o, row, b);
    put_scores(",\"y\":[", o->scores + row * n_outputs, n_outputs, b);
    if (o->shadow_scores) {
        put_scores(c->shadow.data, o->shadow_scores + row * o->n_shadow_outputs,
                   o->n_shadow_outputs, b);
    }
    buf_append(b, "}\n", 2);
}

void observation_lines_write(const struct observation_batch *batch, struct buf *out)
{
    struct common common = {0};
    write_common(batch, &common);
    out->failed = out->failed || buf_failed(&common.middle) || buf_failed(&common.shadow);
    for (size_t row = 0; row < batch->rows->n_rows && !buf_failed(out); row++) {
        put_line(batch, &common, row, out);
    }
    buf_free(&common.middle);
    buf_free(&common.shadow);
}
