#include "weights/pickle.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <unordered_map>

#include "tensor/json.h"

namespace thorax::weights {

// The stack machine of a pickle. Protocol 2 is what torch.save writes; the opcodes of the others are those that plain data need.
class PickleMachine {
 public:
  using Kind = PickleValue::Kind;
  PickleMachine(Pickle& pickle, ByteReader& in, std::span<const std::string_view> callable, const PickleLimits& limits)
      : values_(pickle.values_), in_(in), callable_(callable), limits_(limits) {}

  uint32_t run() {
    for (size_t step = 0;; ++step) {
      if (step == limits_.steps) in_.refuse(str("more than ", limits_.steps, " steps"));
      const auto code = in_.number<uint8_t>();
      if (code == '.') return pop();
      if (!scalar(code) && !string(code) && !container(code) && !object(code) && !memo_or_stack(code)) {
        in_.refuse(str("byte ", in_.at() - 1, " is no opcode that is read here (", static_cast<int>(code), ")"));
      }
    }
  }

 private:
  bool scalar(uint8_t code) {
    switch (code) {
      case 'N': push({}); return true;
      case 0x88: push_integer(Kind::boolean, 1); return true;
      case 0x89: push_integer(Kind::boolean, 0); return true;
      case 'K': push_integer(Kind::integer, in_.number<uint8_t>()); return true;
      case 'M': push_integer(Kind::integer, in_.number<uint16_t>()); return true;
      case 'J': push_integer(Kind::integer, in_.number<int32_t>()); return true;
      case 0x8a: push_long(in_.take(in_.number<uint8_t>())); return true;
      case 0x8b: push_long(in_.take(in_.number<uint32_t>())); return true;
      case 'I':
      case 'L': push_decimal(in_.line()); return true;
      case 'F': push_real(decimal_real(in_.line())); return true;
      case 'G': push_real(std::bit_cast<double>(__builtin_bswap64(in_.number<uint64_t>()))); return true;
      default: return false;
    }
  }

  bool string(uint8_t code) {
    switch (code) {
      case 'U': push_text(in_.text(in_.number<uint8_t>())); return true;
      case 'T': push_text(in_.text(in_.number<uint32_t>())); return true;
      case 'X': push_text(in_.text(in_.number<uint32_t>())); return true;
      case 0x8c: push_text(in_.text(in_.number<uint8_t>())); return true;
      case 0x8d: push_text(in_.text(in_.number<uint64_t>())); return true;
      case 'C': push_bytes(in_.text(in_.number<uint8_t>())); return true;
      case 'B': push_bytes(in_.text(in_.number<uint32_t>())); return true;
      case 0x8e: push_bytes(in_.text(in_.number<uint64_t>())); return true;
      default: return false;
    }
  }

  bool container(uint8_t code) {
    switch (code) {
      case ')': push_items(Kind::tuple, {}); return true;
      case 0x85: push_items(Kind::tuple, pop(1)); return true;
      case 0x86: push_items(Kind::tuple, pop(2)); return true;
      case 0x87: push_items(Kind::tuple, pop(3)); return true;
      case 't': push_items(Kind::tuple, pop_to_mark()); return true;
      case ']': push_items(Kind::list, {}); return true;
      case 'l': push_items(Kind::list, pop_to_mark()); return true;
      case '}': push_items(Kind::dict, {}); return true;
      case 'd': push_items(Kind::dict, pairs(pop_to_mark())); return true;
      case 0x8f: push_items(Kind::set, {}); return true;
      case 0x91: push_items(Kind::set, pop_to_mark()); return true;
      case 'a': extend(pop(1), {Kind::list, Kind::object}); return true;
      case 'e': extend(pop_to_mark(), {Kind::list, Kind::object}); return true;
      case 's': extend(pop(2), {Kind::dict, Kind::object}); return true;
      case 'u': extend(pairs(pop_to_mark()), {Kind::dict, Kind::object}); return true;
      case 0x90: extend(pop_to_mark(), {Kind::set}); return true;
      default: return false;
    }
  }

  bool object(uint8_t code) {
    switch (code) {
      case 'c': {
        const std::string module(in_.line());
        push_global(module, std::string(in_.line()));
        return true;
      }
      case 0x93: {
        const std::vector<uint32_t> names = pop(2);
        if (values_[names[0]].kind != Kind::text || values_[names[1]].kind != Kind::text) in_.refuse("a class without a name");
        push_global(values_[names[0]].text, values_[names[1]].text);
        return true;
      }
      case 'Q': push_items(Kind::persistent, pop(1)); return true;
      case 'R': call(pop(2)); return true;
      case 0x81: make_object(pop(2)); return true;
      case 0x92: {  // with keyword arguments, which are left out
        std::vector<uint32_t> parts = pop(3);
        parts.pop_back();
        make_object(parts);
        return true;
      }
      case 'b': set_state(pop(1)[0]); return true;
      default: return false;
    }
  }

  bool memo_or_stack(uint8_t code) {
    switch (code) {
      case 0x80: in_.take(1); return true;  // the protocol's number
      case 0x95: in_.take(8); return true;  // a frame's length
      case '(':
        if (marks_.size() == limits_.stack) in_.refuse("too many marks");
        marks_.push_back(stack_.size());
        return true;
      case '0': pop(); return true;
      case '1': pop_to_mark(); return true;
      case '2': push_id(top()); return true;
      case 'q': remember(in_.number<uint8_t>()); return true;
      case 'r': remember(in_.number<uint32_t>()); return true;
      case 'p': remember(decimal_index()); return true;
      case 0x94: remember(static_cast<uint32_t>(memo_.size())); return true;
      case 'h': recall(in_.number<uint8_t>()); return true;
      case 'j': recall(in_.number<uint32_t>()); return true;
      case 'g': recall(decimal_index()); return true;
      default: return false;
    }
  }

  uint32_t top() const {
    if (stack_.size() <= floor()) in_.refuse(str("byte ", in_.at() - 1, " takes from an empty stack"));
    return stack_.back();
  }
  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  uint32_t pop() {
    const uint32_t id = top();
    stack_.pop_back();
    return id;
  }
  std::vector<uint32_t> pop(size_t count) {
    if (stack_.size() - floor() < count) in_.refuse(str("byte ", in_.at() - 1, " takes from an empty stack"));
    std::vector<uint32_t> ids(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return ids;
  }
  std::vector<uint32_t> pop_to_mark() {
    if (marks_.empty()) in_.refuse(str("byte ", in_.at() - 1, " looks for a mark that is not there"));
    std::vector<uint32_t> ids = pop(stack_.size() - marks_.back());
    marks_.pop_back();
    return ids;
  }
  std::vector<uint32_t> pairs(std::vector<uint32_t> ids) const {
    if (ids.size() % 2 != 0) in_.refuse("a key without a value");
    return ids;
  }

  void push_id(uint32_t id) {
    if (stack_.size() == limits_.stack) in_.refuse(str("more than ", limits_.stack, " values on its stack"));
    stack_.push_back(id);
  }
  void push(PickleValue value) {
    if (values_.size() == limits_.values) in_.refuse(str("more than ", limits_.values, " values"));
    count_items(value.items.size());
    text_bytes_ += value.text.size();
    if (text_bytes_ > limits_.text) in_.refuse(str("more than ", limits_.text, " bytes of text"));
    values_.push_back(std::move(value));
    push_id(static_cast<uint32_t>(values_.size() - 1));
  }
  void push_integer(Kind kind, int64_t n) { push({kind, n, 0, {}, {}}); }
  void push_real(double x) { push({Kind::real, 0, x, {}, {}}); }
  void push_items(Kind kind, std::vector<uint32_t> items) { push({kind, 0, 0, {}, std::move(items)}); }
  void push_bytes(std::string_view bytes) { push({Kind::bytes, 0, 0, std::string(bytes), {}}); }
  void push_text(std::string_view text) { push({valid_utf8(text) ? Kind::text : Kind::bytes, 0, 0, std::string(text), {}}); }
  void push_global(const std::string& module, const std::string& name) {
    if (!valid_utf8(module) || !valid_utf8(name)) in_.refuse("a class whose name is not UTF-8");
    push({Kind::global, 0, 0, module + '.' + name, {}});
  }
  void push_long(std::span<const std::byte> bytes) {
    if (bytes.size() > sizeof(int64_t)) return push_bytes({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    uint64_t n = !bytes.empty() && (bytes.back() & std::byte{0x80}) != std::byte{} ? ~uint64_t{0} : 0;  // the sign goes on
    for (size_t i = bytes.size(); i-- > 0;) n = n << 8U | std::to_integer<uint64_t>(bytes[i]);
    push_integer(Kind::integer, static_cast<int64_t>(n));
  }

  // Protocol 0 writes numbers in decimal; "00" and "01" are booleans, a long ends with L.
  void push_decimal(std::string_view text) {
    if (text == "00" || text == "01") return push_integer(Kind::boolean, text == "01" ? 1 : 0);
    if (text.ends_with('L')) text.remove_suffix(1);
    int64_t n = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), n);
    if (result.ec != std::errc() || result.ptr != text.data() + text.size()) in_.refuse("a whole number that is none");
    push_integer(Kind::integer, n);
  }
  double decimal_real(std::string_view text) const {
    double x = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), x);
    if (result.ec != std::errc() || result.ptr != text.data() + text.size()) in_.refuse("a number that is none");
    return x;
  }
  uint32_t decimal_index() {
    const std::string_view text = in_.line();
    uint32_t n = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), n);
    if (result.ec != std::errc() || result.ptr != text.data() + text.size()) in_.refuse("a memo number that is none");
    return n;
  }

  void extend(const std::vector<uint32_t>& ids, std::initializer_list<Kind> kinds) {
    PickleValue& to = values_[top()];
    if (std::find(kinds.begin(), kinds.end(), to.kind) == kinds.end()) {
      in_.refuse(str("byte ", in_.at() - 1, " adds items to what cannot hold them"));
    }
    if (to.kind == Kind::object) return;  // of a class made from list or dict: what it holds as such is not kept
    count_items(ids.size());
    to.items.insert(to.items.end(), ids.begin(), ids.end());
  }
  void count_items(size_t more) {
    items_ += more;
    if (items_ > limits_.items) in_.refuse(str("more than ", limits_.items, " items in its lists"));
  }

  void make_object(std::vector<uint32_t> class_and_arguments) {
    const Kind kind = values_[class_and_arguments[0]].kind;
    if (kind != Kind::global && kind != Kind::persistent) in_.refuse("an object whose class is no class");
    push_items(Kind::object, std::move(class_and_arguments));
  }

  void call(std::vector<uint32_t> function_and_arguments) {
    const PickleValue& function = values_[function_and_arguments[0]];
    const PickleValue& arguments = values_[function_and_arguments[1]];
    if (function.kind != Kind::global || arguments.kind != Kind::tuple) in_.refuse("a call of what is no function");
    const std::string& name = function.text;
    const std::vector<uint32_t>& a = arguments.items;
    if (name == "collections.OrderedDict" || name == "builtins.dict" || name == "__builtin__.dict") {
      return push_items(Kind::dict, a.empty() ? std::vector<uint32_t>{} : dict_items(values_[a[0]]));
    }
    if (name == "collections.defaultdict") return push_items(Kind::dict, {});
    if ((name == "copy_reg._reconstructor" || name == "copyreg._reconstructor") && !a.empty()) {
      return make_object({a[0], function_and_arguments[1]});
    }
    if (std::find(callable_.begin(), callable_.end(), name) == callable_.end()) {
      in_.refuse(str("refused: it wants to call ", json_quote(name.substr(0, 100)), " when it is opened; nothing was executed"));
    }
    push_items(Kind::call, std::move(function_and_arguments));
  }

  // Python 2 gave OrderedDict its content as a list of pairs.
  std::vector<uint32_t> dict_items(const PickleValue& from) const {
    if (from.kind == Kind::dict) return from.items;
    std::vector<uint32_t> items;
    for (const uint32_t id : from.items) {
      if (values_[id].items.size() != 2) in_.refuse("a dictionary made of what are no pairs");
      items.insert(items.end(), values_[id].items.begin(), values_[id].items.end());
    }
    return items;
  }

  void set_state(uint32_t state) {
    PickleValue& of = values_[top()];
    if (of.kind != Kind::object && of.kind != Kind::call) return;  // attributes of a dictionary (torch's _metadata)
    of.items.resize(2);
    of.items.push_back(state);
  }

  void remember(uint32_t key) { memo_[key] = top(); }
  void recall(uint32_t key) {
    const auto it = memo_.find(key);
    if (it == memo_.end()) in_.refuse(str("byte ", in_.at() - 1, " recalls what was not remembered"));
    push_id(it->second);
  }

  std::deque<PickleValue>& values_;
  ByteReader& in_;
  std::span<const std::string_view> callable_;
  PickleLimits limits_;
  std::vector<uint32_t> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint32_t, uint32_t> memo_;
  size_t text_bytes_ = 0;
  size_t items_ = 0;
};

Pickle::Pickle(ByteReader& in, std::span<const std::string_view> callable, const PickleLimits& limits) {
  root_ = PickleMachine(*this, in, callable, limits).run();
}

const PickleValue* Pickle::find(const PickleValue& dict, std::string_view key) const {
  for (size_t i = dict.items.size(); dict.kind == Kind::dict && i >= 2; i -= 2) {
    const PickleValue& k = item(dict, i - 2);
    if (k.kind == Kind::text && k.text == key) return &item(dict, i - 1);
  }
  return nullptr;
}

}  // namespace thorax::weights
