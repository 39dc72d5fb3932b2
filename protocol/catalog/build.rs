//! Lists the files of the catalog, so that they are built into the program.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Folders whose `.toml` files are built in; folders inside them are not.
const FOLDERS: [&str; 2] = ["aws", "data"];

/// The folder of fixtures, of which only the names are built in.
const FIXTURES: &str = "aws/fixtures";

fn main() -> io::Result<()> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut list = String::from("&[\n");
    for folder in FOLDERS {
        println!("cargo:rerun-if-changed={folder}");
        for file in files(&home.join(folder), "toml")? {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            writeln!(list, "({:?}, include_bytes!({file:?})),", format!("{folder}/{name}"))
                .map_err(io::Error::other)?;
        }
    }
    list.push(']');
    let fixtures: Vec<_> = files(&home.join(FIXTURES), "json")?
        .iter()
        .map(|file| file.file_stem().unwrap_or_default().to_string_lossy().into_owned())
        .collect();
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    let out = Path::new(&out);
    fs::write(out.join("fixtures.rs"), format!("&{fixtures:?}"))?;
    fs::write(out.join("files.rs"), list)
}

fn files(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for found in fs::read_dir(folder)? {
        let file = found?.path();
        if file.extension() == Some(OsStr::new(extension)) {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}
