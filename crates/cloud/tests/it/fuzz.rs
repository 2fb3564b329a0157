//! Parsers against mutated inputs: see fuzz/README.md.

use crate::{
    common::{KEY, SECRET, START, World, encode_form, usual},
    page::Page,
};
use axum::body::Body;
use faceid_cloud::sign::{self, Policy, SignedRequest};
use faceid_protocol::Millis;
use faceid_vision::{DecodeLimits, decode};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    time::{Duration, Instant},
};

/// No input of the size we accept may keep a parser busy for longer, however loaded the machine.
const SLOW: Duration = Duration::from_secs(20);

/// xorshift64*: the same inputs for the same seed (Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).unwrap_or_default()
    }
}

/// Pieces that parsers find interesting.
const PIECES: &[&[u8]] = &[
    b"\0",
    b"\r\n",
    b"\r\n\r\n",
    b"--X",
    b"--X--",
    b"%",
    b"%00",
    b"%ff",
    b"&",
    b"=",
    b"+",
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"-1",
    b"1e999",
    b"18446744073709551615",
    b"\\ud800",
    b"\xff\xfe",
    b"\xff\xd8",
    b"\xff\xd9",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\xff",
    b"filename=\"\"",
    b"name=",
];

fn mutate(dice: &mut Dice, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut input = corpus[dice.below(corpus.len())].clone();
    for _ in 0..=dice.below(6) {
        let at = dice.below(input.len() + 1);
        let length = dice.below(24.min(input.len() - at) + 1);
        match dice.below(7) {
            0 if at < input.len() => input[at] ^= 1 << dice.below(8),
            1 if at < input.len() => input[at] = u8::try_from(dice.below(256)).unwrap_or_default(),
            2 => drop(input.drain(at..at + length)),
            3 => {
                let again = input[at..at + length].to_vec();
                input.splice(at..at, again);
            }
            4 => input.truncate(at),
            5 => {
                let other = &corpus[dice.below(corpus.len())];
                let from = dice.below(other.len() + 1);
                input.splice(at.., other[from..].iter().copied());
            }
            _ => drop(input.splice(at..at, PIECES[dice.below(PIECES.len())].iter().copied())),
        }
    }
    input.truncate(256 * 1024);
    input
}

fn corpus(target: &str, mut seeds: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut paths: Vec<_> = std::fs::read_dir(&folder).expect("corpus").map(|entry| entry.expect("entry").path()).collect();
    paths.sort();
    seeds.extend(paths.iter().map(|path| std::fs::read(path).expect("input")));
    seeds
}

fn budget() -> Duration {
    const SHORT: f64 = 0.5;
    let long = if std::env::var_os("FACEID_LONG").is_some() { 60.0 } else { SHORT };
    let seconds = std::env::var("FACEID_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(long);
    // Parsers do not care which database stands behind them: there the corpus is what matters.
    Duration::from_secs_f64(if crate::database::on_postgres() { seconds.min(SHORT) } else { seconds })
}

/// Replays the corpus, then mutates it until the time is over. `one` says what is wrong with an input's outcome.
fn drive(target: &str, seeds: Vec<Vec<u8>>, mut one: impl FnMut(&[u8]) -> Result<(), String>) {
    let corpus = corpus(target, seeds);
    let seed = match std::env::var("PROPTEST_RNG_SEED").ok().and_then(|text| text.parse::<u64>().ok()) {
        Some(fixed) => fixed,
        None => u64::from_le_bytes(faceid_cloud::random::bytes().expect("random bytes")),
    };
    let mut dice = Dice(seed | 1);
    let mut runs = 0_u64;
    let mut check = |input: &[u8]| {
        let begun = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| one(input))).unwrap_or_else(|_| Err("panic".into()));
        let outcome = outcome.and_then(|()| if begun.elapsed() < SLOW { Ok(()) } else { Err("too slow".into()) });
        if let Err(what) = outcome {
            panic!("{target}, seed {seed}: {what} on {}", hex::encode(input));
        }
        runs += 1;
    };
    corpus.iter().for_each(|input| check(input));
    let begun = Instant::now();
    while begun.elapsed() < budget() {
        check(&mutate(&mut dice, &corpus));
    }
    println!("fuzz {target}: {runs} inputs, seed {seed}");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime")
}

/// Header lines, an empty line, path and query, a line feed, the body.
fn parse_request(input: &[u8]) -> (HeaderMap, String, Vec<u8>) {
    let split = |bytes: &[u8], mark: &[u8]| bytes.windows(mark.len()).position(|window| window == mark);
    let (head, rest) = match split(input, b"\n\n") {
        Some(at) => (&input[..at], &input[at + 2..]),
        None => (input, &b""[..]),
    };
    let mut headers = HeaderMap::new();
    for line in head.split(|&b| b == b'\n') {
        let Some(at) = line.iter().position(|&b| b == b':') else { continue };
        let (name, value) = (HeaderName::from_bytes(&line[..at]), HeaderValue::from_bytes(line[at + 1..].trim_ascii()));
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let (target, body) = match split(rest, b"\n") {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (rest, &b""[..]),
    };
    (headers, String::from_utf8_lossy(target).into_owned(), body.to_vec())
}

#[test]
fn signature() {
    let seeds = runtime().block_on(async {
        let world = World::new().await;
        let request = world.signed().form_request(&usual());
        let mut text = Vec::new();
        for (name, value) in request.headers() {
            text.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"].concat());
        }
        text.extend(b"\n/face/v1.2/sdk/get_biz_token?a=1&b=%20\n");
        text.extend(encode_form(&usual()).into_bytes());
        vec![text]
    });
    let lenient = Policy { unsigned_timestamp: true, raw_query: true, joined_repeats: true, sha1: true };
    drive("signature", seeds, |input| {
        let (headers, target, body) = parse_request(input);
        let (path, query) = target.split_once('?').map_or((target.as_str(), None), |(path, query)| (path, Some(query)));
        let request = SignedRequest { method: "POST", base_path: "", path, query, headers: &headers, body: &body };
        for policy in [Policy::default(), lenient] {
            drop(sign::verify(&request, SECRET.as_bytes(), policy, Millis(START)));
            if sign::verify(&request, b"another secret", policy, Millis(START)).is_ok() {
                return Err("verified under a secret that signed nothing".into());
            }
        }
        let pairs = sign::form_decode(&body);
        if pairs.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > body.len() {
            return Err("a form grew while it was decoded".into());
        }
        Ok(())
    });
    assert!(!KEY.is_empty(), "the seeds' key");
}

/// Sends a body to get_biz_token under an AppCode, which reads nothing of the body.
fn over_the_router(target: &str, content_type: &str, seeds: Vec<Vec<u8>>) {
    let runtime = runtime();
    let world = runtime.block_on(World::new());
    drive(target, seeds, |input| {
        let request = Request::post("/face/v1.2/sdk/get_biz_token")
            .header("authorization", "APPCODE code-0001")
            .header("content-type", content_type)
            .body(Body::from(input.to_vec()))
            .expect("request");
        let answer = runtime.block_on(world.send(request));
        if answer.status.is_server_error() { Err(format!("{} {}", answer.status, answer.text())) } else { Ok(()) }
    });
}

#[test]
fn form() {
    let mut full = usual();
    full.extend(
        [("biz_no", "order+1 &="), ("security_level", "4"), ("image_ref1", "ZmFjZSBvbmU=")].map(|(k, v)| (k.to_owned(), v.to_owned())),
    );
    over_the_router("form", "application/x-www-form-urlencoded", vec![encode_form(&full).into_bytes(), b"liveness_type=meglive".to_vec()]);
}

#[test]
fn multipart() {
    let part = |head: &str, body: &str| format!("--X\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n");
    let fields: String = usual().iter().map(|(name, value)| part(&format!("name=\"{name}\""), value)).collect();
    let photo = part("name=\"image_ref1\"; filename=\"a.jpg\"", "face one");
    over_the_router("multipart", "multipart/form-data; boundary=X", vec![format!("{fields}{photo}--X--\r\n").into_bytes()]);
}

#[test]
fn image() {
    let picture = image::RgbImage::from_fn(24, 16, |x, y| image::Rgb([(x * 10) as u8, (y * 15) as u8, (x * y) as u8]));
    let seeds = [image::ImageFormat::Jpeg, image::ImageFormat::Png, image::ImageFormat::WebP, image::ImageFormat::Bmp].map(|format| {
        let mut file = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut file, format).expect("encoded");
        file.into_inner()
    });
    let limits = DecodeLimits { max_bytes: 2 * 1024 * 1024, max_side: 4096 };
    drive("image", seeds.to_vec(), |input| match decode(input, limits) {
        Ok(frame) if frame.width() > 4096 || frame.height() > 4096 => Err("larger than allowed".into()),
        Ok(_) | Err(_) => Ok(()),
    });
}

#[test]
fn evidence() {
    let runtime = runtime();
    let world = runtime.block_on(World::new());
    let commit = Page::challenge_body(0, &Page::frames(0, 3));
    let finalise = br#"{"best":"00","telemetry":{"frames_seen":300},"transcript":"00"}"#.to_vec();
    let mut page: Option<Page<'_>> = None;
    let mut turn = 0_usize;
    drive("evidence", vec![commit, finalise, b"{}".to_vec()], |input| {
        // An input that is accepted, or that ends the session, is followed by a fresh session.
        let mut current = match page.take() {
            Some(page) => page,
            None => runtime.block_on(async {
                let token = world.token().await;
                Page::open(&world, &token).await
            }),
        };
        turn += 1;
        let call = ["challenge", "finalise", "cancel"][turn % 3];
        let sealed = current.seal("POST", call, input);
        let answer = runtime.block_on(world.send(current.request(&sealed, input.to_vec())));
        let open = matches!(answer.status.as_u16(), 400 | 413) || (answer.status.as_u16() == 403 && call == "finalise");
        if open {
            page = Some(current);
        } else {
            current.waiting.clear();
        }
        if answer.status.is_server_error() { Err(format!("{call}: {} {}", answer.status, answer.text())) } else { Ok(()) }
    });
}
