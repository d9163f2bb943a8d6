/* loan_rules.c - see loan_rules.h. */
#include "loan_rules.h"

#include <assert.h>
#include <math.h>

#define COMMISSION_ENDS 75000.0 /* salaries from here on earn none */

static double uniform(struct rng *rng, double lo, double hi)
{
    return lo + (hi - lo) * rng_uniform(rng);
}

static int whole(struct rng *rng, int lo, int hi)
{
    return lo + (int)rng_below(rng, (uint64_t)(hi - lo + 1));
}

/* What a house costs in the middle of its zipcode; zipcode 9 is the cheapest. */
static double house_price(int zipcode)
{
    return 100000.0 * (10 - zipcode);
}

void loan_draw(struct rng *rng, struct loan_applicant *out)
{
    out->salary = uniform(rng, 20000, 150000);
    out->commission = out->salary >= COMMISSION_ENDS ? 0 : uniform(rng, 10000, 75000);
    out->age = whole(rng, 20, 80);
    out->elevel = whole(rng, 0, 4);
    out->car = whole(rng, 1, 20);
    out->zipcode = whole(rng, 1, 9);
    out->hvalue = house_price(out->zipcode) * uniform(rng, 0.5, 1.5);
    out->hyears = whole(rng, 1, 30);
    out->loan = uniform(rng, 0, 500000);
}

/* The functions' three bands of age. */
enum age_band { YOUNG, MIDDLE, OLD, AGE_BANDS };

static enum age_band band_of(const struct loan_applicant *a)
{
    return a->age < 40 ? YOUNG : a->age < 60 ? MIDDLE : OLD;
}

struct range {
    double lo, hi; /* both inside */
};

static bool within(double value, struct range r)
{
    return value >= r.lo && value <= r.hi;
}

static bool by_age(const struct loan_applicant *a)
{
    return band_of(a) != MIDDLE;
}

static bool by_income_for_age(const struct loan_applicant *a, double income)
{
    static const struct range wanted[AGE_BANDS] = {
        [YOUNG] = {50000, 100000}, [MIDDLE] = {75000, 125000}, [OLD] = {25000, 75000}};
    return within(income, wanted[band_of(a)]);
}

static bool schooled_for_age(const struct loan_applicant *a)
{
    static const struct range wanted[AGE_BANDS] = {
        [YOUNG] = {0, 1}, [MIDDLE] = {1, 3}, [OLD] = {2, 4}};
    return within(a->elevel, wanted[band_of(a)]);
}

static bool by_salary_for_age_and_school(const struct loan_applicant *a)
{
    static const struct range wanted[AGE_BANDS][2] = {
        [YOUNG] = {{50000, 100000}, {25000, 75000}},
        [MIDDLE] = {{75000, 125000}, {50000, 100000}},
        [OLD] = {{25000, 75000}, {50000, 100000}},
    };
    return within(a->salary, wanted[band_of(a)][schooled_for_age(a)]);
}

static bool by_loan_for_age_and_salary(const struct loan_applicant *a)
{
    static const struct range wanted[AGE_BANDS][2] = {
        [YOUNG] = {{200000, 400000}, {100000, 300000}},
        [MIDDLE] = {{300000, 500000}, {200000, 400000}},
        [OLD] = {{100000, 300000}, {300000, 500000}},
    };
    return within(a->loan, wanted[band_of(a)][by_income_for_age(a, a->salary)]);
}

static double two_thirds_of_income(const struct loan_applicant *a)
{
    return 2 * (a->salary + a->commission) / 3;
}

static double equity(const struct loan_applicant *a)
{
    return a->hyears < 20 ? 0 : a->hvalue * (a->hyears - 20) / 10;
}

bool loan_approved(int function, const struct loan_applicant *a)
{
    switch (function) {
    case 1:
        return by_age(a);
    case 2:
        return by_income_for_age(a, a->salary);
    case 3:
        return schooled_for_age(a);
    case 4:
        return by_salary_for_age_and_school(a);
    case 5:
        return by_loan_for_age_and_salary(a);
    case 6:
        return by_income_for_age(a, a->salary + a->commission);
    case 7:
        return two_thirds_of_income(a) - a->loan / 5 - 20000 > 0;
    case 8:
        return two_thirds_of_income(a) - 5000.0 * a->elevel - 20000 > 0;
    case 9:
        return two_thirds_of_income(a) - 5000.0 * a->elevel - a->loan / 5 - 10000 > 0;
    case 10:
        return two_thirds_of_income(a) - 5000.0 * a->elevel + equity(a) / 5 - 10000 > 0;
    }
    assert(!"a function of 1..10");
    return false;
}

static double moved(struct rng *rng, double fraction, double value, double lo, double hi)
{
    double to = value + (hi - lo) * fraction * uniform(rng, -1, 1);
    return fmin(fmax(to, lo), hi);
}

void loan_perturb(struct rng *rng, double fraction, struct loan_applicant *a)
{
    double price = house_price(a->zipcode);
    a->salary = moved(rng, fraction, a->salary, 20000, 150000);
    if (a->commission > 0)
        a->commission = moved(rng, fraction, a->commission, 10000, 75000);
    a->age = (int)lround(moved(rng, fraction, a->age, 20, 80));
    a->hvalue = moved(rng, fraction, a->hvalue, 0.5 * price, 1.5 * price);
    a->hyears = (int)lround(moved(rng, fraction, a->hyears, 1, 30));
    a->loan = moved(rng, fraction, a->loan, 0, 500000);
}

void loan_inflate(double factor, struct loan_applicant *a)
{
    a->hvalue *= factor;
    a->loan *= factor;
}
