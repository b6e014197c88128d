#!/usr/bin/env python3
"""Writes tests/parity/data/cam.txt: class activation maps of pytorch-grad-cam in float64 (pip install grad-cam torch torchvision), for
models whose weights are those of the parity files. DenseNet's last ReLU is made a module that is not in place: else what is
hooked at norm5 is overwritten by it. A line: model, layer, method, class, height, width, values (float32 as hexadecimal)."""
import sys
from pathlib import Path

import numpy as np
import torch
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

sys.path.insert(0, str(Path(__file__).parent))
import make_parity as parity
from philox import Rng

SIZE, BYTES_STREAM, MEAN, STD = 96, 1000010, np.float64(np.float32(0.449)), np.float64(np.float32(0.226))
METHODS = {"grad-cam": GradCAM, "grad-cam++": GradCAMPlusPlus, "hires-cam": HiResCAM, "layer-cam": LayerCAM}
LAYERS = {"densenet121": ["features.norm5", "features.denseblock4", "features.transition2", "features.denseblock1"],
          "resnet18": ["layer4", "layer3", "layer2", "layer1"]}
CLASSES = {"densenet121": [0, 3], "resnet18": [0, 3, 7]}


class ExplicitDenseNet(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.features, self.relu, self.classifier = model.features, torch.nn.ReLU(inplace=False), model.classifier

    def forward(self, x):
        return self.classifier(self.relu(self.features(x)).mean(dim=(2, 3)))


def seed_of(case):
    for line in (parity.FOLDER / f"{case}.txt").read_text().splitlines():
        if line.startswith("case "):
            return int(line.split()[6])
    raise SystemExit(f"{case}: no case")


def main():
    lines = [f"# pytorch-grad-cam, PyTorch {torch.__version__}; made by tools/make_cam_oracle.py"]
    for name, layers in LAYERS.items():
        seed = seed_of(f"{name}_grey96")
        model = parity.make_model(name, seed).eval()
        plane = np.floor(Rng(seed, BYTES_STREAM).uniform(SIZE * SIZE, 0.0, 256.0)).astype(np.float64)
        x = torch.from_numpy((plane / 255 - MEAN) / STD).reshape(1, 1, SIZE, SIZE).expand(-1, 3, -1, -1).contiguous()
        whole = ExplicitDenseNet(model) if name.startswith("densenet") else model
        for layer in layers:
            module = whole.relu if layer == "features.norm5" else whole.get_submodule(layer)
            for method, make in METHODS.items():
                for k in CLASSES[name]:
                    with make(model=whole, target_layers=[module]) as cam:
                        targets = [ClassifierOutputTarget(k)]
                        cam(input_tensor=x.clone(), targets=targets)
                        activations = cam.activations_and_grads.activations[0].numpy()
                        gradients = cam.activations_and_grads.gradients[0].numpy()
                        image = np.maximum(cam.get_cam_image(x, module, targets, activations, gradients, False), 0)[0]
                    values = "".join(parity.word(v) for v in image.reshape(-1))
                    lines.append(f"{name} {layer} {method} {k} {image.shape[0]} {image.shape[1]} {values}")
                    print(*lines[-1].split()[:6], image.max())
    (parity.FOLDER / "cam.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
