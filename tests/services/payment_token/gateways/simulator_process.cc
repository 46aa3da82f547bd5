#include "tests/services/payment_token/gateways/simulator_process.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace perennial::payment_token {
namespace {

[[noreturn]] void Fail(const std::string& why) {
  throw std::runtime_error("simulator: " + why);
}

// The port in {"message":"listening","address":"127.0.0.1:41234"}.
int PortIn(const std::string& line) {
  const size_t address = line.find("\"address\":\"");
  const size_t colon = line.rfind(':');
  return address == std::string::npos ? 0 : std::atoi(line.c_str() + colon + 1);
}

size_t Append(char* data, size_t, size_t size, void* out) {
  static_cast<std::string*>(out)->append(data, size);
  return size;
}

}  // namespace

SimulatorProcess::SimulatorProcess() {
  std::string pattern = (std::filesystem::temp_directory_path() / "payment-gateway.XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) Fail("no folder for its state");
  folder_ = pattern;
  Start();
}

SimulatorProcess::~SimulatorProcess() {
  Kill();
  std::filesystem::remove_all(folder_);
}

void SimulatorProcess::Start() {
  int out[2];
  if (pipe2(out, O_CLOEXEC) != 0) Fail("no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  std::string listen = absl::StrCat("GATEWAY_LISTEN=127.0.0.1:", port_);
  std::string state = absl::StrCat("GATEWAY_STATE=", folder_);
  std::string key = absl::StrCat("GATEWAY_API_KEY=", kApiKey);
  std::vector<char*> environment = {listen.data(), state.data(), key.data(), nullptr};
  std::string binary = SIMULATOR_BINARY;
  std::vector<char*> arguments = {binary.data(), nullptr};
  if (posix_spawn(&pid_, binary.c_str(), &actions, nullptr, arguments.data(), environment.data()) != 0)
    Fail("cannot be started: " + binary);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  std::string line;
  char c;
  while (read(out[0], &c, 1) == 1 && c != '\n') line.push_back(c);
  port_ = PortIn(line);
  if (port_ == 0) Fail("does not listen: " + line);
  log_reader_ = std::thread([log = out[0]] {
    char buffer[4096];
    while (read(log, buffer, sizeof(buffer)) > 0) {
    }
    close(log);
  });
}

void SimulatorProcess::Kill() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  log_reader_.join();
  pid_ = -1;
}

std::string SimulatorProcess::url() const {
  return absl::StrCat("http://127.0.0.1:", port_);
}

std::string SimulatorProcess::Control(const std::string& method, const std::string& what,
                                      const std::string& body) {
  std::string answer;
  CURL* curl = curl_easy_init();
  curl_slist* headers = curl_slist_append(nullptr, absl::StrCat("Authorization: Bearer ", kApiKey).c_str());
  headers = curl_slist_append(headers, "Content-Type: application/json");
  curl_easy_setopt(curl, CURLOPT_URL, absl::StrCat(url(), "/_control/", what).c_str());
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
  if (!body.empty()) curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_slist_free_all(headers);
  curl_easy_cleanup(curl);
  // 402: the customer's failed challenge, answered as such.
  const bool done = code == CURLE_OK && (status == 200 || status == 402);
  if (!done) Fail(absl::StrCat("refuses ", method, " ", what, ": ", curl_easy_strerror(code), " ", answer));
  return answer;
}

}  // namespace perennial::payment_token
