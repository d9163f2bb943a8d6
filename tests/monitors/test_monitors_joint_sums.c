/*
 * test_monitors_joint_sums.c - spaces and sums: what a column is, exactness of counting, merging
 * and subtracting, files.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "joint_space.h"
#include "joint_stream.h"
#include "joint_waves.h"
#include "model/vocabulary.h"
#include "monitors/mmd.h"

#define N 5
#define ROWS 700

struct fixture {
    struct joint_stream stream;
    double codes[ROWS * N];
};

static void start(struct fixture *f)
{
    joint_stream_init(&f->stream, JOINT_HEAVY, N, 10, 100, 3);
    joint_stream_draw(&f->stream, ROWS, NULL, f->codes);
    f->codes[7] = NAN;
    f->codes[11] = INFINITY;
    f->codes[12] = 1e308;
}

static void finish(struct fixture *f)
{
    joint_stream_deinit(&f->stream);
}

static struct mon_joint_sums *empty(const struct mon_joint_space *space)
{
    struct mon_joint_sums *s = NULL;
    assert_int_equal(mon_joint_sums_new(space, &s, NULL), ERR_OK);
    return s;
}

static struct mon_joint_sums *count_in_batches(const struct fixture *f, size_t first, size_t n,
                                               size_t batch)
{
    struct mon_joint_sums *s = empty(f->stream.space);
    for (size_t i = 0; i < n; i += batch)
        mon_joint_sums_count(s, f->codes + (first + i) * N, n - i < batch ? n - i : batch);
    return s;
}

static void assert_same_bits(const struct mon_joint_sums *a, const struct mon_joint_sums *b)
{
    size_t n = a->space->n_columns;
    assert_int_equal(a->rows, b->rows);
    assert_memory_equal(a->missing, b->missing, n * sizeof *a->missing);
    assert_memory_equal(a->sum, b->sum,
                        (n + n * n + 2 * a->space->n_waves) * sizeof *a->sum); /* one block */
}

static void batches_change_no_bit(void **state)
{
    (void)state;
    struct fixture f;
    start(&f);
    struct mon_joint_sums *whole = count_in_batches(&f, 0, ROWS, ROWS);
    static const size_t batches[] = {1, 3, 31, 32, 33, 100, 699};
    for (size_t k = 0; k < sizeof batches / sizeof batches[0]; k++) {
        struct mon_joint_sums *other = count_in_batches(&f, 0, ROWS, batches[k]);
        assert_same_bits(whole, other);
        mon_joint_sums_free(other);
    }
    mon_joint_sums_free(whole);
    finish(&f);
}

static void waves_are_cosines_and_sines_in_the_same_bits_on_every_path(void **state)
{
    (void)state;
    enum { rows = 200, waves = 37 };
    double turns[rows * waves], wide[2 * waves] = {0}, plain[2 * waves] = {0};
    struct rng r;
    rng_seed(&r, 2);
    for (size_t i = 0; i < rows * waves; i++)
        turns[i] = (double)i * 0.125 + (i % 3 == 0 ? 0.0 : 100.0 * rng_normal(&r));
    joint_waves_add(turns, rows, waves, wide, wide + waves);
    joint_waves_add_plain(turns, rows, waves, plain, plain + waves);
    assert_memory_equal(wide, plain, sizeof wide);
    for (size_t k = 0; k < waves; k++) {
        double cosine = 0.0, sine = 0.0;
        for (size_t i = 0; i < rows; i++) {
            cosine += cos(2.0 * M_PI * turns[i * waves + k]);
            sine += sin(2.0 * M_PI * turns[i * waves + k]);
        }
        if (fabs(wide[k] - cosine) > 1e-6 * rows || fabs(wide[waves + k] - sine) > 1e-6 * rows)
            fail_msg("wave %zu: %.9g %.9g, %.9g %.9g", k, wide[k], cosine, wide[waves + k], sine);
    }
}

static void what_was_merged_can_be_subtracted_bit_for_bit(void **state)
{
    (void)state;
    struct fixture f;
    start(&f);
    struct mon_joint_sums *whole = count_in_batches(&f, 0, ROWS, ROWS);
    struct mon_joint_sums *first = count_in_batches(&f, 0, 123, 123);
    struct mon_joint_sums *second = count_in_batches(&f, 123, ROWS - 123, ROWS);
    struct mon_joint_sums *merged = empty(f.stream.space);
    mon_joint_sums_merge(merged, second);
    mon_joint_sums_merge(merged, first);
    assert_same_bits(merged, whole);
    assert_int_equal(mon_joint_sums_subtract(merged, first, NULL), ERR_OK);
    assert_same_bits(merged, second);
    assert_int_equal(mon_joint_sums_subtract(merged, second, NULL), ERR_OK);
    struct mon_joint_sums *nothing = empty(f.stream.space);
    assert_same_bits(merged, nothing);
    mon_joint_sums_free(whole);
    mon_joint_sums_free(first);
    mon_joint_sums_free(second);
    mon_joint_sums_free(merged);
    mon_joint_sums_free(nothing);
    finish(&f);
}

static void later_reading_is_not_subtracted_from_an_earlier_one(void **state)
{
    (void)state;
    struct fixture f;
    struct err e = {0};
    start(&f);
    struct mon_joint_sums *earlier = count_in_batches(&f, 0, 50, 50);
    struct mon_joint_sums *copy = count_in_batches(&f, 0, 50, 50);
    struct mon_joint_sums *later = count_in_batches(&f, 0, 60, 60);
    assert_int_equal(mon_joint_sums_subtract(earlier, later, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "50 rows less 60 rows"));
    assert_same_bits(earlier, copy);
    copy->rows = 100; /* another stream's: as many rows, other sums */
    later->gram[0] = 1e9;
    assert_int_equal(mon_joint_sums_subtract(copy, later, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "f0"));
    mon_joint_sums_free(earlier);
    mon_joint_sums_free(copy);
    mon_joint_sums_free(later);
    finish(&f);
}

static void moments_are_those_of_the_encoded_rows(void **state)
{
    (void)state;
    struct fixture f;
    double z[ROWS * N], mean[N], covariance[N * N];
    start(&f);
    struct mon_joint_sums *s = count_in_batches(&f, 0, ROWS, ROWS);
    mon_joint_space_encode(f.stream.space, f.codes, ROWS, z);
    mon_joint_sums_mean(s, mean);
    mon_joint_sums_covariance(s, covariance);
    for (size_t a = 0; a < N; a++)
        for (size_t b = 0; b < N; b++) {
            double sum_a = 0.0, product = 0.0;
            for (size_t i = 0; i < ROWS; i++)
                sum_a += z[i * N + a] / ROWS;
            for (size_t i = 0; i < ROWS; i++)
                product += (z[i * N + a] - mean[a]) * (z[i * N + b] - mean[b]) / (ROWS - 1);
            if (fabs(mean[a] - sum_a) > 1e-12 || fabs(covariance[a * N + b] - product) > 1e-12)
                fail_msg("%zu, %zu: mean %.15g %.15g, covariance %.15g %.15g", a, b, mean[a], sum_a,
                         covariance[a * N + b], product);
        }
    mon_joint_sums_free(s);
    finish(&f);
}

static void missing_and_infinite_values_are_counted_and_add_nothing(void **state)
{
    (void)state;
    struct fixture f;
    start(&f);
    struct mon_joint_sums *s = count_in_batches(&f, 0, ROWS, ROWS);
    for (size_t j = 0; j < N; j++)
        assert_int_equal(mon_joint_sums_missing(s, j), j == 7 % N || j == 11 % N);
    double z[N];
    mon_joint_space_encode(f.stream.space, f.codes + 10, 1, z); /* the row of the infinite value */
    assert_true(z[11 % N] == 0.0);
    assert_true(z[12 % N] == 4.0); /* 1e308 is far, not missing */
    mon_joint_sums_free(s);
    finish(&f);
}

static void empty_sums_have_no_mean(void **state)
{
    (void)state;
    struct fixture f;
    double mean[N], covariance[N * N], embedding[256];
    start(&f);
    assert_int_equal(2 * mon_joint_space_n_waves(f.stream.space), 256);
    struct mon_joint_sums *s = empty(f.stream.space);
    mon_joint_sums_mean(s, mean);
    mon_joint_sums_covariance(s, covariance);
    mon_joint_sums_embedding(s, embedding);
    assert_true(isnan(mean[0]) && covariance[0] == 0.0 && isnan(embedding[0]));
    mon_joint_sums_count(s, f.codes, 1);
    mon_joint_sums_mean(s, mean);
    mon_joint_sums_covariance(s, covariance);
    assert_true(isfinite(mean[0]) && covariance[0] == 0.0);
    mon_joint_sums_clear(s);
    assert_int_equal(mon_joint_sums_rows(s), 0);
    mon_joint_sums_free(s);
    finish(&f);
}

/* One numeric feature of n values as a space. */
static struct mon_joint_space *space_of(const double *values, size_t n)
{
    struct mon_joint_space_options o;
    struct mon_joint_space *space = NULL;
    struct err e = {0};
    struct schema *schema = joint_stream_schema(1);
    mon_joint_space_options_init(&o);
    if (mon_joint_space_fit(schema, values, n, &o, &space, &e) != ERR_OK)
        fail_msg("%s", e.message);
    schema_free(schema);
    return space;
}

static double z_of(const struct mon_joint_space *space, double value)
{
    double z;
    mon_joint_space_encode(space, &value, 1, &z);
    return z;
}

static void outlier_in_the_reference_widens_nothing(void **state)
{
    (void)state;
    double values[1000];
    struct rng r;
    rng_seed(&r, 1);
    for (size_t i = 0; i < 1000; i++)
        values[i] = 5.0 + 2.0 * rng_normal(&r);
    values[500] = 1e9;
    struct mon_joint_space *space = space_of(values, 1000);
    double one_up = z_of(space, 7.0), far = z_of(space, 1e12);
    if (fabs(one_up - 1.0) > 0.1 || far != 4.0)
        fail_msg("7 is %g deviations, 1e12 is %g", one_up, far);
    mon_joint_space_free(space);
}

static void mostly_constant_feature_with_an_outlier_keeps_its_scale(void **state)
{
    (void)state;
    double values[1000] = {0};
    for (size_t i = 0; i < 1000; i += 4)
        values[i] = 1.0 + (double)(i % 5);
    values[3] = 1e9;
    struct mon_joint_space *space = space_of(values, 1000);
    assert_true(z_of(space, 3.0) - z_of(space, 0.0) > 1.0);
    mon_joint_space_free(space);
}

static void constant_missing_and_enormous_features_are_finite_columns(void **state)
{
    (void)state;
    double constant[20], missing[20], enormous[20], offset[20];
    for (size_t i = 0; i < 20; i++) {
        constant[i] = 1e8;
        missing[i] = NAN;
        enormous[i] = i % 2 ? 1.7e308 : -1.7e308;
        offset[i] = 1e15 + (double)(i % 7);
    }
    double *const features[] = {constant, missing, enormous, offset};
    for (size_t k = 0; k < 4; k++)
        for (size_t n = 1; n <= 20; n += 19) {
            struct mon_joint_space *space = space_of(features[k], n);
            const double values[] = {0.0, 1e8, -1.7e308, 1.7e308, 5e-324};
            for (size_t v = 0; v < 5; v++)
                assert_true(isfinite(z_of(space, values[v])));
            if (k == 0)
                assert_true(z_of(space, 1e8) == 0.0 && z_of(space, 1e8 + 1.0) == 1.0);
            if (k == 3 && n == 20)
                assert_true(z_of(space, 1e15 + 6.0) - z_of(space, 1e15) > 2.0);
            mon_joint_space_free(space);
        }
}

static struct schema *schema_of(const char *text)
{
    cJSON *json = NULL;
    struct schema *schema = NULL;
    assert_int_equal(json_parse("schema", text, strlen(text), &json, NULL), ERR_OK);
    assert_int_equal(schema_from_json(json, &schema, NULL), ERR_OK);
    cJSON_Delete(json);
    return schema;
}

static struct schema *mixed_schema(void)
{
    return schema_of("{\"model\": \"m\", \"features\": [{\"name\": \"age\", \"type\": \"numeric\"},"
                     "{\"name\": \"zip\", \"type\": \"categorical\"},"
                     "{\"name\": \"ssn\", \"type\": \"categorical\", \"pii\": true}],"
                     "\"label\": {\"name\": \"y\", \"type\": \"regression\"}}");
}

static void category_is_as_far_out_as_it_is_rare(void **state)
{
    (void)state;
    struct schema *schema = mixed_schema();
    struct mon_joint_space *space = NULL;
    struct mon_joint_space_options o;
    double codes[100 * 3], z[2], row[3] = {0.0, 0.0, NAN};
    for (size_t i = 0; i < 100; i++) { /* shares 0.5, 0.3, 0.2 */
        codes[3 * i] = (double)i;
        codes[3 * i + 1] = i < 50 ? 0.0 : i < 80 ? 1.0 : 2.0;
        codes[3 * i + 2] = NAN;
    }
    mon_joint_space_options_init(&o);
    assert_int_equal(mon_joint_space_fit(schema, codes, 100, &o, &space, NULL), ERR_OK);
    assert_int_equal(mon_joint_space_n_columns(space), 2);
    assert_string_equal(mon_joint_space_column(space, 1), "zip");
    const double share[] = {0.5, 0.3, 0.2}, mean = 0.38, deviation = sqrt(0.0156);
    for (int k = 0; k < 3; k++) {
        row[1] = k;
        mon_joint_space_encode(space, row, 1, z);
        assert_true(fabs(z[1] - (share[k] - mean) / deviation) < 1e-3);
    }
    row[1] = CODE_UNSEEN;
    mon_joint_space_encode(space, row, 1, z);
    assert_true(fabs(z[1] - (0.0 - mean) / deviation) < 1e-3);
    row[1] = 57.0; /* a category that the version knows and the reference did not have */
    mon_joint_space_encode(space, row, 1, z);
    assert_true(fabs(z[1] - (0.0 - mean) / deviation) < 1e-3);
    mon_joint_space_free(space);
    o.categories = false;
    assert_int_equal(mon_joint_space_fit(schema, codes, 100, &o, &space, NULL), ERR_OK);
    assert_int_equal(mon_joint_space_n_columns(space), 1);
    mon_joint_space_free(space);
    schema_free(schema);
}

static void options_outside_their_range_are_refused(void **state)
{
    (void)state;
    struct schema *schema = joint_stream_schema(300), *small = mixed_schema();
    double *codes = calloc(300, sizeof *codes);
    struct mon_joint_space *space = NULL;
    struct mon_joint_space_options o;
    struct err e = {0};
    const char *only[] = {"f7", "f299"};
    mon_joint_space_options_init(&o);
    assert_int_equal(mon_joint_space_fit(schema, codes, 1, &o, &space, &e), ERR_LIMIT);
    assert_non_null(strstr(e.message, "300 features, at most 256"));
    o.only = only;
    o.n_only = 2;
    assert_int_equal(mon_joint_space_fit(schema, codes, 1, &o, &space, &e), ERR_OK);
    assert_string_equal(mon_joint_space_column(space, 1), "f299");
    mon_joint_space_free(space);
    assert_int_equal(mon_joint_space_fit(schema, codes, 0, &o, &space, &e), ERR_INVALID);
    assert_int_equal(mon_joint_space_fit(small, codes, 1, &o, &space, &e), ERR_INVALID);
    o.clip_sd = NAN;
    assert_int_equal(mon_joint_space_fit(schema, codes, 1, &o, &space, &e), ERR_INVALID);
    o.clip_sd = 17.0;
    assert_int_equal(mon_joint_space_fit(schema, codes, 1, &o, &space, &e), ERR_INVALID);
    o.clip_sd = 4.0;
    o.width = -1.0;
    assert_int_equal(mon_joint_space_fit(schema, codes, 1, &o, &space, &e), ERR_INVALID);
    o.width = NAN;
    o.n_waves = MON_JOINT_MAX_WAVES + 1;
    assert_int_equal(mon_joint_space_fit(schema, codes, 1, &o, &space, &e), ERR_INVALID);
    free(codes);
    schema_free(schema);
    schema_free(small);
}

/* 1,024 waves stand for the kernel with an error of about 1 / sqrt(1024). */
static void embedding_gives_nearly_the_kernel_s_mmd(void **state)
{
    (void)state;
    enum { columns = 3, rows = 400 };
    struct joint_stream s;
    struct mon_joint_space *space = NULL;
    struct mon_joint_space_options o;
    static double x[rows * columns], y[rows * columns], zx[rows * columns], zy[rows * columns];
    const struct joint_change change = {.shift = 1.0};
    joint_stream_init(&s, JOINT_NORMAL, columns, 1, 400, 5);
    joint_stream_draw(&s, rows, NULL, x);
    joint_stream_draw(&s, rows, &change, y);
    mon_joint_space_options_init(&o);
    o.n_waves = MON_JOINT_MAX_WAVES;
    assert_int_equal(mon_joint_space_fit(s.schema, x, rows, &o, &space, NULL), ERR_OK);
    struct mon_joint_sums *a = empty(space), *b = empty(space);
    mon_joint_sums_count(a, x, rows);
    mon_joint_sums_count(b, y, rows);
    double waves, kernel;
    assert_int_equal(mon_joint_distance(a, b, MON_JOINT_MMD, 0.65, &waves, NULL), ERR_OK);
    struct mon_pairwise_options p;
    struct mon_pairwise found;
    mon_pairwise_options_init(&p);
    p.width = mon_joint_space_width(space);
    p.permutations = 0;
    mon_joint_space_encode(space, x, rows, zx);
    mon_joint_space_encode(space, y, rows, zy);
    assert_int_equal(mon_mmd(zx, rows, zy, rows, columns, &p, &found, NULL), ERR_OK);
    kernel = sqrt(found.biased);
    print_message("MMD by waves %.4f, by the kernel %.4f, width %.3f\n", waves, kernel, p.width);
    assert_true(fabs(waves - kernel) < 0.1 * kernel);
    mon_joint_sums_free(a);
    mon_joint_sums_free(b);
    mon_joint_space_free(space);
    joint_stream_deinit(&s);
}

struct file {
    void *bytes, *keep;
    size_t size;
};

static struct file save(const struct mon_joint_space *space, const struct mon_joint_sums *sums)
{
    struct file f = {0};
    struct st_writer *w = st_writer_new();
    assert_int_equal(mon_joint_space_to_st(space, w, &f.keep, NULL), ERR_OK);
    assert_int_equal(mon_joint_sums_to_st(sums, "joint/reference/", w, NULL), ERR_OK);
    assert_int_equal(st_writer_memory(w, &f.bytes, &f.size, NULL), ERR_OK);
    st_writer_free(w);
    free(f.keep);
    return f;
}

/* Loads what save wrote; the error of the first step that failed. */
static enum err_code load(const struct file *file, const struct schema *schema,
                          struct mon_joint_space **space, struct mon_joint_sums **sums,
                          struct err *e)
{
    struct st_file *f = NULL;
    *space = NULL;
    *sums = NULL;
    assert_int_equal(st_open_memory(file->bytes, file->size, &f, e), ERR_OK);
    enum err_code code = mon_joint_space_from_st(f, schema, space, e);
    if (code == ERR_OK)
        code = mon_joint_sums_from_st(f, "joint/reference/", *space, sums, e);
    st_close(f);
    return code;
}

static void file_gives_back_the_same_bits(void **state)
{
    (void)state;
    struct fixture f;
    struct mon_joint_space *space;
    struct mon_joint_sums *sums;
    struct err e = {0};
    start(&f);
    struct file file = save(f.stream.space, f.stream.reference);
    if (load(&file, f.stream.schema, &space, &sums, &e) != ERR_OK)
        fail_msg("%s", e.message);
    assert_same_bits(sums, f.stream.reference);
    struct mon_joint_sums *again = empty(space), *before = empty(f.stream.space);
    mon_joint_sums_count(again, f.codes, ROWS);
    mon_joint_sums_count(before, f.codes, ROWS);
    assert_same_bits(again, before);
    mon_joint_sums_free(again);
    mon_joint_sums_free(before);
    mon_joint_sums_free(sums);
    mon_joint_space_free(space);
    free(file.bytes);
    finish(&f);
}

static void space_without_waves_is_saved_too(void **state)
{
    (void)state;
    struct schema *schema = mixed_schema();
    struct mon_joint_space_options o;
    struct mon_joint_space *space = NULL, *loaded;
    struct mon_joint_sums *sums;
    struct err e = {0};
    const double codes[] = {1.0, 0.0, NAN, 2.0, 1.0, NAN, 3.0, NAN, NAN};
    mon_joint_space_options_init(&o);
    o.n_waves = 0;
    assert_int_equal(mon_joint_space_fit(schema, codes, 3, &o, &space, NULL), ERR_OK);
    struct mon_joint_sums *counted = empty(space);
    mon_joint_sums_count(counted, codes, 3);
    struct file file = save(space, counted);
    if (load(&file, schema, &loaded, &sums, &e) != ERR_OK)
        fail_msg("%s", e.message);
    assert_same_bits(sums, counted);
    assert_true(isnan(mon_joint_space_width(loaded)));
    mon_joint_sums_free(counted);
    mon_joint_sums_free(sums);
    mon_joint_space_free(space);
    mon_joint_space_free(loaded);
    free(file.bytes);
    schema_free(schema);
}

/* Saves the fixture's numbers after one was spoilt: loading must refuse and say where. */
static void expect_refused(struct fixture *f, double *number, double wrong, const char *where)
{
    struct mon_joint_space *space;
    struct mon_joint_sums *sums;
    struct err e = {0};
    double right = *number;
    *number = wrong;
    struct file file = save(f->stream.space, f->stream.reference);
    *number = right;
    assert_int_equal(load(&file, f->stream.schema, &space, &sums, &e), ERR_PARSE);
    if (strstr(e.message, where) == NULL)
        fail_msg("%s: %s", where, e.message);
    mon_joint_space_free(space);
    free(file.bytes);
}

static void impossible_numbers_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    start(&f);
    struct mon_joint_space *space = f.stream.space;
    struct mon_joint_sums *sums = f.stream.reference;
    expect_refused(&f, &space->clip_sd, 0.5, "clip_sd");
    expect_refused(&f, &space->clip_sd, 4.0001, "clip_sd");
    expect_refused(&f, &space->width, NAN, "width");
    expect_refused(&f, &space->columns[1].scale, 0.0, "f1");
    expect_refused(&f, &space->columns[1].scale, INFINITY, "f1");
    expect_refused(&f, &space->columns[1].centre, NAN, "f1");
    expect_refused(&f, &space->waves[3], 0.1, "joint/waves");
    expect_refused(&f, &space->waves[3], NAN, "joint/waves");
    expect_refused(&f, &sums->sum[2], 1e9, "f2");
    expect_refused(&f, &sums->sum[2], NAN, "f2");
    expect_refused(&f, &sums->gram[0], -1.0, "f0");
    expect_refused(&f, &sums->gram[0], 1e9, "f0");
    expect_refused(&f, &sums->gram[1], 3.0, "gram");
    expect_refused(&f, &sums->gram[1], NAN, "gram");
    expect_refused(&f, &sums->waves[1], 1e9, "waves");
    f.stream.reference->missing[0] = UINT64_MAX;
    double same = 0.0;
    expect_refused(&f, &same, 0.0, "f0");
    finish(&f);
}

static void another_schema_s_space_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    struct mon_joint_space *space;
    struct mon_joint_sums *sums;
    struct err e = {0};
    start(&f);
    struct schema *schema = mixed_schema();
    struct file file = save(f.stream.space, f.stream.reference);
    assert_int_equal(load(&file, schema, &space, &sums, &e), ERR_PARSE);
    assert_non_null(strstr(e.message, "zip"));
    free(file.bytes);
    schema_free(schema);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_change_no_bit),
        cmocka_unit_test(waves_are_cosines_and_sines_in_the_same_bits_on_every_path),
        cmocka_unit_test(what_was_merged_can_be_subtracted_bit_for_bit),
        cmocka_unit_test(later_reading_is_not_subtracted_from_an_earlier_one),
        cmocka_unit_test(moments_are_those_of_the_encoded_rows),
        cmocka_unit_test(missing_and_infinite_values_are_counted_and_add_nothing),
        cmocka_unit_test(empty_sums_have_no_mean),
        cmocka_unit_test(outlier_in_the_reference_widens_nothing),
        cmocka_unit_test(mostly_constant_feature_with_an_outlier_keeps_its_scale),
        cmocka_unit_test(constant_missing_and_enormous_features_are_finite_columns),
        cmocka_unit_test(category_is_as_far_out_as_it_is_rare),
        cmocka_unit_test(options_outside_their_range_are_refused),
        cmocka_unit_test(embedding_gives_nearly_the_kernel_s_mmd),
        cmocka_unit_test(file_gives_back_the_same_bits),
        cmocka_unit_test(space_without_waves_is_saved_too),
        cmocka_unit_test(impossible_numbers_are_refused),
        cmocka_unit_test(another_schema_s_space_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
