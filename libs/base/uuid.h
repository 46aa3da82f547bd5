#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace perennial {

// RFC 9562 UUID. Every id in Perennial is one.
class Uuid {
 public:
  Uuid() = default;  // The nil UUID.
  explicit Uuid(const std::array<uint8_t, 16>& bytes) : bytes_(bytes) {}

  // Accepts the 36-character form, either case. Anything else is INVALID_ARGUMENT.
  static absl::StatusOr<Uuid> Parse(absl::string_view text);
  // For ids this process wrote itself (database columns). Aborts on anything that is not a UUID.
  static Uuid FromTrusted(absl::string_view text);
  // Same parts, same UUID (version 8): ids of steps that must be the same when the step is repeated. Tells
  // nothing of `from`.
  static Uuid Derive(const Uuid& from, absl::string_view purpose);
  // The same with the time of a `from` of version 7: rows that are written together then lie together in an
  // index (docs/adr, ids in the order of time). Shows what it belongs to, so not for pseudonyms.
  static Uuid DeriveInOrder(const Uuid& from, absl::string_view purpose);

  std::string ToString() const;
  bool IsNil() const { return *this == Uuid(); }
  const std::array<uint8_t, 16>& bytes() const { return bytes_; }

  auto operator<=>(const Uuid&) const = default;

  template <typename H>
  friend H AbslHashValue(H h, const Uuid& id) {
    return H::combine(std::move(h), id.bytes_);
  }

 private:
  std::array<uint8_t, 16> bytes_{};
};

// Where new ids come from, so that tests can know them beforehand.
class IdSource {
 public:
  virtual ~IdSource() = default;
  virtual Uuid Next() = 0;
};

// Version 7 (RFC 9562, 5.7): the time, to a quarter of a microsecond, and 62 bits of the kernel's random
// source. An id shows when it was made, and is no secret.
class TimedIdSource final : public IdSource {
 public:
  Uuid Next() override;
};

}  // namespace perennial
