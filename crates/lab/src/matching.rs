//! One-to-one matching of detections to labelled intervals.

use faceid_protocol::Millis;

/// How far outside a labelled interval the middle of a detection may lie: the labels were read by eye to ±0.2 s at both ends.
pub const TOLERANCE: Millis = Millis(400);

/// A span of time, `start <= end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Begin.
    pub start: Millis,
    /// End.
    pub end: Millis,
}

impl Span {
    /// Middle of the span, rounded down.
    #[must_use]
    pub const fn middle(self) -> Millis {
        Millis(self.start.0 + self.end.since(self.start).0 / 2)
    }

    /// True when `t` is at most [`TOLERANCE`] outside.
    #[must_use]
    pub fn admits(self, t: Millis) -> bool {
        t.plus(TOLERANCE) >= self.start && t <= self.end.plus(TOLERANCE)
    }
}

/// Largest possible one-to-one matching of points in time to widened intervals: for each label the index of its detection.
///
/// Detections in order of time, each to the open interval that ends first: the classic greedy choice, which is optimal here.
#[must_use]
pub fn match_one_to_one(labels: &[Span], detections: &[Millis]) -> Vec<Option<usize>> {
    let mut order: Vec<usize> = (0..detections.len()).collect();
    order.sort_by_key(|&d| detections[d]);
    let mut matched = vec![None; labels.len()];
    for d in order {
        let open = (0..labels.len()).filter(|&l| matched[l].is_none() && labels[l].admits(detections[d]));
        if let Some(label) = open.min_by_key(|&l| labels[l].end) {
            matched[label] = Some(d);
        }
    }
    matched
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: u64, end: u64) -> Span {
        Span { start: Millis(start), end: Millis(end) }
    }

    #[test]
    fn tolerance_is_inclusive_on_both_sides() {
        let labels = [span(1000, 1300)];
        for (t, want) in [(599, None), (600, Some(0)), (1700, Some(0)), (1701, None)] {
            assert_eq!(match_one_to_one(&labels, &[Millis(t)]), [want], "{t} ms");
        }
    }

    #[test]
    fn one_detection_serves_one_label() {
        let labels = [span(1000, 1100), span(1200, 1300)];
        assert_eq!(match_one_to_one(&labels, &[Millis(1150)]), [Some(0), None], "the one that ends first");
        assert_eq!(match_one_to_one(&labels, &[Millis(1250), Millis(1050)]), [Some(1), Some(0)], "order of detections is free");
    }

    #[test]
    fn greedy_choice_keeps_the_largest_matching() {
        // a wide label must not take the detection that alone can serve the narrow one
        let labels = [span(1000, 5000), span(1500, 1600)];
        assert_eq!(match_one_to_one(&labels, &[Millis(1550), Millis(4000)]), [Some(1), Some(0)], "both served");
    }

    #[test]
    fn middle_of_a_span() {
        assert_eq!(span(22_100, 25_000).middle(), Millis(23_550), "half way");
    }
}
