//! `faceid authority`.

use super::{Common, Failure, now};
use crate::{idnumber, store::PersonRow};
use clap::Subcommand;
use serde::Deserialize;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Import people from a CSV file with the columns number, name and photo (a file in the photo folder; empty = no photo). All or nothing.
    Import {
        /// The list, UTF-8, with a header line.
        #[arg(long)]
        csv: PathBuf,
        /// Folder of the photos.
        #[arg(long)]
        photos: PathBuf,
    },
    /// Add one person, or replace the one with this number.
    Add {
        /// 18 characters.
        #[arg(long)]
        number: String,
        /// Name.
        #[arg(long)]
        name: String,
        /// Photo file; without it the authority has none.
        #[arg(long)]
        photo: Option<PathBuf>,
    },
    /// List masked numbers and photo sizes; no names.
    List,
}

#[derive(Deserialize)]
struct Row {
    number: String,
    name: String,
    photo: Option<String>,
}

pub(super) async fn run(common: &Common, command: Command) -> Result<(), Failure> {
    match command {
        Command::Import { csv, photos } => import(common, &csv, &photos).await,
        Command::Add { number, name, photo } => {
            let person = person(&number, &name, photo.as_deref())?;
            let photo_bytes = person.photo.as_ref().map(Vec::len);
            common.store().await?.put_people(&[person], now()).await?;
            common.print(&json!({ "added": 1, "photo_bytes": photo_bytes }), || "added 1 person".into());
            Ok(())
        }
        Command::List => {
            for (number, photo_bytes) in common.store().await?.people().await? {
                let masked = masked(&number);
                common.print(&json!({ "number": masked, "photo_bytes": photo_bytes }), || {
                    format!("{masked}  {}", photo_bytes.map_or("no photo".into(), |n| format!("{n} bytes")))
                });
            }
            Ok(())
        }
    }
}

/// First six (region) and last two characters.
fn masked(number: &str) -> String {
    let (head, tail) = (number.get(..6).unwrap_or_default(), number.get(16..).unwrap_or_default());
    format!("{head}**********{tail}")
}

async fn import(common: &Common, csv: &Path, photos: &Path) -> Result<(), Failure> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(csv)
        .map_err(|error| Failure::environment(format!("{}: {error}", csv.display())))?;
    let mut people = Vec::new();
    for (line, row) in (2..).zip(reader.deserialize::<Row>()) {
        let row = row.map_err(|error| Failure::check(format!("line {line}: {error}")))?;
        let photo = row.photo.filter(|name| !name.is_empty()).map(|name| photos.join(name));
        people.push(
            person(&row.number, &row.name, photo.as_deref())
                .map_err(|failure| Failure::check(format!("line {line}: {}", failure.message)))?,
        );
    }
    common.store().await?.put_people(&people, now()).await?;
    common.print(&json!({ "added": people.len() }), || {
        format!("added {} {}", people.len(), if people.len() == 1 { "person" } else { "people" })
    });
    Ok(())
}

fn person(number: &str, name: &str, photo: Option<&Path>) -> Result<PersonRow, Failure> {
    if !idnumber::is_well_formed(number) {
        return Err(Failure::usage("the number needs 18 characters and the right check digit"));
    }
    if name.trim().is_empty() {
        return Err(Failure::usage("the name is empty"));
    }
    let photo =
        photo.map(|path| std::fs::read(path).map_err(|error| Failure::environment(format!("{}: {error}", path.display())))).transpose()?;
    Ok(PersonRow { idcard_number: number.to_ascii_uppercase(), name: name.to_owned(), photo })
}
