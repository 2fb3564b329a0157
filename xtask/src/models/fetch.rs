//! Pinned npm packages: got through the npm client, checked, read in memory.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::read::GzDecoder;
use serde::Deserialize;
use sha2::{Digest, Sha512};

use super::manifest::Package;
use crate::process::MissingTool;

/// Largest file we take out of a package; the biggest one we need has 6.4 MB.
const MAX_ENTRY: u64 = 64 << 20;

/// The verified tarball of a package, from the cache or through `npm pack`.
pub(crate) fn tarball(package: &Package, cache: &Path) -> Result<Vec<u8>> {
    let path = cache.join(tarball_name(package));
    if let Ok(bytes) = fs::read(&path)
        && matches_integrity(&bytes, &package.integrity)?
    {
        return Ok(bytes);
    }
    println!("models: npm pack {}@{}", package.name, package.version);
    fs::create_dir_all(cache).with_context(|| format!("create {}", cache.display()))?;
    npm_pack(package, cache)?;
    let bytes = fs::read(&path).with_context(|| format!("npm pack left no {}", path.display()))?;
    ensure!(
        matches_integrity(&bytes, &package.integrity)?,
        "{}@{}: the tarball does not match the integrity in models/manifest.toml; \
         the registry or a proxy served other bytes, nothing was used",
        package.name,
        package.version
    );
    Ok(bytes)
}

/// `npm pack` names scoped packages `scope-name-version.tgz`.
fn tarball_name(package: &Package) -> PathBuf {
    let name = package.name.trim_start_matches('@').replace('/', "-");
    PathBuf::from(format!("{name}-{}.tgz", package.version))
}

fn npm_pack(package: &Package, cache: &Path) -> Result<()> {
    let spec = format!("{}@{}", package.name, package.version);
    let output = Command::new("npm")
        .args(["pack", &spec, "--silent", "--ignore-scripts", "--pack-destination", "."])
        .current_dir(cache)
        .stdin(Stdio::null())
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(MissingTool(
                "npm was not found: install Node.js 20 or later (apt-get install nodejs npm) and run the command again".to_owned(),
            )
            .into());
        }
        Err(error) => return Err(error).context("start npm"),
    };
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        bail!("npm pack {spec} failed ({}): {}", output.status, message.trim());
    }
    Ok(())
}

/// Compares bytes with an npm integrity string (`sha512-` and base64).
pub(crate) fn matches_integrity(bytes: &[u8], integrity: &str) -> Result<bool> {
    let digest = integrity
        .strip_prefix("sha512-")
        .and_then(|text| BASE64_STANDARD.decode(text).ok())
        .filter(|digest| digest.len() == 64)
        .with_context(|| format!("{integrity:?} is not a sha512 integrity string"))?;
    Ok(Sha512::digest(bytes).as_slice() == digest)
}

/// Takes the named files (paths below `package/`) out of a gzipped tarball.
pub(crate) fn files(tarball: &[u8], wanted: &[&str]) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut archive = tar::Archive::new(GzDecoder::new(tarball));
    for entry in archive.entries().context("read tarball")? {
        let entry = entry.context("read tarball entry")?;
        let path = entry.path()?.to_string_lossy().into_owned();
        let Some(path) = path.strip_prefix("package/").filter(|p| wanted.contains(p)) else {
            continue;
        };
        ensure!(entry.size() <= MAX_ENTRY, "{path} is larger than expected");
        let path = path.to_owned();
        let mut bytes = Vec::new();
        entry.take(MAX_ENTRY).read_to_end(&mut bytes)?;
        found.insert(path, bytes);
    }
    for path in wanted {
        ensure!(found.contains_key(*path), "the package has no file {path}");
    }
    Ok(found)
}

#[derive(Debug, Deserialize)]
struct AssetIndex {
    files: Vec<Asset>,
}

#[derive(Debug, Deserialize)]
struct Asset {
    filename: String,
    start: usize,
    end: usize,
}

/// Cuts one file out of a packed assets file; its offsets are a JSON literal in the loader script.
pub(crate) fn packed_asset<'a>(data: &'a [u8], loader: &str, name: &str) -> Result<&'a [u8]> {
    let literal =
        loader.find("loadPackage({").map(|at| &loader[at + "loadPackage(".len()..]).context("the loader script has no asset list")?;
    let index = serde_json::Deserializer::from_str(literal)
        .into_iter::<AssetIndex>()
        .next()
        .context("the loader's asset list is empty")?
        .context("the loader's asset list")?;
    let suffix = format!("/{name}");
    let asset =
        index.files.iter().find(|f| f.filename.ends_with(&suffix)).with_context(|| format!("{name} is not among the packed assets"))?;
    data.get(asset.start..asset.end).with_context(|| format!("{name}: offsets lie outside the packed assets"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrity_is_compared() {
        // sha512 of no bytes
        let empty = "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";
        assert!(matches_integrity(b"", empty).unwrap());
        assert!(!matches_integrity(b"x", empty).unwrap());
        for bad in ["", "sha512-", "sha512-AAAA", "sha1-z4PhNX7vuL3xVChQ1m2AB9Yg5AU="] {
            assert!(matches_integrity(b"", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn packed_assets_are_cut_by_the_loaders_list() {
        let loader = r#"x(); loadPackage({"files": [{"filename": "/a/one.bin", "start": 0, "end": 2},
            {"filename": "/a/two.bin", "start": 2, "end": 9}], "size": 9}); y();"#;
        assert_eq!(packed_asset(b"abcdefghi", loader, "two.bin").unwrap(), b"cdefghi");
        assert!(packed_asset(b"abc", loader, "two.bin").is_err(), "beyond the end");
        assert!(packed_asset(b"abc", loader, "three.bin").is_err(), "unknown");
        assert!(packed_asset(b"abc", "loadPackage(", "two.bin").is_err(), "no list");
    }

    #[test]
    fn wanted_files_come_out_of_a_tarball() {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, content) in [("package/a.txt", "one"), ("package/dir/b.txt", "two")] {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, path, content.as_bytes()).unwrap();
        }
        let plain = builder.into_inner().unwrap();
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gz, &plain).unwrap();
        let tarball = gz.finish().unwrap();
        let found = files(&tarball, &["dir/b.txt"]).unwrap();
        assert_eq!(found["dir/b.txt"], b"two");
        assert!(files(&tarball, &["c.txt"]).is_err());
        assert!(files(&tarball[..20], &["dir/b.txt"]).is_err());
    }
}
