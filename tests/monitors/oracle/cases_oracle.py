#!/usr/bin/python3
"""The right values where a peer's stated value is the peer's fault: what the tests of the cases
(test_monitors_cases_evidently.c, ..._frouros.c) list as `faults`. SciPy where it is exact, mpmath and enumeration where it is not.

Print them:  /usr/bin/python3 tests/monitors/oracle/cases_oracle.py ../shared/data
"""
import csv
import gzip
import itertools
import json
import math
import sys
import warnings

import mpmath
import numpy as np
from scipy import stats

warnings.simplefilter("ignore")
mpmath.mp.dps = 30
folder = sys.argv[1]
cases = {c["name"]: c for c in json.load(open(folder + "/cases/06_evidently_stattests.json"))["cases"]}


def sides(name):
    return np.array(cases[name]["ref"]), np.array(cases[name]["cur"])


def anderson_darling_by_enumeration(x, y):
    z = np.sort(np.concatenate([x, y]))
    distinct = np.unique(z)

    def statistic(a, b):
        return stats._morestats._anderson_ksamp_midrank([a, b], z, distinct, 2, [len(a), len(b)],
                                                        len(z))
    limit = statistic(x, y) * (1 - 1e-12)
    beyond = deals = 0
    for chosen in itertools.combinations(range(len(z)), len(x)):
        rest = np.ones(len(z), bool)
        rest[list(chosen)] = False
        beyond += statistic(z[list(chosen)], z[rest]) >= limit
        deals += 1
    return beyond / deals


def anderson_darling_limit(x, y):
    """Anderson & Darling 1952, with 30 digits."""
    z = 1 + mpmath.mpf(stats.anderson_ksamp([x, y]).statistic) * mpmath.sqrt(
        2 * (mpmath.pi**2 - 9) / 3)
    total = mpmath.mpf(0)
    for j in range(60):
        c = mpmath.mpf(4 * j + 1) ** 2 * mpmath.pi**2 / (8 * z)
        part = mpmath.quad(lambda w: mpmath.exp(z / (8 * (w * w + 1)) - c * w * w),
                           [0, 0.25, 0.5, 1, 2, 4, 20])
        term = mpmath.binomial(mpmath.mpf(-1) / 2, j) * (4 * j + 1) * mpmath.exp(-c) * part
        total += term
        if abs(term) < mpmath.mpf(10) ** -25:
            break
    return 1 - mpmath.sqrt(2 * mpmath.pi) / z * total


def cramer_von_mises_limit(x, y):
    """Csorgo & Faraway 1996, with 30 digits, at the statistic that SciPy standardises."""
    n1, n2 = len(x), len(y)
    n, k = n1 + n2, n1 * n2
    mean = (1 + 1 / n) / 6
    variance = (n + 1) * (4 * k * n - 3 * (n1**2 + n2**2) - 2 * k) / (45 * n**2 * 4 * k)
    t = mpmath.mpf(1 / 6 + (stats.cramervonmises_2samp(x, y).statistic - mean)
                   / math.sqrt(45 * variance))
    total = mpmath.mpf(0)
    for j in range(400):
        q = mpmath.mpf(4 * j + 1) ** 2 / (16 * t)
        total += (mpmath.gamma(j + 0.5) / mpmath.gamma(j + 1) / (mpmath.pi**1.5 * mpmath.sqrt(t))
                  * mpmath.sqrt(4 * j + 1) * mpmath.exp(-q) * mpmath.besselk(0.25, q))
    return 1 - total


def elec2():
    rows = csv.DictReader(gzip.open(folder + "/streams/electricity.csv.gz", "rt"))
    date = np.array([float(row["date"]) for row in rows]).astype(np.float16).astype(float)
    return date[:22656], date[22656:]


x, y = sides("mannwhitney_one_sided_less")
print("mannwhitney_one_sided_less", stats.mannwhitneyu(x, y).pvalue)
print("anderson", anderson_darling_by_enumeration(*sides("anderson")))
x, y = sides("num400_300_t_test")
print("num400_300_t_test", stats.ttest_ind(x, y, equal_var=False).pvalue)
print("num400_300_cramer_von_mises", mpmath.nstr(cramer_von_mises_limit(x, y), 15))
print("num400_300_anderson_darling_test", mpmath.nstr(anderson_darling_limit(x, y), 15))
print("elec2 WelchT", stats.ttest_ind(*elec2(), equal_var=False).statistic)
