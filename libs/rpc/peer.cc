#include "libs/rpc/peer.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include "absl/strings/str_cat.h"
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
};

Peer::Peer(const std::string& target, const Tls& tls) {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(kServiceConfig);
  // Without the first, an attempt at a process that was killed in the middle of it is waited for 20 s.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  grpc::SslCredentialsOptions options{tls.authority, tls.private_key, tls.certificate_chain};
  state_ = std::unique_ptr<State>(
      new State{grpc::CreateCustomChannel(target, grpc::SslCredentials(options), arguments)});
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
  // As generated stubs call, but by name. The calling thread, which has nothing else to do, waits at the
  // socket itself: a callback would come by way of others, and wake it then.
  const std::string path = absl::StrCat("/", method);
  const grpc::internal::RpcMethod unary(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
  const grpc::Status status = grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
      state_->channel.get(), unary, &context, request_bytes, &response_bytes);
  Reach(KillPoint::kAfterCall);
  RETURN_IF_ERROR(FromGrpc(status));
  const bool parsed =
      grpc::SerializationTraits<google::protobuf::Message>::Deserialize(&response_bytes, &response).ok();
  return parsed ? absl::OkStatus()
                : absl::InternalError(absl::StrCat(method, " answered what is not its message"));
}

}  // namespace perennial::rpc
