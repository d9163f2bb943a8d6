/*
 * detector_fields.h - private: a detector's plain numbers to and from JSON by a table, as
 * detectors.c does it for parameters.
 */
#ifndef MONITORS_SRC_DETECTOR_FIELDS_H
#define MONITORS_SRC_DETECTOR_FIELDS_H

#include "base/rand.h"
#include "detector_kind.h"

/* A count of values: whole, from 0, exact in a double. */
#define DETECTOR_COUNT(state, field)                                                               \
    {                                                                                              \
#field, offsetof(state, field), 0, 9e15, 0, true                                           \
    }
/* Any finite number in min..max. */
#define DETECTOR_NUMBER(state, field, min, max)                                                    \
    {                                                                                              \
#field, offsetof(state, field), min, max, 0, false                                         \
    }
#define DETECTOR_FLAG(state, field)                                                                \
    {                                                                                              \
#field, offsetof(state, field), 0, 1, 0, true                                              \
    }

/* fields: ends with key NULL; each names a double of state. False: out of memory. */
bool detector_save_fields(const struct detector_param *fields, const void *state, cJSON *out);

/* Every field is required, in its range, whole where the table says so; the error names it. */
enum err_code detector_load_fields(const struct detector_param *fields, void *state,
                                   const cJSON *in, struct err *e);

/* Sets every field to 0. */
void detector_clear_fields(const struct detector_param *fields, void *state);

/* The words of a generator as four strings of 16 hexadecimal digits: JSON numbers hold 53 bits. */
bool detector_save_rng(const struct rng *r, cJSON *out);
enum err_code detector_load_rng(struct rng *r, const cJSON *in, struct err *e);

#endif
