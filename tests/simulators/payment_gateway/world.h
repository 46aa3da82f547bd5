// A gateway without a disk or a socket: decisions are applied to the books as they come.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "simulators/payment_gateway/core/api.h"
#include "simulators/payment_gateway/core/control.h"

namespace perennial::gateway_simulator::core {

constexpr int64_t kNow = 1'800'000'000;  // 15 January 2027

class World {
 public:
  Context context{
      .now_s = kNow,
      .new_id = [this](std::string_view prefix) { return std::string(prefix) + std::to_string(++ids_); },
      .fingerprint = [](std::string_view number) { return "hash-of-" + std::to_string(number.size()); },
      .forced_decline = ""};
  Books books;

  Answer Call(const std::string& method, const std::string& path, Form form = {}) {
    return Take(Execute(books, context, {.method = method, .path = path, .form = std::move(form)}));
  }
  Answer Post(const std::string& path, Form form = {}) { return Call("POST", path, std::move(form)); }
  Answer Get(const std::string& path, Form form = {}) { return Call("GET", path, std::move(form)); }

  Answer Take(const Decision& decision) {
    for (const Change& change : decision.changes) books.Apply(change);
    last_executed = decision.executed;
    return decision.answer;
  }

  std::string Customer() { return Post("/v1/customers").body["id"]; }

  Answer CreateCard(const std::string& number, const std::string& month = "12",
                    const std::string& year = "2034", const std::string& cvc = "123") {
    return Post("/v1/payment_methods", {{"type", "card"},
                                        {"card[number]", number},
                                        {"card[exp_month]", month},
                                        {"card[exp_year]", year},
                                        {"card[cvc]", cvc}});
  }

  Answer Attach(const std::string& method, const std::string& customer) {
    return Post("/v1/payment_methods/" + method + "/attach", {{"customer", customer}});
  }

  // A card attached to the customer. It must be one that attaches.
  std::string AttachedCard(const std::string& customer, const std::string& number = "4242424242424242") {
    const std::string id = CreateCard(number).body["id"];
    Attach(id, customer);
    return id;
  }

  Form ChargeForm(const std::string& customer, const std::string& method, int64_t amount = 1000) {
    return {{"amount", std::to_string(amount)}, {"currency", "eur"}, {"customer", customer},
            {"payment_method", method},         {"confirm", "true"}, {"off_session", "true"}};
  }

  Answer ChargeCard(const std::string& customer, const std::string& method, int64_t amount = 1000) {
    return Post("/v1/payment_intents", ChargeForm(customer, method, amount));
  }

  nlohmann::json BooksJson() const { return RenderBooks(books); }

  bool last_executed = false;

 private:
  int ids_ = 0;
};

inline std::string Code(const Answer& answer) {
  return answer.body["error"].value("code", "");
}
inline std::string DeclineCode(const Answer& answer) {
  return answer.body["error"].value("decline_code", "");
}
inline std::string Type(const Answer& answer) {
  return answer.body["error"].value("type", "");
}

}  // namespace perennial::gateway_simulator::core
