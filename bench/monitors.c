/*
 * monitors.c - what the monitors cost: per value counted, per update of a detector, per feature of
 * a window, for a full report.
 *
 *   ninja bench_monitors && bin/bench_monitors [--json] [counting] [detectors] [windows] [report]
 *
 * One thread and its processor time, so that neighbours on the machine count little. Two loops in
 * the same run are there to divide by: reading the values, and a plain histogram of them. At the
 * end, the promises and what was seen of them. False alarms are bench_monitors_alarms's.
 */
#include <cjson/cJSON.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "monitors_speed.h"

#define N_RUNS 9
#define LEAST_S 1e-3 /* a run is repeated within one measurement until it takes this long */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

size_t bench_memory_bytes(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

void bench_fail(const char *what, const struct err *e)
{
    fprintf(stderr, "bench_monitors: %s: %s\n", what, e->message);
    exit(1);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double time_of(void (*once)(void *), void *context, int times)
{
    double started = seconds();
    for (int i = 0; i < times; i++)
        once(context);
    return (seconds() - started) / times;
}

struct result *report_time(struct report *r, const char *section, const char *name,
                           const char *unit, double units, void (*once)(void *), void *context)
{
    double runs[N_RUNS], first = time_of(once, context, 1);
    int times = first < LEAST_S ? (int)(LEAST_S / fmax(first, 1e-7)) + 1 : 1;
    for (int i = 0; i < N_RUNS; i++)
        runs[i] = time_of(once, context, times);
    qsort(runs, N_RUNS, sizeof runs[0], ascending);
    if (r->n_results == MAX_RESULTS)
        abort();
    struct result *result = &r->results[r->n_results++];
    *result = (struct result){.section = section,
                              .unit = unit,
                              .units = units,
                              .n_runs = N_RUNS,
                              .least_s = runs[0],
                              .median_s = runs[N_RUNS / 2],
                              .most_s = runs[N_RUNS - 1]};
    snprintf(result->name, sizeof result->name, "%s", name);
    return result;
}

void report_bar(struct report *r, const char *name, const char *unit, double target, double seen,
                bool at_least)
{
    if (r->n_bars == MAX_BARS)
        abort();
    struct bar *bar = &r->bars[r->n_bars++];
    *bar = (struct bar){.unit = unit, .target = target, .seen = seen, .at_least = at_least};
    snprintf(bar->name, sizeof bar->name, "%s", name);
}

double result_per_second(const struct result *r)
{
    return r->units / r->median_s;
}

/* How many times better than promised; below 1: broken. */
static double margin(const struct bar *b)
{
    return b->at_least ? b->seen / b->target : b->target / b->seen;
}

/* Rate of the loop to divide by, NaN where it did not run. */
static double baseline(const struct report *r, const char *name)
{
    for (size_t i = 0; i < r->n_results; i++)
        if (strcmp(r->results[i].name, name) == 0)
            return result_per_second(&r->results[i]);
    return NAN;
}

/* Seconds as a person would write them. */
static void print_time(double s)
{
    static const char *const units[] = {"s ", "ms", "us", "ns"};
    size_t unit = 0;
    while (s < 1 && unit + 1 < sizeof units / sizeof units[0]) {
        s *= 1e3;
        unit++;
    }
    printf(" %9.2f %s", s, units[unit]);
}

static void print_result(const struct result *x, double histogram, double reading)
{
    double rate = result_per_second(x);
    printf("  %-50s %-8s %12.4g", x->name, x->unit, rate / 1e6);
    print_time(x->median_s / x->units);
    printf(" %8.0f%%", 100 * (x->most_s - x->least_s) / x->median_s);
    if (strcmp(x->unit, "value") == 0)
        printf(" %9.2f %9.2f", rate / histogram, rate / reading);
    printf("\n");
}

static void print_results(const struct report *r)
{
    double histogram = baseline(r, "plain histogram loop"), reading = baseline(r, "reading alone");
    const char *section = "";
    for (size_t i = 0; i < r->n_results; i++) {
        const struct result *x = &r->results[i];
        if (strcmp(section, x->section) != 0)
            printf("%s%-61s %12s %12s %9s %9s %9s\n", i ? "\n" : "", section = x->section, "M/s",
                   "each", "spread", "/histogr", "/reading");
        print_result(x, histogram, reading);
    }
}

static void print_bars(const struct report *r)
{
    printf("\n%-62s %10s %10s %-12s %7s\n", "promises", "promised", "seen", "", "margin");
    for (size_t i = 0; i < r->n_bars; i++) {
        const struct bar *b = &r->bars[i];
        printf("  %-60s %s%9.4g %10.4g %-12s %6.2fx%s\n", b->name, b->at_least ? ">" : "<",
               b->target, b->seen, b->unit, margin(b), margin(b) >= 1 ? "" : "  MISSED");
    }
}

static void add_result(cJSON *to, const struct result *x)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "section", x->section);
    cJSON_AddStringToObject(json, "name", x->name);
    cJSON_AddStringToObject(json, "unit", x->unit);
    cJSON_AddNumberToObject(json, "per_second", result_per_second(x));
    cJSON_AddNumberToObject(json, "ns_each", 1e9 * x->median_s / x->units);
    cJSON_AddNumberToObject(json, "ns_each_least", 1e9 * x->least_s / x->units);
    cJSON_AddNumberToObject(json, "ns_each_most", 1e9 * x->most_s / x->units);
    cJSON_AddNumberToObject(json, "n_runs", x->n_runs);
    cJSON_AddItemToArray(to, json);
}

static void add_bar(cJSON *to, const struct bar *b)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "promise", b->name);
    cJSON_AddStringToObject(json, "unit", b->unit);
    cJSON_AddStringToObject(json, "kind", b->at_least ? "at least" : "at most");
    cJSON_AddNumberToObject(json, "promised", b->target);
    cJSON_AddNumberToObject(json, "seen", b->seen);
    cJSON_AddBoolToObject(json, "kept", margin(b) >= 1);
    cJSON_AddItemToArray(to, json);
}

static void print_json(const struct report *r)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *results = cJSON_AddArrayToObject(json, "results");
    cJSON *bars = cJSON_AddArrayToObject(json, "promises");
    for (size_t i = 0; i < r->n_results; i++)
        add_result(results, &r->results[i]);
    for (size_t i = 0; i < r->n_bars; i++)
        add_bar(bars, &r->bars[i]);
    char *text = cJSON_Print(json);
    printf("%s\n", text ? text : "{}");
    free(text);
    cJSON_Delete(json);
}

static const struct {
    const char *name;
    void (*run)(struct report *r);
} parts[] = {
    {"counting", bench_counting},
    {"detectors", bench_detectors},
    {"windows", bench_windows},
    {"report", bench_full_report},
};
#define N_PARTS (sizeof parts / sizeof parts[0])

static bool choose(const char *word, bool chosen[N_PARTS])
{
    for (size_t i = 0; i < N_PARTS; i++)
        if (strcmp(parts[i].name, word) == 0)
            return chosen[i] = true;
    return false;
}

int main(int argc, char **argv)
{
    static struct report report;
    bool chosen[N_PARTS] = {false}, any = false, json = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (choose(argv[i], chosen)) {
            any = true;
        } else {
            fprintf(stderr,
                    "usage: bench_monitors [--json] [counting] [detectors] [windows] [report]\n");
            return 2;
        }
    }
    for (size_t i = 0; i < N_PARTS; i++)
        if (!any || chosen[i])
            parts[i].run(&report);
    if (json) {
        print_json(&report);
    } else {
        print_results(&report);
        print_bars(&report);
    }
    return 0;
}
