//! The guides are part of the binary: a change of any of them builds it anew. Lines of backtraces are most of the rest;
//! the linker packs them, and a backtrace unpacks them.

#![expect(clippy::disallowed_methods, reason = "cargo tells a build script what is built in its environment")]

fn main() {
    println!("cargo:rerun-if-changed=../../guides");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|own| own == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("PROFILE", "release") {
        println!("cargo:rustc-link-arg-bins=-Wl,--compress-debug-sections=zlib");
    }
}
