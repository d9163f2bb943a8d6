/* test_loan_rules.c - the ten functions against cases worked out by hand from the paper's text. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "loan_rules.h"

#define DRAWS 20000

struct hand_case {
    int function;
    bool approved;
    struct loan_applicant a;
    const char *why;
};

static const struct hand_case cases[] = {
    {1, true, {.age = 39}, "under 40"},
    {1, false, {.age = 40}, "40 is in the middle"},
    {1, false, {.age = 59}, "59 is in the middle"},
    {1, true, {.age = 60}, "60 is old"},
    {2, true, {.age = 39, .salary = 50000}, "young: 50,000 to 100,000, both inside"},
    {2, false, {.age = 39, .salary = 49999}, "young, one short"},
    {2, false, {.age = 40, .salary = 50000}, "middle: from 75,000 on"},
    {2, true, {.age = 40, .salary = 125000}, "middle: up to 125,000"},
    {2, true, {.age = 60, .salary = 25000}, "old: 25,000 to 75,000"},
    {2, false, {.age = 60, .salary = 75001}, "old, one too many"},
    {2, false, {.age = 30, .salary = 40000, .commission = 20000}, "commission does not count"},
    {3, true, {.age = 30, .elevel = 1}, "young: 0 or 1"},
    {3, false, {.age = 30, .elevel = 2}, "young: 0 or 1"},
    {3, false, {.age = 50, .elevel = 0}, "middle: 1 to 3"},
    {3, true, {.age = 50, .elevel = 3}, "middle: 1 to 3"},
    {3, false, {.age = 70, .elevel = 1}, "old: 2 to 4"},
    {3, true, {.age = 70, .elevel = 4}, "old: 2 to 4"},
    {4, true, {.age = 30, .elevel = 0, .salary = 30000}, "young, level 0: 25,000 to 75,000"},
    {4, false, {.age = 30, .elevel = 2, .salary = 30000}, "young, level 2: 50,000 to 100,000"},
    {4, true, {.age = 50, .elevel = 2, .salary = 60000}, "middle, level 2: 50,000 to 100,000"},
    {4, false, {.age = 50, .elevel = 4, .salary = 60000}, "middle, level 4: 75,000 to 125,000"},
    {4, true, {.age = 70, .elevel = 3, .salary = 90000}, "old, level 3: 50,000 to 100,000"},
    {4, false, {.age = 70, .elevel = 0, .salary = 90000}, "old, level 0: 25,000 to 75,000"},
    {5, true, {.age = 30, .salary = 60000, .loan = 150000}, "salary fits: loan 100,000 to 300,000"},
    {5, false, {.age = 30, .salary = 120000, .loan = 150000}, "it does not: 200,000 to 400,000"},
    {5, false, {.age = 50, .salary = 100000, .loan = 450000}, "salary fits: 200,000 to 400,000"},
    {5, true, {.age = 50, .salary = 60000, .loan = 450000}, "it does not: 300,000 to 500,000"},
    {5, true, {.age = 70, .salary = 50000, .loan = 350000}, "salary fits: 300,000 to 500,000"},
    {5, false, {.age = 70, .salary = 100000, .loan = 350000}, "it does not: 100,000 to 300,000"},
    {6, true, {.age = 30, .salary = 40000, .commission = 20000}, "60,000 together"},
    {6, false, {.age = 30, .salary = 60000, .commission = 60000}, "120,000 together is too much"},
    {6, true, {.age = 50, .salary = 60000, .commission = 60000}, "120,000 fits the middle"},
    {6, false, {.age = 65, .salary = 60000, .commission = 20000}, "80,000 is too much for the old"},
    {7, true, {.salary = 90000, .loan = 100000}, "60,000 - 20,000 - 20,000 = 20,000"},
    {7, false, {.salary = 90000, .loan = 200000}, "60,000 - 40,000 - 20,000 = 0, not above"},
    {7, true, {.salary = 60000, .commission = 30001, .loan = 200000}, "commission tips it"},
    {8, true, {.salary = 60000, .elevel = 3}, "40,000 - 15,000 - 20,000 = 5,000"},
    {8, false, {.salary = 60000, .elevel = 4}, "40,000 - 20,000 - 20,000 = 0, not above"},
    {9,
     true,
     {.salary = 60000, .elevel = 2, .loan = 99000},
     "40,000 - 10,000 - 19,800 - 10,000 = 200"},
    {9, false, {.salary = 60000, .elevel = 2, .loan = 101000}, "the same with 20,200 = -200"},
    {10,
     false,
     {.salary = 30000, .elevel = 2, .hyears = 19, .hvalue = 900000},
     "no equity: 0, not above"},
    {10,
     true,
     {.salary = 30000, .elevel = 2, .hyears = 21, .hvalue = 100000},
     "equity 10,000 adds 2,000"},
    {10,
     false,
     {.salary = 30000, .elevel = 4, .hyears = 20, .hvalue = 900000},
     "equity of year 20 is 0"},
};

static void functions_approve_as_worked_out_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct hand_case *c = &cases[i];
        bool got = loan_approved(c->function, &c->a);
        if (got != c->approved)
            fail_msg("case %zu, function %d (%s): got %d, want %d", i, c->function, c->why, got,
                     c->approved);
    }
}

/* Shares of group A from an independent program's 20,000 draws (standard error 0.0035). */
static void functions_approve_the_share_that_an_independent_program_finds(void **state)
{
    static const double want[LOAN_FUNCTIONS] = {0.671, 0.388, 0.527, 0.387, 0.400,
                                                0.401, 0.488, 0.979, 0.487, 0.997};
    (void)state;
    for (int function = 1; function <= LOAN_FUNCTIONS; function++) {
        struct rng rng;
        int n = 0;
        rng_seed(&rng, 7);
        for (int i = 0; i < DRAWS; i++) {
            struct loan_applicant a;
            loan_draw(&rng, &a);
            n += loan_approved(function, &a);
        }
        double got = (double)n / DRAWS;
        if (fabs(got - want[function - 1]) > 0.02)
            fail_msg("function %d: share %.3f, want %.3f +- 0.02", function, got,
                     want[function - 1]);
    }
}

static void assert_between(const char *what, double got, double lo, double hi)
{
    if (!(got >= lo && got <= hi))
        fail_msg("%s: got %f, want %f to %f", what, got, lo, hi);
}

static void assert_in_ranges(const struct loan_applicant *a)
{
    assert_between("salary", a->salary, 20000, 150000);
    if (a->commission != 0) {
        assert_between("commission", a->commission, 10000, 75000);
    }
    assert_between("age", a->age, 20, 80);
    assert_between("elevel", a->elevel, 0, 4);
    assert_between("car", a->car, 1, 20);
    assert_between("zipcode", a->zipcode, 1, 9);
    assert_between("hvalue", a->hvalue, 50000.0 * (10 - a->zipcode), 150000.0 * (10 - a->zipcode));
    assert_between("hyears", a->hyears, 1, 30);
    assert_between("loan", a->loan, 0, 500000);
}

static void applicants_keep_to_the_ranges_of_the_paper_even_when_perturbed(void **state)
{
    struct rng rng;
    (void)state;
    rng_seed(&rng, 3);
    for (int i = 0; i < DRAWS; i++) {
        struct loan_applicant a;
        loan_draw(&rng, &a);
        assert_in_ranges(&a);
        assert_int_equal(a.commission == 0, a.salary >= 75000);
        loan_perturb(&rng, 0.5, &a);
        assert_in_ranges(&a);
    }
}

static void inflation_leaves_the_demos_rules_alone(void **state)
{
    struct rng rng;
    (void)state;
    rng_seed(&rng, 5);
    for (int i = 0; i < DRAWS; i++) {
        struct loan_applicant a, dearer;
        loan_draw(&rng, &a);
        dearer = a;
        loan_inflate(1.6, &dearer);
        assert_true(dearer.hvalue > a.hvalue);
        assert_int_equal(loan_approved(2, &dearer), loan_approved(2, &a));
        assert_int_equal(loan_approved(6, &dearer), loan_approved(6, &a));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_approve_as_worked_out_by_hand),
        cmocka_unit_test(functions_approve_the_share_that_an_independent_program_finds),
        cmocka_unit_test(applicants_keep_to_the_ranges_of_the_paper_even_when_perturbed),
        cmocka_unit_test(inflation_leaves_the_demos_rules_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
