//! The HTTP client of the bucket: hyper and rustls, so that the service has one HTTP stack and one TLS library.

use async_trait::async_trait;
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, Error as ClientError, connect::HttpConnector as Tcp},
    rt::TokioExecutor,
};
use object_store::{
    ClientConfigKey, ClientOptions,
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpResponseBody, HttpService,
    },
};
use std::{io, time::Duration};

/// A picture is small; a bucket that needs longer than this is down.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Makes clients.
#[derive(Debug)]
pub(super) struct Connector;

#[derive(Debug)]
struct Service(Client<HttpsConnector<Tcp>, HttpRequestBody>);

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let plain = options.get_config_value(&ClientConfigKey::AllowHttp).as_deref() == Some("true");
        let failed = |error: io::Error| object_store::Error::Generic { store: "S3", source: error.into() };
        let builder = HttpsConnectorBuilder::new().with_native_roots().map_err(failed)?;
        let connector = if plain { builder.https_or_http() } else { builder.https_only() }.enable_http1().build();
        Ok(HttpClient::new(Service(Client::builder(TokioExecutor::new()).build(connector))))
    }
}

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let timed_out = |_| HttpError::new(HttpErrorKind::Timeout, io::Error::from(io::ErrorKind::TimedOut));
        let response = tokio::time::timeout(TIMEOUT, self.0.request(request)).await.map_err(timed_out)?.map_err(kind)?;
        let (head, body) = response.into_parts();
        let body = body.map_err(|error| HttpError::new(HttpErrorKind::Interrupted, error));
        Ok(HttpResponse::from_parts(head, HttpResponseBody::new(body)))
    }
}

fn kind(error: ClientError) -> HttpError {
    HttpError::new(if error.is_connect() { HttpErrorKind::Connect } else { HttpErrorKind::Request }, error)
}
