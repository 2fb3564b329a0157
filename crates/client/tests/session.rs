//! The client against a peer that follows the protocol and fails on purpose.

mod peer;

use faceid_client::{Client, ClientError, InitOptions, MacError, TransportKind};
use faceid_protocol::{
    Action,
    codes::{Coded, sdk},
    wire::{Commit, Telemetry},
};
use peer::{Fault, Peer};
use std::time::Duration;

const ORIGIN: &str = "http://127.0.0.1:9000";

async fn run(fault: Option<Fault>) -> (Peer, Result<Coded, ClientError>) {
    let (peer, base) = Peer::start(fault).await;
    let outcome = flow(&base).await;
    (peer, outcome)
}

async fn flow(base: &str) -> Result<Coded, ClientError> {
    let client = Client::builder(base).origin(ORIGIN).build()?;
    let mut session = client.init("good", InitOptions::default()).await?;
    let challenge = session.challenge(0, Commit::default()).await?.expect("one action");
    assert_eq!((challenge.step, challenge.action), (1, Action::Nod), "drawn by the peer");
    assert_eq!(session.challenge(1, Commit::default()).await?, None, "no action left");
    let best = session.put_frame(b"jpeg bytes").await?;
    session.finalise(&best, Telemetry::default()).await
}

#[tokio::test]
async fn a_whole_session_keeps_one_sequence_one_transcript_and_one_origin() {
    let (peer, outcome) = run(None).await;
    assert_eq!(outcome.expect("verdict"), sdk::SUCCESS.coded(), "verdict as sent");
    let seen = peer.seen();
    let paths: Vec<&str> = seen.calls.iter().map(|(_, path, _)| path.as_str()).collect();
    let frame = format!("/sdk/v1/frames/{}", seen.frames[0]);
    assert_eq!(paths, ["/sdk/v1/challenge", "/sdk/v1/challenge", &frame, "/sdk/v1/finalise"], "calls");
    assert_eq!(seen.calls.iter().map(|call| call.2).collect::<Vec<_>>(), [1, 2, 3, 4], "sequence");
    assert!(seen.origins.iter().all(|origin| origin.as_deref() == Some(ORIGIN)), "{:?}", seen.origins);
}

#[tokio::test]
async fn a_prefix_of_the_address_is_not_sealed() {
    let (peer, base) = Peer::behind_proxy("/faceid").await;
    assert_eq!(flow(&format!("{base}/faceid/")).await.expect("verdict"), sdk::SUCCESS.coded(), "MACs agree");
    assert_eq!(peer.seen().calls[0].1, "/sdk/v1/challenge", "what the server sees and seals");
}

#[tokio::test]
async fn a_lost_reply_is_fetched_again_and_not_done_twice() {
    let (peer, outcome) = run(Some(Fault::LostReply)).await;
    assert_eq!(outcome.expect("verdict"), sdk::SUCCESS.coded(), "the retry succeeds");
    assert_eq!(peer.seen().calls.len(), 4, "the peer processed each call once");
}

#[tokio::test]
async fn a_reply_with_a_wrong_mac_ends_the_session() {
    for fault in [Fault::WrongMac, Fault::WrongInitMac] {
        let (_, outcome) = run(Some(fault)).await;
        let error = outcome.expect_err("not authentic");
        assert!(matches!(error, ClientError::Mac(MacError)), "{fault:?}: {error:?}");
        assert_eq!(error.coded(), sdk::AUTHENTICATION_FAIL.coded(), "row of the page");
    }
}

#[tokio::test]
async fn a_refusal_keeps_its_row_and_is_not_repeated() {
    let (peer, outcome) = run(Some(Fault::Refusal)).await;
    let error = outcome.expect_err("refused");
    assert!(matches!(error, ClientError::Refused { status: 409, authentic: true, .. }), "{error:?}");
    assert_eq!(error.coded(), sdk::USER_TIMEOUT.coded(), "row");
    assert_eq!(peer.seen().calls.len(), 1, "refusals are final");
}

#[tokio::test]
async fn verifying_is_polled_with_the_same_call() {
    let (peer, outcome) = run(Some(Fault::Slow)).await;
    assert_eq!(outcome.expect("verdict"), sdk::SUCCESS.coded(), "after two Verifying replies");
    let finalises: Vec<u64> = peer.seen().calls.iter().filter(|call| call.1.ends_with("/finalise")).map(|call| call.2).collect();
    assert_eq!(finalises, [4, 4, 4], "same sequence number each time");
}

#[tokio::test]
async fn a_denied_token_and_a_dead_server_have_their_rows() {
    let (_, base) = Peer::start(None).await;
    let client = Client::builder(&base).build().expect("client");
    let error = client.init("used", InitOptions::default()).await.expect_err("denied");
    assert_eq!(error.coded(), sdk::BIZ_TOKEN_DENIED.coded(), "{error:?}");

    let unused = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("address");
    let client = Client::builder(format!("http://{unused}")).attempts(2).timeout(Duration::from_secs(2)).build().expect("client");
    let error = client.init("good", InitOptions::default()).await.expect_err("nobody there");
    assert!(matches!(&error, ClientError::Transport(fault) if fault.kind == TransportKind::Connect), "{error:?}");
    assert_eq!(error.coded(), sdk::NETWORK_ERROR.coded(), "row");
}

#[tokio::test]
async fn cancel_is_an_authenticated_call() {
    let (peer, base) = Peer::start(None).await;
    let client = Client::builder(&base).build().expect("client");
    let mut session = client.init("good", InitOptions::default()).await.expect("init");
    session.cancel().await.expect("accepted");
    assert_eq!(peer.seen().calls, [("POST".to_owned(), "/sdk/v1/cancel".to_owned(), 1)], "first call after init");
    assert!(matches!(Client::builder("not an address").build(), Err(ClientError::Address)), "bad base");
    assert!(matches!(Client::builder(&base).origin("a\nb").build(), Err(ClientError::Address)), "bad origin");
}
