/*
 * monitors_report.c - what a full report costs, from memory: the stored reference read, a million
 * rows counted, the signals of five monitors made and written as JSON. The nulls, made once a
 * version, are at hand.
 */
#include <stdlib.h>

#include "base/safetensors.h"
#include "monitors_watch.h"

#define REPORT_ROWS 1000000
#define REPORT_FEATURES 20

struct full_report {
    struct table table;
    struct watch watch;
    void *stored; /* the reference as a file in memory */
    size_t stored_bytes, json_bytes;
};

static void store_reference(struct full_report *f)
{
    struct err e = {0};
    struct st_writer *w = st_writer_new();
    void *keep[2] = {NULL, NULL};
    if (!w || ruler_to_st(f->table.ruler, w, &keep[0], &e) ||
        profile_to_st(f->watch.reference, "reference/", w, &keep[1], &e) ||
        st_writer_memory(w, &f->stored, &f->stored_bytes, &e))
        bench_fail("store", &e);
    st_writer_free(w);
    free(keep[0]);
    free(keep[1]);
}

static void write_signals(struct full_report *f, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        cJSON *json = mon_signal_to_json(&f->watch.signals[i]);
        char *text = cJSON_PrintUnformatted(json);
        for (const char *c = text; *c; c++)
            f->json_bytes++;
        free(text);
        cJSON_Delete(json);
    }
}

static void judge(struct full_report *f, struct profile *reference, struct profile *window)
{
    struct watch w = f->watch;
    struct mon_quality_options quality;
    w.reference = reference;
    w.window = window;
    for (int k = 0; k < N_STATISTICS; k++)
        write_signals(f, watch_check(&w, k));
    mon_quality_options_init(&quality);
    write_signals(f, mon_quality_check(&quality, reference, window, w.signals));
}

static void report_once(void *context)
{
    struct full_report *f = context;
    struct err e = {0};
    struct st_file *file = NULL;
    struct ruler *ruler = NULL;
    struct profile *reference = NULL, *window = NULL;
    struct matrix_view rows = matrix_rows_f32(f->table.f32, REPORT_FEATURES);
    if (st_open_memory(f->stored, f->stored_bytes, &file, &e) ||
        ruler_from_st(file, f->table.schema, f->table.vocabulary, &ruler, &e) ||
        profile_from_st(file, "reference/", ruler, &reference, &e) ||
        profile_new(ruler, &window, &e))
        bench_fail("report", &e);
    profile_count_view(window, &rows, NULL, REPORT_ROWS);
    judge(f, reference, window);
    profile_free(window);
    profile_free(reference);
    ruler_free(ruler);
    st_close(file);
}

void bench_full_report(struct report *r)
{
    struct full_report *f = calloc(1, sizeof *f);
    if (!f)
        abort();
    table_init(&f->table, COLUMN_NORMAL, REPORT_ROWS, REPORT_FEATURES, 1);
    watch_init(&f->watch, &f->table);
    store_reference(f);
    const struct result *once = report_time(r, "report", "1,000,000 x 20 floats, 5 monitors, JSON",
                                            "report", 1, report_once, f);
    report_bar(r, "a full report, 1,000,000 x 20 against its stored reference", "s", 0.25,
               once->median_s, false);
    watch_deinit(&f->watch);
    table_deinit(&f->table);
    free(f->stored);
    free(f);
}
