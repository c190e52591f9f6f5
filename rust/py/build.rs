//! Reads the docstrings from the stubs, so that `help()` and editors show the same text.
use std::path::Path;
use std::{env, fs};

const STUBS: &str = "../../python/armful/_core";

fn main() {
    println!("cargo:rerun-if-changed={STUBS}");
    println!("cargo:rerun-if-changed=build.rs");
    let folder = env::var("OUT_DIR").expect("cargo sets it");
    for stub in fs::read_dir(STUBS).unwrap_or_else(|error| panic!("{STUBS}: {error}")) {
        let path = stub.expect("the folder can be read").path();
        if path.extension().is_some_and(|extension| extension == "pyi") {
            let stub = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            write_docstrings(&stub, Path::new(&folder));
        }
    }
}

/// Writes each docstring of a stub to a file of its function's, class's or method's name.
fn write_docstrings(stub: &str, folder: &Path) {
    let mut class = String::new();
    let mut name = None;
    let mut lines = stub.lines();
    while let Some(line) = lines.next() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        if let Some(rest) = code.strip_prefix("class ") {
            class = format!("{}.", identifier(rest));
            name = Some((identifier(rest).to_owned(), indent + 4));
        } else if let Some(rest) = code.strip_prefix("def ") {
            let owner = if indent > 0 { class.as_str() } else { "" };
            name = (!code.ends_with("...")).then(|| (format!("{owner}{}", identifier(rest)), indent + 4));
        } else if let Some(rest) = code.strip_prefix("\"\"\"") {
            let Some((name, margin)) = name.take() else { continue };
            let mut text = rest.to_owned();
            while !text.ends_with("\"\"\"") {
                let line = lines.next().expect("a docstring ends");
                text.push('\n');
                text.push_str(line.get(margin..).unwrap_or_default());
            }
            let text = text.trim_end_matches('"').trim_end();
            fs::write(folder.join(name), text).expect("cargo's folder can be written");
        }
    }
}

fn identifier(code: &str) -> &str {
    code.split(|character: char| !character.is_alphanumeric() && character != '_').next().unwrap_or_default()
}
