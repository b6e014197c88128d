// Tensors in files: the safetensors format (github.com/huggingface/safetensors). 8 bytes little-endian length of the header,
// the header (JSON: name -> dtype, shape, offsets; text metadata under "__metadata__"), the data without holes.
//
// Files that thorax writes carry the metadata entry "checksum" = "xxh64:" + 16 hexadecimal digits, as the first entry of the
// header: XXH64 of the whole file, taken with these 16 digits as zeros. One flipped bit anywhere is refused.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/file.h"
#include "tensor/tensor.h"

namespace thorax {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

using Metadata = std::map<std::string, std::string>;  // UTF-8

// Writes path in one atomic step, after what was written has been read back and found whole. Tensors are of plain layout and
// are laid out by falling element size, so that each is aligned; names are unique. previous: see AtomicFile::commit.
// Throws NotWritten, DurabilityUnsure; Fault::defect for a name or metadata that the format cannot hold.
void write_safetensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors, const Metadata& metadata,
                       const std::filesystem::path& previous = {});

// What a header says about one tensor.
struct TensorEntry {
  std::string name;
  std::string dtype;           // as in the file: F32, BF16, F64, ...
  std::vector<int64_t> shape;  // of any rank
  uint64_t begin = 0;          // in bytes, from the start of the data
  uint64_t end = 0;
};

// A safetensors file of any origin, mapped for reading. Refused with Fault::input, before anything is allocated by a length that
// the file states: a header over 100 MB or longer than the file, duplicate or unknown keys, names with NUL, overlaps, holes,
// trailing bytes, sizes that overflow or do not fit the shape.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  uint64_t bytes() const { return file_.bytes().size(); }
  const Metadata& metadata() const { return metadata_; }
  // Every tensor, in the order of the data, also those whose dtype or rank thorax does not have.
  const std::vector<TensorEntry>& entries() const { return entries_; }
  // Those that thorax can use: f32, bf16, f16, u8, i64 of rank 4 at most. Views for reading only, valid as long as this object.
  const std::vector<NamedTensor>& tensors() const { return tensors_; }
  // The bytes of one of entries(), valid as long as this object.
  std::span<const std::byte> data(const TensorEntry& entry) const {
    return file_.bytes().subspan(data_start_ + entry.begin, entry.end - entry.begin);
  }
  const Tensor* find(std::string_view name) const;  // nullptr when it is not among tensors()
  // True: the checksum is there and fits. False: the file has none. Throws when it does not fit.
  bool verify() const;

 private:
  void read_header();
  void check_layout(uint64_t data_bytes);
  void make_views();
  [[noreturn]] void refuse(const std::string& why) const;

  std::filesystem::path path_;
  MappedFile file_;
  std::string_view header_;
  uint64_t data_start_ = 0;
  Metadata metadata_;
  std::vector<TensorEntry> entries_;
  std::vector<NamedTensor> tensors_;
  std::vector<std::vector<std::byte>> copies_;  // of tensors that lie at an odd address in the file
  std::map<std::string, size_t, std::less<>> index_;
};

}  // namespace thorax
