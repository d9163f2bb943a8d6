/*
 * test_monitors_loss_model.c - estimated losses against realised ones: generated rows whose noise
 * depends on an input, and the bike sharing data of ../shared.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/rand.h"
#include "monitors/loss_model.h"

#define BIKES LEEWAY_SHARED_DIR "/data/streams/bike_sharing_dataset.zip"

static void assert_close(const char *what, double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance))
        fail_msg("%s: found %.12g, expected %.12g (within %g)", what, found, expected, tolerance);
}

enum { n_reference = 3000, n_window = 2000, n_features = 2 };

struct drawn {
    float predictions[n_reference];
    double labels[n_reference], features[n_reference * n_features];
};

/* Noise of the size 1 + 2 z for feature z in 0..1, whose law is shifted by drift; the second
 * feature means nothing, and a tenth of it is missing. */
static struct mon_labelled draw(struct rng *r, double drift, size_t n, struct drawn *d)
{
    for (size_t i = 0; i < n; i++) {
        double z = pow(rng_uniform(r), 1.0 / (1.0 + drift)), x = 10.0 * rng_normal(r);
        d->features[i * n_features] = z;
        d->features[i * n_features + 1] = i % 10 ? rng_normal(r) : NAN;
        d->predictions[i] = (float)x;
        d->labels[i] = x + (1.0 + 2.0 * z) * rng_normal(r);
    }
    return (struct mon_labelled){LABEL_REGRESSION, n, 1, d->predictions, d->labels};
}

static struct mon_loss_model *fit(enum mon_metric metric, const struct mon_labelled *rows,
                                  const double *features)
{
    struct mon_loss_options o;
    struct mon_loss_model *m = NULL;
    struct err e = {0};
    mon_loss_options_init(&o);
    if (mon_loss_model_fit(metric, rows, features, n_features, &o, &m, &e) != ERR_OK)
        fail_msg("%s", e.message);
    return m;
}

/* Fresh references, and windows whose inputs have drifted to where the model is worse. */
static void realised_losses_lie_within_the_stated_errors(void **state)
{
    (void)state;
    enum { repeats = 60 };
    static struct drawn reference, window;
    const enum mon_metric metrics[] = {MON_MAE, MON_RMSE};
    for (size_t k = 0; k < 2; k++) {
        struct rng r;
        int within = 0, unmoved = 0;
        rng_seed(&r, 1);
        for (int i = 0; i < repeats; i++) {
            struct mon_estimates found;
            struct mon_labelled known = draw(&r, 0.0, n_reference, &reference);
            struct mon_loss_model *m = fit(metrics[k], &known, reference.features);
            struct mon_labelled rows = draw(&r, 2.0, n_window, &window);
            mon_loss_model_estimate(m, window.predictions, window.features, n_window, &found, NULL);
            double realised = mon_metric_compute(metrics[k], &rows);
            double error = mon_estimate_error(&found.of[metrics[k]]);
            within += fabs(found.of[metrics[k]].value - realised) <= 2.0 * error;
            unmoved += fabs(mon_metric_compute(metrics[k], &known) - realised) <= 2.0 * error;
            mon_loss_model_free(m);
        }
        print_message("%s: within two errors in %d of %d; the reference's own value in %d\n",
                      mon_metric_name(metrics[k]), within, repeats, unmoved);
        assert_in_range(within, 51, 60); /* 57 expected; P(fewer than 51) = 0.005 */
        assert_int_equal(unmoved, 0);
    }
}

static void row_gets_the_loss_of_its_like(void **state)
{
    (void)state;
    static struct drawn d;
    struct rng r;
    rng_seed(&r, 2);
    struct mon_labelled rows = draw(&r, 0.0, n_reference, &d);
    struct mon_loss_model *m = fit(MON_MAE, &rows, d.features);
    const double quiet[] = {0.03, 0.0}, loud[] = {0.97, 0.0}, beyond[] = {1e9, -1e9};
    const double unknown[] = {NAN, NAN};
    const double mean_abs = sqrt(2.0 / 3.14159265358979);
    assert_close("quiet", mon_loss_model_row(m, 0.0, quiet), 1.06 * mean_abs, 0.2);
    assert_close("loud", mon_loss_model_row(m, 0.0, loud), 2.94 * mean_abs, 0.3);
    assert_close("beyond", mon_loss_model_row(m, 0.0, beyond), 2.94 * mean_abs, 0.4);
    assert_close("unknown", mon_loss_model_row(m, 0.0, unknown), 2.0 * mean_abs, 0.3);
    assert_true(isnan(mon_loss_model_row(m, NAN, quiet)));
    mon_loss_model_free(m);
}

static void signal_of_a_worse_window_is_drift(void **state)
{
    (void)state;
    static struct drawn reference, window;
    char sentence[MON_SENTENCE_BYTES];
    struct rng r;
    struct mon_estimate_options o;
    struct mon_estimates found;
    struct mon_signal s;
    rng_seed(&r, 5);
    struct mon_labelled known = draw(&r, 0.0, n_reference, &reference);
    struct mon_measured before = mon_metric_measure(MON_MAE, &known, 0);
    struct mon_loss_model *m = fit(MON_MAE, &known, reference.features);
    mon_estimate_options_init(&o);
    o.metric = MON_MAE;
    o.max_drop = 0.1;
    o.relative = true;
    for (double drift = 0.0; drift <= 4.0; drift += 4.0) {
        draw(&r, drift, n_window, &window);
        mon_loss_model_estimate(m, window.predictions, window.features, n_window, &found, NULL);
        mon_estimate_check(&o, &found, before.value, before.standard_error, before.n, &s);
        print_message("%s (%s)\n", mon_signal_sentence(&s, sentence), s.rule);
        assert_int_equal(s.verdict, drift > 0.0 ? MON_DRIFT : MON_OK);
        assert_close("threshold", s.threshold, 1.1 * before.value, 1e-12);
    }
    assert_string_equal(s.statistic, "estimated_mae");
    assert_non_null(strstr(s.rule, "loss model"));
    mon_loss_model_free(m);
}

static void windows_without_predictions_have_no_estimate(void **state)
{
    (void)state;
    static struct drawn d;
    struct rng r;
    struct mon_estimates found;
    const float none[] = {NAN, INFINITY};
    const double features[4] = {0};
    rng_seed(&r, 3);
    struct mon_labelled rows = draw(&r, 0.0, n_reference, &d);
    struct mon_loss_model *m = fit(MON_RMSE, &rows, d.features);
    for (size_t n = 0; n <= 2; n += 2) {
        mon_loss_model_estimate(m, none, features, n, &found, NULL);
        assert_close("n", found.n, 0, 0.0);
        assert_true(isnan(found.of[MON_RMSE].value) && isnan(found.of[MON_MAE].value));
    }
    mon_loss_model_free(m);
}

static void perfect_model_has_no_loss(void **state)
{
    (void)state;
    float predictions[40];
    double labels[40], features[40];
    struct mon_loss_options o;
    struct mon_loss_model *m = NULL;
    struct mon_estimates found;
    for (int i = 0; i < 40; i++) {
        predictions[i] = (float)i;
        labels[i] = i;
        features[i] = 7.0; /* constant */
    }
    struct mon_labelled rows = {LABEL_REGRESSION, 40, 1, predictions, labels};
    mon_loss_options_init(&o);
    assert_int_equal(mon_loss_model_fit(MON_RMSE, &rows, features, 1, &o, &m, NULL), ERR_OK);
    mon_loss_model_estimate(m, predictions, features, 40, &found, NULL);
    assert_close("value", found.of[MON_RMSE].value, 0.0, 0.0);
    assert_close("error", mon_estimate_error(&found.of[MON_RMSE]), 0.0, 0.0);
    mon_loss_model_free(m);
}

static void hopeless_references_are_refused(void **state)
{
    (void)state;
    float predictions[20] = {0};
    double labels[20] = {0};
    struct mon_loss_options o;
    struct mon_loss_model *m = NULL;
    struct err e = {0};
    struct mon_labelled rows = {LABEL_REGRESSION, 20, 1, predictions, labels};
    mon_loss_options_init(&o);
    assert_int_equal(mon_loss_model_fit(MON_AUC, &rows, NULL, 0, &o, &m, &e), ERR_INVALID);
    labels[4] = NAN;
    assert_int_equal(mon_loss_model_fit(MON_MAE, &rows, NULL, 0, &o, &m, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "19 rows"));
    labels[4] = 1e308; /* its square is no number */
    assert_int_equal(mon_loss_model_fit(MON_RMSE, &rows, NULL, 0, &o, &m, &e), ERR_INVALID);
    labels[4] = 0.0;
    o.max_bins = 1;
    assert_int_equal(mon_loss_model_fit(MON_MAE, &rows, NULL, 0, &o, &m, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "max_bins"));
    rows.kind = LABEL_BINARY;
    assert_int_equal(mon_loss_model_fit(MON_MAE, &rows, NULL, 0, &o, &m, &e), ERR_INVALID);
    assert_null(m);
}

static void saved_model_answers_the_same(void **state)
{
    (void)state;
    static struct drawn d;
    struct rng r;
    void *bytes = NULL, *keep = NULL;
    size_t size = 0;
    struct st_file *f = NULL;
    struct mon_loss_model *again = NULL;
    struct mon_estimates a, b;
    rng_seed(&r, 4);
    struct mon_labelled rows = draw(&r, 0.0, n_reference, &d);
    struct mon_loss_model *m = fit(MON_RMSE, &rows, d.features);
    struct st_writer *w = st_writer_new();
    assert_int_equal(mon_loss_model_to_st(m, "x/", w, &keep, NULL), ERR_OK);
    assert_int_equal(st_writer_memory(w, &bytes, &size, NULL), ERR_OK);
    assert_int_equal(st_open_memory(bytes, size, &f, NULL), ERR_OK);
    assert_int_equal(mon_loss_model_from_st(f, "x/", &again, NULL), ERR_OK);
    mon_loss_model_estimate(m, d.predictions, d.features, n_reference, &a, NULL);
    mon_loss_model_estimate(again, d.predictions, d.features, n_reference, &b, NULL);
    assert_memory_equal(&a, &b, sizeof a);
    assert_int_equal(mon_loss_model_from_st(f, "y/", &again, NULL), ERR_INVALID);
    st_close(f);
    st_writer_free(w);
    free(keep);
    free(bytes);
    mon_loss_model_free(m);
    mon_loss_model_free(again);
}

static void spoilt_models_are_refused(void **state)
{
    (void)state;
    /* one input with two cuts: 4 scalars, 2 cuts, 4 effects, variances, shares */
    const double sound[18] = {0, 1, 0.5, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0.5, 0.5};
    const struct {
        size_t at;
        double value;
    } spoilt[] = {{0, 0.5}, {2, -1}, {3, NAN}, {5, 1}, {9, INFINITY}, {11, -1}, {SIZE_MAX, 0}};
    const int64_t first_cut[] = {0, 2};
    for (size_t i = 0; i < sizeof spoilt / sizeof spoilt[0]; i++) {
        double numbers[18];
        void *bytes = NULL;
        size_t size = 0;
        struct st_file *f = NULL;
        struct mon_loss_model *m = NULL;
        struct st_writer *w = st_writer_new();
        memcpy(numbers, sound, sizeof numbers);
        if (spoilt[i].at < 18)
            numbers[spoilt[i].at] = spoilt[i].value;
        st_writer_add(w, "loss/numbers", ST_F64, 1, (const int64_t[]){18}, numbers, NULL);
        st_writer_add(w, "loss/first_cut", ST_I64, 1, (const int64_t[]){2}, first_cut, NULL);
        assert_int_equal(st_writer_memory(w, &bytes, &size, NULL), ERR_OK);
        assert_int_equal(st_open_memory(bytes, size, &f, NULL), ERR_OK);
        enum err_code rc = mon_loss_model_from_st(f, "", &m, NULL);
        assert_int_equal(rc, spoilt[i].at < 18 ? ERR_INVALID : ERR_OK);
        mon_loss_model_free(m);
        st_close(f);
        st_writer_free(w);
        free(bytes);
    }
}

/* --- bike sharing: hours of two years, counts of rented bikes --- */

enum { max_hours = 20000, n_bike_features = 8 };

struct hour {
    int day, month, season, hour, working; /* day since the start; month 0..23 */
    double features[n_bike_features], count;
};

static unsigned u16(const unsigned char *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

static size_t u32(const unsigned char *p)
{
    return u16(p) | (size_t)u16(p + 2) << 16;
}

/* The deflated member of a zip whose local headers carry the sizes (APPNOTE 4.3.7). Owned text. */
static char *unzip_member(const unsigned char *zip, size_t size, const char *name)
{
    for (size_t at = 0; at + 30 < size && u32(zip + at) == 0x04034b50;) {
        size_t packed = u32(zip + at + 18), full = u32(zip + at + 22);
        size_t name_len = u16(zip + at + 26), data = at + 30 + name_len + u16(zip + at + 28);
        if (data + packed > size)
            return NULL;
        if (name_len == strlen(name) && memcmp(zip + at + 30, name, name_len) == 0) {
            char *text = calloc(full + 1, 1);
            z_stream z = {.next_in = (unsigned char *)zip + data,
                          .avail_in = (unsigned)packed,
                          .next_out = (unsigned char *)text,
                          .avail_out = (unsigned)full};
            assert_int_equal(inflateInit2(&z, -15), Z_OK);
            assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
            inflateEnd(&z);
            return text;
        }
        at = data + packed;
    }
    return NULL;
}

static char *read_bikes(void)
{
    static unsigned char zip[1 << 20];
    FILE *f = fopen(BIKES, "rb");
    if (f == NULL)
        return NULL;
    size_t size = fread(zip, 1, sizeof zip, f);
    fclose(f);
    return unzip_member(zip, size, "hour.csv");
}

static size_t parse_hours(const char *text, struct hour *hours)
{
    size_t n = 0;
    int day = -1, last_of_month = -1;
    for (const char *line = strchr(text, '\n'); line != NULL && line[1] != '\0' && n < max_hours;
         line = strchr(line + 1, '\n'), n++) {
        struct hour *h = &hours[n];
        int of_month, year, month, weekday, weather;
        double temperature, humidity, wind;
        int read =
            sscanf(line + 1, "%*d,%*d-%*d-%d,%d,%d,%d,%d,%*d,%d,%d,%d,%lf,%*f,%lf,%lf,%*d,%*d,%lf",
                   &of_month, &h->season, &year, &month, &h->hour, &weekday, &h->working, &weather,
                   &temperature, &humidity, &wind, &h->count);
        assert_int_equal(read, 12);
        day += of_month != last_of_month;
        last_of_month = of_month;
        h->day = day;
        h->month = year * 12 + month - 1;
        const double f[n_bike_features] = {h->hour,     weekday,  h->working, weather,
                                           temperature, humidity, wind,       h->month};
        memcpy(h->features, f, sizeof f);
    }
    return n;
}

/* The deployed model: the mean of the hours like this one, of every third day. */
struct table {
    double sum[5][2][24], n[5][2][24];
};

static void fit_table(const struct hour *hours, size_t n, struct table *t)
{
    memset(t, 0, sizeof *t);
    for (size_t i = 0; i < n; i++)
        if (hours[i].day % 3 == 0) {
            t->sum[hours[i].season][hours[i].working][hours[i].hour] += hours[i].count;
            t->n[hours[i].season][hours[i].working][hours[i].hour] += 1.0;
        }
}

static float predict(const struct table *t, const struct hour *h)
{
    return (float)(t->sum[h->season][h->working][h->hour] /
                   fmax(1.0, t->n[h->season][h->working][h->hour]));
}

struct hours_taken {
    size_t n;
    float predictions[max_hours];
    double labels[max_hours], features[max_hours * n_bike_features];
};

/* Days of one remainder by 3, in one month or (-1) in all. */
static struct mon_labelled take(const struct hour *hours, size_t n, const struct table *t,
                                int remainder, int month, struct hours_taken *out)
{
    out->n = 0;
    for (size_t i = 0; i < n; i++) {
        const struct hour *h = &hours[i];
        if (h->day % 3 != remainder || (month >= 0 && h->month != month))
            continue;
        out->predictions[out->n] = predict(t, h);
        out->labels[out->n] = h->count;
        memcpy(out->features + out->n * n_bike_features, h->features, sizeof h->features);
        out->n++;
    }
    return (struct mon_labelled){LABEL_REGRESSION, out->n, 1, out->predictions, out->labels};
}

static void months_of_bike_sharing_are_told_apart(void **state)
{
    (void)state;
    static struct hour hours[max_hours];
    static struct hours_taken taken;
    static struct table table;
    struct mon_loss_options o;
    struct mon_loss_model *m = NULL;
    char *text = read_bikes();
    if (text == NULL) {
        print_message("%s is absent\n", BIKES);
        skip();
    }
    size_t n = parse_hours(text, hours);
    free(text);
    assert_int_equal(n, 17379); /* the published size */
    fit_table(hours, n, &table);
    struct mon_labelled rows = take(hours, n, &table, 1, -1, &taken);
    double before = mon_metric_compute(MON_MAE, &rows), missed = 0.0, missed_by_constant = 0.0;
    mon_loss_options_init(&o);
    assert_int_equal(
        mon_loss_model_fit(MON_MAE, &rows, taken.features, n_bike_features, &o, &m, NULL), ERR_OK);
    int within = 0;
    for (int month = 0; month < 24; month++) {
        struct mon_estimates found;
        rows = take(hours, n, &table, 2, month, &taken);
        double realised = mon_metric_compute(MON_MAE, &rows);
        mon_loss_model_estimate(m, taken.predictions, taken.features, taken.n, &found, NULL);
        const struct mon_estimate *mae = &found.of[MON_MAE];
        missed += fabs(mae->value - realised) / 24.0;
        missed_by_constant += fabs(before - realised) / 24.0;
        within += fabs(mae->value - realised) <= 2.0 * mon_estimate_error(mae);
    }
    print_message("24 months: estimate off by %.1f bikes, the reference's mae by %.1f; within two "
                  "errors in %d\n",
                  missed, missed_by_constant, within);
    assert_true(missed < 0.5 * missed_by_constant);
    assert_in_range(within, 20, 24);
    mon_loss_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(realised_losses_lie_within_the_stated_errors),
        cmocka_unit_test(row_gets_the_loss_of_its_like),
        cmocka_unit_test(signal_of_a_worse_window_is_drift),
        cmocka_unit_test(windows_without_predictions_have_no_estimate),
        cmocka_unit_test(perfect_model_has_no_loss),
        cmocka_unit_test(hopeless_references_are_refused),
        cmocka_unit_test(saved_model_answers_the_same),
        cmocka_unit_test(spoilt_models_are_refused),
        cmocka_unit_test(months_of_bike_sharing_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
