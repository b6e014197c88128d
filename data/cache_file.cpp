#include "data/cache_file.h"

#include <cstddef>
#include <cstring>

#include "tensor/checksum.h"

namespace thorax::data {

namespace {

// The text of a key, which ends where the zeros begin.
bool is_key(const CacheHeader& header, const std::string& key) {
  return key.size() < header.key.size() && key.compare(0, key.npos, header.key.data(), key.size()) == 0 &&
         header.key[key.size()] == 0;
}

std::string fault_of(const CacheHeader& header, std::span<const std::byte> file, const std::string& key, uint64_t plane_bytes) {
  if (header.magic != CacheHeader{}.magic) return "no cache of thorax";
  if (header.checksum != checksum_of(header)) return "a damaged header";
  if (!is_key(header, key)) return "made with other preprocessing or another version";
  if (header.plane_bytes != plane_bytes || header.images > (uint64_t{1} << 40) || plane_bytes > (uint64_t{1} << 28))
    return "other sizes";
  if (CacheLayout{header.images, plane_bytes}.bytes() != file.size()) return "another length than its header says";
  if (header.complete == 0) return {};
  const CacheLayout layout{header.images, plane_bytes};
  const auto records = file.subspan(cache_page, layout.record_at(header.images) - cache_page);
  return xxh64(records) == header.records ? "" : "damaged records";
}

}  // namespace

uint64_t checksum_of(const CacheHeader& header) {
  return xxh64(std::as_bytes(std::span(&header, 1)).first(offsetof(CacheHeader, checksum)));
}

uint64_t checksum_of(const CacheRecord& record) {
  return xxh64(std::as_bytes(std::span(&record, 1)).first(offsetof(CacheRecord, checksum)));
}

CacheView view_cache(std::span<const std::byte> file, const std::string& key, uint64_t plane_bytes) {
  CacheView view;
  view.file = file;
  if (file.size() < cache_page) {
    view.reason = "cut off";
    return view;
  }
  std::memcpy(&view.header, file.data(), cache_page);
  view.reason = fault_of(view.header, file, key, plane_bytes);
  return view;
}

CacheRecord CacheView::record(uint64_t image) const {
  CacheRecord record;
  std::memcpy(&record, file.data() + layout().record_at(image), sizeof(record));
  return record.checksum == checksum_of(record) ? record : CacheRecord{};
}

std::span<const uint8_t> CacheView::plane(uint64_t image) const {
  const auto bytes = file.subspan(layout().plane_at(image), header.plane_bytes);
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

bool CacheView::plane_is_sound(uint64_t image) const {
  const CacheRecord r = record(image);
  return r.checksum != 0 && xxh64(std::as_bytes(plane(image))) == r.plane;
}

}  // namespace thorax::data
