//! The gate of every authenticated call: state and sequence, deadline, MAC, transcript, in this order.

use super::{
    keys::{Seal, digest, is_authentic},
    refuse::Refused,
};
use crate::{
    app::App,
    store::{Advance, Outcome, Reply, SessionRow, State, StoreError},
};
use axum::{body::Body, response::Response};
use faceid_protocol::{
    codes::{self, Coded, FixedRow, SDK_OFFSET, result as results, sdk as rows},
    framing::{HEADER_MAC, HEADER_PREV, HEADER_SEQ, HEADER_SESSION},
};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use subtle::ConstantTimeEq;

/// Longest JSON body of a private call: a commit of 61 digests is about 6 kB.
pub(super) const JSON_MAX: usize = 64 * 1024;

/// A call that may proceed.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) session: SessionRow,
    pub(super) seal: Seal,
    /// Identifies the call for retries: digest of all that its MAC covers.
    pub(super) mark: [u8; 32],
    body_sha: [u8; 32],
}

/// What the gate decided.
#[derive(Debug)]
pub(super) enum Admitted {
    /// Next in sequence.
    Fresh(Box<Call>),
    /// Answered before: the stored reply.
    Again(Response),
    /// The finalise call that is being judged right now.
    Judging(Box<Call>),
}

/// Checks one call. `body_sha` is the digest of the body, or for uploads the digest in the path. `farewell` is given by calls that only end
/// the session, with this row: a page says farewell while another call may still be on its way, and then carries that call's number.
pub(super) async fn admit(app: &App, head: &Parts, body_sha: [u8; 32], farewell: Option<FixedRow>) -> Result<Admitted, Refused> {
    let stated = Stated::read(head).ok_or_else(Refused::authentication)?;
    let Some(mut session) = app.store.session(&stated.session_id).await.map_err(|e| Refused::internal(&e))? else {
        return Err(Refused::authentication());
    };
    if session.origin.as_deref().map(str::as_bytes) != head.headers.get(header::ORIGIN).map(HeaderValue::as_bytes) {
        return Err(Refused::authentication());
    }
    let input = stated.seal.request_input(&body_sha);
    let authentic = is_authentic(&session.key_c2s, &input, &stated.mac);
    let mark = digest(&input);

    // A deadline that passed ends the session whoever calls; it needs no MAC.
    let now = app.clock.now();
    if matches!(session.state, State::Inited | State::Capturing) && now > session.deadline {
        end(app, &session, State::Expired, results::USER_TIMEOUT, false).await?;
        session.state = State::Expired;
    }
    let seal = stated.seal;
    if seal.seq <= session.seq {
        if !authentic {
            return Err(Refused::authentication());
        }
        return repeated(app, session, seal, mark, body_sha, farewell).await;
    }
    if session.state.is_terminal() {
        return Err(over(app, &session).await);
    }
    if seal.seq != session.seq + 1 || !authentic || !bool::from(seal.prev.ct_eq(&session.transcript)) {
        return Err(Refused::authentication());
    }
    Ok(Admitted::Fresh(Box::new(Call { session, seal, mark, body_sha })))
}

/// An authentic call with an earlier sequence number: the same call gets its reply again, another one is an attack and ends the session.
async fn repeated(
    app: &App,
    session: SessionRow,
    seal: Seal,
    mark: [u8; 32],
    body_sha: [u8; 32],
    farewell: Option<FixedRow>,
) -> Result<Admitted, Refused> {
    if let Some(reply) = app.store.reply(&session.biz_token, seal.seq).await.map_err(|e| Refused::internal(&e))? {
        if reply.request_mark == mark {
            return Ok(Admitted::Again(sealed_reply(reply.status, reply.body, &seal, &session.key_s2c)));
        }
    } else if session.state == State::Verifying && seal.seq == session.seq && session.finalise_mark == Some(mark) {
        return Ok(Admitted::Judging(Box::new(Call { session, seal, mark, body_sha })));
    }
    if session.state.is_terminal() {
        return Err(over(app, &session).await);
    }
    let (row, replay) = farewell.map_or((results::AUTHENTICATION_FAIL, true), |row| (row, false));
    end(app, &session, State::Aborted, row, replay).await?;
    let known = codes::sdk_twin(&row).map_or_else(|| rows::AUTHENTICATION_FAIL.coded(), |twin| Coded::new(twin.code, twin.message));
    Err(Refused::sealed(known, &seal, &session.key_s2c))
}

/// Ends a session from the state the caller saw; somebody else's ending is as good.
pub(super) async fn end(app: &App, session: &SessionRow, to: State, row: FixedRow, replay: bool) -> Result<(), Refused> {
    let outcome = Outcome { replay, ..Outcome::plain(row) };
    match app.store.settle(&session.biz_token, session.state, session.seq, to, &outcome, app.clock.now()).await {
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(Refused::internal(&error)),
    }
}

/// The refusal of a session that is over: its own row.
async fn over(app: &App, session: &SessionRow) -> Refused {
    match app.store.verdict(&session.biz_token).await {
        Ok(Some(verdict)) => Refused::plain(Coded::new(SDK_OFFSET + verdict.code, verdict.message)),
        Ok(None) => Refused::authentication(),
        Err(error) => Refused::internal(&error),
    }
}

impl Call {
    /// The state change of this call and its stored reply.
    pub(super) fn advance(&self, to: State, status: StatusCode, body: &[u8]) -> Advance {
        Advance {
            biz_token: self.session.biz_token.clone(),
            from: self.session.state,
            to,
            seq: self.seal.seq,
            transcript: self.seal.next_transcript(&self.body_sha, body),
            reply: Reply { request_mark: self.mark, status: status.as_u16(), body: body.to_vec() },
        }
    }

    /// An authenticated answer.
    pub(super) fn answer(&self, status: StatusCode, body: Vec<u8>) -> Response {
        sealed_reply(status.as_u16(), body, &self.seal, &self.session.key_s2c)
    }

    /// An authenticated refusal.
    pub(super) fn refuse(&self, coded: Coded) -> Refused {
        Refused::sealed(coded, &self.seal, &self.session.key_s2c)
    }

    /// An argument of this call is not as described.
    pub(super) fn bad(&self, key: &str) -> Refused {
        self.refuse(rows::BAD_ARGUMENTS.about(key))
    }

    /// A call that the session's state has no place for.
    pub(super) fn out_of_place(&self) -> Refused {
        self.refuse(match self.session.state {
            State::Created | State::Inited => rows::LIVING_NOT_START.coded(),
            State::Verifying => rows::LIVING_IN_PROGRESS.coded(),
            State::Capturing | State::Final | State::Expired | State::Aborted => rows::AUTHENTICATION_FAIL.coded(),
        })
    }

    /// Ends the session with a row of table `result` and answers with its SDK twin.
    pub(super) async fn end(&self, app: &App, to: State, row: FixedRow) -> Refused {
        match end(app, &self.session, to, row, false).await {
            Ok(()) => self.refuse(Coded::new(SDK_OFFSET + row.code, row.message)),
            Err(refused) => refused,
        }
    }

    /// What to answer when the store refused the change.
    pub(super) async fn lost(&self, app: &App, error: StoreError) -> Result<Response, Refused> {
        match error {
            // The same call was answered by a twin of this request, or another call came first.
            StoreError::Conflict => match app.store.reply(&self.session.biz_token, self.seal.seq).await {
                Ok(Some(reply)) if reply.request_mark == self.mark => {
                    Ok(sealed_reply(reply.status, reply.body, &self.seal, &self.session.key_s2c))
                }
                Ok(_) => Err(self.refuse(rows::AUTHENTICATION_FAIL.coded())),
                Err(error) => Err(Refused::internal(&error)),
            },
            other @ (StoreError::Database(_)
            | StoreError::Migrate(_)
            | StoreError::Damaged(_)
            | StoreError::Folder(_)
            | StoreError::Vault(_)
            | StoreError::Unsupported(_)) => Err(Refused::internal(&other)),
        }
    }
}

fn sealed_reply(status: u16, body: Vec<u8>, seal: &Seal, key_s2c: &[u8; 32]) -> Response {
    let mac = seal.reply_mac(key_s2c, &body);
    let json = !body.is_empty();
    let mut response = Response::new(Body::from(body));
    // invariant: only statuses that this module stored come here
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if json {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Ok(mac) = HeaderValue::from_str(&mac) {
        response.headers_mut().insert(HEADER_MAC, mac);
    }
    response
}

/// The framing headers.
struct Stated {
    session_id: String,
    seal: Seal,
    mac: [u8; 32],
}

impl Stated {
    fn read(head: &Parts) -> Option<Self> {
        let seq = text(&head.headers, HEADER_SEQ)?;
        if seq.is_empty() || seq.len() > 18 || !seq.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        Some(Self {
            session_id: text(&head.headers, HEADER_SESSION)?.to_owned(),
            seal: Seal {
                method: head.method.as_str().to_owned(),
                path: head.uri.path().to_owned(),
                seq: seq.parse().ok()?,
                prev: digest_header(&head.headers, HEADER_PREV)?,
            },
            mac: digest_header(&head.headers, HEADER_MAC)?,
        })
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

fn digest_header(headers: &HeaderMap, name: &str) -> Option<[u8; 32]> {
    sha256_text(text(headers, name)?)
}

/// 64 lower-case hex digits.
pub(super) fn sha256_text(text: &str) -> Option<[u8; 32]> {
    let lower = text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if !lower {
        return None;
    }
    hex::decode(text).ok()?.try_into().ok()
}
