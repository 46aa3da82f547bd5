#include "services/account/core/notice.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "services/account/core/notice_rendering.h"
#include "services/account/core/notice_texts.h"

namespace perennial::account::core {
namespace {

constexpr char kProduct[] =
    "accounts/00000000-0000-4000-8000-000000000001/products/00000000-0000-4000-8000-000000000002";
const absl::Time kNow = absl::FromCivil(absl::CivilSecond(2027, 1, 18, 23, 30, 0), absl::UTCTimeZone());

Event EventOf(const std::string& type, std::map<std::string, std::string> attributes) {
  Event event;
  event.id = Uuid::FromTrusted("00000000-0000-4000-8000-000000000009");
  event.type = type;
  event.subject = kProduct;
  event.occurred_at = kNow;
  event.attributes = std::move(attributes);
  return event;
}

std::map<std::string, std::string> AllAttributes() {
  return {{"product", kProduct},
          {"product_kind", "plan"},
          {"display_name", "Gold {amount}"},
          {"expiry", "2027-02-01"},
          {"amount_minor", "123456"},
          {"currency", "EUR"},
          {"decline_code", "expired_card"},
          {"next_attempt", "2027-01-18T23:30:00Z"},
          {"auto_renew", "false"},
          {"order", "accounts/a/orders/1"},
          {"until", "2027-03-05"}};
}

Account CustomerIn(Language language) {
  Account account;
  account.display_name = "Zoé";
  account.language = language;
  return account;
}

const std::pair<const char*, NoticeKind> kTold[] = {
    {"renewal.upcoming", NoticeKind::kRenewalUpcoming},
    {"renewal.succeeded", NoticeKind::kRenewalSucceeded},
    {"renewal.failed", NoticeKind::kRenewalFailed},
    {"renewal.no_payment_method", NoticeKind::kRenewalNoPaymentMethod},
    {"renewal.action_required", NoticeKind::kRenewalActionRequired},
    {"product.expiring", NoticeKind::kExpiringInAWeek},
    {"product.expired", NoticeKind::kExpired},
    {"product.ending", NoticeKind::kEnding},
    {"order.refunded", NoticeKind::kOrderRefunded}};

TEST_CASE("every event that customers are told of has its kind, and no other event has one") {
  for (const auto& [type, kind] : kTold) {
    INFO(type);
    CHECK(IsToldOf(type));
    const auto facts = ReadNoticeFacts(EventOf(type, AllAttributes()), absl::UTCTimeZone());
    REQUIRE(facts);
    CHECK(facts->kind == kind);
    CHECK(facts->product_id.ToString() == "00000000-0000-4000-8000-000000000002");
    CHECK(facts->term == "2027-02-01");
  }
  for (const char* type :
       {"product.activated", "product.renewed", "product.deleted", "", "account.deleted"}) {
    CHECK_FALSE(IsToldOf(type));
    CHECK_FALSE(ReadNoticeFacts(EventOf(type, AllAttributes()), absl::UTCTimeZone()));
  }
}

TEST_CASE("an end more than two weeks ahead is about a month away, a nearer one about a week (R19)") {
  auto attributes = AllAttributes();
  attributes["expiry"] = "2027-02-02";
  CHECK(ReadNoticeFacts(EventOf("product.expiring", attributes), absl::UTCTimeZone())->kind ==
        NoticeKind::kExpiringInAMonth);
  // In Paris it is the 19th already.
  CHECK(ReadNoticeFacts(EventOf("product.expiring", attributes), *LoadTimeZone("Europe/Paris"))->kind ==
        NoticeKind::kExpiringInAWeek);
}

TEST_CASE(
    "each attempt that did not go through is an occasion of its own (R17), each refunded order too; all else "
    "is "
    "told once a term") {
  for (const auto& [type, kind] : kTold) {
    INFO(type);
    const auto facts = ReadNoticeFacts(EventOf(type, AllAttributes()), absl::UTCTimeZone());
    const bool repeats = kind == NoticeKind::kRenewalFailed || kind == NoticeKind::kRenewalNoPaymentMethod ||
                         kind == NoticeKind::kRenewalActionRequired || kind == NoticeKind::kOrderRefunded;
    CHECK(facts->occasion.empty() != repeats);
    auto second = AllAttributes();
    second["attempt"] = "2";
    if (repeats && kind != NoticeKind::kOrderRefunded)
      CHECK(ReadNoticeFacts(EventOf(type, second), absl::UTCTimeZone())->occasion == "2");
  }
}

TEST_CASE(
    "a customer is asked to confirm what can be confirmed; else told why it failed, and what helps (R17)") {
  auto attributes = AllAttributes();
  const auto told = [&](Language language) {
    const auto facts = ReadNoticeFacts(EventOf("renewal.action_required", attributes), absl::UTCTimeZone());
    CHECK(facts->kind == NoticeKind::kRenewalActionRequired);
    const Notice notice = RenderNotice(*facts, CustomerIn(language), kNow);
    return notice.subject + notice.body;
  };
  CHECK(absl::StrContains(told(Language::kEnglish), "the card has expired"));
  CHECK(absl::StrContains(told(Language::kEnglish), "add another payment method"));
  CHECK_FALSE(absl::StrContains(told(Language::kEnglish), "confirm"));
  CHECK(absl::StrContains(told(Language::kFrench), "la carte a expiré"));
  attributes["decline_code"] = "authentication_required";
  CHECK(absl::StrContains(told(Language::kEnglish), "your bank wants you to confirm"));
  attributes["action_url"] = "https://bank.example/challenge";
  CHECK(absl::StrContains(told(Language::kEnglish), "Please sign in and confirm it."));
}

TEST_CASE(
    "the last warning says by when, and what is lost: a domain can be restored, other things cannot (R20)") {
  auto attributes = AllAttributes();
  attributes["expiry"] = "2027-01-10";
  const auto told = [&](const char* kind) {
    attributes["product_kind"] = kind;
    const auto facts = ReadNoticeFacts(EventOf("product.ending", attributes), absl::UTCTimeZone());
    return RenderNotice(*facts, CustomerIn(Language::kEnglish), kNow).body;
  };
  CHECK(absl::StrContains(told("plan"), "before 5 March 2027: after that it is gone for good."));
  CHECK(absl::StrContains(told("domain"), "before 5 March 2027: after that it can only be restored"));
  CHECK_FALSE(absl::StrContains(told("domain"), "for good"));
}

TEST_CASE("every kind has its words in both languages, with every fact filled in") {
  for (const auto& [type, kind] : kTold) {
    for (Language language : {Language::kEnglish, Language::kFrench}) {
      INFO(type << " " << CodeOf(language));
      const auto facts = ReadNoticeFacts(EventOf(type, AllAttributes()), absl::UTCTimeZone());
      const Notice notice = RenderNotice(*facts, CustomerIn(language), kNow);
      CHECK(notice.language == language);
      CHECK(absl::StrContains(notice.subject, "Gold {amount}"));  // a name is not filled in again
      CHECK(absl::StrContains(notice.body, "Gold {amount}"));
      CHECK(absl::StrContains(notice.body, language == Language::kFrench ? "Bonjour Zoé," : "Hello Zoé,"));
      CHECK_FALSE(absl::StrContains(notice.body, "{if"));
      CHECK_FALSE(absl::StrContains(notice.body, "{product}"));
      CHECK(TextOf(kind, Language::kEnglish).subject != TextOf(kind, Language::kFrench).subject);
    }
  }
  for (NoticeKind kind : kAllNoticeKinds) {
    CHECK(ParseNoticeKind(NameOf(kind)) == kind);
    CHECK(TextOf(kind, Language::kEnglish).sentences.size() ==
          TextOf(kind, Language::kFrench).sentences.size());
  }
}

TEST_CASE("a notice still reads well when nothing is known but the type") {
  for (const auto& [type, kind] : kTold) {
    for (Language language : {Language::kEnglish, Language::kFrench}) {
      INFO(type);
      const auto facts = ReadNoticeFacts(EventOf(type, {}), absl::UTCTimeZone());
      const Notice notice = RenderNotice(*facts, CustomerIn(language), kNow);
      CHECK_FALSE(notice.subject.empty());
      CHECK_FALSE(absl::StrContains(notice.subject + notice.body, "{"));
    }
  }
}

TEST_CASE("nonsense in attributes leaves out the sentence, not the notice") {
  auto attributes = AllAttributes();
  attributes["amount_minor"] = "12x";
  attributes["expiry"] = "2027-02-31";
  attributes["next_attempt"] = "soon";
  const auto facts = ReadNoticeFacts(EventOf("renewal.failed", attributes), absl::UTCTimeZone());
  CHECK_FALSE(facts->amount);
  CHECK_FALSE(facts->expiry);
  CHECK_FALSE(facts->next_attempt);
}

TEST_CASE("a failed renewal says why, when it is tried again, and when the product ends or ended") {
  auto attributes = AllAttributes();
  attributes["display_name"] = "Gold";
  const auto ahead = ReadNoticeFacts(EventOf("renewal.failed", attributes), *LoadTimeZone("Europe/Paris"));
  CHECK(RenderNotice(*ahead, CustomerIn(Language::kFrench), kNow).body ==
        "Bonjour Zoé,\n\n"
        "Nous n’avons pas pu renouveler « Gold » : la carte a expiré.\n"
        "Le montant est de 1234,56 EUR.\n"
        "Nous réessaierons le 19 janvier 2027.\n"
        "Pour renouveler tout de suite, ajoutez un autre moyen de paiement dans votre compte.\n"
        "Sans paiement, le produit prendra fin le 1er février 2027.\n\n"
        "L’équipe Perennial\n");
  attributes["expiry"] = "2027-01-10";
  const auto past = ReadNoticeFacts(EventOf("renewal.failed", attributes), absl::UTCTimeZone());
  const std::string body = RenderNotice(*past, CustomerIn(Language::kEnglish), kNow).body;
  CHECK(absl::StrContains(body, "inactive since 10 January 2027"));
  CHECK_FALSE(absl::StrContains(body, "ends on"));
}

TEST_CASE("what ends although auto-renew is on is not said to be switched off") {
  auto attributes = AllAttributes();
  for (const bool on : {true, false}) {
    attributes["auto_renew"] = on ? "true" : "false";
    const auto facts = ReadNoticeFacts(EventOf("product.expiring", attributes), absl::UTCTimeZone());
    const std::string body = RenderNotice(*facts, CustomerIn(Language::kEnglish), kNow).body;
    CHECK(absl::StrContains(body, "does not renew by itself") != on);
    CHECK(absl::StrContains(body, "payment methods") == on);
  }
}

}  // namespace
}  // namespace perennial::account::core
