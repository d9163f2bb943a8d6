"""rate_scan_rejection.py - is the chi-squared statistic of a 2x2 table never less than -log of Fisher's one-sided p?

monitors/rate_scan.c rejects splits by it. Random tables of up to some millions of values, rates from 0.0003 to 1:

    /usr/bin/python3 tests/monitors/oracle/rate_scan_rejection.py

prints the least ratio of the two among tables whose p is e^-4 or less. Every change has a p below e^-4.8.
"""
import numpy as np
from scipy.stats import hypergeom

rng = np.random.default_rng(1)
N = 400000
recent = np.concatenate([rng.integers(1, 60, N), rng.integers(1, 3000, N)])
old = (recent * np.exp(rng.uniform(0, 8, 2 * N))).astype(int)
rate = np.exp(rng.uniform(-8, -0.01, 2 * N))
old_errors = rng.binomial(old, rate)
errors = rng.binomial(recent, np.minimum(1, rate * np.exp(rng.uniform(0, 4, 2 * N))))
rise = errors * old > old_errors * recent
recent, old, errors, old_errors = (a[rise].astype(float) for a in (recent, old, errors, old_errors))
n, events = old + recent, old_errors + errors
exponent = -hypergeom.logsf(errors - 1, n, events, recent)
chi_squared = (errors * old - old_errors * recent) ** 2 * n / (old * recent * events * (n - events))
for least in (4, 6, 8, 10):
    some = np.isfinite(exponent) & (exponent >= least) & (exponent < 200)
    print(f"{some.sum()} tables with p <= e^-{least}: ratio at least {(chi_squared[some] / exponent[some]).min():.4f}")
