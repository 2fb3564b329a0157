//! Generated files: the error taxonomy as documentation, TypeScript types and element texts; the package's declarations as documentation.
//!
//! The source is what `faceid-protocol`'s example `dump_codes` prints. The generated files are committed, so that the page and
//! the package build without this step; `run(true)` fails when one of them is stale.

mod api_md;
mod dump;
mod errors_md;
mod texts;
mod types;

use crate::process::{PROFILE, cargo, output, root};
use anyhow::{Context, Result, bail};
use dump::Dump;
use std::{fs, path::Path};

/// One generated file: path from the repository root, and its content.
type Generated = (&'static str, String);

/// Writes the generated files, or with `check` compares them with what is committed.
///
/// # Errors
/// When the dump cannot be made or a file cannot be written; with `check`, when a file differs (names every one).
pub(crate) fn run(check: bool) -> Result<()> {
    let printed =
        output(cargo().arg("run").args(PROFILE).args(["--quiet", "--locked", "--package", "faceid-protocol", "--example", "dump_codes"]))?;
    let dump: Dump = serde_json::from_str(&printed).context("dump_codes printed something unexpected")?;
    let mut stale = Vec::new();
    for (path, content) in generate(&dump)? {
        let file = root().join(path);
        if fs::read_to_string(&file).is_ok_and(|old| old == content) {
            continue;
        }
        if check {
            stale.push(path);
        } else {
            write(&file, &content)?;
            println!("wrote {path}");
        }
    }
    if !stale.is_empty() {
        bail!("stale: {}; run `cargo xtask codegen`", stale.join(", "));
    }
    Ok(())
}

fn generate(dump: &Dump) -> Result<Vec<Generated>> {
    let types = types::render(dump);
    Ok(vec![
        ("docs/api.md", api_md::render(&types)?),
        ("docs/errors.md", errors_md::render(dump)),
        ("pkg-config/types/codes.d.ts", types),
        ("www/text/codes.en.json", texts::json(dump, texts::Language::En)),
        ("www/text/codes.zh.json", texts::json(dump, texts::Language::Zh)),
        ("www/text/en.js", texts::module(dump, texts::Language::En)),
        ("www/text/zh.js", texts::module(dump, texts::Language::Zh)),
    ])
}

fn write(file: &Path, content: &str) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(file, content).with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dump::{Groups, Outcome, Row, Text};

    fn sample() -> Dump {
        let row = |table: &str, code, message: &str, placeholder: &str, class: &str, sdk_code| Row {
            table: table.to_owned(),
            code,
            message: message.to_owned(),
            placeholder: placeholder.to_owned(),
            class: class.to_owned(),
            blame: "user".to_owned(),
            http_status: None,
            retryable: true,
            billed: false,
            sdk_code,
            en: "A | bar of <param>.".to_owned(),
            zh: "文".to_owned(),
        };
        let text = Text { key: "nod".to_owned(), en: "Nod".to_owned(), zh: "点头".to_owned() };
        Dump {
            rows: vec![
                row("sdk", 54_200, "USER_TIMEOUT", "", "attempt", Some(54_200)),
                row("sdk", 50_400, "NO_FACE_FOUND:<param>", "<param>", "http", Some(50_400)),
                row("result", 4200, "USER_TIMEOUT", "", "attempt", Some(54_200)),
            ],
            outcomes: vec![Outcome { code: 54_200, message: "USER_TIMEOUT".to_owned(), en: "Again".to_owned(), zh: "再来".to_owned() }],
            groups: Groups { guidance: vec![], prompts: vec![text], states: vec![], camera: vec![], ui: vec![] },
            actions: vec!["nod".to_owned()],
            params: vec!["image_ref1".to_owned(), "image_ref2".to_owned()],
            reasons: vec!["QUOTA_EXCEEDED".to_owned()],
        }
    }

    #[test]
    fn types_spell_placeholders_as_template_literals() {
        let types = types::render(&sample());
        assert!(types.contains("{ readonly code: 50400; readonly message: `NO_FACE_FOUND:${ImageParam}` }"), "{types}");
        assert!(types.contains("{ readonly code: 54200; readonly message: 'USER_TIMEOUT' }"), "{types}");
    }

    #[test]
    fn texts_are_keyed_by_code_and_message() {
        let parsed: serde_json::Value = serde_json::from_str(&texts::json(&sample(), texts::Language::Zh)).expect("valid JSON");
        assert_eq!(parsed["outcomes"]["54200 USER_TIMEOUT"]["text"], "再来", "{parsed}");
        assert_eq!(parsed["prompts"]["nod"], "点头", "{parsed}");
        assert!(texts::module(&sample(), texts::Language::En).contains("\"Again\""), "module holds the same texts");
    }

    #[test]
    fn documentation_escapes_table_bars() {
        assert!(
            errors_md::render(&sample()).contains("A \\| bar of &lt;param>."),
            "a bar inside a cell would split it, a tag would vanish"
        );
    }
}
