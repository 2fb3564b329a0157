//! Names the page may use for its sessions in addresses, in place of the token.

use std::collections::VecDeque;

/// Sessions remembered at once; the oldest is forgotten first.
const CAPACITY: usize = 1000;

/// Handle → biz_token.
#[derive(Default)]
pub(super) struct Handles {
    entries: VecDeque<(String, String)>,
}

impl Handles {
    /// Remembers `biz_token` under `handle`.
    pub(super) fn insert(&mut self, handle: String, biz_token: String) {
        if self.entries.len() == CAPACITY {
            self.entries.pop_front();
        }
        self.entries.push_back((handle, biz_token));
    }

    /// The token of `handle`.
    pub(super) fn get(&self, handle: &str) -> Option<&str> {
        self.entries.iter().find(|(name, _)| name == handle).map(|(_, token)| token.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_beyond_the_capacity() {
        let mut handles = Handles::default();
        for i in 0..=CAPACITY {
            handles.insert(format!("h{i}"), format!("t{i}"));
        }
        assert_eq!(handles.get("h0"), None, "forgotten");
        assert_eq!(handles.get("h1"), Some("t1"), "kept");
        assert_eq!(handles.entries.len(), CAPACITY, "bounded");
    }
}
