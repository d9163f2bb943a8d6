/*
 * cadence.c - cutting a stream of rows into windows by row count or event time.
 */
#include "monitors/cadence.h"

#include <inttypes.h>

enum err_code mon_cadence_by_rows(struct mon_cadence *c, uint64_t every_rows, struct err *e)
{
    if (every_rows == 0)
        return err_set(e, ERR_INVALID, "a window of 0 rows never ends");
    *c = (struct mon_cadence){.kind = MON_CADENCE_ROWS, .every_rows = every_rows};
    return ERR_OK;
}

enum err_code mon_cadence_by_time(struct mon_cadence *c, int64_t every_ms, enum mon_gap gap,
                                  struct err *e)
{
    if (every_ms < 1)
        return err_set(e, ERR_INVALID, "a window of %" PRId64 " ms: it takes at least 1", every_ms);
    *c = (struct mon_cadence){.kind = MON_CADENCE_TIME, .every_ms = every_ms, .gap = gap};
    return ERR_OK;
}

static bool next_by_rows(struct mon_cadence *c, size_t n_rows, size_t *at, struct mon_cut *cut)
{
    uint64_t wanted = c->every_rows - c->open_rows, there = n_rows - *at;
    if (there < wanted) {
        c->open_rows += there;
        *at = n_rows;
        return false;
    }
    *at += (size_t)wanted;
    c->open_rows = 0;
    *cut = (struct mon_cut){.row = *at, .n_rows = c->every_rows};
    return true;
}

/* A window that would end after the end of time ends there. */
static int64_t end_of(const struct mon_cadence *c)
{
    int64_t end;
    return __builtin_add_overflow(c->start_ms, c->every_ms, &end) ? INT64_MAX : end;
}

static void start_at(struct mon_cadence *c, int64_t time_ms)
{
    int64_t into = time_ms % c->every_ms;
    if (into < 0)
        into += c->every_ms;
    if (!c->aligned || __builtin_sub_overflow(time_ms, into, &c->start_ms))
        c->start_ms = time_ms;
    c->started = true;
}

/* Whole windows between the open one's end and the row that is beyond it. Unsigned: the distance
 * of two times may exceed INT64_MAX. */
static uint64_t empty_before(int64_t end_ms, int64_t time_ms, int64_t every_ms)
{
    return ((uint64_t)time_ms - (uint64_t)end_ms) / (uint64_t)every_ms;
}

static void close_window(struct mon_cadence *c, size_t row, int64_t time_ms, struct mon_cut *cut)
{
    *cut = (struct mon_cut){
        .row = row, .n_rows = c->open_rows, .start_ms = c->start_ms, .end_ms = end_of(c)};
    if (c->gap == MON_GAP_COALESCE)
        cut->n_empty = empty_before(cut->end_ms, time_ms, c->every_ms);
    c->start_ms = (int64_t)((uint64_t)cut->end_ms + (uint64_t)cut->n_empty * (uint64_t)c->every_ms);
    c->open_rows = 0;
}

static bool next_by_time(struct mon_cadence *c, const int64_t *times_ms, size_t n_rows, size_t *at,
                         struct mon_cut *cut)
{
    for (; *at < n_rows; (*at)++, c->open_rows++) {
        int64_t time_ms = times_ms[*at];
        if (!c->started)
            start_at(c, time_ms);
        int64_t end_ms = end_of(c);
        if (time_ms < end_ms || end_ms == INT64_MAX)
            continue;
        close_window(c, *at, time_ms, cut);
        return true;
    }
    return false;
}

bool mon_cadence_next(struct mon_cadence *c, const int64_t *times_ms, size_t n_rows, size_t *at,
                      struct mon_cut *cut)
{
    switch (c->kind) {
    case MON_CADENCE_ROWS:
        return next_by_rows(c, n_rows, at, cut);
    case MON_CADENCE_TIME:
        return next_by_time(c, times_ms, n_rows, at, cut);
    }
    return false;
}
