#!/usr/bin/env python3
r"""libthorax beside ONNX Runtime, OpenVINO, ncnn, PyTorch and the sum of oneDNN's convolutions, in one run: a trained model, batch 1, time per
image, ratios; and what libthorax costs at its start.

    python3 bench/compare_embed.py RUN --build build/release [--python build/venv/bin/python] [--rounds 3] [--json results.json]

RUN is exported to .thx, .onnx and .safetensors. Every measurement is a process of its own, and the engines take turns within each round. All
get an image that preprocessing leaves as it is (the network's size; every grey equally often) and have to agree on it first. Engines
that the interpreter does not have are left out, and said to be.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from embed_engines import ENGINES, PEERS, description, missing_here, ncnn_files, pixels, timed
from onednn_sum import onednn_sum


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("run", help="a run folder or a model file")
    parser.add_argument("--build", default="build/release", help="the folder that holds apps/thorax and embed/libthorax.so.1")
    parser.add_argument("--python", default=sys.executable, help="an interpreter with what there is of the engines")
    parser.add_argument("--threads", default="1,2", help="comma-separated")
    parser.add_argument("--steps", type=int, default=8, help="timed runs in each process")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", help="also writes every measurement there")
    parser.add_argument("--engine", nargs=4, help=argparse.SUPPRESS)  # a measurement: name, folder, threads, steps
    parser.add_argument("--ncnn-files", help=argparse.SUPPRESS)  # the folder
    return parser.parse_args()


def private_bytes():
    """Pages of this process alone that hold more than a file does."""
    rollup = pathlib.Path("/proc/self/smaps_rollup").read_text()
    return 1024 * int(rollup.split("Private_Dirty:")[1].split()[0])


def measurement(name, folder, threads, steps):
    before = private_bytes()
    run, opening, side, memory = ENGINES[name](pathlib.Path(folder), int(threads))
    first, answer = timed(run)
    busy = time.process_time()
    times = [timed(run)[0] for _ in range(int(steps))]
    busy = 1000 * (time.process_time() - busy) / len(times)
    return {"engine": name, "threads": int(threads), "size": side, "open_ms": opening, "first_ms": first, "run_ms": statistics.median(times), "cpu_ms": busy,
            "answer": answer, "private_mb": (private_bytes() - before) / 1e6, "session_mb": memory and memory / 1e6}


def output_of(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{command}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def engines_here(python):
    reasons = {name: missing_here(name, python) for name in ENGINES}
    for name, reason in reasons.items():
        if reason:
            print(f"{name}: {reason}", file=sys.stderr)
    return [name for name, reason in reasons.items() if not reason]


def sums_of_onednn(thorax, folder, threads):
    """{name: milliseconds}"""
    about = description(folder)
    kinds = {"oneDNN's sum": {}, "oneDNN's sum, Winograd": {"winograd": True}, "oneDNN's sum, bf16": {"dtype": "bf16"}}
    sums = {name: onednn_sum(thorax, folder, about["model"], about["size"], threads, **options) for name, options in kinds.items()}
    return {name: time_ms for name, time_ms in sums.items() if time_ms is not None}


def measure_all(args, folder, thorax):
    """{(threads, engine): [measurement of each round]}"""
    results, engines = {}, engines_here(args.python)
    if "ncnn" in engines:
        output_of([args.python, __file__, args.run, "--ncnn-files", folder])
    for turn in range(args.rounds):
        for threads in map(int, args.threads.split(",")):
            for name in engines:
                print(f"round {turn + 1}/{args.rounds}: {name}, threads: {threads}", file=sys.stderr, flush=True)
                command = [args.python, __file__, args.run, "--engine", name, folder, threads, args.steps]
                results.setdefault((threads, name), []).append(json.loads(output_of(command)))
            for name, run_ms in sums_of_onednn(thorax, folder, threads).items():
                results.setdefault((threads, name), []).append({"engine": name, "threads": threads, "run_ms": run_ms})
    return results


def validate(results):
    answers = [r["answer"] for (_, name), runs in results.items() if "bf16" not in name for r in runs if "answer" in r]
    if max(abs(a - b) for answer in answers for a, b in zip(answer, answers[0])) > 1e-4:
        sys.exit("the engines do not agree")


def started(build, folder, side, threads, rounds):
    """Milliseconds from the start of examples/classify.c to its end."""
    (folder / "image.pgm").write_bytes(b"P5 %d %d 255\n" % (side, side) + pixels(side))
    command = [build / "tests/embed/classify", folder / "model.thx", folder / "image.pgm", threads]
    return statistics.median(timed(lambda: output_of(command))[0] for _ in range(rounds))


def median(runs, key):
    known = [r[key] for r in runs if r.get(key) is not None]
    return statistics.median(known) if known else None


def shown(number, decimals=1):
    return "-" if number is None else f"{number:.{decimals}f}"


def show(results, starts):
    print(f"{'threads':>7} {'engine':<22} {'ms/image [min..max]':>24} {'ratio':>6} {'CPU ms':>7} {'open ms':>8} {'private MB':>11} {'session MB':>11} {'to 1st answer':>14}")
    for (threads, engine), runs in results.items():
        times = [r["run_ms"] for r in runs]
        peers = [median(results[threads, name], "run_ms") for name in PEERS if (threads, name) in results]
        ratio = median(runs, "run_ms") / min(peers) if peers else None
        print(f"{threads:>7} {engine:<22} {f'{statistics.median(times):.1f} [{min(times):.1f}..{max(times):.1f}]':>24} {shown(ratio, 2):>6} "
              f"{shown(median(runs, 'cpu_ms')):>7} {shown(median(runs, 'open_ms')):>8} {shown(median(runs, 'private_mb')):>11} "
              f"{shown(median(runs, 'session_mb')):>11} {shown(starts.get((threads, engine)), 0):>14}")
    print("(ratio: to the best peer in fp32; oneDNN's sum: its convolutions alone; CPU: of all threads, per image; opening: of libthorax with all "
          "checksums, of PyTorch with tracing; private: of the whole process, since before the engine was loaded)")


def main():
    args = arguments()
    if args.ncnn_files:
        ncnn_files(pathlib.Path(args.ncnn_files))
        return
    if args.engine:
        print(json.dumps(measurement(*args.engine)))
        return
    build = pathlib.Path(args.build).resolve()
    thorax, library = build / "apps/thorax", build / "embed/libthorax.so.1"
    os.environ["THORAX_LIBRARY"] = str(library)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for file in ["model.thx", "model.onnx", "model.safetensors"]:
            output_of([thorax, "export", args.run, "-o", folder / file])
        output_of(["strip", "-o", folder / "stripped.so", library])
        results = measure_all(args, folder, thorax)
        validate(results)
        side = next(iter(results.values()))[0]["size"]
        starts = {key: started(build, folder, side, key[0], 3 * args.rounds) for key in results if key[1] == "libthorax"}
        size, model_size = ((folder / file).stat().st_size for file in ["stripped.so", "model.thx"])
    print(f"library, stripped: {size} bytes; model.thx: {model_size / 1e6:.1f} MB; input {side}x{side}")
    show(results, starts)
    if args.json:
        everything = [r for runs in results.values() for r in runs]
        pathlib.Path(args.json).write_text(json.dumps(everything, indent=1) + "\n")


if __name__ == "__main__":
    main()
