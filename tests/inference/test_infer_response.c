/*
 * test_infer_response.c - numbers, strings, answers and observation lines as text.
 */
#include <math.h>

#include "base/json.h"
#include "base/rand.h"
#include "infer_response.h"
#include "json_text.h"
#include "observation_line.h"
#include "testing.h"
#include "tiny_artifact.h"

static double any_double(struct rng *g)
{
    uint64_t bits = rng_u64(g);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float any_float(struct rng *g)
{
    uint32_t bits = (uint32_t)rng_u64(g);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The digits that %.*g needs for the round trip: nothing correct is shorter. */
static int digits_needed(double value, bool single)
{
    char text[40];
    for (int n = 1; n < 17; n++) {
        snprintf(text, sizeof text, "%.*g", n, value);
        if (single ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value) {
            return n;
        }
    }
    return 17;
}

static int digits_in(const char *text)
{
    int n = 0, trailing = 0;
    for (const char *p = text; *p && *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9' && (n > 0 || *p != '0')) {
            n++;
            trailing = *p == '0' ? trailing + 1 : 0;
        }
    }
    return n - trailing;
}

static void doubles_read_back_the_same(void **state)
{
    (void)state;
    struct rng g;
    struct buf b = BUF_INIT;
    rng_seed(&g, 3);
    for (int i = 0; i < 100000; i++) {
        double value = i % 3 == 0   ? any_double(&g)
                       : i % 3 == 1 ? rng_normal(&g) * 1000
                                    : (double)(int64_t)rng_below(&g, 1000000) / 1000;
        if (!isfinite(value)) {
            continue;
        }
        buf_clear(&b);
        json_text_double(&b, value);
        if (strtod(b.data, NULL) != value) {
            fail_msg("%.17g was written as %s", value, b.data);
        }
    }
    buf_free(&b);
}

static void floats_read_back_and_are_short(void **state)
{
    (void)state;
    struct rng g;
    struct buf b = BUF_INIT;
    rng_seed(&g, 4);
    for (int i = 0; i < 100000; i++) {
        float value = i % 2 ? any_float(&g) : (float)rng_uniform(&g);
        if (!isfinite(value)) {
            continue;
        }
        buf_clear(&b);
        json_text_float(&b, value);
        if (strtof(b.data, NULL) != value || digits_in(b.data) > digits_needed(value, true)) {
            fail_msg("%.9g was written as %s, %d digits are needed", (double)value, b.data,
                     digits_needed(value, true));
        }
    }
    buf_free(&b);
}

static void well_known_numbers_look_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *want;
    } cases[] = {{0, "0"},         {-0.0, "0"},       {1, "1"},
                 {0.1, "0.1"},     {-2.5, "-2.5"},    {1e15, "1000000000000000"},
                 {0.001, "0.001"}, {1e-7, "1e-07"},   {1e300, "1e+300"},
                 {NAN, "null"},    {INFINITY, "null"}};
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_clear(&b);
        json_text_double(&b, cases[i].value);
        assert_string_equal(b.data, cases[i].want);
    }
    buf_free(&b);
}

/* Any bytes give a JSON string that cJSON reads; good UTF-8 comes back as it was. */
static void strings_are_always_json(void **state)
{
    (void)state;
    struct rng g;
    struct buf b = BUF_INIT;
    rng_seed(&g, 5);
    for (int i = 0; i < 20000; i++) {
        char text[16];
        size_t len = rng_below(&g, sizeof text);
        for (size_t k = 0; k < len; k++) {
            text[k] = (char)(1 + rng_below(&g, 255));
        }
        buf_clear(&b);
        json_text_string(&b, text, len);
        cJSON *json = cJSON_ParseWithLength(b.data, b.len);
        if (!cJSON_IsString(json)) {
            fail_msg("not a JSON string: %s", b.data);
        }
        cJSON_Delete(json);
    }
    buf_clear(&b);
    json_text_string(&b, "a\"\\\n\xc3\xa9\xf0\x9f\x98\x80\xff", 11);
    assert_string_equal(b.data, "\"a\\\"\\\\\\u000a\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbd\"");
    buf_free(&b);
}

/* ---- answers ---- */

static const char multi[] = "{\"model\":\"m\",\"features\":[{\"name\":\"a\",\"type\":\"numeric\"}],"
                            "\"label\":{\"name\":\"y\",\"type\":\"multiclass\","
                            "\"classes\":[\"red\",\"green\",\"blue\"]}}";

static void answers_are_v2_json(void **state)
{
    (void)state;
    struct schema *s = tiny_schema(multi);
    static const float scores[] = {0.25f, 0.5f, 0.25f, 0.125f, 0.125f, 0.75f};
    const struct infer_answer a = {s, "v\"3", "abc", {"id1", 3}, 2, scores};
    const struct infer_request all = {0};
    struct buf b = BUF_INIT;
    size_t json_len;
    infer_response_write(&a, &all, &b, &json_len);
    assert_int_equal(json_len, 0);
    assert_string_equal(b.data, "{\"model_name\":\"m\",\"model_version\":\"v\\\"3\",\"id\":\"id1\","
                                "\"parameters\":{\"leeway_version\":\"abc\"},\"outputs\":["
                                "{\"name\":\"probabilities\",\"datatype\":\"FP32\",\"shape\":[2,3],"
                                "\"data\":[0.25,0.5,0.25,0.125,0.125,0.75]},"
                                "{\"name\":\"class\",\"datatype\":\"BYTES\",\"shape\":[2],"
                                "\"data\":[\"green\",\"blue\"]}]}");
    buf_free(&b);
    schema_free(s);
}

static void binary_outputs_follow_the_json(void **state)
{
    (void)state;
    struct schema *s = tiny_schema(multi);
    static const float scores[] = {0.25f, 0.5f, 0.25f};
    const struct infer_answer a = {s, "v3", "abc", {"id1", 3}, 1, scores};
    const struct infer_request wanted = {
        .binary_output = true,
        .n_outputs = 2,
        .outputs = {{.name = {"class", 5}},
                    {.name = {"probabilities", 13}, .binary = true, .binary_given = true}}};
    struct buf b = BUF_INIT;
    size_t json_len;
    infer_response_write(&a, &wanted, &b, &json_len);
    assert_int_equal(b.len, json_len + 4 + 5 + 12);
    assert_memory_equal(b.data + json_len, "\x05\0\0\0green", 9);
    assert_memory_equal(b.data + json_len + 9, scores, 12);
    cJSON *json = cJSON_ParseWithLength(b.data, json_len);
    const cJSON *size = json_at(json, "outputs[0].parameters.binary_data_size");
    assert_non_null(size);
    assert_int_equal((int)size->valuedouble, 9);
    cJSON_Delete(json);
    buf_free(&b);
    schema_free(s);
}

static void unknown_outputs_are_named(void **state)
{
    (void)state;
    struct schema *s = tiny_schema(multi);
    const struct infer_request wanted = {.n_outputs = 1, .outputs = {{.name = {"score", 5}}}};
    struct err e = {0};
    assert_fails(infer_outputs_check(s, &wanted, &e), &e, ERR_INVALID,
                 "no output \"score\"; expected \"probabilities\" or \"class\"");
    schema_free(s);
}

static void lines_leave_out_what_is_personal(void **state)
{
    (void)state;
    struct artifact *a = tiny_artifact(&(struct tiny_options){0});
    double age[] = {41.5, NAN};
    struct text zip[] = {{"a\"b", 3}, {NULL, 0}}, ssn[] = {{"123-45", 6}, {"6", 1}};
    struct column columns[] = {{age, NULL}, {NULL, zip}, {NULL, ssn}};
    const struct rows rows = {2, 3, columns};
    static const float scores[] = {0.5f, 0.75f}, shadow[] = {0.25f, 1};
    const struct observation_batch batch = {.schema = a->schema,
                                            .rows = &rows,
                                            .id = {"q", 1},
                                            .key = {"u", 1},
                                            .time_unix_ms = 1767225600000,
                                            .version = "V",
                                            .role = "champion",
                                            .scores = scores,
                                            .shadow_version = "S",
                                            .shadow_scores = shadow,
                                            .n_shadow_outputs = 1};
    struct buf b = BUF_INIT;
    observation_lines_write(&batch, &b);
    assert_string_equal(
        b.data,
        "\"id\":\"q#0\",\"key\":\"u\",\"t\":1767225600000,\"v\":\"V\",\"role\":\"champion\","
        "\"x\":[41.5,\"a\\\"b\",null],\"y\":[0.5],\"sv\":\"S\",\"sy\":[0.25]}\n"
        "\"id\":\"q#1\",\"key\":\"u\",\"t\":1767225600000,\"v\":\"V\",\"role\":\"champion\","
        "\"x\":[null,null,null],\"y\":[0.75],\"sv\":\"S\",\"sy\":[1]}\n");
    buf_free(&b);
    artifact_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_read_back_the_same),
        cmocka_unit_test(floats_read_back_and_are_short),
        cmocka_unit_test(well_known_numbers_look_as_people_write_them),
        cmocka_unit_test(strings_are_always_json),
        cmocka_unit_test(answers_are_v2_json),
        cmocka_unit_test(binary_outputs_follow_the_json),
        cmocka_unit_test(unknown_outputs_are_named),
        cmocka_unit_test(lines_leave_out_what_is_personal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
