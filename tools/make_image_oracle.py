#!/usr/bin/env python3
"""Writes tests/data/image_oracle.txt and the small images of tests/data/files: what OpenCV and whole-number arithmetic say about
equalisation, grey, resizing and decoding. Run in the root of the repository; needs numpy, OpenCV and Pillow.

A line per case:
  equalize SEED KIND H W HASH        cv2.equalizeHist of made(SEED, KIND, H * W)
  luma SEED COUNT HASH               cv2.cvtColor(RGB2GRAY) of made(SEED, 0, 3 * COUNT)
  resize SEED H W OUT_H OUT_W HASH   the exact bilinear value, halves up, of made(SEED, 0, H * W); OpenCV's is at most 1 off
  file NAME H W TOLERANCE HEX        the grey pixels of a file
made() is a linear congruential generator (tests/data/oracle.h has its twin), HASH is FNV-1a of 64 bits.
"""
import cv2
import numpy as np
from PIL import Image

FILES = "tests/data/files/"


def made(seed, kind, count):
    state, out = seed, []
    for _ in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        b = state >> 24
        out.append([b, 100 + (b & 31), 77, 3 if b < 128 else 250, (b * b) >> 8, 0 if b < 250 else b][kind])
    return np.array(out, np.uint8)


def fnv(array):
    h = 0xCBF29CE484222325
    for b in array.tobytes():
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return "%016x" % h


def taps(n, out):
    at = np.clip((2 * np.arange(out, dtype=np.int64) + 1) * n - out, 0, None)
    low = np.minimum(at // (2 * out), n - 1)
    weight = np.where(low == n - 1, 0, at - low * 2 * out)
    return low, np.minimum(low + 1, n - 1), weight


def exact_resize(image, out_h, out_w):
    h, w = image.shape
    y0, y1, wy = taps(h, out_h)
    x0, x1, wx = taps(w, out_w)
    p = image.astype(np.int64)
    rows = p[:, x0] * (2 * out_w - wx) + p[:, x1] * wx
    total = rows[y0] * (2 * out_h - wy)[:, None] + rows[y1] * wy[:, None]
    unit = 4 * out_h * out_w
    return ((2 * total + unit) // (2 * unit)).astype(np.uint8)


def arithmetic(write):
    for seed in range(60):
        kind, h, w = seed % 6, 1 + seed * 7 % 61, 1 + seed * 11 % 53
        image = made(seed, kind, h * w).reshape(h, w)
        write("equalize", seed, kind, h, w, fnv(cv2.equalizeHist(image)))
    for seed in range(4):
        rgb = made(seed, 0, 3 * 5000).reshape(1, 5000, 3)
        write("luma", seed, 5000, fnv(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)))
    shapes = [(1, 1, 5, 7), (2, 3, 64, 64), (64, 64, 64, 64), (100, 80, 32, 32), (33, 57, 224, 224), (224, 224, 96, 96), (50, 1, 20, 20),
              (1, 50, 20, 20), (97, 131, 60, 31), (256, 256, 128, 128), (7, 5, 3, 2), (300, 200, 1, 1)]
    for seed, (h, w, out_h, out_w) in enumerate(shapes):
        image = made(seed, 0, h * w).reshape(h, w)
        exact = exact_resize(image, out_h, out_w)
        opencv = cv2.resize(image, (out_w, out_h), interpolation=cv2.INTER_LINEAR)
        assert np.abs(exact.astype(int) - opencv.astype(int)).max() <= 1, (h, w, out_h, out_w)
        write("resize", seed, h, w, out_h, out_w, fnv(exact))


def smooth(h, w):
    y, x = np.mgrid[0:h, 0:w]
    return (128 + 90 * np.sin(x / 5.0) * np.cos(y / 4.0) + 20 * np.sin(y * x / 40.0)).astype(np.uint8)


def files(write):
    h, w = 19, 26
    grey = smooth(h, w)
    rgb = np.dstack([grey, np.roll(grey, 3, 1), 255 - grey])

    def add(name, expected, tolerance=0):
        write("file", name, h, w, tolerance, expected.astype(np.uint8).tobytes().hex())

    def rounded(values, scale):
        return (values.astype(np.int64) * 255 + scale // 2) // scale

    cv2.imwrite(FILES + "grey.png", grey)
    add("grey.png", grey)
    cv2.imwrite(FILES + "rgb.png", rgb[:, :, ::-1])
    add("rgb.png", cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))
    cv2.imwrite(FILES + "equal_rgb.png", np.dstack([grey] * 3))
    add("equal_rgb.png", grey)
    Image.fromarray(np.dstack([rgb, np.roll(grey, 5, 0)]), "RGBA").save(FILES + "rgba.png")
    add("rgba.png", cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))
    Image.fromarray(np.dstack([grey, np.roll(grey, 5, 0)]), "LA").save(FILES + "grey_alpha.png")
    add("grey_alpha.png", grey)
    bits = Image.fromarray((grey > 128).astype(np.uint8) * 255).convert("1")
    bits.save(FILES + "one_bit.png")
    add("one_bit.png", np.array(bits.convert("L")))
    palette = Image.fromarray(rgb, "RGB").quantize(16)
    palette.save(FILES + "palette.png")
    add("palette.png", cv2.cvtColor(np.array(palette.convert("RGB")), cv2.COLOR_RGB2GRAY))
    for name, scale in (("grey16.png", 65535), ("grey12_in_16.png", 4095), ("grey8_in_16.png", 255)):
        values = np.minimum(grey.astype(np.int64) * scale // 200, scale).astype(np.uint16)
        values[3, 4] = scale
        cv2.imwrite(FILES + name, values)
        add(name, rounded(values, scale))
    cv2.imwrite(FILES + "grey.jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, 90])
    cv2.imwrite(FILES + "rgb.jpg", rgb[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    cv2.imwrite(FILES + "progressive.jpg", rgb[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_PROGRESSIVE, 1])
    cv2.imwrite(FILES + "restart.jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_RST_INTERVAL, 2])
    for name in ("grey.jpg", "rgb.jpg", "progressive.jpg", "restart.jpg"):
        add(name, cv2.imread(FILES + name, cv2.IMREAD_GRAYSCALE), 1)  # another inverse cosine transform


def main():
    with open("tests/data/image_oracle.txt", "w", encoding="ascii") as out:
        def write(*parts):
            out.write(" ".join(str(p) for p in parts) + "\n")
        arithmetic(write)
        files(write)


if __name__ == "__main__":
    main()
