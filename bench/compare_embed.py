#!/usr/bin/env python3
r"""libthorax beside ONNX Runtime and OpenVINO, in one run: a trained model, batch 1, time per image, ratios; and what libthorax costs at
its start.

    python3 bench/compare_embed.py RUN --build build/release [--python build/venv/bin/python] [--rounds 3] [--json results.json]

RUN is exported to .thx and .onnx. Every measurement is a process of its own, and the engines take turns within each round. All get
an image that preprocessing leaves as it is (the network's size; every grey equally often) and have to agree on it first. Engines that
the interpreter does not have are left out, and said to be.
"""
import argparse
import ctypes
import json
import math
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time
from ctypes import POINTER, byref, c_char_p, c_float, c_int, c_size_t, c_uint, c_uint64, c_void_p

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "examples"))
from classify import Image, Info, Sized  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("run", help="a run folder or a model file")
    parser.add_argument("--build", default="build/release", help="the folder that holds apps/thorax and embed/libthorax.so.1")
    parser.add_argument("--python", default=sys.executable, help="an interpreter with numpy and what there is of onnxruntime and openvino")
    parser.add_argument("--threads", default="1,2", help="comma-separated")
    parser.add_argument("--steps", type=int, default=8, help="timed runs in each process")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", help="also writes every measurement there")
    parser.add_argument("--engine", nargs=5, help=argparse.SUPPRESS)  # a measurement: name, library, folder, threads, steps
    return parser.parse_args()


class Options(Sized):
    _fields_ = [("size", c_size_t), ("precision", c_int), ("threads", c_int), ("isa_limit", c_int), ("flags", c_uint),
                ("host", c_void_p)]


class Stats(Sized):
    _fields_ = [("size", c_size_t), ("last_ns", c_uint64), ("runs", c_uint64), ("memory_bytes", c_size_t), ("threads", c_int),
                ("isa", c_char_p)]


def check(status):
    if status != 0:
        sys.exit(f"libthorax: status {status}")


def private_bytes():
    """Pages of this process alone that hold more than a file does."""
    rollup = pathlib.Path("/proc/self/smaps_rollup").read_text()
    return 1024 * int(rollup.split("Private_Dirty:")[1].split()[0])


def timed(function):
    start = time.perf_counter()
    result = function()
    return 1000 * (time.perf_counter() - start), result


def libthorax(path, folder, threads, flags=0, precision=0):
    """(a run, milliseconds of opening, side of the input, bytes of the session's memory)"""
    library = ctypes.CDLL(path)
    model, session, info, stats = c_void_p(), c_void_p(), Info(), Stats()
    library.thorax_open.argtypes = [c_char_p, c_void_p, POINTER(c_void_p), c_void_p]
    library.thorax_describe.argtypes = [c_void_p, POINTER(Info)]
    library.thorax_session_create.argtypes = [c_void_p, POINTER(Options), c_void_p, c_size_t, POINTER(c_void_p), c_void_p]
    library.thorax_run.argtypes = [c_void_p, POINTER(Image), POINTER(c_float), c_size_t, c_void_p]
    library.thorax_get_stats.argtypes = [c_void_p, POINTER(Stats)]
    opening, status = timed(lambda: library.thorax_open(str(folder / "model.thx").encode(), None, byref(model), None))
    check(status)
    check(library.thorax_describe(model, byref(info)))
    check(library.thorax_session_create(model, byref(Options(threads=threads, flags=flags, precision=precision)), None, 0, byref(session), None))
    check(library.thorax_get_stats(session, byref(stats)))
    answer = (c_float * info.classes)()
    side = info.input_size
    image = Image(data=pixels(side), format=1, width=side, height=side)

    def run():
        check(library.thorax_run(session, byref(image), answer, info.classes, None))
        return list(answer)

    return run, opening, side, stats.memory_bytes


def onnxruntime(_, folder, threads):
    import numpy
    import onnxruntime as engine
    options = engine.SessionOptions()
    options.intra_op_num_threads = threads
    opening, session = timed(lambda: engine.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]))
    port = session.get_inputs()[0]
    side = port.shape[-1]
    image = numpy.frombuffer(pixels(side), numpy.uint8).reshape([1 if isinstance(n, str) else n for n in port.shape])
    name = session.get_outputs()[0].name
    return lambda: [1 / (1 + math.exp(-x)) for x in session.run([name], {port.name: image})[0].ravel().tolist()], opening, side, None


def openvino(_, folder, threads, precision="f32"):
    import numpy
    import openvino as engine
    settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision}
    opening, model = timed(lambda: engine.Core().compile_model(str(folder / "model.onnx"), "CPU", settings))
    shape = [n.get_length() if n.is_static else 1 for n in model.input(0).partial_shape]
    side = shape[-1]
    image = numpy.frombuffer(pixels(side), numpy.uint8).reshape(shape)
    request = model.create_infer_request()
    return lambda: [1 / (1 + math.exp(-x)) for x in request.infer([image])[model.output(0)].ravel().tolist()], opening, side, None


WINOGRAD, BF16 = 2, 2  # THORAX_WINOGRAD, THORAX_BF16
ENGINES = {
    "libthorax": libthorax,
    "libthorax, Winograd": lambda *where: libthorax(*where, flags=WINOGRAD),
    "libthorax, bf16": lambda *where: libthorax(*where, precision=BF16),
    "ONNX Runtime": onnxruntime,
    "OpenVINO": openvino,
    "OpenVINO, bf16": lambda *where: openvino(*where, precision="bf16"),
}
MODULES = {"ONNX Runtime": "onnxruntime", "OpenVINO": "openvino", "OpenVINO, bf16": "openvino"}
PEERS = ["ONNX Runtime", "OpenVINO"]  # in fp32


def pixels(side):
    greys = list(range(256)) * (side * side // 256)
    random.Random(1).shuffle(greys)
    return bytes(greys)


def measurement(name, library, folder, threads, steps):
    before = private_bytes()
    run, opening, side, memory = ENGINES[name](library, pathlib.Path(folder), int(threads))
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
    def is_there(name):
        if name == "libthorax, bf16" and "avx512_bf16" not in pathlib.Path("/proc/cpuinfo").read_text():
            print(f"{name}: not on this processor", file=sys.stderr)
            return False
        module = MODULES.get(name)
        there = module is None or subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0
        if not there:
            print(f"{name}: the interpreter has no {module}", file=sys.stderr)
        return there

    return [name for name in ENGINES if is_there(name)]


def measure_all(args, folder, library):
    """{(threads, engine): [measurement of each round]}"""
    results, engines = {}, engines_here(args.python)
    for turn in range(args.rounds):
        for threads in args.threads.split(","):
            for name in engines:
                print(f"round {turn + 1}/{args.rounds}: {name}, threads: {threads}", file=sys.stderr, flush=True)
                command = [args.python, __file__, args.run, "--engine", name, library, folder, threads, args.steps]
                results.setdefault((int(threads), name), []).append(json.loads(output_of(command)))
    return results


def validate(results):
    answers = [r["answer"] for (_, name), runs in results.items() if "bf16" not in name for r in runs]
    if max(abs(a - b) for answer in answers for a, b in zip(answer, answers[0])) > 1e-4:
        sys.exit("the engines do not agree")


def started(build, folder, side, threads, rounds):
    """Milliseconds from the start of examples/classify.c to its end."""
    (folder / "image.pgm").write_bytes(b"P5 %d %d 255\n" % (side, side) + pixels(side))
    command = [build / "tests/embed/classify", folder / "model.thx", folder / "image.pgm", threads]
    return statistics.median(timed(lambda: output_of(command))[0] for _ in range(rounds))


def median(runs, key):
    return statistics.median(r[key] for r in runs)


def main():
    args = arguments()
    if args.engine:
        print(json.dumps(measurement(*args.engine)))
        return
    build = pathlib.Path(args.build).resolve()
    library = build / "embed/libthorax.so.1"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for file in ["model.thx", "model.onnx"]:
            output_of([build / "apps/thorax", "export", args.run, "-o", folder / file])
        output_of(["strip", "-o", folder / "stripped.so", library])
        results = measure_all(args, folder, library)
        validate(results)
        side = next(iter(results.values()))[0]["size"]
        starts = {key: started(build, folder, side, key[0], 3 * args.rounds) for key in results if key[1] == "libthorax"}
        size, model_size = ((folder / file).stat().st_size for file in ["stripped.so", "model.thx"])
    print(f"library, stripped: {size} bytes; model.thx: {model_size / 1e6:.1f} MB; input {side}x{side}")
    print(f"{'threads':>7} {'engine':<20} {'ms/image [min..max]':>24} {'ratio':>6} {'CPU ms':>7} {'open ms':>8} {'private MB':>11} {'session MB':>11} {'to 1st answer':>14}")
    for (threads, engine), runs in results.items():
        times = [r["run_ms"] for r in runs]
        peers = [median(results[threads, name], "run_ms") for name in PEERS if (threads, name) in results]
        ratio = f"{median(runs, 'run_ms') / min(peers):.2f}" if peers else "-"
        ours = engine.startswith("libthorax")
        print(f"{threads:>7} {engine:<20} {f'{statistics.median(times):.1f} [{min(times):.1f}..{max(times):.1f}]':>24} {ratio:>6} "
              f"{median(runs, 'cpu_ms'):>7.1f} {median(runs, 'open_ms'):>8.1f} {median(runs, 'private_mb'):>11.1f} {runs[0]['session_mb'] if ours else 0:>11.1f} "
              f"{starts.get((threads, engine), 0):>14.0f}")
    print("(ratio: to the best of ONNX Runtime and OpenVINO in fp32; CPU: of all threads, per image; opening: with all checksums; private: of the whole process, since before the engine was loaded)")
    if args.json:
        everything = [r for runs in results.values() for r in runs]
        pathlib.Path(args.json).write_text(json.dumps(everything, indent=1) + "\n")


if __name__ == "__main__":
    main()
