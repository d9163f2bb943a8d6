#!/usr/bin/python3
"""Independent values for the two-sample and contingency tests (SciPy 1.10, mpmath, brute force).

Regenerate:  /usr/bin/python3 tests/monitors/oracle/two_sample_oracle.py > tests/monitors/data/two_sample_oracle.json

The file holds no data: both sides draw the same samples from a seed. The generator is the 64-bit
linear congruence s <- 6364136223846793005 s + 1442695040888963407, u = (s >> 11) / 2^53, and the
laws use only additions, multiplications, divisions and floor, which IEEE doubles round alike
everywhere:
    normal    sum of 12 u, less 6, added one by one
    offset    1e8 + normal
    heavy     v / (1 - |v| + 2^-40) with v = 2 u - 1
    ties      floor(5 u)
    coarse    floor(8 x normal) / 8
    constant  3
The second sample follows the first in the stream, and `shift` is added to it (after the law).

Where SciPy is exact for the data it is taken. Where it is not, something slower is: it ignores ties
(Kolmogorov-Smirnov and Cramer-von Mises are then counted with whole numbers), it clips
Anderson-Darling to 0.001..0.25 and loses the tail of Cramer-von Mises below 1e-7 (mpmath here).
"""
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
MASK = (1 << 64) - 1


class Stream:
    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & MASK
        return (self.state >> 11) / 9007199254740992.0

    def normal(self):
        total = 0.0
        for _ in range(12):
            total += self.uniform()
        return total - 6.0

    def draw(self, law):
        if law == "normal":
            return self.normal()
        if law == "offset":
            return 1e8 + self.normal()
        if law == "heavy":
            v = 2.0 * self.uniform() - 1.0
            return v / (1.0 - abs(v) + 2.0**-40)
        if law == "ties":
            return float(math.floor(5.0 * self.uniform()))
        if law == "coarse":
            return math.floor(8.0 * self.normal()) / 8.0
        return 3.0


def ways(n1, n2):
    return math.comb(n1 + n2, n1)


def enumerable(n1, n2):
    return ways(n1, n2) * (n1 + n2) <= 4e5


def brute(x, y, statistic):
    """Share of all deals of the pooled values whose statistic is at least the observed one."""
    pooled = np.concatenate([x, y])
    observed = statistic(x, y)
    chosen = np.array(list(itertools.combinations(range(len(pooled)), len(x))))
    beyond = 0
    everything = np.arange(len(pooled))
    for c in chosen:
        rest = np.ones(len(pooled), bool)
        rest[c] = False
        beyond += statistic(pooled[c], pooled[everything[rest]]) >= observed - 1e-12 * abs(observed)
    return beyond / len(chosen)


def steps(x, y):
    """F and G in whole steps at the end of every group."""
    z = np.unique(np.concatenate([x, y]))
    return np.searchsorted(np.sort(x), z, "right"), np.searchsorted(np.sort(y), z, "right")


def ks(x, y):
    n1, n2 = len(x), len(y)
    i, j = steps(x, y)
    h = int(np.max(np.abs(i * n2 - j * n1)))
    d = h / (n1 * n2)
    tied = len(np.unique(np.concatenate([x, y]))) < n1 + n2
    if n1 * n2 > 3e7:
        return d, None
    if not tied:
        return d, float(stats.ks_2samp(x, y).pvalue)
    if n1 * n2 > 50000:
        return d, None
    # paths that stay inside, counted with whole numbers; checked at the ends of groups alone
    ends = set((i + j).tolist())
    inside = [0] * (n2 + 1)
    for a in range(n1 + 1):
        for b in range(n2 + 1):
            if a == 0 and b == 0:
                count = 1
            else:
                count = (inside[b] if a > 0 else 0) + (inside[b - 1] if b > 0 else 0)
            if a + b in ends and abs(a * n2 - b * n1) >= h:
                count = 0
            inside[b] = count
    return d, float(mpmath.mpf(ways(n1, n2) - inside[n2]) / ways(n1, n2))


def kuiper_v(x, y):
    i, j = steps(x, y)
    f = i / len(x) - j / len(y)
    return max(f.max(), 0.0) + max(-f.min(), 0.0)


def kuiper(x, y):
    n1, n2, v = len(x), len(y), kuiper_v(x, y)
    if enumerable(n1, n2):
        return v, brute(x, y, kuiper_v)
    ne = n1 * n2 / (n1 + n2)
    lam = mpmath.mpf((math.sqrt(ne) + 0.155 + 0.24 / math.sqrt(ne)) * v)
    if lam < 0.4:
        return v, 1.0
    p = mpmath.nsum(lambda j: 2 * (4 * j * j * lam * lam - 1) * mpmath.exp(-2 * j * j * lam * lam),
                    [1, 200], method="d")
    return v, float(min(p, 1))


def cvm_u4(x, y):
    """4 n1 n2 N T + const, a whole number: midranks against ranks in the own sample."""
    r = stats.rankdata(np.concatenate([x, y]))
    a, b = np.sort(r[: len(x)]), np.sort(r[len(x):])
    u = len(x) * ((2 * a - 2 * np.arange(1, len(x) + 1)) ** 2).sum()
    return u + len(y) * ((2 * b - 2 * np.arange(1, len(y) + 1)) ** 2).sum()


def cvm_limit(x):
    x = mpmath.mpf(x)
    total = mpmath.mpf(0)
    for k in range(2000):
        y = 4 * k + 1
        q = mpmath.mpf(y) ** 2 / (16 * x)
        term = (mpmath.gamma(k + 0.5) / mpmath.gamma(k + 1) / (mpmath.pi**1.5 * mpmath.sqrt(x))
                * mpmath.sqrt(y) * mpmath.exp(-q) * mpmath.besselk(0.25, q))
        total += term
        if k > 2 and term < mpmath.mpf(10) ** -29:
            break
    return 1 - total


def cvm_exact_with_ties(x, y):
    """Whole-number dynamic programme over (group, values of x so far): a dict of 4U to ways."""
    n1, n2 = len(x), len(y)
    observed = int(round(cvm_u4(x, y)))
    _, sizes = np.unique(np.concatenate([x, y]), return_counts=True)
    table, before = {0: {0: 1}}, 0
    for size in sizes.tolist():
        grown = {}
        for i, law in table.items():
            j = before - i
            for a in range(min(size, n1 - i) + 1):
                b = size - a
                if j + b > n2:
                    continue
                twice = 2 * before + size + 1
                added = sum(n1 * (twice - 2 * (i + s)) ** 2 for s in range(1, a + 1))
                added += sum(n2 * (twice - 2 * (j + s)) ** 2 for s in range(1, b + 1))
                into = grown.setdefault(i + a, {})
                for u, count in law.items():
                    into[u + added] = into.get(u + added, 0) + count * math.comb(size, a)
        table, before = grown, before + size
    beyond = sum(count for u, count in table[n1].items() if u >= observed)
    return float(mpmath.mpf(beyond) / ways(n1, n2))


def cvm(x, y):
    n1, n2 = len(x), len(y)
    n, k = n1 + n2, n1 * n2
    t = cvm_u4(x, y) / 4 / (k * n) - (4 * k - 1) / (6 * n)
    tied = len(np.unique(np.concatenate([x, y]))) < n
    if max(n1, n2) <= 20:
        if enumerable(n1, n2) and n < 12:
            return t, brute(x, y, cvm_u4)
        if not tied:
            return t, float(stats.cramervonmises_2samp(x, y).pvalue)
        return t, cvm_exact_with_ties(x, y)
    et = (1 + 1 / n) / 6
    vt = (n + 1) * (4 * k * n - 3 * (n1**2 + n2**2) - 2 * k) / (45 * n**2 * 4 * k)
    tn = 1 / 6 + (t - et) / math.sqrt(45 * vt)
    return t, float(cvm_limit(tn)) if 0.01 < tn < 8 else None


def a_squared(x, y):
    z = np.sort(np.concatenate([x, y]))
    distinct = np.unique(z)
    return stats._morestats._anderson_ksamp_midrank([x, y], z, distinct, 2, [len(x), len(y)],
                                                    len(z))


def ad_limit(z):
    """Anderson & Darling 1952: the distribution as a series of integrals."""
    z = mpmath.mpf(z)
    total = mpmath.mpf(0)
    for j in range(60):
        y = 4 * j + 1
        c = mpmath.mpf(y) ** 2 * mpmath.pi**2 / (8 * z)
        part = mpmath.quad(lambda w: mpmath.exp(z / (8 * (w * w + 1)) - c * w * w), [0, 1, 4, 20])
        term = mpmath.binomial(mpmath.mpf(-1) / 2, j) * y * mpmath.exp(-c) * part
        total += term
        if abs(term) < mpmath.mpf(10) ** -25:
            break
    return 1 - mpmath.sqrt(2 * mpmath.pi) / z * total


def anderson_darling(x, y):
    n1, n2 = len(x), len(y)
    if n1 + n2 < 4 or len(np.unique(np.concatenate([x, y]))) < 2:
        return None, None
    a = float(stats.anderson_ksamp([x, y]).statistic)
    if enumerable(n1, n2):
        return a, brute(x, y, a_squared) if n1 + n2 < 12 else None
    z = 1 + a * math.sqrt(2 * (math.pi**2 - 9) / 3)
    return a, float(ad_limit(z)) if 0.05 < z < 8 else None


def gaussian_binomial(m, n, upto):
    """Coefficients 0..upto of prod (1 - q^(n+i)) / (1 - q^i), in whole numbers."""
    c = [1] + [0] * upto
    for i in range(1, m + 1):
        for u in range(i, upto + 1):
            c[u] += c[u - i]
        for u in range(upto, n + i - 1, -1):
            c[u] -= c[u - n - i]
    return c


def mann_whitney(x, y):
    n1, n2 = len(x), len(y)
    tied = len(np.unique(np.concatenate([x, y]))) < n1 + n2
    found = stats.mannwhitneyu(x, y, method="asymptotic")
    u = float(found.statistic)
    if not tied and min(n1, n2) <= 8:
        nearer = int(min(u, n1 * n2 - u))
        beyond = sum(gaussian_binomial(min(n1, n2), max(n1, n2), nearer))
        p = float(min(mpmath.mpf(2 * beyond) / ways(n1, n2), 1))
        if max(n1, n2) <= 50:
            assert abs(p - stats.mannwhitneyu(x, y, method="exact").pvalue) <= 1e-9 * p
        return u, p
    if enumerable(n1, n2):
        def apart(a, b):
            return abs(stats.mannwhitneyu(a, b, method="asymptotic").statistic - n1 * n2 / 2)
        return u, brute(x, y, apart) if n1 + n2 < 12 else None
    if len(np.unique(np.concatenate([x, y]))) < 2:
        return u, 1.0
    return u, float(found.pvalue)


def welch(x, y):
    n1, n2 = len(x), len(y)
    if min(n1, n2) < 2:
        return None, None
    mx, my = (mpmath.fsum(map(mpmath.mpf, v)) / len(v) for v in (x.tolist(), y.tolist()))
    vx = mpmath.fsum((mpmath.mpf(v) - mx) ** 2 for v in x.tolist()) / (n1 - 1) / n1
    vy = mpmath.fsum((mpmath.mpf(v) - my) ** 2 for v in y.tolist()) / (n2 - 1) / n2
    if vx + vy == 0:
        return (0.0, 1.0) if mx == my else (None, 0.0)
    t = float((mx - my) / mpmath.sqrt(vx + vy))
    nu = float((vx + vy) ** 2 / (vx**2 / (n1 - 1) + vy**2 / (n2 - 1)))
    return t, 2 * float(stats.t.sf(abs(t), nu))


def epps_singleton(x, y, offset):
    if min(len(x), len(y)) < 5 or stats.iqr(np.concatenate([x, y])) == 0:
        return None, None
    sigma = stats.iqr(np.concatenate([x, y])) / 2
    g = [np.vstack([np.cos(0.4 * v / sigma), np.cos(0.8 * v / sigma), np.sin(0.4 * v / sigma),
                    np.sin(0.8 * v / sigma)]) for v in (x - offset, y - offset)]
    n = len(x) + len(y)
    cov = n / len(x) * np.cov(g[0], bias=True) + n / len(y) * np.cov(g[1], bias=True)
    if np.linalg.cond(cov) > 1e8:
        return None, None
    w, p = stats.epps_singleton_2samp(x - offset, y - offset)
    return float(w), float(p)


def case(law, n1, n2, seed, shift):
    stream = Stream(seed)
    x = np.array([stream.draw(law) for _ in range(n1)])
    y = np.array([stream.draw(law) + shift for _ in range(n2)])
    offset = 1e8 if law == "offset" else 0.0
    return {
        "law": law, "n1": n1, "n2": n2, "seed": seed, "shift": shift,
        "last": y[-1], "ks": ks(x, y), "kuiper": kuiper(x, y), "cvm": cvm(x, y),
        "ad": anderson_darling(x, y), "mw": mann_whitney(x, y), "welch": welch(x, y),
        "es": epps_singleton(x, y, offset),
        "wasserstein": float(stats.wasserstein_distance(x - offset, y - offset)),
        "energy": float(stats.energy_distance(x - offset, y - offset)),
    }


SIZES = [(1, 1), (1, 2), (2, 2), (3, 3), (5, 5), (8, 8), (20, 20), (50, 50), (200, 200),
         (1000, 1000), (5000, 5000), (1, 5), (5, 1), (1, 50), (3, 8), (2, 20), (8, 20), (19, 20),
         (5, 200), (8, 50), (20, 1000), (200, 5000), (7, 1000)]


def samples():
    seed = 1
    for law in ("normal", "offset", "heavy", "ties", "coarse", "constant"):
        for n1, n2 in SIZES:
            if n1 + n2 > 6000 and law not in ("normal", "ties", "offset"):
                continue
            # a shift that moves p without sending it to 0
            for shift in (0.0, 1.0 if n1 + n2 < 100 else 0.125 if n1 + n2 < 6000 else 0.0625):
                seed += 1
                print(law, n1, n2, shift, file=sys.stderr)
                yield case(law, n1, n2, seed, shift)


def counts(stream, k, n, tilt):
    c = [0] * k
    for _ in range(n):
        u = stream.uniform()
        c[min(int(k * u * (1.0 + tilt * u)), k - 1)] += 1
    return c


def tables():
    for seed, (k, n1, n2, tilt) in enumerate(itertools.product(
            (2, 3, 8, 30), (20, 300, 5000), (15, 400), (0.0, 0.2)), 5000):
        stream = Stream(seed)
        ref, win = counts(stream, k, n1, 0.0), counts(stream, k, n2, tilt)
        both = [(r, w) for r, w in zip(ref, win) if r + w > 0]
        r, w = np.array(both).T
        two = stats.chi2_contingency([r, w], correction=False)
        g = stats.chi2_contingency([r, w], correction=False, lambda_="log-likelihood")
        row = {"reference": ref, "window": win, "chi_two": [two[0], two[1]], "g_two": [g[0], g[1]],
               "cramers_v": math.sqrt(two[0] / (n1 + n2))}
        if min(r) > 0:
            fit = stats.chisquare(w, r / n1 * n2)
            row["chi_fit"] = [fit.statistic, fit.pvalue]
            gf = stats.power_divergence(w, r / n1 * n2, lambda_="log-likelihood")
            row["g_fit"] = [gf.statistic, gf.pvalue]
        if k == 2:
            row["fisher"] = list(stats.fisher_exact([ref, win]))
            pooled = (ref[0] + win[0]) / (n1 + n2)
            z = (win[0] / n2 - ref[0] / n1) / math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
            row["z"] = [z, 2 * stats.norm.sf(abs(z))]
        yield row
    for table in ([[0, 5], [5, 0]], [[1, 0], [0, 1]], [[10, 0], [3, 0]], [[8, 2], [1, 5]],
                  [[100, 200], [101, 203]], [[1000, 1], [998, 12]], [[3, 3], [3, 3]]):
        odds, p = stats.fisher_exact(table)
        yield {"reference": table[0], "window": table[1],
               "fisher": [None if not math.isfinite(odds) else odds, p]}


def cells():
    """Distances over ordered cells, from their definitions."""
    for seed, (k, n1, n2, tilt) in enumerate(itertools.product(
            (2, 10, 128), (50, 5000), (40, 3000), (0.0, 0.3)), 9000):
        stream = Stream(seed)
        ref, win = counts(stream, k, n1, 0.0), counts(stream, k, n2, tilt)
        at = [math.sqrt(i) for i in range(k)]
        p, q = np.array(win) / n2, np.array(ref) / n1
        rows = (np.array(ref) + np.array(win)) > 0
        ps = (np.array(win) + 0.5)[rows] / (n2 + 0.5 * rows.sum())
        qs = (np.array(ref) + 0.5)[rows] / (n1 + 0.5 * rows.sum())
        pf, qf = np.where(p == 0, 1e-4, p)[rows], np.where(q == 0, 1e-4, q)[rows]
        bc = np.sqrt(p * q).sum()
        sd = math.sqrt((q * (np.array(at) - (q * at).sum()) ** 2).sum())
        wasserstein = stats.wasserstein_distance(at, at, q, p)
        yield {
            "reference": ref, "window": win,
            "psi": ((ps - qs) * np.log(ps / qs)).sum(), "kl_rows": stats.entropy(ps, qs),
            "psi_floor": ((pf - qf) * np.log(pf / qf)).sum(), "kl_floor": stats.entropy(pf, qf),
            "hellinger": math.sqrt(max(1 - bc, 0)), "bhattacharyya": -math.log(bc),
            "tv": np.abs(p - q).sum() / 2, "linf": np.abs(p - q).max(),
            "ks": np.abs(np.cumsum(p) - np.cumsum(q)).max(), "wasserstein": wasserstein,
            "wasserstein_sd": wasserstein / sd, "energy": stats.energy_distance(at, at, q, p),
        }


def plain(o):
    return o.item() if hasattr(o, "item") else o


json.dump({"samples": list(samples()), "tables": list(tables()), "cells": list(cells())},
          sys.stdout, default=plain, separators=(",", ":"))
print()
