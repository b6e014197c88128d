// Dynamic loss scaling (Micikevicius et al.: Mixed Precision Training, ICLR 2018; the rule is torch.amp.GradScaler's). In fp16
// small gradients vanish: the loss's gradient is multiplied by a scale, and what reaches the update divided by it.
#pragma once

#include "kernels/host_device.h"

namespace thorax {

// In the memory of the stream's device: what the next step's scale is, is decided there.
struct LossScaleState {
  float scale = 65536;
  float good_steps = 0;  // since the scale last changed
  float skipped = 0;     // steps that changed no weight, in all
};

constexpr float steps_to_growth = 2000;

// After a step whose gradients were all finite, or not. Powers of two: scaling rounds nothing.
THORAX_HD inline void next_loss_scale(LossScaleState& s, bool finite) {
  if (!finite) {
    s.scale = s.scale > 1 ? s.scale * 0.5F : 1.0F;
    s.good_steps = 0;
    s.skipped += 1;
    return;
  }
  s.good_steps += 1;
  if (s.good_steps < steps_to_growth) return;
  if (s.scale < 0x1p24F) s.scale *= 2;
  s.good_steps = 0;
}

}  // namespace thorax
