/*
 * test_monitors_joint_alarms.c - do the joint monitors keep their budget? Realised false alarms of
 * all five statistics together on streams that do not change, smallest effects switched off. With k
 * alarms in n windows the exact upper 95 % bound (Clopper & Pearson 1934) must lie below the
 * budget. bench_joint_power counts more windows, and 50 features.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "joint_stream.h"
#include "tail.h"

#define BUDGET 0.05
#define N_REFERENCES 40
#define N_WINDOWS 10 /* each: windows of one reference share its luck */
#define WINDOW_ROWS 600

static int count_alarms(enum joint_law law)
{
    int alarms = 0;
    struct mon_joint_options o;
    mon_joint_options_init(&o);
    o.false_alarm_rate = BUDGET;
    memset(o.min_effect, 0, sizeof o.min_effect);
    for (uint64_t r = 0; r < N_REFERENCES; r++) {
        struct joint_stream s;
        joint_stream_init(&s, law, 6, 50, 60, 300 + r);
        struct mon_joint_null *null = joint_stream_null(&s, WINDOW_ROWS);
        for (int k = 0; k < N_WINDOWS; k++) {
            struct mon_signal signals[MON_N_JOINT];
            size_t n;
            struct mon_joint_sums *window = joint_stream_window(&s, WINDOW_ROWS, NULL);
            assert_int_equal(mon_joint_check(&o, null, s.reference, window, signals, &n, NULL),
                             ERR_OK);
            alarms += mon_signals_count(signals, n, MON_DRIFT) > 0;
            mon_joint_sums_free(window);
        }
        mon_joint_null_free(null);
        joint_stream_deinit(&s);
    }
    return alarms;
}

static double upper_bound(int alarms, int windows)
{
    double low = 0.0, high = 1.0;
    for (int i = 0; i < 50; i++) {
        double rate = 0.5 * (low + high);
        if (1.0 - tail_binomial(alarms + 1.0, windows, rate) > 0.05)
            low = rate;
        else
            high = rate;
    }
    return high;
}

static void alarms_stay_within_the_budget(void **state)
{
    (void)state;
    for (int law = JOINT_NORMAL; law <= JOINT_FACTORS; law++) {
        int alarms = count_alarms((enum joint_law)law), windows = N_REFERENCES * N_WINDOWS;
        double bound = upper_bound(alarms, windows);
        print_message("%-20s %2d alarms in %d windows, budget %g, upper bound %.4f\n",
                      joint_law_names[law], alarms, windows, BUDGET, bound);
        if (!(bound <= BUDGET))
            fail_msg("%s: upper 95 %% bound %g, allowed %g", joint_law_names[law], bound, BUDGET);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(alarms_stay_within_the_budget)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
