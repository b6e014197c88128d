#!/usr/bin/env python3
"""How long a training step takes on N GPUs, by a model: the tables of docs/scaling.md.

    python3 tools/scaling_model.py                 from an assumed GPU
    python3 tools/scaling_model.py 7.1 21.0        from measured milliseconds of a step of 8 and of 32 images (thorax bench step)

The links are assumed, and so is the GPU unless it is given. A step of n images on one GPU takes FIXED + n * PER_IMAGE. An all-reduce of B bytes by N ranks in a ring takes
2 (N-1) alpha + 2 (N-1)/N B / beta (Thakur, Rabenseifner, Gropp: Optimization of collective communication operations in MPICH, 2005);
several machines sum within each, then between them, then share within each. It runs beside the backward pass, two thirds of the step,
except for the last of its buckets, whose gradients are ready only when that pass ends; with --sync-bn it follows that pass.
"""
import sys

PARAMETERS = 6_964_106  # DenseNet-121, ten classes
GRADIENT = 4 * PARAMETERS  # bytes
BUCKETS = 4
BACKWARD = 2 / 3
JOINT = 2 * (2 * 58 + 4)  # about so many all-reduces of --sync-bn: each produced slice forward and backward
JOINT_BYTES = 4 * 2 * 128

# DenseNet-121, 512x512, bf16, on an H200: 773 kernels of at least 2.5 us, and 21 ms for 32 images.
FIXED = 773 * 2.5e-6
PER_IMAGE = (21e-3 - FIXED) / 32
if len(sys.argv) == 3:
    of_8, of_32 = (float(ms) * 1e-3 for ms in sys.argv[1:])
    PER_IMAGE = (of_32 - of_8) / 24
    FIXED = of_8 - 8 * PER_IMAGE

# alpha in seconds, beta in bytes a second, for each direction of one rank.
NVLINK = (3e-6, 300e9)
PCIE = (6e-6, 20e9)
FAST = (10e-6, 40e9)  # InfiniBand or RoCE, 400 Gb/s, for each GPU
ETHERNET = (40e-6, 1.1e9)  # 10 Gb/s, for each machine
MACHINES = [  # name, GPUs in one, links within and between, GPUs that share the link between
    ("8 GPUs in a machine with NVLink, 400 Gb/s from each to the next machine", 8, NVLINK, FAST, 1),
    ("4 GPUs in a machine with PCIe, 10 Gb/s from it to the next", 4, PCIE, ETHERNET, 4),
]


def ring(ranks, size, link):
    alpha, beta = link
    return 2 * (ranks - 1) * alpha + 2 * (ranks - 1) / ranks * size / beta


def all_reduce(gpus, size, machine):
    _, most, within, between, sharing = machine
    local = min(gpus, most)
    machines = gpus // local
    alpha, beta = between
    return ring(local, size, within) + ring(machines, size / local, (alpha, beta / min(sharing, local)))


def step(gpus, batch, machine, joint=False):
    largest_share = -(-batch // gpus)
    compute = FIXED + largest_share * PER_IMAGE
    if gpus == 1:
        return compute
    total = all_reduce(gpus, GRADIENT, machine)
    last = all_reduce(gpus, GRADIENT / BUCKETS, machine)
    if joint:
        return compute + total + JOINT * all_reduce(gpus, JOINT_BYTES, machine)
    return compute + max(total - BACKWARD * compute, last)


def table(title, batch_of, joint):
    for machine in MACHINES:
        print(f"\n{title}; {machine[0]}:\n")
        print("| GPUs | batch | ms a step | images/s | of ideal |" + (" ms with `--sync-bn` |" if joint else ""))
        print("|--:|--:|--:|--:|--:|" + ("--:|" if joint else ""))
        for gpus in (1, 2, 4, 8, 16, 32):
            batch = batch_of(gpus)
            seconds = step(gpus, batch, machine)
            ideal = gpus * 32 / step(1, 32, machine)
            efficiency = 100 * batch / seconds / ideal
            print(f"| {gpus} | {gpus} x {batch // gpus} | {1e3 * seconds:.1f} | {batch / seconds:,.0f} | {efficiency:.0f}% |", end="")
            print(f" {1e3 * step(gpus, batch, machine, True):.1f} |" if joint else "")


table("Batch 32, shared", lambda gpus: 32, True)
table("32 images for each GPU", lambda gpus: 32 * gpus, False)
