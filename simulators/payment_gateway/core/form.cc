#include "simulators/payment_gateway/core/form.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace perennial::gateway_simulator::core {
namespace {

// `metadata[order]` → `order`, `billing_details[address][country]` → `address[country]`.
std::string WithoutOuterBrackets(std::string_view nested) {
  const size_t close = nested.find(']');
  if (nested.empty() || nested.front() != '[' || close == std::string_view::npos) return std::string(nested);
  return std::string(nested.substr(1, close - 1)) + std::string(nested.substr(close + 1));
}

}  // namespace

const std::string* FormReader::Find(std::string_view name) {
  const auto it = form_.find(std::string(name));
  if (it == form_.end()) return nullptr;
  read_.insert(it->first);
  return &it->second;
}

void FormReader::Fail(Answer refusal) {
  if (!mistake_) mistake_ = std::move(refusal);
}

std::string FormReader::Text(std::string_view name) {
  const std::string* value = Find(name);
  return value == nullptr ? "" : *value;
}

std::string FormReader::RequiredText(std::string_view name) {
  std::string value = Text(name);
  if (value.empty())
    Fail(InvalidRequest("Missing required param: " + std::string(name) + ".", name, "parameter_missing"));
  return value;
}

std::optional<int64_t> FormReader::Integer(std::string_view name) {
  const std::string* text = Find(name);
  if (text == nullptr) return std::nullopt;
  int64_t value = 0;
  const char* end = text->data() + text->size();
  const auto [last, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || last != end) {
    Fail(InvalidRequest("Invalid integer in " + std::string(name) + ".", name, "parameter_invalid_integer"));
    return std::nullopt;
  }
  return value;
}

int64_t FormReader::RequiredInteger(std::string_view name) {
  RequiredText(name);
  return Integer(name).value_or(0);
}

bool FormReader::Flag(std::string_view name) {
  return Choice(name, {"true", "false"}) == "true";
}

std::string FormReader::Choice(std::string_view name, std::initializer_list<std::string_view> allowed) {
  const std::string* value = Find(name);
  if (value == nullptr) return "";
  if (std::find(allowed.begin(), allowed.end(), *value) == allowed.end()) {
    std::string message = "Invalid " + std::string(name) + ": must be one of";
    for (std::string_view choice : allowed) message += " " + std::string(choice);
    Fail(InvalidRequest(message + ".", name));
    return "";
  }
  return *value;
}

Metadata FormReader::Nested(std::string_view name) {
  Metadata nested;
  const std::string prefix = std::string(name) + "[";
  for (auto it = form_.lower_bound(prefix); it != form_.end() && it->first.starts_with(prefix); ++it) {
    read_.insert(it->first);
    nested[WithoutOuterBrackets(std::string_view(it->first).substr(name.size()))] = it->second;
  }
  return nested;
}

Metadata FormReader::ReadMetadata() {
  Metadata metadata = Nested("metadata");
  std::erase_if(metadata, [](const auto& entry) { return entry.second.empty(); });
  if (metadata.size() > 50) Fail(InvalidRequest("Metadata can have up to 50 keys.", "metadata"));
  for (const auto& [key, value] : metadata) {
    if (key.size() > 40) Fail(InvalidRequest("Metadata keys can have up to 40 characters.", "metadata"));
    if (value.size() > 500)
      Fail(InvalidRequest("Metadata values can have up to 500 characters.", "metadata"));
  }
  return metadata;
}

std::optional<Answer> FormReader::Check() {
  for (const auto& [name, value] : form_) {
    if (read_.contains(name)) continue;
    Fail(InvalidRequest("Received unknown parameter: " + name, name, "parameter_unknown"));
  }
  return mistake_;
}

}  // namespace perennial::gateway_simulator::core
