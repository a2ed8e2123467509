//! The attachments of the demo county: a stock of pictures that cases draw from.

use std::sync::Arc;

use casework::File;
use guide::Guide;
use store::{Stop, Store};

use super::dice::Dice;
use super::photo;

/// Pictures already kept by the store.
pub struct Album {
    houses: Vec<File>,
    papers: Vec<File>,
}

/// Every picture costs the disk a few milliseconds, and a reader tells no more of them apart.
const HOUSES: usize = 40;
const PAPERS: usize = 16;

impl Album {
    pub fn put(store: &Store, dice: &mut Dice) -> Result<Self, Stop> {
        let mut keep = |count: usize, draw: fn(&mut Dice) -> Vec<u8>| {
            (0..count).map(|_| store.put_file(&draw(dice), "图片.png")).collect::<Result<Vec<File>, Stop>>()
        };
        Ok(Self { houses: keep(HOUSES, photo::house)?, papers: keep(PAPERS, photo::paper)? })
    }

    /// What the step requires of officers, each named after the material.
    pub fn materials(&self, guide: &Guide, step: &str, dice: &mut Dice) -> Vec<(Arc<str>, File)> {
        let wanted = guide.materials.iter().filter(|m| &*m.step == step && m.required && !m.obtainable);
        let attach = |material: &guide::Material| {
            let stock = if material.name.contains("照片") { &self.houses } else { &self.papers };
            let file = stock[dice.below(stock.len() as u32) as usize].clone();
            (material.name.clone(), File { name: format!("{}.png", material.name), ..file })
        };
        wanted.map(attach).collect()
    }
}
