#!/usr/bin/python3
"""Independent numbers for metrics, calibration and estimates without labels.

    /usr/bin/python3 tests/monitors/oracle/performance_oracle.py > tests/monitors/data/performance.json

scikit-learn for the metrics and isotonic regression, SciPy for the two-sample Kolmogorov-Smirnov
distance; brute force over all labellings for expected pairs, and drawn labels for the spread of the
realised metrics. Made with numpy 1.24, scipy 1.10.1, scikit-learn 1.2.1.
"""
import itertools
import json
import warnings

import numpy as np
from scipy import stats
from sklearn import metrics
from sklearn.isotonic import IsotonicRegression

warnings.filterwarnings("ignore")
rng = np.random.default_rng(20240607)


def as32(x):
    """Scores travel as float32 in the library; the oracle sees the same numbers."""
    return np.asarray(x, dtype=np.float32).astype(float)


def binary_values(y, s):
    hat = (s >= 0.5).astype(int)
    return {
        "accuracy": metrics.accuracy_score(y, hat),
        "log_loss": metrics.log_loss(y, np.clip(s, 1e-15, 1 - 1e-15), labels=[0, 1]),
        "auc": metrics.roc_auc_score(y, s),
        "precision": metrics.precision_score(y, hat),
        "recall": metrics.recall_score(y, hat),
        "f1": metrics.f1_score(y, hat),
        "specificity": metrics.recall_score(y, hat, pos_label=0),
    }


def jackknife_errors(y, s):
    n = len(y)
    if n < 50:  # too few to leave one out of: one class would be left
        return {}
    left_out = [binary_values(np.delete(y, i), np.delete(s, i)) for i in range(n)]
    errors = {}
    for name in left_out[0]:
        values = np.array([v[name] for v in left_out])
        errors[name] = float(np.sqrt((n - 1) / n * ((values - values.mean()) ** 2).sum()))
    return errors


def binary_case(n, decimals):
    s = as32(np.round(rng.uniform(0, 1, n), decimals))
    y = (rng.uniform(0, 1, n) < s**1.5).astype(int)
    y[0], y[1], s[0], s[1] = 1, 0, as32(0.75), as32(0.25)
    return {"scores": s.tolist(), "labels": y.tolist(), "values": binary_values(y, s),
            "jackknife": jackknife_errors(y, s)}


def multiclass_case(n, k):
    raw = rng.gamma(1.0, 1.0, (n, k))
    s = as32(raw / raw.sum(1, keepdims=True))
    y = np.array([rng.choice(k, p=row / row.sum()) for row in s])
    hat = s.argmax(1)
    macro = dict(average="macro", zero_division=0)
    confusion = metrics.multilabel_confusion_matrix(y, hat)
    return {"n_classes": k, "scores": s.ravel().tolist(), "labels": y.tolist(),
            "values": {"accuracy": metrics.accuracy_score(y, hat),
                       "precision": metrics.precision_score(y, hat, **macro),
                       "recall": metrics.recall_score(y, hat, **macro),
                       "f1": metrics.f1_score(y, hat, **macro),
                       "specificity": float(np.mean([c[0, 0] / c[0].sum() for c in confusion]))}}


def isotonic_case(n, decimals, weighted):
    x = as32(np.round(rng.uniform(0, 1, n), decimals))
    y = (rng.uniform(0, 1, n) < x).astype(float)
    w = rng.integers(1, 5, n).astype(float) if weighted else np.ones(n)
    at = np.concatenate([[-1.0, 2.0], x, rng.uniform(0, 1, 40)])
    fit = IsotonicRegression(out_of_bounds="clip").fit(x, y, sample_weight=w)
    return {"scores": x.tolist(), "labels": y.tolist(), "weights": w.tolist(), "at": at.tolist(),
            "chance": fit.predict(at).tolist()}


def pairs(y, s):
    positive, negative = s[y == 1], s[y == 0]
    diff = positive[:, None] - negative[None, :]
    return (diff > 0).sum() + 0.5 * (diff == 0).sum(), len(positive) * len(negative)


def expected_case(n, decimals):
    """Expected pairs in the right order over expected pairs, by all 2^n labellings."""
    s = as32(np.round(rng.uniform(0, 1, n), decimals))
    ordered = total = 0.0
    for labels in itertools.product((0, 1), repeat=n):
        y = np.array(labels)
        chance = np.where(y == 1, s, 1 - s).prod()
        right, all_pairs = pairs(y, s)
        ordered, total = ordered + chance * right, total + chance * all_pairs
    return {"scores": s.tolist(), "auc": ordered / total}


def spread_case(n, draws):
    """Mean and standard deviation of the realised metrics where the scores are the chances."""
    s = as32(rng.beta(0.8, 1.0, n))
    values = [binary_values((rng.uniform(0, 1, n) < s).astype(int), s) for _ in range(draws)]
    return {"scores": s.tolist(), "draws": draws,
            "mean": {k: float(np.mean([v[k] for v in values])) for k in values[0]},
            "sd": {k: float(np.std([v[k] for v in values], ddof=1)) for k in values[0]}}


def ks_case(n, m, shift):
    a, b = as32(rng.normal(0, 1, n)), as32(rng.normal(shift, 1, m))
    return {"a": a.tolist(), "b": b.tolist(), "ks": stats.ks_2samp(a, b).statistic}


print(json.dumps({
    "binary": [binary_case(n, d) for n, d in ((2, 2), (3, 2), (10, 1), (50, 1), (200, 3))],
    "multiclass": [multiclass_case(n, k) for n, k in ((40, 3), (120, 5))],
    "isotonic": [isotonic_case(n, d, w) for n, d, w in
                 ((1, 2, False), (2, 2, False), (7, 1, True), (60, 1, False), (200, 4, True))],
    "expected": [expected_case(n, d) for n, d in ((2, 2), (5, 1), (9, 1), (12, 3))],
    "spread": [spread_case(300, 4000)],
    "ks": [ks_case(n, m, d) for n, m, d in ((1, 1, 0.5), (5, 9, 0.0), (60, 80, 0.4))],
}))
