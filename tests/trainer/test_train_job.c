/*
 * test_train_job.c - whole jobs in this process: artifact, scores, manifest, warm start, bad data.
 */
#include "trainer_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/rand.h"
#include "base/safetensors.h"
#include "model/artifact.h"
#include "trainer/csv_snapshot.h"
#include "trainer/train_job.h"

#define N_ROWS 3000
#define N_HOLDOUT 500

static const char binary_schema[] =
    "{\"model\":\"m\",\"features\":[{\"name\":\"a\",\"type\":\"numeric\"},"
    "{\"name\":\"b\",\"type\":\"numeric\"},{\"name\":\"zone\",\"type\":\"categorical\"}],"
    "\"label\":{\"name\":\"class\",\"type\":\"binary\",\"classes\":[\"no\",\"yes\"]}}";
static const char multi_schema[] =
    "{\"model\":\"m\",\"features\":[{\"name\":\"a\",\"type\":\"numeric\"},"
    "{\"name\":\"b\",\"type\":\"numeric\"},{\"name\":\"zone\",\"type\":\"categorical\"}],"
    "\"label\":{\"name\":\"class\",\"type\":\"multiclass\"}}";
static const char regression_schema[] =
    "{\"model\":\"m\",\"features\":[{\"name\":\"a\",\"type\":\"numeric\"},"
    "{\"name\":\"b\",\"type\":\"numeric\"},{\"name\":\"zone\",\"type\":\"categorical\"}],"
    "\"label\":{\"name\":\"value\",\"type\":\"regression\"}}";

static double signal_of(size_t i, struct snapshot_value *values)
{
    static const char *const zones[] = {"north", "south", NULL};
    struct rng rng;
    rng_seed(&rng, i);
    double a = rng_normal(&rng), b = 1000 + 50 * rng_normal(&rng);
    values[0].number = i % 31 == 7 ? NAN : a;
    values[1].number = b;
    values[2].text = zones[i % 3];
    return 2 * a + (b - 1000) / 25 + (i % 3 == 0 ? 1 : 0) + 0.3 * rng_normal(&rng);
}

static void fill_binary(size_t i, struct snapshot_value *values, char label[32])
{
    snprintf(label, 32, "%s", signal_of(i, values) > 0.3 ? "yes" : "no");
}

static void fill_multi(size_t i, struct snapshot_value *values, char label[32])
{
    double z = signal_of(i, values);
    snprintf(label, 32, "%s", z > 1.5 ? "high" : z > -1 ? "middle" : "low");
}

static void fill_regression(size_t i, struct snapshot_value *values, char label[32])
{
    snprintf(label, 32, "%.9g", 1e6 + 1e4 * signal_of(i, values));
}

struct run {
    char folder[PATH_MAX], snapshot[PATH_MAX + 32], champion[PATH_MAX + 32];
    struct train_job job;
    struct train_job_report report;
};

static void begin(struct run *r, const char *schema, fill_row *fill, size_t n_rows,
                  size_t n_holdout)
{
    *r = (struct run){0};
    make_folder(r->folder);
    snprintf(r->snapshot, sizeof r->snapshot, "%s/snapshot", r->folder);
    write_snapshot(schema, n_rows, n_holdout, fill, r->snapshot);
    r->job = (struct train_job){
        .snapshot_path = r->snapshot, .folder = r->folder, .backend = "openblas"};
    train_parameters_init(&r->job.parameters);
}

static void finish(struct run *r)
{
    result_manifest_deinit(&r->report.result);
    remove_folder(r->folder);
}

static struct artifact *run_and_load(struct run *r)
{
    struct err e = {0};
    struct artifact *a;
    char path[PATH_MAX + 32];
    result_manifest_deinit(&r->report.result);
    assert_ok(train_job_run(&r->job, &r->report, &e), e);
    snprintf(path, sizeof path, "%s/" RESULT_ARTIFACT_FILE, r->folder);
    assert_ok(artifact_load(path, r->report.result.artifact_sha256, &a, &e), e);
    return a;
}

/* The artifact in the folder becomes the next run's champion. */
static void promote(struct run *r)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/" RESULT_ARTIFACT_FILE, r->folder);
    snprintf(r->champion, sizeof r->champion, "%s/champion", r->folder);
    assert_int_equal(rename(path, r->champion), 0);
    r->job.champion_path = r->champion;
}

static double metric(const struct run *r, const char *path)
{
    double value = NAN;
    struct err e = {0};
    assert_ok(json_get_double(r->report.result.metrics, path, -1e300, 1e300, &value, &e), e);
    return value;
}

static void binary_job_writes_an_artifact_that_loads_and_is_good(void **state)
{
    (void)state;
    struct run r;
    begin(&r, binary_schema, fill_binary, N_ROWS, N_HOLDOUT);
    struct artifact *a = run_and_load(&r);
    assert_true(metric(&r, "validation.accuracy") > 0.9);
    assert_true(metric(&r, "holdout.candidate.auc") > 0.95);
    assert_string_equal(r.report.algorithm, "logistic");
    assert_true(r.report.calibrated);
    assert_int_equal(a->reference->n_rows, N_ROWS - N_HOLDOUT);
    assert_int_equal(a->n_chunks, 50);
    uint64_t rows = 0;
    for (size_t i = 0; i < a->n_chunks; i++) {
        rows += a->chunks[i]->n_rows;
    }
    assert_int_equal(rows, N_ROWS - N_HOLDOUT);
    for (size_t i = 1; i < a->n_chunks; i++) { /* in time order, none into the next */
        assert_true(a->chunk_spans[2 * i - 1] <= a->chunk_spans[2 * i]);
    }
    assert_int_equal(a->n_validation, r.report.result.n_validation);
    double wrong = 0;
    for (size_t i = 0; i < a->n_validation; i++) {
        wrong += (a->validation_scores[i] >= 0.5f) != (a->validation_labels[i] == 1);
    }
    assert_float_equal(1 - wrong / (double)a->n_validation, metric(&r, "validation.accuracy"),
                       1e-6);
    assert_int_equal(a->n_golden, ARTIFACT_GOLDEN_ROWS);
    int odd = 0;
    for (size_t i = 0; i < a->n_golden; i++) {
        odd += isnan(a->golden_codes[i * 3]) || isnan(a->golden_codes[i * 3 + 2]);
    }
    assert_true(odd >= 8);
    artifact_free(a);
    finish(&r);
}

static void multiclass_job_knows_its_classes(void **state)
{
    (void)state;
    struct run r;
    begin(&r, multi_schema, fill_multi, N_ROWS, N_HOLDOUT);
    r.job.parameters.class_weights = CLASS_WEIGHTS_BALANCED;
    struct artifact *a = run_and_load(&r);
    assert_int_equal(a->schema->n_classes, 3);
    assert_string_equal(a->schema->classes[0], "high");
    assert_true(metric(&r, "holdout.candidate.accuracy") > 0.8);
    assert_string_equal(r.report.algorithm, "softmax");
    artifact_free(a);
    finish(&r);
}

static void regression_job_answers_in_the_units_of_the_label(void **state)
{
    (void)state;
    struct run r;
    begin(&r, regression_schema, fill_regression, N_ROWS, N_HOLDOUT);
    r.job.parameters.epochs = 100;
    struct artifact *a = run_and_load(&r);
    /* The noise is 0.3 x 1e4; a missing `a` (every 31st row) costs 2e4 there. */
    assert_true(metric(&r, "holdout.candidate.rmse") < 6000);
    assert_string_equal(r.report.algorithm, "linear");
    artifact_free(a);
    finish(&r);
}

static void mlp_job_trains_with_hidden_layers(void **state)
{
    (void)state;
    struct run r;
    begin(&r, binary_schema, fill_binary, N_ROWS, N_HOLDOUT);
    r.job.parameters.n_hidden = 2;
    r.job.parameters.hidden[0] = 16;
    r.job.parameters.hidden[1] = 8;
    struct artifact *a = run_and_load(&r);
    assert_int_equal(a->predictor->n_layers, 3);
    assert_true(metric(&r, "holdout.candidate.auc") > 0.95);
    artifact_free(a);
    finish(&r);
}

static void same_job_twice_gives_the_same_weights(void **state)
{
    (void)state;
    struct run r;
    begin(&r, binary_schema, fill_binary, N_ROWS, N_HOLDOUT);
    struct artifact *a = run_and_load(&r), *b = run_and_load(&r);
    const struct layer *x = &a->predictor->layers[0], *y = &b->predictor->layers[0];
    assert_memory_equal(x->weights, y->weights, x->n_in * sizeof(float));
    assert_near(a->predictor->calibration_a, b->predictor->calibration_a, 0, "calibration");
    artifact_free(a);
    artifact_free(b);
    finish(&r);
}

static void champion_is_scored_beside_the_candidate(void **state)
{
    (void)state;
    struct run r;
    struct err e = {0};
    struct st_file *f;
    const struct st_tensor *candidate, *champion, *y;
    char path[PATH_MAX + 32];
    begin(&r, binary_schema, fill_binary, N_ROWS, N_HOLDOUT);
    artifact_free(run_and_load(&r));
    promote(&r);
    struct artifact *a = run_and_load(&r);
    snprintf(path, sizeof path, "%s/" RESULT_SCORES_FILE, r.folder);
    assert_ok(st_open(path, &f, &e), e);
    const int64_t shape[] = {N_HOLDOUT, 1};
    assert_ok(st_need(f, "candidate", ST_F32, 2, shape, &candidate, &e), e);
    assert_ok(st_need(f, "champion", ST_F32, 2, shape, &champion, &e), e);
    assert_ok(st_need(f, "y", ST_F64, 1, shape, &y, &e), e);
    assert_memory_equal(candidate->data, champion->data, candidate->size_bytes); /* same fit */
    assert_near(metric(&r, "holdout.champion.auc"), metric(&r, "holdout.candidate.auc"), 0, "AUC");
    const char *parent;
    assert_ok(json_get_string(a->manifest, "lineage.parent_sha256", &parent, &e), e);
    assert_int_equal(strlen(parent), 64);
    st_close(f);
    artifact_free(a);
    finish(&r);
}

/* Later rows of another scale: standardisation and categories' counts change, what the parent says
 * of a row must not. */
static void fill_later(size_t i, struct snapshot_value *values, char label[32])
{
    fill_binary(i + 100000, values, label);
    values[0].number = values[0].number * 3 + 5;
    values[0].number = isnan(values[0].number) ? 0 : values[0].number;
}

static void warm_start_computes_what_the_parent_did(void **state)
{
    (void)state;
    struct run r;
    begin(&r, binary_schema, fill_later, N_ROWS, N_HOLDOUT);
    r.job.parameters.calibrate = false;
    artifact_free(run_and_load(&r));
    promote(&r);
    write_snapshot(binary_schema, N_ROWS - 400, N_HOLDOUT, fill_later, r.snapshot);
    r.job.parameters.warm_start = true;
    r.job.parameters.epochs = 1;
    r.job.parameters.learning_rate = 1e-9;
    artifact_free(run_and_load(&r));
    assert_true(r.report.warm_started);
    assert_near(metric(&r, "holdout.candidate.log_loss"), metric(&r, "holdout.champion.log_loss"),
                1e-5, "log-loss on the same rows");
    finish(&r);
}

static void warm_start_without_a_fitting_parent_starts_cold_and_says_why(void **state)
{
    (void)state;
    struct run r;
    begin(&r, binary_schema, fill_binary, N_ROWS, N_HOLDOUT);
    r.job.parameters.warm_start = true;
    artifact_free(run_and_load(&r));
    assert_contains(r.report.cold_because.message, "no champion");
    promote(&r);
    r.job.parameters.n_hidden = 1;
    r.job.parameters.hidden[0] = 4;
    artifact_free(run_and_load(&r));
    assert_false(r.report.warm_started);
    assert_contains(r.report.cold_because.message, "layers differ");
    finish(&r);
}

static void fill_one_class(size_t i, struct snapshot_value *values, char label[32])
{
    signal_of(i, values);
    snprintf(label, 32, "yes");
}

static void failed_job_leaves_no_manifest(void **state)
{
    (void)state;
    struct run r;
    struct err e = {0};
    char path[PATH_MAX + 32];
    begin(&r, binary_schema, fill_one_class, N_ROWS, N_HOLDOUT);
    assert_int_equal(train_job_run(&r.job, &r.report, &e), ERR_INVALID);
    assert_contains(e.message, "one class only");
    assert_contains(e.message, "\"yes\"");
    snprintf(path, sizeof path, "%s/" RESULT_FILE, r.folder);
    assert_false(file_exists(path));
    finish(&r);
}

static void parameters_that_do_not_fit_the_label_are_refused(void **state)
{
    (void)state;
    struct run r;
    struct err e = {0};
    begin(&r, regression_schema, fill_regression, 100, 0);
    r.job.parameters.algorithm = ALGORITHM_LOGISTIC;
    assert_int_equal(train_job_run(&r.job, &r.report, &e), ERR_INVALID);
    assert_contains(e.message, "logistic does not fit a regression label, expected linear or mlp");
    r.job.parameters.algorithm = ALGORITHM_LINEAR;
    r.job.model = "other";
    assert_int_equal(train_job_run(&r.job, &r.report, &e), ERR_INVALID);
    assert_contains(e.message, "for model \"m\", the job for \"other\"");
    finish(&r);
}

static void write_text(const char *folder, const char *name, const char *text, char out[PATH_MAX])
{
    struct err e = {0};
    snprintf(out, PATH_MAX, "%.4000s/%s", folder, name);
    assert_ok(file_write_atomic(out, text, strlen(text), &e), e);
}

static void csv_faults_name_row_and_column(void **state)
{
    (void)state;
    static const struct {
        const char *csv, *expected;
    } cases[] = {
        {"a,zone,class\n1,n,yes\n", "no column \"b\""},
        {"a,b,zone,class\n1,2,n,yes\n1,two,n,no\n", "row 2 column \"b\": expected a number"},
        {"a,b,zone,class\n1,2,n,\n", "label \"class\" of row 1 is missing"},
        {"a,b,zone,class\n1,2,n,maybe\n", "maybe"},
        {"a,b,zone,class\n", "has no rows"},
    };
    char folder[PATH_MAX], csv[PATH_MAX], schema[PATH_MAX], out[PATH_MAX];
    char sha256[SHA256_HEX_BYTES];
    make_folder(folder);
    write_text(folder, "schema.json", binary_schema, schema);
    write_text(folder, "out", "", out);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err e = {0};
        write_text(folder, "rows.csv", cases[i].csv, csv);
        struct csv_snapshot c = {.csv_path = csv, .schema_path = schema};
        assert_true(csv_snapshot_write(&c, out, sha256, &e) != ERR_OK);
        assert_contains(e.message, cases[i].expected);
    }
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binary_job_writes_an_artifact_that_loads_and_is_good),
        cmocka_unit_test(multiclass_job_knows_its_classes),
        cmocka_unit_test(regression_job_answers_in_the_units_of_the_label),
        cmocka_unit_test(mlp_job_trains_with_hidden_layers),
        cmocka_unit_test(same_job_twice_gives_the_same_weights),
        cmocka_unit_test(champion_is_scored_beside_the_candidate),
        cmocka_unit_test(warm_start_computes_what_the_parent_did),
        cmocka_unit_test(warm_start_without_a_fitting_parent_starts_cold_and_says_why),
        cmocka_unit_test(failed_job_leaves_no_manifest),
        cmocka_unit_test(parameters_that_do_not_fit_the_label_are_refused),
        cmocka_unit_test(csv_faults_name_row_and_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
