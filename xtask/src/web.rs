//! Builds the page: its wasm binaries, then `dist/` (the demo page) with the npm package's files under `dist/faceid`.

use crate::{
    models::cut,
    package,
    process::{output, root, run, step, target_dir},
    tools, wasm,
};
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The build tool's version; wasm-bindgen's follows Cargo.lock.
const WASM_PACK: &str = "0.15.1";
/// Every native command works with the page's code switched on, so that its unit tests run and all share one feature resolution.
pub(crate) const FEATURES: [&str; 2] = ["--features", "faceid-liveness/shell,faceid-liveness/engine"];
/// Files of the models folder that the page loads.
const MODELS: [&str; 3] = ["face_detector.net", LANDMARK, "canonical_face.json"];
const LANDMARK: &str = "face_landmark.net";
/// How many landmarks it places before it is cut.
const LANDMARKS: usize = 468;

/// One wasm binary.
struct Binary {
    /// Folder of the package, from the root.
    folder: &'static str,
    package: &'static str,
    /// File name without ending.
    name: &'static str,
    feature: &'static str,
    /// Folder of the result below `target/web`, and below the package's `lib`.
    out: &'static str,
    rustflags: &'static str,
}

/// The shell stays free of SIMD so that it starts in every browser. The engine comes twice; the worker asks the browser which it can compile.
const BINARIES: [Binary; 3] = [page("shell", "shell", ""), page("engine", "engine", SIMD), page("engine", "engine-plain", "")];
/// The simulated person for the page harness; never part of the package.
const SIMULATE: Binary = Binary {
    folder: "crates/simulate",
    package: "faceid-simulate",
    name: "faceid_simulate",
    feature: "web",
    out: "simulate",
    rustflags: SIMD,
};
/// What `cargo xtask bench web` times beside the page's engine, and the judge of `cargo xtask agreement`.
const COMPACT: [Binary; 2] = [bench("compact", "bench-simd", SIMD), bench("compact", "bench-plain", "")];
const STOCK: [Binary; 1] = [bench("stock", "bench-stock", SIMD)];
const JUDGE: [Binary; 1] = [bench("judge", "judge", SIMD)];
const SIMD: &str = "-C target-feature=+simd128";

const fn page(feature: &'static str, out: &'static str, rustflags: &'static str) -> Binary {
    Binary { folder: ".", package: "faceid-liveness", name: "faceid_liveness", feature, out, rustflags }
}

const fn bench(feature: &'static str, out: &'static str, rustflags: &'static str) -> Binary {
    Binary { folder: "crates/bench", package: "faceid-bench", name: "faceid_bench", feature, out, rustflags }
}

/// Builds everything as it is published (what is tested is what ships) and returns `dist`. The models must be there already.
///
/// # Errors
/// When a tool, a build step or a file fails.
pub(crate) fn build_web() -> Result<PathBuf> {
    for binary in &BINARIES {
        step(&format!("building the page's {} binary", binary.out));
        compile(binary, &built(binary.out))?;
    }
    step("putting dist together");
    assemble(&dist())?;
    Ok(dist())
}

/// Builds the simulated person into `out`.
///
/// # Errors
/// As [`build_web`].
pub(crate) fn build_simulate(out: &Path) -> Result<()> {
    compile(&SIMULATE, out)
}

/// Which bench binaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contenders {
    /// Our own networks, with and without SIMD.
    Compact,
    /// Stock tract (minutes).
    Stock,
    /// The whole judge, stock tract in it.
    Judge,
}

/// Builds bench binaries as they would be published. Returns the folder that holds theirs.
///
/// # Errors
/// As [`build_web`].
pub(crate) fn build_bench(contenders: Contenders) -> Result<PathBuf> {
    let binaries: &[Binary] = match contenders {
        Contenders::Compact => &COMPACT,
        Contenders::Stock => &STOCK,
        Contenders::Judge => &JUDGE,
    };
    for binary in binaries {
        step(&format!("building {}", binary.out));
        compile(binary, &built(binary.out))?;
    }
    Ok(built(""))
}

/// The built page.
pub(crate) fn dist() -> PathBuf {
    root().join("dist")
}

fn built(feature: &str) -> PathBuf {
    target_dir().join("web").join(feature)
}

fn compile(binary: &Binary, out: &Path) -> Result<()> {
    tools::wasm_target()?;
    let bindgen = tools::cargo_tool("wasm-bindgen-cli", "wasm-bindgen", &tools::locked_version("wasm-bindgen")?)?;
    let pack = tools::cargo_tool("wasm-pack", "wasm-pack", WASM_PACK)?;
    let mut command = Command::new(pack);
    command.current_dir(root()).args(["build", binary.folder, "--target", "web", "--mode", "no-install", "--no-pack", "--profile", "page"]);
    command.args(["--out-name", binary.name, "--out-dir"]).arg(out);
    if binary.feature == "shell" {
        // Its bytes come before the first prompt; nothing in it is a loop over pixels.
        command.env("CARGO_PROFILE_PAGE_OPT_LEVEL", "s");
    }
    // wasm-opt would be fetched from a third place; the compiler has optimised already.
    command.arg("--no-opt");
    command.args(["--", "--locked", "--quiet", "--package", binary.package, "--no-default-features", "--features", binary.feature]);
    // wasm-pack in no-install mode takes wasm-bindgen from the path, and the cargo that started us is the one to go on with.
    let mut folders = vec![bindgen.parent().context("wasm-bindgen has no folder")?.to_path_buf()];
    folders.extend(std::env::var_os("CARGO").and_then(|cargo| Path::new(&cargo).parent().map(Path::to_path_buf)));
    folders.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    let path = std::env::join_paths(folders).context("PATH holds a separator inside a folder's name")?;
    // A target folder of its own: native builds resolve features for the whole workspace, the page's only for itself.
    command.env("PATH", path).env("CARGO_TARGET_DIR", target_dir().join("wasm")).env("RUSTFLAGS", binary.rustflags);
    run(&mut command)?;
    let file = out.join(format!("{}_bg.wasm", binary.name));
    let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let bytes = wasm::without_names(&bytes).with_context(|| format!("{} is no wasm module", file.display()))?;
    fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))
}

/// Copies everything into a fresh `dist`.
fn assemble(dist: &Path) -> Result<()> {
    if dist.exists() {
        fs::remove_dir_all(dist).with_context(|| format!("cannot empty {}", dist.display()))?;
    }
    let (www, package) = (root().join("www"), dist.join("faceid"));
    copy_tree(&root().join("pkg-config"), &package)?;
    copy_tree(&www.join("lib"), &package.join("lib"))?;
    copy_tree(&www.join("element"), &package.join("element"))?;
    copy_tree(&www.join("inline"), &package.join("inline"))?;
    for name in ["LICENSE-APACHE", "LICENSE-MIT", "models/NOTICE"] {
        copy(&root().join(name), &package.join(name))?;
    }
    for name in ["en.js", "zh.js", "lookup.js"] {
        copy(&www.join("text").join(name), &package.join("text").join(name))?;
    }
    for binary in &BINARIES {
        for name in ["faceid_liveness.js", "faceid_liveness.d.ts", "faceid_liveness_bg.wasm", "faceid_liveness_bg.wasm.d.ts"] {
            copy(&built(binary.out).join(name), &package.join("lib").join(binary.out).join(name))?;
        }
    }
    for name in MODELS {
        let from = root().join("models").join(name);
        if !from.exists() {
            bail!("models/{name} is missing: run `cargo xtask models` first");
        }
        let to = package.join("models").join(name);
        copy(&from, &to)?;
        if name == LANDMARK {
            cut_for_the_page(&to)?;
        }
    }
    let version = env!("CARGO_PKG_VERSION");
    let build = std::env::var("FACEID_BUILD").unwrap_or_else(|_| "dev".to_owned());
    let text = format!(
        "/** Written by the build. */\nexport const NAME = 'faceid-liveness';\nexport const VERSION = '{version}';\nexport const BUILD = '{build}';\n"
    );
    fs::write(package.join("lib/version.js"), text).context("cannot write version.js")?;
    package::make_files(&package)?;
    for page in ["check", "h5"] {
        copy_tree(&www.join(page), &dist.join(page))?;
    }
    copy_tree(&www.join("demo"), dist)?;
    hint(&package, &dist.join("index.html"), "faceid")?;
    hint(&package, &dist.join("h5/index.html"), "../faceid")
}

/// Puts the lines that name what the page needs before the first prompt in the place of its mark.
fn hint(package: &Path, page: &Path, address: &str) -> Result<()> {
    const MARK: &str = "    <!-- hints -->\n";
    let lines = output(Command::new("node").arg(package.join("bin/faceid-liveness.mjs")).args(["hints", address]))?;
    let lines: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    let html = fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    ensure!(html.contains(MARK), "{} has no place for its hints", page.display());
    fs::write(page, html.replace(MARK, &lines)).with_context(|| format!("cannot write {}", page.display()))
}

/// Leaves the landmark network the landmarks that the page reads. An operator's own that is built otherwise stays whole: the page takes either.
fn cut_for_the_page(file: &Path) -> Result<()> {
    let list = root().join("crates/vision/src/page_landmarks.json");
    let kept: Vec<usize> = serde_json::from_str(&fs::read_to_string(&list).with_context(|| format!("cannot read {}", list.display()))?)?;
    let net = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    match cut(&net, LANDMARKS, &kept) {
        Ok(net) => fs::write(file, net).with_context(|| format!("cannot write {}", file.display())),
        Err(why) => {
            step(&format!("{LANDMARK} goes to the page whole: {why:#}"));
            Ok(())
        }
    }
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            copy(&entry.path(), &target)?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}
