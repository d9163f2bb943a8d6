/*
 * detector_rates.c - what each change detector does on streams whose changes are known: false changes
 * where nothing changes, how often and how soon a change is found, time and memory.
 *
 *   ninja bench_detectors && bin/bench_detectors [--json] [--only DETECTOR] [STREAMS]
 *
 * errors: Bernoulli streams of 5,000 answers at a constant rate; then 2,000 of rate 0.1 followed by
 * 2,000 of rate 0.3. values: the same with N(0, 1) and N(1, 1). STREAMS (default 1,000) of each,
 * the same ones for every detector, seeds 0.. . direction is "up" throughout, everything else as
 * published unless the row says so. A delay counts values from the change on, over the streams in
 * which it was found.
 */
#include <cjson/cJSON.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rand.h"
#include "monitors/detectors.h"

#define N_STEADY 5000
#define N_BEFORE 2000
#define N_AFTER 2000
#define N_TIMED 200000
#define MAX_LEVELS 4

/* A law of one parameter: the rate of errors, or the mean of a normal of variance 1. */
enum law { LAW_ERRORS, LAW_VALUES };

static const struct plan {
    enum law law;
    const char *title;
    double steady[MAX_LEVELS];
    size_t n_steady;
    double from, to;
} plans[] = {
    {LAW_ERRORS, "errors", {0.01, 0.1, 0.2, 0.4}, 4, 0.1, 0.3},
    {LAW_VALUES, "values", {0.0}, 1, 0.0, 1.0},
};

static const struct setting {
    enum law law;
    const char *name, *params;
} settings[] = {
    {LAW_ERRORS, "adwin", ""},
    {LAW_ERRORS, "rate_scan", ""},
    {LAW_ERRORS, "page_hinkley", ""},
    {LAW_ERRORS, "cusum", ""},
    {LAW_ERRORS, "gma", ""},
    {LAW_ERRORS, "ddm", ""},
    {LAW_ERRORS, "eddm", ""},
    {LAW_ERRORS, "rddm", ""},
    {LAW_ERRORS, "hddm_a", ""},
    {LAW_ERRORS, "hddm_w", ""},
    {LAW_ERRORS, "fhddm", ""},
    {LAW_ERRORS, "ecdd", "\"arl0\": 100"},
    {LAW_ERRORS, "ecdd", ""},
    {LAW_ERRORS, "ecdd", "\"arl0\": 1000"},
    {LAW_ERRORS, "ecdd", "\"control_limit\": 5"},
    {LAW_ERRORS, "stepd", ""},
    {LAW_ERRORS, "kswin", ""},
    {LAW_ERRORS, "bocd", ""},
    {LAW_ERRORS, "bocd", "\"prior_mean\": 0.5, \"prior_var\": 0.1, \"data_var\": 0.2"},
    {LAW_VALUES, "adwin", ""},
    {LAW_VALUES, "rate_scan", "\"low\": -4, \"high\": 4"},
    {LAW_VALUES, "page_hinkley", ""},
    {LAW_VALUES, "cusum", ""},
    {LAW_VALUES, "gma", ""},
    {LAW_VALUES, "hddm_a", "\"low\": -4, \"high\": 4"},
    {LAW_VALUES, "hddm_w", "\"low\": -4, \"high\": 4"},
    {LAW_VALUES, "kswin", ""},
    {LAW_VALUES, "kswin", "\"alpha\": 0.005"},
    {LAW_VALUES, "bocd", ""},
    {LAW_VALUES, "bocd", "\"hazard\": 0.0001"},
};
#define N_SETTINGS (sizeof settings / sizeof settings[0])

struct row {
    const struct setting *setting;
    double false_changes[MAX_LEVELS]; /* per 10,000 values */
    double found, delay;              /* share of the streams; mean over those */
    double ns;                        /* an update */
    size_t bytes;                     /* on the heap */
};

struct options {
    bool json;
    const char *only; /* one detector; NULL: all */
    int n_streams;
};

static double draw(struct rng *r, enum law law, double level)
{
    return law == LAW_ERRORS ? rng_uniform(r) < level : level + rng_normal(r);
}

static struct mon_detector *make(const struct setting *s)
{
    char text[256];
    struct mon_detector *d = NULL;
    struct err e = {0};
    snprintf(text, sizeof text, "{\"direction\": \"up\"%s%s}", s->params[0] != '\0' ? ", " : "",
             s->params);
    cJSON *params = cJSON_Parse(text);
    if (mon_detector_new(s->name, params, &d, &e) != ERR_OK) {
        fprintf(stderr, "bench_detectors: %s\n", e.message);
        exit(1);
    }
    cJSON_Delete(params);
    return d;
}

static double count_false_changes(const struct setting *s, double level, int n_streams)
{
    double changes = 0.0;
    for (int k = 0; k < n_streams; k++) {
        struct rng r;
        struct mon_detector *d = make(s);
        rng_seed(&r, (uint64_t)k);
        for (int i = 0; i < N_STEADY; i++)
            changes += mon_detector_update(d, draw(&r, s->law, level)) == MON_CHANGE;
        mon_detector_free(d);
    }
    return changes * 1e4 / ((double)n_streams * N_STEADY);
}

/* Values from the change to the first detection after it; -1: none. */
static int delay_in(const struct setting *s, const struct plan *p, uint64_t seed)
{
    struct rng r;
    struct mon_detector *d = make(s);
    int delay = -1;
    rng_seed(&r, seed);
    for (int i = 0; i < N_BEFORE; i++)
        mon_detector_update(d, draw(&r, s->law, p->from));
    for (int i = 0; i < N_AFTER && delay < 0; i++)
        if (mon_detector_update(d, draw(&r, s->law, p->to)) == MON_CHANGE)
            delay = i + 1;
    mon_detector_free(d);
    return delay;
}

static void measure_delay(const struct plan *p, int n_streams, struct row *out)
{
    double total = 0.0, found = 0.0;
    for (int k = 0; k < n_streams; k++) {
        int delay = delay_in(out->setting, p, (uint64_t)k);
        total += delay > 0 ? delay : 0;
        found += delay > 0;
    }
    out->found = found / n_streams;
    out->delay = found > 0.0 ? total / found : NAN;
}

/* Of this process: other work on the machine does not count. */
static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void measure_cost(const struct plan *p, struct row *out)
{
    static double x[N_TIMED];
    struct rng r;
    rng_seed(&r, 1);
    for (size_t i = 0; i < N_TIMED; i++)
        x[i] = draw(&r, p->law, p->from);
    size_t before = mallinfo2().uordblks;
    struct mon_detector *d = make(out->setting);
    out->bytes = mallinfo2().uordblks - before;
    double started = cpu_seconds();
    for (size_t i = 0; i < N_TIMED; i++)
        mon_detector_update(d, x[i]);
    out->ns = 1e9 * (cpu_seconds() - started) / N_TIMED;
    mon_detector_free(d);
}

static void measure(const struct plan *p, int n_streams, struct row *out)
{
    for (size_t i = 0; i < p->n_steady; i++)
        out->false_changes[i] = count_false_changes(out->setting, p->steady[i], n_streams);
    measure_delay(p, n_streams, out);
    measure_cost(p, out);
}

static void print_head(const struct plan *p)
{
    printf("%s%s: false changes per 10,000 values where nothing changes, and a change %g -> %g\n",
           p->law > LAW_ERRORS ? "\n" : "", p->title, p->from, p->to);
    printf("%-14s%-32s", "detector", "parameters");
    for (size_t i = 0; i < p->n_steady; i++)
        printf("%s%-5g", p->law == LAW_ERRORS ? "  rate " : "  mean ", p->steady[i]);
    printf("%8s%8s%8s%8s\n", "found", "delay", "ns", "bytes");
}

static void print_row(const struct plan *p, const struct row *r)
{
    printf("%-14s%-32.31s", r->setting->name, r->setting->params);
    for (size_t i = 0; i < p->n_steady; i++)
        printf("%12.2f", r->false_changes[i]);
    printf("%7.1f%%%8.0f%8.1f%8zu\n", 100.0 * r->found, r->delay, r->ns, r->bytes);
    fflush(stdout);
}

static void add_row(const struct plan *p, const struct row *r, cJSON *rows)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "stream", p->title);
    cJSON_AddStringToObject(json, "detector", r->setting->name);
    cJSON_AddStringToObject(json, "parameters", r->setting->params);
    cJSON *steady = cJSON_AddArrayToObject(json, "false_changes_per_10000");
    for (size_t i = 0; i < p->n_steady; i++) {
        const double pair[] = {p->steady[i], r->false_changes[i]};
        cJSON_AddItemToArray(steady, cJSON_CreateDoubleArray(pair, 2));
    }
    cJSON_AddNumberToObject(json, "found", r->found);
    cJSON_AddNumberToObject(json, "delay", r->delay); /* NaN is written as null */
    cJSON_AddNumberToObject(json, "ns_per_update", r->ns);
    cJSON_AddNumberToObject(json, "bytes", (double)r->bytes);
    cJSON_AddItemToArray(rows, json);
}

static void run_plan(const struct plan *p, const struct options *o, cJSON *rows)
{
    if (!o->json)
        print_head(p);
    for (size_t k = 0; k < N_SETTINGS; k++) {
        struct row r = {.setting = &settings[k]};
        if (settings[k].law != p->law ||
            (o->only != NULL && strcmp(o->only, settings[k].name) != 0))
            continue;
        measure(p, o->n_streams, &r);
        if (o->json)
            add_row(p, &r, rows);
        else
            print_row(p, &r);
    }
}

static bool read_options(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            o->json = true;
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc && mon_detector_exists(argv[i + 1]))
            o->only = argv[++i];
        else if ((o->n_streams = atoi(argv[i])) < 1)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options o = {.n_streams = 1000};
    if (!read_options(argc, argv, &o)) {
        fprintf(stderr, "usage: bench_detectors [--json] [--only DETECTOR] [STREAMS, 1 or more]\n");
        return 2;
    }
    cJSON *rows = cJSON_CreateArray();
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++)
        run_plan(&plans[i], &o, rows);
    char *text = o.json ? cJSON_Print(rows) : NULL;
    if (text != NULL)
        puts(text);
    free(text);
    cJSON_Delete(rows);
    return 0;
}
