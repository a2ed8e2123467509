fn main() {
    println!("minzheng {}", env!("CARGO_PKG_VERSION"));
}
