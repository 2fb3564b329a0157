//! The cloud's bench: a real server per database, and `faceid-lab bench-cloud` as its customers and pages.

use super::{
    machine::Machine,
    postgres::Postgres,
    report::{self, Database, Report},
    server::Server,
};
use crate::{
    demo,
    process::{self, output, root, step, target_dir},
    sim, tools, web,
};
use anyhow::{Context, Result};
use clap::Args;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Options of `cargo xtask bench cloud`.
#[derive(Args)]
pub(crate) struct Options {
    /// A handful of each: shows that everything runs, measures nothing.
    #[arg(long)]
    quick: bool,
    /// One JSON object instead of tables.
    #[arg(long)]
    json: bool,
    /// Folder for the databases, so that the disk that matters is measured (default: the system's temporary folder).
    #[arg(long)]
    folder: Option<PathBuf>,
}

/// A folder that goes with the bench.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // Databases of this run only; leftovers are harmless.
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Builds what is missing, then measures one database after the other.
///
/// # Errors
/// When something cannot be built or started, or a call fails.
pub(super) fn run(options: &Options) -> Result<()> {
    // In a process of its own: what it says belongs to standard error here.
    process::run(Command::new(std::env::current_exe()?).arg("models").stdout(std::io::stderr()))?;
    demo::build_native()?;
    // What serves and what asks are measured: as a release. The rest only prepares.
    let release = ["build", "--release", "--locked", "--quiet", "--workspace", "--bin", "faceid", "--bin", "faceid-lab"];
    process::run(process::cargo().args(release).args(web::FEATURES))?;
    let photos = sim::photos()?;
    let base = options.folder.clone().unwrap_or_else(std::env::temp_dir);
    let scratch = Scratch(base.join(format!("faceid-bench-{}", std::process::id())));
    fs::create_dir_all(&scratch.0).with_context(|| format!("cannot create {}", scratch.0.display()))?;
    let machine = Machine::look(&scratch.0)?;
    if !options.json {
        report::print_head(&machine, options.quick);
    }
    let mut databases = Vec::new();
    let mut measure = |name: String, url: Option<&str>| -> Result<()> {
        step(&format!("{name}: starting the cloud"));
        let folder = scratch.0.join(format!("cloud-{}", databases.len()));
        let server = Server::start(&folder, url, &photos.id_photo)?;
        let printed = customers(&server, &photos, options)?;
        if options.json {
            let figures = serde_json::from_str(&printed).context("faceid-lab printed something else than one JSON object")?;
            databases.push(Database { name, figures });
        } else {
            println!("\n== {name}\n{printed}");
        }
        Ok(())
    };
    measure("SQLite".into(), None)?;
    let mut skipped = None;
    if tools::postgres()? {
        let postgres = Postgres::start(&scratch.0.join("postgres"))?;
        measure(postgres.name()?, Some(&postgres.url()))?;
    } else {
        skipped = Some("PostgreSQL: no initdb on the path or in /usr/lib/postgresql/*/bin");
    }
    if options.json {
        let report = Report { bench: "cloud", quick: options.quick, machine: &machine, databases, skipped };
        println!("{}", serde_json::to_string(&report)?);
    } else if let Some(skipped) = skipped {
        println!("\nskipped: {skipped}");
    }
    Ok(())
}

/// The load: a client of the public API and of the page's protocol, in a process of its own. What it prints.
fn customers(server: &Server, photos: &sim::Photos, options: &Options) -> Result<String> {
    let mut lab = Command::new(target_dir().join("release/faceid-lab"));
    lab.current_dir(root()).arg("--models").arg(root().join("models")).arg("bench-cloud");
    lab.args(["--server", server.address(), "--pid", &server.pid().to_string()]);
    let files: [(&str, &Path); 4] =
        [("--log", server.log()), ("--key-file", server.key_file()), ("--person", &photos.of_person), ("--photo", &photos.of_other)];
    for (name, file) in files {
        lab.arg(name).arg(file);
    }
    lab.args(["--name", super::server::NAME, "--number", super::server::NUMBER]);
    if options.quick {
        lab.arg("--quick");
    }
    if options.json {
        lab.arg("--json");
    }
    output(&mut lab).with_context(|| server.last_words())
}
