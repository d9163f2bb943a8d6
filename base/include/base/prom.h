/*
 * prom.h - writes the Prometheus text format 0.0.4. The caller opens a family once and gives all its
 * samples before the next one; the writer escapes help texts and label values.
 */
#ifndef BASE_PROM_H
#define BASE_PROM_H

#include <stdint.h>

#include "base/buf.h"

#define PROM_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* type: "counter", "gauge" or "histogram". */
void prom_family(struct buf *b, const char *name, const char *type, const char *help);

/* labels: alternating names and values, ended by NULL; NULL for none. */
void prom_sample(struct buf *b, const char *name, const char *const *labels, double value);

/* _bucket (cumulative, +Inf added), _sum and _count. counts: n_bounds + 1 plain counts per bucket. */
void prom_histogram(struct buf *b, const char *name, const char *const *labels,
                    const double *bounds, const uint64_t *counts, int n_bounds, double sum);

#endif
