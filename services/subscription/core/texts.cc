#include "services/subscription/core/texts.h"

#include "absl/strings/str_cat.h"

namespace perennial::subscription::core {
namespace {

bool IsFrench(absl::string_view language) {
  return language == "fr";
}

std::string KindText(ProductKind kind, bool french) {
  switch (kind) {
    case ProductKind::kPlan:
      return french ? "Formule" : "Plan";
    case ProductKind::kDomain:
      return french ? "Domaine" : "Domain";
    case ProductKind::kMailbox:
      return french ? "Boîte mail" : "Mailbox";
  }
  return "";
}

// At most 150 bytes, never a part of a character: billing takes valid UTF-8 only.
absl::string_view Shortened(absl::string_view text) {
  constexpr size_t kMostBytes = 150;
  if (text.size() <= kMostBytes) return text;
  size_t end = kMostBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

}  // namespace

std::string CycleText(int cycle_months, absl::string_view language) {
  const bool french = IsFrench(language);
  if (cycle_months % 12 != 0) return absl::StrCat(cycle_months, french ? " mois" : " months");
  const int years = cycle_months / 12;
  if (french) return absl::StrCat(years, years == 1 ? " an" : " ans");
  return absl::StrCat(years, years == 1 ? " year" : " years");
}

std::string TermText(ProductKind kind, absl::string_view display_name, int cycle_months,
                     absl::string_view language) {
  return absl::StrCat(KindText(kind, IsFrench(language)), " ", Shortened(display_name), ", ",
                      CycleText(cycle_months, language));
}

std::string UpgradeText(absl::string_view from, absl::string_view to, absl::string_view language) {
  return IsFrench(language) ? absl::StrCat("Passage de la formule ", from, " à ", to)
                            : absl::StrCat("Upgrade from plan ", from, " to ", to);
}

std::string WaivedText(absl::string_view language) {
  return IsFrench(language) ? " (offert : en dessous du montant minimal)" : " (free: below the least amount)";
}

std::string RestoreText(absl::string_view domain, absl::string_view language) {
  return IsFrench(language) ? absl::StrCat("Restauration du domaine ", Shortened(domain))
                            : absl::StrCat("Restoring domain ", Shortened(domain));
}

}  // namespace perennial::subscription::core
