#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace perennial::telemetry {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void Add(double amount = 1) = 0;
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void Set(double value) = 0;
};

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
};

// The process's metrics. Asking for the same name and labels again gives the same series, so callers keep the
// reference. A series exists from the first time it is asked for: ask at start, or the first error is
// invisible to rate(). Thread-safe. References live as long as this object.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  Counter& CounterOf(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge& GaugeOf(const std::string& name, const std::string& help, const Labels& labels = {});
  // `bounds`: upper bounds of the buckets, ascending, in the unit the name ends with.
  Histogram& HistogramOf(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                         const Labels& labels = {});

  // Serves GET /metrics on `address` ("127.0.0.1:9101") until this object goes. Throws nothing: false if the
  // port is taken.
  bool Expose(const std::string& address);

  // What it serves there.
  std::string Text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// 1 ms to 10 s: remote calls.
std::vector<double> LatencyBounds();

}  // namespace perennial::telemetry
