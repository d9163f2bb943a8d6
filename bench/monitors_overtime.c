/*
 * monitors_overtime.c - is the promise over time kept? Alarms raised in 30 days by overtime.h's
 * monitor on streams that do not change.
 *
 *   ninja bench_monitors_overtime && bin/bench_monitors_overtime [--quick] [--json] [--alarms A]
 *       [--windows N] [--references N] [--features N] [--seed N]
 *
 * Hourly windows of 1,000 rows, lengths of 1 to 32 of them, Holm over 50 features, no smallest
 * effect of interest. Stated: A = 10 alarms in 30 days, many more than anybody wants, so that
 * months suffice to count them; the default of 1 would need years for the same certainty. Several
 * references of 10,000 rows (weekly season: 67,200) with their share of the windows each.
 *
 * Exits with 1 where the exact upper 95 % bound (Clopper-Pearson over windows) or the one over
 * references is above what was stated.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitors/overtime.h"
#include "rates.h"
#include "stream.h"

#define N_REFERENCE 10000
#define CHUNK_ROWS 100
#define WINDOW_ROWS 1000
#define WEEKLY_ROWS (672 * CHUNK_ROWS)
#define N_SCALES 6
#define WINDOWS_IN_30_DAYS 720.0
#define MAX_FEATURES 100
#define MAX_REFERENCES 200

enum {
#define X(symbol, text) COUNT_##symbol,
    MON_STATISTIC_LIST(X)
#undef X
        N_STATISTICS,
};

struct settings {
    size_t n_windows, n_references, n_features;
    uint64_t seed;
    double alarms;
    bool json;
};

struct count {
    size_t raises, windows, n_references;
    double rates[MAX_REFERENCES];
};

static void must(enum err_code rc, const struct err *e)
{
    if (rc == ERR_OK)
        return;
    fprintf(stderr, "bench_monitors_overtime: %s\n", e->message);
    exit(2);
}

static struct mon_season *season_of(const struct stream *s)
{
    struct mon_season_options o;
    struct mon_season *season = NULL;
    struct err e;
    mon_season_options_init(&o);
    if (s->law == LAW_WEEKLY)
        must(mon_season_new(&o, s->chunks, s->spans, s->n_chunks, &season, &e), &e);
    return season;
}

static struct mon_overtime *monitor_of(const struct stream *s, const struct settings *settings,
                                       const struct mon_season *season, int statistic)
{
    struct mon_overtime_options o;
    struct mon_overtime *m = NULL;
    struct err e;
    mon_overtime_options_init(&o);
    o.drift.statistic = (enum mon_statistic)statistic;
    o.drift.min_effect = 0.0;
    o.budget.alarms = settings->alarms;
    o.window_rows = WINDOW_ROWS;
    o.n_scales = N_SCALES;
    o.season = season;
    must(mon_overtime_new(&o, s->reference, s->chunks, s->n_chunks, &m, &e), &e);
    return m;
}

static void add_window(struct stream *s, const struct mon_season *season,
                       struct mon_overtime *const *monitors)
{
    struct mon_signal signals[MAX_FEATURES + 2];
    struct mon_phase_mix mix = {0};
    size_t n;
    if (season != NULL)
        mon_season_mix(season, stream_span(s, WINDOW_ROWS), WINDOW_ROWS, &mix);
    struct profile *window = stream_window(s, WINDOW_ROWS, NULL);
    for (int i = 0; i < N_STATISTICS; i++)
        mon_overtime_add(monitors[i], window, &mix, signals, &n);
    profile_free(window);
}

static void watch(enum law law, const struct settings *s, uint64_t seed, struct count *counts)
{
    struct stream stream;
    struct mon_overtime *monitors[N_STATISTICS];
    size_t windows = s->n_windows / s->n_references;
    stream_init(&stream, law, s->n_features, law == LAW_WEEKLY ? WEEKLY_ROWS : N_REFERENCE,
                CHUNK_ROWS, seed);
    struct mon_season *season = season_of(&stream);
    for (int i = 0; i < N_STATISTICS; i++)
        monitors[i] = monitor_of(&stream, s, season, i);
    for (size_t k = 0; k < windows; k++)
        add_window(&stream, season, monitors);
    for (int i = 0; i < N_STATISTICS; i++) {
        size_t raises = (size_t)mon_overtime_n_raises(monitors[i]);
        counts[i].raises += raises;
        counts[i].windows += windows;
        counts[i].rates[counts[i].n_references++] = (double)raises / (double)windows;
        mon_overtime_free(monitors[i]);
    }
    mon_season_free(season);
    stream_deinit(&stream);
}

static bool print_count(const struct settings *s, enum law law, int statistic,
                        const struct count *c)
{
    const char *name = mon_statistic_name((enum mon_statistic)statistic);
    double rate = WINDOWS_IN_30_DAYS * (double)c->raises / (double)c->windows;
    double exact = WINDOWS_IN_30_DAYS * rate_upper_bound(c->raises, c->windows);
    double grouped = WINDOWS_IN_30_DAYS * rate_upper_bound_grouped(c->rates, c->n_references);
    bool kept = !(fmax(exact, grouped) > s->alarms);
    if (s->json)
        printf("{\"stream\": \"%s\", \"statistic\": \"%s\", \"windows\": %zu, \"raised\": %zu, "
               "\"stated\": %g, \"per_30_days\": %.4f, \"upper95\": %.4f, "
               "\"upper95_references\": %.4f, \"kept\": %s}\n",
               law_name(law), name, c->windows, c->raises, s->alarms, rate, exact, grouped,
               kept ? "true" : "false");
    else
        printf("| %-13s | %-16s | %6zu | %6g | %6.2f | %6.2f | %6.2f | %-6s |\n", law_name(law),
               name, c->raises, s->alarms, rate, exact, grouped, kept ? "kept" : "BROKEN");
    return kept;
}

static bool report(const struct settings *s, enum law law)
{
    struct count counts[N_STATISTICS];
    bool kept = true;
    memset(counts, 0, sizeof counts);
    for (size_t r = 0; r < s->n_references; r++)
        watch(law, s, s->seed + r, counts);
    for (int i = 0; i < N_STATISTICS; i++)
        kept &= print_count(s, law, i, &counts[i]);
    fflush(stdout);
    return kept;
}

static double number(const char *name, const char *text, double most)
{
    char *end = NULL;
    double x = text != NULL ? strtod(text, &end) : 0.0;
    if (text == NULL || *end != '\0' || !(x > 0.0) || x > most) {
        fprintf(stderr, "%s: expected a number above 0 and up to %g, got %s\n", name, most,
                text != NULL ? text : "nothing");
        exit(2);
    }
    return x;
}

static struct settings read_arguments(int argc, char **argv)
{
    struct settings s = {
        .n_windows = 4096, .n_references = 16, .n_features = 50, .seed = 52000, .alarms = 10.0};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--json") == 0) {
            s.json = true;
        } else if (strcmp(argv[i], "--quick") == 0) {
            s.n_windows = 512;
            s.n_references = 8;
            s.n_features = 10;
            s.alarms = 36.0;
        } else if (strcmp(argv[i], "--alarms") == 0) {
            s.alarms = number(argv[i++], value, 360.0);
        } else if (strcmp(argv[i], "--windows") == 0) {
            s.n_windows = (size_t)number(argv[i++], value, 1e7);
        } else if (strcmp(argv[i], "--references") == 0) {
            s.n_references = (size_t)number(argv[i++], value, MAX_REFERENCES);
        } else if (strcmp(argv[i], "--features") == 0) {
            s.n_features = (size_t)number(argv[i++], value, MAX_FEATURES);
        } else if (strcmp(argv[i], "--seed") == 0) {
            s.seed = (uint64_t)number(argv[i++], value, 1e15);
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
    if (!s.json)
        printf("%zu hourly windows of %d rows, %zu features, %zu references\n\n"
               "| stream        | statistic        | raised | stated | 30 d | up 95 %% | by ref | "
               "verdict |\n|---|---|---|---|---|---|---|---|\n",
               s.n_windows, WINDOW_ROWS, s.n_features, s.n_references);
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++)
        kept &= report(&s, laws[i]);
    return kept ? 0 : 1;
}
