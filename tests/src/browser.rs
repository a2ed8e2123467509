//! What a visitor can do, in process or in a real Chromium.

/// A window on the bureau. Everything fails by panicking with the page that was seen: a test has no other way out.
pub trait Browser {
    /// Goes to an address of the bureau, for example `/desk`.
    fn open(&mut self, path: &str);

    /// The address of the page that is shown, without host.
    fn path(&mut self) -> String;

    /// The words of the page as a reader sees them, blanks made one.
    fn text(&mut self) -> String;

    /// The words of what the page raises the alarm about (`role="alert"`); empty when there is nothing.
    fn alert(&mut self) -> String;

    /// Names of all controls of the page.
    fn names(&mut self) -> Vec<String>;

    /// Whether a choice can be made: the radio button is there and not disabled.
    fn may_choose(&mut self, name: &str, value: &str) -> bool;

    /// Enters a value into every control of that name: text, choices (joined by `、`), a date, a file by its path.
    fn fill(&mut self, name: &str, value: &str);

    /// Sends the page's command: presses the button of the form that carries a key.
    fn submit(&mut self);

    /// Presses the first submit button whose words contain `words`.
    fn press(&mut self, words: &str);

    /// Presses the submit button with that name and value.
    fn press_named(&mut self, name: &str, value: &str);

    /// Addresses of all links of the page, without host.
    fn links(&mut self) -> Vec<String>;

    /// Forgets who one is: a new visitor.
    fn forget(&mut self);
}

/// Makes every run of blanks one.
pub fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
