/* Probabilities for one radiograph: classify MODEL.thx IMAGE.pgm [THREADS]
 *
 *   cc classify.c $(pkg-config --cflags --libs thorax) -o classify
 *
 * The image is binary PGM (P5) of 8 or 16 bits. */
#include <stdio.h>
#include <stdlib.h>

#include "thorax.h"

static int failed(const char* what, const thorax_error* error) {
  fprintf(stderr, "classify: %s: %s\n", what, error->text);
  return 1;
}

/* The pixels, in the processor's byte order; NULL: not such a file. */
static unsigned char* read_pgm(const char* path, thorax_image* image) {
  unsigned long width, height, maximum, count, i;
  unsigned char* pixels = NULL;
  FILE* file = fopen(path, "rb");
  if (file == NULL) return NULL;
  if (fscanf(file, "P5 %lu %lu %lu", &width, &height, &maximum) == 3 && fgetc(file) != EOF && width > 0 && height > 0 &&
      width <= 16384 && height <= 16384 && maximum > 0 && maximum <= 65535) {
    const unsigned long bytes = maximum > 255 ? 2 : 1;
    count = width * height;
    pixels = (unsigned char*)malloc(count * bytes);
    if (pixels != NULL && fread(pixels, bytes, count, file) != count) {
      free(pixels);
      pixels = NULL;
    }
    for (i = 0; pixels != NULL && bytes == 2 && i < count; ++i) {
      const unsigned value = (unsigned)pixels[2 * i] << 8 | pixels[2 * i + 1];
      ((uint16_t*)(void*)pixels)[i] = (uint16_t)value;
    }
    image->size = sizeof *image;
    image->data = pixels;
    image->format = bytes == 2 ? THORAX_U16 : THORAX_U8;
    image->width = (int)width;
    image->height = (int)height;
  }
  fclose(file);
  return pixels;
}

static int classify(thorax_session* session, const thorax_model* model, const thorax_image* image) {
  static const thorax_info no_info;
  static const thorax_error no_error;
  thorax_info info = no_info;
  thorax_error error = no_error;
  float* probabilities;
  int k;
  info.size = sizeof info;
  error.size = sizeof error;
  if (thorax_describe(model, &info) != THORAX_OK) return 1;
  probabilities = (float*)malloc((size_t)info.classes * sizeof *probabilities);
  if (probabilities == NULL) return 1;
  if (thorax_run(session, image, probabilities, (size_t)info.classes, &error) != THORAX_OK) {
    free(probabilities);
    return failed("the image", &error);
  }
  for (k = 0; k < info.classes; ++k) {
    float threshold;
    const int known = thorax_threshold(model, k, &threshold) == THORAX_OK;
    printf("%.9g %s%s\n", (double)probabilities[k], thorax_class_name(model, k),
           known && probabilities[k] >= threshold ? " +" : "");
  }
  free(probabilities);
  return 0;
}

int main(int argc, char** argv) {
  static const thorax_image no_image;
  static const thorax_error no_error;
  static const thorax_options no_options;
  thorax_image image = no_image;
  thorax_error error = no_error;
  thorax_options options = no_options;
  thorax_model* model;
  thorax_session* session;
  unsigned char* pixels;
  int result;
  error.size = sizeof error;
  options.size = sizeof options;
  if (argc != 3 && argc != 4) {
    fprintf(stderr, "usage: classify MODEL.thx IMAGE.pgm [THREADS]\n");
    return 1;
  }
  if (argc == 4) options.threads = atoi(argv[3]);
  pixels = read_pgm(argv[2], &image);
  if (pixels == NULL) {
    fprintf(stderr, "classify: %s is no binary PGM\n", argv[2]);
    return 1;
  }
  if (thorax_open(argv[1], NULL, &model, &error) != THORAX_OK) return failed(argv[1], &error);
  if (thorax_session_create(model, &options, NULL, 0, &session, &error) != THORAX_OK) return failed(argv[1], &error);
  result = classify(session, model, &image);
  thorax_session_destroy(session);
  thorax_close(model);
  free(pixels);
  return result;
}
