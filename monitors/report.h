/*
 * report.h - private: the pieces of sentences and JSON objects that signals and comparisons share.
 */
#ifndef MONITORS_SRC_REPORT_H
#define MONITORS_SRC_REPORT_H

#include <cjson/cJSON.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct sentence {
    char *out; /* terminated */
    size_t size, len;
};

/* Appends; what does not fit is cut. */
__attribute__((format(printf, 2, 3))) static inline void sentence_add(struct sentence *t,
                                                                      const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(t->out + t->len, t->size - t->len, fmt, args);
    va_end(args);
    if (n > 0)
        t->len = t->len + (size_t)n < t->size ? t->len + (size_t)n : t->size - 1;
}

/* False only on out of memory. */
static inline bool report_text(cJSON *json, const char *key, const char *text)
{
    return cJSON_AddStringToObject(json, key, text) != NULL;
}

/* JSON has no NaN: numbers that are not finite are left out. */
static inline bool report_number(cJSON *json, const char *key, double value)
{
    return !isfinite(value) || cJSON_AddNumberToObject(json, key, value) != NULL;
}

#endif
