/* test_tally.c - counters as replicas report them: read, added up, subtracted, saved and read back.
 */
#include "watch_bench.h"

#include "base/json.h"
#include "tally.h"

static cJSON *parse(const char *text)
{
    cJSON *j = NULL;
    assert_ok(json_parse("side", text, strlen(text), &j, e));
    return j;
}

#define SIDE(requests, rows, errors, counts)                                                       \
    "{\"requests\":" requests ",\"rows\":" rows ",\"errors\":" errors                              \
    ",\"latency_seconds\":{\"bounds\":[0.001,0.01],\"counts\":" counts ",\"sum\":1.5}}"

static struct tally from(const char *text)
{
    struct tally t = {0};
    cJSON *j = parse(text);
    assert_ok(tally_from_side(j, &t, e));
    cJSON_Delete(j);
    return t;
}

static void a_side_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct tally t = from(SIDE("10", "30", "2", "[7,2,1]"));
    assert_int_equal(t.requests, 10);
    assert_int_equal(t.rows, 30);
    assert_int_equal(t.errors, 2);
    assert_int_equal(t.n_buckets, 2);
    assert_int_equal(t.latency[0], 7);
    assert_int_equal(t.latency[2], 1);
    assert_true(t.latency_sum == 1.5 && t.bounds[1] == 0.01);
}

static void a_side_that_is_none_is_refused(void **state)
{
    static const char *const bad[] = {
        "{}",
        SIDE("-1", "30", "2", "[7,2,1]"),
        SIDE("1.5", "30", "2", "[7,2,1]"),
        SIDE("10", "30", "11", "[7,2,1]"), /* more errors than requests */
        SIDE("10", "30", "2", "[7,2]"),
        SIDE("10", "30", "2", "[7,2,1,0]"),
        SIDE("10", "30", "2", "[7,-2,1]"),
        SIDE("10", "30", "2", "[7,\"2\",1]"),
        SIDE("10", "30", "2", "[7,1e300,1]"),
        "{\"requests\":1,\"rows\":1,\"errors\":0,\"latency_seconds\":{\"bounds\":[2,1],"
        "\"counts\":[0,0,1],\"sum\":1}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct tally t = {0};
        struct err e = {0};
        cJSON *j = parse(bad[i]);
        enum err_code rc = tally_from_side(j, &t, &e);
        if (rc == ERR_OK)
            print_error("taken: %s\n", bad[i]);
        assert_int_not_equal(rc, ERR_OK);
        assert_int_equal(rc, e.code);
        cJSON_Delete(j);
    }
}

static void what_was_added_can_be_taken_off(void **state)
{
    (void)state;
    struct tally a = from(SIDE("10", "30", "2", "[7,2,1]"));
    struct tally b = from(SIDE("4", "9", "1", "[4,0,0]"));
    assert_ok(tally_merge(&a, &b, e));
    assert_int_equal(a.requests, 14);
    assert_int_equal(a.latency[0], 11);
    assert_ok(tally_subtract(&a, &b, e));
    assert_int_equal(a.requests, 10);
    assert_int_equal(a.rows, 30);
    assert_int_equal(a.errors, 2);
    assert_int_equal(a.latency[0], 7);
}

static void counters_that_went_backwards_are_noticed(void **state)
{
    (void)state;
    struct tally now = from(SIDE("3", "9", "1", "[3,0,0]"));
    struct tally before = from(SIDE("4", "9", "1", "[4,0,0]"));
    struct tally moved = from(SIDE("4", "9", "1", "[1,3,0]")); /* the same sum, another bucket */
    assert_int_equal(tally_subtract(&now, &before, NULL), ERR_INVALID);
    assert_int_equal(tally_subtract(&moved, &before, NULL), ERR_INVALID);
}

static void a_blob_gives_back_the_same_tally(void **state)
{
    struct bench *b = *state;
    struct sim s;
    struct sim_requests r = {.sha256 = b->champion, .role = "champion", .n = 77};
    struct tally t = from(SIDE("10", "30", "2", "[7,2,1]")), back = {0};
    void *blob = NULL;
    size_t len = 0;
    sim_init(&s, b, "r", "i");
    sim_serve(&s, &r);
    const struct ruler *ruler = s.versions[0]->ruler;
    assert_ok(profile_copy(s.sides[0].scored, &t.profile, e));
    assert_ok(tally_to_blob(&t, &blob, &len, e));
    assert_ok(tally_from_blob(blob, len, ruler, &back, e));
    assert_int_equal(back.requests, 10);
    assert_int_equal(back.n_buckets, 2);
    assert_memory_equal(back.latency, t.latency, sizeof(t.latency));
    assert_memory_equal(back.bounds, t.bounds, sizeof(t.bounds));
    assert_true(back.latency_sum == t.latency_sum);
    assert_int_equal(back.profile->n_rows, 77);
    assert_memory_equal(back.profile->counts, t.profile->counts, ruler->n_cells * sizeof(uint64_t));
    assert_int_not_equal(tally_from_blob(blob, len / 2, ruler, &back, NULL), ERR_OK);
    free(blob);
    tally_clean_up(&t);
    tally_clean_up(&back);
    sim_clean_up(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_side_is_read_as_it_was_written),
        cmocka_unit_test(a_side_that_is_none_is_refused),
        cmocka_unit_test(what_was_added_can_be_taken_off),
        cmocka_unit_test(counters_that_went_backwards_are_noticed),
        bench_test(a_blob_gives_back_the_same_tally),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
