#!/usr/bin/env python3
"""Steps of a model of torchvision in PyTorch, as its users run them, in the format of `thorax bench step --json`.

    python3 bench/pytorch_step.py --model resnet50 --size 224 --batch 8 --dtype bf16 --channels-last --steps 10
    python3 bench/pytorch_step.py --device cuda --size 512 --batch 32 --dtype bf16 --channels-last --compile graphs --json pytorch.json
    thorax bench compare thorax.json pytorch.json

--dtype bf16 or fp16 is torch.autocast: float32 weights, convolutions and matrix products in 16 bits, with fp16 under a GradScaler; fp32 on a
GPU is without TF32 unless --tf32 is given.
--compile plain: torch.compile, tuned; graphs: with CUDA graphs as well. A step of training is from bytes in the host's memory to new
weights, of inference from bytes to probabilities; each is waited for.
"""
import argparse
import json
import pathlib
import resource
import statistics
import time

import torch
import torchvision

CLASSES = 10


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="densenet121", help="a name in torchvision.models")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--dtype", choices=["fp32", "bf16", "fp16"], default="fp32")
    parser.add_argument("--tf32", action="store_true")
    parser.add_argument("--mode", choices=["train", "infer"], default="train")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--compile", choices=["plain", "graphs"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--json", default="-", help="a file; -: stdout")
    return parser.parse_args()


def input_on_cpu(args, layout):
    x = torch.rand(args.batch, 3, args.size, args.size).contiguous(memory_format=layout)
    labels = (torch.rand(args.batch, CLASSES) < 0.3).float()
    return lambda: (x, labels)


def input_on_gpu(args, layout):
    """Grey bytes in page-locked memory; copied and normalised in each step."""
    pixels = torch.randint(0, 256, (args.batch, 1, args.size, args.size), dtype=torch.uint8).pin_memory()
    labels = (torch.rand(args.batch, CLASSES) < 0.3).float().pin_memory()

    def load():
        x = pixels.cuda(non_blocking=True).float()
        x = ((x / 255 - 0.449) / 0.226).expand(-1, 3, -1, -1).contiguous(memory_format=layout)
        return x, labels.cuda(non_blocking=True)

    return load


def make_forward(args, layout):
    torch.manual_seed(0)
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = args.tf32
    model = getattr(torchvision.models, args.model)(weights=None, num_classes=CLASSES)
    model = model.train(args.mode == "train").to(args.device, memory_format=layout)
    if not args.compile:
        return model, model
    return model, torch.compile(model, mode="reduce-overhead" if args.compile == "graphs" else "max-autotune-no-cudagraphs")


def make_step(args):
    layout = torch.channels_last if args.channels_last else torch.contiguous_format
    model, forward = make_forward(args, layout)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    scaler = torch.amp.GradScaler(args.device, enabled=args.dtype == "fp16")
    low_precision = torch.float16 if args.dtype == "fp16" else torch.bfloat16
    loss_of = torch.nn.BCEWithLogitsLoss()
    load = input_on_gpu(args, layout) if args.device == "cuda" else input_on_cpu(args, layout)

    def logits_of(x):
        with torch.autocast(args.device, dtype=low_precision, enabled=args.dtype != "fp32"):
            return forward(x).float()

    def train():
        x, labels = load()
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(logits_of(x), labels)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        if args.device == "cuda":
            torch.cuda.synchronize()
        return loss.item()

    def infer():
        with torch.inference_mode():
            torch.sigmoid(logits_of(load()[0])).cpu()

    return train if args.mode == "train" else infer


def times_of(step, args):
    """Sorted seconds, and the last loss."""
    for _ in range(args.warmup):
        step()
    times = []
    for _ in range(args.steps):
        start = time.perf_counter()
        loss = step()
        times.append(time.perf_counter() - start)
    return sorted(times), loss


def engine_of(args):
    words = ["PyTorch", torch.__version__]
    words += ["channels_last"] if args.channels_last else []
    words += {None: ["eager"], "plain": ["compiled"], "graphs": ["compiled, CUDA graphs"]}[args.compile]
    return " ".join(words)


def peak_mib(args):
    if args.device == "cuda":
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def result_of(args, times, loss):
    dtype = {"fp32": "f32", "fp16": "f16"}.get(args.dtype, args.dtype)
    median = statistics.median(times)
    return {"name": f"{args.model} {args.mode} {args.size}x{args.size} batch {args.batch} {dtype}", "engine": engine_of(args),
            "model": args.model, "mode": args.mode, "size": args.size, "batch": args.batch, "dtype": dtype,
            "replayed": args.compile == "graphs", "median_s": median, "low_s": times[len(times) // 4],
            "high_s": times[3 * len(times) // 4], "min_s": times[0], "samples": len(times), "images_s": args.batch / median,
            "ms_per_image": 1e3 * median / args.batch, "peak_mib": peak_mib(args), "loss": loss}


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    times, loss = times_of(make_step(args), args)
    device = torch.cuda.get_device_name() if args.device == "cuda" else f"cpu, {args.threads} threads"
    text = json.dumps({"version": f"PyTorch {torch.__version__}", "device": device, "ceilings": None,
                       "results": [result_of(args, times, loss)]}) + "\n"
    if args.json == "-":
        print(text, end="")
    else:
        pathlib.Path(args.json).write_text(text)


if __name__ == "__main__":
    main()
