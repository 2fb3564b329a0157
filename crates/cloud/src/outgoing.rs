//! HTTP clients for calls this server makes: to the authority and to customers' notify addresses.

use reqwest::{Certificate, Client, ClientBuilder, redirect::Policy};
use std::{path::Path, sync::Once, time::Duration};

/// A client without redirects and proxies: what was checked is what is connected to.
pub(crate) fn builder(connect_timeout: Duration, timeout: Duration) -> ClientBuilder {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // An error means that the embedding program chose a provider of its own, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(connect_timeout)
        .timeout(timeout)
        .user_agent(concat!("faceid-cloud/", env!("CARGO_PKG_VERSION")))
}

/// Builds a client. On a machine without certificate authorities it still comes to be: then no https server is trusted, and the service, which
/// may never call one, starts.
pub(crate) fn build(prepared: impl Fn() -> ClientBuilder) -> Result<Client, reqwest::Error> {
    prepared().build().or_else(|error| {
        let client = prepared().tls_certs_only([]).build()?;
        tracing::warn!(%error, "no certificate authorities: calls to https addresses will fail");
        Ok(client)
    })
}

/// Certificates of a PEM file.
pub(crate) fn certificates(path: &Path) -> std::io::Result<Vec<Certificate>> {
    Certificate::from_pem_bundle(&std::fs::read(path)?).map_err(std::io::Error::other)
}

/// Reads a body of at most `limit` bytes; `None` when it is longer or breaks off.
pub(crate) async fn body(mut response: reqwest::Response, limit: usize) -> Option<Vec<u8>> {
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return None;
    }
    let mut out = Vec::new();
    while let Some(piece) = response.chunk().await.ok()? {
        if out.len() + piece.len() > limit {
            return None;
        }
        out.extend_from_slice(&piece);
    }
    Some(out)
}
