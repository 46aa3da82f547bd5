#include "services/billing/gateways/xml_text.h"

#include "absl/strings/str_cat.h"

namespace perennial::billing {

void XmlText::Begin(absl::string_view element, Attributes attributes) {
  Open(element, attributes);
  text_ += '\n';
  open_.emplace_back(element);
}

void XmlText::End() {
  const std::string element = std::move(open_.back());
  open_.pop_back();
  absl::StrAppend(&text_, std::string(2 * open_.size(), ' '), "</", element, ">\n");
}

void XmlText::Add(absl::string_view element, absl::string_view content, Attributes attributes) {
  Open(element, attributes);
  Escape(content);
  absl::StrAppend(&text_, "</", element, ">\n");
}

void XmlText::Open(absl::string_view element, Attributes attributes) {
  absl::StrAppend(&text_, std::string(2 * open_.size(), ' '), "<", element);
  for (const auto& [name, value] : attributes) {
    absl::StrAppend(&text_, " ", name, "=\"");
    Escape(value);
    text_ += '"';
  }
  text_ += '>';
}

void XmlText::Escape(absl::string_view content) {
  for (const char c : content) {
    if (c == '&') {
      text_ += "&amp;";
    } else if (c == '<') {
      text_ += "&lt;";
    } else if (c == '>') {
      text_ += "&gt;";
    } else if (c == '"') {
      text_ += "&quot;";
    } else if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') {
      text_ += c;
    }
  }
}

}  // namespace perennial::billing
