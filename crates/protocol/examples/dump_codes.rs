//! Prints the taxonomy and the default texts as one JSON object; `cargo xtask codegen` renders files from it.

use faceid_protocol::{
    Action,
    codes::{self, ImageParam, Reason},
    text::{self, Text},
};
use serde_json::{Map, Value, json};

fn group(texts: &[Text]) -> Value {
    texts.iter().map(|text| json!({ "key": text.key, "en": text.en, "zh": text.zh })).collect()
}

fn main() {
    let rows: Vec<Value> = codes::all()
        .map(|row| {
            let meaning = codes::meaning(row);
            json!({
                "table": row.table.name(),
                "code": row.code,
                "message": row.message,
                "placeholder": row.placeholder.text(),
                "class": row.class.name(),
                "blame": row.blame.name(),
                "http_status": row.http_status(),
                "retryable": row.retryable,
                "billed": row.billed,
                "sdk_code": codes::sdk_twin(row).map(|twin| twin.code),
                "en": meaning.en,
                "zh": meaning.zh,
            })
        })
        .collect();
    let outcomes: Vec<Value> =
        text::OUTCOMES.iter().map(|text| json!({ "code": text.code, "message": text.message, "en": text.en, "zh": text.zh })).collect();
    let mut groups = Map::new();
    for (name, texts) in
        [("guidance", text::GUIDANCE), ("prompts", text::PROMPTS), ("states", text::STATES), ("camera", text::CAMERA), ("ui", text::UI)]
    {
        groups.insert(name.to_owned(), group(texts));
    }
    let dump = json!({
        "rows": rows,
        "outcomes": outcomes,
        "groups": groups,
        "actions": Action::ALL.map(Action::name),
        "params": ImageParam::ALL.map(ImageParam::name),
        "reasons": Reason::ALL.map(Reason::name),
    });
    println!("{dump}");
}
