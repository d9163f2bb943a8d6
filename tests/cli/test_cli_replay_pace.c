/* test_cli_replay_pace.c - rows go evenly, and a stall is not answered by a flood. */
#include "testing.h"

#include "replay_pace.h"

/* Rows that go in [from, to) looking every step_ms. */
static int count(struct replay_pace *p, double from, double to, double step_ms)
{
    int n = 0;
    for (double now = from; now < to; now += step_ms)
        while (replay_pace_take(p, now))
            n++;
    return n;
}

static void pace_gives_the_rate_that_was_asked_for(void **state)
{
    (void)state;
    struct replay_pace p = replay_pace_start(500, 1000);
    assert_in_range(count(&p, 1000, 11000, 1), 4999, 5001);
}

static void pace_is_even(void **state)
{
    (void)state;
    struct replay_pace p = replay_pace_start(100, 0);
    assert_true(replay_pace_take(&p, 0));
    assert_false(replay_pace_take(&p, 9.9));
    assert_int_equal(replay_pace_wait_ms(&p, 9.9), 1);
    assert_int_equal(replay_pace_wait_ms(&p, 0), 10);
    assert_true(replay_pace_take(&p, 10));
}

static void pace_makes_up_for_at_most_a_tenth_of_a_second(void **state)
{
    (void)state;
    struct replay_pace p = replay_pace_start(1000, 0);
    assert_in_range(count(&p, 60000, 60000.5, 1), 100, 102);
}

static void pace_of_zero_never_waits(void **state)
{
    (void)state;
    struct replay_pace p = replay_pace_start(0, 5);
    for (int i = 0; i < 1000; i++)
        assert_true(replay_pace_take(&p, 5));
    assert_int_equal(replay_pace_wait_ms(&p, 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pace_gives_the_rate_that_was_asked_for),
        cmocka_unit_test(pace_is_even),
        cmocka_unit_test(pace_makes_up_for_at_most_a_tenth_of_a_second),
        cmocka_unit_test(pace_of_zero_never_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
