#include "weights/pytorch.h"

#include <algorithm>

#include "tensor/json.h"
#include "weights/pickled_tensors.h"

namespace thorax::weights {
namespace {

using Kind = PickleValue::Kind;

// 0x1950a86a20f9469cfc6c, PyTorch's magic number, as a pickle writes it.
constexpr std::string_view magic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
constexpr size_t magic_within = 16;
constexpr int64_t legacy_protocol = 1001;
constexpr std::string_view pickle_name = "data.pkl";

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// "archive/" of "archive/data.pkl"; the folder's name is up to who wrote the file.
std::string folder_of(const ZipFile& zip, const std::string& where) {
  std::string folder;
  int found = 0;
  for (const ZipMember& m : zip.members()) {
    const size_t slash = m.name.find('/');
    if (slash == std::string::npos || m.name.substr(slash + 1) != pickle_name) continue;
    folder = m.name.substr(0, slash + 1);
    ++found;
  }
  if (found != 1) throw Error(Fault::input, str(where, ": ", found, " members are named data.pkl in a folder, one is expected"));
  return folder;
}

}  // namespace

bool is_legacy_pytorch(std::span<const std::byte> bytes) {
  const std::string_view start = text_of(bytes.first(std::min(bytes.size(), magic_within)));
  return start.starts_with('\x80') && start.find(magic) == 2;
}

Contents read_pytorch_zip(const ZipFile& zip, const std::string& where) {
  Contents contents;
  contents.format = "PyTorch";
  const std::string folder = folder_of(zip, where);
  std::vector<std::byte> hold;
  if (const ZipMember* order = zip.find(folder + "byteorder")) {
    if (text_of(zip.read(*order, hold)) != "little") throw Error(Fault::input, str(where, ": its numbers are not little-endian"));
  }
  std::vector<std::byte> pickle_hold;
  ByteReader in(zip.read(*zip.find(folder + std::string(pickle_name)), pickle_hold), where);
  const Pickle pickle(in, pytorch_callables());
  if (in.left() != 0) in.refuse(str(in.left(), " bytes after its pickle"));
  Storages storages;
  for (const auto& [key, record] : all_storages(pickle, where)) {
    const ZipMember* member = zip.find(str(folder, "data/", key));
    if (member == nullptr) throw Error(Fault::input, str(where, ": its storage ", json_quote(key), " is not in the file"));
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(record.elements, record.item, &bytes) || bytes != member->size) {
      throw Error(Fault::input, str(where, ": storage ", json_quote(key), " has ", member->size, " bytes; its ", record.elements,
                                    " elements have ", record.item, " bytes each"));
    }
    std::vector<std::byte> unpacked;
    const std::span<const std::byte> content = zip.read(*member, unpacked);
    storages[key] = content;
    if (!unpacked.empty()) contents.unpacked.push_back(std::move(unpacked));  // its bytes stay where they are
  }
  collect_tensors(pickle, storages, where, contents);
  return contents;
}

Contents read_pytorch_legacy(std::span<const std::byte> bytes, const std::string& where) {
  Contents contents;
  contents.format = "PyTorch before 1.6";
  ByteReader in(bytes, where);
  const Pickle number(in, {});
  const Pickle protocol(in, {});
  if (protocol.root().kind != Kind::integer || protocol.root().integer != legacy_protocol) {
    in.refuse(str("PyTorch's protocol ", protocol.root().integer, ", ", legacy_protocol, " is expected"));
  }
  const Pickle system(in, {});
  const PickleValue* little = system.find(system.root(), "little_endian");
  if (little == nullptr || little->integer == 0) in.refuse("its numbers are not little-endian");
  const Pickle pickle(in, pytorch_callables());
  const Pickle keys(in, {});
  if (keys.root().kind != Kind::list) in.refuse("it has no list of storages");
  const auto records = all_storages(pickle, where);
  Storages storages;
  for (size_t i = 0; i < keys.root().items.size(); ++i) {
    const std::string key = key_text(keys.item(keys.root(), i));
    const auto record = records.find(key);
    if (record == records.end()) in.refuse(str("storage ", json_quote(key), " belongs to no tensor"));
    const auto elements = in.number<uint64_t>();
    uint64_t size = 0;
    if (elements != record->second.elements || __builtin_mul_overflow(elements, record->second.item, &size)) {
      in.refuse(str("storage ", json_quote(key), " has ", elements, " elements, ", record->second.elements, " are expected"));
    }
    if (!storages.emplace(key, in.take(size)).second) in.refuse(str("two storages are named ", json_quote(key)));
  }
  if (in.left() != 0) in.refuse(str(in.left(), " bytes after its last storage"));
  collect_tensors(pickle, storages, where, contents);
  return contents;
}

}  // namespace thorax::weights
