#!/usr/bin/python3
"""Numbers of the multivariate statistics by numpy, scipy and scikit-learn, for test_monitors_joint_oracle.c.

    /usr/bin/python3 tests/monitors/oracle/joint_oracle.py > tests/monitors/data/joint_oracle.json

Both sides make the rows themselves, by the generator below. Needs numpy, scipy, scikit-learn.
"""
import json
import sys

import numpy as np
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist, pdist
from scipy.stats import energy_distance
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

KEEP = 0.65
CLIP = 4.0
RIDGE = 1.0


class Lcg:
    """Knuth's MMIX constants; the upper 53 bits as a number in [0, 1)."""

    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        self.state = (6364136223846793005 * self.state + 1442695040888963407) % 2**64
        return (self.state >> 11) / 2**53

    def bell(self):
        return 2.0 * (self.uniform() + self.uniform() + self.uniform() - 1.5)


def rows(seed, n, case, mix, shift, outlier):
    lcg = Lcg(seed)
    x = np.zeros((n, case["columns"]))
    for i in range(n):
        before = 0.0
        for j in range(case["columns"]):
            value = lcg.bell() + mix * before
            before = value
            if case["ties"]:
                value = np.floor(2.0 * value) / 2.0
            if case["constant"] and j == case["columns"] - 1:
                value = 0.0
            x[i, j] = case["offset"] + (value + (shift if j == 0 else 0.0))
    if outlier and n > 0:
        x[0, 0] += 1000.0
    return x


def pairwise(x, y):
    if len(x) == 0 or len(y) == 0:
        return {}
    pooled = np.vstack([x, y])
    distances = np.sort(pdist(pooled))
    median = distances[len(distances) // 2]
    width = median if median > 0 else 1.0
    out = {"width": width}
    for name, w in (("mmd1", 1.0), ("mmd", width)):
        kernel = lambda a, b: np.exp(-cdist(a, b, "sqeuclidean") / (2.0 * w * w))
        out.update(two_sample(name, kernel(x, x), kernel(y, y), kernel(x, y)))
    out.update(two_sample("energy", -cdist(x, x), -cdist(y, y), -cdist(x, y)))
    if x.shape[1] == 1 and abs(x[0, 0]) < 1e6:
        known = energy_distance(x[:, 0], y[:, 0])
        assert abs(np.sqrt(max(out["energy_biased"], 0.0)) - known) < 1e-7, (out, known)
    return out


def two_sample(name, xx, yy, xy):
    n, m = xy.shape
    out = {name + "_biased": xx.mean() + yy.mean() - 2 * xy.mean()}
    if n > 1 and m > 1:
        within = lambda k, size: (k.sum() - np.trace(k)) / (size * (size - 1))
        out[name + "_unbiased"] = within(xx, n) + within(yy, m) - 2 * xy.mean()
    return out


def pca(x, y):
    x, y = x - x[0], y - x[0]  # exact; StandardScaler rounds a mean of 1e8 to 1.5e-8
    scaler = StandardScaler().fit(x)
    zx, zy = scaler.transform(x), scaler.transform(y)
    model = PCA(n_components=KEEP, svd_solver="full").fit(zx)
    error = zy - model.inverse_transform(model.transform(zy))
    return {"pca_components": int(model.n_components_),
            "pca_mean_error": np.linalg.norm(error, axis=1).mean()}


def encode(x, y):
    """The columns of joint_sums.h: robust limits, mean and deviation inside them, rounding."""
    zx, zy = np.zeros_like(x), np.zeros_like(y)
    for j in range(x.shape[1]):
        s = np.sort(x[:, j])
        n = len(s)
        unit = 1.0
        for tail, normal in ((0.25, 0.6744897501960817), (0.1, 1.2815515655446004),
                             (0.05, 1.6448536269514722), (0.01, 2.3263478740408408),
                             (0.001, 3.090232306167813), (0.0, 1.0)):
            skip = int(tail * (n - 1))
            half = (s[n - 1 - skip] - s[skip]) / 2.0
            if half > 0:
                unit = half / normal
                break
        inside = np.clip((x[:, j] - s[n // 2]) / unit, -CLIP, CLIP)
        centre = s[n // 2] + unit * inside.mean()
        scale = unit * inside.std() if inside.std() > 0 else unit
        for source, target in ((x, zx), (y, zy)):
            target[:, j] = np.rint(np.clip((source[:, j] - centre) / scale, -CLIP, CLIP) * 1024) / 1024
    return zx, zy


def correlation(c):
    d = np.sqrt(np.diag(c))
    with np.errstate(all="ignore"):
        r = np.where(np.outer(d, d) > 0, c / np.outer(d, d), 0.0)
    return np.clip(r, -(1 - 1e-6), 1 - 1e-6)


def joint(x, y):
    zx, zy = encode(x, y)
    n = zx.shape[1]
    cx, cy = np.atleast_2d(np.cov(zx.T)), np.atleast_2d(np.cov(zy.T))
    step = zy.mean(axis=0) - zx.mean(axis=0)
    values, vectors = np.linalg.eigh(cx)
    values, vectors = values[::-1], vectors[:, ::-1]
    floored = np.maximum(values, 1e-4 * np.maximum(values, 0).sum() / n)
    along = vectors.T @ step
    kept = int(np.searchsorted(np.cumsum(values) / values.sum(), KEEP, side="right")) + 1
    left = (zy - zx.mean(axis=0)) @ vectors[:, kept:]
    out = {"mahalanobis": np.sqrt((along**2 / floored).sum()),
           "frechet": np.sqrt(max(0.0, step @ step + np.trace(cx + cy - 2 * sqrtm(cx @ cy).real))),
           "pca_error": (left**2).sum(axis=1).mean()}
    if n > 1:
        lower = np.tril_indices(n, -1)
        out["correlation"] = np.abs(correlation(cy) - correlation(cx))[lower].max()
    return out


def logistic(x, y):
    pooled = StandardScaler().fit_transform(np.vstack([x, y]))
    labels = np.r_[np.zeros(len(x)), np.ones(len(y))]
    model = LogisticRegression(C=1.0 / RIDGE, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    model.fit(pooled, labels)
    return {"logistic": list(model.coef_[0]) + [float(model.intercept_[0])]}


CASES = [
    # name, n_x, n_y, columns, offset, mix_x, mix_y, shift, ties, constant, outlier
    ("one row on each side", 1, 1, 3, 0.0, 0.5, 0.5, 0.0, 0, 0, 0),
    ("one row against many", 1, 20, 2, 0.0, 0.5, 0.5, 0.5, 0, 0, 0),
    ("two rows", 2, 2, 2, 0.0, 0.0, 0.0, 0.0, 0, 0, 0),
    ("no rows on one side", 12, 0, 2, 0.0, 0.0, 0.0, 0.0, 0, 0, 0),
    ("one column", 60, 40, 1, 0.0, 0.0, 0.0, 0.4, 0, 0, 0),
    ("same law", 80, 70, 4, 0.0, 0.6, 0.6, 0.0, 0, 0, 0),
    ("a shift", 80, 70, 4, 0.0, 0.6, 0.6, 0.7, 0, 0, 0),
    ("correlation alone", 200, 150, 3, 0.0, 0.0, 0.8, 0.0, 0, 0, 0),
    ("ties", 90, 110, 3, 0.0, 0.3, 0.3, 0.2, 1, 0, 0),
    ("a constant column", 70, 50, 4, 0.0, 0.3, 0.5, 0.2, 0, 1, 0),
    ("an offset of 1e8", 100, 90, 3, 1e8, 0.5, 0.2, 0.3, 0, 0, 0),
    ("an offset of -1e8 with ties", 100, 90, 3, -1e8, 0.5, 0.2, 0.3, 1, 0, 0),
    ("an outlier of 1000 in the window", 90, 80, 3, 0.0, 0.2, 0.2, 0.0, 0, 0, 1),
    ("twelve columns", 300, 250, 12, 0.0, 0.7, 0.5, 0.1, 0, 0, 0),
    ("thirty columns", 400, 300, 30, 0.0, 0.9, 0.9, 0.0, 0, 0, 0),
]


def main():
    out = []
    for number, (name, n_x, n_y, columns, offset, mix_x, mix_y, shift, ties, constant, outlier) in enumerate(CASES):
        case = {"name": name, "n_x": n_x, "n_y": n_y, "columns": columns, "offset": offset,
                "mix_x": mix_x, "mix_y": mix_y, "shift": shift, "ties": ties, "constant": constant,
                "outlier": outlier, "seed_x": 100 + number, "seed_y": 200 + number}
        x = rows(case["seed_x"], n_x, case, mix_x, 0.0, False)
        y = rows(case["seed_y"], n_y, case, mix_y, shift, outlier)
        expected = pairwise(x, y)
        if n_x > 2 and n_y > 0:
            expected.update(pca(x, y))
        if n_x > 2 and n_y > 2:
            expected.update(joint(x, y))
            expected.update(logistic(x, y))
        case["expected"] = {k: float(v) if isinstance(v, np.floating) else v
                            for k, v in expected.items()}
        out.append(case)
    json.dump({"keep_variance": KEEP, "ridge": RIDGE, "cases": out}, sys.stdout, indent=1)
    print()


main()
