#!/usr/bin/env python3
"""Decoding and preparing radiographs beside what Python users have, in one run: images per second, ratios.

    python3 bench/compare_decoders.py --build build/release [--python build/venv/bin/python] [--images 20] [--rounds 3] [--only rle,png]

One phantom of 2,500x3,000, 12 bits (8 for baseline JPEG and PNG), in every coding. What thorax and each Python library make of a
file is compared first. Then they take turns, each in two threads or processes. bench/README.md lists the packages."""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

# kind: (the Python ways to read it, the grey levels by which readers may differ: lossy decoders round their own way)
KINDS = {
    "uncompressed.dcm": (["pydicom:"], 1),
    "rle.dcm": (["pydicom:pydicom", "pydicom:pylibjpeg"], 1),
    "jpeg_baseline.dcm": (["pydicom:pylibjpeg", "pydicom:gdcm", "pydicom:pillow"], 3),
    "jpeg_lossless.dcm": (["pydicom:pylibjpeg", "pydicom:gdcm"], 1),
    "jpeg_ls.dcm": (["pydicom:pylibjpeg", "pydicom:gdcm", "pydicom:pyjpegls"], 1),
    "jpeg_2000.dcm": (["pydicom:pylibjpeg", "pydicom:gdcm", "pydicom:pillow"], 1),
    "grey.png": (["pillow", "opencv"], 0),
    "grey.jpg": (["pillow", "opencv"], 3),
}


def run(*command):
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit code {result.returncode}\n{result.stderr}")
    return result.stdout


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build/release", help="the folder that holds apps/thorax and bench/bench_decode")
    parser.add_argument("--python", default=sys.executable, help="an interpreter with the packages")
    parser.add_argument("--images", type=int, default=20, help="in each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="comma-separated beginnings of: " + ", ".join(KINDS))
    parser.add_argument("--json", help="also writes every measurement there")
    return parser.parse_args()


def differ_by(args, folder, file, way):
    """The largest difference between thorax's grey image and that of a Python library."""
    ours, theirs = folder / "ours.png", folder / "theirs.png"
    ours.unlink(missing_ok=True)
    run(pathlib.Path(args.build) / "apps/thorax", "inspect", file, "--preview", ours)
    run(args.python, HERE / "python_decode.py", file, "--way", way, "--grey", theirs)
    compare = "import sys, cv2; a, b = (cv2.imread(f, 0).astype(int) for f in sys.argv[1:]); print(abs(a - b).max())"
    return int(run(args.python, "-c", compare, ours, theirs))


def measure(args, file, ways):
    """{engine: [result of each round]}; thorax first."""
    results = {}
    for turn in range(args.rounds):
        print(f"{file.name}: round {turn + 1}/{args.rounds}", file=sys.stderr, flush=True)
        results.setdefault("thorax", []).append(
            json.loads(run(pathlib.Path(args.build) / "bench/bench_decode", file, args.images, 2)))
        for way in ways:
            results.setdefault(way, []).append(
                json.loads(run(args.python, HERE / "python_decode.py", file, "--way", way, "--images", args.images)))
    return results


def median(runs, key):
    return statistics.median(r[key] for r in runs)


def print_rows(file, results):
    ours = results["thorax"]
    for engine, runs in results.items():
        cells = [f"{median(runs, key):>10.2f} {median(ours, key) / median(runs, key):>6.2f}"
                 for key in ("decoded_per_second", "images_per_second")]
        isolation = ""
        if "apart_computing_ms" in runs[0]:
            isolation = f"{100 * (1 - median(runs, 'here_computing_ms') / median(runs, 'apart_computing_ms')):>9.1f}%"
        print(f"{file.name:<20} {engine:<20} {'  '.join(cells)} {isolation}", flush=True)


def main():
    args = arguments()
    everything = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        run(pathlib.Path(args.build) / "apps/thorax", "phantom", "-o", folder / "phantom", "--count", 9, "--size", 750)
        run(args.python, HERE / "coded_radiographs.py", folder / "phantom/images/000000.png", folder)
        print(f"{'file':<20} {'engine':<20} {'decode/s':>10} {'ratio':>6}  {'all/s':>10} {'ratio':>6} isolation costs")
        for kind, (ways, most) in KINDS.items():
            if args.only and not kind.startswith(tuple(args.only.split(","))):
                continue
            for way in ways:
                difference = differ_by(args, folder, folder / kind, way)
                if difference > most:
                    sys.exit(f"{kind}: thorax and {way} differ by {difference} grey levels")
            everything[kind] = measure(args, folder / kind, ways)
            print_rows(folder / kind, everything[kind])
    print("(2,500x3,000; two threads or processes; decode: to 8 bits of grey; all: equalised and resized to 512x512 too;"
          " ratio: thorax's rate over the engine's;"
          " isolation: the part of decoding's processor time that the process without rights costs)")
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(everything, indent=1) + "\n")


if __name__ == "__main__":
    main()
