#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace perennial::billing {

// An XML document that is written from its beginning to its end, in UTF-8.
class XmlText {
 public:
  using Attributes = std::initializer_list<std::pair<absl::string_view, absl::string_view>>;

  XmlText() : text_("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n") {}

  void Begin(absl::string_view element, Attributes attributes = {});
  void End();
  // An element with text in it. XML cannot hold most control characters: they are left out.
  void Add(absl::string_view element, absl::string_view content, Attributes attributes = {});
  // The same, unless there is no content.
  void AddIfAny(absl::string_view element, absl::string_view content) {
    if (!content.empty()) Add(element, content);
  }
  // All elements must have ended.
  std::string Finish() && { return std::move(text_); }

 private:
  void Open(absl::string_view element, Attributes attributes);
  void Escape(absl::string_view content);

  std::string text_;
  std::vector<std::string> open_;
};

}  // namespace perennial::billing
