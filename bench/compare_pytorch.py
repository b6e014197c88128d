#!/usr/bin/env python3
r"""A training step of a model beside PyTorch's, in one run: time per image, peak memory, ratios.

    python3 bench/compare_pytorch.py --build build/release [--model resnet50] [--python /usr/bin/python3] [--rounds 3] \
        [--sizes 224x8,512x4] [--dtypes fp32,bf16] [--json results.json]

Every measurement is a process of its own. The engines take turns within each round, so that a slow minute of the machine hits all
of them; the table shows medians over the rounds. bench/README.md says what "default" and "tuned" are.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TUNED = {
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=68719476736",
    "ATEN_CPU_CAPABILITY": "avx512",
}


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build/release", help="the folder that holds apps/thorax")
    parser.add_argument("--python", default="/usr/bin/python3", help="an interpreter with torch and torchvision")
    parser.add_argument("--model", default="densenet121", help="a name that thorax and torchvision have")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=8, help="timed steps in each process")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", default="224x8,512x4", help="comma-separated: pixels of a side x images of a batch")
    parser.add_argument("--dtypes", default="fp32,bf16", help="comma-separated")
    parser.add_argument("--json", help="also writes every measurement there")
    return parser.parse_args()


def engines(args, size, batch, dtype):
    """{engine: (command, environment)}; thorax first."""
    flags = ["--model", args.model, "--size", str(size),
             "--batch", str(batch), "--dtype", dtype, "--steps", str(args.steps), "--threads", str(args.threads)]
    pytorch = [args.python, str(HERE / "pytorch_step.py"), "--channels-last", "--json", "-", *flags]
    return {
        "thorax": ([str(pathlib.Path(args.build) / "apps/thorax"), "bench", "step", "--mode", "train", "--device", "cpu", "--json", "-", *flags], {}),
        "PyTorch default": (pytorch, {}),
        "PyTorch tuned": (pytorch, TUNED),
    }


def measure(command, environment):
    run = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {run.returncode}\n{run.stderr}")
    return json.loads(run.stdout)["results"][0]


def measure_all(args, configuration):
    """{engine: [result of each round]}"""
    results = {}
    for turn in range(args.rounds):
        for engine, (command, environment) in engines(args, *configuration).items():
            print(f"{configuration} round {turn + 1}/{args.rounds}: {engine}", file=sys.stderr, flush=True)
            results.setdefault(engine, []).append(measure(command, environment))
    return results


def row(engine, runs, ours):
    """Times and memory of an engine, and how they compare with ours (> 1: thorax needs less)."""
    times = [r["ms_per_image"] for r in runs]
    memory = statistics.median(r["peak_mib"] for r in runs)
    our_time = statistics.median(r["ms_per_image"] for r in ours)
    our_memory = statistics.median(r["peak_mib"] for r in ours)
    spread = f"{statistics.median(times):.1f} [{min(times):.1f}..{max(times):.1f}]"
    return f"{engine:<17} {spread:>24} {memory:>9.0f} {statistics.median(times) / our_time:>10.2f} {memory / our_memory:>12.2f}"


def main():
    args = arguments()
    sizes = [tuple(int(n) for n in text.split("x")) for text in args.sizes.split(",")]
    chosen = [(size, batch, dtype) for size, batch in sizes for dtype in args.dtypes.split(",")]
    everything = []
    print(f"{'size batch type':<16} {'engine':<17} {'ms/image [min..max]':>24} {'peak MiB':>9} {'time ratio':>10} {'memory ratio':>12}")
    for configuration in chosen:
        results = measure_all(args, configuration)
        size, batch, dtype = configuration
        for engine, runs in results.items():
            print(f"{size:<5}{batch:<6}{dtype:<5} {row(engine, runs, results['thorax'])}", flush=True)
            everything += [{**r, "variant": engine} for r in runs]
    print(f"({args.model}, {everything[-1]['engine']}, {args.threads} threads, channels_last; ratios: PyTorch's over thorax's)")
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(everything, indent=1) + "\n")


if __name__ == "__main__":
    main()
