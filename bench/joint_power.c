/*
 * joint_power.c - what the joint monitors promise and see, as tables in markdown or as JSON.
 *
 *   ninja bench_joint_power && bin/bench_joint_power [--json] [alarms | power | cost] [WINDOWS]
 *
 * alarms: windows of an unchanged stream in which any of the five statistics alarms, smallest
 * effects switched off; WINDOWS (default 1,000) over 100 references. power: how many windows until
 * the first alarm, default options, an outlier of 1,000 deviations in every window. cost: one
 * thread where OPENBLAS_NUM_THREADS=1. References of 50 chunks of 100 rows, windows of 1,000 rows.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "joint_stream.h"

#define N_CHUNKS 50
#define CHUNK_ROWS 100
#define WINDOW_ROWS 1000
#define N_REFERENCES 100
#define BUDGET 0.01
#define MAX_DELAY 20
#define TRIALS 20

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double binomial_cdf(int k, int n, double p)
{
    double sum = 0.0;
    for (int i = 0; i <= k; i++)
        sum += exp(lgamma(n + 1.0) - lgamma(i + 1.0) - lgamma(n - i + 1.0) + i * log(p) +
                   (n - i) * log1p(-p));
    return sum;
}

/* Clopper & Pearson's 95 %, by bisection. */
static double upper_bound(int alarms, int windows)
{
    double low = 1e-9, high = 1.0 - 1e-9;
    for (int i = 0; i < 60; i++) {
        double rate = 0.5 * (low + high);
        if (binomial_cdf(alarms, windows, rate) > 0.05)
            low = rate;
        else
            high = rate;
    }
    return high;
}

/* Judges one window; returns which statistics alarmed, as bits. */
static unsigned judge(struct joint_stream *s, const struct mon_joint_null *null,
                      const struct mon_joint_options *o, const struct joint_change *change)
{
    struct mon_signal signals[MON_N_JOINT];
    size_t n = 0;
    unsigned found = 0;
    struct mon_joint_sums *window = joint_stream_window(s, WINDOW_ROWS, change);
    if (mon_joint_check(o, null, s->reference, window, signals, &n, NULL) != ERR_OK)
        exit(1);
    for (size_t i = 0; i < n; i++)
        found |= signals[i].verdict == MON_DRIFT ? 1u << i : 0u;
    mon_joint_sums_free(window);
    return found;
}

static void report_alarms_of(enum joint_law law, size_t n_features, int n_windows, bool json)
{
    int any = 0, each[MON_N_JOINT] = {0}, windows = n_windows / N_REFERENCES * N_REFERENCES;
    struct mon_joint_options o;
    mon_joint_options_init(&o);
    o.false_alarm_rate = BUDGET;
    memset(o.min_effect, 0, sizeof o.min_effect);
    for (uint64_t r = 0; r < N_REFERENCES; r++) {
        struct joint_stream s;
        joint_stream_init(&s, law, n_features, N_CHUNKS, CHUNK_ROWS, 7000 + r);
        struct mon_joint_null *null = joint_stream_null(&s, WINDOW_ROWS);
        for (int k = 0; k < windows / N_REFERENCES; k++) {
            unsigned found = judge(&s, null, &o, NULL);
            any += found != 0;
            for (int i = 0; i < MON_N_JOINT; i++)
                each[i] += found >> i & 1;
        }
        mon_joint_null_free(null);
        joint_stream_deinit(&s);
    }
    printf(json ? "{\"table\": \"alarms\", \"stream\": \"%s\", \"features\": %zu, \"windows\": %d, "
                  "\"alarms\": %d, \"rate\": %.4f, \"upper_95\": %.4f"
                : "| %s | %zu | %d | %d | %.4f | %.4f |",
           joint_law_names[law], n_features, windows, any, (double)any / windows,
           upper_bound(any, windows));
    for (int i = 0; i < MON_N_JOINT; i++)
        if (json)
            printf(", \"%s\": %d", mon_joint_name((enum mon_joint_statistic)i), each[i]);
        else
            printf(" %d |", each[i]);
    printf(json ? "}\n" : "\n");
    fflush(stdout);
}

static void report_alarms(int n_windows, bool json)
{
    static const size_t features[] = {10, 50};
    if (!json) {
        printf("False alarms, budget %g a window over all five statistics\n\n", BUDGET);
        printf("| stream | features | windows | alarms | rate | upper 95 %% |");
        for (int i = 0; i < MON_N_JOINT; i++)
            printf(" %s |", mon_joint_name((enum mon_joint_statistic)i));
        printf("\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
    }
    for (size_t f = 0; f < 2; f++)
        for (int law = JOINT_NORMAL; law <= JOINT_FACTORS; law++)
            report_alarms_of((enum joint_law)law, features[f], n_windows, json);
}

struct named_change {
    const char *name;
    struct joint_change change;
};

/* The outlier goes to a feature that does not change, and to the window that does. */
static const struct named_change changes[] = {
    {"correlation of two 0 -> 0.2", {.rho = 0.2, .outlier = 1000.0}},
    {"correlation of two 0 -> 0.3", {.rho = 0.3, .outlier = 1000.0}},
    {"correlation of two 0 -> 0.5", {.rho = 0.5, .outlier = 1000.0}},
    {"one feature by 0.1 sd", {.shift = 0.1, .outlier = 1000.0}},
    {"one feature by 0.5 sd", {.shift = 0.5, .outlier = 1000.0}},
    {"one feature by 1 sd", {.shift = 1.0, .outlier = 1000.0}},
    {"one feature's variance x 1.2", {.scatter = 1.0954451150103321, .outlier = 1000.0}},
    {"one feature's variance x 2", {.scatter = 1.4142135623730951, .outlier = 1000.0}},
    {"the outlier alone", {.outlier = 1000.0}},
};

struct delays {
    double any,
        each[MON_N_JOINT]; /* windows until the first alarm, MAX_DELAY where there was none */
    int found, found_each[MON_N_JOINT];
};

static void watch_until_found(struct joint_stream *s, const struct mon_joint_null *null,
                              const struct joint_change *change, struct delays *d)
{
    struct mon_joint_options o;
    unsigned seen = 0;
    mon_joint_options_init(&o);
    for (int k = 1; k <= MAX_DELAY; k++) {
        unsigned found = judge(s, null, &o, change);
        d->any += found != 0 && seen == 0 ? k : 0;
        d->found += found != 0 && seen == 0;
        for (int i = 0; i < MON_N_JOINT; i++) {
            bool first = (found >> i & 1) && !(seen >> i & 1);
            d->each[i] += first ? k : 0;
            d->found_each[i] += first;
        }
        seen |= found;
        if (seen == (1u << MON_N_JOINT) - 1)
            break;
    }
}

static void print_delay(double sum, int found, const char *name, bool json)
{
    if (json && found > 0)
        printf(", \"%s\": {\"found\": %d, \"delay\": %.2f}", name, found, sum / found);
    else if (json)
        printf(", \"%s\": {\"found\": 0}", name);
    else if (found > 0)
        printf(" %.1f (%d) |", sum / found, found);
    else
        printf(" - |");
}

static void report_power_of(enum joint_law law, size_t n_features, const struct named_change *c,
                            bool json)
{
    struct delays d = {0};
    for (uint64_t r = 0; r < TRIALS; r++) {
        struct joint_stream s;
        joint_stream_init(&s, law, n_features, N_CHUNKS, CHUNK_ROWS, 9000 + r);
        struct mon_joint_null *null = joint_stream_null(&s, WINDOW_ROWS);
        watch_until_found(&s, null, &c->change, &d);
        mon_joint_null_free(null);
        joint_stream_deinit(&s);
    }
    if (json)
        printf("{\"table\": \"power\", \"stream\": \"%s\", \"features\": %zu, \"change\": \"%s\", "
               "\"trials\": %d",
               joint_law_names[law], n_features, c->name, TRIALS);
    else
        printf("| %s | %zu | %s |", joint_law_names[law], n_features, c->name);
    print_delay(d.any, d.found, "any", json);
    for (int i = 0; i < MON_N_JOINT; i++)
        print_delay(d.each[i], d.found_each[i], mon_joint_name((enum mon_joint_statistic)i), json);
    printf(json ? "}\n" : "\n");
    fflush(stdout);
}

static void report_power(bool json)
{
    static const enum joint_law laws[] = {JOINT_NORMAL, JOINT_HEAVY, JOINT_AR};
    static const size_t features[] = {10, 50};
    if (!json) {
        printf("\nDelay to the first alarm in windows (and in how many of %d streams within %d "
               "windows), budget 0.001, an outlier of 1,000 sd in every window\n\n",
               TRIALS, MAX_DELAY);
        printf("| stream | features | change | any |");
        for (int i = 0; i < MON_N_JOINT; i++)
            printf(" %s |", mon_joint_name((enum mon_joint_statistic)i));
        printf("\n|---|---:|---|---:|---:|---:|---:|---:|---:|\n");
    }
    for (size_t f = 0; f < 2; f++)
        for (size_t l = 0; l < 3; l++)
            for (size_t c = 0; c < sizeof changes / sizeof changes[0]; c++)
                report_power_of(laws[l], features[f], &changes[c], json);
}

static double time_check(struct joint_stream *s, const struct mon_joint_null *null)
{
    enum { repeats = 20 };
    struct mon_signal signals[MON_N_JOINT];
    struct mon_joint_options o;
    size_t n;
    struct mon_joint_sums *window = joint_stream_window(s, WINDOW_ROWS, NULL);
    mon_joint_options_init(&o);
    double started = cpu_seconds();
    for (int i = 0; i < repeats; i++)
        mon_joint_check(&o, null, s->reference, window, signals, &n, NULL);
    double took = cpu_seconds() - started;
    mon_joint_sums_free(window);
    return took / repeats;
}

static double time_count(struct joint_stream *s)
{
    enum { repeats = 5 };
    double *codes = calloc(WINDOW_ROWS * s->n_features, sizeof *codes);
    struct mon_joint_sums *window = NULL;
    if (codes == NULL || mon_joint_sums_new(s->space, &window, NULL) != ERR_OK)
        exit(1);
    joint_stream_draw(s, WINDOW_ROWS, NULL, codes);
    double started = cpu_seconds();
    for (int i = 0; i < repeats; i++)
        mon_joint_sums_count(window, codes, WINDOW_ROWS);
    double took = cpu_seconds() - started;
    mon_joint_sums_free(window);
    free(codes);
    return took / (repeats * WINDOW_ROWS);
}

static void report_cost(bool json)
{
    static const size_t features[] = {10, 20, 50, 100, 256};
    if (!json) {
        printf("\nCPU time of one thread\n\n| features | count a row, us | null once a version, ms "
               "| check a window, "
               "ms |\n|---:|---:|---:|---:|\n");
    }
    for (size_t f = 0; f < sizeof features / sizeof features[0]; f++) {
        struct joint_stream s;
        joint_stream_init(&s, JOINT_NORMAL, features[f], N_CHUNKS, CHUNK_ROWS, 1);
        double started = cpu_seconds();
        struct mon_joint_null *null = joint_stream_null(&s, WINDOW_ROWS);
        double null_ms = 1e3 * (cpu_seconds() - started), check_ms = 1e3 * time_check(&s, null);
        printf(json ? "{\"table\": \"cost\", \"features\": %zu, \"count_us\": %.2f, \"null_ms\": "
                      "%.1f, \"check_ms\": %.2f}\n"
                    : "| %zu | %.2f | %.1f | %.2f |\n",
               features[f], 1e6 * time_count(&s), null_ms, check_ms);
        fflush(stdout);
        mon_joint_null_free(null);
        joint_stream_deinit(&s);
    }
}

int main(int argc, char **argv)
{
    bool json = false;
    const char *only = NULL;
    int n_windows = 1000;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (atoi(argv[i]) >= N_REFERENCES)
            n_windows = atoi(argv[i]);
        else
            only = argv[i];
    bool all = only == NULL, alarms = all || strcmp(only, "alarms") == 0;
    bool power = all || strcmp(only, "power") == 0, cost = all || strcmp(only, "cost") == 0;
    if (!alarms && !power && !cost) {
        fprintf(stderr,
                "usage: bench_joint_power [--json] [alarms | power | cost] [WINDOWS, %d or "
                "more]\n",
                N_REFERENCES);
        return 2;
    }
    if (alarms)
        report_alarms(n_windows, json);
    if (power)
        report_power(json);
    if (cost)
        report_cost(json);
    return 0;
}
