#include "simulators/payment_gateway/gateway.h"

#include <absl/strings/str_cat.h>
#include <sodium.h>

#include <exception>
#include <string_view>
#include <utility>

#include "simulators/payment_gateway/core/control.h"

namespace perennial::gateway_simulator {
namespace {

using nlohmann::json;

constexpr int kIdCharacters = 24;

// Random bytes cost a system call, so they are asked for together.
std::string RandomId(std::string_view prefix) {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string id(prefix);
  unsigned char bytes[2 * kIdCharacters];
  while (true) {
    randombytes_buf(bytes, sizeof(bytes));
    for (const unsigned char byte : bytes) {
      if (byte % 64 >= kAlphabet.size()) continue;  // each character is as likely as any other
      id.push_back(kAlphabet[byte % 64]);
      if (id.size() == prefix.size() + kIdCharacters) return id;
    }
  }
}

std::string KeyedHash(const std::string& key, std::string_view text, size_t bytes) {
  std::string hash(bytes, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(hash.data()), hash.size(),
                     reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     reinterpret_cast<const unsigned char*>(key.data()), key.size());
  std::string hex(bytes * 2 + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), reinterpret_cast<const unsigned char*>(hash.data()), hash.size());
  hex.pop_back();
  return hex;
}

// Unambiguous whatever the parameters hold.
std::string Canonical(const core::Form& form) {
  std::string text;
  for (const auto& [name, value] : form)
    absl::StrAppend(&text, name.size(), ":", name, value.size(), ":", value);
  return text;
}

bool IsControl(std::string_view path) {
  return path.starts_with("/_control/");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Open(const std::string& folder,
                                                       std::function<int64_t()> now_s) {
  absl::StatusOr<std::unique_ptr<Journal>> journal = Journal::Open(folder);
  if (!journal.ok()) return journal.status();
  absl::StatusOr<std::string> hash_key = LoadHashKey(folder);
  if (!hash_key.ok()) return hash_key.status();
  std::unique_ptr<Gateway> gateway(new Gateway(*std::move(journal), *std::move(hash_key), std::move(now_s)));
  if (absl::Status status = gateway->Replay(); !status.ok()) return status;
  return gateway;
}

Gateway::Gateway(std::unique_ptr<Journal> journal, std::string hash_key, std::function<int64_t()> now_s)
    : hash_key_(std::move(hash_key)), now_s_(std::move(now_s)), journal_(std::move(journal)) {}

absl::Status Gateway::Replay() {
  for (const json& entry : journal_->TakeEntries()) {
    try {
      std::vector<core::Change> changes;
      for (const json& change : entry.at("changes")) changes.push_back(core::ChangeFromJson(change));
      std::optional<core::SavedAnswer> saved;
      if (entry.contains("saved")) saved = core::SavedAnswerFromJson(entry.at("saved"));
      Apply(std::move(changes), std::move(saved));
    } catch (const std::exception& error) {
      return absl::DataLossError(
          absl::StrCat("the journal holds an entry of another version: ", error.what()));
    }
  }
  return absl::OkStatus();
}

void Gateway::Apply(std::vector<core::Change> changes, std::optional<core::SavedAnswer> saved) {
  for (core::Change& change : changes) books_.Apply(std::move(change));
  if (saved) keys_.Save(*std::move(saved));
}

bool Gateway::Commit(std::vector<core::Change> changes, std::optional<core::SavedAnswer> saved) {
  if (changes.empty() && !saved) return true;
  std::string line = "{\"changes\":[";
  for (const core::Change& change : changes)
    absl::StrAppend(&line, line.back() == '[' ? "" : ",", core::Dump(core::ToJson(change)));
  line.push_back(']');
  // In one line with its changes: a key without its capture, or the reverse, would charge twice (R23).
  if (saved) absl::StrAppend(&line, ",\"saved\":", core::ToJsonText(*saved));
  line.push_back('}');
  if (!journal_->Append(line).ok()) return false;
  Apply(std::move(changes), std::move(saved));
  return true;
}

core::Context Gateway::MakeContext() const {
  return {.now_s = now_s_(),
          .new_id = RandomId,
          .fingerprint = [this](std::string_view number) { return KeyedHash(hash_key_, number, 16); },
          .forced_decline = ""};
}

std::optional<core::KeyedRequest> Gateway::Keyed(const GatewayRequest& request) const {
  if (request.idempotency_key.empty() || request.request.method != "POST") return std::nullopt;
  return core::KeyedRequest{.key = request.idempotency_key,
                            .end_point = request.request.method + " " + request.request.path,
                            .parameters = KeyedHash(hash_key_, Canonical(request.request.form), 32)};
}

GatewayReply Gateway::Handle(const GatewayRequest& request) {
  GatewayReply reply = IsControl(request.request.path) ? HandleControl(request) : HandleApi(request);
  if (reply.text.empty()) reply.text = core::Dump(reply.answer.body);
  return reply;
}

void Gateway::Release(const std::string& idempotency_key) {
  keys_.Release(idempotency_key);
}

GatewayReply Gateway::HandleApi(const GatewayRequest& request) {
  const std::optional<core::Fault> fault = faults_.Take(core::FactsOf(books_, request.request));
  if (!fault) return HandleOnce(request, fault);
  GatewayReply reply = HandleBadly(request, *fault);
  reply.fault = core::NameOf(fault->action);
  return reply;
}

GatewayReply Gateway::HandleBadly(const GatewayRequest& request, const core::Fault& fault) {
  switch (fault.action) {
    case core::FaultAction::kDropConnection:
      return {.answer = {}, .route = "fault", .wait_ms = fault.ms, .drop = true};
    case core::FaultAction::kError500Before:
      return {.answer = core::ServerError(), .route = "fault", .wait_ms = fault.ms};
    case core::FaultAction::kLockTimeout:
      return {.answer = core::LockTimeout(), .route = "fault", .wait_ms = fault.ms};
    case core::FaultAction::kSentTwice:
      HandleOnce(request, std::nullopt);
      return HandleOnce(request, std::nullopt);
    case core::FaultAction::kSentTwiceAtOnce:
      return HandleTwiceAtOnce(request);
    case core::FaultAction::kAnsweredTwice: {
      GatewayReply reply = HandleOnce(request, std::nullopt);
      reply.again_after_ms = fault.ms;
      return reply;
    }
    case core::FaultAction::kDecline:
    case core::FaultAction::kTimeoutAfterCapture:
    case core::FaultAction::kError500After:
    case core::FaultAction::kLate:
      return HandleOnce(request, fault);
  }
  return HandleOnce(request, fault);
}

// The answer is the second's, who comes while the first is being executed.
GatewayReply Gateway::HandleTwiceAtOnce(const GatewayRequest& request) {
  const std::optional<core::KeyedRequest> keyed = Keyed(request);
  if (!keyed || keys_.Begin(*keyed).answer) {  // nothing keeps two apart; or it was executed before
    HandleOnce(request, std::nullopt);
    return HandleOnce(request, std::nullopt);
  }
  const core::IdempotencyTable::Begun second = keys_.Begin(*keyed);
  Run(request.request, std::nullopt, keyed);
  keys_.Release(keyed->key);
  return {.answer = *second.answer, .route = "in use"};
}

GatewayReply Gateway::HandleOnce(const GatewayRequest& request, const std::optional<core::Fault>& fault) {
  const std::optional<core::KeyedRequest> keyed = Keyed(request);
  if (keyed) {
    core::IdempotencyTable::Begun begun = keys_.Begin(*keyed);
    if (begun.answer) {
      const bool drop = fault && fault->action == core::FaultAction::kTimeoutAfterCapture;
      return {.answer = *std::move(begun.answer),
              .route = "replay",
              .replayed = begun.replayed,
              .wait_ms = fault ? fault->ms : 0,
              .drop = drop};
    }
  }
  GatewayReply reply = Run(request.request, fault, keyed);
  // A late answer keeps its key in use; one that nobody will ever get does not.
  if (keyed && reply.held_key.empty()) keys_.Release(keyed->key);
  return reply;
}

GatewayReply Gateway::Run(const core::Request& request, const std::optional<core::Fault>& fault,
                          const std::optional<core::KeyedRequest>& keyed) {
  core::Context context = MakeContext();
  if (fault && fault->action == core::FaultAction::kDecline) context.forced_decline = fault->code;
  GatewayReply reply;
  core::Decision decision = core::Execute(books_, context, request, &reply.route);
  reply.answer = std::move(decision.answer);
  if (fault && fault->action == core::FaultAction::kError500After) {
    reply.answer = core::ServerError();
    decision.executed = true;
  }
  std::optional<core::SavedAnswer> saved;
  reply.text = core::Dump(reply.answer.body);
  if (keyed && decision.executed) saved = core::SavedAnswer{*keyed, reply.answer.status, reply.text};
  if (!Commit(std::move(decision.changes), std::move(saved))) {
    reply.answer = core::ServerError();
    reply.text.clear();
  }
  if (fault && fault->action != core::FaultAction::kDecline) reply.wait_ms = fault->ms;
  reply.drop = fault && fault->action == core::FaultAction::kTimeoutAfterCapture;
  if (keyed && fault && fault->action == core::FaultAction::kLate) reply.held_key = keyed->key;
  return reply;
}

core::Answer Gateway::ControlFaults(const GatewayRequest& request) {
  if (request.request.method == "DELETE") faults_.Clear();
  if (request.request.method == "POST") {
    const core::Expected<core::Fault> fault = core::ParseFault(json::parse(request.body, nullptr, false));
    if (!fault.ok()) return fault.refusal();
    faults_.Add(fault.value());
  }
  json list = json::array();
  for (const core::Fault& fault : faults_.faults()) list.push_back(core::Render(fault));
  return {200, {{"faults", std::move(list)}}};
}

GatewayReply Gateway::HandleControl(const GatewayRequest& request) {
  const std::string& path = request.request.path;
  const std::string& method = request.request.method;
  GatewayReply reply;
  reply.route = path;
  if (path == "/_control/faults") {
    reply.answer = ControlFaults(request);
  } else if (path == "/_control/books" && method == "GET") {
    reply.answer = {200, core::RenderBooks(books_)};
  } else if ((path == "/_control/cards" || path == "/_control/authentications") && method == "POST") {
    const json body = json::parse(request.body, nullptr, false);
    core::Decision decision = path == "/_control/cards" ? core::ChangeCards(books_, body)
                                                        : core::Authenticate(books_, MakeContext(), body);
    reply.answer = std::move(decision.answer);
    if (!Commit(std::move(decision.changes), std::nullopt)) reply.answer = core::ServerError();
  } else {
    reply.route = "unmatched";
    reply.answer = core::InvalidRequest("No such control.");
    reply.answer.status = 404;
  }
  return reply;
}

}  // namespace perennial::gateway_simulator
