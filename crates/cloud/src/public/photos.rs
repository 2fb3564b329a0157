//! Reference photos: decode base64, bound the size, then parse, size and face, each for both photos in turn.

use super::{
    params::Value,
    respond::{Api, Fault},
};
use crate::{app::App, config::PHOTO_MAX, judging::PhotoFault, store::NewReference};
use base64::{
    Engine, alphabet,
    engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig},
};
use faceid_protocol::codes::{ImageParam, http_get_biz_token as rows};

/// Some clients leave the padding out.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
);

/// Checks the photos that were sent, in the documented order: all parsed, then all sizes, then all faces; the first failing name is reported.
pub(super) async fn check(app: &App, given: [Option<Value>; 2], multi_oriented: bool) -> Result<Vec<NewReference>, Fault> {
    let api = Api::GetBizToken;
    let mut photos = Vec::new();
    for (param, value) in ImageParam::ALL.into_iter().zip(given) {
        if let Some(value) = value {
            photos.push((param, file_bytes(param, value)?));
        }
    }
    if photos.is_empty() {
        return Ok(Vec::new());
    }
    // Better a refusal at once than a call that waits for minutes.
    let _place = app.enter_judge().ok_or_else(|| api.busy())?;
    let (faults, photos) = app
        .with_judge(move |judge| {
            let faults: Vec<_> = photos.iter().map(|(param, bytes)| (*param, judge.check_photo(bytes, multi_oriented).err())).collect();
            (faults, photos)
        })
        .await
        .ok_or_else(|| api.internal(&"photo check did not finish"))?;
    let first = |wanted: PhotoFault| faults.iter().find(|(_, fault)| *fault == Some(wanted)).map(|(param, _)| *param);
    if first(PhotoFault::Broken).is_some() {
        return Err(api.internal(&PhotoFault::Broken));
    }
    if let Some(param) = first(PhotoFault::Unreadable) {
        return Err(rows::IMAGE_ERROR_UNSUPPORTED_FORMAT.about(param).into());
    }
    if let Some(param) = first(PhotoFault::TooLarge) {
        return Err(rows::INVALID_IMAGE_SIZE.about(param).into());
    }
    if let Some(param) = first(PhotoFault::NoFace) {
        return Err(rows::NO_FACE_FOUND.about(param).into());
    }
    Ok(photos.into_iter().map(|(param, bytes)| NewReference { slot: slot(param), bytes }).collect())
}

fn slot(param: ImageParam) -> u8 {
    match param {
        ImageParam::Ref1 => 1,
        ImageParam::Ref2 => 2,
    }
}

fn file_bytes(param: ImageParam, value: Value) -> Result<Vec<u8>, Fault> {
    let bytes = match value {
        Value::File(bytes) => bytes,
        Value::Text(text) => {
            let packed: Vec<u8> = text.into_iter().filter(|b| !b.is_ascii_whitespace()).collect();
            // Base64 longer than this cannot decode to a photo within the limit.
            if packed.len() > PHOTO_MAX.div_ceil(3) * 4 {
                return Err(Api::GetBizToken.too_large());
            }
            LENIENT.decode(packed).map_err(|_| rows::IMAGE_ERROR_UNSUPPORTED_FORMAT.about(param))?
        }
    };
    if bytes.len() > PHOTO_MAX { Err(Api::GetBizToken.too_large()) } else { Ok(bytes) }
}
