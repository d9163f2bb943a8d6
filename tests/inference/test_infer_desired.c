/*
 * test_infer_desired.c - reading a desired state, its mistakes, and which one replaces which.
 */
#include "base/json.h"
#include "desired.h"
#include "testing.h"

#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SHA_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define CHAMPION "\"champion\":{\"sha256\":\"" SHA_A "\",\"label\":\"v3\"}"
#define CANDIDATE "\"candidate\":{\"sha256\":\"" SHA_B "\",\"label\":\"v4\",\"weight\":0.05}"
#define FULL                                                                                       \
    "{\"generation\":17," CHAMPION "," CANDIDATE ",\"shadow\":true,\"warm\":[\"" SHA_C             \
    "\",\"" SHA_A "\"],\"salt\":\"s\",\"observe\":{\"sample\":0.5}}"

static struct desired parse(const char *text)
{
    struct desired d;
    struct err e = {0};
    assert_ok(desired_parse(text, strlen(text), "loan", &d, &e), &e);
    return d;
}

static void reads_everything(void **state)
{
    (void)state;
    struct desired d = parse(FULL);
    assert_int_equal(d.generation, 17);
    assert_string_equal(d.champion.label, "v3");
    assert_string_equal(d.candidate.sha256, SHA_B);
    assert_true(d.has_candidate && d.shadow && d.weight == 0.05 && d.sample == 0.5);
    assert_string_equal(d.salt, "s");
    assert_int_equal(d.n_warm, 2);
}

static void defaults_are_the_documented_ones(void **state)
{
    (void)state;
    struct desired d =
        parse("{\"generation\":1,\"champion\":{\"sha256\":\"" SHA_A "\"},\"candidate\":null}");
    assert_string_equal(d.champion.label, "aaaaaaaaaaaa");
    assert_string_equal(d.salt, "loan");
    assert_true(!d.has_candidate && !d.shadow && d.weight == 0 && d.sample == 1);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"{\"generation\":1}", "champion"},
        {"{" CHAMPION "}", "generation"},
        {"{\"generation\":-1," CHAMPION "}", "generation"},
        {"{\"generation\":1,\"champion\":{\"sha256\":\"abc\"}}", "champion.sha256: expected 64"},
        {"{\"generation\":1," CHAMPION ",\"wieght\":1}", "wieght"},
        {"{\"generation\":1," CHAMPION ",\"shadow\":true}", "shadow: needs a candidate"},
        {"{\"generation\":1," CHAMPION ",\"candidate\":{\"sha256\":\"" SHA_B "\"}}",
         "candidate.weight"},
        {"{\"generation\":1," CHAMPION ",\"candidate\":{\"sha256\":\"" SHA_B "\",\"weight\":2}}",
         "candidate.weight"},
        {"{\"generation\":1," CHAMPION ",\"candidate\":{\"sha256\":\"" SHA_A "\",\"weight\":0}}",
         "is the champion's too"},
        {"{\"generation\":1,\"champion\":{\"sha256\":\"" SHA_A "\",\"weight\":1}}",
         "champion.weight"},
        {"{\"generation\":1," CHAMPION ",\"observe\":{\"sample\":7}}", "observe.sample"},
        {"{\"generation\":1," CHAMPION ",\"warm\":[\"x\"]}", "warm[0]: expected 64"},
        {"[", "desired"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct desired d;
        struct err e = {0};
        enum err_code code = desired_parse(cases[i].text, strlen(cases[i].text), "loan", &d, &e);
        if (!code || !strstr(e.message, cases[i].want)) {
            fail_msg("%s\n  expected \"%s\", got \"%s\"", cases[i].text, cases[i].want, e.message);
        }
    }
}

static void what_was_written_reads_back_the_same(void **state)
{
    (void)state;
    struct desired d = parse(FULL);
    cJSON *json = desired_to_json(&d);
    char *text = json_print(json);
    struct desired again = parse(text);
    assert_int_equal(desired_compare(&d, &again), DESIRED_SAME);
    free(text);
    cJSON_Delete(json);
}

static void generations_decide(void **state)
{
    (void)state;
    struct desired running = parse(FULL), wanted = running;
    assert_int_equal(desired_compare(NULL, &wanted), DESIRED_NEWER);
    assert_int_equal(desired_compare(&running, &wanted), DESIRED_SAME);
    wanted.generation = 18;
    assert_int_equal(desired_compare(&running, &wanted), DESIRED_NEWER);
    wanted.generation = 16;
    assert_int_equal(desired_compare(&running, &wanted), DESIRED_OLDER);
}

static void any_difference_within_a_generation_is_refused(void **state)
{
    (void)state;
    const struct desired running = parse(FULL);
    struct desired d[7];
    for (size_t i = 0; i < 7; i++) {
        d[i] = running;
    }
    d[0].weight = 0.06;
    d[1].shadow = false;
    strcpy(d[2].champion.label, "v5");
    d[3].has_candidate = false;
    d[4].n_warm = 1;
    strcpy(d[5].salt, "t");
    d[6].sample = 1;
    for (size_t i = 0; i < 7; i++) {
        if (desired_compare(&running, &d[i]) != DESIRED_DIFFERENT) {
            fail_msg("difference %zu was not seen", i);
        }
    }
}

static void versions_are_listed_once(void **state)
{
    (void)state;
    struct desired d = parse(FULL);
    const char *sha256s[DESIRED_MAX_VERSIONS];
    assert_int_equal(desired_versions(&d, sha256s), 3); /* the champion is among the warm ones */
    assert_string_equal(sha256s[0], SHA_A);
    assert_string_equal(sha256s[1], SHA_B);
    assert_string_equal(sha256s[2], SHA_C);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_everything),
        cmocka_unit_test(defaults_are_the_documented_ones),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(what_was_written_reads_back_the_same),
        cmocka_unit_test(generations_decide),
        cmocka_unit_test(any_difference_within_a_generation_is_refused),
        cmocka_unit_test(versions_are_listed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
