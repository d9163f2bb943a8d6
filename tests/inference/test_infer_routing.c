/*
 * test_infer_routing.c - shares, stickiness and the monotone ramp of the split.
 */
#include <math.h>

#include "routing.h"
#include "testing.h"

#define N_KEYS 200000

static size_t key_text(int i, char out[32])
{
    return (size_t)snprintf(out, 32, "user-%d", i);
}

/* A share of n independent keys stays within 5 standard deviations; the keys are fixed, so it
 * always does. */
static void gives_the_candidate_its_share(void **state)
{
    (void)state;
    static const double weights[] = {0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.9};
    for (size_t w = 0; w < sizeof weights / sizeof *weights; w++) {
        struct routing r;
        char key[32];
        int n = 0;
        routing_init(&r, "loan", weights[w], 1);
        for (int i = 0; i < N_KEYS; i++) {
            n += routing_to_candidate(&r, key, key_text(i, key));
        }
        double sd = sqrt(weights[w] * (1 - weights[w]) / N_KEYS);
        double share = (double)n / N_KEYS;
        if (fabs(share - weights[w]) > 5 * sd) {
            fail_msg("weight %g: share %g, standard deviation %g", weights[w], share, sd);
        }
    }
}

static void raising_the_weight_moves_nobody_back(void **state)
{
    (void)state;
    struct routing ramp[101];
    char key[32];
    for (int percent = 0; percent <= 100; percent++) {
        routing_init(&ramp[percent], "loan", percent / 100.0, 1);
    }
    for (int i = 0; i < 20000; i++) {
        size_t len = key_text(i, key);
        bool was = false;
        for (int percent = 0; percent <= 100; percent++) {
            bool is = routing_to_candidate(&ramp[percent], key, len);
            if (was && !is) {
                fail_msg("%s left the candidate at %d %%", key, percent);
            }
            was = is;
        }
        assert_true(was); /* all of them at 100 % */
    }
}

static void nobody_at_weight_zero(void **state)
{
    (void)state;
    struct routing r;
    char key[32];
    routing_init(&r, "loan", 0, 1);
    for (int i = 0; i < 5000; i++) {
        assert_false(routing_to_candidate(&r, key, key_text(i, key)));
    }
}

/* The key is the first half of SHA-256("loan"); u was computed by another
 * implementation of SipHash-2-4 (checked with the vector of the paper, appendix A). */
static void is_the_hash_of_the_wire_contract(void **state)
{
    (void)state;
    struct routing r;
    routing_init(&r, "loan", 1, 1);
    static const uint8_t want[] = {0x47, 0x2b, 0xbf, 0x14, 0x92, 0x3e, 0x2e, 0x7c,
                                   0xef, 0xd8, 0x52, 0x98, 0x25, 0xc4, 0x01, 0xe8};
    assert_memory_equal(r.split_key, want, sizeof want);
    double u = 0.9924212888210889;
    routing_init(&r, "loan", nextafter(u, 1) + 1e-12, 1);
    assert_true(routing_to_candidate(&r, "user-1", 6));
    routing_init(&r, "loan", u - 1e-12, 1);
    assert_false(routing_to_candidate(&r, "user-1", 6));
}

static void another_salt_splits_another_way(void **state)
{
    (void)state;
    struct routing a, b;
    char key[32];
    int both = 0;
    routing_init(&a, "loan", 0.5, 1);
    routing_init(&b, "fraud", 0.5, 1);
    for (int i = 0; i < 10000; i++) {
        size_t len = key_text(i, key);
        both += routing_to_candidate(&a, key, len) && routing_to_candidate(&b, key, len);
    }
    assert_in_range(both, 2300, 2700); /* independent: a quarter */
}

static void observing_does_not_follow_the_split(void **state)
{
    (void)state;
    struct routing r;
    char key[32];
    int candidate = 0, observed = 0;
    routing_init(&r, "loan", 0.1, 0.1);
    for (int i = 0; i < N_KEYS; i++) {
        size_t len = key_text(i, key);
        if (routing_to_candidate(&r, key, len)) {
            candidate++;
            observed += routing_observed(&r, key, len);
        }
    }
    double share = (double)observed / candidate;
    if (share < 0.09 || share > 0.11) {
        fail_msg("of the candidate's keys %g are observed, expected 0.1", share);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_candidate_its_share),
        cmocka_unit_test(raising_the_weight_moves_nobody_back),
        cmocka_unit_test(nobody_at_weight_zero),
        cmocka_unit_test(is_the_hash_of_the_wire_contract),
        cmocka_unit_test(another_salt_splits_another_way),
        cmocka_unit_test(observing_does_not_follow_the_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
