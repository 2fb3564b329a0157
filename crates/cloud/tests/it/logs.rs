//! Nothing personal reaches the log.

use crate::{
    common::{NAME, NUMBER, ORIGIN, SECRET, World},
    page::Page,
};
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

#[test]
fn a_whole_session_leaves_no_personal_data_in_the_log() {
    let captured = Captured::default();
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(EnvFilter::new("trace")).with_ansi(false).with_writer(captured.clone()).finish();
    // Everything the service's own code, its libraries and its worker threads say, down to trace.
    tracing::subscriber::set_global_default(subscriber).expect("the only test that sets it");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("runtime");
    let secrets = runtime.block_on(async {
        let world = World::new().await;
        let token = world.token_with(&[("biz_no", "serial-4711"), ("image_ref1", "ZmFjZSBvbmU=")]).await;
        let mut page = Page::ready(&world, &token).await;
        assert_eq!(page.finalise().await.status.as_u16(), 200, "verdict");
        assert_eq!(world.result(&token, true).await.status.as_u16(), 200, "result");
        let bad = world
            .signed()
            .post_form(&[
                ("liveness_type".into(), "meglive".into()),
                ("idcard_name".into(), NAME.into()),
                ("idcard_number".into(), "123".into()),
            ])
            .await;
        assert_eq!(bad.status.as_u16(), 400, "a refused call");
        world.app.store.close().await;
        drop(world.result(&token, true).await);
        let session = page.channel.session_id().to_owned();
        vec![
            NAME.to_owned(),
            NUMBER.to_owned(),
            "serial-4711".into(),
            token,
            session,
            SECRET.into(),
            "ZmFjZSBvbmU".into(),
            "best picture".into(),
            "Mozilla/5.0 (personal)".into(),
            ORIGIN.into(),
        ]
    });
    let bytes = captured.0.lock().expect("log").clone();
    let log = String::from_utf8_lossy(&bytes);
    assert!(log.contains("get_biz_token") && log.contains("sdk call") && log.contains("verdict"), "the log was captured");
    for secret in secrets {
        if let Some(at) = log.find(&secret) {
            let line = log[..at].lines().count();
            panic!("personal data in line {line} of the log: {}", log.lines().nth(line.saturating_sub(1)).unwrap_or_default());
        }
    }
}
