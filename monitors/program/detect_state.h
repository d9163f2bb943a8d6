/*
 * detect_state.h - a detector between two runs of leeway-monitor detect: a JSON file of the
 * detector's whole state and the number of rows it has seen.
 */
#ifndef PROGRAM_DETECT_STATE_H
#define PROGRAM_DETECT_STATE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "monitors/detectors.h"

struct detect_state {
    struct mon_detector *detector; /* owned */
    int64_t n_rows;                /* read so far, over all runs */
};

/* Loads path where it is there; *found says so. A file that is no state is an error naming the
 * place. */
enum err_code detect_state_load(const char *path, struct detect_state *out, bool *found,
                                struct err *e);
/* Written atomically. */
enum err_code detect_state_save(const char *path, const struct detect_state *s, struct err *e);

/* The same as JSON; the result is owned, NULL: out of memory. */
cJSON *detect_state_to_json(const struct detect_state *s);
enum err_code detect_state_from_json(const cJSON *json, struct detect_state *out, struct err *e);

/* "delta=0.01" or "direction=up" as members of an object, owned; numbers as numbers. */
enum err_code detect_params(const char *const *texts, size_t n, cJSON **out, struct err *e);

#endif
