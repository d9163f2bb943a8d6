#!/usr/bin/env python3
"""Positions of changes and warnings, from the detectors' papers, for test_monitors_detectors_oracle.c.

Regenerate, from the root of the tree (python3-numpy and python3-scipy of Debian):
    /usr/bin/python3 tests/monitors/oracle/detectors_oracle.py > tests/monitors/data/detectors_oracle.json
Also:
    ... detectors_oracle.py --eddm-start     what EDDM's maximum costs where it starts early

Written from the formulae: every class keeps all values since its last change and evaluates the
definition over them (prefix minima by argmin, weighted means by explicit weights, the whole
run-length posterior in logarithms), where the C code keeps a few numbers. Streams come from a 64-bit
linear congruential generator that both sides have; "normal" is twelve uniforms less six.
"""
import json
import math
import sys

import numpy as np
from scipy import stats

MASK = (1 << 64) - 1


class Lcg:
    """Knuth's MMIX constants; the upper 53 bits."""

    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & MASK
        return (self.state >> 11) * 2.0**-53

    def normal(self):
        total = 0.0
        for _ in range(12):
            total += self.uniform()
        return total - 6.0


def stream(seed, segments):
    """Segments: [n, "bernoulli", rate] or [n, "normal", mean, sd] or [n, "constant", value]."""
    g, out = Lcg(seed), []
    for n, law, a, *rest in segments:
        for _ in range(n):
            if law == "bernoulli":
                out.append(float(g.uniform() < a))
            elif law == "normal":
                out.append(a + rest[0] * g.normal())
            else:
                out.append(float(a))
    return out


class Detector:
    """values: since the last change. look() returns "change", "warning" or None."""

    afresh = True

    def __init__(self, **params):
        self.__dict__.update(params)
        self.values, self.changed = [], False
        self.clear()

    def clear(self):
        pass

    def update(self, x):
        if self.changed and self.afresh:
            self.values = []
            self.clear()
        self.values.append(x)
        found = self.look()
        self.changed = found == "change"
        return found


def rates(values):
    n = np.arange(1, len(values) + 1)
    p = np.cumsum(values) / n
    return p, np.sqrt(p * (1 - p) / n)


class Ddm(Detector):
    """Gama 2004: p_i + s_i against the p_min, s_min of the least p + s after the warm start."""

    warm_start, warning, drift = 30, 2.0, 3.0

    def look(self):
        n = len(self.values)
        if n <= self.warm_start:
            return None
        p, s = rates(self.values)
        k = self.warm_start + int(np.argmin((p + s)[self.warm_start:]))
        self.left = p[k]
        if p[-1] + s[-1] > p[k] + self.drift * s[k]:
            return "change"
        return "warning" if p[-1] + s[-1] > p[k] + self.warning * s[k] else None


class Eddm(Detector):
    """Baena-Garcia 2006: mean and deviation of the distances between errors, against the greatest
    mean + 2 deviations since start errors."""

    warm_start, alpha, beta = 30, 0.95, 0.9
    start = None  # errors from which the maximum counts; None: warm_start

    def clear(self):
        self.top, self.zone = 0.0, None

    def look(self):
        if self.values[-1] != 1:
            return self.zone
        at = np.flatnonzero(np.array(self.values) == 1)
        first = self.warm_start if self.start is None else self.start
        if len(at) < max(2, first):
            return self.zone
        d = np.diff(at).astype(float)
        now = d.mean() + 2 * d.std()
        if now > self.top:
            self.top, self.left = now, 1 / d.mean()
        if len(at) < self.warm_start:
            return self.zone
        if now < self.beta * self.top:
            return "change"
        self.zone = "warning" if now < self.alpha * self.top else None
        return self.zone


class Rddm(Detector):
    """Barros 2017, with what its authors' code stores: since the warning began, or the newest."""

    afresh = False
    min_instances, warning, drift = 129, 1.773, 2.258
    max_concept, min_concept, warn_limit = 40000, 7000, 1400

    def clear(self):
        self.stored, self.n, self.e, self.best, self.warned = [], 0, 0, None, 0
        self.restart = None

    def point(self):
        p = self.e / self.n
        return p, math.sqrt(p * (1 - p) / self.n)

    def note_best(self):
        p, s = self.point()
        if self.n >= self.min_instances and (self.best is None or p + s < sum(self.best)):
            self.best = (p, s)

    def rebuild(self):
        self.n = self.e = self.warned = 0
        if self.restart == "change":
            self.best = None
        for x in self.stored:
            self.n, self.e = self.n + 1, self.e + x
            if self.restart == "change":
                self.note_best()
        self.restart = None

    def look(self):
        if self.restart:
            self.rebuild()
        x = self.values[-1]
        self.stored = (self.stored + [x])[-self.min_concept:]
        self.n, self.e = self.n + 1, self.e + x
        if self.n < self.min_instances:
            return None
        self.note_best()
        (p, s), (p_min, s_min) = self.point(), self.best
        self.left = p_min
        if p + s > p_min + self.drift * s_min:
            self.stored, self.restart = self.stored[-(self.warned + 1):], "change"
            return "change"
        if p + s > p_min + self.warning * s_min:
            self.warned += 1
            if self.warned > self.warn_limit:
                self.stored, self.restart = self.stored[-1:], "change"
                return "change"
            return "warning"
        self.warned = 0
        if self.n >= self.max_concept:
            self.restart = "cut"
        return None


class HddmA(Detector):
    """Frias-Blanco 2015, A-test: prefix means with Hoeffding bounds."""

    drift_confidence, warning_confidence, low, high, direction = 0.001, 0.005, 0.0, 1.0, "up"

    def side(self, unit, sign):
        n = np.arange(1, len(unit) + 1)
        mean = np.cumsum(unit) / n
        bound = sign * mean + np.sqrt(math.log(1 / self.drift_confidence) / (2 * n))
        cut = len(unit) - 1 - int(np.argmin(bound[::-1]))  # the latest of equals
        if cut == len(unit) - 1:
            return None
        self.cut_mean = self.low + (self.high - self.low) * mean[cut]
        rise = sign * (mean[-1] - mean[cut])
        m = 1 / n[cut] - 1 / n[-1]
        if rise >= math.sqrt(m / 2 * math.log(2 / self.drift_confidence)):
            self.left = self.cut_mean
            return "change"
        limit = math.sqrt(m / 2 * math.log(2 / self.warning_confidence))
        return "warning" if rise >= limit else None

    def both(self, unit):
        found = set()
        if self.direction != "down":
            found.add(self.side(unit, 1))
        if self.direction != "up" and "change" not in found:
            found.add(self.side(unit, -1))
        return next((f for f in ("change", "warning") if f in found), None)

    def look(self):
        x = (np.array(self.values) - self.low) / (self.high - self.low)
        return self.both(np.clip(x, 0, 1))


class HddmW(HddmA):
    """Frias-Blanco 2015, W-test: weighted means by explicit weights, McDiarmid's bound."""

    lam = 0.05

    def clear(self):
        self.totals = []  # mean and squared weights of every prefix

    def weigh(self, unit):
        k = len(unit)
        w = self.lam * (1 - self.lam) ** np.arange(k - 1, -1, -1.0)
        w[0] = (1 - self.lam) ** (k - 1)
        return float(w @ unit), float(w @ w)

    def side(self, unit, sign):
        while len(self.totals) < len(unit):
            self.totals.append(self.weigh(unit[: len(self.totals) + 1]))
        t = np.array(self.totals)
        log = math.log(1 / self.drift_confidence)
        cut = int(np.argmin(sign * t[:, 0] + np.sqrt(t[:, 1] * log / 2)))  # the first of equals
        if cut == len(unit) - 1:
            return None
        mean, squares = self.weigh(unit[cut + 1:])
        rise, both = sign * (mean - t[cut, 0]), t[cut, 1] + squares
        if rise > math.sqrt(both * log / 2):
            self.left = self.low + (self.high - self.low) * t[cut, 0]
            return "change"
        limit = math.sqrt(both * math.log(1 / self.warning_confidence) / 2)
        return "warning" if rise > limit else None


class Fhddm(Detector):
    """Pesaranghader 2016: right answers in the window against their greatest."""

    window, delta = 100, 1e-6

    def look(self):
        v = np.array(self.values)
        if len(v) < self.window:
            return None
        right = np.convolve(1 - v, np.ones(self.window), "valid") / self.window
        self.left = 1 - right.max()
        epsilon = math.sqrt(math.log(1 / self.delta) / (2 * self.window))
        return "change" if right.max() - right[-1] >= epsilon else None


class Ecdd(Detector):
    """Ross 2012."""

    lam, arl0, control_limit, warning, min_instances = 0.2, 400, 0, 0.5, 30
    polynomials = {
        100: (2.76, -6.23, 18.12, -312.45, 1002.18),
        400: (3.97, -6.56, 48.73, -330.13, 848.18),
        1000: (1.17, 7.56, -21.24, 112.12, -987.23),
    }

    def look(self):
        t, v = len(self.values), np.array(self.values)
        if t < self.min_instances:
            return None
        p = v.mean()
        if p in (0, 1):
            return None
        z = float(self.lam * (1 - self.lam) ** np.arange(t - 1, -1, -1.0) @ v)
        sigma = math.sqrt(p * (1 - p) * self.lam / (2 - self.lam)
                          * (1 - (1 - self.lam) ** (2 * t)))
        c = self.polynomials[self.arl0]
        limit = self.control_limit or sum(a * p**k for a, k in zip(c, (0, 1, 3, 5, 7)))
        self.left = p
        if z > p + limit * sigma:
            return "change"
        return "warning" if z > p + self.warning * limit * sigma else None


class Stepd(Detector):
    """Nishida & Yamauchi 2007, on right answers as they write it."""

    window, alpha_drift, alpha_warning, direction = 30, 0.003, 0.05, "up"

    def look(self):
        v = 1 - np.array(self.values)
        if len(v) < 2 * self.window:
            return None
        older, recent = v[: -self.window], v[-self.window:]
        inverse, p = 1 / len(older) + 1 / len(recent), v.mean()
        fall = older.mean() - recent.mean()
        if p in (0, 1) or abs(fall) <= inverse / 2:
            return None
        t = (abs(fall) - inverse / 2) / math.sqrt(p * (1 - p) * inverse)
        if self.direction != "both" and (fall > 0) != (self.direction == "up"):
            return None
        value = stats.norm.sf(t) * (2 if self.direction == "both" else 1)
        self.left = 1 - older.mean()
        if value < self.alpha_drift:
            return "change"
        return "warning" if value < self.alpha_warning else None


class Xoshiro:
    """xoshiro256** seeded by splitmix64, and an unbiased integer below n."""

    def __init__(self, seed):
        self.s = []
        for _ in range(4):
            seed = (seed + 0x9E3779B97F4A7C15) & MASK
            z = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
            self.s.append(z ^ (z >> 31))

    @staticmethod
    def rotate(x, k):
        return ((x << k) | (x >> (64 - k))) & MASK

    def next(self):
        s = self.s
        out = self.rotate(s[1] * 5 & MASK, 7) * 9 & MASK
        t = s[1] << 17 & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = self.rotate(s[3], 45)
        return out

    def below(self, n):
        while True:
            scaled = (self.next() >> 32) * n
            if scaled % (1 << 32) >= (1 << 32) % n:
                return scaled >> 32


class Kswin(Detector):
    """Raab 2020: the subset by Floyd's algorithm over the sorted older values."""

    afresh = False
    alpha, window_size, stat_size, seed, direction = 0.0001, 100, 30, 1, "both"

    def clear(self):
        self.rng, self.window = Xoshiro(self.seed), []

    def look(self):
        self.window = (self.window + self.values[-1:])[-self.window_size:]
        self.values = []
        if len(self.window) < self.window_size:
            return None
        r = self.stat_size
        older, recent = sorted(self.window[:-r]), self.window[-r:]
        ranks = set()
        for j in range(len(older) - r, len(older)):
            k = self.rng.below(j + 1)
            ranks.add(j if k in ranks else k)
        d = stats.ks_2samp([older[k] for k in ranks], recent, mode="asymp").statistic
        if d <= math.sqrt(-math.log(self.alpha) / r):
            return None
        self.window = recent
        left, now = float(np.mean(older)), float(np.mean(recent))
        if {"both": False, "up": now <= left, "down": now >= left}[self.direction]:
            return None
        self.left = left
        return "change"


class Bocd(Detector):
    """Adams & MacKay 2007, algorithm 1, nothing pruned; longer runs go with a reported change."""

    afresh = False
    prior_mean, prior_var, data_var, hazard, min_instances = 0.0, 1.0, 1.0, 0.01, 1
    direction = "both"

    def clear(self):
        self.length, self.log_p, self.mean = np.array([0]), np.array([0.0]), np.array([0.0])
        self.mean[0] = self.prior_mean
        self.since, self.map_mean = 0, self.prior_mean

    def look(self):
        x = self.values[-1]
        precision = 1 / self.prior_var + self.length / self.data_var
        predictive = stats.norm.logpdf(x, self.mean, np.sqrt(1 / precision + self.data_var))
        joint = self.log_p + predictive
        mean = (self.mean * precision + x / self.data_var) / (precision + 1 / self.data_var)
        self.log_p = np.append(np.logaddexp.reduce(joint) + math.log(self.hazard),
                               joint + math.log(1 - self.hazard))
        self.log_p -= np.logaddexp.reduce(self.log_p)
        self.length = np.append(0, self.length + 1)
        self.mean = np.append(self.prior_mean, mean)
        self.since += 1
        best, left = int(np.argmax(self.log_p)), self.map_mean
        self.map_mean = self.mean[best]
        if self.since < self.min_instances or self.length[best] == self.since:
            return None
        keep = self.length <= self.length[best]
        self.since = int(self.length[best])
        self.length, self.log_p, self.mean = self.length[keep], self.log_p[keep], self.mean[keep]
        if {"both": False, "up": self.map_mean <= left,
                "down": self.map_mean >= left}[self.direction]:
            return None
        self.left = left
        return "change"


KINDS = {"ddm": Ddm, "eddm": Eddm, "rddm": Rddm, "hddm_a": HddmA, "hddm_w": HddmW, "fhddm": Fhddm,
         "ecdd": Ecdd, "stepd": Stepd, "kswin": Kswin, "bocd": Bocd}

STREAMS = {
    "rise": [[1000, "bernoulli", 0.1], [1000, "bernoulli", 0.3]],
    "fall": [[800, "bernoulli", 0.4], [800, "bernoulli", 0.1]],
    "steps": [[600, "bernoulli", p] for p in (0.1, 0.4, 0.1, 0.5, 0.2)],
    "steady": [[3000, "bernoulli", 0.2]],
    "rare": [[2000, "bernoulli", 0.005], [1000, "bernoulli", 0.05]],
    "even": [[1500, "bernoulli", 0.5], [500, "bernoulli", 0.8]],
    "none": [[500, "constant", 0], [100, "bernoulli", 0.1]],
    "all": [[500, "constant", 1]],
}
REAL = {
    "up_down": [[400, "normal", 0, 1], [400, "normal", 1.5, 1], [400, "normal", 0, 1]],
    "spread": [[500, "normal", 0, 1], [500, "normal", 0, 3]],
    "still": [[1500, "normal", 0, 1]],
    "offset": [[300, "normal", 1e8, 1], [300, "normal", 1e8 + 2, 1]],
    "flat": [[400, "constant", 2.5]],
}
WIDE = {"wide": [[1500, "normal", 0, 1], [1500, "normal", 1.5, 1], [1500, "normal", 0.5, 1]]}
LONG = {"long": [[5000, "bernoulli", 0.1], [1000, "bernoulli", 0.13], [3000, "bernoulli", 0.3]]}


def plan():
    """(detector, parameters, streams)"""
    for kind in KINDS:
        if kind != "bocd":
            yield kind, {}, STREAMS
    yield "ddm", {"warm_start": 100, "warning": 1.5, "drift": 2.5}, STREAMS
    yield "eddm", {"warm_start": 10, "alpha": 0.9, "beta": 0.7}, STREAMS
    short = {"max_concept": 700, "min_concept": 200, "warn_limit": 40}
    yield "rddm", short, {**STREAMS, **LONG}
    yield "rddm", {"min_concept": 300, "max_concept": 2000, "min_instances": 30}, LONG
    for kind in ("hddm_a", "hddm_w"):
        for direction in ("both", "down"):
            yield kind, {"direction": direction}, STREAMS
        yield kind, {"low": -4, "high": 5.5, "direction": "both"}, WIDE
        yield kind, {"low": 1e8 - 2, "high": 1e8 + 3}, {"offset": REAL["offset"]}
    yield "hddm_w", {"lambda": 0.2, "drift_confidence": 0.01, "warning_confidence": 0.1}, STREAMS
    yield "fhddm", {"window": 25, "delta": 0.001}, STREAMS
    yield "ecdd", {"arl0": 100}, STREAMS
    yield "ecdd", {"arl0": 1000}, STREAMS
    yield "ecdd", {"control_limit": 3.5, "lambda": 0.1, "warning": 0.8}, STREAMS
    for direction in ("both", "down"):
        yield "stepd", {"direction": direction}, STREAMS
    yield "stepd", {"window": 100, "alpha_drift": 0.0001, "alpha_warning": 0.01}, STREAMS
    yield "kswin", {}, REAL
    for direction in ("up", "down"):
        yield "kswin", {"direction": direction, "alpha": 0.01, "seed": 7}, REAL
    yield "kswin", {"window_size": 300, "stat_size": 50, "alpha": 0.001}, REAL
    many = {"max_runs": 1000}  # so many that the C code joins few, and nothing is to be seen of it
    yield "bocd", many, STREAMS
    on_scale = {**many, "prior_mean": 1e8, "prior_var": 100}
    near = {k: v for k, v in REAL.items() if k != "offset"}
    for direction in ("both", "up", "down"):
        yield "bocd", {**many, "direction": direction}, near
    yield "bocd", {**on_scale, "hazard": 0.001}, {"offset": REAL["offset"]}
    yield "bocd", {**many, "min_instances": 50, "data_var": 0.2, "prior_var": 0.1,
                   "prior_mean": 0.2, "hazard": 0.002}, {"rise": STREAMS["rise"], "steps": STREAMS["steps"]}


def run(kind, params, seed, segments):
    ours = {("lam" if k == "lambda" else k): v for k, v in params.items()}
    d, changes, warnings, before = KINDS[kind](**ours), [], [], None
    for i, x in enumerate(stream(seed, segments)):
        found = d.update(x)
        if found == "change":
            changes.append(i)
            before = float(d.left)
        elif found == "warning":
            warnings.append(i)
    case = {"detector": kind, "params": params, "seed": seed, "segments": segments,
            "changes": changes, "n_warnings": len(warnings), "sum_warnings": sum(warnings)}
    if before is not None:
        case["before"] = before
    return case


def eddm_start():
    for name, first in (("maximum from the 2nd error on", 2), ("from the 30th", None)):
        n = sum(len(run("eddm", {"start": first}, s, [[2000, "bernoulli", 0.1]])["changes"])
                for s in range(100))
        print(f"{name}: {n / 100:.2f} false changes in 2000 answers of rate 0.1, 100 streams")


def main():
    if "--eddm-start" in sys.argv:
        eddm_start()
        return
    cases, seed = [], 0
    for kind, params, streams in plan():
        for segments in streams.values():
            seed += 1
            cases.append(run(kind, params, seed, segments))
    print('{"cases": [')
    print(",\n".join(json.dumps(c) for c in cases))
    print("]}")


if __name__ == "__main__":
    main()
