/*
 * test_monitors_joint_oracle.c - the multivariate statistics against numpy, scipy and scikit-learn
 * (oracle/joint_oracle.py), against NannyML's reconstruction error and frouros' MMD.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/json.h"
#include "joint_stream.h"
#include "logistic.h"
#include "monitors/mmd.h"
#include "monitors/pca.h"

#define CASES LEEWAY_SHARED_DIR "/data/cases/"

static cJSON *load(const char *path)
{
    cJSON *json = NULL;
    struct err e = {0};
    if (json_load(path, 1 << 20, &json, &e) != ERR_OK) {
        print_message("skipped: %s\n", e.message);
        skip();
    }
    return json;
}

static double number(const cJSON *node, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(node, key);
    if (!cJSON_IsNumber(value))
        fail_msg("no number %s", key);
    return value->valuedouble;
}

static void assert_close(const char *what, double found, double expected, double relative,
                         double absolute)
{
    if (!(fabs(found - expected) <= absolute + relative * fabs(expected)))
        fail_msg("%s: found %.15g, expected %.15g", what, found, expected);
}

/* The oracle's generator: Knuth's MMIX constants. */
static double uniform(uint64_t *state)
{
    *state = 6364136223846793005ull * *state + 1442695040888963407ull;
    return (double)(*state >> 11) / 9007199254740992.0;
}

static double bell(uint64_t *state)
{
    double sum = uniform(state);
    sum += uniform(state);
    sum += uniform(state);
    return 2.0 * (sum - 1.5);
}

static double draw(const cJSON *c, uint64_t *state, size_t j, size_t n, double mix, double *before)
{
    double value = bell(state) + mix * *before;
    *before = value;
    if (number(c, "ties") > 0)
        value = floor(2.0 * value) / 2.0;
    return number(c, "constant") > 0 && j + 1 == n ? 0.0 : value;
}

static double *make_rows(const cJSON *c, const char *side, size_t *n_rows)
{
    char key[16];
    bool window = strcmp(side, "y") == 0;
    size_t n = (size_t)number(c, "columns");
    *n_rows = (size_t)number(c, window ? "n_y" : "n_x");
    snprintf(key, sizeof key, "seed_%s", side);
    uint64_t state = (uint64_t)number(c, key);
    double mix = number(c, window ? "mix_y" : "mix_x");
    double *x = calloc(*n_rows * n + 1, sizeof *x);
    for (size_t i = 0; i < *n_rows; i++) {
        double before = 0.0;
        for (size_t j = 0; j < n; j++) {
            double value = draw(c, &state, j, n, mix, &before);
            double shift = window && j == 0 ? number(c, "shift") : 0.0;
            x[i * n + j] = number(c, "offset") + (value + shift);
        }
    }
    if (window && number(c, "outlier") > 0)
        x[0] += 1000.0;
    return x;
}

struct sample {
    const cJSON *expected;
    const char *name;
    double *x, *y;
    size_t n_x, n_y, n;
};

/* A case that does not have the number is no failure. */
static void expect(const struct sample *s, const char *key, double found, double tolerance)
{
    char what[128];
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(s->expected, key);
    snprintf(what, sizeof what, "%s, %s", s->name, key);
    if (value != NULL)
        assert_close(what, found, value->valuedouble, tolerance, tolerance);
}

static void each_case(void (*check)(const struct sample *s))
{
    cJSON *json = load(TEST_DATA_DIR "/joint_oracle.json");
    const cJSON *c;
    int n_cases = 0;
    cJSON_ArrayForEach(c, json_at(json, "cases"))
    {
        struct sample s = {.expected = cJSON_GetObjectItemCaseSensitive(c, "expected")};
        s.name = cJSON_GetObjectItemCaseSensitive(c, "name")->valuestring;
        s.n = (size_t)number(c, "columns");
        s.x = make_rows(c, "x", &s.n_x);
        s.y = make_rows(c, "y", &s.n_y);
        check(&s);
        free(s.x);
        free(s.y);
        n_cases++;
    }
    cJSON_Delete(json);
    assert_true(n_cases >= 15);
}

static struct mon_pairwise kernel_test(const struct sample *s, double width)
{
    struct mon_pairwise_options o;
    struct mon_pairwise found;
    mon_pairwise_options_init(&o);
    o.width = width;
    o.permutations = 0;
    assert_int_equal(mon_mmd(s->x, s->n_x, s->y, s->n_y, s->n, &o, &found, NULL), ERR_OK);
    return found;
}

static void check_pairwise(const struct sample *s)
{
    struct mon_pairwise_options o;
    struct mon_pairwise one = kernel_test(s, 1.0), median = kernel_test(s, NAN), energy;
    mon_pairwise_options_init(&o);
    o.permutations = 0;
    assert_int_equal(mon_energy_multivariate(s->x, s->n_x, s->y, s->n_y, s->n, &o, &energy, NULL),
                     ERR_OK);
    expect(s, "width", median.width, 1e-9);
    expect(s, "mmd1_biased", one.biased, 1e-9);
    expect(s, "mmd1_unbiased", one.unbiased, 1e-9);
    expect(s, "mmd_biased", median.biased, 1e-9);
    expect(s, "mmd_unbiased", median.unbiased, 1e-9);
    expect(s, "energy_biased", energy.biased, 1e-9);
    expect(s, "energy_unbiased", energy.unbiased, 1e-9);
    if (s->n_x == 0 || s->n_y == 0)
        assert_true(isnan(one.biased) && isnan(energy.biased) && isnan(one.p_value));
    if (s->n_x < 2 || s->n_y < 2)
        assert_true(isnan(one.unbiased) && isnan(energy.unbiased));
}

static void mmd_and_energy_are_scipy_s(void **state)
{
    (void)state;
    each_case(check_pairwise);
}

static void check_pca(const struct sample *s)
{
    struct mon_pca *pca = NULL;
    double found;
    if (s->n_x < 3)
        return;
    assert_int_equal(mon_pca_fit(s->x, s->n_x, s->n, 0.65, &pca, NULL), ERR_OK);
    expect(s, "pca_components", (double)mon_pca_n_components(pca), 0.0);
    assert_int_equal(mon_pca_mean_error(pca, s->y, s->n_y, &found, NULL), ERR_OK);
    expect(s, "pca_mean_error", found, 1e-9);
    assert_true(s->n_y > 0 || isnan(found));
    mon_pca_free(pca);
}

static void reconstruction_error_is_scikit_learn_s(void **state)
{
    (void)state;
    each_case(check_pca);
}

static struct mon_joint_sums *count(const struct mon_joint_space *space, const double *x, size_t n)
{
    struct mon_joint_sums *sums = NULL;
    assert_int_equal(mon_joint_sums_new(space, &sums, NULL), ERR_OK);
    mon_joint_sums_count(sums, x, n);
    return sums;
}

static void expect_joint(const struct sample *s, const struct mon_joint_sums *x,
                         const struct mon_joint_sums *y)
{
    static const enum mon_joint_statistic which[] = {MON_JOINT_MAHALANOBIS, MON_JOINT_CORRELATION,
                                                     MON_JOINT_FRECHET, MON_JOINT_PCA};
    for (size_t k = 0; k < sizeof which / sizeof which[0]; k++) {
        double found = NAN;
        assert_int_equal(mon_joint_distance(x, y, which[k], 0.65, &found, NULL), ERR_OK);
        /* a distance near 0 is the root of a difference of sums: half the digits */
        expect(s, mon_joint_name(which[k]), found, 1e-7);
    }
}

static void check_joint(const struct sample *s)
{
    struct mon_joint_space_options o;
    struct mon_joint_space *space = NULL;
    if (s->n_x < 3 || s->n_y < 3)
        return;
    struct schema *schema = joint_stream_schema(s->n);
    mon_joint_space_options_init(&o);
    assert_int_equal(mon_joint_space_fit(schema, s->x, s->n_x, &o, &space, NULL), ERR_OK);
    struct mon_joint_sums *x = count(space, s->x, s->n_x), *y = count(space, s->y, s->n_y);
    expect_joint(s, x, y);
    mon_joint_sums_free(x);
    mon_joint_sums_free(y);
    mon_joint_space_free(space);
    schema_free(schema);
}

static void distances_from_sums_are_numpy_s_from_rows(void **state)
{
    (void)state;
    each_case(check_joint);
}

/* Standardised columns of both samples and the constant. */
static double *pooled_terms(const struct sample *s)
{
    size_t rows = s->n_x + s->n_y, width = s->n + 1;
    double *terms = calloc(rows * width, sizeof *terms);
    for (size_t j = 0; j < s->n; j++) {
        double mean = 0.0, squares = 0.0;
        for (size_t i = 0; i < rows; i++) {
            double value = i < s->n_x ? s->x[i * s->n + j] : s->y[(i - s->n_x) * s->n + j];
            double step = value - mean;
            mean += step / (double)(i + 1);
            squares += step * (value - mean);
            terms[i * width + j] = value;
        }
        double scale = squares > 0.0 ? sqrt(squares / (double)rows) : 1.0;
        for (size_t i = 0; i < rows; i++)
            terms[i * width + j] = (terms[i * width + j] - mean) / scale;
    }
    for (size_t i = 0; i < rows; i++)
        terms[i * width + s->n] = 1.0;
    return terms;
}

static void check_logistic(const struct sample *s)
{
    const cJSON *expected = cJSON_GetObjectItemCaseSensitive(s->expected, "logistic");
    if (expected == NULL)
        return;
    size_t rows = s->n_x + s->n_y;
    double *x = pooled_terms(s), *labels = calloc(rows, sizeof *labels);
    double *weights = calloc(s->n + 1, sizeof *weights);
    size_t *fold = calloc(rows, sizeof *fold);
    for (size_t i = s->n_x; i < rows; i++)
        labels[i] = 1.0;
    const struct logistic l = {x, labels, fold, rows, s->n + 1, 1.0};
    assert_int_equal(logistic_fit(&l, SIZE_MAX, weights, NULL), ERR_OK);
    for (size_t j = 0; j <= s->n; j++)
        assert_close(s->name, weights[j], cJSON_GetArrayItem(expected, (int)j)->valuedouble, 1e-6,
                     1e-6);
    free(x);
    free(labels);
    free(weights);
    free(fold);
}

static void logistic_regression_is_scikit_learn_s(void **state)
{
    (void)state;
    each_case(check_logistic);
}

static double *matrix(const cJSON *json, const char *path, size_t *n_rows, size_t *n_columns)
{
    const cJSON *row, *rows = json_at(json, path), *value;
    assert_true(cJSON_IsArray(rows));
    *n_rows = (size_t)cJSON_GetArraySize(rows);
    *n_columns = (size_t)cJSON_GetArraySize(rows->child);
    double *out = calloc(*n_rows * *n_columns, sizeof *out), *next = out;
    cJSON_ArrayForEach(row, rows) cJSON_ArrayForEach(value, row) *next++ = value->valuedouble;
    return out;
}

static void expect_frouros(const cJSON *json, const char *x_path, const char *y_path,
                           const char *path)
{
    struct sample s = {.name = path};
    size_t n_columns;
    s.x = matrix(json, x_path, &s.n_x, &s.n);
    s.y = matrix(json, y_path, &s.n_y, &n_columns);
    assert_int_equal(s.n, n_columns);
    const cJSON *expected = json_at(json, path);
    assert_non_null(expected);
    /* the tolerance that the file states */
    assert_close(path, kernel_test(&s, 1.0).unbiased, expected->valuedouble, 1e-5, 1e-8);
    free(s.x);
    free(s.y);
}

static void mmd_is_frouros_(void **state)
{
    (void)state;
    cJSON *json = load(CASES "05_frouros_distances_tests.json");
    expect_frouros(json, "inputs.mv_ref", "inputs.mv_test",
                   "expected.mmd_rbf_unbiased.mv_ref_vs_mv_test");
    expect_frouros(json, "inputs.mv_same_ref", "inputs.mv_same_test",
                   "expected.mmd_rbf_unbiased.mv_same");
    cJSON_Delete(json);
}

#define NANNY_ROWS 20160
#define NANNY_REFERENCE 10080
#define NANNY_WEEKS 20
#define NANNY_COLUMNS 4

struct nanny {
    double x[NANNY_ROWS][NANNY_COLUMNS];
    size_t first_row[NANNY_WEEKS + 1];
};

/* f3 and f4 as codes: 0 and 1; the colour's first letter. */
static void read_nanny(struct nanny *d)
{
    struct csv *csv = NULL;
    struct err e = {0};
    if (csv_open(CASES "08_nannyml_pca_inputs.csv.gz", &csv, &e) != ERR_OK) {
        print_message("skipped: %s\n", e.message);
        skip();
    }
    const char *const *fields;
    bool more = true;
    for (size_t i = 0;; i++) {
        assert_int_equal(csv_next(csv, &fields, &more, &e), ERR_OK);
        if (!more)
            break;
        d->first_row[atoi(fields[0])] = i + 1; /* one past the week's last row */
        d->x[i][0] = atof(fields[1]);
        d->x[i][1] = atof(fields[2]);
        d->x[i][2] = atof(fields[3]);
        d->x[i][3] = fields[4][0];
    }
    csv_close(csv);
}

/* Codes become the share of the reference's rows that have them. */
static void use_frequencies(struct nanny *d, size_t column)
{
    double frequency[256] = {0};
    for (size_t i = 0; i < NANNY_REFERENCE; i++)
        frequency[(unsigned char)d->x[i][column]] += 1.0 / NANNY_REFERENCE;
    for (size_t i = 0; i < NANNY_ROWS; i++)
        d->x[i][column] = frequency[(unsigned char)d->x[i][column]];
}

static void reconstruction_error_is_nannyml_s_in_every_week(void **state)
{
    (void)state;
    cJSON *json = load(CASES "08_nannyml_univariate_pca.json");
    struct nanny *d = calloc(1, sizeof *d);
    struct mon_pca *pca = NULL;
    read_nanny(d);
    use_frequencies(d, 2);
    use_frequencies(d, 3);
    assert_int_equal(mon_pca_fit(d->x[0], NANNY_REFERENCE, NANNY_COLUMNS, 0.65, &pca, NULL),
                     ERR_OK);
    assert_int_equal(mon_pca_n_components(pca),
                     (size_t)json_at(json, "pca.n_components")->valueint);
    double worst = 0.0;
    for (int week = 1; week <= NANNY_WEEKS; week++) {
        size_t first = d->first_row[week - 1], n = d->first_row[week] - first;
        double found,
            expected =
                cJSON_GetArrayItem(json_at(json, "pca.expected_weeks"), week - 1)->valuedouble;
        assert_int_equal(mon_pca_mean_error(pca, d->x[first], n, &found, NULL), ERR_OK);
        assert_close("week", found, expected, 0.0, 1e-9);
        worst = fmax(worst, fabs(found - expected));
    }
    print_message("largest difference to NannyML over %d weeks: %.2g\n", NANNY_WEEKS, worst);
    mon_pca_free(pca);
    free(d);
    cJSON_Delete(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mmd_and_energy_are_scipy_s),
        cmocka_unit_test(reconstruction_error_is_scikit_learn_s),
        cmocka_unit_test(distances_from_sums_are_numpy_s_from_rows),
        cmocka_unit_test(logistic_regression_is_scikit_learn_s),
        cmocka_unit_test(mmd_is_frouros_),
        cmocka_unit_test(reconstruction_error_is_nannyml_s_in_every_week),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
