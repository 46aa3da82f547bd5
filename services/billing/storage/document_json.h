#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/billing/core/document.h"

namespace perennial::billing {

// The parts of bills and documents that rest as JSON. Keys are sorted, so equal values have equal bytes; what
// is written must be readable for ever, so fields are only ever added. Reading aborts on what we did not
// write.

std::string PartyToJson(const core::Party& party);
core::Party PartyFromJson(absl::string_view json);

// Lines and tax lines; currency and sums stay as they are in `bill`.
std::string LinesToJson(const core::Bill& bill);
void LinesFromJson(absl::string_view json, core::Bill& bill);

// All that a document says and that its row does not hold as columns.
std::string ContentToJson(const core::Document& document);
void ContentFromJson(absl::string_view json, core::Document& document);

// Words of the columns.
std::string ToText(core::Language language);
core::Language LanguageFromText(absl::string_view text);
std::string ToText(core::TaxIdState state);
core::TaxIdState TaxIdStateFromText(absl::string_view text);
std::string ToText(core::DocumentKind kind);
core::DocumentKind DocumentKindFromText(absl::string_view text);

}  // namespace perennial::billing
