/*
 * test_monitors_cases_nannyml.c - every univariate case of NannyML's tests (08), over its own bins.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/csv.h"
#include "monitors/distance.h"
#include "two_sample_cases.h"

static bool read_nannyml(const char *name, struct case_sides *b)
{
    struct csv *csv = NULL;
    const char *const *fields;
    bool more = true;
    double x;
    if (csv_open(CASES_DIR "08_nannyml_univariate_inputs.csv.gz", &csv, NULL) != ERR_OK)
        return false;
    b->ref.n = b->cur.n = 0;
    while (csv_next(csv, &fields, &more, NULL) == ERR_OK && more)
        if (strcmp(fields[0], name) == 0)
            case_put(strcmp(fields[1], "ref") == 0 ? &b->ref : &b->cur, fields[2],
                     csv_number(fields[2], &x) ? x : NAN);
    csv_close(csv);
    return b->ref.n > 0 && b->cur.n > 0;
}

static void count_by_doane(struct case_sides *b)
{
    struct mon_histogram h;
    assert_int_equal(mon_histogram_init(&h, MON_BINS_DOANE, 0, b->ref.x, b->ref.n, NULL), ERR_OK);
    case_count_bins(b, &h);
    mon_histogram_deinit(&h);
}

/* From 10,000 reference rows on, NannyML moves every value inside the reference's range to the left
 * edge of one of 10,000 bins. */
static void move_to_edges(struct case_side *s, const struct mon_histogram *h)
{
    for (size_t i = 0; i < s->n; i++) {
        double x = s->x[i], width = h->edges[1] - h->edges[0];
        if (x < h->edges[0] || x > h->edges[h->n_bins])
            continue;
        size_t bin = (size_t)fmin((x - h->edges[0]) / width, (double)h->n_bins - 1.0);
        bin -= x < h->edges[bin] && bin > 0;
        bin += bin + 1 < h->n_bins && x >= h->edges[bin + 1];
        s->x[i] = h->edges[bin];
    }
}

static double nannyml_wasserstein(struct case_sides *b)
{
    struct mon_histogram h;
    assert_int_equal(mon_histogram_init(&h, MON_BINS_EQUAL, 10000, b->ref.x, b->ref.n, NULL),
                     ERR_OK);
    move_to_edges(&b->ref, &h);
    move_to_edges(&b->cur, &h);
    mon_histogram_deinit(&h);
    case_pool(b);
    return mon_wasserstein(b->pooled);
}

static double nannyml_value(const char *method, struct case_sides *b)
{
    struct mon_evidence e;
    if (strcmp(method, "WassersteinDistance") == 0)
        return nannyml_wasserstein(b);
    case_pool(b);
    if (strcmp(method, "KolmogorovSmirnovStatistic") == 0) {
        assert_int_equal(mon_ks_test(b->pooled, MON_P_AUTO, &e, NULL), ERR_OK);
        return e.statistic;
    }
    (strncmp(method, "Continuous", 10) == 0 ? count_by_doane : case_count_categories)(b);
    if (strstr(method, "JensenShannon") != NULL)
        return mon_distance_js(b->in_ref, b->in_cur, b->n_cells);
    if (strstr(method, "Hellinger") != NULL)
        return mon_distance_hellinger(b->in_ref, b->in_cur, b->n_cells);
    assert_string_equal(method, "LInfinityDistance");
    return mon_distance_l_infinity(b->in_ref, b->in_cur, b->n_cells);
}

static void nannymls_univariate_values_are_ours(void **state)
{
    (void)state;
    cJSON *json = case_load("08_nannyml_univariate_pca.json");
    const cJSON *one;
    struct case_sides b;
    case_init(&b);
    cJSON_ArrayForEach(one, json_at(json, "univariate"))
    {
        const char *name = json_at(one, "name")->valuestring;
        assert_true(read_nannyml(name, &b));
        case_expect(name, nannyml_value(json_at(one, "method")->valuestring, &b),
                    json_at(one, "full_value")->valuedouble, 0.0, 1e-9);
    }
    case_deinit(&b);
    cJSON_Delete(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nannymls_univariate_values_are_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
