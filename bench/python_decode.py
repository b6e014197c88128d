#!/usr/bin/env python3
"""How fast Python turns an image file into what a network sees: read, decode, window, 8 bits, equalise, resize to 512x512.

    python3 bench/python_decode.py FILE --way pydicom:gdcm|pillow|opencv [--images 20] [--processes 2] [--grey OUT.png]

Processes, as data loaders have them; each is warm before the clock starts. Prints one JSON object."""
import argparse
import json
import multiprocessing
import os
import time

import cv2
import numpy as np

cv2.setNumThreads(1)


def with_pydicom(file, plugin):
    import pydicom
    from pydicom.pixels import apply_modality_lut, apply_voi_lut
    dataset = pydicom.dcmread(file)
    dataset.pixel_array_options(decoding_plugin=plugin)
    values = apply_voi_lut(apply_modality_lut(dataset.pixel_array, dataset), dataset)
    most = 2 ** dataset.BitsStored - 1
    grey = np.rint(values * (255.0 / most)).astype(np.uint8)
    return 255 - grey if dataset.PhotometricInterpretation == "MONOCHROME1" else grey


def decode(file, way):
    if way.startswith("pydicom"):
        return with_pydicom(file, way.partition(":")[2])
    if way == "opencv":
        return cv2.imread(file, cv2.IMREAD_GRAYSCALE)
    from PIL import Image
    return np.asarray(Image.open(file).convert("L"))


def prepare(grey):
    return cv2.resize(cv2.equalizeHist(grey), (512, 512), interpolation=cv2.INTER_LINEAR)


def work(job):
    file, way, images, barrier, whole = job
    prepare(decode(file, way))
    barrier.wait()
    begin = time.perf_counter()
    for _ in range(images):
        grey = decode(file, way)
        if whole:
            prepare(grey)
    return begin, time.perf_counter()


def rate(file, way, images, processes, whole):
    each = max(1, images // processes)
    with multiprocessing.Manager() as manager, multiprocessing.Pool(processes) as pool:
        barrier = manager.Barrier(processes)
        times = pool.map(work, [(file, way, each, barrier, whole)] * processes, chunksize=1)
    return each * processes / (max(end for _, end in times) - min(begin for begin, _ in times))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--way", required=True)
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--grey", help="only writes the grey image there")
    args = parser.parse_args()
    if args.grey:
        cv2.imwrite(args.grey, decode(args.file, args.way))
        return
    print(json.dumps({"images_per_second": rate(args.file, args.way, args.images, args.processes, True),
                      "decoded_per_second": rate(args.file, args.way, args.images, args.processes, False)}))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
