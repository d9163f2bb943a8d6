/*
 * monitors_power.c - how long a change stays unseen: detection delay in windows.
 *
 *   ninja bench_monitors_power && bin/bench_monitors_power [--quick] [--json]
 *       [--repeats N] [--features N] [--reference N] [--seed N]
 *
 * The monitor is overtime.h's at its defaults but for the smallest effect of interest, which is
 * switched off: one false alarm in 30 days over all features, hourly windows, lengths of 1 to 128
 * windows. One of 50 features changes after up to 31 windows without change (a different number
 * in each repeat, since blocks begin at fixed places); the delay is the number of windows from the
 * change to the first in which that feature's verdict is drift, 1 for the first window of the
 * change. Not found in 256 windows: "-".
 *
 * Each change is run without and with one value of 1,000 standard deviations in 100,000 rows, in
 * the reference and in the windows, beside PSI over ten bins of equal width between the least and
 * the largest value of reference and window together, at its customary limit of 0.2, a window at a
 * time.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitors/overtime.h"
#include "rates.h"
#include "stream.h"

#define CHUNKS 200
#define PER_REFERENCE 4 /* repeats that share a reference */
#define BURN_IN 32
#define HORIZON 256
#define MAX_FEATURES 100
#define MAX_REPEATS 200
#define OUTLIER_EVERY 100000
#define BINS 10
#define BINS_LIMIT 0.2

enum {
#define X(symbol, text) COUNT_##symbol,
    MON_STATISTIC_LIST(X)
#undef X
        N_STATISTICS,
    BASELINE = N_STATISTICS,
    N_RULES,
};

struct setting {
    const char *name;
    enum law law;
    struct change change;
};

static const struct setting changes[] = {
    {"shift 0.02 sd", LAW_NORMAL, {.shift = 0.02}},
    {"shift 0.1 sd", LAW_NORMAL, {.shift = 0.1}},
    {"shift 0.5 sd", LAW_NORMAL, {.shift = 0.5}},
    {"shift 1 sd", LAW_NORMAL, {.shift = 1.0}},
    {"variance x 1.2", LAW_NORMAL, {.scale = 1.0954451}},
    {"one category doubled", LAW_CATEGORY, {.doubled = 1.0 / 6.0}},
    {"AR(1) 0.9, 0.5 sd", LAW_AR, {.shift = 0.5}},
};
#define N_CHANGES (sizeof changes / sizeof changes[0])

struct settings {
    size_t n_repeats, n_features, n_reference;
    uint64_t seed;
    bool json, quick;
};

/* A stream, a monitor for each statistic, and the raw column for the baseline: one reference, after
 * which each of its law's changes happens in turn, the monitors having forgotten the one before. */
struct trial {
    const struct settings *settings;
    enum law law;
    size_t outlier_every; /* 0: none */
    size_t window_rows;
    struct stream stream;
    struct mon_overtime *monitors[N_STATISTICS];
    double *column; /* the changed feature in the reference, n_reference */
    double *codes;  /* of a window */
    float *scores;
    double delay[N_RULES];
};

static void must(enum err_code rc, const struct err *e)
{
    if (rc == ERR_OK)
        return;
    fprintf(stderr, "bench_monitors_power: %s\n", e->message);
    exit(2);
}

/* Ten bins between the least and the largest of both; a value missing is in none. */
static void count_bins(const double *x, size_t n, size_t stride, double low, double width,
                       double *bins)
{
    for (size_t i = 0; i < n; i++) {
        double v = x[i * stride];
        if (!isnan(v))
            bins[(size_t)fmin(BINS - 1, floor((v - low) / width))] += 1.0;
    }
}

static void widen(const double *x, size_t n, size_t stride, double *low, double *high)
{
    for (size_t i = 0; i < n; i++) {
        *low = fmin(*low, x[i * stride]);
        *high = fmax(*high, x[i * stride]);
    }
}

static double baseline_psi(const struct trial *t)
{
    double low = INFINITY, high = -INFINITY, reference[BINS] = {0}, window[BINS] = {0}, psi = 0.0;
    size_t n = t->settings->n_reference, m = t->window_rows, stride = t->settings->n_features;
    widen(t->column, n, 1, &low, &high);
    widen(t->codes, m, stride, &low, &high);
    double width = high > low ? (high - low) / BINS : 1.0;
    count_bins(t->column, n, 1, low, width, reference);
    count_bins(t->codes, m, stride, low, width, window);
    for (size_t i = 0; i < BINS; i++) {
        double q = fmax(reference[i] / (double)n, 1e-4), p = fmax(window[i] / (double)m, 1e-4);
        psi += (p - q) * log(p / q);
    }
    return psi;
}

/* The reference again, from the same seed, for its first column. */
static void keep_column(struct trial *t, uint64_t seed)
{
    struct stream again = {.law = t->stream.law,
                           .n_features = t->settings->n_features,
                           .row_ms = t->stream.row_ms,
                           .now_ms = STREAM_BEGIN_MS,
                           .level = calloc(t->settings->n_features, sizeof(double))};
    const struct change none = {.outlier_every = t->outlier_every};
    size_t n = t->settings->n_features;
    double *row = calloc(n, sizeof *row);
    float score;
    rng_seed(&again.rng, seed);
    for (size_t i = 0; i < t->settings->n_reference; i++) {
        stream_draw(&again, 1, &none, row, &score);
        t->column[i] = row[0];
    }
    free(row);
    free(again.level);
}

static void trial_init(struct trial *t, uint64_t seed)
{
    const struct change none = {.outlier_every = t->outlier_every};
    const struct settings *s = t->settings;
    struct mon_overtime_options o;
    struct err e;
    stream_init_changed(&t->stream, t->law, &none, s->n_features, s->n_reference,
                        s->n_reference / CHUNKS, seed);
    mon_overtime_options_init(&o);
    o.window_rows = (double)t->window_rows;
    o.drift.min_effect = 0.0;
    for (int i = 0; i < N_STATISTICS; i++) {
        o.drift.statistic = (enum mon_statistic)i;
        must(mon_overtime_new(&o, t->stream.reference, t->stream.chunks, t->stream.n_chunks,
                              &t->monitors[i], &e),
             &e);
    }
    t->column = calloc(s->n_reference, sizeof *t->column);
    t->codes = calloc(t->window_rows * s->n_features, sizeof *t->codes);
    t->scores = calloc(t->window_rows, sizeof *t->scores);
    keep_column(t, seed);
}

static void trial_deinit(struct trial *t)
{
    for (int i = 0; i < N_STATISTICS; i++)
        mon_overtime_free(t->monitors[i]);
    stream_deinit(&t->stream);
    free(t->column);
    free(t->codes);
    free(t->scores);
}

/* delay: windows since the change, 0 before it. */
static void one_window(struct trial *t, const struct change *change, double delay)
{
    struct mon_signal signals[MAX_FEATURES + 2];
    struct profile *window = NULL;
    struct err e;
    size_t n;
    must(profile_new(t->stream.ruler, &window, &e), &e);
    stream_draw(&t->stream, t->window_rows, change, t->codes, t->scores);
    profile_count(window, t->codes, t->scores, t->window_rows);
    for (int i = 0; i < N_STATISTICS; i++) {
        mon_overtime_add(t->monitors[i], window, NULL, signals, &n);
        if (delay > 0.0 && signals[0].verdict == MON_DRIFT)
            t->delay[i] = fmin(t->delay[i], delay);
    }
    if (delay > 0.0 && isinf(t->delay[BASELINE]) && baseline_psi(t) > BINS_LIMIT)
        t->delay[BASELINE] = delay;
    profile_free(window);
}

static bool all_found(const struct trial *t)
{
    for (int i = 0; i < N_STATISTICS; i++)
        if (isinf(t->delay[i]) && !(i == MON_WASSERSTEIN && t->law == LAW_CATEGORY))
            return false;
    return true;
}

static void run_change(struct trial *t, struct change change)
{
    struct change none = {.outlier_every = t->outlier_every};
    change.outlier_every = t->outlier_every;
    change.one_feature = true;
    for (int i = 0; i < N_RULES; i++)
        t->delay[i] = INFINITY;
    for (int i = 0; i < N_STATISTICS; i++)
        mon_overtime_clear(t->monitors[i]);
    size_t before = (size_t)rng_below(&t->stream.rng, t->settings->quick ? 8 : BURN_IN);
    for (size_t k = 0; k < before; k++)
        one_window(t, &none, 0.0);
    for (size_t k = 1; k <= HORIZON && !all_found(t); k++)
        one_window(t, &change, (double)k);
}

static void print_delay(double x, bool json)
{
    if (isfinite(x))
        printf("%.0f", x);
    else
        printf(json ? "null" : "-");
}

static void print_rule(const struct trial *t, const char *change, int rule, double *delays)
{
    size_t n = t->settings->n_repeats, found = 0;
    bool json = t->settings->json;
    const char *name = rule == BASELINE ? "bins over both, PSI > 0.2"
                                        : mon_statistic_name((enum mon_statistic)rule);
    for (size_t i = 0; i < n; i++)
        found += isfinite(delays[i]);
    double median = quantile_of(delays, n, 0.5), most = quantile_of(delays, n, 0.9);
    printf(json ? "{\"change\": \"%s\", \"window_rows\": %zu, \"outliers\": %d, \"rule\": \"%s\", "
                  "\"repeats\": %zu, \"found\": %zu, \"median\": "
                : "| %s | %zu | %d | %s | %zu of %zu | ",
           change, t->window_rows, t->outlier_every > 0, name, json ? n : found, json ? found : n);
    print_delay(median, json);
    printf(json ? ", \"q90\": " : " | ");
    print_delay(most, json);
    printf(json ? "}\n" : " |\n");
}

static void report(const struct settings *s, enum law law, size_t window_rows, size_t outlier_every)
{
    static double delays[N_CHANGES][N_RULES][MAX_REPEATS];
    struct trial t = {
        .settings = s, .law = law, .outlier_every = outlier_every, .window_rows = window_rows};
    for (size_t r = 0; r < s->n_repeats; r++) {
        if (r % PER_REFERENCE == 0)
            trial_init(&t, s->seed + r);
        for (size_t c = 0; c < N_CHANGES; c++) {
            if (changes[c].law != law)
                continue;
            run_change(&t, changes[c].change);
            for (int i = 0; i < N_RULES; i++)
                delays[c][i][r] = t.delay[i];
        }
        if ((r + 1) % PER_REFERENCE == 0 || r + 1 == s->n_repeats)
            trial_deinit(&t);
    }
    for (size_t c = 0; c < N_CHANGES; c++)
        for (int i = 0; changes[c].law == law && i < N_RULES; i++)
            print_rule(&t, changes[c].name, i, delays[c][i]);
    fflush(stdout);
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
    struct settings s = {.n_repeats = 8, .n_features = 50, .n_reference = 100000, .seed = 31000};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--json") == 0) {
            s.json = true;
        } else if (strcmp(argv[i], "--quick") == 0) {
            s.quick = true;
            s.n_repeats = 2;
            s.n_features = 5;
            s.n_reference = 20000;
        } else if (strcmp(argv[i], "--repeats") == 0) {
            s.n_repeats = number(argv[i++], value, MAX_REPEATS);
        } else if (strcmp(argv[i], "--features") == 0) {
            s.n_features = number(argv[i++], value, MAX_FEATURES);
        } else if (strcmp(argv[i], "--reference") == 0) {
            s.n_reference = number(argv[i++], value, 10000000);
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
    static const size_t sizes[] = {1000, 10000};
    static const enum law laws[] = {LAW_NORMAL, LAW_CATEGORY, LAW_AR};
    struct settings s = read_arguments(argc, argv);
    if (!s.json)
        printf("%zu repeats, %zu features, reference of %zu rows; delays in windows\n\n"
               "| change | rows a window | outliers | rule | found | median | 90 %% |\n"
               "|---|---|---|---|---|---|---|\n",
               s.n_repeats, s.n_features, s.n_reference);
    for (size_t l = 0; l < sizeof laws / sizeof laws[0]; l++)
        for (size_t w = 0; w < (s.quick ? 1 : sizeof sizes / sizeof sizes[0]); w++) {
            report(&s, laws[l], sizes[w], 0);
            report(&s, laws[l], sizes[w], OUTLIER_EVERY);
        }
    return 0;
}
