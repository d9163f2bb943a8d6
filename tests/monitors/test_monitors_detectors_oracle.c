/*
 * test_monitors_detectors_oracle.c - every detector against positions of changes and warnings that
 * oracle/detectors_oracle.py got from the papers' formulae, on streams both sides can make.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "monitors/detectors.h"

/* Changes and warnings have to be the same. A mean is the same sum in another order: 1e8 and more
 * lose 8 of the 16 digits. */
#define MEAN_TOLERANCE 1e-9

/* Knuth's MMIX generator, upper 53 bits: the streams' own, so that Python has it too. */
struct lcg {
    uint64_t state;
};

static double lcg_uniform(struct lcg *g)
{
    g->state = g->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(g->state >> 11) * 0x1.0p-53;
}

static double lcg_normal(struct lcg *g)
{
    double total = 0.0;
    for (int i = 0; i < 12; i++)
        total += lcg_uniform(g);
    return total - 6.0;
}

static double number(const cJSON *list, int i)
{
    return cJSON_GetArrayItem(list, i)->valuedouble;
}

/* [n, law, a] or [n, law, a, b] */
static double draw(struct lcg *g, const cJSON *segment)
{
    const char *law = cJSON_GetStringValue(cJSON_GetArrayItem(segment, 1));
    if (strcmp(law, "bernoulli") == 0)
        return lcg_uniform(g) < number(segment, 2);
    if (strcmp(law, "normal") == 0)
        return number(segment, 2) + number(segment, 3) * lcg_normal(g);
    return number(segment, 2);
}

struct outcome {
    int changes;
    double warnings, sum_warnings;
};

static void take(const cJSON *c, struct mon_detector *d, double x, int at, struct outcome *o)
{
    enum mon_detection found = mon_detector_update(d, x);
    if (found == MON_WARNING) {
        o->warnings += 1.0;
        o->sum_warnings += at;
    }
    if (found != MON_CHANGE)
        return;
    const cJSON *expected = cJSON_GetArrayItem(json_at(c, "changes"), o->changes++);
    if (expected == NULL || (int)expected->valuedouble != at)
        fail_msg("change %d at %d, expected at %g in %s", o->changes, at,
                 expected != NULL ? expected->valuedouble : -1.0, json_print(c));
}

static void run(const cJSON *c, struct mon_detector *d, struct outcome *o)
{
    struct lcg g = {(uint64_t)json_at(c, "seed")->valuedouble};
    const cJSON *segment = NULL;
    int at = 0;
    cJSON_ArrayForEach(segment, json_at(c, "segments")) for (int i = 0; i < (int)number(segment, 0);
                                                             i++)
        take(c, d, draw(&g, segment), at++, o);
}

static void check_before(const cJSON *c, const struct mon_detector *d)
{
    const cJSON *expected = json_at(c, "before");
    double before = mon_detector_before(d);
    if (expected == NULL)
        assert_true(isnan(before));
    else if (!(fabs(before - expected->valuedouble) <= MEAN_TOLERANCE * fmax(1.0, fabs(before))))
        fail_msg("mean before the last change %.17g, expected %.17g in %s", before,
                 expected->valuedouble, json_print(c));
}

static void check_case(const cJSON *c)
{
    struct mon_detector *d = NULL;
    struct outcome o = {0};
    struct err e = {0};
    const char *name = cJSON_GetStringValue(json_at(c, "detector"));
    if (mon_detector_new(name, json_at(c, "params"), &d, &e) != ERR_OK)
        fail_msg("%s", e.message);
    run(c, d, &o);
    int n_expected = cJSON_GetArraySize(json_at(c, "changes"));
    double warnings = json_at(c, "n_warnings")->valuedouble;
    double sum_warnings = json_at(c, "sum_warnings")->valuedouble;
    if (o.changes != n_expected || o.warnings != warnings || o.sum_warnings != sum_warnings)
        fail_msg("%d changes, %g warnings (sum %g), expected %d, %g (%g) in %s", o.changes,
                 o.warnings, o.sum_warnings, n_expected, warnings, sum_warnings, json_print(c));
    check_before(c, d);
    mon_detector_free(d);
}

static void every_detector_equals_its_formulae(void **state)
{
    (void)state;
    cJSON *json = NULL;
    struct err e = {0};
    if (json_load(TEST_DATA_DIR "/detectors_oracle.json", 1 << 20, &json, &e) != ERR_OK)
        fail_msg("%s", e.message);
    const cJSON *c = NULL;
    int changes = 0;
    cJSON_ArrayForEach(c, json_at(json, "cases"))
    {
        check_case(c);
        changes += cJSON_GetArraySize(json_at(c, "changes"));
    }
    print_message("%d streams, %d changes\n", cJSON_GetArraySize(json_at(json, "cases")), changes);
    cJSON_Delete(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_detector_equals_its_formulae),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
