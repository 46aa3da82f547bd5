#include "services/billing/gateways/cairo_invoice_writer.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/billing/gateways/document_text.h"
#include "services/billing/gateways/page_painter.h"

namespace perennial::billing {
namespace {

using core::Document;
using core::DocumentKind;
using core::Party;

constexpr double kLeft = 56;
constexpr double kRight = kPageWidth - 56;
constexpr double kWidth = kRight - kLeft;
constexpr double kTop = 56;
constexpr double kBottom = kPageHeight - 84;     // the footer is below
constexpr double kHalf = kLeft + 0.54 * kWidth;  // where the right column begins
constexpr double kNetWidth = 96;
constexpr double kRateWidth = 56;
constexpr double kDescriptionWidth = kWidth - kNetWidth - kRateWidth - 24;
constexpr double kTotalsLeft = kLeft + 0.46 * kWidth;

constexpr TextStyle kTitle{.size = 26, .weight = PANGO_WEIGHT_SEMIBOLD};
constexpr TextStyle kNumber{.size = 10.5, .ink = kGrey};
constexpr TextStyle kLabel{.size = 8, .ink = kGrey};
constexpr TextStyle kBody{.size = 9.5};
constexpr TextStyle kStrong{.size = 9.5, .weight = PANGO_WEIGHT_SEMIBOLD};
constexpr TextStyle kSmall{.size = 8, .ink = kGrey};
constexpr TextStyle kTiny{.size = 6.5, .ink = kGrey};
constexpr TextStyle kTotal{.size = 12, .weight = PANGO_WEIGHT_SEMIBOLD};

constexpr TextStyle Right(TextStyle style) {
  style.is_right = true;
  return style;
}

std::vector<std::string> NonEmpty(std::vector<std::string> lines) {
  lines.erase(std::remove(lines.begin(), lines.end(), ""), lines.end());
  return lines;
}

// Who it is in bold, then where.
struct Address {
  std::string name;
  std::string rest;
};

Address AddressOf(const Party& party, core::Language language) {
  std::vector<std::string> lines = {party.company.empty() ? "" : party.name};
  lines.insert(lines.end(), party.address_lines.begin(), party.address_lines.end());
  lines.push_back(absl::StrJoin(NonEmpty({party.postal_code, party.city}), " "));
  lines.push_back(party.region);
  if (!party.country_code.empty()) lines.push_back(CountryName(party.country_code, language));
  if (!party.tax_id.empty()) lines.push_back(absl::StrCat(TextsOf(language).tax_id, " ", party.tax_id));
  return {party.company.empty() ? party.name : party.company, absl::StrJoin(NonEmpty(lines), "\n")};
}

// One document on its way onto pages. Draws from top to bottom; `y_` is where it is.
class Layout {
 public:
  explicit Layout(const Document& document)
      : document_(document),
        texts_(TextsOf(document.language)),
        kind_(document.kind == DocumentKind::kInvoice ? texts_.invoice : texts_.credit_note),
        number_(core::NumberOf(document)),
        painter_(absl::StrCat(kind_, " ", number_), document.seller.name,
                 absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", document.issue_time, absl::UTCTimeZone())) {}

  std::string Draw() {
    pages_ = CountPages();
    DrawHead();
    DrawTableHead();
    for (const core::InvoiceLine& line : document_.bill.lines) {
      Reserve(RowHeight(line));
      DrawRow(line);
    }
    Reserve(TotalsHeight() + NotesHeight());
    DrawTotals();
    DrawNotes();
    DrawFoot();
    painter_.EndPage();
    return painter_.Finish();
  }

 private:
  // As Draw does, without drawing.
  int CountPages() {
    int pages = 1;
    double y = HeadHeight() + kTableHead;
    const auto reserve = [&](double height) {
      if (y + height > kBottom) {
        ++pages;
        y = kTop + kContinuation + kTableHead;
      }
      y += height;
    };
    for (const core::InvoiceLine& line : document_.bill.lines) reserve(RowHeight(line));
    reserve(TotalsHeight() + NotesHeight());
    return pages;
  }

  // Begins a new page if what comes next does not fit on this one.
  void Reserve(double height) {
    if (y_ + height <= kBottom) return;
    DrawFoot();
    painter_.EndPage();
    ++page_;
    painter_.Text(kLeft, kTop, kWidth, absl::StrCat(kind_, " ", number_, " · ", texts_.continued), kSmall);
    y_ = kTop + kContinuation;
    DrawTableHead();
  }

  double AddressHeight(const Party& party, double width) {
    const Address address = AddressOf(party, document_.language);
    double height = 0;
    if (!address.name.empty()) height += painter_.HeightOf(width, address.name, kStrong) + 2;
    if (!address.rest.empty()) height += painter_.HeightOf(width, address.rest, kBody);
    return height;
  }

  double DrawAddress(double x, double y, double width, const Party& party) {
    const Address address = AddressOf(party, document_.language);
    if (!address.name.empty()) y += painter_.Text(x, y, width, address.name, kStrong) + 2;
    if (!address.rest.empty()) y += painter_.Text(x, y, width, address.rest, kBody);
    return y;
  }

  // Where the table begins on the first page.
  double HeadHeight() {
    const double seller = kTop + 2 + AddressHeight(document_.seller, kRight - kHalf);
    const double parties = std::max(seller, kTop + 72) + 36;
    const double buyer = parties + 14 + AddressHeight(document_.buyer, kHalf - kLeft - 24);
    return std::max(buyer, parties + static_cast<double>(Facts().size()) * 30) + 40;
  }

  // Label and value, for the right column.
  std::vector<std::pair<std::string, std::string>> Facts() const {
    std::vector<std::pair<std::string, std::string>> facts = {
        {texts_.issue_date, FormatDay(document_.issue_date, document_.language)}};
    if (!document_.payment_description.empty() && document_.kind == DocumentKind::kInvoice) {
      facts.emplace_back(texts_.paid_with, document_.payment_description);
    }
    facts.emplace_back(texts_.order, document_.order_id.ToString());
    return facts;
  }

  void DrawHead() {
    const double title = painter_.Text(kLeft, kTop - 8, kHalf - kLeft - 24, kind_, kTitle);
    painter_.Text(kLeft, kTop - 6 + title, kHalf - kLeft - 24, number_, kNumber);
    const double seller = DrawAddress(kHalf, kTop + 2, kRight - kHalf, document_.seller);
    const double parties = std::max(seller, kTop + 72) + 36;
    painter_.Text(kLeft, parties, kHalf - kLeft, texts_.billed_to, kLabel);
    DrawAddress(kLeft, parties + 14, kHalf - kLeft - 24, document_.buyer);
    double y = parties;
    for (const auto& [label, value] : Facts()) {
      painter_.Text(kHalf, y, kRight - kHalf, label, kLabel);
      painter_.Text(kHalf, y + 11, kRight - kHalf, value, kBody);
      y += 30;
    }
    y_ = HeadHeight();
  }

  void DrawTableHead() {
    painter_.Text(kLeft, y_, kDescriptionWidth, texts_.description, kLabel);
    painter_.Text(kRight - kNetWidth - kRateWidth, y_, kRateWidth, texts_.rate, Right(kLabel));
    painter_.Text(kRight - kNetWidth, y_, kNetWidth, texts_.net, Right(kLabel));
    painter_.Rule(kLeft, y_ + 16, kWidth, 0.9, kInk);
    y_ += kTableHead;
  }

  std::string PeriodOf(const core::InvoiceLine& line) const {
    return FormatPeriod(line.term_start, line.term_end, document_.language);
  }

  double RowHeight(const core::InvoiceLine& line) {
    return painter_.HeightOf(kDescriptionWidth, line.description, kBody) + 1 +
           painter_.HeightOf(kDescriptionWidth, PeriodOf(line), kSmall) + 2 * kRowSpace;
  }

  void DrawRow(const core::InvoiceLine& line) {
    const double height = RowHeight(line);
    const double y = y_ + kRowSpace;
    const double described = painter_.Text(kLeft, y, kDescriptionWidth, line.description, kBody);
    painter_.Text(kLeft, y + described + 1, kDescriptionWidth, PeriodOf(line), kSmall);
    painter_.Text(kRight - kNetWidth - kRateWidth, y, kRateWidth,
                  FormatRate(line.rate_ppm, document_.language), Right(kBody));
    painter_.Text(kRight - kNetWidth, y, kNetWidth, Amount(line.net_minor), Right(kBody));
    y_ += height;
    painter_.Rule(kLeft, y_ - 0.5, kWidth, 0.5, kHairline);
  }

  std::string Amount(int64_t minor) const {
    return FormatAmount(minor, document_.bill.currency, document_.language);
  }

  double TotalsHeight() const {
    return 14 + 18.0 * static_cast<double>(1 + document_.bill.tax_lines.size()) + 44;
  }

  void DrawTotals() {
    y_ += 14;
    const double width = kRight - kTotalsLeft;
    const auto row = [&](const std::string& label, int64_t minor) {
      painter_.Text(kTotalsLeft, y_, width - kNetWidth, label, kBody);
      painter_.Text(kRight - kNetWidth, y_, kNetWidth, Amount(minor), Right(kBody));
      y_ += 18;
    };
    row(texts_.net_total, document_.bill.net_minor);
    for (const core::TaxLine& line : document_.bill.tax_lines) row(line.description, line.tax_minor);
    painter_.Rule(kTotalsLeft, y_ + 2, width, 0.9, kInk);
    const bool is_invoice = document_.kind == DocumentKind::kInvoice;
    painter_.Text(kTotalsLeft, y_ + 11, width / 2, is_invoice ? texts_.total : texts_.total_credited, kTotal);
    painter_.Text(kTotalsLeft + width / 3, y_ + 11, width * 2 / 3,
                  FormatPrice(document_.bill.total_minor, document_.bill.currency, document_.language),
                  Right(kTotal));
    y_ += 44;
  }

  double NotesHeight() {
    double height = document_.notes.empty() ? 0 : 30;
    for (const std::string& note : document_.notes)
      height += painter_.HeightOf(0.72 * kWidth, note, kBody) + 4;
    return height;
  }

  void DrawNotes() {
    if (document_.notes.empty()) return;
    y_ += 14;
    y_ += painter_.Text(kLeft, y_, kWidth, texts_.notes, kLabel) + 4;
    for (const std::string& note : document_.notes) {
      y_ += painter_.Text(kLeft, y_, 0.72 * kWidth, note, kBody) + 4;
    }
  }

  void DrawFoot() {
    const double y = kPageHeight - 56;
    const Party& seller = document_.seller;
    std::vector<std::string> parts = {seller.name};
    parts.insert(parts.end(), seller.address_lines.begin(), seller.address_lines.end());
    parts.push_back(absl::StrJoin(NonEmpty({seller.postal_code, seller.city}), " "));
    parts.push_back(CountryName(seller.country_code, document_.language));
    painter_.Rule(kLeft, y - 8, kWidth, 0.5, kHairline);
    painter_.Text(kLeft, y, kWidth - 90, absl::StrJoin(NonEmpty(parts), " · "), kSmall);
    painter_.Text(kRight - 90, y, 90, absl::StrCat(page_, " ", texts_.page_of, " ", pages_), Right(kSmall));
    painter_.Text(kLeft, y + 13, kWidth, absl::StrCat(texts_.fingerprint, " ", document_.hash), kTiny);
  }

  static constexpr double kTableHead = 18;
  static constexpr double kContinuation = 28;
  static constexpr double kRowSpace = 8;

  const Document& document_;
  const DocumentTexts& texts_;
  const std::string kind_;
  const std::string number_;
  PagePainter painter_;
  double y_ = kTop;
  int page_ = 1;
  int pages_ = 1;
};

}  // namespace

absl::StatusOr<std::string> CairoInvoiceWriter::Write(const Document& document, const Document*) const {
  // One at a time: cairo 1.16 takes the locks of its shared fonts in both orders (found by the thread
  // sanitizer). A page takes some milliseconds.
  static std::mutex drawing;
  const std::lock_guard<std::mutex> lock(drawing);
  std::string pdf = Layout(document).Draw();
  if (pdf.empty()) return absl::InternalError("the PDF could not be made");
  return pdf;
}

}  // namespace perennial::billing
