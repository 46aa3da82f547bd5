#include "libs/base/uuid.h"

#include <sys/random.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "absl/time/clock.h"
#include "libs/base/error.h"

namespace perennial {
namespace {

constexpr absl::string_view kHexDigits = "0123456789abcdef";

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsDashPosition(size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

// FNV-1a with a 128-bit state: spreads, and is the same in every build. Not for secrets.
__extension__ using Uint128 = unsigned __int128;

void Mix(Uint128& state, uint8_t byte) {
  constexpr Uint128 kPrime = (Uint128{1} << 88) + 0x13B;
  state = (state ^ byte) * kPrime;
}

constexpr size_t kTimeBytes = 6;  // milliseconds since 1970, the highest first

void SetVersion(int version, std::array<uint8_t, 16>& bytes) {
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | version << 4);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
}

}  // namespace

absl::StatusOr<Uuid> Uuid::Parse(absl::string_view text) {
  if (text.size() != 36) return absl::InvalidArgumentError("not a UUID");
  std::array<uint8_t, 16> bytes;
  size_t nibble = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsDashPosition(i)) {
      if (text[i] != '-') return absl::InvalidArgumentError("not a UUID");
      continue;
    }
    const int value = HexValue(text[i]);
    if (value < 0) return absl::InvalidArgumentError("not a UUID");
    uint8_t& byte = bytes[nibble / 2];
    byte = nibble % 2 == 0 ? static_cast<uint8_t>(value << 4) : static_cast<uint8_t>(byte | value);
    ++nibble;
  }
  return Uuid(bytes);
}

Uuid Uuid::FromTrusted(absl::string_view text) {
  absl::StatusOr<Uuid> id = Parse(text);
  if (!id.ok()) {
    std::fprintf(stderr, "a stored id is not a UUID\n");
    std::abort();
  }
  return *id;
}

Uuid Uuid::Derive(const Uuid& from, absl::string_view purpose) {
  Uint128 state = (Uint128{0x6c62272e07bb0142} << 64) + 0x62b821756295c58d;
  for (uint8_t byte : from.bytes_) Mix(state, byte);
  for (char c : purpose) Mix(state, static_cast<uint8_t>(c));
  std::array<uint8_t, 16> bytes;
  for (uint8_t& byte : bytes) {
    byte = static_cast<uint8_t>(state);
    state >>= 8;
  }
  SetVersion(8, bytes);
  return Uuid(bytes);
}

Uuid Uuid::DeriveInOrder(const Uuid& from, absl::string_view purpose) {
  Uuid derived = Derive(from, purpose);
  std::copy_n(from.bytes_.begin(), kTimeBytes, derived.bytes_.begin());
  return derived;
}

std::string Uuid::ToString() const {
  std::string text(36, '-');
  size_t at = 0;
  for (const uint8_t byte : bytes_) {
    if (IsDashPosition(at)) ++at;
    text[at++] = kHexDigits[byte >> 4];
    text[at++] = kHexDigits[byte & 0x0f];
  }
  return text;
}

Uuid TimedIdSource::Next() {
  std::array<uint8_t, 16> bytes;
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) std::abort();
  constexpr int64_t kNanosInMilli = 1'000'000;
  const int64_t nanos = absl::GetCurrentTimeNanos();
  const int64_t millis = nanos / kNanosInMilli;
  for (size_t i = 0; i < kTimeBytes; ++i)
    bytes[i] = static_cast<uint8_t>(millis >> (8 * (kTimeBytes - 1 - i)));
  const int64_t fraction = nanos % kNanosInMilli * 4096 / kNanosInMilli;  // 12 bits (RFC 9562, 6.2, method 3)
  bytes[6] = static_cast<uint8_t>(fraction >> 8);
  bytes[7] = static_cast<uint8_t>(fraction);
  SetVersion(7, bytes);
  return Uuid(bytes);
}

}  // namespace perennial
