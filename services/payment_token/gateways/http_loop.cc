#include "services/payment_token/gateways/http_loop.h"

#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace perennial::payment_token {
namespace {

// How long what is done waits for the rest, so that most batches are recorded together.
constexpr absl::Duration kGather = absl::Milliseconds(100);
// How long no batch goes on after the gateway said that it gets too much (429): else it would run through it
// in a moment, each of its requests refused.
constexpr absl::Duration kPauseWhenTooMuch = absl::Milliseconds(500);
constexpr int kTooManyRequests = 429;
// libcurl counts in milliseconds, and 0 is no limit.
constexpr absl::Duration kShortest = absl::Milliseconds(1);

HttpFailure NoTimeLeft() {
  return {false, "no time left"};
}

}  // namespace

struct HttpLoop::State {
  // Requests that one thread waits for. All but what never changes is guarded by `mutex`.
  struct Batch {
    const std::vector<HttpRequest>& requests;
    const absl::Time until;
    std::vector<HttpDone> done = {};  // and not taken yet
    size_t open = 0;                  // not done
    std::condition_variable all_done = {};
  };
  struct Place {
    Batch* batch = nullptr;
    size_t place = 0;
    bool IsAlone() const { return batch->requests.size() == 1; }
  };
  // A request under way; touched by the loop's thread only.
  struct Slot {
    explicit Slot(const std::string& authorization) : transfer(authorization) {}
    HttpTransfer transfer;
    Place of;
    absl::Time begin;
  };

  State(std::string to, std::string authorization_line, int most)
      : url(std::move(to)),
        authorization(std::move(authorization_line)),
        connections(static_cast<size_t>(most)) {
    StartCurl();
    multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(most));
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &State::WatchSocket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &State::SetTimer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = wake_fd;
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake_fd, &event);
    thread = std::thread([this] { Run(); });
  }

  ~State() {
    {
      std::lock_guard lock(mutex);
      stopping = true;
    }
    Wake();
    thread.join();
    idle.clear();
    curl_multi_cleanup(multi);
    close(wake_fd);
    close(epoll_fd);
  }

  static int WatchSocket(CURL*, curl_socket_t socket, int what, void* self, void* known) {
    auto* state = static_cast<State*>(self);
    epoll_event event{};
    event.data.fd = socket;
    if (what == CURL_POLL_REMOVE) return epoll_ctl(state->epoll_fd, EPOLL_CTL_DEL, socket, &event), 0;
    if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
    if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
    epoll_ctl(state->epoll_fd, known != nullptr ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
    curl_multi_assign(state->multi, socket, self);
    return 0;
  }

  static int SetTimer(CURLM*, long ms, void* self) {
    static_cast<State*>(self)->timer_at =
        ms < 0 ? absl::InfiniteFuture() : absl::Now() + absl::Milliseconds(ms);
    return 0;
  }

  void Wake() {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_fd, &one, sizeof(one));
  }

  void Run() {
    std::array<epoll_event, 256> events;
    while (Begin()) {
      const absl::Time wake_at = std::min(timer_at, begin_again_at);
      const absl::Duration pause = std::clamp(wake_at - absl::Now(), absl::ZeroDuration(), absl::Minutes(1));
      const int pause_ms =
          static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(pause, absl::Milliseconds(1))));
      const int count = epoll_wait(epoll_fd, events.data(), static_cast<int>(events.size()), pause_ms);
      int running = 0;
      if (timer_at <= absl::Now()) {
        timer_at = absl::InfiniteFuture();
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
      }
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<size_t>(i)];
        if (event.data.fd == wake_fd) {
          uint64_t woken = 0;
          [[maybe_unused]] const ssize_t got = read(wake_fd, &woken, sizeof(woken));
          continue;
        }
        const int mask = ((event.events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
                         ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                         ((event.events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0);
        curl_multi_socket_action(multi, event.data.fd, mask, &running);
      }
      Finish();
    }
  }

  // Puts waiting requests under way as far as there is room. False once there is nothing more to do, ever.
  bool Begin() {
    std::vector<Place> next;
    {
      std::lock_guard lock(mutex);
      if (stopping && under_way == 0) return false;
      if (begin_again_at <= absl::Now()) begin_again_at = absl::InfiniteFuture();
      const bool is_paused = begin_again_at != absl::InfiniteFuture();
      while (!waiting.empty() && under_way + next.size() < connections) {
        if (is_paused && !waiting.front().IsAlone()) break;
        next.push_back(waiting.front());
        waiting.pop_front();
      }
    }
    std::vector<std::pair<Place, HttpDone>> too_late;
    for (const Place& of : next) {
      const HttpRequest& request = of.batch->requests[of.place];
      const absl::Time now = absl::Now();
      if (of.batch->until - now < kShortest) {
        too_late.push_back({of, {of.place, NoTimeLeft(), absl::ZeroDuration()}});
        continue;
      }
      std::unique_ptr<Slot> slot;
      if (idle.empty()) {
        slot = std::make_unique<Slot>(authorization);
      } else {
        slot = std::move(idle.back());
        idle.pop_back();
      }
      slot->of = of;
      slot->begin = now;
      slot->transfer.Begin(request.method, absl::StrCat(url, request.path), request.form,
                           request.idempotency_key, of.batch->until - now);
      curl_easy_setopt(slot->transfer.handle(), CURLOPT_PRIVATE, slot.get());
      curl_multi_add_handle(multi, slot.release()->transfer.handle());
      ++under_way;
    }
    Deliver(std::move(too_late));
    return true;
  }

  void Finish() {
    std::vector<std::pair<Place, HttpDone>> ended;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      CURL* handle = message->easy_handle;
      char* owner = nullptr;
      curl_easy_getinfo(handle, CURLINFO_PRIVATE, &owner);
      std::unique_ptr<Slot> slot(reinterpret_cast<Slot*>(owner));
      curl_multi_remove_handle(multi, handle);  // ends the message's life as well
      HttpResult result = slot->transfer.End(code);
      const auto* answer = std::get_if<HttpAnswer>(&result);
      if (answer != nullptr && answer->status == kTooManyRequests)
        begin_again_at = absl::Now() + kPauseWhenTooMuch;
      ended.push_back({slot->of, {slot->of.place, std::move(result), absl::Now() - slot->begin}});
      idle.push_back(std::move(slot));
      --under_way;
    }
    Deliver(std::move(ended));
  }

  // A batch may be gone as soon as the lock is given back after its last one.
  void Deliver(std::vector<std::pair<Place, HttpDone>> ended) {
    if (ended.empty()) return;
    std::lock_guard lock(mutex);
    for (auto& [of, done] : ended) {
      of.batch->done.push_back(std::move(done));
      if (--of.batch->open == 0) of.batch->all_done.notify_one();
    }
  }

  void Send(const std::vector<HttpRequest>& requests, absl::Time until, const TakeHttpDone& take) {
    Batch batch{requests, until};
    batch.open = requests.size();
    std::unique_lock lock(mutex);
    for (size_t i = 0; i < requests.size(); ++i) {
      if (requests.size() == 1) {
        waiting.push_front({&batch, i});
      } else {
        waiting.push_back({&batch, i});
      }
    }
    Wake();
    absl::Time give_up = until;
    std::exception_ptr thrown;  // by `take`: what is under way still has this batch
    while (batch.open > 0 || !batch.done.empty()) {
      batch.all_done.wait_until(lock, absl::ToChronoTime(std::min(absl::Now() + kGather, give_up)),
                                [&] { return batch.open == 0; });
      if (absl::Now() >= give_up) {
        // What is under way, libcurl ends.
        give_up = absl::InfiniteFuture();
        std::erase_if(waiting, [&](const Place& of) {
          if (of.batch != &batch) return false;
          batch.done.push_back({of.place, NoTimeLeft(), absl::ZeroDuration()});
          --batch.open;
          return true;
        });
      }
      const std::vector<HttpDone> done = std::exchange(batch.done, {});
      if (done.empty()) continue;
      lock.unlock();
      try {
        if (!thrown) take(done);
      } catch (...) {
        thrown = std::current_exception();
        give_up = absl::Now();
      }
      lock.lock();
    }
    if (thrown) std::rethrow_exception(thrown);
  }

  const std::string url;
  const std::string authorization;
  const size_t connections;
  CURLM* multi = nullptr;
  const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  const int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  // Of the loop's thread.
  absl::Time timer_at = absl::InfiniteFuture();
  absl::Time begin_again_at = absl::InfiniteFuture();  // of a pause; else none
  std::vector<std::unique_ptr<Slot>> idle;
  size_t under_way = 0;

  std::mutex mutex;
  std::deque<Place> waiting;
  bool stopping = false;
  std::thread thread;
};

HttpLoop::HttpLoop(std::string url, std::string authorization, int connections)
    : state_(std::make_unique<State>(std::move(url), std::move(authorization), connections)) {}

HttpLoop::~HttpLoop() = default;

void HttpLoop::Send(const std::vector<HttpRequest>& requests, absl::Time until, const TakeHttpDone& take) {
  state_->Send(requests, until, take);
}

}  // namespace perennial::payment_token
