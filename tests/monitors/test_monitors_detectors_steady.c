/*
 * test_monitors_detectors_steady.c - an update allocates nothing, whatever it finds. Linked with
 * malloc, calloc and realloc wrapped, so that they can be counted.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/rand.h"
#include "monitors/detectors.h"

#define N_ROWS 20000

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static size_t allocations;

void *__wrap_malloc(size_t n)
{
    allocations++;
    return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    allocations++;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    allocations++;
    return __real_realloc(p, n);
}

static void no_update_of_any_kind_allocates(void **state)
{
    (void)state;
    for (size_t k = 0; mon_detector_kind(k) != NULL; k++) {
        struct rng r;
        struct mon_detector *d = NULL;
        allocations = 0;
        assert_int_equal(mon_detector_new(mon_detector_kind(k), NULL, &d, NULL), ERR_OK);
        assert_true(allocations > 0); /* it does count */
        rng_seed(&r, k);
        allocations = 0;
        for (int i = 0; i < N_ROWS; i++)
            mon_detector_update(d, rng_uniform(&r) < (i / 5000 % 2 == 0 ? 0.1 : 0.6));
        if (allocations != 0)
            fail_msg("%s: %zu allocations in %d updates", mon_detector_kind(k), allocations,
                     N_ROWS);
        mon_detector_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_update_of_any_kind_allocates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
