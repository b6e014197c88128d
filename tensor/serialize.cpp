#include "tensor/serialize.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "tensor/checksum.h"
#include "tensor/json.h"

namespace thorax {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr uint64_t max_header = 100000000;  // the format's own limit
constexpr size_t digest_digits = 16;
constexpr std::string_view digest_kind = "xxh64:";
constexpr std::string_view checksum_start = R"({"__metadata__":{"checksum":"xxh64:)";

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string hex16(uint64_t value) {
  std::string digits(digest_digits, '0');
  for (size_t i = digest_digits; i-- > 0; value >>= 4) digits[i] = "0123456789abcdef"[value & 15U];
  return digits;
}

// Bits per element of every dtype of the format; 0 for one that is not known.
unsigned bits_of(std::string_view dtype) {
  static constexpr std::pair<std::string_view, unsigned> table[] = {
      {"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},   {"I8", 8},    {"F8_E5M2", 8},
      {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"I16", 16},    {"U16", 16},    {"F16", 16}, {"BF16", 16}, {"I32", 32},
      {"U32", 32},    {"F32", 32},    {"F64", 64},    {"I64", 64},    {"U64", 64}, {"C64", 64}};
  for (const auto& [name, bits] : table) {
    if (name == dtype) return bits;
  }
  return 0;
}

constexpr std::pair<DType, std::string_view> our_dtypes[] = {
    {DType::f32, "F32"}, {DType::bf16, "BF16"}, {DType::f16, "F16"}, {DType::u8, "U8"}, {DType::i64, "I64"}};

std::string_view format_name(DType dtype) {
  for (const auto& [ours, name] : our_dtypes) {
    if (ours == dtype) return name;
  }
  throw Error(Fault::defect, str("safetensors: dtype ", dtype, " has no name"));
}

std::optional<DType> our_dtype(std::string_view name) {
  for (const auto& [ours, theirs] : our_dtypes) {
    if (theirs == name) return ours;
  }
  return std::nullopt;
}

Shape shape_of(const std::vector<int64_t>& d) {
  switch (d.size()) {
    case 0: return {};
    case 1: return {d[0]};
    case 2: return {d[0], d[1]};
    case 3: return {d[0], d[1], d[2]};
    default: return {d[0], d[1], d[2], d[3]};
  }
}

void check_text(std::string_view what, std::string_view text) {
  if (!valid_utf8(text) || text.find('\0') != std::string_view::npos) {
    throw Error(Fault::defect, str("safetensors: ", what, " ", json_quote(text), " is not UTF-8 without NUL"));
  }
}

std::string header_of(const std::vector<const NamedTensor*>& tensors, const Metadata& metadata) {
  std::string header = str(checksum_start, std::string(digest_digits, '0'), '"');
  for (const auto& [key, value] : metadata) {
    if (key == "checksum") throw Error(Fault::defect, "safetensors: the metadata key checksum is the format's own");
    check_text("metadata", key);
    check_text("metadata", value);
    header += str(',', json_quote(key), ':', json_quote(value));
  }
  header += '}';
  uint64_t offset = 0;
  std::set<std::string_view> names{"__metadata__"};
  for (const NamedTensor* item : tensors) {
    const auto& [name, tensor] = *item;
    check_text("tensor name", name);
    if (!names.insert(name).second) throw Error(Fault::defect, str("safetensors: two tensors are named ", name));
    if (tensor.layout != Layout::plain) throw Error(Fault::defect, str("safetensors: ", name, " is not of plain layout"));
    header += str(',', json_quote(name), R"(:{"dtype":")", format_name(tensor.dtype), R"(","shape":)", tensor.shape,
                  R"(,"data_offsets":[)", offset, ',', offset + tensor.bytes(), "]}");
    offset += tensor.bytes();
  }
  header += '}';
  header.resize((header.size() + 7) / 8 * 8, ' ');
  if (header.size() > max_header) throw Error(Fault::defect, str("safetensors: a header of ", header.size(), " bytes"));
  return header;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors, const Metadata& metadata,
                       const std::filesystem::path& previous) {
  std::vector<const NamedTensor*> order;
  for (const NamedTensor& item : tensors) order.push_back(&item);
  std::stable_sort(order.begin(), order.end(), [](const NamedTensor* a, const NamedTensor* b) {
    return size_of(a->tensor.dtype) > size_of(b->tensor.dtype);
  });

  std::string header = header_of(order, metadata);
  const auto length = std::bit_cast<std::array<std::byte, 8>>(static_cast<uint64_t>(header.size()));
  const auto data_of = [](const NamedTensor* item) {
    return std::span(static_cast<const std::byte*>(item->tensor.data), item->tensor.bytes());
  };
  Xxh64 hash;
  hash.update(length);
  hash.update(bytes_of(header));
  for (const NamedTensor* item : order) hash.update(data_of(item));
  header.replace(checksum_start.size(), digest_digits, hex16(hash.digest()));

  AtomicFile file(path);
  file.write(length);
  file.write(header);
  for (const NamedTensor* item : order) file.write(data_of(item));
  file.finish();
  try {
    SafetensorsFile(file.temporary()).verify();
  } catch (const Error& error) {
    throw NotWritten(Fault::machine, str(path.string(), ": not written: read back, it is not what was written: ", error.what()));
  }
  file.commit(previous);
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : path_(path), file_(path) {
  read_header();
}

void SafetensorsFile::refuse(const std::string& why) const {
  throw Error(Fault::input, str(path_.string(), ": not a whole safetensors file: ", why));
}

void SafetensorsFile::read_header() {
  const std::string_view text = file_.text();
  uint64_t length = 0;
  if (text.size() < sizeof length) refuse(str("only ", text.size(), " bytes"));
  std::memcpy(&length, text.data(), sizeof length);
  if (length > max_header) refuse(str("the header would have ", length, " bytes, ", max_header, " are allowed"));
  if (length > text.size() - sizeof length) refuse(str("the header would have ", length, " bytes, the file has ", text.size()));
  header_ = text.substr(sizeof length, length);
  if (header_.empty() || header_.front() != '{') refuse("the header does not begin with {");
  // What follows the last brace may only be padding, and only spaces.
  const size_t end = header_.find_last_not_of(' ');
  if (header_[end] != '}') refuse("the header does not end with }");

  const Json root = parse_json(header_.substr(0, end + 1), path_.string(), {.depth = 4});
  for (size_t i = 0; i < root.keys.size(); ++i) {
    const std::string& name = root.keys[i];
    const Json& value = root.items[i];
    if (value.kind != Json::Kind::object) refuse(str(json_quote(name), " is not an object"));
    if (name == "__metadata__") {
      for (size_t k = 0; k < value.keys.size(); ++k) {
        if (value.items[k].kind != Json::Kind::string) refuse(str("metadata ", json_quote(value.keys[k]), " is not a string"));
        metadata_[value.keys[k]] = value.items[k].text;
      }
      continue;
    }
    if (name.find('\0') != std::string::npos) refuse("a tensor name with NUL");
    const Json* dtype = value.find("dtype");
    const Json* shape = value.find("shape");
    const Json* offsets = value.find("data_offsets");
    const bool complete = value.keys.size() == 3 && dtype != nullptr && shape != nullptr && offsets != nullptr &&
                          dtype->kind == Json::Kind::string && shape->kind == Json::Kind::array &&
                          offsets->kind == Json::Kind::array && offsets->items.size() == 2;
    if (!complete) refuse(str(json_quote(name), " has not exactly dtype, shape and two data_offsets"));
    const auto natural = [&](const Json& number) {
      const auto n = number.integer();
      if (!n || number.text.front() == '-') refuse(str(json_quote(name), ": a dimension or offset is not a natural number"));
      return *n;
    };
    TensorEntry entry{name,
                      dtype->text,
                      {},
                      static_cast<uint64_t>(natural(offsets->items[0])),
                      static_cast<uint64_t>(natural(offsets->items[1]))};
    for (const Json& d : shape->items) entry.shape.push_back(natural(d));
    entries_.push_back(std::move(entry));
  }
  data_start_ = sizeof length + length;
  check_layout(text.size() - data_start_);
  make_views();
}

void SafetensorsFile::check_layout(uint64_t data_bytes) {
  std::stable_sort(entries_.begin(), entries_.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  uint64_t expected = 0;
  for (const TensorEntry& entry : entries_) {
    const std::string name = json_quote(entry.name);
    if (entry.begin != expected) refuse(str(name, " begins at ", entry.begin, ", expected ", expected));
    if (entry.end < entry.begin || entry.end > data_bytes) refuse(str(name, " ends at ", entry.end, " of ", data_bytes));
    expected = entry.end;
    const unsigned bits = bits_of(entry.dtype);
    if (bits == 0) continue;  // a dtype of a later version of the format: it is listed, and its size cannot be checked
    uint64_t size = bits;
    for (const int64_t d : entry.shape) {
      if (__builtin_mul_overflow(size, static_cast<uint64_t>(d), &size)) refuse(str(name, ": its size overflows"));
    }
    if (size % 8 != 0 || size / 8 != entry.end - entry.begin) {
      refuse(str(name, " has ", entry.end - entry.begin, " bytes; its shape and dtype need ", size, " bits"));
    }
  }
  if (expected != data_bytes) refuse(str("the tensors end at ", expected, ", the data at ", data_bytes));
}

void SafetensorsFile::make_views() {
  for (const TensorEntry& entry : entries_) {
    const auto dtype = our_dtype(entry.dtype);
    if (!dtype || entry.shape.size() > 4) continue;
    std::span<const std::byte> bytes = data(entry);
    if (reinterpret_cast<uintptr_t>(bytes.data()) % size_of(*dtype) != 0) {
      bytes = copies_.emplace_back(bytes.begin(), bytes.end());
    }
    index_.emplace(entry.name, tensors_.size());
    // A view has one type for reading and writing; the pages are mapped for reading only, so a write would end the process.
    tensors_.push_back({entry.name, {const_cast<std::byte*>(bytes.data()), shape_of(entry.shape), *dtype, Layout::plain}});
  }
}

const Tensor* SafetensorsFile::find(std::string_view name) const {
  const auto it = index_.find(name);
  return it == index_.end() ? nullptr : &tensors_[it->second].tensor;
}

bool SafetensorsFile::verify() const {
  const auto stated = metadata_.find("checksum");
  if (stated == metadata_.end() || !stated->second.starts_with(digest_kind)) return false;
  const size_t at = checksum_start.size();
  if (!header_.starts_with(checksum_start) || header_.substr(at, digest_digits) != stated->second.substr(digest_kind.size())) {
    throw Error(Fault::input, str(path_.string(), ": another program has written this file anew and kept thorax's checksum"),
                "take the metadata entry \"checksum\" out of it if the change was meant");
  }
  const std::span<const std::byte> all = file_.bytes();
  const size_t digits = sizeof(uint64_t) + at;
  Xxh64 hash;
  hash.update(all.first(digits));
  hash.update(bytes_of(std::string(digest_digits, '0')));
  hash.update(all.subspan(digits + digest_digits));
  if (hex16(hash.digest()) != header_.substr(at, digest_digits)) {
    throw Error(Fault::input, str(path_.string(), ": damaged: its checksum does not fit its content"),
                "take another copy of the file");
  }
  return true;
}

}  // namespace thorax
