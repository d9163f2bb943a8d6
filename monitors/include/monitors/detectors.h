/*
 * detectors.h - sequential change detectors: one number at a time (an error 0/1, a loss, any
 * metric), fixed or logarithmic memory, state that can be saved and restored.
 *
 * values: "0/1" are errors (any number above 0.5 is one, any other is none), "range" numbers of a
 * known range (low..high, beyond it they count as its ends), "any" any number. after a change:
 * "afresh" with the next value as if new; what else stays is said. direction: "up" reports rises of
 * the mean only (what harms, for errors), "down" falls, "both"; a direction that is not listed is
 * refused. The first listed is the default. bytes: of one detector with the defaults, on the heap.
 *
 * name          values  direction       warning  bytes   after a change
 * adwin         any     both up down    no       12256   the newer part of its window stays
 * page_hinkley  any     both up down    no         176   afresh
 * cusum         any     both up down    no         144   afresh
 * gma           any     both up down    no         128   afresh
 * rate_scan     range   up both down    no       16096   the values since the change stay
 * ddm           0/1     up              yes        144   afresh
 * eddm          0/1     up              yes        176   afresh
 * rddm          0/1     up              yes       1120   answers since the warning began stay
 * hddm_a        range   up both down    yes        192   afresh
 * hddm_w        range   up both down    yes        224   afresh
 * fhddm         0/1     up              no         192   afresh
 * ecdd          0/1     up              yes        160   afresh
 * stepd         0/1     up both down    yes        224   afresh
 * kswin         any     both up down    no        2160   the newest stat_size values stay
 * bocd          any     both up down    no        8176   the values since the change stay
 *
 * Source, parameters and defaults (their ranges, and what each is good for:
 * docs/monitors-detectors.md):
 * adwin: Bifet & Gavalda 2007, as river and MOA run it. delta 0.002, clock 32, max_buckets 5,
 *     min_window_length 5, grace_period 10.
 * page_hinkley: Page 1954 with river's fading. min_instances 30, delta 0.005, threshold 50,
 *     alpha 0.9999, from_extreme 1 (0: the sum itself against the threshold, as frouros has it).
 * cusum: Page 1954 against the running mean. min_instances 30, delta 0.005, threshold 50.
 * gma: Roberts 1959, deviations from the running mean. min_instances 30, alpha 0.99, threshold 1.
 * rate_scan: Fisher's exact test at every split, our default for errors and losses
 *     (docs/monitors-concept-drift.md). rows_between 200000: values from one
 *     false alarm to the next; horizon 400: a rise is to be found within about so many;
 *     min_rise 0, low 0, high 1. O(log^2 n) an update above the mean.
 * ddm: Gama and others 2004. warm_start 30 answers, warning 2, drift 3 standard deviations.
 * eddm: Baena-Garcia and others 2006. warm_start 30 errors, alpha 0.95, beta 0.9.
 * rddm: Barros and others 2017. min_instances 129, warning 1.773, drift 2.258, max_concept 40000,
 *     min_concept 7000, warn_limit 1400. The update after a change costs O(answers that stay).
 * hddm_a, hddm_w: Frias-Blanco and others 2015. drift_confidence 0.001, warning_confidence 0.005,
 *     low 0, high 1; hddm_w also lambda 0.05.
 * fhddm: Pesaranghader & Viktor 2016. window 100, delta 1e-6.
 * ecdd: Ross and others 2012. lambda 0.2, arl0 400 (or 100, 1000), control_limit 0 (the published
 *     one for arl0), warning 0.5 of the limit, min_instances 30.
 * stepd: Nishida & Yamauchi 2007. window 30, alpha_drift 0.003, alpha_warning 0.05.
 * kswin: Raab and others 2020. alpha 0.0001, window_size 100, stat_size 30, seed 1.
 *     O(window_size) an update.
 * bocd: Adams & MacKay 2007. prior_mean 0, prior_var 1, data_var 1, hazard 0.01, min_instances 1,
 *     max_runs 200. O(max_runs) an update.
 * All others take constant time an update, adwin on average. None allocates in an update.
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

const char *mon_detection_name(enum mon_detection d); /* static text */

struct mon_detector;

/* params: an object of the parameters above, borrowed, or NULL for the defaults; unknown keys and
 * values out of range are ERR_INVALID, naming the key. *out is owned; free with mon_detector_free.
 */
enum err_code mon_detector_new(const char *name, const cJSON *params, struct mon_detector **out,
                               struct err *e);
void mon_detector_free(struct mon_detector *d); /* NULL allowed */

/* True where name is a detector. */
bool mon_detector_exists(const char *name);
/* Name of detector i = 0, 1, ...; NULL after the last. */
const char *mon_detector_kind(size_t i);

/* Feeds one value. NaN and infinities are ignored (MON_STABLE); a number beyond +-1e100 counts as
 * that, so that every sum stays finite. MON_WARNING only from the kinds
 * that have one; it may pass without a change. */
enum mon_detection mon_detector_update(struct mon_detector *d, double x);

/* False where x lies outside the range that d watches, so that an update would take its nearer end.
 * True for the kinds that take any number. */
bool mon_detector_in_range(const struct mon_detector *d, double x);

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
const char *mon_detector_name(const struct mon_detector *d); /* static text */

/* A signal: value = estimate, reference_value = the mean before the last change, n = width, verdict
 * drift where the caller's latest update (or any since its last signal) found a change. */
void mon_detector_signal(const struct mon_detector *d, const char *monitor, bool changed,
                         struct mon_signal *out);

/* Whole state, parameters included; restored, it continues exactly (doubles travel as %.17g). The
 * object is the caller's (cJSON_Delete); NULL: out of memory. */
cJSON *mon_detector_to_json(const struct mon_detector *d);
/* json is borrowed for the call. *out is owned, free with mon_detector_free; unchanged where it
 * fails: ERR_INVALID, naming the key, for a kind that does not exist, a field that is missing, of
 * another type or out of range, or fields that contradict each other; ERR_NOMEM. */
enum err_code mon_detector_from_json(const cJSON *json, struct mon_detector **out, struct err *e);

#endif
