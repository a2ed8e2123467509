//! The guides are part of the binary: a change of any of them builds it anew.

fn main() {
    println!("cargo:rerun-if-changed=../../guides");
}
