//! Figures for Prometheus. Labels come from our own fixed sets: nothing a caller sends becomes a label.

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use std::{sync::Arc, time::Duration};

/// A call's route and status.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    route: &'static str,
    status: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabels {
    code: u32,
}

/// The figures of one node.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    calls: Family<CallLabels, Counter>,
    seconds: Family<RouteLabels, Histogram>,
    verdicts: Family<CodeLabels, Counter>,
    judging: Histogram,
    queue: Gauge,
    failed: Counter,
    erased: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("faceid");
        let calls = Family::default();
        registry.register("calls", "Calls answered, by route and HTTP status", calls.clone());
        // 1 ms to about 16 s
        let histogram: fn() -> Histogram = || Histogram::new(exponential_buckets(0.001, 2.0, 15));
        let seconds = Family::<RouteLabels, Histogram>::new_with_constructor(histogram);
        registry.register_with_unit("call", "Time from the end of the head to the answer", Unit::Seconds, seconds.clone());
        let verdicts = Family::default();
        registry.register("verdicts", "Verdicts stored by this node, by result code", verdicts.clone());
        let judging = histogram();
        registry.register_with_unit("judging", "Time from the evidence to the stored verdict", Unit::Seconds, judging.clone());
        let queue = Gauge::default();
        registry.register("queue", "Sessions of all nodes that wait for a judge, as last seen", queue.clone());
        let failed = Counter::default();
        registry.register("judgements_failed", "Judgements that failed and will be tried again", failed.clone());
        let erased = Counter::default();
        registry.register("sessions_erased", "Sessions erased by retention", erased.clone());
        Self { registry: Arc::new(registry), calls, seconds, verdicts, judging, queue, failed, erased }
    }
}

impl Metrics {
    /// A call was answered.
    pub(crate) fn call(&self, route: &'static str, status: u16, took: Duration) {
        self.calls.get_or_create(&CallLabels { route, status: status.into() }).inc();
        self.seconds.get_or_create(&RouteLabels { route }).observe(took.as_secs_f64());
    }

    /// A verdict was stored.
    pub(crate) fn verdict(&self, code: u32, took: Duration) {
        self.verdicts.get_or_create(&CodeLabels { code }).inc();
        self.judging.observe(took.as_secs_f64());
    }

    /// A judgement failed.
    pub(crate) fn judgement_failed(&self) {
        self.failed.inc();
    }

    /// Length of the queue.
    pub(crate) fn queued(&self, count: u32) {
        self.queue.set(count.into());
    }

    /// Sessions were erased.
    pub(crate) fn erased(&self, count: u64) {
        self.erased.inc_by(count);
    }

    /// The text that Prometheus reads.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            // Writing to a String does not fail; if it did, the scraper should notice.
            Err(error) => format!("# {error}\n"),
        }
    }
}
