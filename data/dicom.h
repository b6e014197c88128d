// What a DICOM file (PS3.10) says, as far as a radiograph needs it, read and checked before any decoder sees a byte.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace thorax::data {

// The thirteen transfer syntaxes that are read, and no other.
enum class Syntax : uint8_t {
  implicit_little,
  explicit_little,
  deflated,
  explicit_big,
  rle,
  jpeg_baseline,       // 1.2.840.10008.1.2.4.50
  jpeg_extended,       // .51
  jpeg_lossless,       // .57
  jpeg_lossless_sv1,   // .70
  jpeg_ls,             // .80
  jpeg_ls_near,        // .81
  jpeg_2000_lossless,  // .90
  jpeg_2000,           // .91
};
const char* name_of(Syntax syntax);
const char* uid_of(Syntax syntax);
std::optional<Syntax> syntax_of(const std::string& uid);  // nothing: another one
// Pixels in fragments (PS3.5 A.4), compressed.
bool is_encapsulated(Syntax syntax);

// A lookup table (PS3.3 C.11.1 and C.11.2): what is below or above it takes its first or last entry.
struct Lut {
  int32_t first = 0;              // the value that the first entry is for
  int bits = 16;                  // of an entry: 8...16
  std::vector<uint16_t> entries;  // 1...65536
};

enum class WindowFunction : uint8_t { linear, linear_exact, sigmoid };
const char* name_of(WindowFunction function);

struct Window {
  double center = 0;
  double width = 0;  // linear: at least 1, else more than 0
  WindowFunction function = WindowFunction::linear;
};

// What tells people and studies apart; goes into no message, log or checkpoint.
struct DicomPerson {
  std::string patient;  // Patient ID
  std::string study;    // Study Instance UID
  std::string sex;      // M, F, O or empty
  std::optional<double> age_years;
  std::string view;  // View Position: PA, AP, LL, ...
};

// How the codestream says that it holds its samples.
struct Coded {
  int bits = 0;  // of a sample: 2...16
  bool is_signed = false;
};

struct Dicom {
  Syntax syntax = Syntax::explicit_little;
  std::string modality;   // empty: not given
  bool inverted = false;  // MONOCHROME1: the smallest value is white
  int64_t rows = 0, columns = 0;
  int bits_allocated = 16;  // 8 or 16
  int bits_stored = 16, high_bit = 15;
  bool is_signed = false;
  double slope = 1, intercept = 0;
  std::optional<Lut> modality_lut;  // instead of slope and intercept
  std::optional<Lut> voi_lut;       // instead of a window
  std::optional<Window> window;
  std::optional<std::pair<int32_t, int32_t>> padding;   // values from...to that are no image
  std::optional<std::pair<double, double>> spacing_mm;  // between rows, between columns
  bool burned_in = false;                               // says that text is burned into the image
  DicomPerson person;

  // Native: the pixels. Encapsulated: the codestream, its fragments joined.
  std::span<const uint8_t> pixels;
  Coded coded;                   // encapsulated: as the codestream says
  bool pixels_in_words = false;  // native: OW, 16 bits each in the byte order of the syntax
  std::string memory;            // what pixels points into, where that is not the file

  size_t pixel_count() const { return static_cast<size_t>(rows * columns); }
};

// By the letters DICM behind the preamble.
bool is_dicom(std::span<const uint8_t> bytes);

// bytes: a whole file, which must outlive the result. Throws Error(input) that says what is wrong (never a value of the file):
// broken structure, other transfer syntaxes, colours, palettes, several frames, sizes beyond 16,384 a side or 67,108,864 pixels,
// bits other than 8 or 16 allocated, pixels that are missing, too short or too long.
// Look::header leaves the codestream of compressed pixels alone: for a glance at many files.
enum class Look : uint8_t { whole, header };
Dicom read_dicom(std::span<const uint8_t> bytes, Look look = Look::whole);

// The values of these elements of the data set itself, where they are there, without the blanks around them: for a file that is
// made from this one and stays with its patient. They go into no message, log or report. Throws Error(input) as read_dicom().
std::map<uint32_t, std::string> dicom_texts(std::span<const uint8_t> bytes, std::span<const uint32_t> wanted);

}  // namespace thorax::data
