// /v1/customers
#include "simulators/payment_gateway/core/api.h"
#include "simulators/payment_gateway/core/render.h"

namespace perennial::gateway_simulator::core {
namespace {

// What is left of a deleted customer.
nlohmann::json Deleted(const std::string& id) {
  return {{"id", id}, {"object", "customer"}, {"deleted", true}};
}

}  // namespace

Decision CreateCustomer(const Books&, const Context& context, const std::string&, FormReader form) {
  Customer customer{.id = "",
                    .created = context.now_s,
                    .email = form.Text("email"),
                    .name = form.Text("name"),
                    .description = form.Text("description"),
                    .metadata = form.ReadMetadata()};
  if (const auto mistake = form.Check()) return Refuse(*mistake);
  customer.id = context.new_id("cus_");
  return {.answer = {200, Render(customer)}, .changes = {customer}};
}

Decision GetCustomer(const Books& books, const Context&, const std::string& id, FormReader form) {
  if (const auto mistake = form.Check()) return Refuse(*mistake);
  const Customer* found = books.FindAnyCustomer(id);
  if (found == nullptr) return Refuse(NoSuch("customer", id));
  return {.answer = {200, found->deleted ? Deleted(id) : Render(*found)}, .changes = {}};
}

Decision DeleteCustomer(const Books& books, const Context&, const std::string& id, FormReader form) {
  if (const auto mistake = form.Check()) return Refuse(*mistake);
  const Customer* found = books.FindCustomer(id);
  if (found == nullptr) return Refuse(NoSuch("customer", id));
  Decision decision{.answer = {200, Deleted(id)}, .changes = {}};
  // What is personal goes at once; the id stays, because charges name it.
  decision.changes.push_back(Customer{.id = id, .created = found->created, .deleted = true});
  for (const PaymentMethod& method : books.PaymentMethods()) {
    if (method.customer != id) continue;
    PaymentMethod detached = method;
    detached.customer.clear();
    detached.spent = true;
    decision.changes.push_back(detached);
  }
  return decision;
}

}  // namespace perennial::gateway_simulator::core
