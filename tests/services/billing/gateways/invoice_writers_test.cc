#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/billing/gateways/cairo_invoice_writer.h"
#include "services/billing/gateways/ubl_invoice_writer.h"
#include "tests/services/billing/sample_documents.h"
#include "tests/support/status_matchers.h"

// What the files look like to others' programs: tests/platform/invoices.test.mjs.
namespace perennial::billing {

TEST_CASE("The largest document that can be is far below the size of a download") {
  core::Document document = SampleDocuments().back().second;
  REQUIRE(document.bill.lines.size() == 100);
  for (size_t i = 0; i < document.bill.lines.size(); ++i) {
    std::string description;
    // 200 characters, of all scripts, few of them twice.
    for (int c = 0; c < 200; ++c) {
      const auto point = static_cast<uint32_t>(0x4e00 + (i * 200 + c) % 20'000);
      description += {static_cast<char>(0xe0 | point >> 12), static_cast<char>(0x80 | (point >> 6 & 0x3f)),
                      static_cast<char>(0x80 | (point & 0x3f))};
    }
    document.bill.lines[i].description = description;
  }
  const auto ubl = UblInvoiceWriter().Write(document, nullptr);
  REQUIRE_OK(ubl);
  CHECK(ubl->size() < 1'000'000);
  const auto pdf = CairoInvoiceWriter().Write(document, nullptr);
  REQUIRE_OK(pdf);
  CHECK(pdf->size() < 2'000'000);
}

TEST_CASE("A document's PDF has the same bytes each time, also when many are made at once") {
  const auto samples = SampleDocuments();
  std::vector<std::string> first;
  for (const auto& [name, document] : samples) {
    const auto pdf = CairoInvoiceWriter().Write(document, nullptr);
    REQUIRE_OK(pdf);
    CHECK(absl::StartsWith(*pdf, "%PDF-"));
    first.push_back(*pdf);
  }
  std::atomic<int> differences{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (size_t i = 0; i < samples.size(); ++i) {
        const auto pdf = CairoInvoiceWriter().Write(samples[i].second, nullptr);
        differences += !pdf.ok() || *pdf != first[i];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(differences == 0);
}

TEST_CASE("What a customer writes into their name is text in the XML, whatever it is") {
  core::Document document = SampleDocuments()[0].second;
  document.buyer.name = "</cbc:RegistrationName><evil a=\"1\">&amp;\x01";
  const auto ubl = UblInvoiceWriter().Write(document, nullptr);
  REQUIRE_OK(ubl);
  CHECK_FALSE(absl::StrContains(*ubl, "<evil"));
  CHECK_FALSE(absl::StrContains(*ubl, "\x01"));
  CHECK(absl::StrContains(*ubl, "&lt;/cbc:RegistrationName&gt;&lt;evil a=&quot;1&quot;&gt;&amp;amp;"));
}

}  // namespace perennial::billing
