/*
 * prom.c - the Prometheus text format,
 * https://prometheus.io/docs/instrumenting/exposition_formats/.
 */
#include "base/prom.h"

#include <inttypes.h>
#include <math.h>

#include "number.h"

/* Help texts escape backslash and newline, label values the double quote too. */
static void put_escaped(struct buf *b, const char *text, bool quotes)
{
    for (; *text; text++) {
        if (*text == '\\') {
            buf_puts(b, "\\\\");
        } else if (*text == '\n') {
            buf_puts(b, "\\n");
        } else if (*text == '"' && quotes) {
            buf_puts(b, "\\\"");
        } else {
            buf_append(b, text, 1);
        }
    }
}

static void put_value(struct buf *b, double value)
{
    char text[NUMBER_BYTES];
    if (isnan(value)) {
        buf_puts(b, "NaN");
    } else if (isinf(value)) {
        buf_puts(b, value > 0 ? "+Inf" : "-Inf");
    } else {
        buf_puts(b, number_format(value, text));
    }
}

static void put_label(struct buf *b, bool *first, const char *name, const char *value)
{
    buf_puts(b, *first ? "{" : ",");
    *first = false;
    buf_printf(b, "%s=\"", name);
    put_escaped(b, value, true);
    buf_puts(b, "\"");
}

/* name<suffix>{labels,le="bound"}; bound NULL: no le label. */
static void put_series(struct buf *b, const char *name, const char *suffix,
                       const char *const *labels, const double *bound)
{
    bool first = true;
    buf_printf(b, "%s%s", name, suffix);
    for (; labels && labels[0] && labels[1]; labels += 2) {
        put_label(b, &first, labels[0], labels[1]);
    }
    if (bound) {
        struct buf le = BUF_INIT;
        put_value(&le, *bound);
        put_label(b, &first, "le", le.data ? le.data : "");
        b->failed |= le.failed;
        buf_free(&le);
    }
    buf_puts(b, first ? " " : "} ");
}

void prom_family(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_printf(b, "# HELP %s ", name);
    put_escaped(b, help, false);
    buf_printf(b, "\n# TYPE %s %s\n", name, type);
}

void prom_sample(struct buf *b, const char *name, const char *const *labels, double value)
{
    put_series(b, name, "", labels, NULL);
    put_value(b, value);
    buf_puts(b, "\n");
}

void prom_histogram(struct buf *b, const char *name, const char *const *labels,
                    const double *bounds, const uint64_t *counts, int n_bounds, double sum)
{
    uint64_t total = 0;
    for (int i = 0; i <= n_bounds; i++) {
        total += counts[i];
        put_series(b, name, "_bucket", labels, i < n_bounds ? &bounds[i] : &(double){INFINITY});
        buf_printf(b, "%" PRIu64 "\n", total);
    }
    put_series(b, name, "_sum", labels, NULL);
    put_value(b, sum);
    buf_puts(b, "\n");
    put_series(b, name, "_count", labels, NULL);
    buf_printf(b, "%" PRIu64 "\n", total);
}
