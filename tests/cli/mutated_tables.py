#!/usr/bin/env python3
"""Tables that are wrong in every way people and disks make them wrong, given to `thorax inspect --table-only`.

Usage: mutated_tables.py PROGRAM FOLDER [COUNT]

First those that are wrong for certain: exit code 2 and an error that names the file. Then COUNT random mutations, seeded, of sound
tables of every data set: exit code 0 or 2, within ten seconds, an error of printable lines, and never anything else."""
import gzip
import os
import random
import shutil
import subprocess
import sys

PROGRAM, FOLDER = os.path.abspath(sys.argv[1]), sys.argv[2]
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 600

PLAIN = "image,patient,split,age,A,B\na.png,p1,train,3,1,0\nb.png,p1,train,4,0,\nc.png,p2,val,5,-1,1\nd.png,p3,test,6,0,1\n"
CHEXPERT = ("Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly\n"
            "C/train/patient00001/study1/view1_frontal.jpg,Female,68,Frontal,AP,1.0,,\n"
            "C/train/patient00002/study2/view1_frontal.jpg,Male,87,Frontal,PA,,-1.0,1.0\n")
NIH = ("Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,OriginalImage[Width,Height],"
       "OriginalImagePixelSpacing[x,y]\n00000001_000.png,Cardiomegaly|Emphysema,0,1,58,M,PA,2682,2749,0.143,0.143\n"
       "00000002_000.png,No Finding,0,2,81,M,PA,2500,2048,0.171,0.171\n")
BOXES = "Image Index,Finding Label,Bbox [x,y,w,h],,,\n00000001_000.png,Infiltrate,225.1,547,86.8,79.2,,,\n"
MIMIC = ("subject_id,study_id,Atelectasis,Enlarged Cardiomediastinum,No Finding\n10000032,50414267,,,1.0\n"
         "10000032,53189527,1.0,-1.0,\n")
METADATA = "dicom_id,subject_id,study_id,ViewPosition\n02aa,10000032,50414267,PA\n2a22,10000032,53189527,AP\n"
MIMIC_SPLIT = "dicom_id,study_id,subject_id,split\n02aa,50414267,10000032,train\n2a22,53189527,10000032,test\n"
PCXR = ("image_id,rad_ID,No finding,Bronchitis,Brocho-pneumonia,Other disease,Bronchiolitis,Pneumonia\n"
        "a1,R1,1,0,0,0,0,0\nb2,R2,0,1,0,0,0,1\n")
ANNOTATIONS = "image_id,rad_ID,class_name,x_min,y_min,x_max,y_max\na1,R1,No finding,,,,\nb2,R2,Other opacity,10,20,30,60\n"
VINDR = "image_id,rad_id,Aortic enlargement,Atelectasis,No finding\na,R1,1,0,0\na,R2,1,1,0\nb,R1,0,0,1\n"
KAGGLE = ("image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max\na,No finding,14,R1,,,,\n"
          "b,Cardiomegaly,3,R2,1,2,11,22\n")
RSNA = "patientId,x,y,width,height,Target\np1,,,,,0\np2,264.0,152.0,213.0,379.0,1\n"
DETAILS = "patientId,class\np1,Normal\np2,Lung Opacity\n"
PADCHEST = ("ImageID,StudyDate_DICOM,PatientID,PatientBirth,PatientSex_DICOM,Projection,Labels\n"
            "a.png,20140915,8398,1930.0,F,PA,\"['cardiomegaly', 'normal']\"\nb.png,20140915,8399,1950.0,M,L,['normal']\n")
SPLIT_FILE = "image,patient,split\na.png,p1,train\nb.png,p1,train\nc.png,p2,val\nd.png,p3,test\n"

# Sound sets: the first file is the one to be read.
SETS = [
    [("plain.csv", PLAIN)], [("train.csv", CHEXPERT)], [("nih.csv", NIH), ("BBox_List_2017.csv", BOXES)],
    [("x-chexpert.csv", MIMIC), ("x-metadata.csv", METADATA), ("x-split.csv", MIMIC_SPLIT)],
    [("image_labels_train.csv", PCXR), ("annotations_train.csv", ANNOTATIONS)], [("vindr.csv", VINDR)], [("kaggle.csv", KAGGLE)],
    [("rsna.csv", RSNA), ("stage_2_detailed_class_info.csv", DETAILS)], [("padchest.csv", PADCHEST)]]


def with_text(text, old, new):
    assert old in text, (old, text)
    return text.replace(old, new, 1)


def plain(old, new):
    return [("plain.csv", with_text(PLAIN, old, new))]


def changed(files, name, old, new):
    return [(n, with_text(t, old, new) if n == name else t) for n, t in files]


def without(files, name):
    return [(n, t) for n, t in files if n != name]


def wrong_for_certain():
    packed = gzip.compress(PLAIN.encode(), mtime=0)
    yield "empty", [("plain.csv", "")], []
    for name, text in [("a newline", "\n"), ("a byte-order mark", "\ufeff"), ("commas", ",,,\n,,,\n"), ("a quote", '"'),
                       ("a header alone", "image,A\n"), ("semicolons", PLAIN.replace(",", ";")),
                       ("tabs", PLAIN.replace(",", "\t")), ("a web page", "<!DOCTYPE html>\n<html><body>Log in</body></html>\n"),
                       ("no image column", PLAIN.replace("image", "picture")), ("one line", PLAIN.replace("\n", " ")),
                       ("no label", "image,patient,age\na.png,p,3\n"), ("labels all unknown", "image,A\na.png,\nb.png,-1\n"),
                       ("5,000 columns", "image" + ",A" * 5000 + "\na" + ",1" * 5000 + "\n"),
                       ("a row of 2 MiB", PLAIN + "x" * (2 << 20) + ",p,train,1,1,1\n")]:
        yield name, [("plain.csv", text)], []
    yield "UTF-16", [("plain.csv", PLAIN.encode("utf-16"))], []
    yield "a picture", [("plain.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)))], []
    yield "zeros", [("plain.csv", bytes(4096))], []
    yield "gzip of nothing", [("plain.csv.gz", b"\x1f\x8b\x08" + bytes(20))], []
    for cut in (4, 12, len(packed) // 2, len(packed) - 1):
        yield "gzip cut at %d" % cut, [("plain.csv.gz", packed[:cut])], []
    yield "gzip that ends in a wrong checksum", [("plain.csv.gz", packed[:-8] + b"\0\0\0\0" + packed[-4:])], []
    for name, old, new in [
            ("a quote never closed", "b.png", '"b.png'), ("text behind a quote", "b.png", '"b".png'), ("a NUL byte", "b.png", "b\0"),
            ("a short row", "b.png,p1,", "b.png,"), ("a long row", "b.png,", "b.png,,"), ("a column twice", ",B", ",A"),
            ("an image twice", "b.png", "a.png"), ("an image twice, by another way", "b.png", "./a.png"),
            ("no image", "b.png", ""), ("no patient", "c.png,p2", "c.png,"), ("a wrong split", "val", "vla"), ("no split", "val", "")]:
        yield name, plain(old, new), []
    for label in ["yes", "2", "nan", "NaN", "inf", "1e0", "0x1", "-2", "1,0"[:1] + ";0", "\u0661", "true", "1..0", "--1", "+1", "0.5.0"]:
        yield "the label " + label, plain("4,0,", "4," + label + ","), ["--labels", "A,B"]
    for name, flags in [("a label that is not there", ["--labels", "A,Z"]), ("a label twice", ["--labels", "A,A"]),
                        ("the image as a label", ["--labels", "image"]), ("an image column that is not there", ["--image-column", "x"]),
                        ("a patient column that is not there", ["--patient-column", "x"]),
                        ("a split column that is not there", ["--split-column", "x"]), ("a column of ages as split", ["--split-column", "age"]),
                        ("a split file that is not there", ["--split-file", "none.csv"])]:
        yield name, plain("p3", "p3"), flags
    for name, text in [("without an image", SPLIT_FILE.replace("d.png", "e.png")), ("with other columns", PLAIN), ("empty", ""),
                       ("with a wrong split", SPLIT_FILE.replace("val", "x"))]:
        yield "a split file " + name, [("plain.csv", PLAIN), ("s.csv", text)], ["--split-file", "s.csv"]
    chexpert, nih, mimic, pcxr, vindr, kaggle, rsna, padchest = SETS[1:]
    yield "CheXpert: a label", changed(chexpert, "train.csv", "-1.0", "-3.0"), []
    yield "CheXpert: no patient", changed(chexpert, "train.csv", "patient00002", "person2"), []
    yield "CheXpert: an image twice", changed(chexpert, "train.csv", "patient00002/study2", "patient00001/study1"), []
    yield "CheXpert: a label of another set", chexpert, ["--labels", "Effusion"]
    yield "NIH: a finding", changed(nih, "nih.csv", "Emphysema", "Emfysema"), []
    yield "NIH: no finding at all", changed(nih, "nih.csv", "No Finding", ""), []
    yield "NIH: no patient", changed(nih, "nih.csv", ",0,1,58", ",0,,58"), []
    yield "NIH: a box of words", changed(nih, "BBox_List_2017.csv", "547", "left"), []
    yield "NIH: a box cut off", changed(nih, "BBox_List_2017.csv", ",86.8,79.2,,,", ""), []
    yield "MIMIC: no metadata", without(mimic, "x-metadata.csv"), []
    yield "MIMIC: a study twice", changed(mimic, "x-chexpert.csv", "53189527", "50414267"), []
    yield "MIMIC: a split", changed(mimic, "x-split.csv", "test", "toast"), []
    yield "MIMIC: an image without a split", changed(mimic, "x-split.csv", "2a22", "3a33"), []
    yield "MIMIC: metadata without images", changed(mimic, "x-metadata.csv", "dicom_id", "id"), []
    yield "PCXR: no boxes", without(pcxr, "annotations_train.csv"), []
    yield "PCXR: a label", changed(pcxr, "image_labels_train.csv", "0,1,0,0", "0,7,0,0"), []
    yield "PCXR: a class name without end", changed(pcxr, "image_labels_train.csv", "Bronchiolitis", "Bronchiol" + "itis" * 500), []
    yield "PCXR: a corner", changed(pcxr, "annotations_train.csv", "60", "6o"), []
    yield "VinDr: a label", changed(vindr, "vindr.csv", "R2,1", "R2,3"), []
    yield "VinDr: a reader twice", changed(vindr, "vindr.csv", "R2", "R1"), []
    yield "VinDr boxes: two names of a class", changed(kaggle, "kaggle.csv", ",3,", ",14,"), []
    yield "VinDr boxes: a corner", changed(kaggle, "kaggle.csv", "11,22", "11,nan"), []
    yield "RSNA: a target", changed(rsna, "rsna.csv", ",1\n", ",5\n"), []
    yield "RSNA: a box", changed(rsna, "rsna.csv", "213.0", "wide"), []
    yield "RSNA: a class", changed(rsna, "stage_2_detailed_class_info.csv", "Normal", "Norml"), []
    yield "RSNA: no class", changed(rsna, "stage_2_detailed_class_info.csv", "p1", "p9"), []
    yield "PadChest: a list", changed(padchest, "padchest.csv", "['normal']", "[normal]"), []
    yield "PadChest: a list never closed", changed(padchest, "padchest.csv", "['normal']", "['normal'"), []


def mutated(text, rng):
    data = bytearray(text.encode())
    for _ in range(rng.choice([1, 1, 2, 5])):
        at = rng.randrange(len(data) + 1)
        way = rng.randrange(9)
        if way == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif way == 1:
            data = data[:at]
        elif way == 2:
            data[at:at] = bytes([rng.randrange(256)])
        elif way == 3:
            data[at:at + rng.randrange(1, 20)] = b""
        elif way == 4:
            data[at:at] = rng.choice([b",", b'"', b"\n", b"\r", b"\0", b"'", b";", b"\xff\xfe", b"-1", b"1e400", b"\x1b[2J", b"../../"])
        elif way == 5:
            lines = bytes(data).split(b"\n")
            rng.shuffle(lines)
            data = bytearray(b"\n".join(lines))
        elif way == 6:
            lines = bytes(data).split(b"\n")
            lines.insert(rng.randrange(len(lines)), rng.choice(lines))
            data = bytearray(b"\n".join(lines))
        elif way == 7:
            cells = bytes(data).split(b",")
            i, j = rng.randrange(len(cells)), rng.randrange(len(cells))
            cells[i], cells[j] = cells[j], cells[i]
            data = bytearray(b",".join(cells))
        elif data:
            end = min(len(data), at + rng.randrange(1, 30))
            data[at:at] = data[at:end] * rng.randrange(1, 200)
        if not data:
            break
    return bytes(data)


def run(files, flags):
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    for name, text in files:
        with open(os.path.join(FOLDER, name), "wb") as out:
            out.write(text if isinstance(text, bytes) else text.encode())
    return subprocess.run([PROGRAM, "inspect", files[0][0], "--table-only"] + flags, cwd=FOLDER, capture_output=True, timeout=10)


def complaint(result, files, codes):
    """What is wrong with the outcome, or nothing."""
    text = result.stderr.decode("utf-8", "replace")
    lines = text.split("\n")
    if result.returncode not in codes:
        return "exit code %d" % result.returncode
    if result.returncode == 0:
        return None
    if not lines[0].startswith("thorax: ") or lines[-1] != "" or len(lines) > 24:
        return "no clear error"
    if any(len(line) > 600 or any(ord(c) < 32 or ord(c) == 127 for c in line) for line in lines):
        return "an error that no terminal should see"
    if not any(name in text for name, _ in files) and "lateral" not in text:
        return "an error that does not name the file"
    return None


def main():
    failures = 0
    tried = {"wrong": 0, "refused": 0, "read": 0}
    for name, files, flags in wrong_for_certain():
        result = run(files, flags)
        fault = complaint(result, files + [(f, "") for f in flags if f.startswith("--") or f.endswith(".csv")], [2])
        tried["wrong"] += 1
        if fault:
            failures += 1
            print("%s: %s\n%s%s" % (name, fault, result.stdout.decode("utf-8", "replace")[:300], result.stderr.decode("utf-8", "replace")[:1000]))
    rng = random.Random(2021)
    for number in range(COUNT):
        files = [list(f) for f in SETS[number % len(SETS)]]
        victim = rng.randrange(len(files))
        files[victim][1] = mutated(files[victim][1], rng)
        result = run(files, [])
        fault = complaint(result, files, [0, 2])
        tried["read" if result.returncode == 0 else "refused"] += 1
        if fault:
            failures += 1
            print("mutation %d: %s\n%r\n%s" % (number, fault, files[victim][1][:400], result.stderr.decode("utf-8", "replace")[:1000]))
    shutil.rmtree(FOLDER, ignore_errors=True)
    print("%(wrong)d tables wrong for certain, %(refused)d mutations refused, %(read)d still tables" % tried)
    sys.exit(1 if failures or tried["refused"] < COUNT / 4 else 0)


main()
