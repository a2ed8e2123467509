//! Slows down guessing: after five wrong answers to one question, a quarter of an hour's pause.

use std::collections::HashMap;
use std::sync::Mutex;

use base::DateTime;

const TRIES: u32 = 5;
const PAUSE_MINUTES: i64 = 15;
/// More questions than that at once are an attack; the oldest are forgotten.
const KEPT: usize = 10_000;

#[derive(Default)]
pub struct Throttle {
    wrong: Mutex<HashMap<String, (u32, DateTime)>>,
}

impl Throttle {
    /// Whether another answer to `question` (an account, a receipt number) is heard now.
    pub fn open(&self, question: &str, now: DateTime) -> bool {
        let wrong = self.lock();
        wrong.get(question).is_none_or(|(tries, last)| *tries < TRIES || over(*last, now))
    }

    pub fn wrong(&self, question: &str, now: DateTime) {
        let mut wrong = self.lock();
        if wrong.len() >= KEPT {
            wrong.retain(|_, (_, last)| !over(*last, now));
        }
        if wrong.len() >= KEPT {
            wrong.clear();
        }
        let entry = wrong.entry(question.to_owned()).or_insert((0, now));
        if over(entry.1, now) {
            entry.0 = 0;
        }
        *entry = (entry.0.saturating_add(1), now);
    }

    pub fn right(&self, question: &str) {
        self.lock().remove(question);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (u32, DateTime)>> {
        // A panic cannot leave the counts half changed.
        self.wrong.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn over(last: DateTime, now: DateTime) -> bool {
    now.duration_since(last).as_mins() >= PAUSE_MINUTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_wrong_answers_close_a_question_for_a_while() {
        let throttle = Throttle::default();
        let at = |minute| base::Date::constant(2026, 3, 2).at(9, minute, 0, 0);
        for _ in 0..5 {
            assert!(throttle.open("甲", at(0)));
            throttle.wrong("甲", at(0));
        }
        assert!(!throttle.open("甲", at(14)) && throttle.open("乙", at(14)));
        assert!(throttle.open("甲", at(15)));
        throttle.wrong("甲", at(15));
        assert!(throttle.open("甲", at(15)));
        throttle.right("甲");
        assert!(throttle.open("甲", at(15)));
    }
}
