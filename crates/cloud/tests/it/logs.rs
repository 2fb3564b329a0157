//! Nothing personal reaches the log.

use crate::{
    common::{ORIGIN, SECRET, World},
    page::Page,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::{
    io::Write,
    sync::{Arc, Mutex},
};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// A valid number that ends like no other: the check digit by ISO 7064 MOD 11-2.
fn number(serial: usize) -> String {
    let body = format!("11010119900307{:03}", serial % 1000);
    let sum: u32 = body.bytes().zip((2..=18).rev()).map(|(digit, position)| u32::from(digit - b'0') * ((1 << (position - 1)) % 11)).sum();
    let check = b"10X98765432"[(sum % 11) as usize] as char;
    format!("{body}{check}")
}

/// One session with everything personal in it, and refused calls; returns what must not be in the log.
async fn session(world: &World, serial: usize) -> Vec<String> {
    let (name, number, biz_no, photo) =
        (format!("\u{5f20}\u{4e09}{serial}"), number(serial), format!("serial-4711-{serial}"), format!("face of {serial}"));
    let packed = STANDARD.encode(&photo);
    world.person(&number, &name, Some(photo.as_bytes())).await;
    let form: Vec<(String, String)> =
        [("liveness_type", "meglive"), ("idcard_name", &name), ("idcard_number", &number), ("biz_no", &biz_no), ("image_ref1", &packed)]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .to_vec();
    let token = world.signed().post_form(&form).await.json()["biz_token"].as_str().expect("token").to_owned();
    let mut page = Page::ready(world, &token).await;
    assert_eq!(page.finalise().await.status.as_u16(), 200, "verdict");
    let verbose = world.result(&token, true).await;
    assert_eq!((verbose.status.as_u16(), verbose.json()["result_code"].as_u64()), (200, Some(1000)), "result");
    let mut bad = form.clone();
    bad[2].1 = format!("{}1", &number[..17]);
    drop(world.signed().post_form(&bad).await);
    let session = page.channel.session_id().to_owned();
    vec![
        name,
        number,
        biz_no,
        photo,
        packed,
        token,
        session,
        SECRET.into(),
        "best picture".into(),
        "Mozilla/5.0 (personal)".into(),
        ORIGIN.into(),
    ]
}

#[test]
fn no_session_leaves_personal_data_in_the_log() {
    let sessions = if std::env::var_os("FACEID_LONG").is_some() { 1_000 } else { 8 };
    let captured = Captured::default();
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(EnvFilter::new("trace")).with_ansi(false).with_writer(captured.clone()).finish();
    // Everything the service's own code, its libraries and its worker threads say, down to trace.
    tracing::subscriber::set_global_default(subscriber).expect("the only test that sets it");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("runtime");
    runtime.block_on(async {
        let world = World::new().await;
        for serial in 0..sessions {
            let secrets = session(&world, serial).await;
            if serial + 1 == sessions {
                // A failing database speaks too.
                world.app.store.close().await;
                drop(world.result(&secrets[5], true).await);
            }
            let bytes = std::mem::take(&mut *captured.0.lock().expect("log"));
            let log = String::from_utf8_lossy(&bytes);
            assert!(log.contains("get_biz_token") && log.contains("sdk call") && log.contains("verdict"), "the log was captured");
            for secret in secrets {
                if let Some(at) = log.find(&secret) {
                    let line = log[..at].lines().count();
                    panic!("personal data in line {line} of the log: {}", log.lines().nth(line.saturating_sub(1)).unwrap_or_default());
                }
            }
        }
    });
    println!("{sessions} sessions logged at trace: no name, number, picture, token or origin");
}
