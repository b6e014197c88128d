#!/usr/bin/env python3
"""Writes tests/metrics/oracle.txt: what scikit-learn and numpy say about random scores with ties.

    python3 tools/make_metrics_oracle.py > tests/metrics/oracle.txt      (Debian's python3-sklearn)

One record a line: a key and its values. Scores and labels are those of every following line up to the next `case`.
"""
import numpy as np
import sklearn
from sklearn.metrics import confusion_matrix, f1_score, roc_auc_score, roc_curve

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def line(key, values):
    print(key, *[repr(float(v)) if isinstance(v, (float, np.floating)) else int(v) for v in values])


def mix(x):
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def drawn_images(seed, replicate, n):
    """The images of a replicate, by the generator of metrics/bootstrap.h."""
    state = mix((mix((seed + GOLDEN) & MASK) + (replicate + 1) * GOLDEN) & MASK)
    images = []
    for _ in range(n):
        state = (state + GOLDEN) & MASK
        images.append(((mix(state) >> 32) * n) >> 32)
    return np.array(images)


def decisions(labels, scores, threshold):
    called = scores >= threshold
    tn, fp, fn, tp = confusion_matrix(labels, called, labels=[0, 1]).ravel()
    return tp / (tp + fn), tn / (tn + fp), f1_score(labels, called, zero_division=0)


def replicates(labels, scores, threshold, seed, count):
    """AUC, sensitivity, specificity and F1 of each replicate that has both values, [used, 4]."""
    rows = []
    for replicate in range(count):
        images = drawn_images(seed, replicate, len(labels))
        y, s = labels[images], scores[images]
        if y.min() != y.max():
            rows.append((roc_auc_score(y, s), *decisions(y, s, threshold)))
    return np.array(rows)


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
    line("thresholds", thresholds[1:])
    line("fpr", fpr[1:])
    line("tpr", tpr[1:])
    line("youden", [threshold, youden[best] / (positives * negatives)])
    line("decisions", decisions(labels, scores, threshold))
    used = replicates(labels, scores, threshold, seed=5, count=200)
    line("used", [len(used)])
    line("low", np.percentile(used, 2.5, axis=0))
    line("high", np.percentile(used, 97.5, axis=0))


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
