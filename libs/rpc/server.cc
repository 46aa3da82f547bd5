#include "libs/rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <exception>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "grpc/health/v1/health.pb.h"
#include "libs/base/call_scope.h"
#include "libs/base/error.h"
#include "libs/crypto/keyed_hash.h"
#include "libs/crypto/seal.h"
#include "libs/rpc/identity.h"
#include "libs/rpc/request.h"
#include "libs/rpc/status.h"
#include "libs/rpc/wiped_message.h"
#include "libs/telemetry/log.h"

namespace perennial::rpc {
namespace {

using google::protobuf::Message;

// The transport's limit, far above ours (request.h), cuts off what nobody sends by mistake.
constexpr int kMaxTransportBytes = 16 << 20;
// What requests that are still on their way in may take of memory, all together, before anybody has been
// asked who he is; beyond it gRPC slows its peers down.
constexpr size_t kMaxTransportMemory = 64 << 20;
constexpr int kMaxStreamsPerConnection = 256;
constexpr absl::Duration kLongestCall = absl::Seconds(60);

// CamelCase, as dashboards for go-grpc-middleware's metrics have them.
constexpr std::array<const char*, 17> kCodeNames = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};

struct MethodMetrics {
  MethodMetrics(telemetry::Metrics& metrics, const std::string& service, const std::string& method) {
    const telemetry::Labels labels = {
        {"grpc_type", "unary"}, {"grpc_service", service}, {"grpc_method", method}};
    started = &metrics.CounterOf("grpc_server_started_total", "Calls begun.", labels);
    seconds = &metrics.HistogramOf("grpc_server_handling_seconds", "From a call's arrival to its answer.",
                                   telemetry::LatencyBounds(), labels);
    // All codes from the start, or the first error of a kind would be invisible to rate().
    for (size_t code = 0; code < kCodeNames.size(); ++code) {
      telemetry::Labels with_code = labels;
      with_code["grpc_code"] = kCodeNames[code];
      handled[code] = &metrics.CounterOf("grpc_server_handled_total", "Calls answered, by code.", with_code);
    }
  }

  telemetry::Counter* started;
  telemetry::Histogram* seconds;
  std::array<telemetry::Counter*, kCodeNames.size()> handled;
};

std::string Header(const grpc::CallbackServerContext& context, const char* name) {
  const auto& metadata = context.client_metadata();
  const auto it = metadata.find(name);
  return it == metadata.end() ? std::string() : std::string(it->second.data(), it->second.size());
}

Credentials CredentialsOf(const grpc::CallbackServerContext& context) {
  Credentials credentials{Header(context, "authorization"), ""};
  const auto ids = context.auth_context()->FindPropertyValues("peer_spiffe_id");
  if (ids.size() == 1) credentials.spiffe_id.assign(ids[0].data(), ids[0].size());
  return credentials;
}

// From "ipv4:192.0.2.1:5000" or "ipv6:%5B2001:db8::1%5D:5000".
std::string AddressOf(const std::string& peer) {
  absl::string_view address = peer;
  const bool is_ip = absl::ConsumePrefix(&address, "ipv4:") || absl::ConsumePrefix(&address, "ipv6:");
  if (!is_ip) return "";
  address = address.substr(0, address.rfind(':'));
  return absl::StrReplaceAll(address, {{"%5B", ""}, {"%5D", ""}, {"[", ""}, {"]", ""}});
}

// What a client says of itself ends up in logs and lists, so nothing in it may be more than text.
std::string PrintableAscii(absl::string_view text) {
  constexpr size_t kMaxCharacters = 200;
  std::string printable(text.substr(0, kMaxCharacters));
  for (char& c : printable) c = absl::ascii_isprint(static_cast<unsigned char>(c)) ? c : '?';
  return printable;
}

grpc::ByteBuffer Serialize(const Message& message) {
  grpc::ByteBuffer bytes;
  bool own = true;
  grpc::SerializationTraits<Message>::Serialize(message, &bytes, &own);
  return bytes;
}

std::string Deterministic(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

// What is remembered of a request to know it again: not even a hash of what must leave no trace (R21).
std::string HashOf(const Message& request, const std::vector<std::string>& secrets, const std::string& key) {
  if (secrets.empty()) return crypto::KeyedHash(key, Deterministic(request));
  WipedMessage copy(std::unique_ptr<Message>(request.New()), secrets);
  (*copy).CopyFrom(request);
  copy.WipeNow();
  return crypto::KeyedHash(key, Deterministic(*copy));
}

absl::StatusOr<Uuid> RequestIdOf(const Message& request) {
  const auto* field = request.GetDescriptor()->FindFieldByName("request_id");
  const std::string text = request.GetReflection()->GetString(request, field);
  const auto id = Uuid::Parse(text);
  if (!id.ok() || id->IsNil())
    return InvalidField("request_id", "must be a UUID, new for each request and kept when it is sent again");
  return *id;
}

// Answers calls of methods that no service here has.
class UnknownMethods final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    class Reactor final : public grpc::ServerGenericBidiReactor {
     public:
      Reactor() {
        Finish(ToGrpc(Refusal(absl::StatusCode::kUnimplemented, "METHOD_NOT_FOUND",
                              "this service has no such method")));
      }
      void OnDone() override { delete this; }
    };
    return new Reactor;
  }
};

std::shared_ptr<grpc::ServerCredentials> TlsCredentials(const Tls& tls) {
  grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = tls.authority;
  options.pem_key_cert_pairs.push_back({tls.private_key, tls.certificate_chain});
  return grpc::SslServerCredentials(options);
}

}  // namespace

struct Server::State {
  Options options;
  work::Pool& pool;
  RequestLog& requests;
  crypto::AccessTokenVerifier& tokens;
  telemetry::Metrics& metrics;
  std::vector<Service> services;
  std::vector<std::unique_ptr<grpc::Service>> registered;
  UnknownMethods unknown_methods;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<grpc::Server> health_server;
  int port = 0;

  grpc::ServerUnaryReactor* Accept(const Service::Method& method, const std::string& full_method,
                                   const MethodMetrics& seen, grpc::CallbackServerContext* context,
                                   const grpc::ByteBuffer* request, grpc::ByteBuffer* response);
  absl::Status Handle(const Service::Method& method, const std::string& full_method, Call& call,
                      grpc::CallbackServerContext& context, const grpc::ByteBuffer& request,
                      grpc::ByteBuffer& response);
  absl::Status Mutate(const Service::Method& method, const std::string& full_method, const Call& call,
                      const Message& request, Message& response);
  void SetServing(bool ready);
};

namespace {

// Registers a service's methods as raw callbacks: what generated code does, but by descriptor.
class RawService final : public grpc::Service {
 public:
  using Handler = std::function<grpc::ServerUnaryReactor*(grpc::CallbackServerContext*,
                                                          const grpc::ByteBuffer*, grpc::ByteBuffer*)>;

  void AddRaw(const std::string& full_method, Handler handler) {
    names_.push_back(
        std::make_unique<std::string>(absl::StrCat("/", full_method)));  // gRPC keeps the pointer
    AddMethod(new grpc::internal::RpcServiceMethod(names_.back()->c_str(),
                                                   grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
    MarkMethodRawCallback(
        static_cast<int>(names_.size()) - 1,
        new grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>(std::move(handler)));
  }

 private:
  std::vector<std::unique_ptr<std::string>> names_;
};

void LogCall(const std::string& method, const Call& call, const absl::Status& status, absl::Duration took) {
  const absl::Status told = Told(status);
  const bool is_fault = told.code() == absl::StatusCode::kInternal;
  // The caller is told that it has been logged.
  if (is_fault)
    telemetry::Log(telemetry::Severity::kError, "fault", {{"method", method}, {"error", status.ToString()}});
  telemetry::Log(is_fault ? telemetry::Severity::kError : telemetry::Severity::kInfo, "call",
                 {{"method", method},
                  {"caller", RequestScope(call.caller)},
                  {"code", std::string(kCodeNames[static_cast<size_t>(told.code())])},
                  {"reason", ReasonOf(told)},
                  {"ms", absl::ToDoubleMilliseconds(took)}});
}

}  // namespace

absl::Status Server::State::Mutate(const Service::Method& method, const std::string& full_method,
                                   const Call& call, const Message& request, Message& response) {
  ASSIGN_OR_RETURN(const Uuid request_id, RequestIdOf(request));
  const RequestKey key{RequestScope(call.caller), request_id, full_method,
                       HashOf(request, method.secrets, options.secret_key)};
  // Answers may hold personal data and tokens: they rest sealed.
  const std::string context = absl::StrCat("request_log/", key.scope, "/", request_id.ToString());
  std::optional<std::string> sealed;
  std::string ours;
  std::shared_ptr<void> prepared;
  if (method.prepares_outside) {
    ASSIGN_OR_RETURN(sealed, requests.Find(key));
  }
  if (!sealed) {
    ASSIGN_OR_RETURN(prepared, method.prepare(call, request));
    ASSIGN_OR_RETURN(sealed, requests.Once(key, [&]() -> absl::StatusOr<std::string> {
      RETURN_IF_ERROR(method.commit(call, request, prepared.get(), response));
      return ours = crypto::Seal(options.secret_key, context, response.SerializeAsString());
    }));
  }
  if (*sealed != ours) {  // of another call, be it one of the same moment
    const std::optional<std::string> answer = crypto::Open(options.secret_key, context, *sealed);
    if (!answer || !response.ParseFromString(*answer))
      return absl::InternalError("a stored answer cannot be opened");
    prepared = nullptr;
    if (method.check_repeat) RETURN_IF_ERROR(method.check_repeat(call, request, response));
  }
  return method.finish ? method.finish(call, request, prepared.get(), response) : absl::OkStatus();
}

absl::Status Server::State::Handle(const Service::Method& method, const std::string& full_method, Call& call,
                                   grpc::CallbackServerContext& context, const grpc::ByteBuffer& request,
                                   grpc::ByteBuffer& response) {
  if (context.IsCancelled()) return absl::CancelledError();
  if (CallScope::Current()->deadline() <= absl::Now()) return absl::DeadlineExceededError("");
  try {
    ASSIGN_OR_RETURN(call.caller, Identify(CredentialsOf(context), method.access, tokens));
    WipedMessage in(std::unique_ptr<Message>(method.request_prototype->New()), method.secrets);
    const std::unique_ptr<Message> out(method.response_prototype->New());
    RETURN_IF_ERROR(ParseRequest(request, *in));
    RETURN_IF_ERROR(method.is_mutation ? Mutate(method, full_method, call, *in, *out)
                                       : method.read(call, *in, *out));
    response = Serialize(*out);
    return absl::OkStatus();
  } catch (const std::exception& error) {
    telemetry::Log(telemetry::Severity::kError, "exception in a handler",
                   {{"method", full_method}, {"error", error.what()}});
    return absl::InternalError("exception");
  } catch (...) {
    telemetry::Log(telemetry::Severity::kError, "exception in a handler", {{"method", full_method}});
    return absl::InternalError("exception");
  }
}

grpc::ServerUnaryReactor* Server::State::Accept(const Service::Method& method, const std::string& full_method,
                                                const MethodMetrics& seen,
                                                grpc::CallbackServerContext* context,
                                                const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  const absl::Time arrived = absl::Now();
  seen.started->Add();
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const auto finish = [&seen, reactor, arrived](const grpc::Status& status) {
    seen.handled[status.error_code()]->Add();
    seen.seconds->Observe(absl::ToDoubleSeconds(absl::Now() - arrived));
    reactor->Finish(status);
  };
  const bool accepted = pool.TrySubmit([this, &method, &full_method, context, request, response, arrived,
                                        finish] {
    const absl::Time deadline = std::min(absl::FromChrono(context->deadline()), arrived + kLongestCall);
    const CallScope scope(deadline, ContinueTrace(Header(*context, "traceparent")));
    Call call{{}, AddressOf(context->peer()), PrintableAscii(Header(*context, "user-agent"))};
    const absl::Status status = Handle(method, full_method, call, *context, *request, *response);
    LogCall(full_method, call, status, absl::Now() - arrived);
    finish(ToGrpc(status, ReaderLanguage(method.access, call.caller, Header(*context, "accept-language"))));
  });
  if (!accepted) {
    finish(ToGrpc(Refusal(absl::StatusCode::kResourceExhausted, "OVERLOADED",
                          "too many calls at once; try again after a moment"),
                  ReaderLanguage(method.access, {}, Header(*context, "accept-language"))));
  }
  return reactor;
}

void Server::State::SetServing(bool ready) {
  for (grpc::Server* each : {server.get(), health_server.get()}) {
    if (each == nullptr) continue;
    auto* health = each->GetHealthCheckService();
    health->SetServingStatus("", ready);
    health->SetServingStatus("readiness", ready);
    health->SetServingStatus("liveness", true);
    for (const Service& service : services) health->SetServingStatus(service.full_name_, ready);
  }
}

Server::Server(Options options, work::Pool& pool, RequestLog& requests, crypto::AccessTokenVerifier& tokens,
               telemetry::Metrics& metrics)
    : state_(new State{.options = std::move(options),
                       .pool = pool,
                       .requests = requests,
                       .tokens = tokens,
                       .metrics = metrics,
                       .services = {},
                       .registered = {},
                       .unknown_methods = {},
                       .server = {},
                       .health_server = {}}) {
  // Links the descriptor in, or reflection could not describe the health service.
  grpc::health::v1::HealthCheckRequest::descriptor();
}

Server::~Server() {
  Stop(absl::ZeroDuration());
}

void Server::Add(Service service) {
  service.CheckComplete();
  auto raw = std::make_unique<RawService>();
  for (const auto& method : service.methods_) {
    const std::string full_method = absl::StrCat(service.full_name_, "/", method->name);
    const MethodMetrics seen(state_->metrics, service.full_name_, method->name);
    raw->AddRaw(full_method, [state = state_.get(), &method = *method, full_method, seen](
                                 grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                 grpc::ByteBuffer* response) {
      return state->Accept(method, full_method, seen, context, request, response);
    });
  }
  state_->registered.push_back(std::move(raw));
  state_->services.push_back(std::move(service));
}

absl::Status Server::Start() {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  builder.AddListeningPort(state_->options.listen, TlsCredentials(state_->options.tls), &state_->port);
  builder.SetMaxReceiveMessageSize(kMaxTransportBytes);
  grpc::ResourceQuota quota("calls");
  quota.Resize(kMaxTransportMemory);
  builder.SetResourceQuota(quota);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  // Clients that stay connected for ever would never find a new replica.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, 300'000);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  for (const auto& service : state_->registered) builder.RegisterService(service.get());
  builder.RegisterCallbackGenericService(&state_->unknown_methods);
  state_->server = builder.BuildAndStart();
  if (!state_->server) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", state_->options.listen,
                                               ": the port is taken, or the certificate cannot be used"));
  }
  if (!state_->options.health_listen.empty()) {
    grpc::ServerBuilder health_builder;
    health_builder.AddListeningPort(state_->options.health_listen, grpc::InsecureServerCredentials());
    health_builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    state_->health_server = health_builder.BuildAndStart();
    if (!state_->health_server)
      return absl::UnavailableError(absl::StrCat("cannot listen on ", state_->options.health_listen));
  }
  state_->SetServing(false);
  return absl::OkStatus();
}

int Server::port() const {
  return state_->port;
}

void Server::SetReady(bool ready) {
  state_->SetServing(ready);
}

void Server::Stop(absl::Duration grace) {
  if (!state_->server) return;
  state_->SetServing(false);
  state_->server->Shutdown(absl::ToChronoTime(absl::Now() + grace));
  // At once: who watches the health would else keep it open.
  if (state_->health_server) state_->health_server->Shutdown(absl::ToChronoTime(absl::Now()));
  state_->pool.Drain();
  state_->server.reset();
  state_->health_server.reset();
}

}  // namespace perennial::rpc
