#!/usr/bin/env python3
"""The generator of tensor/rng.h in numpy: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).

    from philox import Rng
    Rng(seed, stream).uniform(count, low, high)      elements 0..count-1, the same bits as Rng::uniform(index, low, high) in C++

    python3 tools/philox.py            checks itself against the published vectors
    python3 tools/philox.py --print    prints the numbers that tests/tensor/test_rng.cpp compares with
"""
import sys

import numpy as np

MASK = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


def philox(counter, key):
    """counter: four uint64 arrays holding 32 bits each; key: two integers. Returns [count,4] uint32."""
    c0, c1, c2, c3 = (np.asarray(c, np.uint64) for c in counter)
    k0, k1 = key
    for _ in range(10):
        a = np.uint64(0xD2511F53) * c0
        b = np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (b >> HALF) ^ c1 ^ np.uint64(k0), b & MASK, (a >> HALF) ^ c3 ^ np.uint64(k1), a & MASK
        k0 = (k0 + 0x9E3779B9) & 0xFFFFFFFF
        k1 = (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=-1).astype(np.uint32)


class Rng:
    """A function of (seed, stream, index). Every method gives the elements first .. first + count - 1."""

    def __init__(self, seed, stream):
        self.seed, self.stream = seed, stream

    def bits(self, count, first=0):
        number = np.arange(first // 4, (first + count + 3) // 4, dtype=np.uint64)
        stream_low = np.full_like(number, self.stream & 0xFFFFFFFF)
        stream_high = np.full_like(number, self.stream >> 32)
        words = philox((number & MASK, number >> HALF, stream_low, stream_high), (self.seed & 0xFFFFFFFF, self.seed >> 32))
        return words.reshape(-1)[first % 4 : first % 4 + count]

    def uniform(self, count, low=0.0, high=1.0, first=0):
        """float32 in every step, as in C++: low + (high - low) * u with u = bits >> 8 in steps of 2^-24."""
        u = (self.bits(count, first) >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)
        low, high = np.float32(low), np.float32(high)
        return low + (high - low) * u

    def normal(self, count, first=0):
        """Box-Muller in float64; the last bit of the float32 can differ from C++ where their log or cos do."""
        pairs = self.bits(2 * count, 2 * first).astype(np.float64).reshape(-1, 2)
        u, v = (pairs[:, 0] + 1.0) * 2.0**-32, pairs[:, 1] * 2.0**-32
        return (np.sqrt(-2.0 * np.log(u)) * np.cos(2.0 * np.pi * v)).astype(np.float32)

    def below(self, count, n, first=0):
        return ((self.bits(count, first).astype(np.uint64) * np.uint64(n)) >> HALF).astype(np.uint32)


def shuffled(items, rng):
    """A permuted copy: shuffle() of tensor/rng.h."""
    items = list(items)
    draws = rng.bits(len(items) + 1).astype(np.uint64)
    for i in range(len(items), 1, -1):
        j = int(draws[i] * np.uint64(i) >> HALF)
        items[i - 1], items[j] = items[j], items[i - 1]
    return items


# Counter, key and output words of Philox 4x32-10 from the known-answer file of Random123, the authors' own code.
KNOWN_ANSWERS = [
    ([0, 0, 0, 0], [0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    ([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], [0xA4093822, 0x299F31D0], [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]),
]


def check():
    for counter, key, expected in KNOWN_ANSWERS:
        found = philox([np.array([c], np.uint64) for c in counter], key)[0]
        assert found.tolist() == expected, [hex(w) for w in found]
    rng = Rng(0x0123456789ABCDEF, 0xFEDCBA9876543210)
    whole = rng.bits(1000)
    for first, count in [(0, 1), (1, 2), (3, 5), (997, 3), (500, 499)]:
        assert (rng.bits(count, first) == whole[first : first + count]).all(), (first, count)
    assert (rng.bits(8, first=2**40 + 3)[1:5] == rng.bits(4, first=2**40 + 4)).all()
    assert sorted(shuffled(range(100), rng)) == list(range(100))
    u = rng.uniform(100000, -2.0, 2.0)
    assert u.dtype == np.float32 and u.min() >= -2 and u.max() < 2 and abs(u.mean()) < 0.02 and abs(u.std() - 4 / np.sqrt(12)) < 0.02
    n = rng.normal(100000)
    assert n.dtype == np.float32 and abs(n.mean()) < 0.02 and abs(n.std() - 1) < 0.02
    print("philox.py: agrees with the published vectors")


def print_numbers():
    rng = Rng(0x0123456789ABCDEF, 0xFEDCBA9876543210)
    print("bits    ", [hex(w) for w in rng.bits(6)])
    print("far     ", [hex(w) for w in rng.bits(3, first=2**40 + 2)])
    print("uniform ", [float(x).hex() for x in rng.uniform(4, -0.3, 0.7)])
    print("normal  ", [f"{x:.9g}" for x in rng.normal(4)])
    print("below   ", rng.below(8, 1000).tolist())
    print("shuffled", shuffled(range(10), rng))


if __name__ == "__main__":
    check()
    if "--print" in sys.argv:
        print_numbers()
