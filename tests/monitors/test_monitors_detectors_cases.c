/*
 * test_monitors_detectors_cases.c - the DDM family and Bayesian change points against the positions
 * that other systems' own tests state.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "monitors/detectors.h"

#define CASES LEEWAY_SHARED_DIR "/data/cases/"
#define MAX_ROWS 5000

struct column {
    double x[MAX_ROWS];
    size_t n;
};

static cJSON *load(const char *name)
{
    char path[1024];
    cJSON *json = NULL;
    struct err e = {0};
    snprintf(path, sizeof path, "%s%s", CASES, name);
    if (json_load(path, 1 << 20, &json, &e) != ERR_OK) {
        print_message("skipped: %s\n", e.message);
        skip();
    }
    return json;
}

static void append(struct column *c, double x)
{
    assert_true(c->n < MAX_ROWS);
    c->x[c->n++] = x;
}

/* index,s1,s2,s3,s4: column is 1..4; a short stream's cells are empty. */
static void read_stream(int column, struct column *out)
{
    char line[256];
    FILE *f = fopen(CASES "streams_river.csv", "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    while (fgets(line, sizeof line, f) != NULL) {
        const char *cell = line;
        for (int i = 0; i < column && cell != NULL; i++)
            cell = strchr(cell, ',') != NULL ? strchr(cell, ',') + 1 : NULL;
        char *end = NULL;
        double x = cell != NULL ? strtod(cell, &end) : 0.0;
        if (cell != NULL && end != cell)
            append(out, x);
    }
    fclose(f);
}

/* "s1".."s4", or "N ones" */
static void stream_named(const char *name, struct column *out)
{
    int n = 0, column = 0;
    out->n = 0;
    if (sscanf(name, "s%d", &column) == 1) {
        read_stream(column, out);
        return;
    }
    assert_int_equal(sscanf(name, "%d ones", &n), 1);
    for (int i = 0; i < n; i++)
        append(out, 1.0);
}

/* Same parameters under the names they have here. */
static cJSON *our_params(const cJSON *theirs)
{
    cJSON *ours = cJSON_CreateObject();
    for (const cJSON *p = theirs->child; p != NULL; p = p->next) {
        if (strcmp(p->string, "two_sided") == 0)
            cJSON_AddStringToObject(ours, "direction", cJSON_IsTrue(p) ? "both" : "up");
        else if (strcmp(p->string, "min_num_instances") == 0)
            cJSON_AddNumberToObject(ours, "min_instances", p->valuedouble);
        else
            cJSON_AddNumberToObject(ours, strcmp(p->string, "lambda_") == 0 ? "lambda" : p->string,
                                    p->valuedouble);
    }
    return ours;
}

static void lower_case(const char *text, char out[32])
{
    size_t i = 0;
    for (; text[i] != '\0' && i < 31; i++)
        out[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
    out[i] = '\0';
}

static void check(const char *label, const cJSON *params, const struct column *c,
                  const cJSON *expected)
{
    char name[32];
    struct mon_detector *d = NULL;
    struct err e = {0};
    cJSON *ours = our_params(params);
    int found = 0, n_expected = cJSON_GetArraySize(expected);
    lower_case(label, name);
    if (mon_detector_new(name, ours, &d, &e) != ERR_OK)
        fail_msg("%s", e.message);
    cJSON_Delete(ours);
    for (size_t i = 0; i < c->n; i++) {
        if (mon_detector_update(d, c->x[i]) != MON_CHANGE)
            continue;
        const cJSON *item = cJSON_GetArrayItem(expected, found++);
        if (item == NULL || (size_t)item->valuedouble != i)
            fail_msg("%s: change %d at %zu, expected at %g", name, found, i,
                     item != NULL ? item->valuedouble : -1.0);
    }
    if (found != n_expected)
        fail_msg("%s: %d changes, expected %d", name, found, n_expected);
    mon_detector_free(d);
}

static void ddm_family_finds_the_changes_that_river_finds(void **state)
{
    (void)state;
    static struct column c;
    cJSON *json = load("02_ddm_family.json");
    const cJSON *cases = json_at(json, "cases"), *item = NULL;
    assert_int_equal(cJSON_GetArraySize(cases), 7);
    cJSON_ArrayForEach(item, cases)
    {
        stream_named(cJSON_GetStringValue(json_at(item, "stream")), &c);
        check(cJSON_GetStringValue(json_at(item, "detector")), json_at(item, "params"), &c,
              json_at(item, "expected"));
    }
    cJSON_Delete(json);
}

static void bocd_finds_the_changes_that_frouros_finds(void **state)
{
    (void)state;
    static struct column c;
    cJSON *json = load("04_frouros_change_detectors.json");
    const cJSON *item = NULL;
    c.n = 0;
    cJSON_ArrayForEach(item, json_at(json, "inputs.stream")) append(&c, item->valuedouble);
    check("BOCD", json_at(json, "params.BOCD"), &c, json_at(json, "expected.BOCD"));
    cJSON_Delete(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ddm_family_finds_the_changes_that_river_finds),
        cmocka_unit_test(bocd_finds_the_changes_that_frouros_finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
