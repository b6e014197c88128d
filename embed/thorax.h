/* libthorax: a trained classifier of radiographs inside other programs. Needs libc and libm alone.
 *
 * What it promises: it never aborts, prints, throws, reads the environment or keeps globals. Memory is known before
 * (thorax_session_size), taken once (thorax_session_create) and never again. A file is checked whole before it is believed.
 * In fp32 probabilities and maps have the same bits on every processor and for any number of threads.
 *
 * Every struct begins with its size: set it to sizeof the struct and everything else to zero. Every function that can fail
 * returns a status and fills in the caller's thorax_error, which may be NULL. A model may be shared by threads; a session belongs
 * to one at a time (a second one gets THORAX_BUSY). Not a medical device. */
#ifndef THORAX_H
#define THORAX_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define THORAX_API __attribute__((visibility("default")))
#else
#define THORAX_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct thorax_model thorax_model;
typedef struct thorax_session thorax_session;

typedef int thorax_status;
enum {
  THORAX_OK = 0,
  THORAX_BAD_ARG = 1,
  THORAX_BAD_FILE = 2,     /* not a model, truncated, or against the format's rules */
  THORAX_BAD_CHECKSUM = 3, /* damaged */
  THORAX_BAD_VERSION = 4,  /* of a newer format, or of the other byte order */
  THORAX_UNSUPPORTED = 5,  /* not on this processor, or not in this version */
  THORAX_NO_MEMORY = 6,
  THORAX_IO = 7,
  THORAX_BUSY = 8,   /* another thread is using the session */
  THORAX_FORKED = 9, /* the session's threads stayed in the parent process */
  THORAX_CANCELLED = 10,
  THORAX_SELFTEST = 11, /* a known answer came out differently: do not use this machine or file */
  THORAX_STATE = 12     /* a map is asked for before a run */
};

typedef struct {
  size_t size;
  thorax_status code;
  uint64_t offset; /* in the file, where that says more */
  char text[232];
} thorax_error;

/* What the program around lends. Every member may be NULL. */
typedef struct {
  size_t size;
  void* user;
  /* Called by open, create, close and destroy only. release gets the bytes that were asked for. Default: anonymous pages. */
  void* (*alloc)(void* user, size_t bytes, size_t align);
  void (*release)(void* user, void* memory, size_t bytes);
  /* Calls task(context, i) for every i in [0, n), at once or one after another, and returns when all are done. */
  void (*parallel)(void* user, int n, void (*task)(void* context, int i), void* context);
} thorax_host;

/* Precisions; 4 is kept for int8. THORAX_BF16: the file's weights and all maps rounded to bf16, sums in fp32; needs AVX512_BF16
 * or AMX, else THORAX_UNSUPPORTED. Probabilities differ by some thousandths, and in their last bits between processors. */
enum { THORAX_FP32 = 1, THORAX_BF16 = 2 };
enum {
  THORAX_ISA_BEST = 0,
  THORAX_ISA_PORTABLE = 1,
  THORAX_ISA_AVX2 = 2,
  THORAX_ISA_AVX512 = 3,
  THORAX_ISA_NEON = 4,
  THORAX_ISA_AMX = 5
};
/* flags. THORAX_WINOGRAD: 3x3 convolutions with fewer products: about 1.25 times as fast, logits differ by about a millionth of
 * the largest, and transformed weights take four times those convolutions' in memory. The bits remain the same on all processors.
 */
enum { THORAX_NO_SELFTEST = 1, THORAX_WINOGRAD = 2 };

typedef struct {
  size_t size;
  int precision; /* 0: THORAX_FP32 */
  int threads;   /* 0 or 1: none but the caller's; at most 64 */
  int isa_limit; /* the most that may be used; in fp32 the bits are the same */
  unsigned flags;
  const thorax_host* host; /* for the session; read by create only */
} thorax_options;

enum { THORAX_U8 = 1, THORAX_U16 = 2 };

/* Raw pixels become grey bytes, in this order: by the table, else by the window (low and less: black; high and more: white), else
 * by full scale; then inverted where asked; then as the trainer did it: equalised, resized, normalised. */
typedef struct {
  size_t size;
  const void* data; /* rows from above; 16 bits: in the processor's byte order, aligned to 2 */
  int format;
  int width, height;
  size_t stride;                  /* bytes from row to row; 0: packed */
  int bits;                       /* full scale is 2^bits - 1; 0: 8, or, of 16, the fewest from 8 that hold the brightest pixel */
  int inverted;                   /* MONOCHROME1: small is white */
  double window_low, window_high; /* both equal: no window */
  const unsigned char* lut;       /* NULL, or the grey of every value */
  size_t lut_entries;             /* larger values get the last one */
} thorax_image;

typedef struct {
  size_t size;
  const char* architecture; /* of the first member */
  const char* name;
  int members; /* more than 1: their probabilities are averaged */
  int classes;
  int input_size;           /* side of the networks' square input */
  int map_size;             /* side of the class maps before they are resized */
  unsigned precisions;      /* bits: THORAX_FP32 | THORAX_BF16 */
  int calibrated;           /* whether any class's probabilities are calibrated */
  unsigned char sha256[32]; /* of header and section table, which hold the hashes of all the rest */
} thorax_info;

typedef struct {
  size_t size;
  uint64_t last_ns; /* the last run's time */
  uint64_t runs;
  size_t memory_bytes;
  int threads;
  const char* isa;
} thorax_stats;

THORAX_API const char* thorax_version(void);
THORAX_API unsigned thorax_abi(void);      /* 1; functions may be added */
THORAX_API const char* thorax_build(void); /* compiler and instruction sets */
THORAX_API const char* thorax_status_text(thorax_status status);

/* The whole check of a file in memory, without opening it. Takes no memory. */
THORAX_API thorax_status thorax_verify(const void* file, size_t bytes, thorax_error* error);

/* Maps the file, checks it, and keeps it mapped: it must not be shortened while the model is open. */
THORAX_API thorax_status thorax_open(const char* path, const thorax_host* host, thorax_model** model, thorax_error* error);
/* file: aligned to 64, and there until the model is closed. */
THORAX_API thorax_status thorax_open_memory(const void* file, size_t bytes, const thorax_host* host, thorax_model** model,
                                            thorax_error* error);
/* After its sessions. NULL is allowed. */
THORAX_API void thorax_close(thorax_model* model);

THORAX_API thorax_status thorax_describe(const thorax_model* model, thorax_info* info);
THORAX_API const char* thorax_class_name(const thorax_model* model, int index);     /* NULL: no such class */
THORAX_API const char* thorax_metadata(const thorax_model* model, const char* key); /* NULL: no such key */
/* The cut-off of the (calibrated) probability: at or above is positive. THORAX_UNSUPPORTED: the file has none for this class. */
THORAX_API thorax_status thorax_threshold(const thorax_model* model, int index, float* threshold);

THORAX_API thorax_status thorax_session_size(const thorax_model* model, const thorax_options* options, size_t* bytes,
                                             size_t* align, thorax_error* error);
/* memory: NULL (the host's alloc, once), or bytes from thorax_session_size, aligned as it says. options: NULL for defaults. */
THORAX_API thorax_status thorax_session_create(const thorax_model* model, const thorax_options* options, void* memory,
                                               size_t bytes, thorax_session** session, thorax_error* error);
THORAX_API void thorax_session_destroy(thorax_session* session);

/* Runs the file's known answers; create has done it unless THORAX_NO_SELFTEST. */
THORAX_API thorax_status thorax_self_test(thorax_session* session, thorax_error* error);

/* probabilities: count of them, at least the model's classes. */
THORAX_API thorax_status thorax_run(thorax_session* session, const thorax_image* image, float* probabilities, size_t count,
                                    thorax_error* error);
/* The class activation map of the last run, resized (bilinear) to width x height; stride: floats from row to row, 0: width.
 * Before resizing its mean is the class's logit without the classifier's bias (the members' mean). */
THORAX_API thorax_status thorax_cam(thorax_session* session, int index, float* map, int width, int height, size_t stride,
                                    thorax_error* error);
/* From any thread: the run or self-test under way, or else the next one, returns THORAX_CANCELLED. */
THORAX_API thorax_status thorax_cancel(thorax_session* session);
THORAX_API thorax_status thorax_get_stats(const thorax_session* session, thorax_stats* stats);

#ifdef __cplusplus
}
#endif
#endif
