"""The engines of bench/compare_embed.py. Each takes a folder (model.thx, .onnx, .safetensors) and a number of threads, and gives
(a run, milliseconds of opening, side of the input, bytes of the session's memory where it is known). A run returns probabilities."""
import ctypes
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import time
from ctypes import POINTER, byref, c_char_p, c_float, c_int, c_size_t, c_uint, c_uint64, c_void_p

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "examples"))
from classify import Image, Info, Sized  # noqa: E402


def timed(function):
    start = time.perf_counter()
    result = function()
    return 1000 * (time.perf_counter() - start), result


def pixels(side):
    """An image that preprocessing leaves as it is: every grey equally often."""
    greys = list(range(256)) * (side * side // 256)
    random.Random(1).shuffle(greys)
    return bytes(greys)


def probabilities(logits):
    return [1 / (1 + math.exp(-x)) for x in logits]


class Options(Sized):
    _fields_ = [("size", c_size_t), ("precision", c_int), ("threads", c_int), ("isa_limit", c_int), ("flags", c_uint),
                ("host", c_void_p)]


class Stats(Sized):
    _fields_ = [("size", c_size_t), ("last_ns", c_uint64), ("runs", c_uint64), ("memory_bytes", c_size_t), ("threads", c_int),
                ("isa", c_char_p)]


def check(status):
    if status != 0:
        sys.exit(f"libthorax: status {status}")


def libthorax(folder, threads, flags=0, precision=0):
    library = ctypes.CDLL(os.environ["THORAX_LIBRARY"])
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


def onnxruntime(folder, threads):
    import numpy
    import onnxruntime as engine
    options = engine.SessionOptions()
    options.intra_op_num_threads = threads
    opening, session = timed(lambda: engine.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]))
    port = session.get_inputs()[0]
    side = port.shape[-1]
    image = numpy.frombuffer(pixels(side), numpy.uint8).reshape([1 if isinstance(n, str) else n for n in port.shape])
    name = session.get_outputs()[0].name
    return lambda: probabilities(session.run([name], {port.name: image})[0].ravel().tolist()), opening, side, None


def openvino(folder, threads, precision="f32"):
    import numpy
    import openvino as engine
    settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision}
    opening, model = timed(lambda: engine.Core().compile_model(str(folder / "model.onnx"), "CPU", settings))
    shape = [n.get_length() if n.is_static else 1 for n in model.input(0).partial_shape]
    side = shape[-1]
    image = numpy.frombuffer(pixels(side), numpy.uint8).reshape(shape)
    request = model.create_infer_request()
    return lambda: probabilities(request.infer([image])[model.output(0)].ravel().tolist()), opening, side, None


def description(folder):
    """What the trainer wrote into the .safetensors file: model, size, mean, std."""
    content = (folder / "model.safetensors").read_bytes()
    about = json.loads(content[8:8 + int.from_bytes(content[:8], "little")])["__metadata__"]
    return {"model": about["thorax.model"], "size": int(about["preprocess.size"]), "mean": float(about["preprocess.mean"]),
            "std": float(about["preprocess.std"])}


def torch_model(folder):
    import torch
    import torchvision
    from safetensors.torch import load_file
    about = description(folder)
    state = load_file(folder / "model.safetensors")
    head = [name for name in ("classifier.weight", "fc.weight") if name in state][0]
    model = getattr(torchvision.models, about["model"])(weights=None, num_classes=state[head].shape[0]).eval()
    first = next(iter(model.state_dict()))  # the first convolution: a grey plane three times is the sum of its channels
    if state[first].shape[1] == 1:
        state[first] = state[first].expand(-1, 3, -1, -1) / 3
    wrong = model.load_state_dict(state, strict=False)
    if wrong.unexpected_keys or not all(name.endswith("num_batches_tracked") for name in wrong.missing_keys):
        sys.exit(f"not torchvision's {about['model']}: {wrong}")
    side = about["size"]
    grey = torch.frombuffer(bytearray(pixels(side)), dtype=torch.uint8).float().reshape(1, 1, side, side)
    x = ((grey / 255 - about["mean"]) / about["std"]).expand(1, 3, side, side)
    return model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last), side


def pytorch(folder, threads, precision="fp32"):
    """As its experts run it: channels_last, traced and frozen, which folds batch norms where that is possible. torch.compile, with freezing, needs
    84 s for a DenseNet-121 and was no faster with two threads of a Zen 4."""
    import torch
    torch.set_num_threads(threads)
    model, x, side = torch_model(folder)
    low = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16", cache_enabled=False)

    def made():
        with torch.inference_mode(), low:
            ready = torch.jit.freeze(torch.jit.trace(model, x))
            for _ in range(3):  # the first runs optimise it
                ready(x)
            return ready

    opening, ready = timed(made)

    def run():
        with torch.inference_mode(), low:
            return probabilities(ready(x).float().ravel().tolist())

    return run, opening, side, None


def ncnn_files(folder):
    """ncnn's two files, by pnnx from PyTorch's model, traced: made once."""
    import torch
    param = folder / "model.ncnn.param"
    if not param.exists():
        model, x, side = torch_model(folder)
        torch.jit.trace(model.to(memory_format=torch.contiguous_format), x.contiguous()).save(str(folder / "model.pt"))
        subprocess.run([str(pathlib.Path(sys.executable).parent / "pnnx"), "model.pt", f"inputshape=[1,3,{side},{side}]", "fp16=0"], cwd=folder,
                       check=True, capture_output=True)
    return str(param), str(folder / "model.ncnn.bin")


def ncnn(folder, threads):
    import ncnn as engine
    import numpy
    param, weights = str(folder / "model.ncnn.param"), str(folder / "model.ncnn.bin")
    about = description(folder)
    side = about["size"]
    net = engine.Net()
    net.opt.num_threads = threads
    opening, _ = timed(lambda: (net.load_param(param), net.load_model(weights)))
    grey = (numpy.frombuffer(pixels(side), numpy.uint8).reshape(1, side, side).astype(numpy.float32) / 255 - about["mean"]) / about["std"]
    x = numpy.ascontiguousarray(numpy.repeat(grey, 3, axis=0), numpy.float32)  # its memory is what the engine reads

    def run():
        extractor = net.create_extractor()
        extractor.input("in0", engine.Mat(x))
        _, logits = extractor.extract("out0")
        return probabilities(numpy.array(logits).ravel().tolist())

    return run, opening, side, None


WINOGRAD, BF16 = 2, 2  # THORAX_WINOGRAD, THORAX_BF16
ENGINES = {
    "libthorax": libthorax,
    "libthorax, Winograd": lambda *where: libthorax(*where, flags=WINOGRAD),
    "libthorax, bf16": lambda *where: libthorax(*where, precision=BF16),
    "ONNX Runtime": onnxruntime,
    "OpenVINO": openvino,
    "OpenVINO, bf16": lambda *where: openvino(*where, precision="bf16"),
    "ncnn": ncnn,
    "PyTorch": pytorch,
    "PyTorch, bf16": lambda *where: pytorch(*where, precision="bf16"),
}
MODULES = {"ONNX Runtime": ["onnxruntime"], "OpenVINO": ["openvino"], "ncnn": ["ncnn", "pnnx", "torchvision", "safetensors"],
           "PyTorch": ["torchvision", "safetensors"]}
PEERS = ["ONNX Runtime", "OpenVINO", "ncnn", "PyTorch"]  # in fp32


def missing_here(name, python):
    """What keeps an engine from running here; empty where nothing does."""
    if name.endswith("bf16") and "avx512_bf16" not in pathlib.Path("/proc/cpuinfo").read_text():
        return "the processor has no bf16"
    for module in MODULES.get(name.split(",")[0], []):
        if subprocess.run([python, "-c", f"import importlib.util as u, sys; sys.exit(u.find_spec('{module}') is None)"]).returncode != 0:
            return f"the interpreter has no {module}"
    return ""
