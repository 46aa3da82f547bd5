#include "libs/rpc/peer.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "libs/base/call_scope.h"
#include "libs/base/kill_point.h"
#include "libs/rpc/status.h"

namespace perennial::rpc {
namespace {

constexpr char kServiceConfig[] = R"({
  "loadBalancingConfig": [{"round_robin": {}}],
  "methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 3, "initialBackoff": "0.05s", "maxBackoff": "0.5s",
                    "backoffMultiplier": 3, "retryableStatusCodes": ["UNAVAILABLE"]}}]})";

}  // namespace

struct Peer::State {
  std::shared_ptr<grpc::Channel> channel;
  grpc::GenericStub stub;
};

Peer::Peer(const std::string& target, const Tls& tls) {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(kServiceConfig);
  // Without the first, an attempt at a process that was killed in the middle of it is waited for 20 s.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  grpc::SslCredentialsOptions options{tls.authority, tls.private_key, tls.certificate_chain};
  auto channel = grpc::CreateCustomChannel(target, grpc::SslCredentials(options), arguments);
  state_ = std::unique_ptr<State>(new State{channel, grpc::GenericStub(channel)});
}

Peer::~Peer() = default;

absl::Status Peer::CallRaw(const std::string& method, const google::protobuf::Message& request,
                           google::protobuf::Message& response, absl::Duration timeout) {
  grpc::ClientContext context;
  absl::Time deadline = absl::Now() + timeout;
  if (const CallScope* scope = CallScope::Current()) {
    deadline = std::min(deadline, scope->deadline());
    context.AddMetadata("traceparent", ContinueTrace(scope->traceparent()));
  }
  context.set_deadline(absl::ToChronoTime(deadline));
  grpc::ByteBuffer request_bytes;
  grpc::ByteBuffer response_bytes;
  bool own = true;
  grpc::SerializationTraits<google::protobuf::Message>::Serialize(request, &request_bytes, &own);
  Reach(KillPoint::kBeforeCall);
  absl::Notification done;
  grpc::Status status;
  state_->stub.UnaryCall(&context, absl::StrCat("/", method), grpc::StubOptions(), &request_bytes,
                         &response_bytes, [&](grpc::Status result) {
                           status = std::move(result);
                           done.Notify();
                         });
  done.WaitForNotification();
  Reach(KillPoint::kAfterCall);
  RETURN_IF_ERROR(FromGrpc(status));
  const bool parsed =
      grpc::SerializationTraits<google::protobuf::Message>::Deserialize(&response_bytes, &response).ok();
  return parsed ? absl::OkStatus()
                : absl::InternalError(absl::StrCat(method, " answered what is not its message"));
}

}  // namespace perennial::rpc
