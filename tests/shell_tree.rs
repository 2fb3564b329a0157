//! The main-thread binary stays light: no inference engine in its tree.

use std::process::Command;

/// Crates of the root package's normal dependencies for the page, with one feature.
fn tree(feature: &str) -> Vec<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let out = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "tree",
            "--locked",
            "--package",
            "faceid-liveness",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--target",
            "wasm32-unknown-unknown",
        ])
        .args(["--features", feature])
        .output()
        .expect("cargo starts");
    assert!(out.status.success(), "cargo tree: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn the_shell_holds_no_inference_engine_and_no_image_codec() {
    let shell = tree("shell");
    assert!(shell.iter().any(|name| name == "faceid-session"), "this is the shell's tree: {shell:?}");
    let heavy: Vec<_> = shell.iter().filter(|name| name.starts_with("tract") || *name == "image").collect();
    assert!(heavy.is_empty(), "{heavy:?}");
}

#[test]
fn the_engine_holds_a_codec_and_its_own_networks_only() {
    let engine = tree("engine");
    assert!(engine.iter().any(|name| name == "image"), "the test above can see it: {engine:?}");
    let heavy: Vec<_> = engine.iter().filter(|name| name.starts_with("tract")).collect();
    assert!(heavy.is_empty(), "the page runs compact networks: {heavy:?}");
}
