// Where a pixel of a batch lies, for kernels that count pixels over all images.
#pragma once

#include <cstdint>

#include "kernels/host_device.h"

namespace thorax {

struct Pixel {
  uint32_t image, row, column;
};

// The pixel with this number in a batch of maps with `rows` rows and `columns` columns. 32 bits: a GPU divides them much faster.
THORAX_HD inline Pixel pixel_of(uint32_t number, uint32_t rows, uint32_t columns) {
  const uint32_t line = number / columns;
  return {line / rows, line % rows, number % columns};
}

// The number of the upper left pixel of the 2x2 window that pooled pixel `number` is made from; rows and columns are those of the
// unpooled maps, whose odd last row or column belongs to no window.
THORAX_HD inline int64_t upper_left(uint32_t number, uint32_t rows, uint32_t columns) {
  const Pixel p = pixel_of(number, rows / 2, columns / 2);
  return (static_cast<int64_t>(p.image) * rows + 2 * p.row) * columns + 2 * p.column;
}

// The number of the pooled pixel whose 2x2 window holds pixel `number`, or -1.
THORAX_HD inline int64_t pooled_from(uint32_t number, uint32_t rows, uint32_t columns) {
  const Pixel p = pixel_of(number, rows, columns);
  if (p.row / 2 >= rows / 2 || p.column / 2 >= columns / 2) return -1;
  return (static_cast<int64_t>(p.image) * (rows / 2) + p.row / 2) * (columns / 2) + p.column / 2;
}

}  // namespace thorax
