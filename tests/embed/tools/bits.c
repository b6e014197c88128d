/* What a model answers to a drawn image, bit by bit: bits MODEL.thx LIMIT..., where limits are THORAX_ISA_ numbers. One line for
 * each limit that this processor knows and 1 and 3 threads: instruction set, threads, the bits of probabilities and maps, without
 * and with Winograd's convolutions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "thorax.h"

enum { side = 90, map_side = 5, most_classes = 16 };

static void print_bits(const float* values, int count) {
  int i;
  for (i = 0; i < count; ++i) {
    unsigned long bits = 0;
    uint32_t word;
    memcpy(&word, &values[i], sizeof word);
    bits = word;
    printf(" %08lx", bits);
  }
}

static int print_answer(thorax_session* session, const thorax_image* image, int classes) {
  float probabilities[most_classes], map[map_side * map_side];
  int k;
  if (thorax_run(session, image, probabilities, most_classes, NULL) != THORAX_OK) return 1;
  print_bits(probabilities, classes);
  for (k = 0; k < classes; ++k) {
    if (thorax_cam(session, k, map, map_side, map_side, 0, NULL) != THORAX_OK) return 1;
    print_bits(map, map_side * map_side);
  }
  return 0;
}

static int answer(const thorax_model* model, int isa, int threads, const thorax_image* image, int classes) {
  thorax_options options;
  thorax_error error;
  thorax_stats stats;
  thorax_session* session;
  int winograd, failed;
  memset(&options, 0, sizeof options);
  memset(&error, 0, sizeof error);
  memset(&stats, 0, sizeof stats);
  options.size = sizeof options;
  options.isa_limit = isa;
  options.threads = threads;
  error.size = sizeof error;
  stats.size = sizeof stats;
  for (winograd = 0; winograd < 2; ++winograd) {
    options.flags = (threads > 1 ? THORAX_NO_SELFTEST : 0) | (winograd ? THORAX_WINOGRAD : 0);
    if (thorax_session_create(model, &options, NULL, 0, &session, &error) != THORAX_OK) {
      if (error.code == THORAX_BAD_ARG) return 0; /* another processor's */
      printf("%s\n", error.text);
      return 1;
    }
    thorax_get_stats(session, &stats);
    if (!winograd) printf("%s %d:", stats.isa, threads);
    failed = print_answer(session, image, classes);
    thorax_session_destroy(session);
    if (failed) return 1;
  }
  printf("\n");
  return 0;
}

int main(int argc, char** argv) {
  static uint16_t pixels[side * side];
  static const thorax_image no_image;
  thorax_image image = no_image;
  thorax_info info;
  thorax_model* model;
  int k, threads;
  uint32_t i, state = 1;
  memset(&info, 0, sizeof info);
  info.size = sizeof info;
  for (i = 0; i < side * side; ++i) {
    state = state * 1664525u + 1013904223u;
    pixels[i] = (uint16_t)(state >> 20);
  }
  image.size = sizeof image;
  image.data = pixels;
  image.format = THORAX_U16;
  image.width = image.height = side;
  image.window_low = 100.25;
  image.window_high = 3900.5;
  if (argc < 3 || thorax_open(argv[1], NULL, &model, NULL) != THORAX_OK) return 1;
  if (thorax_describe(model, &info) != THORAX_OK || info.classes > most_classes) return 1;
  for (k = 2; k < argc; ++k)
    for (threads = 1; threads <= 3; threads += 2)
      if (answer(model, atoi(argv[k]), threads, &image, info.classes) != 0) return 1;
  thorax_close(model);
  return 0;
}
