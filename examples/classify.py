#!/usr/bin/env python3
"""Probabilities for one radiograph, with ctypes and nothing else: classify.py MODEL.thx IMAGE.pgm

libthorax.so.1 is looked for where the system's loader looks. The image is binary PGM (P5) of 8 or 16 bits."""
import ctypes
import re
import sys
from ctypes import POINTER, Structure, byref, c_char, c_char_p, c_double, c_float, c_int, c_size_t, c_ubyte, c_uint, c_uint64, c_void_p


class Sized(Structure):
    """Every struct of the header begins with its size; the rest begins as zero."""

    def __init__(self, **values):
        super().__init__(size=ctypes.sizeof(self), **values)


class Error(Sized):
    _fields_ = [("size", c_size_t), ("code", c_int), ("offset", c_uint64), ("text", c_char * 232)]


class Image(Sized):
    _fields_ = [("size", c_size_t), ("data", c_char_p), ("format", c_int), ("width", c_int), ("height", c_int),
                ("stride", c_size_t), ("bits", c_int), ("inverted", c_int), ("window_low", c_double), ("window_high", c_double),
                ("lut", c_void_p), ("lut_entries", c_size_t)]


class Info(Sized):
    _fields_ = [("size", c_size_t), ("architecture", c_char_p), ("name", c_char_p), ("members", c_int), ("classes", c_int),
                ("input_size", c_int), ("map_size", c_int), ("precisions", c_uint), ("calibrated", c_int),
                ("sha256", c_ubyte * 32)]


def declare(library):
    model, error = c_void_p, POINTER(Error)
    for name, result, arguments in [
            ("thorax_open", c_int, [c_char_p, c_void_p, POINTER(model), error]),
            ("thorax_close", None, [model]),
            ("thorax_describe", c_int, [model, POINTER(Info)]),
            ("thorax_class_name", c_char_p, [model, c_int]),
            ("thorax_threshold", c_int, [model, c_int, POINTER(c_float)]),
            ("thorax_session_create", c_int, [model, c_void_p, c_void_p, c_size_t, POINTER(c_void_p), error]),
            ("thorax_session_destroy", None, [c_void_p]),
            ("thorax_run", c_int, [c_void_p, POINTER(Image), POINTER(c_float), c_size_t, error])]:
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments


def read_pgm(path):
    with open(path, "rb") as file:
        content = file.read()
    head = re.match(rb"P5\s+(\d+)\s+(\d+)\s+(\d+)\s", content)
    if head is None:
        sys.exit(f"classify.py: {path} is no binary PGM")
    width, height, maximum = (int(number) for number in head.groups())
    size = 2 if maximum > 255 else 1
    pixels = content[head.end():]
    if len(pixels) < width * height * size:
        sys.exit(f"classify.py: {path} is too short")
    if size == 2 and sys.byteorder == "little":
        swapped = bytearray(pixels)
        swapped[0::2], swapped[1::2] = pixels[1::2], pixels[0::2]
        pixels = bytes(swapped)
    return Image(data=pixels, format=size, width=width, height=height)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: classify.py MODEL.thx IMAGE.pgm")
    library = ctypes.CDLL("libthorax.so.1")
    declare(library)
    image, error, info = read_pgm(sys.argv[2]), Error(), Info()
    model, session = c_void_p(), c_void_p()

    def check(status):
        if status != 0:
            sys.exit(f"classify.py: {error.text.decode()}")

    check(library.thorax_open(sys.argv[1].encode(), None, byref(model), byref(error)))
    check(library.thorax_session_create(model, None, None, 0, byref(session), byref(error)))
    check(library.thorax_describe(model, byref(info)))
    probabilities = (c_float * info.classes)()
    check(library.thorax_run(session, byref(image), probabilities, info.classes, byref(error)))
    for k, probability in enumerate(probabilities):
        threshold = c_float()
        known = library.thorax_threshold(model, k, byref(threshold)) == 0
        mark = " +" if known and probability >= threshold.value else ""
        print(f"{probability:.9g} {library.thorax_class_name(model, k).decode()}{mark}")
    library.thorax_session_destroy(session)
    library.thorax_close(model)


if __name__ == "__main__":
    main()
