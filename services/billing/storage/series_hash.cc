#include "services/billing/storage/series_hash.h"

#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "libs/base/uuid.h"
#include "libs/crypto/keyed_hash.h"

namespace perennial::billing {
namespace {

std::string TextOf(const std::optional<Uuid>& id) {
  return id ? id->ToString() : "";
}

}  // namespace

std::string SeriesHash(const pg::Row& row) {
  const auto previous = row.Get<std::optional<pg::Bytes>>("previous_hash");
  const auto id = [&](absl::string_view column) { return TextOf(row.Get<std::optional<Uuid>>(column)); };
  const auto text = [&](absl::string_view column) { return row.Get<std::string>(column); };
  const auto number = [&](absl::string_view column) { return row.Get<int64_t>(column); };
  const int64_t issue_time_micros = absl::ToUnixMicros(row.Get<absl::Time>("issue_time"));
  std::string form = "perennial invoice 1";
  const auto add = [&](absl::string_view name, const auto& value) {
    absl::StrAppend(&form, "\n", name, "=", value);
  };
  add("previous_hash", previous ? absl::BytesToHexString(previous->value) : "");
  add("id", id("id"));
  add("kind", text("kind"));
  add("account_pseudonym", id("account_pseudonym"));
  add("series", text("series"));
  add("sequence_number", number("sequence_number"));
  add("issue_time_micros", issue_time_micros);
  for (const char* column : {"order_id", "charge_id", "refund_id", "credited_invoice_id"}) {
    add(column, id(column));
  }
  add("currency", text("currency"));
  for (const char* column : {"net_minor", "tax_minor", "total_minor"}) add(column, number(column));
  add("content", text("content"));
  return crypto::Digest(form);
}

}  // namespace perennial::billing
