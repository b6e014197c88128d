#include "weights/npy.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "tensor/json.h"
#include "weights/byte_reader.h"

namespace thorax::weights {
namespace {

constexpr std::string_view magic{"\x93NUMPY", 6};
constexpr uint64_t max_header = 10000;  // numpy's own limit
constexpr std::string_view extension = ".npy";

// The header is a Python dictionary of three fixed keys; only what numpy itself writes is read.
class Header {
 public:
  Header(std::string_view text, const ByteReader& in) : text_(text), in_(in) {
    expect("{");
    for (int i = 0; i < 3; ++i) {
      const std::string_view key = quoted();
      expect(":");
      if (key == "descr" && descr.empty()) {
        descr = quoted();
      } else if (key == "fortran_order" && !order_) {
        order_ = true;
        fortran = accept("True");
        if (!fortran) expect("False");
      } else if (key == "shape" && !shaped_) {
        shaped_ = true;
        read_shape();
      } else {
        fail();
      }
      if (!accept(",") && i < 2) fail();
    }
    expect("}");
    blanks();
    if (at_ != text_.size()) fail();
  }

  std::string descr;
  bool fortran = false;
  std::vector<int64_t> shape;

 private:
  [[noreturn]] void fail() const { in_.refuse(str("byte ", at_, " of the array's header is not what numpy writes")); }
  void blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool accept(std::string_view word) {
    blanks();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void expect(std::string_view word) {
    if (!accept(word)) fail();
  }
  std::string_view quoted() {
    expect("'");
    const size_t end = text_.find('\'', at_);
    if (end == std::string_view::npos || end == at_) fail();
    const std::string_view word = text_.substr(at_, end - at_);
    at_ = end + 1;
    return word;
  }
  void read_shape() {
    expect("(");
    while (!accept(")")) {
      blanks();
      int64_t d = 0;
      const auto result = std::from_chars(text_.data() + at_, text_.data() + text_.size(), d);
      if (result.ec != std::errc() || d < 0) fail();
      at_ = static_cast<size_t>(result.ptr - text_.data());
      shape.push_back(d);
      if (!accept(",")) {
        expect(")");
        return;
      }
    }
  }

  std::string_view text_;
  const ByteReader& in_;
  size_t at_ = 0;
  bool order_ = false, shaped_ = false;
};

// Sets dtype and item from numpy's description of a type: byte order, kind, bytes.
void set_dtype(WeightTensor& t, const std::string& descr, const ByteReader& in) {
  static constexpr std::pair<std::string_view, std::string_view> table[] = {
      {"f4", "F32"}, {"f8", "F64"}, {"f2", "F16"}, {"i8", "I64"}, {"i4", "I32"},  {"i2", "I16"}, {"i1", "I8"},
      {"u8", "U64"}, {"u4", "U32"}, {"u2", "U16"}, {"u1", "U8"},  {"b1", "BOOL"}, {"c8", "C64"}, {"c16", "C128"}};
  const char order = descr.front();
  const std::string_view type = std::string_view(descr).substr(1);
  if (order == '>') in.refuse("big-endian numbers");
  if (type.starts_with('O')) in.refuse("Python objects, which would have to be executed");
  for (const auto& [theirs, ours] : table) {
    if (type != theirs) continue;
    t.dtype = ours;
    t.item = item_bytes(ours);
    return;
  }
  // Text: its bytes as they are.
  uint64_t length = 0;
  const char* end = descr.data() + descr.size();
  const bool text = type.size() > 1 && (type.front() == 'U' || type.front() == 'S');
  const auto result = std::from_chars(descr.data() + 2, end, length);
  if (!text || result.ec != std::errc() || result.ptr != end || length == 0 || length > (uint64_t{1} << 32U)) {
    in.refuse(str("numbers of an unknown type, ", json_quote(descr.substr(0, 40))));
  }
  t.dtype = type;
  t.item = type.front() == 'U' ? 4 * length : length;
}

std::vector<int64_t> column_major(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides = row_major({shape.rbegin(), shape.rend()});
  std::reverse(strides.begin(), strides.end());
  return strides;
}

}  // namespace

bool is_npy(std::span<const std::byte> bytes) {
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), reinterpret_cast<const char*>(bytes.data()));
}

WeightTensor read_npy(std::span<const std::byte> bytes, const std::string& name, const std::string& where) {
  ByteReader in(bytes, str(where, ": ", json_quote(name)));
  if (in.text(magic.size()) != magic) in.refuse("no numpy array");
  const auto version = in.number<uint8_t>();
  in.take(1);
  if (version < 1 || version > 3) in.refuse(str("version ", static_cast<int>(version), " of numpy's format"));
  const uint64_t length = version == 1 ? in.number<uint16_t>() : in.number<uint32_t>();
  if (length > max_header) in.refuse(str("a header of ", length, " bytes, ", max_header, " are allowed"));
  const Header header(in.text(length), in);
  WeightTensor t;
  t.name = name;
  set_dtype(t, header.descr, in);
  t.shape = header.shape;
  t.strides = header.fortran ? column_major(t.shape) : row_major(t.shape);
  const size_t payload = in.left();
  t.storage = in.take(payload);
  const std::string fault = extent_fault(t);
  if (!fault.empty()) in.refuse(fault);
  if (t.bytes() != payload) in.refuse(str("its shape needs ", t.bytes(), " bytes, ", payload, " are there"));
  return t;
}

Contents read_npz(const ZipFile& zip, const std::string& where) {
  Contents contents;
  contents.format = "numpy";
  for (const ZipMember& m : zip.members()) {
    if (!m.name.ends_with(extension)) throw Error(Fault::input, str(where, ": ", json_quote(m.name), " is no array of numpy"));
    std::vector<std::byte> unpacked;
    const std::span<const std::byte> content = zip.read(m, unpacked);
    contents.tensors.push_back(read_npy(content, m.name.substr(0, m.name.size() - extension.size()), where));
    if (!unpacked.empty()) contents.unpacked.push_back(std::move(unpacked));  // its bytes stay where they are
  }
  return contents;
}

}  // namespace thorax::weights
