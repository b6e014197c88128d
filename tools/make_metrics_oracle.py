#!/usr/bin/env python3
"""Writes tests/metrics/oracle.txt: what scikit-learn and numpy say about random scores with ties.

    python3 tools/make_metrics_oracle.py > tests/metrics/oracle.txt      (Debian's python3-sklearn and python3-scipy)

One record a line: a key and its values. Scores and labels are those of every following line up to the next `case`.
"""
import numpy as np
import sklearn
from scipy.optimize import minimize
from scipy.stats import norm
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (average_precision_score, brier_score_loss, confusion_matrix, f1_score,
                             roc_auc_score, roc_curve)

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def line(key, values):
    print(key, *[repr(float(v)) if isinstance(v, (float, np.floating)) else int(v) for v in values])


def mix(x):
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def numbers(seed, replicate):
    """The random 32 bits of a replicate, by the generator of metrics/resampling.h."""
    state = mix((mix((seed + GOLDEN) & MASK) + (replicate + 1) * GOLDEN) & MASK)
    while True:
        state = (state + GOLDEN) & MASK
        yield mix(state) >> 32


def drawn_images(seed, replicate, n):
    draws = numbers(seed, replicate)
    return np.array([(next(draws) * n) >> 32 for _ in range(n)])


def drawn_from(seed, replicate, strata):
    """strata: lists of units, a unit being a list of images."""
    draws = numbers(seed, replicate)
    images = []
    for units in strata:
        for _ in units:
            images += units[(next(draws) * len(units)) >> 32]
    return np.array(images)


def decisions(labels, scores, threshold):
    called = scores >= threshold
    tn, fp, fn, tp = confusion_matrix(labels, called, labels=[0, 1]).ravel()
    return tp / (tp + fn), tn / (tn + fp), f1_score(labels, called, zero_division=0)


def replicates(labels, scores, threshold, seed, count):
    """AUC, average precision, sensitivity, specificity and F1 of each replicate that has both values, [used, 5]."""
    rows = []
    for replicate in range(count):
        images = drawn_images(seed, replicate, len(labels))
        y, s = labels[images], scores[images]
        if y.min() != y.max():
            rows.append((roc_auc_score(y, s), average_precision_score(y, s), *decisions(y, s, threshold)))
    return np.array(rows)


def bca(statistic, images_of_units, drawn):
    """Efron's BCa interval of a statistic of image indices, by the formulas of Efron & Tibshirani 1993, section 14.3."""
    estimate = statistic(np.concatenate(images_of_units))
    values = np.array([v for v in (statistic(images) for images in drawn) if not np.isnan(v)])
    below = (np.mean(values < estimate) + np.mean(values <= estimate)) / 2
    z0 = norm.ppf(below)
    left_out = [statistic(np.concatenate(images_of_units[:i] + images_of_units[i + 1:])) for i in range(len(images_of_units))]
    left_out = np.array([v for v in left_out if not np.isnan(v)])
    d = left_out.mean() - left_out
    a = np.sum(d**3) / (6 * np.sum(d**2) ** 1.5)
    at = [norm.cdf(z0 + (z0 + z) / (1 - a * (z0 + z))) for z in norm.ppf([0.025, 0.975])]
    return np.percentile(values, 100 * np.array(at))


def auc_of(labels, scores):
    def statistic(images):
        y = labels[images]
        return roc_auc_score(y, scores[images]) if y.min() != y.max() else np.nan
    return statistic


def resampled(labels, scores):
    """Intervals of the AUC: BCa by image, and percentiles by patient (three images each) and by stratum."""
    n, count = len(labels), 200
    single = [[i] for i in range(n)]
    auc = auc_of(labels, scores)
    line("bca", bca(auc, single, [drawn_images(5, r, n) for r in range(count)]))
    patients = [list(range(i, min(n, i + 3))) for i in range(0, n, 3)]
    by_patient = [auc(drawn_from(5, r, [patients])) for r in range(count)]
    line("by_patient", np.nanpercentile(by_patient, [2.5, 97.5]))
    line("by_patient_bca", bca(auc, patients, [drawn_from(5, r, [patients]) for r in range(count)]))
    strata = [[[i] for i in range(n) if labels[i] == value] for value in (0, 1)]
    line("stratified", np.percentile([auc(drawn_from(5, r, strata)) for r in range(count)], [2.5, 97.5]))


def policies(labels, scores):
    """Cut-offs at a sensitivity or a specificity, and of the best F1; of equally good ones the highest."""
    thresholds = np.unique(scores)[::-1]
    decided = np.array([decisions(labels, scores, t) for t in thresholds])
    for target in (0.5, 0.9, 1.0):
        line("sensitivity", [target, thresholds[np.argmax(decided[:, 0] >= target)]])
        allowed = decided[:, 1] >= target
        best = np.argmax(np.where(allowed, decided[:, 0], -1))
        line("specificity", [target, thresholds[best] if allowed.any() and decided[best, 0] > 0 else np.inf])
    line("best_f1", [thresholds[np.argmax(decided[:, 2])], decided[:, 2].max()])


def calibration(labels, scores):
    p = np.clip(scores.astype(float), 1e-7, 1 - 1e-7)
    logits = np.log(p / (1 - p)).astype(np.float32).astype(float)
    entropy = lambda c, y: np.sum(np.logaddexp(0, c[0] * logits + c[1]) - y * (c[0] * logits + c[1]))
    temperature = minimize(lambda c: entropy((c[0], 0), labels), [1.0], method="BFGS", options=dict(gtol=1e-9))
    line("temperature", [temperature.x[0]])
    positives, negatives = labels.sum(), len(labels) - labels.sum()
    smooth = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    # Soft labels as weighted pairs, so that scikit-learn's own solver can fit them.
    fit = LogisticRegression(penalty=None, tol=1e-12, max_iter=10000)
    fit.fit(np.tile(logits, 2)[:, None], np.repeat([1, 0], len(labels)), np.concatenate([smooth, 1 - smooth]))
    line("platt", [fit.coef_[0, 0], fit.intercept_[0]])
    line("brier", [brier_score_loss(labels, scores)])
    bins = np.minimum((scores.astype(float) * 10).astype(int), 9)
    ece = sum(np.sum(bins == b) * abs(labels[bins == b].mean() - scores[bins == b].astype(float).mean())
              for b in np.unique(bins))
    line("ece", [ece / len(labels)])
    share, predicted = calibration_curve(labels, scores, n_bins=10)
    line("bin_shares", share)
    line("bin_predictions", predicted)


def case(rng, n, prevalence, steps, shift):
    """steps: scores are multiples of 1/steps, so that there are ties; 0: hardly any."""
    labels = (rng.random(n) < prevalence).astype(int)
    labels[:2] = 0, 1
    scores = rng.normal(shift * labels, 1.0)
    scores = 1 / (1 + np.exp(-scores))
    if steps:
        scores = np.round(scores * steps) / steps
    scores = scores.astype(np.float32)
    fpr, tpr, thresholds = roc_curve(labels, scores, drop_intermediate=False)
    positives, negatives = labels.sum(), n - labels.sum()
    tp = np.rint(tpr[1:] * positives).astype(int)
    fp = np.rint(fpr[1:] * negatives).astype(int)
    # In integers, since the difference of the rates breaks exact ties.
    youden = tp * negatives - fp * positives
    best = int(np.argmax(youden))
    threshold = thresholds[1:][best]
    line("case", [n])
    line("scores", scores)
    line("labels", labels)
    line("auc", [roc_auc_score(labels, scores)])
    line("average_precision", [average_precision_score(labels, scores)])
    line("thresholds", thresholds[1:])
    line("fpr", fpr[1:])
    line("tpr", tpr[1:])
    line("youden", [threshold, youden[best] / (positives * negatives)])
    line("decisions", decisions(labels, scores, threshold))
    used = replicates(labels, scores, threshold, seed=5, count=200)
    line("used", [len(used)])
    line("low", np.percentile(used, 2.5, axis=0))
    line("high", np.percentile(used, 97.5, axis=0))
    resampled(labels, scores)
    policies(labels, scores)
    calibration(labels, scores)


def main():
    print(f"# made by tools/make_metrics_oracle.py with scikit-learn {sklearn.__version__}, numpy {np.__version__}")
    rng = np.random.default_rng(2022)
    case(rng, 40, 0.4, 10, 1.0)
    case(rng, 60, 0.2, 0, 1.5)
    case(rng, 50, 0.5, 4, 0.3)
    case(rng, 30, 0.05, 5, 1.0)
    values = np.sort(rng.random(11))
    line("values", values)
    for fraction in (0.0, 0.025, 0.33, 0.5, 0.975, 1.0):
        line("percentile", [fraction, np.percentile(values, 100 * fraction)])


if __name__ == "__main__":
    main()
