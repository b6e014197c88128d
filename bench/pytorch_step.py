"""One training step of torchvision's DenseNet-121 in PyTorch, as bench_step measures thorax's: one line of JSON.

python3 bench/pytorch_step.py --mode eager|channels_last|compile|graphs [--size 512] [--batch 32] [--steps 20]
eager: fp32 without TF32; the others: bf16 autocast and channels_last; compile: torch.compile; graphs: with CUDA graphs as well.
The first step (and compilation) is not counted; times are of whole steps, each waited for.
"""
import argparse
import json
import time

import torch
import torchvision


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", choices=["eager", "channels_last", "compile", "graphs"], required=True)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--classes", type=int, default=10)
    a = parser.parse_args()
    torch.manual_seed(1)
    torch.backends.cudnn.benchmark = True
    low = a.mode != "eager"
    model = torchvision.models.densenet121(num_classes=a.classes).cuda().train()
    images = torch.randint(0, 256, (a.batch, 1, a.size, a.size), dtype=torch.uint8).pin_memory()
    labels = (torch.rand(a.batch, a.classes) < 0.3).float().pin_memory()
    if low:
        model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    loss_of = torch.nn.BCEWithLogitsLoss()
    forward = model
    if a.mode in ("compile", "graphs"):
        forward = torch.compile(model, mode="max-autotune-no-cudagraphs" if a.mode == "compile" else "reduce-overhead")

    def step():
        x = images.cuda(non_blocking=True)
        y = labels.cuda(non_blocking=True)
        x = ((x.float() / 255 - 0.449) / 0.226).expand(-1, 3, -1, -1)
        if low:
            x = x.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=low):
            loss = loss_of(forward(x), y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss

    for _ in range(5):
        loss = step()
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    times = []
    for _ in range(a.steps):
        start = time.perf_counter()
        loss = step()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    times.sort()
    median = times[len(times) // 2]
    print(json.dumps({
        "engine": f"PyTorch {torch.__version__}, {a.mode}", "gpu": torch.cuda.get_device_name(), "size": a.size, "batch": a.batch,
        "dtype": "bf16" if low else "f32", "median_s": median, "min_s": times[0], "images_per_s": a.batch / median,
        "peak_mib": torch.cuda.max_memory_allocated() / 2**20, "loss": loss.item()}))


if __name__ == "__main__":
    main()
