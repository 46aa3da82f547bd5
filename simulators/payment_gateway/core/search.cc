#include "simulators/payment_gateway/core/search.h"

#include <algorithm>

namespace perennial::gateway_simulator::core {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  void SkipSpace() { rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size())); }
  bool AtEnd() const { return rest_.empty(); }

  bool Take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  std::string Word() {
    const size_t end = std::min(rest_.find_first_of("[:' \""), rest_.size());
    std::string word(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return word;
  }

  // 'text' or "text", with backslash escapes.
  std::optional<std::string> Quoted() {
    if (rest_.empty() || (rest_.front() != '\'' && rest_.front() != '"')) return std::nullopt;
    const char quote = rest_.front();
    std::string value;
    for (size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == quote) {
        rest_.remove_prefix(i + 1);
        return value;
      }
      if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
      value.push_back(rest_[i]);
    }
    return std::nullopt;
  }

 private:
  std::string_view rest_;
};

std::optional<IntentClause> ParseClause(Scanner& scanner) {
  IntentClause clause{.field = scanner.Word(), .metadata_key = "", .value = ""};
  if (clause.field == "metadata") {
    if (!scanner.Take("[")) return std::nullopt;
    const std::optional<std::string> key = scanner.Quoted();
    if (!key || !scanner.Take("]")) return std::nullopt;
    clause.metadata_key = *key;
  } else if (clause.field != "status" && clause.field != "customer" && clause.field != "currency") {
    return std::nullopt;
  }
  if (!scanner.Take(":")) return std::nullopt;
  const std::optional<std::string> value = scanner.Quoted();
  if (!value) return std::nullopt;
  clause.value = *value;
  return clause;
}

bool Holds(const IntentClause& clause, const Intent& intent) {
  if (clause.field == "status") return intent.status == clause.value;
  if (clause.field == "customer") return intent.customer == clause.value;
  if (clause.field == "currency") return intent.currency == clause.value;
  const auto entry = intent.metadata.find(clause.metadata_key);
  return entry != intent.metadata.end() && entry->second == clause.value;
}

}  // namespace

std::optional<IntentQuery> ParseIntentQuery(std::string_view text) {
  Scanner scanner(text);
  IntentQuery query;
  while (true) {
    scanner.SkipSpace();
    const std::optional<IntentClause> clause = ParseClause(scanner);
    if (!clause) return std::nullopt;
    query.push_back(*clause);
    scanner.SkipSpace();
    if (scanner.AtEnd()) return query;
    if (!scanner.Take("AND ")) return std::nullopt;
  }
}

bool Matches(const IntentQuery& query, const Intent& intent) {
  return std::all_of(query.begin(), query.end(),
                     [&](const IntentClause& clause) { return Holds(clause, intent); });
}

}  // namespace perennial::gateway_simulator::core
