// Calls one method from many callers at once, each on a connection of its own, and prints what it saw as
// JSON.
//
//   bench_load TARGET AUTHORITY METHOD CALLERS SECONDS REQUESTS.json
//
// REQUESTS.json: [{"token": "...", "request": "hex"}, ...], taken in turn. The 36 bytes of the nil UUID in a
// request are overwritten with a new UUID for each call.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"

namespace {

using Steady = std::chrono::steady_clock;

constexpr char kNilUuid[] = "00000000-0000-0000-0000-000000000000";

struct Request {
  std::string token;
  std::string bytes;
  size_t request_id_at;
};

struct Seen {
  std::vector<double> ms;
  int64_t failed = 0;
  std::string failure;
};

std::string ReadFile(const char* path) {
  std::ifstream file(path);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::vector<Request> ReadRequests(const char* path) {
  std::vector<Request> requests;
  for (const auto& entry : nlohmann::json::parse(ReadFile(path))) {
    const std::string bytes = absl::HexStringToBytes(entry["request"].get<std::string>());
    requests.push_back({entry["token"].get<std::string>(), bytes, bytes.find(kNilUuid)});
  }
  return requests;
}

grpc::ByteBuffer NewRequest(const Request& request, std::mt19937_64& random) {
  std::string bytes = request.bytes;
  if (request.request_id_at != std::string::npos) {
    const uint64_t high = random();
    const uint64_t low = random();
    const std::string id = absl::StrFormat("%08x-%04x-4%03x-8%03x-%012x", high >> 32, (high >> 16) & 0xffff,
                                           high & 0xfff, low >> 52, low & 0xffffffffffff);
    bytes.replace(request.request_id_at, id.size(), id);
  }
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

void CallUntil(Steady::time_point end, const std::shared_ptr<grpc::Channel>& channel,
               const std::string& method, const std::vector<Request>& requests, size_t first, Seen& seen) {
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  std::mt19937_64 random{std::random_device{}()};
  for (size_t i = first; Steady::now() < end; ++i) {
    const Request& request = requests[i % requests.size()];
    const grpc::ByteBuffer in = NewRequest(request, random);
    grpc::ByteBuffer out;
    grpc::Status status;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    if (!request.token.empty()) context.AddMetadata("authorization", "Bearer " + request.token);
    const auto begun = Steady::now();
    auto call = stub.PrepareUnaryCall(&context, method, in, &queue);
    call->StartCall();
    call->Finish(&out, &status, nullptr);
    void* tag;
    bool ok;
    queue.Next(&tag, &ok);
    if (status.ok()) {
      seen.ms.push_back(std::chrono::duration<double, std::milli>(Steady::now() - begun).count());
    } else {
      ++seen.failed;
      seen.failure = status.error_message();
    }
  }
  queue.Shutdown();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ReadFile(argv[2]);
  const int callers = std::stoi(argv[4]);
  const std::vector<Request> requests = ReadRequests(argv[6]);
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < callers; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channels.push_back(grpc::CreateCustomChannel(argv[1], grpc::SslCredentials(options), arguments));
    if (!channels.back()->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10)))
      return 1;
  }
  const auto begun = Steady::now();
  const auto end = begun + std::chrono::milliseconds(static_cast<int64_t>(std::stod(argv[5]) * 1000));
  std::vector<Seen> seen(callers);
  std::vector<std::thread> threads;
  for (int i = 0; i < callers; ++i) {
    threads.emplace_back([&, i] { CallUntil(end, channels[i], argv[3], requests, i * 7919, seen[i]); });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(Steady::now() - begun).count();
  std::vector<double> all;
  nlohmann::json result = {{"failed", 0}};
  for (const Seen& one : seen) {
    all.insert(all.end(), one.ms.begin(), one.ms.end());
    result["failed"] = result["failed"].get<int64_t>() + one.failed;
    if (!one.failure.empty()) result["failure"] = one.failure;
  }
  std::sort(all.begin(), all.end());
  const auto quantile = [&](double q) {
    return all.empty()
               ? 0.0
               : all[std::min(all.size() - 1, static_cast<size_t>(q * static_cast<double>(all.size())))];
  };
  result["rate"] = static_cast<double>(all.size()) / seconds;
  result["p50_ms"] = quantile(0.5);
  result["p99_ms"] = quantile(0.99);
  std::cout << result.dump() << std::endl;
}
