//! Lists the files of the catalog, so that they are built into the program.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Folders whose `.toml` files are built in; folders inside them are not.
const FOLDERS: [&str; 2] = ["aws", "data"];

#[expect(clippy::print_stdout, reason = "this is how a build script talks to cargo")]
fn main() -> io::Result<()> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut list = String::from("&[\n");
    for folder in FOLDERS {
        println!("cargo:rerun-if-changed={folder}");
        for file in toml_files(&home.join(folder))? {
            let name = file.file_name().map(OsStr::to_string_lossy).unwrap_or_default();
            writeln!(list, "({:?}, include_bytes!({file:?})),", format!("{folder}/{name}"))
                .map_err(io::Error::other)?;
        }
    }
    list.push(']');
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("files.rs"), list)
}

fn toml_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for found in fs::read_dir(folder)? {
        let file = found?.path();
        if file.extension() == Some(OsStr::new("toml")) {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}
