#!/usr/bin/env python3
"""Writes tests/losses/oracle.txt: the losses and their gradients in extended precision, from the papers' equations.

    python3 tools/make_loss_oracle.py > tests/losses/oracle.txt      (Debian's python3-numpy)

The class counts are Table 1's of the paper (3550 training images); the logits rise evenly from -3 to 3. Gradients are central
differences, so that no derivative is written down twice. One record a line: a key and its values, of the case above it.
"""
import numpy as np

Real = np.longdouble
COUNTS = np.array([402, 1116, 453, 477, 730, 438, 417, 354, 396, 1387], Real)
N = Real(3550)
NO_FINDING = 9
VOC = dict(alpha=0.1, beta=10, mu=0.3, kappa=0.05, lam=5)


def labels():
    y = np.zeros((5, 10), Real)
    y[0, 9] = 1
    y[1, [0, 1, 7]] = 1
    y[2, 7] = 1
    y[3, [1, 4]] = 1  # row 4 stays without a positive
    return y


def unknown_and_soft():
    y = labels()
    y[0, 0] = y[1, 7] = y[3, 9] = y[4, 2] = np.nan
    y[2, 3], y[2, 9], y[4, 1] = 0.3, 0.75, 0.5
    return y


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def entropy(q):
    return np.logaddexp(Real(0), -q)


def rebalance(y, modified):
    """Equations 2 to 7."""
    own = 1 / COUNTS / 10
    row = np.nansum(y / COUNTS, axis=1, keepdims=True) / 10 + np.zeros_like(y)
    if modified:
        row[:, NO_FINDING] += np.sum(1 / COUNTS) / 100
    with np.errstate(divide="ignore"):
        r = own / row
    return VOC["alpha"] + sigmoid(VOC["beta"] * (r - Real(VOC["mu"])))


def elements(z, y, *, weights=None, modified=None, kappa=0, lam=1, gamma=0, scale=1, alpha=None):
    """Equation 10 with the focal factor of the authors' code; NaN where the label is unknown."""
    w = 1 if modified is None else rebalance(y, modified)
    q = z - kappa * np.log(N / COUNTS - 1)
    yes = scale * (1 - sigmoid(q)) ** gamma * entropy(q)
    no = scale * sigmoid(lam * q) ** gamma * entropy(-lam * q) / lam
    if weights == "share":
        yes, no = yes * (N - COUNTS) / N, no * COUNTS / N
    if weights == "ratio":
        yes = yes * (N - COUNTS) / COUNTS
    if alpha is not None:
        yes, no = yes * alpha, no * (1 - alpha)
    return w * (y * yes + (1 - y) * no)


def case(name, y, **parts):
    z = np.linspace(Real(-3), Real(3), 50, dtype=Real).reshape(5, 10)
    z = z.astype(np.float32).astype(Real)  # what the kernel is given
    y = y.astype(np.float32).astype(Real)
    loss = elements(z, y, **parts)
    known = np.sum(~np.isnan(y))
    step = Real(2) ** -18
    slope = (elements(z + step, y, **parts) - elements(z - step, y, **parts)) / (2 * step)
    print("case", name)
    show = lambda key, values: print(key, *[repr(float(v)) for v in np.ravel(values)])
    show("labels", y)
    show("logits", z)
    show("loss", loss)
    show("mean", np.nansum(loss) / known)
    show("gradient", np.nan_to_num(slope / known, nan=0.0))


def main():
    print("# made by tools/make_loss_oracle.py")
    y, part = labels(), unknown_and_soft()
    db = dict(kappa=Real(VOC["kappa"]), lam=Real(VOC["lam"]))
    code = dict(kappa=Real(VOC["kappa"]) / VOC["lam"], lam=Real(VOC["lam"]), modified=False)
    focal = dict(gamma=2, scale=2)
    case("db-modified", y, modified=True, **db)
    case("db", y, modified=False, **db)
    case("db-code-without-focal", y, **code)
    case("db-code", y, **code, **focal)
    case("db-modified-rebalance-alone", y, modified=True)
    case("db-tolerance-alone", y, **db)
    case("bce", y)
    case("bce-weighted", y, weights="share")
    case("bce-weighted-ratio", y, weights="ratio")
    case("bce-weighted-focal", y, weights="share", gamma=2)
    case("focal", y, gamma=2, alpha=Real(0.25))
    case("focal-without-alpha", y, gamma=Real(0.5))
    case("db-modified-unknown-and-soft", part, modified=True, **db)
    case("db-modified-focal-unknown-and-soft", part, modified=True, **db, **focal)
    case("bce-unknown-and-soft", part)


if __name__ == "__main__":
    main()
