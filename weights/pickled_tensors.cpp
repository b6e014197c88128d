#include "weights/pickled_tensors.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tensor/json.h"

namespace thorax::weights {
namespace {

using Kind = PickleValue::Kind;

constexpr int max_depth = 64;
constexpr size_t max_steps = 4000000;
constexpr size_t max_name = 1000;
constexpr size_t max_metadata = 200;

constexpr std::pair<std::string_view, std::string_view> storage_classes[] = {
    {"torch.FloatStorage", "F32"},      {"torch.DoubleStorage", "F64"},       {"torch.HalfStorage", "F16"},
    {"torch.LongStorage", "I64"},       {"torch.BFloat16Storage", "BF16"},    {"torch.IntStorage", "I32"},
    {"torch.ShortStorage", "I16"},      {"torch.CharStorage", "I8"},          {"torch.ByteStorage", "U8"},
    {"torch.BoolStorage", "BOOL"},      {"torch.ComplexFloatStorage", "C64"}, {"torch.ComplexDoubleStorage", "C128"},
    {"torch.UntypedStorage", ""},       {"torch.storage.UntypedStorage", ""}, {"torch.storage._UntypedStorage", ""},
    {"torch.cuda.FloatStorage", "F32"}, {"torch.cuda.HalfStorage", "F16"},    {"torch.cuda.LongStorage", "I64"}};

constexpr std::pair<std::string_view, std::string_view> dtypes[] = {
    {"torch.float32", "F32"},        {"torch.float64", "F64"},   {"torch.float16", "F16"},     {"torch.bfloat16", "BF16"},
    {"torch.int64", "I64"},          {"torch.int32", "I32"},     {"torch.int16", "I16"},       {"torch.int8", "I8"},
    {"torch.uint64", "U64"},         {"torch.uint32", "U32"},    {"torch.uint16", "U16"},      {"torch.uint8", "U8"},
    {"torch.bool", "BOOL"},          {"torch.complex64", "C64"}, {"torch.complex128", "C128"}, {"torch.float8_e4m3fn", "F8_E4M3"},
    {"torch.float8_e5m2", "F8_E5M2"}};

template <size_t N>
const std::string_view* lookup(const std::pair<std::string_view, std::string_view> (&table)[N], std::string_view name) {
  for (const auto& [key, value] : table) {
    if (key == name) return &value;
  }
  return nullptr;
}

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
  throw Error(Fault::input, str(where, ": ", why));
}

// A class by its name; old files of whole models wrap it: ('module', class, source file, source).
std::string class_name(const Pickle& pickle, const PickleValue& value) {
  if (value.kind == Kind::global) return value.text;
  if (value.kind != Kind::persistent) return {};
  const PickleValue& id = pickle.item(value, 0);
  if (id.kind != Kind::tuple || id.items.size() < 2 || pickle.item(id, 0).text != "module") return {};
  const PickleValue& wrapped = pickle.item(id, 1);
  return wrapped.kind == Kind::global ? wrapped.text : std::string();
}

std::string scalar_text(const PickleValue& v) {
  switch (v.kind) {
    case Kind::boolean: return v.integer != 0 ? "true" : "false";
    case Kind::integer: return std::to_string(v.integer);
    case Kind::real: return json_number(v.real);
    case Kind::text: return v.text;
    default: return {};
  }
}

class Collector {
 public:
  Collector(const Pickle& pickle, const Storages& storages, const std::string& where, Contents& contents)
      : pickle_(pickle), storages_(storages), where_(where), contents_(contents) {}

  void walk(const PickleValue& v, const std::string& name, int depth) {
    if (depth > max_depth) refuse(where_, str("its objects are nested more than ", max_depth, " deep"));
    if (++steps_ > max_steps) refuse(where_, str("more than ", max_steps, " steps to walk through its objects"));
    switch (v.kind) {
      case Kind::call: add_tensor(v, name); break;
      case Kind::dict: walk_dict(v, name, depth); break;
      case Kind::list:
      case Kind::tuple:
        for (size_t i = 0; i < v.items.size(); ++i) walk(pickle_.item(v, i), join(name, std::to_string(i)), depth + 1);
        break;
      case Kind::object: walk_object(v, name, depth); break;
      default: break;
    }
  }

 private:
  std::string join(const std::string& name, const std::string& key) const {
    if (name.size() + key.size() > max_name) refuse(where_, str("a name of more than ", max_name, " bytes"));
    return name.empty() ? key : name + '.' + key;
  }

  void walk_dict(const PickleValue& dict, const std::string& name, int depth) {
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      const std::string key = key_text(pickle_.item(dict, i));
      if (!key.empty()) walk(pickle_.item(dict, i + 1), join(name, key), depth + 1);
    }
  }

  void walk_object(const PickleValue& object, const std::string& name, int depth) {
    if (object.items.size() < 3) return;
    const PickleValue& state = pickle_.item(object, 2);
    if (state.kind != Kind::dict) return walk(state, name, depth + 1);
    bool module = false;
    for (const char* part : {"_parameters", "_buffers", "_modules"}) {
      const PickleValue* content = pickle_.find(state, part);
      module |= content != nullptr;
      if (content != nullptr) walk(*content, name, depth + 1);
    }
    if (!module) walk_dict(state, name, depth);
  }

  // What is rebuilt in the end, behind the wrappers for parameters and subclasses.
  void add_tensor(const PickleValue& v, const std::string& name) {
    const PickleValue* function = &pickle_.item(v, 0);
    const PickleValue* arguments = &pickle_.item(v, 1);
    for (int unwrapped = 0; unwrapped < 8; ++unwrapped) {
      const std::string& f = function->text;
      if (f == "torch._utils._rebuild_tensor" || f == "torch._utils._rebuild_tensor_v2" ||
          f == "torch._utils._rebuild_tensor_v3") {
        contents_.tensors.push_back(rebuild(*arguments, f.ends_with("_v3"), name.empty() ? "tensor" : name));
        return;
      }
      if (f == "torch._tensor._rebuild_from_type_v2" && arguments->items.size() >= 3) {
        function = &pickle_.item(*arguments, 0);
        arguments = &pickle_.item(*arguments, 2);
        continue;
      }
      const bool parameter = f == "torch._utils._rebuild_parameter" || f == "torch._utils._rebuild_parameter_with_state";
      if (!parameter || arguments->items.empty()) return;
      const PickleValue& data = pickle_.item(*arguments, 0);
      if (data.kind != Kind::call) return;
      function = &pickle_.item(data, 0);
      arguments = &pickle_.item(data, 1);
    }
  }

  // arguments: storage, first element, size, stride, ..., and in the third version the dtype as number 6.
  WeightTensor rebuild(const PickleValue& arguments, bool has_dtype, const std::string& name) const {
    const std::string what = str(where_, ": ", json_quote(name));
    if (arguments.items.size() < (has_dtype ? 7 : 4)) refuse(what, "a tensor without its storage, size and stride");
    const StorageRecord record = storage_record(pickle_, pickle_.item(arguments, 0), what);
    WeightTensor t{name, record.dtype, record.item, {}, {}, {}};
    if (has_dtype) {
      const std::string_view* dtype = lookup(dtypes, pickle_.item(arguments, 6).text);
      if (dtype == nullptr) refuse(what, str("of an unknown dtype, ", json_quote(pickle_.item(arguments, 6).text)));
      t.dtype = *dtype;
    }
    t.item = item_bytes(t.dtype);
    if (t.item == 0) refuse(what, "a tensor whose storage has no dtype");
    t.shape = whole_numbers(pickle_.item(arguments, 2), what);
    t.strides = whole_numbers(pickle_.item(arguments, 3), what);
    const PickleValue& first = pickle_.item(arguments, 1);
    if (first.kind != Kind::integer || first.integer < 0) refuse(what, "its first element has no proper number");
    const std::span<const std::byte> storage = part_of_storage(record, what);
    if (static_cast<uint64_t>(first.integer) > storage.size() / t.item) {
      refuse(what, str("its first element would be number ", first.integer, " of ", storage.size() / t.item));
    }
    t.storage = storage.subspan(static_cast<size_t>(first.integer) * t.item);
    return t;
  }

  std::span<const std::byte> part_of_storage(const StorageRecord& record, const std::string& what) const {
    const auto found = storages_.find(record.key);
    if (found == storages_.end()) refuse(what, str("its storage ", json_quote(record.key), " is not in the file"));
    if (record.view == nullptr) return found->second;
    const std::vector<int64_t> view = whole_numbers(*record.view, what, 1);
    const uint64_t items = found->second.size() / record.item;
    if (view.size() != 2 || view[0] < 0 || view[1] < 0 || static_cast<uint64_t>(view[0]) > items ||
        static_cast<uint64_t>(view[1]) > items - static_cast<uint64_t>(view[0])) {
      refuse(what, "its storage is no proper part of another");
    }
    return found->second.subspan(static_cast<size_t>(view[0]) * record.item, static_cast<size_t>(view[1]) * record.item);
  }

  std::vector<int64_t> whole_numbers(const PickleValue& list, const std::string& what, size_t from = 0) const {
    const PickleValue* items = &list;
    // torch.Size is a call with the numbers as its one argument.
    if (list.kind == Kind::call && pickle_.item(list, 1).items.size() == 1) items = &pickle_.item(pickle_.item(list, 1), 0);
    if ((items->kind != Kind::tuple && items->kind != Kind::list) || items->items.size() > max_rank) {
      refuse(what, "its size or stride is no short list of numbers");
    }
    std::vector<int64_t> numbers;
    for (size_t i = from; i < items->items.size(); ++i) {
      const PickleValue& n = pickle_.item(*items, i);
      if (n.kind != Kind::integer) refuse(what, "its size or stride is no short list of numbers");
      numbers.push_back(n.integer);
    }
    return numbers;
  }

  const Pickle& pickle_;
  const Storages& storages_;
  const std::string& where_;
  Contents& contents_;
  size_t steps_ = 0;
};

}  // namespace

std::span<const std::string_view> pytorch_callables() {
  static constexpr std::string_view names[] = {
      "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3",
      "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state", "torch._tensor._rebuild_from_type_v2",
      "torch.nn.backends.thnn._get_thnn_function_backend",  // of modules before 1.3
      "torch.Size", "torch.device", "torch.torch_version.TorchVersion", "torch.jit._pickle.build_intlist",
      "torch.jit._pickle.build_tensorlist", "torch.jit._pickle.build_doublelist", "torch.jit._pickle.build_boollist",
      "torch.jit._pickle.restore_type_tag",
      // Values of Python and numpy that people keep beside their weights.
      "_codecs.encode", "builtins.set", "__builtin__.set", "builtins.frozenset", "__builtin__.frozenset", "builtins.complex",
      "builtins.bytearray", "builtins.slice", "collections.Counter", "collections.deque", "datetime.datetime", "datetime.date",
      "datetime.timedelta", "decimal.Decimal", "uuid.UUID", "pathlib.Path", "pathlib.PosixPath", "pathlib.WindowsPath",
      "pathlib.PurePosixPath", "pathlib.PureWindowsPath", "numpy.dtype", "numpy.core.multiarray.scalar",
      "numpy.core.multiarray._reconstruct", "numpy._core.multiarray.scalar", "numpy._core.multiarray._reconstruct"};
  return names;
}

std::string key_text(const PickleValue& value) {
  if (value.kind == Kind::integer) return std::to_string(value.integer);
  return value.kind == Kind::text ? value.text : std::string();
}

StorageRecord storage_record(const Pickle& pickle, const PickleValue& persistent, const std::string& where) {
  const auto fail = [&](const char* why) { refuse(where, str("a storage ", why)); };
  if (persistent.kind != Kind::persistent) fail("that is none");
  const PickleValue& id = pickle.item(persistent, 0);
  if (id.kind != Kind::tuple || id.items.size() < 5 || pickle.item(id, 0).text != "storage") fail("that is none");
  const std::string name = class_name(pickle, pickle.item(id, 1));
  const std::string_view* dtype = lookup(storage_classes, name);
  if (dtype == nullptr) refuse(where, str("a storage of an unknown class, ", json_quote(name.substr(0, 100))));
  StorageRecord r;
  r.dtype = *dtype;
  r.item = std::max<uint64_t>(1, item_bytes(r.dtype));
  r.key = key_text(pickle.item(id, 2));
  const PickleValue& elements = pickle.item(id, 4);
  if (r.key.empty() || elements.kind != Kind::integer || elements.integer < 0) fail("without key or size");
  r.elements = static_cast<uint64_t>(elements.integer);
  if (id.items.size() > 5 && pickle.item(id, 5).kind == Kind::tuple) r.view = &pickle.item(id, 5);
  return r;
}

std::map<std::string, StorageRecord> all_storages(const Pickle& pickle, const std::string& where) {
  std::map<std::string, StorageRecord> found;
  for (const PickleValue& v : pickle.values()) {
    if (v.kind != Kind::persistent || !class_name(pickle, v).empty()) continue;
    const StorageRecord record = storage_record(pickle, v, where);
    const auto [it, fresh] = found.emplace(record.key, record);
    if (!fresh && (it->second.item != record.item || it->second.elements != record.elements)) {
      refuse(where, str("storage ", json_quote(record.key), " has two sizes"));
    }
  }
  return found;
}

void collect_tensors(const Pickle& pickle, const Storages& storages, const std::string& where, Contents& contents) {
  const PickleValue& root = pickle.root();
  if (root.kind == Kind::object) contents.root_class = class_name(pickle, pickle.item(root, 0));
  for (size_t i = 0; root.kind == Kind::dict && i + 1 < root.items.size() && contents.metadata.size() < max_metadata; i += 2) {
    const std::string key = key_text(pickle.item(root, i));
    const std::string text = scalar_text(pickle.item(root, i + 1));
    if (!key.empty() && !text.empty() && key.size() + text.size() <= max_name) contents.metadata[key] = text;
  }
  Collector(pickle, storages, where, contents).walk(root, "", 0);
}

}  // namespace thorax::weights
