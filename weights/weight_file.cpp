#include "weights/weight_file.h"

#include <cstring>
#include <set>

#include "tensor/json.h"
#include "weights/npy.h"
#include "weights/pytorch.h"
#include "weights/zip.h"

namespace thorax::weights {
namespace {

constexpr size_t max_tensors = 100000;
constexpr uint64_t repeat_ratio = 8;
constexpr uint64_t repeat_free = uint64_t{1} << 20U;

bool is_torch(const ZipFile& zip) {
  for (const ZipMember& m : zip.members()) {
    if (m.name.ends_with("/data.pkl")) return true;
  }
  return false;
}

// A length that the file can hold, and the header's first character. Checked before all others, whose first bytes may be a length
// too; theirs, taken as a length, are far longer than a file.
bool is_safetensors(std::string_view text) {
  uint64_t length = 0;
  if (text.size() <= sizeof length || text[sizeof length] != '{') return false;
  std::memcpy(&length, text.data(), sizeof length);
  return length <= text.size() - sizeof length;
}

// Tensors of any dtype, also those that thorax itself does not have.
Contents contents_of(const SafetensorsFile& file) {
  Contents contents;
  contents.format = "safetensors";
  contents.metadata = file.metadata();
  for (const TensorEntry& entry : file.entries()) {
    contents.tensors.push_back(
        {entry.name, entry.dtype, item_bytes(entry.dtype), entry.shape, row_major(entry.shape), file.data(entry)});
  }
  return contents;
}

// The formats that people may well try, by their first bytes.
std::string foreign_format(std::string_view text) {
  if (text.starts_with("\x89HDF")) return "an HDF5 file (Keras): save it as safetensors or npz";
  if (text.size() > 262 && text.substr(257, 5) == "ustar")
    return "PyTorch's first format, of 2017: load and save it with a newer PyTorch";
  if (text.starts_with('\x80')) return "a pickle that torch.save did not write: save it as safetensors or npz";
  if (text.starts_with("version https://git-lfs")) return "a pointer of Git LFS, not the file itself: git lfs pull fetches it";
  if (text.starts_with("<")) return "a web page: the download has failed";
  return {};
}

}  // namespace

WeightFile::WeightFile(const std::filesystem::path& path) : path_(path), file_(path) {
  const std::string where = path.string();
  const std::span<const std::byte> bytes = file_->bytes();
  bytes_ = bytes.size();
  if (is_safetensors(file_->text())) {
    read_safetensors();
  } else if (file_->text().starts_with("PK")) {
    const ZipFile zip(bytes, where);
    contents_ = is_torch(zip) ? read_pytorch_zip(zip, where) : read_npz(zip, where);
  } else if (is_legacy_pytorch(bytes)) {
    contents_ = read_pytorch_legacy(bytes, where);
  } else if (is_npy(bytes)) {
    contents_.format = "numpy";
    contents_.tensors.push_back(read_npy(bytes, "array", where));
  } else {
    const std::string other = foreign_format(file_->text());
    if (!other.empty()) throw Error(Fault::input, str(where, ": ", other));
    read_safetensors();
  }
  check();
}

void WeightFile::read_safetensors() {
  file_.reset();
  safetensors_.emplace(path_);
  checksum_fits_ = safetensors_->verify();
  contents_ = contents_of(*safetensors_);
}

void WeightFile::check() {
  const auto refuse = [&](const std::string& why) { throw Error(Fault::input, str(path_.string(), ": ", why)); };
  uint64_t content = bytes_;
  for (const auto& part : contents_.unpacked) content += part.size();
  const uint64_t allowed = repeat_ratio * content + repeat_free;
  if (tensors().size() > max_tensors) refuse(str(tensors().size(), " tensors, at most ", max_tensors, " are allowed"));
  std::set<std::string_view> names;
  uint64_t total = 0;
  for (const WeightTensor& t : tensors()) {
    const std::string fault = t.item == 0 ? std::string() : extent_fault(t);
    if (!fault.empty()) refuse(str(json_quote(t.name), ": ", fault));
    if (t.name.find('\0') != std::string::npos) refuse(str(json_quote(t.name), ": a name with NUL"));
    if (!names.insert(t.name).second) refuse(str("two tensors are named ", json_quote(t.name)));
    if (__builtin_add_overflow(total, t.bytes(), &total) || total > allowed) {
      refuse(str("its tensors repeat their elements: together they would have more than ", allowed, " bytes"));
    }
  }
}

}  // namespace thorax::weights
