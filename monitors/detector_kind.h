/*
 * detector_kind.h - private: what a detector has to provide. detectors.c does the rest: parameters
 * by table, direction, counting, JSON.
 */
#ifndef MONITORS_SRC_DETECTOR_KIND_H
#define MONITORS_SRC_DETECTOR_KIND_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "monitors/detectors.h"

/* X(symbol, text) */
#define DIRECTION_LIST(X)                                                                          \
    X(DIRECTION_BOTH, "both")                                                                      \
    X(DIRECTION_UP, "up")                                                                          \
    X(DIRECTION_DOWN, "down")

enum direction {
#define X(symbol, text) symbol,
    DIRECTION_LIST(X)
#undef X
};

/* Whether a change of the mean from before to after is to be reported. */
static inline bool direction_wants(enum direction direction, double before, double after)
{
    switch (direction) {
    case DIRECTION_BOTH:
        return true;
    case DIRECTION_UP:
        return after > before;
    case DIRECTION_DOWN:
        return after < before;
    }
    return true;
}

struct detector_param {
    const char *key;
    size_t offset; /* of a double in the kind's state */
    double min, max, initial;
    bool whole;
};

struct detector_kind {
    const char *name;
    size_t state_bytes;
    const struct detector_param *params; /* ends with key NULL */
    enum direction usual;                /* where the parameters name no direction */
    bool usual_only;                     /* the other directions do not apply */
    /* Memory beyond the state, after the parameters are in; NULL: none. */
    enum err_code (*start)(void *state, struct err *e);
    void (*stop)(void *state);
    void (*reset)(void *state);
    /* One finite value; *before: the mean that was left, on a change. */
    enum mon_detection (*update)(void *state, enum direction direction, double x, double *before);
    /* False where x would count as another number; NULL: any number is taken as it is. */
    bool (*in_range)(const void *state, double x);
    double (*estimate)(const void *state);
    double (*width)(const void *state);
    /* What reset clears, to and from an object. False: out of memory. */
    bool (*save)(const void *state, cJSON *out);
    enum err_code (*load)(void *state, const cJSON *in, struct err *e);
};

extern const struct detector_kind detector_adwin;
extern const struct detector_kind detector_page_hinkley;
extern const struct detector_kind detector_cusum;
extern const struct detector_kind detector_gma;
extern const struct detector_kind detector_rate_scan;
extern const struct detector_kind detector_ddm;
extern const struct detector_kind detector_eddm;
extern const struct detector_kind detector_rddm;
extern const struct detector_kind detector_hddm_a;
extern const struct detector_kind detector_hddm_w;
extern const struct detector_kind detector_fhddm;
extern const struct detector_kind detector_ecdd;
extern const struct detector_kind detector_stepd;
extern const struct detector_kind detector_kswin;
extern const struct detector_kind detector_bocd;

#endif
