//! The protocol's cryptography on WebCrypto: private keys and MAC keys are never extractable.

use super::page;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use faceid_protocol::framing::{self, Direction};
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto};

/// A SHA-256 digest.
pub(crate) type Digest = [u8; 32];

/// WebCrypto is missing (insecure page) or refused an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CryptoFault;

impl From<JsValue> for CryptoFault {
    fn from(_: JsValue) -> Self {
        Self
    }
}

/// The page's key pair of one session.
#[derive(Debug)]
pub(crate) struct KeyPair {
    private: CryptoKey,
    /// Uncompressed SEC1 point, standard base64.
    pub(crate) public: String,
}

/// MAC keys of one session.
#[derive(Debug, Clone)]
pub(crate) struct MacKeys {
    c2s: CryptoKey,
    s2c: CryptoKey,
}

fn subtle() -> Result<SubtleCrypto, CryptoFault> {
    let crypto = web_sys::window().ok_or(CryptoFault)?.crypto()?;
    let subtle = crypto.subtle();
    // Undefined outside secure contexts although the binding promises a value.
    if subtle.is_undefined() { Err(CryptoFault) } else { Ok(subtle) }
}

/// An algorithm dictionary.
fn dictionary(entries: &[(&str, &JsValue)]) -> Result<Object, CryptoFault> {
    let object = Object::new();
    for (key, value) in entries {
        Reflect::set(&object, &JsValue::from_str(key), value)?;
    }
    Ok(object)
}

fn usages(names: &[&str]) -> JsValue {
    names.iter().map(|n| JsValue::from_str(n)).collect::<Array>().into()
}

async fn bytes(promise: js_sys::Promise) -> Result<Vec<u8>, CryptoFault> {
    Ok(Uint8Array::new(&JsFuture::from(promise).await?).to_vec())
}

/// SHA-256.
pub(crate) async fn sha256(data: &[u8]) -> Result<Digest, CryptoFault> {
    let promise = subtle()?.digest_with_str_and_js_u8_array("SHA-256", &Uint8Array::from(data))?;
    bytes(promise).await?.try_into().map_err(|_| CryptoFault)
}

impl KeyPair {
    /// A fresh P-256 pair; the private half cannot be exported.
    pub(crate) async fn generate() -> Result<Self, CryptoFault> {
        let subtle = subtle()?;
        let algorithm = dictionary(&[("name", &"ECDH".into()), ("namedCurve", &"P-256".into())])?;
        let pair = JsFuture::from(subtle.generate_key_with_object(&algorithm, false, &usages(&["deriveBits"]))?).await?;
        let half = |name: &str| Reflect::get(&pair, &name.into()).and_then(JsCast::dyn_into::<CryptoKey>);
        let raw = bytes(subtle.export_key("raw", &half("publicKey")?)?).await?;
        Ok(Self { private: half("privateKey")?, public: STANDARD.encode(raw) })
    }

    /// Derives the MAC keys: HKDF-SHA256 over the ECDH secret with the session's salt.
    pub(crate) async fn derive(&self, server_public: &str, salt: &Digest) -> Result<MacKeys, CryptoFault> {
        let subtle = subtle()?;
        let point = Uint8Array::from(STANDARD.decode(server_public).map_err(|_| CryptoFault)?.as_slice());
        let curve = dictionary(&[("name", &"ECDH".into()), ("namedCurve", &"P-256".into())])?;
        // Importing refuses points that are not on the curve.
        let server = JsFuture::from(subtle.import_key_with_object("raw", &point, &curve, false, &usages(&[]))?).await?;
        let exchange = dictionary(&[("name", &"ECDH".into()), ("public", &server)])?;
        let secret = JsFuture::from(subtle.derive_bits_with_object(&exchange, &self.private, 256)?).await?;
        let secret = Uint8Array::new(&secret);
        let base = JsFuture::from(subtle.import_key_with_str("raw", &secret, "HKDF", false, &usages(&["deriveKey"]))?).await?;
        secret.fill(0, 0, secret.length());
        let base: CryptoKey = base.dyn_into()?;
        Ok(MacKeys {
            c2s: mac_key(&subtle, &base, salt, framing::KEY_INFO_C2S, "sign").await?,
            s2c: mac_key(&subtle, &base, salt, framing::KEY_INFO_S2C, "verify").await?,
        })
    }
}

async fn mac_key(subtle: &SubtleCrypto, base: &CryptoKey, salt: &Digest, info: &[u8], usage: &str) -> Result<CryptoKey, CryptoFault> {
    let hkdf = dictionary(&[
        ("name", &"HKDF".into()),
        ("hash", &"SHA-256".into()),
        ("salt", &Uint8Array::from(salt.as_slice())),
        ("info", &Uint8Array::from(info)),
    ])?;
    let hmac = dictionary(&[("name", &"HMAC".into()), ("hash", &"SHA-256".into()), ("length", &256.into())])?;
    let key = JsFuture::from(subtle.derive_key_with_object_and_object(&hkdf, base, &hmac, false, &usages(&[usage]))?).await?;
    Ok(key.dyn_into()?)
}

/// What a MAC is taken over, besides the keys.
#[derive(Debug, Clone)]
pub(crate) struct Sealed<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) seq: u64,
    pub(crate) prev: Digest,
}

impl MacKeys {
    /// MAC of a request, lower-case hex.
    pub(crate) async fn seal(&self, call: &Sealed<'_>, body: &Digest) -> Result<String, CryptoFault> {
        let input = framing::mac_input(Direction::ClientToServer, call.method, call.path, call.seq, &call.prev, body);
        let promise = subtle()?.sign_with_str_and_js_u8_array("HMAC", &self.c2s, &Uint8Array::from(input.as_slice()))?;
        Ok(hex::encode(bytes(promise).await?))
    }

    /// Whether the reply's MAC is the server's. WebCrypto compares in constant time.
    pub(crate) async fn verify(&self, call: &Sealed<'_>, body: &Digest, mac: &str) -> Result<bool, CryptoFault> {
        let Ok(mac) = hex::decode(mac) else { return Ok(false) };
        let input = framing::mac_input(Direction::ServerToClient, call.method, call.path, call.seq, &call.prev, body);
        let promise = subtle()?.verify_with_str_and_js_u8_array_and_js_u8_array(
            "HMAC",
            &self.s2c,
            &Uint8Array::from(mac.as_slice()),
            &Uint8Array::from(input.as_slice()),
        )?;
        Ok(JsFuture::from(promise).await?.is_truthy())
    }
}

/// 16 random bytes, hex: the client nonce.
pub(crate) fn nonce() -> Result<String, CryptoFault> {
    Ok(hex::encode(page::random::<16>()?))
}
