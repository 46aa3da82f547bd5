#include "libs/crypto/page_token.h"

#include <sodium.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/crypto/keyed_hash.h"

namespace perennial::crypto {
namespace {

constexpr size_t kTagBytes = 16;

std::string Tag(const std::string& key, absl::string_view list, absl::string_view position) {
  return KeyedHash(key, absl::StrCat("page\x1f", list, "\x1f", position)).substr(0, kTagBytes);
}

}  // namespace

std::string PageTokens::Make(absl::string_view list, absl::string_view position) const {
  return absl::WebSafeBase64Escape(absl::StrCat(Tag(key_, list, position), position));
}

absl::StatusOr<std::string> PageTokens::Read(absl::string_view list, absl::string_view token) const {
  if (token.empty()) return std::string();
  std::string raw;
  // Base64 has several spellings of the same bytes; only ours counts.
  const bool decoded = absl::WebSafeBase64Unescape(token, &raw) && raw.size() >= kTagBytes &&
                       absl::WebSafeBase64Escape(raw) == token;
  const std::string position = decoded ? raw.substr(kTagBytes) : "";
  const bool ours = decoded && sodium_memcmp(raw.data(), Tag(key_, list, position).data(), kTagBytes) == 0;
  if (!ours) {
    return AtField(Refusal(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_INVALID",
                           "page_token is not one that this list gave; begin at the first page"),
                   "page_token");
  }
  return position;
}

}  // namespace perennial::crypto
