/*
 * test_train_metrics.c - metrics against definitions computed the slow way, and by hand.
 */
#include "trainer_fixture.h"

#include <math.h>

#include "base/rand.h"
#include "trainer/train_metrics.h"

#define ROWS 500

static void auc_is_the_share_of_pairs_in_order_with_ties_as_halves(void **state)
{
    (void)state;
    struct rng rng;
    struct train_metrics m;
    struct err e = {0};
    float scores[ROWS];
    double labels[ROWS], pairs = 0, right = 0;
    rng_seed(&rng, 1);
    for (size_t i = 0; i < ROWS; i++) {
        labels[i] = (double)rng_below(&rng, 2);
        scores[i] = (float)rng_below(&rng, 20) / 20 + (labels[i] > 0 ? 0.1F : 0); /* many ties */
    }
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < ROWS; j++) {
            if (labels[i] > labels[j]) {
                pairs += 1;
                right += scores[i] > scores[j] ? 1 : scores[i] < scores[j] ? 0 : 0.5;
            }
        }
    }
    assert_ok(train_metrics_compute(LABEL_BINARY, scores, labels, ROWS, 1, &m, &e), e);
    assert_near(m.auc, right / pairs, 1e-12, "AUC");
}

static void binary_metrics_of_four_rows_by_hand(void **state)
{
    (void)state;
    const float scores[] = {0.9F, 0.2F, 0.6F, 0.5F};
    const double labels[] = {1, 0, 0, 1};
    struct train_metrics m;
    struct err e = {0};
    assert_ok(train_metrics_compute(LABEL_BINARY, scores, labels, 4, 1, &m, &e), e);
    assert_near(m.accuracy, 0.75, 0, "accuracy");
    assert_near(m.log_loss, -(log(0.9) + log(0.8) + log(0.4) + log(0.5)) / 4, 1e-6, "log-loss");
    assert_near(m.auc, 0.75, 1e-12, "AUC");
    assert_true(isnan(m.rmse));
}

static void one_sure_mistake_does_not_cost_infinity(void **state)
{
    (void)state;
    const float scores[] = {1, 0};
    const double labels[] = {0, 0};
    struct train_metrics m;
    struct err e = {0};
    assert_ok(train_metrics_compute(LABEL_BINARY, scores, labels, 2, 1, &m, &e), e);
    assert_near(m.log_loss, -log(1e-7) / 2, 1e-3, "log-loss");
    assert_true(isnan(m.auc));
    cJSON *json = train_metrics_to_json(&m);
    assert_null(cJSON_GetObjectItem(json, "auc"));
    assert_non_null(cJSON_GetObjectItem(json, "log_loss"));
    cJSON_Delete(json);
}

static void regression_metrics_by_hand(void **state)
{
    (void)state;
    const float scores[] = {1, 2, 5};
    const double labels[] = {0, 2, 3};
    struct train_metrics m;
    struct err e = {0};
    assert_ok(train_metrics_compute(LABEL_REGRESSION, scores, labels, 3, 1, &m, &e), e);
    assert_near(m.rmse, sqrt(5.0 / 3), 1e-12, "RMSE");
    assert_near(m.mae, 1, 1e-12, "MAE");
}

static void multiclass_metrics_by_hand(void **state)
{
    (void)state;
    const float scores[] = {0.5F, 0.25F, 0.25F, 0.125F, 0.125F, 0.75F};
    const double labels[] = {0, 1};
    struct train_metrics m;
    struct err e = {0};
    assert_ok(train_metrics_compute(LABEL_MULTICLASS, scores, labels, 2, 3, &m, &e), e);
    assert_near(m.accuracy, 0.5, 0, "accuracy");
    assert_near(m.log_loss, (log(2) + log(8)) / 2, 1e-6, "log-loss");
}

static void no_rows_give_nothing_but_the_count(void **state)
{
    (void)state;
    struct train_metrics m;
    struct err e = {0};
    assert_ok(train_metrics_compute(LABEL_BINARY, NULL, NULL, 0, 1, &m, &e), e);
    cJSON *json = train_metrics_to_json(&m);
    assert_int_equal(cJSON_GetArraySize(json), 1);
    cJSON_Delete(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(auc_is_the_share_of_pairs_in_order_with_ties_as_halves),
        cmocka_unit_test(binary_metrics_of_four_rows_by_hand),
        cmocka_unit_test(one_sure_mistake_does_not_cost_infinity),
        cmocka_unit_test(regression_metrics_by_hand),
        cmocka_unit_test(multiclass_metrics_by_hand),
        cmocka_unit_test(no_rows_give_nothing_but_the_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
