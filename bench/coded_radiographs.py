#!/usr/bin/env python3
"""One radiograph in every coding that compare_decoders.py wants. Usage: coded_radiographs.py IMAGE FOLDER"""
import io
import pathlib
import sys

import cv2
import numpy as np
import pydicom
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import (ExplicitVRLittleEndian, JPEG2000Lossless, JPEGBaseline8Bit, JPEGLosslessSV1, JPEGLSLossless, RLELossless,
                         generate_uid)


def radiograph(file):
    """[3000,2500] of 12 bits: the phantom, smooth, with grain as fine as a detector's."""
    grey = cv2.resize(cv2.imread(file, cv2.IMREAD_GRAYSCALE).astype(np.float32), (3000, 3000), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(1).normal(0, 6, grey.shape)
    return np.clip(np.rint(16 * grey + noise), 0, 4095).astype(np.uint16)[:, 250:2750]


def dataset(pixels, bits):
    d = pydicom.Dataset()
    d.file_meta = pydicom.dataset.FileMetaDataset()
    d.SOPClassUID = d.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    d.SOPInstanceUID = d.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    d.Modality, d.PhotometricInterpretation, d.SamplesPerPixel = "DX", "MONOCHROME2", 1
    d.Rows, d.Columns = pixels.shape
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = pixels.dtype.itemsize * 8, bits, bits - 1, 0
    d.WindowCenter, d.WindowWidth = 2 ** (bits - 1), 2 ** bits
    d.PixelData = np.ascontiguousarray(pixels).tobytes()
    d["PixelData"].VR = "OB" if bits == 8 else "OW"
    return d


def with_gdcm(source, target, syntax):
    import gdcm
    reader = gdcm.ImageReader()
    reader.SetFileName(str(source))
    change, writer = gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(target))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()


def main():
    import gdcm
    folder = pathlib.Path(sys.argv[2])
    pixels = radiograph(sys.argv[1])
    plain = folder / "uncompressed.dcm"
    dataset(pixels, 12).save_as(plain, enforce_file_format=True)
    for name, syntax in [("rle", RLELossless), ("jpeg_ls", JPEGLSLossless), ("jpeg_2000", JPEG2000Lossless)]:
        d = dataset(pixels, 12)
        d.compress(syntax, generate_instance_uid=False)
        d.save_as(folder / f"{name}.dcm", enforce_file_format=True)
    with_gdcm(plain, folder / "jpeg_lossless.dcm", gdcm.TransferSyntax.JPEGLosslessProcess14_1)
    assert pydicom.dcmread(folder / "jpeg_lossless.dcm").file_meta.TransferSyntaxUID == JPEGLosslessSV1
    grey = (pixels >> 4).astype(np.uint8)
    coded = io.BytesIO()
    Image.fromarray(grey).save(coded, "JPEG", quality=95)
    (folder / "grey.jpg").write_bytes(coded.getvalue())
    Image.fromarray(grey).save(folder / "grey.png")
    d = dataset(grey, 8)
    d.PixelData = encapsulate([coded.getvalue()])
    d["PixelData"].is_undefined_length = True
    d.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    d.save_as(folder / "jpeg_baseline.dcm", enforce_file_format=True)


if __name__ == "__main__":
    main()
