/*
 * window.c - see window.h.
 */
#include "window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum err_code window_init(struct window *w, const struct mon_reference *ref, bool joint,
                          bool repeats, struct err *e)
{
    *w = (struct window){.pairs = {.n_outputs = schema_n_outputs(ref->schema)}};
    w->mismatched = calloc(ref->schema->n_features, sizeof *w->mismatched);
    if (!w->mismatched)
        return err_set(e, ERR_NOMEM, "out of memory");
    enum err_code code = profile_new(ref->ruler, &w->profile, e);
    if (!code && joint && ref->joint_space)
        code = mon_joint_sums_new(ref->joint_space, &w->joint, e);
    if (!code && repeats && ref->has_repeats)
        code = mon_duplicates_new(MON_DISTINCT_ROWS, &w->repeats, e);
    return code;
}

void window_deinit(struct window *w)
{
    profile_free(w->profile);
    free(w->mismatched);
    mon_joint_sums_free(w->joint);
    mon_duplicates_free(w->repeats);
    window_pairs_deinit(&w->pairs);
    *w = (struct window){0};
}

void window_begin(struct window *w, uint64_t first_row)
{
    w->index++;
    w->first_row = first_row;
    w->span = (struct mon_span){INT64_MAX, INT64_MIN};
    w->pairs.n = 0;
    memset(w->mismatched, 0, w->profile->ruler->n_features * sizeof *w->mismatched);
    profile_clear(w->profile);
    if (w->joint)
        mon_joint_sums_clear(w->joint);
    if (w->repeats)
        mon_duplicates_clear(w->repeats);
}

enum err_code window_count(struct window *w, const double *codes, const float *scores, size_t n,
                           struct err *e)
{
    profile_count(w->profile, codes, scores, n);
    if (w->joint)
        mon_joint_sums_count(w->joint, codes, n);
    return w->repeats ? mon_duplicates_add(w->repeats, codes, n, w->profile->ruler->n_features, e)
                      : ERR_OK;
}

bool window_has_time(const struct window *w)
{
    return w->span.from_unix_ms < w->span.to_unix_ms;
}

/* "2026-01-02 03:04:05", without seconds where they are none. */
static char *short_time(int64_t unix_ms, char out[CLOCK_TEXT_BYTES])
{
    clock_format_utc(unix_ms, out, CLOCK_TEXT_BYTES);
    out[10] = ' ';
    out[19] = '\0';
    if (strcmp(out + 16, ":00") == 0)
        out[16] = '\0';
    return out;
}

char *window_name(const struct window *w, char out[WINDOW_NAME_BYTES])
{
    char from[CLOCK_TEXT_BYTES], to[CLOCK_TEXT_BYTES];
    unsigned long long first = w->first_row, n = w->profile->n_rows;
    if (window_has_time(w))
        snprintf(out, WINDOW_NAME_BYTES, "%s to %s, %llu rows",
                 short_time(w->span.from_unix_ms, from), short_time(w->span.to_unix_ms, to), n);
    else
        snprintf(out, WINDOW_NAME_BYTES, "rows %llu-%llu", first, first + n - 1);
    return out;
}
