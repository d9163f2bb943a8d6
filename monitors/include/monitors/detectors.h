/*
 * detectors.h - sequential change detectors: one number at a time (an error 0/1, a loss, any
 * metric), fixed or logarithmic memory, state that can be saved and restored.
 *
 * "adwin": Bifet & Gavalda 2007, as river and MOA run it. Parameters and defaults: delta 0.002,
 *     clock 32, max_buckets 5, min_window_length 5, grace_period 10, direction "both". After a
 * change it has dropped the older part of its window and goes on with the newer. "page_hinkley":
 * Page 1954 with the fading of river. min_instances 30, delta 0.005, threshold 50, alpha 0.9999,
 * direction "both". After a change it starts afresh with the next value. direction: "up" reports
 * rises of the mean only (what harms, for errors), "down" falls, "both".
 *
 * One thread per detector. No clock, no I/O.
 */
#ifndef MONITORS_DETECTORS_H
#define MONITORS_DETECTORS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "monitors/signal.h"

/* X(symbol, text) */
#define MON_DETECTION_LIST(X)                                                                      \
    X(MON_STABLE, "stable")                                                                        \
    X(MON_WARNING, "warning")                                                                      \
    X(MON_CHANGE, "change")

enum mon_detection {
#define X(symbol, text) symbol,
    MON_DETECTION_LIST(X)
#undef X
};

const char *mon_detection_name(enum mon_detection d);

struct mon_detector;

/* params: an object of the parameters above, borrowed, or NULL for the defaults; unknown keys and
 * values out of range are ERR_INVALID, naming the key. *out is owned; free with mon_detector_free.
 */
enum err_code mon_detector_new(const char *name, const cJSON *params, struct mon_detector **out,
                               struct err *e);
void mon_detector_free(struct mon_detector *d);

/* True where name is a detector. */
bool mon_detector_exists(const char *name);
/* Name of detector i = 0, 1, ...; NULL after the last. */
const char *mon_detector_kind(size_t i);

/* Feeds one value. NaN and infinities are ignored (MON_STABLE). */
enum mon_detection mon_detector_update(struct mon_detector *d, double x);

/* Feeds x[0..n-1] in this order, as n updates would. Writes the indices of the first at_max changes
 * to at (may be NULL where at_max is 0); returns how many changes there were. */
size_t mon_detector_update_many(struct mon_detector *d, const double *x, size_t n, size_t *at,
                                size_t at_max);

/* As new: parameters stay. */
void mon_detector_reset(struct mon_detector *d);

double mon_detector_estimate(const struct mon_detector *d); /* mean now; 0 before the first value */
double mon_detector_before(const struct mon_detector *d); /* mean before the last change, or NaN */
double mon_detector_width(const struct mon_detector *d);  /* values behind the estimate */
uint64_t mon_detector_n(const struct mon_detector *d);    /* values fed since new */
uint64_t mon_detector_changes(const struct mon_detector *d); /* changes found since new */
const char *mon_detector_name(const struct mon_detector *d);

/* A signal: value = estimate, reference_value = the mean before the last change, n = width, verdict
 * drift where the caller's latest update (or any since its last signal) found a change. */
void mon_detector_signal(const struct mon_detector *d, const char *monitor, bool changed,
                         struct mon_signal *out);

/* Whole state, parameters included; restored, it continues exactly (doubles travel as %.17g). */
cJSON *mon_detector_to_json(const struct mon_detector *d); /* owned; NULL: out of memory */
enum err_code mon_detector_from_json(const cJSON *json, struct mon_detector **out, struct err *e);

#endif
