/*
 * monitors_counting.c - rates per value of counting and moments: types, layouts, paths, columns;
 * beside them a plain histogram of the same values, and reading them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "count.h"
#include "monitors_speed.h"

#define N_ROWS 400000
#define N_FEATURES 30
#define HISTOGRAM_BINS 256

struct work {
    const struct table *table;
    const struct count_path *path;
    struct matrix_view view;
    struct profile *profile;
    uint64_t histogram[N_FEATURES][HISTOGRAM_BINS];
    uint64_t sum; /* keeps the reading loop */
};

static void count(void *context)
{
    struct work *w = context;
    count_rows(w->path, w->profile, &w->view, NULL, w->table->n_rows);
}

static void count_one_row_a_call(void *context)
{
    struct work *w = context;
    for (size_t i = 0; i < 1000; i++) {
        struct matrix_view row = matrix_from(&w->view, i, 0);
        count_rows(w->path, w->profile, &row, NULL, 1);
    }
}

/* What one would write: 256 bins over -4..4, the outermost take the rest, no moments. */
static void histogram(void *context)
{
    struct work *w = context;
    const float *x = w->table->f32;
    for (size_t i = 0; i < w->table->n_rows; i++)
        for (size_t f = 0; f < N_FEATURES; f++, x++) {
            float bin = (*x + 4.0f) * (HISTOGRAM_BINS / 8.0f);
            bin = bin > 0 ? bin : 0;
            bin = bin < HISTOGRAM_BINS - 1 ? bin : HISTOGRAM_BINS - 1;
            w->histogram[f][(int)bin]++;
        }
}

static void read_all(void *context)
{
    struct work *w = context;
    const char *bytes = (const char *)w->table->f32;
    uint64_t sums[8] = {0};
    for (size_t i = 0; i < w->table->n_rows * N_FEATURES * sizeof(float); i += sizeof sums) {
        uint64_t words[8];
        memcpy(words, bytes + i, sizeof words);
        for (int k = 0; k < 8; k++)
            sums[k] += words[k];
    }
    for (int k = 0; k < 8; k++)
        w->sum += sums[k];
}

static void turn(const struct table *t, float *f32, double *f64)
{
    for (size_t i = 0; i < t->n_rows; i++)
        for (size_t j = 0; j < t->n_features; j++) {
            f32[j * t->n_rows + i] = t->f32[i * t->n_features + j];
            f64[j * t->n_rows + i] = t->f64[i * t->n_features + j];
        }
}

static const struct count_path *const paths[] = {
#ifdef __x86_64__
    &count_avx512,
#endif
    &count_scalar,
};
#define N_PATHS (sizeof paths / sizeof paths[0])

static const double n_values = (double)N_ROWS * N_FEATURES;

static double time_layout(struct report *r, struct work *w, const char *layout,
                          struct matrix_view view)
{
    double best = 0;
    for (size_t p = 0; p < N_PATHS; p++) {
        char name[64];
        if (!paths[p]->supported())
            continue;
        w->path = paths[p];
        w->view = view;
        snprintf(name, sizeof name, "%s, %s", layout, paths[p]->name);
        const struct result *got = report_time(r, "counting", name, "value", n_values, count, w);
        best = fmax(best, result_per_second(got));
    }
    return best;
}

static void time_layouts(struct report *r, struct work *w)
{
    const struct table *t = w->table;
    float *f32 = malloc((size_t)n_values * sizeof *f32);
    double *f64 = malloc((size_t)n_values * sizeof *f64);
    if (!f32 || !f64)
        abort();
    turn(t, f32, f64);
    double seen = time_layout(r, w, "float rows", matrix_rows_f32(t->f32, N_FEATURES));
    time_layout(r, w, "double rows", matrix_rows_f64(t->f64, N_FEATURES));
    time_layout(r, w, "float columns", matrix_columns_f32(f32, N_ROWS));
    time_layout(r, w, "double columns", matrix_columns_f64(f64, N_ROWS));
    report_bar(r, "counting + moments of 30 numeric features, float rows", "M values/s", 500,
               seen / 1e6, true);
    free(f32);
    free(f64);
}

static void time_baselines(struct report *r, struct work *w)
{
    report_time(r, "counting", "reading alone", "value", n_values, read_all, w);
    report_time(r, "counting", "plain histogram loop", "value", n_values, histogram, w);
}

/* Other columns than normal ones, by the best path. */
static void time_columns(struct report *r, enum column_law column)
{
    struct table t;
    table_init(&t, column, N_ROWS, N_FEATURES, 1);
    struct work w = {.table = &t,
                     .path = count_best_path(),
                     .view = matrix_rows_f32(t.f32, N_FEATURES),
                     .profile = table_profile(&t, 0, 0)};
    char name[64];
    snprintf(name, sizeof name, "float rows, %s", column_names[column]);
    report_time(r, "counting", name, "value", n_values, count, &w);
    profile_free(w.profile);
    table_deinit(&t);
}

void bench_counting(struct report *r)
{
    struct table t;
    table_init(&t, COLUMN_NORMAL, N_ROWS, N_FEATURES, 1);
    struct work *w = calloc(1, sizeof *w);
    if (!w)
        abort();
    w->table = &t;
    w->profile = table_profile(&t, 0, 0);
    time_baselines(r, w);
    time_layouts(r, w);
    w->view = matrix_rows_f64(t.f64, N_FEATURES);
    w->path = count_best_path();
    report_time(r, "counting", "double rows, one a call", "value", 1000.0 * N_FEATURES,
                count_one_row_a_call, w);
    profile_free(w->profile);
    free(w);
    table_deinit(&t);
    for (int column = COLUMN_MISSING; column < N_COLUMNS; column++)
        time_columns(r, (enum column_law)column);
}
