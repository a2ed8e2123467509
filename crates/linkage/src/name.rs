//! Names as people write them: traditional and variant forms, homophones, characters that look alike, characters that no
//! keyboard had, and names of several parts.

use std::collections::HashMap;
use std::sync::LazyLock;

use base::tidy;
use pinyin::ToPinyinMulti;

/// Characters that are taken one for another, each line a group.
const ALIKE: &str = include_str!("../../../reference/names/alike.txt");

static GROUPS: LazyLock<HashMap<char, Vec<usize>>> = LazyLock::new(|| {
    let mut groups: HashMap<char, Vec<usize>> = HashMap::new();
    let lines = ALIKE.lines().filter(|line| !line.starts_with('#'));
    for (group, line) in lines.enumerate() {
        line.chars().filter(|c| !c.is_whitespace()).for_each(|c| groups.entry(c).or_default().push(group));
    }
    groups
});

/// Dots between the parts of a name.
const DOTS: [char; 9] = ['·', '•', '・', '．', '.', '‧', '﹒', '∙', '●'];

/// What stands where a character could not be written.
const HOLES: [char; 8] = ['?', '？', '□', '■', '〓', '*', '＊', '�'];

/// How alike two names are, the likest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Likeness {
    Same,
    /// The same once blanks, dots and old forms of characters are left aside.
    Forms,
    /// A character that could not be written is left open, or written by its sound.
    Hole,
    /// Every character that differs sounds the same.
    Sound,
    /// Every character that differs looks much the same.
    Look,
    /// A part is missing: one name is the beginning of the other, at a dot.
    Part,
    /// One character of three or more is another, is missing or is one too many.
    OneOff,
    Different,
}

/// A name in the form in which it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    written: String,
    /// Simplified, without blanks and dots.
    plain: Vec<char>,
    /// Where parts end in it.
    parts: Vec<usize>,
}

impl Name {
    pub fn new(written: &str) -> Self {
        let written = tidy(written);
        let simple = fast2s::convert(&written);
        let (mut plain, mut parts) = (Vec::new(), Vec::new());
        for c in simple.chars() {
            match c {
                _ if DOTS.contains(&c) => parts.push(plain.len()),
                _ if c.is_whitespace() => {}
                _ => plain.extend(c.to_lowercase()),
            }
        }
        parts.retain(|at| *at > 0 && *at < plain.len());
        Self { written, plain, parts }
    }

    /// As it was written.
    pub fn written(&self) -> &str {
        &self.written
    }

    pub fn is_empty(&self) -> bool {
        self.plain.is_empty()
    }

    /// How alike two names are; the same both ways.
    pub fn likeness(&self, other: &Self) -> Likeness {
        if self.is_empty() || other.is_empty() {
            return Likeness::Different;
        }
        if self.written == other.written {
            return Likeness::Same;
        }
        if self.plain == other.plain {
            return Likeness::Forms;
        }
        let (a, b) = (&*self.plain, &*other.plain);
        let holes = |a: &[char], b: &[char]| fits(a, b) || fits(b, a);
        if holes(a, b) {
            return Likeness::Hole;
        }
        if a.len() == b.len() {
            let differ: Vec<(char, char)> = a.iter().copied().zip(b.iter().copied()).filter(|(a, b)| a != b).collect();
            // A name of which nothing is the same is another one, however it sounds.
            if differ.len() < a.len() {
                if differ.iter().all(|(a, b)| sound_alike(*a, *b)) {
                    return Likeness::Sound;
                }
                if differ.iter().all(|(a, b)| sound_alike(*a, *b) || look_alike(*a, *b)) {
                    return Likeness::Look;
                }
            }
        }
        let begins =
            |long: &Self, short: &Self| long.parts.contains(&short.plain.len()) && long.plain.starts_with(&short.plain);
        if begins(self, other) || begins(other, self) {
            return Likeness::Part;
        }
        if a.len().max(b.len()) >= 3 && one_off(a, b) { Likeness::OneOff } else { Likeness::Different }
    }
}

/// Whether a name fits one in which characters are left open: a hole for any character, letters for how one sounds.
fn fits(open: &[char], name: &[char]) -> bool {
    let is_open = open.iter().any(|c| HOLES.contains(c)) || open.iter().any(char::is_ascii_alphabetic);
    let known = open.iter().filter(|c| !HOLES.contains(c) && !c.is_ascii_alphabetic()).count();
    is_open && known > 0 && fit(open, name)
}

fn fit(open: &[char], name: &[char]) -> bool {
    match (open, name) {
        ([], []) => true,
        ([first, rest @ ..], [own, others @ ..]) if first == own || HOLES.contains(first) => fit(rest, others),
        ([first, ..], [own, others @ ..]) if first.is_ascii_alphabetic() => sounds(*own).into_iter().any(|sound| {
            let letters: Vec<char> = sound.chars().collect();
            open.starts_with(&letters) && fit(&open[letters.len()..], others)
        }),
        _ => false,
    }
}

/// How a character may sound, without tones; `ü` is written `v`.
fn sounds(c: char) -> Vec<String> {
    let Some(all) = c.to_pinyin_multi() else { return Vec::new() };
    let mut found: Vec<String> = all.into_iter().map(|sound| sound.plain().replace('ü', "v")).collect();
    found.dedup();
    found
}

/// Sounds that many do not tell apart: the flat and the curled, n and l, the endings with and without g.
fn loose(sound: &str) -> String {
    let sound = sound.replace("zh", "z").replace("ch", "c").replace("sh", "s");
    let ended = ["ang", "eng", "ing"].iter().any(|ending| sound.ends_with(ending));
    if ended { sound[..sound.len() - 1].to_owned() } else { sound }
}

fn sound_alike(a: char, b: char) -> bool {
    let (a, b) = (sounds(a), sounds(b));
    a.iter().any(|one| b.iter().any(|other| loose(one) == loose(other)))
}

fn look_alike(a: char, b: char) -> bool {
    let group = |c: char| GROUPS.get(&c).map_or(&[][..], Vec::as_slice);
    group(a).iter().any(|one| group(b).contains(one))
}

/// Whether one character is another, missing, or one too many.
fn one_off(a: &[char], b: &[char]) -> bool {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let ends = |a: &[char], b: &[char]| a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (long, short) = (a.len().max(b.len()), a.len().min(b.len()));
    long - short <= 1 && same + ends(&a[same..], &b[same..]) + 1 >= long
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_as_alike_as_people_find_them() {
        use Likeness::*;
        let cases = [
            ("李建国", "李建国", Same),
            ("李建國", "李建国", Forms),
            ("买买提·吐尔逊", "买买提•吐尔逊", Forms),
            ("买买提·吐尔逊", "买买提 吐尔逊", Forms),
            ("王喆", "王?", Hole),
            ("王□国", "王喆国", Hole),
            ("王zhe国", "王喆国", Hole),
            ("吕秀英", "LV秀英", Hole),
            ("张红梅", "张洪梅", Sound),
            ("陈志强", "陈自强", Sound),
            ("王己生", "王已生", Look),
            ("刘未", "刘末", Look),
            ("买买提·吐尔逊·阿不都", "买买提·吐尔逊", Part),
            ("王小明明", "王小明", OneOff),
            ("欧阳建国", "欧阳建华", OneOff),
            ("王伟", "李伟", Different),
            ("王伟", "王刚", Different),
            ("张三", "章散", Different),
            ("", "张三", Different),
            ("??", "张三", Different),
        ];
        for (a, b, wanted) in cases {
            let (first, second) = (Name::new(a), Name::new(b));
            assert_eq!(first.likeness(&second), wanted, "{a} {b}");
            assert_eq!(second.likeness(&first), wanted, "{b} {a}");
        }
    }

    #[test]
    fn every_group_has_characters_that_differ() {
        for line in ALIKE.lines().filter(|line| !line.starts_with('#')) {
            let group: Vec<char> = line.chars().filter(|c| !c.is_whitespace()).collect();
            assert!(group.len() >= 2, "{line}");
            assert!(group.iter().all(|c| group.iter().filter(|other| *other == c).count() == 1), "{line}");
        }
    }

    proptest! {
        #[test]
        fn likeness_is_the_same_both_ways(a in "[一-龥·?a-z]{0,8}", b in "[一-龥·?a-z]{0,8}", wild in "\\PC*") {
            let (first, second, third) = (Name::new(&a), Name::new(&b), Name::new(&wild));
            prop_assert_eq!(first.likeness(&second), second.likeness(&first));
            prop_assert_eq!(first.likeness(&third), third.likeness(&first));
            if !first.is_empty() {
                prop_assert_eq!(first.likeness(&first), Likeness::Same);
            }
        }
    }
}
