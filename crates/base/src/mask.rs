//! Personal data as it may be shown: the same masking on pages, in exports, logs and errors.

/// `张三丰` → `张*丰`, `张三` → `张*`; longer names keep the first and the last character.
pub fn mask_name(name: &str) -> String {
    let name = name.trim();
    match name.chars().count() {
        0 => String::new(),
        1 => "*".to_owned(),
        2 => keep(name, 1, 0),
        _ => keep(name, 1, 1),
    }
}

/// `13812345678` → `138****5678`; a number shorter than a mobile number keeps only its last two digits.
pub fn mask_phone(phone: &str) -> String {
    let phone = phone.trim();
    match phone.chars().count() {
        0..=4 => keep(phone, 0, 0),
        5..=10 => keep(phone, 0, 2),
        _ => keep(phone, 3, 4),
    }
}

/// A bank account keeps four digits at either end; one too short for that keeps nothing.
pub fn mask_account(account: &str) -> String {
    let account = account.trim();
    if account.chars().count() < 12 { keep(account, 0, 0) } else { keep(account, 4, 4) }
}

/// Keeps `head` and `tail` characters and replaces each one between with a star.
pub(crate) fn keep(text: &str, head: usize, tail: usize) -> String {
    let length = text.chars().count();
    text.chars().enumerate().map(|(i, c)| if i < head || i + tail >= length { c } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let shown = ["", "张", "张三", "张小三", "欧阳小三", " 张三 ", "阿·买"].map(mask_name);
        assert_eq!(shown, ["", "*", "张*", "张*三", "欧**三", "张*", "阿*买"]);
    }

    #[test]
    fn phones_and_accounts() {
        assert_eq!(mask_phone("13812345678"), "138****5678");
        assert_eq!(mask_phone("66312345"), "******45");
        assert_eq!(mask_phone("110"), "***");
        assert_eq!(mask_account("6217000012341234"), "6217********1234");
        assert_eq!(mask_account("12345678"), "********");
    }
}
