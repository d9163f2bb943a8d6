/* test_cli_replay_fleet.c - turns are fair, and a replica that failed is left alone for a while. */
#include "testing.h"

#include "replay_fleet.h"

static struct replay_fleet open_fleet(size_t n, const char *const *urls)
{
    struct opt_list list = {.n = n};
    struct replay_fleet f = {0};
    struct err e = {0};
    for (size_t i = 0; i < n; i++)
        list.items[i] = urls[i];
    assert_ok(replay_fleet_open(&f, NULL, &list, &e), &e);
    return f;
}

static const char *const three[] = {"a:1", "http://b:2/", "https://c:3"};

static void fleet_goes_round(void **state)
{
    (void)state;
    int64_t wait = 0;
    struct replay_fleet f = open_fleet(3, three);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(replay_fleet_pick(&f, 0, &wait), "http://a:1");
        assert_string_equal(replay_fleet_pick(&f, 0, &wait), "http://b:2");
        assert_string_equal(replay_fleet_pick(&f, 0, &wait), "https://c:3");
    }
    replay_fleet_free(&f);
}

static void fleet_leaves_a_failed_replica_alone_ever_longer(void **state)
{
    (void)state;
    int64_t wait = 0, first = 0;
    struct replay_fleet f = open_fleet(1, three);
    replay_fleet_failed(&f, "http://a:1", 1000);
    assert_null(replay_fleet_pick(&f, 1000, &first));
    replay_fleet_failed(&f, "http://a:1", 1000 + first / 2); /* the same failure: sent together */
    assert_non_null(replay_fleet_pick(&f, 1000 + first, &wait));
    replay_fleet_failed(&f, "http://a:1", 2000);
    assert_null(replay_fleet_pick(&f, 2000, &wait));
    assert_int_equal(wait, 2 * first);
    replay_fleet_succeeded(&f, "http://a:1");
    assert_non_null(replay_fleet_pick(&f, 2000, &wait));
    replay_fleet_free(&f);
}

static void fleet_goes_on_with_the_others(void **state)
{
    (void)state;
    int64_t wait = 0;
    struct replay_fleet f = open_fleet(3, three);
    replay_fleet_failed(&f, "http://b:2", 0);
    for (int i = 0; i < 4; i++)
        assert_string_not_equal(replay_fleet_pick(&f, 1, &wait), "http://b:2");
    replay_fleet_free(&f);
}

static void fleet_of_nobody_is_refused(void **state)
{
    (void)state;
    struct opt_list none = {0};
    struct replay_fleet f = {0};
    struct err e = {0};
    assert_fails(replay_fleet_open(&f, NULL, &none, &e), &e, ERR_INVALID, "expected a replica");
    replay_fleet_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fleet_goes_round),
        cmocka_unit_test(fleet_leaves_a_failed_replica_alone_ever_longer),
        cmocka_unit_test(fleet_goes_on_with_the_others),
        cmocka_unit_test(fleet_of_nobody_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
