/*
 * monitors_alarms.c - is the promise kept? Realised false alarms on streams that do not change.
 *
 *   ninja bench_monitors_alarms && bin/bench_monitors_alarms [--quick] [--json]
 *       [--windows N] [--references N] [--features N] [--seed N]
 *
 * For each stream: several references of 10,000 rows in 100 chunks in time order (the weekly
 * season: four weeks, 672 chunks of an hour), each followed by its share of the windows of 1,000
 * rows. An alarm is a window in which Benjamini-Hochberg over all features rejects anything:
 * evidence alone, the smallest effect of interest switched off, which is the hardest promise. All
 * statistics and budgets see the same rows.
 *
 * Two upper 95 % bounds of the realised rate: exact (Clopper-Pearson) over windows, and over
 * references, whose windows are not independent of each other. Beside them, on the same rows, what
 * is used elsewhere: two-sample KS at p < 0.05 for each column, and mean + 3 standard deviations of
 * Jensen-Shannon over 10 chunks of the reference.
 *
 * Exits with 1 where a budget that the count can resolve is broken.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitors/drift.h"
#include "rates.h"
#include "stream.h"

#define N_REFERENCE 10000
#define CHUNK_ROWS 100
#define WINDOW_ROWS 1000
#define WEEKLY_ROWS (672 * CHUNK_ROWS)
#define MAX_FEATURES 100
#define MAX_REFERENCES 200

enum {
#define X(symbol, text) COUNT_##symbol,
    MON_STATISTIC_LIST(X)
#undef X
        N_STATISTICS,
};

static const double budgets[] = {0.05, 0.01, 0.001};
#define N_BUDGETS (sizeof budgets / sizeof budgets[0])

/* The rules of others, judged on the same windows. */
enum { OTHER_KS_005, OTHER_JS_3_SIGMA, N_OTHERS };
static const char *const other_names[N_OTHERS] = {"KS p < 0.05 a column",
                                                  "JS mean + 3 sd a column"};

struct settings {
    size_t n_windows, n_references, n_features;
    uint64_t seed;
    bool json;
};

struct count {
    size_t alarms, windows, n_references;
    double rates[MAX_REFERENCES];
};

struct counts {
    struct count ours[N_STATISTICS][N_BUDGETS];
    struct count others[N_OTHERS];
};

/* One reference and everything that is prepared for it. */
struct watch {
    struct stream stream;
    struct mon_season *season; /* NULL but for the weekly stream */
    struct mon_null *nulls[N_STATISTICS];
    double js_limits[MAX_FEATURES]; /* mean + 3 sd over ten chunks */
    size_t alarms[N_STATISTICS][N_BUDGETS], others[N_OTHERS];
};

static void must(enum err_code rc, const struct err *e)
{
    if (rc == ERR_OK)
        return;
    fprintf(stderr, "bench_monitors_alarms: %s\n", e->message);
    exit(2);
}

static void values_of(enum mon_statistic statistic, const struct profile *reference,
                      const struct profile *window, struct mon_signal *signals)
{
    struct mon_drift_options o;
    mon_drift_options_init(&o);
    o.statistic = statistic;
    o.threshold = 1.0;
    mon_drift_check(&o, NULL, reference, window, signals);
}

/* Ten stretches of the reference against all of it: per column the mean and sd of their JS. */
static void learn_js_limits(struct watch *w, size_t n_features)
{
    double sum[MAX_FEATURES] = {0}, square[MAX_FEATURES] = {0};
    struct mon_signal signals[MAX_FEATURES + 2];
    struct profile *part = NULL;
    struct err e;
    size_t per_part = w->stream.n_chunks / 10;
    must(profile_new(w->stream.ruler, &part, &e), &e);
    for (size_t k = 0; k < 10; k++) {
        profile_clear(part);
        for (size_t i = 0; i < per_part; i++)
            profile_merge(part, w->stream.chunks[k * per_part + i]);
        values_of(MON_JS, w->stream.reference, part, signals);
        for (size_t f = 0; f < n_features; f++) {
            sum[f] += signals[f].value / 10.0;
            square[f] += signals[f].value * signals[f].value / 10.0;
        }
    }
    for (size_t f = 0; f < n_features; f++)
        w->js_limits[f] = sum[f] + 3.0 * sqrt(fmax(0.0, square[f] - sum[f] * sum[f]));
    profile_free(part);
}

static void watch_init(struct watch *w, enum law law, const struct settings *s, uint64_t seed)
{
    struct err e;
    struct mon_null_options o;
    struct mon_season_options season;
    memset(w, 0, sizeof *w);
    size_t rows = law == LAW_WEEKLY ? WEEKLY_ROWS : N_REFERENCE;
    stream_init(&w->stream, law, s->n_features, rows, CHUNK_ROWS, seed);
    mon_season_options_init(&season);
    if (law == LAW_WEEKLY)
        must(mon_season_new(&season, w->stream.chunks, w->stream.spans, w->stream.n_chunks,
                            &w->season, &e),
             &e);
    mon_null_options_init(&o);
    o.window_rows = WINDOW_ROWS;
    o.season = w->season;
    for (int i = 0; i < N_STATISTICS; i++) {
        o.statistic = (enum mon_statistic)i;
        must(mon_null_make(&o, w->stream.reference, w->stream.chunks, w->stream.n_chunks,
                           &w->nulls[i], &e),
             &e);
    }
    learn_js_limits(w, s->n_features);
}

static void watch_deinit(struct watch *w)
{
    for (int i = 0; i < N_STATISTICS; i++)
        mon_null_free(w->nulls[i]);
    mon_season_free(w->season);
    stream_deinit(&w->stream);
}

static void judge_others(struct watch *w, size_t n_features, const struct mon_signal *ks,
                         const struct mon_signal *js)
{
    double n = WINDOW_ROWS, m = (double)w->stream.reference->n_rows;
    double ks_limit = 1.3581 * sqrt(1.0 / n + 1.0 / m); /* Kolmogorov's 5 % */
    bool any_ks = false, any_js = false;
    for (size_t f = 0; f < n_features; f++) {
        any_ks |= ks[f].value > ks_limit;
        any_js |= js[f].value > w->js_limits[f];
    }
    w->others[OTHER_KS_005] += any_ks;
    w->others[OTHER_JS_3_SIGMA] += any_js;
}

static void judge(struct watch *w, int statistic, const struct mon_signal *signals, size_t n)
{
    double p[MAX_FEATURES + 2];
    bool reject[MAX_FEATURES + 2];
    for (size_t i = 0; i < n; i++)
        p[i] = signals[i].p_value;
    for (size_t b = 0; b < N_BUDGETS; b++)
        w->alarms[statistic][b] += mon_benjamini_hochberg(p, n, budgets[b], reject) > 0;
}

static void watch_window(struct watch *w, size_t n_features)
{
    struct mon_signal signals[N_STATISTICS][MAX_FEATURES + 2];
    struct mon_phase_mix mix = {0};
    struct mon_drift_options o;
    mon_drift_options_init(&o);
    if (w->season != NULL)
        mon_season_mix(w->season, stream_span(&w->stream, WINDOW_ROWS), WINDOW_ROWS, &mix);
    struct profile *window = stream_window(&w->stream, WINDOW_ROWS, NULL);
    for (int i = 0; i < N_STATISTICS; i++) {
        o.statistic = (enum mon_statistic)i;
        size_t n =
            mon_drift_check_mix(&o, w->nulls[i], w->stream.reference, window, &mix, signals[i]);
        judge(w, i, signals[i], n);
    }
    if (w->season != NULL) { /* they know no phases */
        values_of(MON_KS, w->stream.reference, window, signals[MON_KS]);
        values_of(MON_JS, w->stream.reference, window, signals[MON_JS]);
    }
    judge_others(w, n_features, signals[MON_KS], signals[MON_JS]);
    profile_free(window);
}

static void add(struct count *c, size_t alarms, size_t windows)
{
    c->alarms += alarms;
    c->windows += windows;
    c->rates[c->n_references++] = (double)alarms / (double)windows;
}

static struct counts simulate(enum law law, const struct settings *s)
{
    struct counts counts;
    size_t windows = s->n_windows / s->n_references;
    memset(&counts, 0, sizeof counts);
    for (size_t r = 0; r < s->n_references; r++) {
        struct watch w;
        watch_init(&w, law, s, s->seed + r);
        for (size_t k = 0; k < windows; k++)
            watch_window(&w, s->n_features);
        for (size_t i = 0; i < N_STATISTICS; i++)
            for (size_t b = 0; b < N_BUDGETS; b++)
                add(&counts.ours[i][b], w.alarms[i][b], windows);
        for (size_t i = 0; i < N_OTHERS; i++)
            add(&counts.others[i], w.others[i], windows);
        watch_deinit(&w);
    }
    return counts;
}

/* Enough windows for a third of the budget's rate to be seen to lie within it. */
static bool resolves(const struct count *c, double budget)
{
    size_t third = (size_t)(budget * (double)c->windows / 3.0);
    return third > 0 && rate_upper_bound(third, c->windows) <= budget;
}

static bool print_count(const struct settings *s, enum law law, const char *rule, double budget,
                        const struct count *c)
{
    double rate = (double)c->alarms / (double)c->windows;
    double exact = rate_upper_bound(c->alarms, c->windows);
    double grouped = rate_upper_bound_grouped(c->rates, c->n_references);
    bool judged = !isnan(budget) && resolves(c, budget);
    bool kept = !judged || fmax(exact, grouped) <= budget;
    if (s->json) {
        printf("{\"stream\": \"%s\", \"rule\": \"%s\", \"windows\": %zu, \"alarms\": %zu, "
               "\"rate\": %.6f, \"upper95\": %.6f, \"upper95_references\": %.6f",
               law_name(law), rule, c->windows, c->alarms, rate, exact, grouped);
        if (!isnan(budget))
            printf(", \"budget\": %g, \"resolved\": %s, \"kept\": %s", budget,
                   judged ? "true" : "false", kept ? "true" : "false");
        printf("}\n");
        return kept;
    }
    char stated[16] = "none";
    if (!isnan(budget))
        snprintf(stated, sizeof stated, "%g", budget);
    printf("| %-13s | %-23s | %6s | %6zu | %6.4f | %6.4f | %6.4f | %-7s |\n", law_name(law), rule,
           stated, c->alarms, rate, exact, grouped,
           isnan(budget) ? "-"
           : !judged     ? "too few"
           : kept        ? "kept"
                         : "BROKEN");
    return kept;
}

static bool report(const struct settings *s, enum law law)
{
    struct counts counts = simulate(law, s);
    bool kept = true;
    for (size_t b = 0; b < N_BUDGETS; b++)
        for (int i = 0; i < N_STATISTICS; i++)
            kept &= print_count(s, law, mon_statistic_name((enum mon_statistic)i), budgets[b],
                                &counts.ours[i][b]);
    for (size_t i = 0; i < N_OTHERS; i++)
        print_count(s, law, other_names[i], NAN, &counts.others[i]);
    fflush(stdout);
    return kept;
}

static size_t number(const char *name, const char *text, size_t most)
{
    char *end = NULL;
    unsigned long long n = text != NULL ? strtoull(text, &end, 10) : 0;
    if (text == NULL || *end != '\0' || n == 0 || n > most) {
        fprintf(stderr, "%s: expected a number from 1 to %zu, got %s\n", name, most,
                text != NULL ? text : "nothing");
        exit(2);
    }
    return (size_t)n;
}

static struct settings read_arguments(int argc, char **argv)
{
    struct settings s = {.n_windows = 4000, .n_references = 40, .n_features = 50, .seed = 7000};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--json") == 0) {
            s.json = true;
        } else if (strcmp(argv[i], "--quick") == 0) {
            s.n_windows = 200;
            s.n_references = 10;
        } else if (strcmp(argv[i], "--windows") == 0) {
            s.n_windows = number(argv[i++], value, 10000000);
        } else if (strcmp(argv[i], "--references") == 0) {
            s.n_references = number(argv[i++], value, MAX_REFERENCES);
        } else if (strcmp(argv[i], "--features") == 0) {
            s.n_features = number(argv[i++], value, MAX_FEATURES);
        } else if (strcmp(argv[i], "--seed") == 0) {
            s.seed = number(argv[i++], value, SIZE_MAX);
        } else {
            fprintf(stderr, "unknown option %s; the options are in the file's first comment\n",
                    argv[i]);
            exit(2);
        }
    }
    return s;
}

int main(int argc, char **argv)
{
    static const enum law laws[] = {LAW_NORMAL,   LAW_HEAVY, LAW_DISCRETE,
                                    LAW_CATEGORY, LAW_AR,    LAW_WEEKLY};
    struct settings s = read_arguments(argc, argv);
    bool kept = true;
    if (!s.json) {
        printf("%zu windows of %d rows, %zu features, %zu references\n\n", s.n_windows, WINDOW_ROWS,
               s.n_features, s.n_references);
        printf("| stream        | rule                    | budget | alarms |   rate | up 95%% | "
               "by ref | verdict |\n|---|---|---|---|---|---|---|---|\n");
    }
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++)
        kept &= report(&s, laws[i]);
    return kept ? 0 : 1;
}
