/*
 * guards.c - what may forbid a run. Each guard is asked by itself and answers in words.
 */
#include "policies/decide.h"

#include <stdio.h>

#include "base/clock.h"

#define MS_PER_DAY 86400000

struct answer {
    char *why;
    size_t why_bytes;
    int64_t retry_unix_ms;
};

typedef bool guard_fn(const struct policy *p, const struct policy_input *in, struct answer *a);

static bool ask_one_run(const struct policy *p, const struct policy_input *in, struct answer *a)
{
    (void)p;
    if (in->active_run == NULL) {
        snprintf(a->why, a->why_bytes, "no run is in progress");
        return true;
    }
    snprintf(a->why, a->why_bytes, "run %s is in progress", in->active_run);
    return false;
}

static bool ask_observe(const struct policy *p, const struct policy_input *in, struct answer *a)
{
    bool allowed = p->mode == POLICY_MODE_ACT || in->request != NULL;

    snprintf(a->why, a->why_bytes, allowed ? "the policy acts" : "the policy only observes");
    return allowed;
}

static bool ask_blackout(const struct policy *p, const struct policy_input *in, struct answer *a)
{
    const struct policy_guards *g = &p->guards;
    int inside = time_intervals_find(g->blackout, g->n_blackout, in->now_unix_ms);
    char text[CLOCK_TEXT_BYTES];

    if (inside < 0) {
        snprintf(a->why, a->why_bytes, "not inside any of %zu blackout intervals", g->n_blackout);
        return true;
    }
    a->retry_unix_ms = time_intervals_free_at(g->blackout, g->n_blackout, in->now_unix_ms);
    snprintf(a->why, a->why_bytes, "inside blackout interval %d (%s) until %s", inside + 1,
             g->blackout[inside].location.name,
             a->retry_unix_ms != 0 ? clock_format_utc(a->retry_unix_ms, text, sizeof(text))
                                   : "further than a year");
    return false;
}

/* When the newest run ended; 0 where none has. */
static int64_t last_end(const struct policy_input *in)
{
    int64_t last = 0;

    for (size_t i = 0; i < in->n_runs; i++) {
        if (in->runs[i].ended_unix_ms > last)
            last = in->runs[i].ended_unix_ms;
    }
    return last;
}

/* For people: "6m41s ago", not "6m41s349ms ago". */
static int64_t in_whole_seconds(int64_t ms)
{
    return ms < 1000 ? ms : ms - ms % 1000;
}

static bool ask_cooldown(const struct policy *p, const struct policy_input *in, struct answer *a)
{
    char passed[CLOCK_TEXT_BYTES], limit[CLOCK_TEXT_BYTES];
    int64_t ended = last_end(in), since;

    if (ended == 0) {
        snprintf(a->why, a->why_bytes, "no run has ended yet");
        return true;
    }
    since = in->now_unix_ms > ended ? in->now_unix_ms - ended : 0;
    snprintf(a->why, a->why_bytes, "the last run ended %s ago, cooldown %s",
             clock_format_duration(in_whole_seconds(since), passed, sizeof(passed)),
             clock_format_duration(p->guards.cooldown_ms, limit, sizeof(limit)));
    if (since >= p->guards.cooldown_ms)
        return true;
    a->retry_unix_ms = ended + p->guards.cooldown_ms;
    return false;
}

static bool ask_cooldown_rows(const struct policy *p, const struct policy_input *in,
                              struct answer *a)
{
    if (last_end(in) == 0) {
        snprintf(a->why, a->why_bytes, "no run has ended yet");
        return true;
    }
    snprintf(a->why, a->why_bytes, "%lld rows scored since the last run ended, cooldown %lld",
             (long long)in->rows_since_run, (long long)p->guards.cooldown_rows);
    return in->rows_since_run >= p->guards.cooldown_rows;
}

static size_t count_starts_after(const struct policy_input *in, int64_t unix_ms)
{
    size_t n = 0;

    for (size_t i = 0; i < in->n_runs; i++)
        n += in->runs[i].started_unix_ms > unix_ms;
    return n;
}

static bool ask_max_runs(const struct policy *p, const struct policy_input *in, struct answer *a)
{
    size_t limit = (size_t)p->guards.max_runs_per_day;
    size_t n = count_starts_after(in, in->now_unix_ms - MS_PER_DAY);

    if (limit == 0) {
        snprintf(a->why, a->why_bytes, "%zu runs in 24 hours, no limit", n);
        return true;
    }
    snprintf(a->why, a->why_bytes, "%zu runs in 24 hours, limit %zu", n, limit);
    if (n < limit)
        return true;
    /* The budget has room when the oldest run with fewer than `limit` newer ones is a day old. */
    for (size_t i = 0; i < in->n_runs; i++) {
        int64_t started = in->runs[i].started_unix_ms;

        if (count_starts_after(in, started) < limit &&
            (a->retry_unix_ms == 0 || started + MS_PER_DAY < a->retry_unix_ms))
            a->retry_unix_ms = started + MS_PER_DAY;
    }
    return false;
}

static bool ask_min_labelled_rows(const struct policy *p, const struct policy_input *in,
                                  struct answer *a)
{
    snprintf(a->why, a->why_bytes, "%lld rows labelled since the last run, at least %lld wanted",
             (long long)in->labelled_rows, (long long)p->guards.min_labelled_rows);
    return in->labelled_rows >= p->guards.min_labelled_rows;
}

bool guard_allows(enum policy_guard guard, const struct policy *p, const struct policy_input *in,
                  char *why, size_t why_bytes, int64_t *retry_unix_ms)
{
    static guard_fn *const guards[] = {
        [GUARD_ONE_RUN] = ask_one_run,
        [GUARD_OBSERVE] = ask_observe,
        [GUARD_BLACKOUT] = ask_blackout,
        [GUARD_COOLDOWN] = ask_cooldown,
        [GUARD_COOLDOWN_ROWS] = ask_cooldown_rows,
        [GUARD_MAX_RUNS] = ask_max_runs,
        [GUARD_MIN_LABELLED_ROWS] = ask_min_labelled_rows,
    };
    struct answer a = {why, why_bytes, 0};
    bool allowed = guards[guard](p, in, &a);

    if (retry_unix_ms != NULL)
        *retry_unix_ms = a.retry_unix_ms;
    return allowed;
}

const char *policy_guard_name(enum policy_guard guard)
{
    static const char *const names[] = {
#define X(symbol, name, what) [symbol] = name,
        POLICY_GUARD_LIST(X)
#undef X
            [GUARD_NONE] = "none",
    };

    return names[guard];
}
