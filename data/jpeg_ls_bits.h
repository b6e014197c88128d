// The bits of a JPEG-LS scan, most significant first. Behind a byte FF the next one begins with a stuffed 0; where it begins with
// a 1 the scan has ended (T.87 A.1).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

namespace thorax::data {

class JpegLsBits {
 public:
  explicit JpegLsBits(std::span<const uint8_t> bytes) : at_(bytes.data()), end_(at_ + bytes.size()) { find_stuffing(); }

  // At least 48 bits are there afterwards; beyond the end they are 0.
  void refill() {
    if (stuffing_ - at_ >= 8) [[likely]] {
      uint64_t next = 0;
      std::memcpy(&next, at_, 8);
      // Bits below the count are those that come next, and are set again to the same.
      bits_ |= __builtin_bswap64(next) >> count_;
      at_ += (63 - count_) >> 3;
      count_ |= 56;
    } else {
      *this = refilled_bytewise(*this);
    }
  }
  // Together not more than refill() left.
  uint32_t take(int n) {  // n <= 32
    const auto value = static_cast<uint32_t>(bits_ >> 1 >> (63 - n));
    drop(n);
    return value;
  }
  int leading_zeros() const { return std::countl_zero(bits_); }
  void drop(int n) {  // n < 64
    bits_ <<= n;
    count_ -= n;
  }
  // Whether more was taken than the scan has.
  bool overrun() const { return beyond_ > count_; }

 private:
  void find_stuffing() {
    const void* found = at_ == end_ ? nullptr : std::memchr(at_, 0xFF, static_cast<size_t>(end_ - at_));
    stuffing_ = found == nullptr ? end_ : static_cast<const uint8_t*>(found);
  }
  void put(uint8_t byte, int n) {
    bits_ |= uint64_t{byte} << (64 - n) >> count_;
    count_ += n;
  }
  // By value, so that the members of whoever calls stay in registers.
  [[gnu::noinline]] static JpegLsBits refilled_bytewise(JpegLsBits b) {
    while (b.count_ < least) {
      if (b.at_ != b.stuffing_) {
        b.put(*b.at_++, 8);
      } else if (b.end_ - b.at_ >= 2 && b.at_[1] < 0x80) {
        b.put(0xFF, 8);
        b.put(b.at_[1], 7);
        b.at_ += 2;
        b.find_stuffing();
      } else {
        b.beyond_ += least - b.count_;
        b.count_ = least;
      }
    }
    return b;
  }

  static constexpr int least = 48;  // a byte FF and the one behind it still fit where there are fewer

  const uint8_t* at_;
  const uint8_t* end_;
  const uint8_t* stuffing_ = nullptr;  // the next FF
  uint64_t bits_ = 0;
  int count_ = 0;
  int64_t beyond_ = 0;
};

}  // namespace thorax::data
