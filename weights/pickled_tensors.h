// The tensors in a pickle of torch.save, once it is known where their storages lie.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "weights/pickle.h"
#include "weights/weight_file.h"

namespace thorax::weights {

// The functions and value classes that torch.save's pickles call; all become records.
std::span<const std::string_view> pytorch_callables();

// A storage as the pickle names it: ('storage', class, key, device, elements) and, in old files, a view (key, first, elements).
struct StorageRecord {
  std::string dtype;  // empty for storages of bytes without a type
  std::string key;
  uint64_t elements = 0;
  uint64_t item = 1;
  const PickleValue* view = nullptr;
};

// Throws Error(input) naming `where` for what is no storage.
StorageRecord storage_record(const Pickle& pickle, const PickleValue& persistent, const std::string& where);

// Text, or a whole number as text: the keys of old files are numbers.
std::string key_text(const PickleValue& value);

// By key: the bytes of a storage.
using Storages = std::map<std::string, std::span<const std::byte>, std::less<>>;

// Walks all that the root holds, within limits of depth and steps, and adds every tensor and the root's own numbers and texts.
void collect_tensors(const Pickle& pickle, const Storages& storages, const std::string& where, Contents& contents);

// Every storage that the pickle names, each once.
std::map<std::string, StorageRecord> all_storages(const Pickle& pickle, const std::string& where);

}  // namespace thorax::weights
