#include "simulators/payment_gateway/core/card.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace perennial::gateway_simulator::core {
namespace {

constexpr std::string_view kSucceeds = "succeeds";

// https://docs.stripe.com/testing: every number is public and can move no money.
constexpr std::array kTestCards = {
    TestCard{"4242424242424242", "visa", "credit", "US", kSucceeds},
    TestCard{"4012888888881881", "visa", "credit", "US", kSucceeds},
    TestCard{"4000056655665556", "visa", "debit", "US", kSucceeds},
    TestCard{"5555555555554444", "mastercard", "credit", "US", kSucceeds},
    TestCard{"2223003122003222", "mastercard", "credit", "US", kSucceeds},
    TestCard{"5200828282828210", "mastercard", "debit", "US", kSucceeds},
    TestCard{"5105105105105100", "mastercard", "prepaid", "US", kSucceeds},
    TestCard{"378282246310005", "amex", "credit", "US", kSucceeds},
    TestCard{"371449635398431", "amex", "credit", "US", kSucceeds},
    TestCard{"6011111111111117", "discover", "credit", "US", kSucceeds},
    TestCard{"6011000990139424", "discover", "credit", "US", kSucceeds},
    TestCard{"3056930009020004", "diners", "credit", "US", kSucceeds},
    TestCard{"36227206271667", "diners", "credit", "US", kSucceeds},
    TestCard{"3566002020360505", "jcb", "credit", "JP", kSucceeds},
    TestCard{"6200000000000005", "unionpay", "credit", "CN", kSucceeds},
    TestCard{"4000002500000003", "visa", "credit", "FR", kSucceeds},
    TestCard{"4000002760000016", "visa", "credit", "DE", kSucceeds},
    TestCard{"4000008260000000", "visa", "credit", "GB", kSucceeds},
    TestCard{"4000007240000007", "visa", "credit", "ES", kSucceeds},
    TestCard{"4000003800000008", "visa", "credit", "IT", kSucceeds},
    // Declined when attached to a customer, and when charged without being attached.
    TestCard{"4000000000000002", "visa", "credit", "US", "generic_decline"},
    TestCard{"4000000000009995", "visa", "credit", "US", "insufficient_funds"},
    TestCard{"4000000000009987", "visa", "credit", "US", "lost_card"},
    TestCard{"4000000000009979", "visa", "credit", "US", "stolen_card"},
    TestCard{"4000000000000069", "visa", "credit", "US", "expired_card"},
    TestCard{"4000000000000127", "visa", "credit", "US", "incorrect_cvc"},
    TestCard{"4000000000000119", "visa", "credit", "US", "processing_error"},
    TestCard{"4000000000006975", "visa", "credit", "US", "card_velocity_exceeded"},
    // Attaches; every charge is declined.
    TestCard{"4000000000000341", "visa", "credit", "US", "decline_after_attaching"},
    // Strong customer authentication (R24).
    TestCard{"4000002500003155", "visa", "credit", "FR", "authentication_unless_set_up"},
    TestCard{"4000002760003184", "visa", "credit", "DE", "authentication_always"},
    TestCard{"4000008260003178", "visa", "credit", "GB", "authentication_then_insufficient_funds"},
};

// Whether `number` is `known`, or differs from it in the digits of the account alone: all between the
// issuer's first six and the last four (ISO/IEC 7812).
bool IsOfTheKind(const TestCard& known, std::string_view number) {
  constexpr size_t kIssuer = 6, kLast = 4;
  return number.size() == known.number.size() &&
         number.substr(0, kIssuer) == known.number.substr(0, kIssuer) &&
         number.substr(number.size() - kLast) == known.number.substr(known.number.size() - kLast);
}

bool AllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::pair<int64_t, int64_t> YearAndMonth(int64_t now_s) {
  const auto day =
      std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(now_s)));
  const std::chrono::year_month_day date(day);
  return {int{date.year()}, unsigned{date.month()}};
}

Answer CardMistake(std::string_view code, std::string_view param, std::string_view message) {
  return CardError({.code = std::string(code), .message = std::string(message), .param = std::string(param)});
}

}  // namespace

bool PassesLuhn(std::string_view digits) {
  int sum = 0;
  bool doubled = false;
  for (auto it = digits.rbegin(); it != digits.rend(); ++it, doubled = !doubled) {
    int digit = *it - '0';
    if (doubled) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 == 0;
}

bool HasExpired(int64_t exp_month, int64_t exp_year, int64_t now_s) {
  return std::pair(exp_year, exp_month) < YearAndMonth(now_s);
}

Expected<TestCard> CheckCard(CardData& data, int64_t now_s) {
  std::erase_if(data.number, [](char c) { return c == ' ' || c == '-'; });
  if (!AllDigits(data.number) || data.number.size() < 12 || data.number.size() > 19) {
    return CardMistake("invalid_number", "number", "The card number is not a valid credit card number.");
  }
  if (!PassesLuhn(data.number)) {
    return CardMistake("incorrect_number", "number", "Your card number is incorrect.");
  }
  if (data.exp_year >= 0 && data.exp_year < 100) data.exp_year += 2000;
  const auto [year, month] = YearAndMonth(now_s);
  if (data.exp_month < 1 || data.exp_month > 12 || (data.exp_year == year && data.exp_month < month)) {
    return CardMistake("invalid_expiry_month", "exp_month", "Your card's expiration month is invalid.");
  }
  if (data.exp_year < year || data.exp_year > year + 50) {
    return CardMistake("invalid_expiry_year", "exp_year", "Your card's expiration year is invalid.");
  }
  if (!data.cvc.empty() && (!AllDigits(data.cvc) || data.cvc.size() < 3 || data.cvc.size() > 4)) {
    return CardMistake("invalid_cvc", "cvc", "Your card's security code is invalid.");
  }
  const auto card = std::find_if(kTestCards.begin(), kTestCards.end(),
                                 [&](const TestCard& known) { return IsOfTheKind(known, data.number); });
  if (card == kTestCards.end()) {
    return CardError({.code = "card_declined",
                      .decline_code = "test_mode_live_card",
                      .message = "Your card was declined. The request is in test mode, but the card is not a "
                                 "known test card."});
  }
  return *card;
}

}  // namespace perennial::gateway_simulator::core
