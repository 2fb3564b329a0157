//! What docs/protocol.md says a server does, in its order of checks and without a database, a key or a picture.

use std::collections::{BTreeMap, BTreeSet};

/// A call as the server sees it.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) kind: Kind,
    pub(super) seq: u64,
    pub(super) prev: [u8; 32],
    /// The MAC is right for all of it under this session's key, and the origin is the session's.
    pub(super) authentic: bool,
    /// The origin is the session's.
    pub(super) from_origin: bool,
    /// All that the MAC covers: tells a repetition from another call of the same number.
    pub(super) mark: Vec<u8>,
}

/// Which call, with what the protocol asks of its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Commit {
        step: u32,
        well_formed: bool,
        frames: Vec<String>,
    },
    Upload {
        digest: String,
        right_body: bool,
    },
    Finalise {
        best: String,
        right_transcript: bool,
    },
    /// The row of table `result` that the ending is recorded as; `None` for a body that no page sends.
    Cancel(Option<Row>),
}

/// A row of table `result`.
pub(super) type Row = (u32, &'static str);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Inited,
    Capturing,
    Verifying,
    Final,
    Expired,
    Aborted,
}

impl State {
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Final | Self::Expired | Self::Aborted)
    }
}

/// What must come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    /// 2xx with a MAC; the body is the server's.
    Accepted,
    /// Exactly this once more, with a MAC.
    Stored(u16, Vec<u8>),
    /// The judge failed: 500, and the same call again may succeed.
    Broken,
    /// A row of table `sdk`.
    Refused { code: u32, message: String, sealed: bool },
}

/// The server's settings that the document names, ms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) least: u64,
    pub(super) network: u64,
    pub(super) upload: u64,
    pub(super) attempt: u64,
}

const AUTHENTICATION_FAIL: Row = (4200, "AUTHENTICATION_FAIL");
const FAILURE: Row = (4200, "VERIFICATION_FAILURE");
const TIMEOUT: Row = (4200, "USER_TIMEOUT");

/// One session.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) state: State,
    pub(super) seq: u64,
    pub(super) transcript: [u8; 32],
    /// The step whose commit is due.
    pub(super) step: u32,
    actions: u32,
    times: Times,
    /// End of the phase.
    deadline: u64,
    /// When the open challenge was drawn, and its own end.
    open: Option<(u64, u64)>,
    committed: Vec<(u32, String)>,
    uploaded: BTreeSet<String>,
    replies: BTreeMap<u64, (Vec<u8>, u16, Vec<u8>)>,
    judging: Option<Vec<u8>>,
    pub(super) verdict: Option<Row>,
    /// Refusals so far of the kind that end nothing.
    pub(super) refused: u64,
}

impl Model {
    pub(super) fn new(actions: u32, salt: [u8; 32], setup_ends: u64, times: Times) -> Self {
        Self {
            state: State::Inited,
            seq: 0,
            transcript: salt,
            step: 0,
            actions,
            times,
            deadline: setup_ends,
            open: None,
            committed: Vec::new(),
            uploaded: BTreeSet::new(),
            replies: BTreeMap::new(),
            judging: None,
            verdict: None,
            refused: 0,
        }
    }

    pub(super) fn missing(&self) -> bool {
        self.committed.iter().any(|(_, digest)| !self.uploaded.contains(digest))
    }

    fn end(&mut self, state: State, row: Row) {
        (self.state, self.verdict, self.judging) = (state, Some(row), None);
    }

    /// What the server must do with this call; ends the session where the call does. `judge_fails`: the judge has no answer this time.
    pub(super) fn expect(&mut self, sent: &Sent, now: u64, judge_fails: bool) -> Expected {
        let expected = self.decide(sent, now, judge_fails);
        if matches!(expected, Expected::Refused { .. }) {
            self.refused += 1;
        }
        expected
    }

    fn decide(&mut self, sent: &Sent, now: u64, judge_fails: bool) -> Expected {
        if !sent.from_origin {
            return plain(AUTHENTICATION_FAIL);
        }
        // §5.4: state and sequence, deadline, MAC, transcript. A deadline needs no caller.
        if matches!(self.state, State::Inited | State::Capturing) && now > self.deadline {
            self.end(State::Expired, TIMEOUT);
        }
        if sent.seq <= self.seq {
            return if sent.authentic { self.earlier(sent, judge_fails) } else { plain(AUTHENTICATION_FAIL) };
        }
        if let Some(row) = self.verdict {
            return plain(row);
        }
        if sent.seq != self.seq + 1 || !sent.authentic || sent.prev != self.transcript {
            return plain(AUTHENTICATION_FAIL);
        }
        match &sent.kind {
            Kind::Commit { step, well_formed, .. } => self.commit(*step, *well_formed, now),
            Kind::Upload { digest, right_body } => self.upload(digest, *right_body),
            Kind::Finalise { best, right_transcript } => self.finalise(sent, best, *right_transcript, judge_fails),
            Kind::Cancel(row) => match (self.state, row) {
                (State::Inited | State::Capturing, Some(_)) => Expected::Accepted,
                (State::Inited | State::Capturing, None) => bad("ended"),
                _ => self.out_of_place(),
            },
        }
    }

    /// §4 "Retry": the same call again gets its reply, another call of the same number ends the session; a cancel in its own way.
    fn earlier(&mut self, sent: &Sent, judge_fails: bool) -> Expected {
        if let Some((mark, status, body)) = self.replies.get(&sent.seq) {
            if *mark == sent.mark {
                return Expected::Stored(*status, body.clone());
            }
        } else if self.judging.as_ref() == Some(&sent.mark) {
            return if judge_fails { Expected::Broken } else { Expected::Accepted };
        }
        if let Some(row) = self.verdict {
            return plain(row);
        }
        let row = match sent.kind {
            Kind::Cancel(Some(row)) => row,
            Kind::Cancel(None) | Kind::Commit { .. } | Kind::Upload { .. } | Kind::Finalise { .. } => AUTHENTICATION_FAIL,
        };
        self.end(State::Aborted, row);
        sealed(row)
    }

    /// §6: calls for which the state has no place.
    fn out_of_place(&self) -> Expected {
        match self.state {
            State::Inited => refused(59_000, "LIVING_NOT_START"),
            State::Verifying => refused(59_000, "LIVING_IN_PROGRESS"),
            State::Capturing | State::Final | State::Expired | State::Aborted => sealed(AUTHENTICATION_FAIL),
        }
    }

    fn commit(&mut self, step: u32, well_formed: bool, now: u64) -> Expected {
        if !matches!(self.state, State::Inited | State::Capturing) {
            return self.out_of_place();
        }
        if step != self.step || step > self.actions {
            return bad("step");
        }
        if !well_formed {
            return bad("commit");
        }
        if let Some((issued, end)) = self.open.filter(|_| step > 0) {
            if now > end {
                self.end(State::Expired, TIMEOUT);
                return sealed(TIMEOUT);
            }
            if now - issued < self.times.least {
                self.end(State::Aborted, FAILURE);
                return sealed(FAILURE);
            }
        }
        Expected::Accepted
    }

    fn upload(&self, digest: &str, right_body: bool) -> Expected {
        if self.state != State::Capturing {
            return self.out_of_place();
        }
        if !self.committed.iter().any(|(_, known)| known == digest) {
            return bad("frame");
        }
        if right_body { Expected::Accepted } else { bad("body") }
    }

    fn finalise(&mut self, sent: &Sent, best: &str, right_transcript: bool, judge_fails: bool) -> Expected {
        if self.state != State::Capturing || self.step != self.actions + 1 {
            return self.out_of_place();
        }
        if !right_transcript {
            return bad("transcript");
        }
        if !self.committed.iter().any(|(step, digest)| *step == self.actions && digest == best) {
            return bad("best");
        }
        if self.missing() {
            self.end(State::Aborted, FAILURE);
            return sealed(FAILURE);
        }
        if judge_fails {
            // The evidence is taken; only its verdict is missing.
            (self.state, self.seq, self.judging) = (State::Verifying, sent.seq, Some(sent.mark.clone()));
            return Expected::Broken;
        }
        Expected::Accepted
    }

    /// An accepted call changes the session. `deadline` is that of the challenge in the reply.
    pub(super) fn accepted(&mut self, sent: &Sent, now: u64, status: u16, reply: &[u8], transcript: [u8; 32], deadline: Option<u64>) {
        self.replies.insert(sent.seq, (sent.mark.clone(), status, reply.to_vec()));
        (self.seq, self.transcript) = (sent.seq, transcript);
        match &sent.kind {
            Kind::Commit { step, frames, .. } => {
                self.state = State::Capturing;
                self.step = step + 1;
                self.committed.extend(frames.iter().map(|digest| (*step, digest.clone())));
                if *step == self.actions {
                    self.deadline = now + self.times.upload;
                } else if *step == 0 {
                    self.deadline = now + self.times.attempt + self.times.network;
                }
                assert_eq!(deadline.is_none(), *step == self.actions, "a challenge follows every commit but the last");
                assert!(deadline.is_none_or(|end| now < end && end <= self.deadline), "the action's end lies in the attempt");
                self.open = deadline.map(|end| (now, end));
            }
            Kind::Upload { digest, .. } => drop(self.uploaded.insert(digest.clone())),
            Kind::Finalise { .. } => self.end(State::Final, (1000, "SUCCESS")),
            Kind::Cancel(row) => self.end(State::Aborted, row.expect("a cancel that was accepted has a row")),
        }
    }
}

fn refused(code: u32, message: &str) -> Expected {
    Expected::Refused { code, message: message.to_owned(), sealed: true }
}

fn bad(key: &str) -> Expected {
    refused(50_400, &format!("BAD_ARGUMENTS:{key}"))
}

fn sealed(row: Row) -> Expected {
    refused(row.0 + 50_000, row.1)
}

fn plain(row: Row) -> Expected {
    Expected::Refused { code: row.0 + 50_000, message: row.1.to_owned(), sealed: false }
}

/// §6: the status of a refusal.
pub(super) fn status(code: u32, message: &str) -> u16 {
    match (code, message) {
        (50_400, _) => 400,
        (54_200, "BIZ_TOKEN_DENIED" | "AUTHENTICATION_FAIL" | "SDK_TOO_OLD") => 403,
        _ => 409,
    }
}
