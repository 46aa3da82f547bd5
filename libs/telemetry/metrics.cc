#include "libs/telemetry/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>

namespace perennial::telemetry {
namespace {

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& counter) : counter_(counter) {}
  void Add(double amount) override { counter_.Increment(amount); }

 private:
  prometheus::Counter& counter_;
};

class PrometheusGauge final : public Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge& gauge) : gauge_(gauge) {}
  void Set(double value) override { gauge_.Set(value); }

 private:
  prometheus::Gauge& gauge_;
};

class PrometheusHistogram final : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void Observe(double value) override { histogram_.Observe(value); }

 private:
  prometheus::Histogram& histogram_;
};

template <typename Port>
using SeriesMap = std::map<std::pair<std::string, Labels>, std::unique_ptr<Port>>;

}  // namespace

struct Metrics::State {
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  std::mutex mutex;
  SeriesMap<Counter> counters;
  SeriesMap<Gauge> gauges;
  SeriesMap<Histogram> histograms;
  std::unique_ptr<prometheus::Exposer> exposer;
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::CounterOf(const std::string& name, const std::string& help, const Labels& labels) {
  std::lock_guard lock(state_->mutex);
  std::unique_ptr<Counter>& series = state_->counters[{name, labels}];
  if (!series) {
    auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(*state_->registry);
    series = std::make_unique<PrometheusCounter>(family.Add(labels));
  }
  return *series;
}

Gauge& Metrics::GaugeOf(const std::string& name, const std::string& help, const Labels& labels) {
  std::lock_guard lock(state_->mutex);
  std::unique_ptr<Gauge>& series = state_->gauges[{name, labels}];
  if (!series) {
    auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(*state_->registry);
    series = std::make_unique<PrometheusGauge>(family.Add(labels));
  }
  return *series;
}

Histogram& Metrics::HistogramOf(const std::string& name, const std::string& help,
                                const std::vector<double>& bounds, const Labels& labels) {
  std::lock_guard lock(state_->mutex);
  std::unique_ptr<Histogram>& series = state_->histograms[{name, labels}];
  if (!series) {
    auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(*state_->registry);
    series = std::make_unique<PrometheusHistogram>(family.Add(labels, bounds));
  }
  return *series;
}

bool Metrics::Expose(const std::string& address) {
  try {
    state_->exposer = std::make_unique<prometheus::Exposer>(address);
    state_->exposer->RegisterCollectable(state_->registry);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

std::string Metrics::Text() const {
  return prometheus::TextSerializer().Serialize(state_->registry->Collect());
}

std::vector<double> LatencyBounds() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
}

}  // namespace perennial::telemetry
