/*
 * employment_stream.c - does the harm signal tell harmful drift from harmless, and how near are the
 * estimates without labels? Over the US Census stream of ../shared, all at defaults.
 *
 *   ninja bench_employment && bin/bench_employment [--json] [--chunk ROWS] [FOLDER]
 *
 * Exit code 0 where everything that is promised held, 1 where not, 2 for wrong use.
 */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "employment.h"

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void print_table(const struct employment_report *r)
{
    printf("harm: error rate above %.4f (reference %.4f, its upper bound %.4f, tolerance %.4f)\n\n",
           r->limit.limit, r->limit.risk, r->limit.risk_upper, r->limit.tolerance);
    printf("%7s %6s %8s %-8s %8s %8s %8s %8s %8s %9s %-5s %-9s\n", "row", "rows", "drifted", "top",
           "AUC", "CBPE", "+-", "counts", "error", "e-value", "harm", "estimated");
    for (size_t i = 0; i < r->n_chunks; i++) {
        const struct employment_chunk *c = &r->chunks[i];
        printf("%7zu %6zu %5zu/%-2zu %-8s %8.4f %8.4f %8.4f %8.4f %8.4f %9.2g %-5s %-9s\n",
               c->first_row, c->n_rows, c->n_drifted, c->n_features, c->top_feature, c->auc,
               c->auc_estimate.value, mon_estimate_error(&c->auc_estimate),
               c->auc_from_counts.value, 1.0 - c->accuracy, c->harm.e_value,
               c->harm.verdict == MON_DRIFT ? "HARM" : "-",
               c->estimated.verdict == MON_DRIFT ? "HARM" : "-");
    }
}

/* What the cells of a profile cost: the largest difference between its estimate and the scores'. */
static double largest_loss_by_cells(const struct employment_report *r)
{
    double largest = 0.0;
    for (size_t i = 0; i < r->n_chunks; i++)
        largest = fmax(largest,
                       fabs(r->chunks[i].auc_from_counts.value - r->chunks[i].auc_estimate.value));
    return largest;
}

static void print_verdict(const struct employment_verdict *v, const struct employment_report *r,
                          double took)
{
    printf("\ninput drift: reported in %zu of %zu chunks from row %d on, in %zu of %zu before\n",
           v->drift_after, v->chunks_after, EMPLOYMENT_DRIFT_ROW, v->drift_before,
           v->chunks_before);
    printf(
        "harm, labelled: speaks in %zu of %zu chunks inside rows %d to %d, in %zu of %zu outside\n",
        v->harm_inside, v->chunks_inside, EMPLOYMENT_HARM_FIRST, EMPLOYMENT_HARM_LAST,
        v->harm_outside, v->chunks_outside);
    printf("harm, estimated: speaks in %zu of %zu inside, in %zu of %zu outside\n",
           v->estimated_inside, v->chunks_inside, v->estimated_outside, v->chunks_outside);
    printf("CBPE |estimate - realised AUC|: median %.5f from scores, %.5f from counts (allowed "
           "%.4f)\n",
           r->auc_error_median, r->auc_error_median_counts, v->auc_error_allowed);
    printf("estimates from counts differ from those from scores by %.5f at most\n",
           largest_loss_by_cells(r));
    printf("verdict: %s (%.1f s)\n", v->holds ? "holds" : "DOES NOT HOLD", took);
}

static void add_chunk(cJSON *list, const struct employment_chunk *c)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "first_row", (double)c->first_row);
    cJSON_AddNumberToObject(json, "n_rows", (double)c->n_rows);
    cJSON_AddNumberToObject(json, "drifted_features", (double)c->n_drifted);
    cJSON_AddStringToObject(json, "top_feature", c->top_feature);
    cJSON_AddNumberToObject(json, "auc", c->auc);
    cJSON_AddNumberToObject(json, "auc_estimate", c->auc_estimate.value);
    cJSON_AddNumberToObject(json, "auc_estimate_error", mon_estimate_error(&c->auc_estimate));
    cJSON_AddNumberToObject(json, "auc_estimate_from_counts", c->auc_from_counts.value);
    cJSON_AddItemToObject(json, "harm", mon_signal_to_json(&c->harm));
    cJSON_AddItemToObject(json, "estimated_harm", mon_signal_to_json(&c->estimated));
    cJSON_AddItemToArray(list, json);
}

static void print_json(const struct employment_verdict *v, const struct employment_report *r,
                       double took)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *chunks = cJSON_AddArrayToObject(json, "chunks");
    for (size_t i = 0; i < r->n_chunks; i++)
        add_chunk(chunks, &r->chunks[i]);
    cJSON_AddNumberToObject(json, "limit", r->limit.limit);
    cJSON_AddNumberToObject(json, "tolerance", r->limit.tolerance);
    cJSON_AddNumberToObject(json, "auc_error_median", r->auc_error_median);
    cJSON_AddNumberToObject(json, "auc_error_median_from_counts", r->auc_error_median_counts);
    cJSON_AddNumberToObject(json, "drift_after", (double)v->drift_after);
    cJSON_AddNumberToObject(json, "chunks_after", (double)v->chunks_after);
    cJSON_AddNumberToObject(json, "harm_inside", (double)v->harm_inside);
    cJSON_AddNumberToObject(json, "chunks_inside", (double)v->chunks_inside);
    cJSON_AddNumberToObject(json, "harm_outside", (double)v->harm_outside);
    cJSON_AddNumberToObject(json, "chunks_outside", (double)v->chunks_outside);
    cJSON_AddBoolToObject(json, "holds", v->holds);
    cJSON_AddNumberToObject(json, "seconds", took);
    char *text = cJSON_Print(json);
    puts(text != NULL ? text : "{}");
    cJSON_free(text);
    cJSON_Delete(json);
}

static int run(const char *folder, size_t chunk_rows, bool as_json)
{
    struct employment *d = NULL;
    struct employment_report r;
    struct employment_verdict v;
    struct err e = {0};
    double started = seconds();
    if (employment_load(folder, &d, &e) != ERR_OK ||
        employment_watch(d, chunk_rows, &r, &e) != ERR_OK) {
        fprintf(stderr, "bench_employment: %s\n", e.message);
        employment_free(d);
        return 1;
    }
    employment_judge(&r, &v);
    double took = seconds() - started;
    if (as_json) {
        print_json(&v, &r, took);
    } else {
        print_table(&r);
        print_verdict(&v, &r, took);
    }
    employment_report_free(&r);
    employment_free(d);
    return v.holds ? 0 : 1;
}

int main(int argc, char **argv)
{
    const char *folder = LEEWAY_SHARED_DIR "/data/streams";
    size_t chunk_rows = 5000;
    bool as_json = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            as_json = true;
        else if (strcmp(argv[i], "--chunk") == 0 && i + 1 < argc)
            chunk_rows = strtoul(argv[++i], NULL, 10);
        else if (argv[i][0] != '-')
            folder = argv[i];
        else
            chunk_rows = 0;
    }
    if (chunk_rows < 500) {
        fprintf(stderr, "usage: bench_employment [--json] [--chunk ROWS, 500 at least] [FOLDER]\n");
        return 2;
    }
    return run(folder, chunk_rows, as_json);
}
