/*
 * concept_drift.c - concept drift found in the errors of an online classifier, by every detector.
 *
 *   ninja bench_concept_drift
 *   bin/bench_concept_drift [--json] [--shuffle SEED] FILE.csv.gz...
 *   bin/bench_concept_drift [--json] --made SEEDS
 *   bin/bench_concept_drift --alarms MILLIONS
 *
 * FILE: a set with changes at rows 10,000, 20,000 and 30,000, or, where its name says gradual, over
 * 1,000 rows from 9,500, 20,000 and 30,500 on. --shuffle: the rows between two changes in another
 * order, to see how much is luck. --made: sets of our own (concept_stream.h), six
 * families, noise 0, 0.1 and 0.2, 40,000 rows with three changes and 100,000 without. --alarms:
 * rows from one false alarm of rate_scan to the next where the error rate is constant.
 *
 * The default's parameters were chosen with --made; the public files were the check. A change
 * counts as found by the first alarm within 1,500 rows. A later alarm while the same transition is
 * under way is "again": the classifier that was started then has learnt the mixture. Every other
 * alarm is extra.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "concept_report.h"
#include "concept_run.h"
#include "monitors/detectors.h"

#define N_ROWS 40000
#define N_STEADY_ROWS 100000
#define N_CHANGES 3

struct options {
    bool json;
    int n_seeds, millions, shuffle; /* 0: not asked for */
    char **files;
    int n_files;
};

static const double noises[] = {0.0, 0.1, 0.2};
#define N_NOISES (sizeof noises / sizeof noises[0])

static void stop_on(enum err_code rc, const struct err *e)
{
    if (rc == ERR_OK)
        return;
    fprintf(stderr, "bench_concept_drift: %s\n", e->message);
    exit(1);
}

static struct concept_result run(const struct concept_stream *s, const char *detector)
{
    struct err e = {0};
    struct concept_result r;
    stop_on(concept_run(s, detector, &r, &e), &e);
    return r;
}

static void keep(const struct options *o, cJSON *out, const char *set, const char *detector,
                 const struct concept_result *r)
{
    if (o->json)
        cJSON_AddItemToArray(out, concept_report_json(set, detector, r));
    else if (strcmp(detector, CONCEPT_DEFAULT) == 0)
        concept_report_set(set, r);
}

/* changing, steady: per detector; rows without a change go to steady. */
static void run_all(const struct options *o, cJSON *out, const struct concept_stream *s,
                    struct concept_result *changing, struct concept_result *steady)
{
    for (size_t k = 0; mon_detector_kind(k) != NULL; k++) {
        struct concept_result r = run(s, mon_detector_kind(k));
        if (s->n_changes > 0)
            keep(o, out, s->name, mon_detector_kind(k), &r);
        concept_result_add(s->n_changes > 0 ? &changing[k] : &steady[k], &r);
    }
}

static void print_totals(const struct concept_result *changing, const struct concept_result *steady)
{
    printf("\n");
    concept_report_totals_head();
    for (size_t k = 0; mon_detector_kind(k) != NULL; k++)
        concept_report_totals(mon_detector_kind(k), &changing[k], &steady[k]);
}

static void set_changes(const char *path, struct concept_stream *s)
{
    static const size_t at_once[] = {10000, 20000, 30000}, gradual[] = {9500, 20000, 30500};
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    bool slow = strstr(name, "gradual") != NULL;
    memcpy(s->changes, slow ? gradual : at_once, sizeof at_once);
    s->width = slow ? 1000 : 0;
    s->n_changes = N_CHANGES;
    const char *end = strstr(name, ".csv");
    snprintf(s->name, sizeof s->name, "%.*s", (int)(end != NULL ? end - name : 60), name);
}

static void run_files(const struct options *o, cJSON *out, struct concept_result *changing,
                      struct concept_result *steady)
{
    for (int i = 0; i < o->n_files; i++) {
        struct concept_stream s;
        struct err e = {0};
        stop_on(concept_stream_read(o->files[i], &s, &e), &e);
        set_changes(o->files[i], &s);
        if (o->shuffle > 0)
            concept_stream_shuffle(&s, (uint64_t)o->shuffle);
        run_all(o, out, &s, changing, steady);
        concept_stream_deinit(&s);
    }
}

static void run_made(const struct options *o, cJSON *out, struct concept_law *law,
                     struct concept_result *changing, struct concept_result *steady)
{
    struct concept_stream s;
    struct err e = {0};
    for (law->seed = 1; law->seed <= (uint64_t)o->n_seeds; law->seed++) {
        stop_on(concept_stream_make(law, &s, &e), &e);
        run_all(o, out, &s, changing, steady);
        concept_stream_deinit(&s);
    }
}

static void run_families(const struct options *o, cJSON *out, struct concept_result *changing,
                         struct concept_result *steady)
{
    for (int f = 0; f < CONCEPT_N_FAMILIES; f++)
        for (size_t q = 0; q < N_NOISES; q++) {
            struct concept_law law = {.family = (enum concept_family)f, .noise = noises[q]};
            law.n_rows = N_ROWS;
            law.n_changes = N_CHANGES;
            run_made(o, out, &law, changing, steady);
            law.n_rows = N_STEADY_ROWS;
            law.n_changes = 0;
            run_made(o, out, &law, changing, steady);
        }
}

static void compare_detectors(const struct options *o)
{
    size_t n = 0;
    while (mon_detector_kind(n) != NULL)
        n++;
    struct concept_result *changing = calloc(n, sizeof *changing);
    struct concept_result *steady = calloc(n, sizeof *steady);
    cJSON *out = cJSON_CreateArray();
    if (changing == NULL || steady == NULL || out == NULL)
        exit(1);
    if (!o->json)
        concept_report_head();
    if (o->n_seeds > 0)
        run_families(o, out, changing, steady);
    else
        run_files(o, out, changing, steady);
    if (!o->json)
        print_totals(changing, steady);
    char *text = o->json ? cJSON_Print(out) : NULL;
    if (text != NULL)
        puts(text);
    free(text);
    cJSON_Delete(out);
    free(changing);
    free(steady);
}

static double rows_between(double stated, double rate, double n_rows)
{
    struct mon_detector *d = NULL;
    struct rng r;
    struct err e = {0};
    cJSON *params = cJSON_CreateObject();
    cJSON_AddNumberToObject(params, "rows_between", stated);
    stop_on(mon_detector_new("rate_scan", params, &d, &e), &e);
    cJSON_Delete(params);
    rng_seed(&r, 1);
    for (double i = 0.0; i < n_rows; i += 1.0)
        mon_detector_update(d, rng_uniform(&r) < rate);
    double n = (double)mon_detector_changes(d);
    mon_detector_free(d);
    return n > 0.0 ? n_rows / n : INFINITY;
}

static void report_alarms(double n_rows)
{
    static const double rates[] = {0.005, 0.02, 0.1, 0.3, 0.5}, stated[] = {1e3, 1e4, 1e5};
    printf("| rows_between |");
    for (size_t k = 0; k < 5; k++)
        printf(" error rate %g |", rates[k]);
    printf("\n|---:|---:|---:|---:|---:|---:|\n");
    for (size_t i = 0; i < 3; i++) {
        printf("| %.0f |", stated[i]);
        for (size_t k = 0; k < 5; k++)
            printf(" %.0f |", rows_between(stated[i], rates[k], n_rows));
        printf("\n");
    }
}

static bool read_options(int argc, char **argv, struct options *o)
{
    int i = 1;
    if (i < argc && strcmp(argv[i], "--json") == 0) {
        o->json = true;
        i++;
    }
    if (i + 1 < argc && strcmp(argv[i], "--made") == 0)
        return (o->n_seeds = atoi(argv[i + 1])) > 0 && i + 2 == argc;
    if (i + 1 < argc && strcmp(argv[i], "--alarms") == 0)
        return (o->millions = atoi(argv[i + 1])) > 0 && i + 2 == argc;
    if (i + 1 < argc && strcmp(argv[i], "--shuffle") == 0) {
        o->shuffle = atoi(argv[i + 1]);
        i += 2;
    }
    o->files = argv + i;
    o->n_files = argc - i;
    return o->n_files > 0 && argv[i][0] != '-';
}

int main(int argc, char **argv)
{
    struct options o = {0};
    if (!read_options(argc, argv, &o)) {
        fprintf(
            stderr,
            "usage: bench_concept_drift [--json] [--shuffle SEED] FILE.csv.gz... | --made SEEDS | "
            "--alarms MILLIONS\n");
        return 2;
    }
    if (o.millions > 0)
        report_alarms(1e6 * o.millions);
    else
        compare_detectors(&o);
    return 0;
}
