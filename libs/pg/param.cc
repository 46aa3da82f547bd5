#include "libs/pg/param.h"

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace perennial::pg {
namespace {

void AppendQuoted(std::string* out, absl::string_view text) {
  out->push_back('"');
  for (char c : text) {
    if (c == '"' || c == '\\') out->push_back('\\');
    out->push_back(c);
  }
  out->push_back('"');
}

void PutDigits(char* at, int digits, int64_t number) {
  for (int i = digits - 1; i >= 0; --i, number /= 10) at[i] = static_cast<char>('0' + number % 10);
}

// By hand, as it is read (rows.cc): absl's formatter costs more than all else about a parameter.
std::string FormatTimestamp(absl::Time time) {
  const absl::TimeZone::CivilInfo civil = absl::UTCTimeZone().At(time);
  if (civil.cs.year() < 1 || civil.cs.year() > 9999)
    return absl::FormatTime("%Y-%m-%d %H:%M:%E6S+00", time, absl::UTCTimeZone());
  std::string text = "0000-00-00 00:00:00.000000+00";
  PutDigits(&text[0], 4, civil.cs.year());
  PutDigits(&text[5], 2, civil.cs.month());
  PutDigits(&text[8], 2, civil.cs.day());
  PutDigits(&text[11], 2, civil.cs.hour());
  PutDigits(&text[14], 2, civil.cs.minute());
  PutDigits(&text[17], 2, civil.cs.second());
  PutDigits(&text[20], 6, absl::ToInt64Microseconds(civil.subsecond));
  return text;
}

// In network order.
template <typename Int>
void AppendInt(std::string* out, Int value) {
  for (int shift = 8 * (sizeof(value) - 1); shift >= 0; shift -= 8)
    out->push_back(static_cast<char>(value >> shift & 0xff));
}

template <typename Int>
std::string IntBytes(Int value) {
  std::string bytes;
  AppendInt(&bytes, value);
  return bytes;
}

int32_t ReadInt32(absl::string_view bytes) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return static_cast<int32_t>(value);
}

constexpr CivilDate kPostgresEpoch(2000, 1, 1);
constexpr int64_t kPostgresEpochMicros = 946'684'800'000'000;

}  // namespace

Param::Param(absl::Time time) : data_(FormatTimestamp(time)) {}

Param::Param(const Bytes& bytes) : data_(absl::StrCat("\\x", absl::BytesToHexString(bytes.value))) {}

Param::Param(const Array& array) : is_binary_(array.type_ != Array::Type::kNone), has_nul_(array.has_nul_) {
  data_ = is_binary_ ? array.ToBinary() : array.ToText();
}

bool Param::HasNul() const {
  return has_nul_ || (!is_binary_ && data_ && absl::StrContains(*data_, '\0'));
}

void Array::Add(bool value) {
  AddElement(Type::kBool, value ? absl::string_view("\1", 1) : absl::string_view("\0", 1));
}
void Array::Add(int value) {
  AddElement(Type::kInt4, IntBytes<int32_t>(value));
}
void Array::Add(int64_t value) {
  AddElement(Type::kInt8, IntBytes(value));
}
void Array::Add(absl::string_view text) {
  has_nul_ = has_nul_ || absl::StrContains(text, '\0');
  AddElement(Type::kText, text);
}
void Array::Add(const Bytes& bytes) {
  AddElement(Type::kBytea, bytes.value);
}
void Array::Add(const Uuid& id) {
  AddElement(Type::kUuid, {reinterpret_cast<const char*>(id.bytes().data()), id.bytes().size()});
}
void Array::Add(absl::Time time) {
  const int64_t micros = absl::ToUnixMicros(time);
  // Without a form in Postgres; it refuses an element that is too short.
  const bool is_finite = micros != INT64_MAX && micros >= INT64_MIN + 1 + kPostgresEpochMicros;
  AddElement(Type::kTimestamptz, is_finite ? IntBytes(micros - kPostgresEpochMicros) : "");
}
void Array::Add(CivilDate date) {
  AddElement(Type::kDate, IntBytes(static_cast<int32_t>(date - kPostgresEpoch)));
}
void Array::Add(const Literal& literal) {
  AddElement(Type::kNone, literal.value);
}

void Array::Add(std::nullopt_t) {
  ++count_;
  has_null_ = true;
  AppendInt<int32_t>(&elements_, -1);
}

void Array::AddElement(Type type, absl::string_view bytes) {
  type_ = type;
  ++count_;
  AppendInt(&elements_, static_cast<int32_t>(bytes.size()));
  elements_.append(bytes.data(), bytes.size());
}

// As array_recv() of Postgres reads it: dimensions, whether there are NULLs, the type, then size and lower
// bound.
std::string Array::ToBinary() const {
  std::string binary;
  binary.reserve(20 + elements_.size());
  for (int32_t each : {1, has_null_ ? 1 : 0, static_cast<int>(type_), count_, 1}) AppendInt(&binary, each);
  return binary + elements_;
}

std::string Array::ToText() const {
  std::string text = "{";
  absl::string_view rest = elements_;
  for (int i = 0; i < count_; ++i) {
    const int32_t length = ReadInt32(rest);
    rest.remove_prefix(4);
    if (i > 0) text.push_back(',');
    if (length < 0) {
      text.append("NULL");
    } else {
      AppendQuoted(&text, rest.substr(0, length));
      rest.remove_prefix(length);
    }
  }
  text.push_back('}');
  return text;
}

}  // namespace perennial::pg
