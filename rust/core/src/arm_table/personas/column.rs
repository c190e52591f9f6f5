//! The cells of one persona.
use hashbrown::HashTable;

use super::super::hot_set::{HotSet, Kept};
use super::super::order::key;

/// A cell without data, which a persona has if most arms have cells.
const EMPTY: i64 = i64::MIN;

/// The minimum number of cells in the hot set: fewer than in that of a table, because there are many columns.
const FEWEST_HOT: usize = 512;

/// The position of a cell in its column. The highest bit marks a position that is no longer live.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place(u32);

const ENDED: u32 = 1 << 31;

impl Place {
    #[inline(always)]
    pub fn index(self) -> usize {
        (self.0 & !ENDED) as usize
    }
}

impl Kept for Place {
    #[inline(always)]
    fn is_live(&self) -> bool {
        self.0 & ENDED == 0
    }

    fn end(&mut self) {
        self.0 |= ENDED;
    }
}

/// A persona's cells, in the order in which they came. A column is *full* if every live arm has a cell, which may be empty.
#[derive(Debug)]
pub(super) struct Column {
    places: HashTable<u32>,
    slots: Vec<u32>,
    codes: Vec<u16>,
    counts: Vec<(f64, f64)>,
    versions: Vec<i64>,
    pub hot_set: HotSet<Place>,
    /// The number of cells with a code.
    coded: usize,
    /// The number of cells of live arms that are not empty.
    pub filled: usize,
    pub full: bool,
}

#[inline]
fn hash(slot: usize) -> u64 {
    // The table uses the high bits for comparison and the low bits for the position.
    (slot as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32)
}

impl Column {
    pub fn new() -> Self {
        Self {
            places: HashTable::new(),
            slots: vec![],
            codes: vec![],
            counts: vec![],
            versions: vec![],
            hot_set: HotSet::of(FEWEST_HOT),
            coded: 0,
            filled: 0,
            full: false,
        }
    }

    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// The position of a slot's cell.
    #[inline]
    pub fn place(&self, slot: usize) -> Option<usize> {
        self.places.find(hash(slot), |&place| self.slots[place as usize] as usize == slot).map(|&place| place as usize)
    }

    pub fn slot(&self, place: usize) -> usize {
        self.slots[place] as usize
    }

    #[inline]
    pub fn code(&self, place: usize) -> u16 {
        self.codes[place]
    }

    #[inline]
    pub fn counts(&self, place: usize) -> (f64, f64) {
        self.counts[place]
    }

    pub fn version(&self, place: usize) -> i64 {
        self.versions[place]
    }

    pub fn is_empty_cell(&self, place: usize) -> bool {
        self.versions[place] == EMPTY
    }

    /// Adds an empty cell without a code, and returns its position.
    pub fn push(&mut self, slot: usize) -> usize {
        let place = self.slots.len();
        if place == self.slots.capacity() {
            // By a sixteenth, not by double, so that little memory is unused.
            let more = (place / 16).max(4);
            self.slots.reserve_exact(more);
            self.codes.reserve_exact(more);
            self.counts.reserve_exact(more);
            self.versions.reserve_exact(more);
        }
        self.slots.push(slot as u32);
        self.codes.push(0);
        self.counts.push((0.0, 0.0));
        self.versions.push(EMPTY);
        let slots = &self.slots;
        self.places.insert_unique(hash(slot), place as u32, |&place| hash(slots[place as usize] as usize));
        place
    }

    /// Writes the counts of a cell. Its place in the order stays.
    pub fn write(&mut self, place: usize, counts: (f64, f64), version: i64) {
        self.counts[place] = counts;
        self.versions[place] = version;
    }

    /// Updates a cell's place in the order: its code, and its arm's impressions, which were `before`.
    pub fn set_code(&mut self, place: usize, code: u16, impressions: &[i64], before: i64) {
        let slot = self.slot(place);
        let old = std::mem::replace(&mut self.codes[place], code);
        self.coded = self.coded + usize::from(code > 0) - usize::from(old > 0);
        let (old, new) = (key(old, before, slot), key(code, impressions[slot], slot));
        if old == new && code == 0 {
            return;
        }
        if self.hot_set.set(old, new, Place(place as u32), self.coded) {
            self.rebuild(impressions);
        }
    }

    /// Sets the codes of all cells.
    pub fn set_all_codes(&mut self, impressions: &[i64], code: impl Fn(usize, (f64, f64)) -> u16) {
        self.coded = 0;
        for (place, &slot) in self.slots.iter().enumerate() {
            self.codes[place] = code(slot as usize, self.counts[place]);
            self.coded += usize::from(self.codes[place] > 0);
        }
        self.rebuild(impressions);
    }

    /// Removes the empty cells.
    pub fn drop_empty(&mut self, impressions: &[i64]) {
        let old = std::mem::replace(self, Self { filled: self.filled, ..Self::new() });
        for place in (0..old.len()).filter(|&place| !old.is_empty_cell(place)) {
            let new = self.push(old.slot(place));
            self.write(new, old.counts(place), old.version(place));
            self.codes[new] = old.code(place);
            self.coded += usize::from(old.code(place) > 0);
        }
        self.rebuild(impressions);
    }

    fn rebuild(&mut self, impressions: &[i64]) {
        let mut hot_set = std::mem::replace(&mut self.hot_set, HotSet::of(FEWEST_HOT));
        let codes = self.slots.iter().zip(&self.codes).map(|(&slot, &code)| (slot as usize, code));
        let place = |slot| Place(self.place(slot).unwrap_or(0) as u32);
        hot_set.rebuild(self.coded, impressions, codes.filter(|&(_, code)| code > 0), place);
        self.hot_set = hot_set;
    }

    /// Calls `visit` with the slot and code of each cell with a code above `cut` and below `end`.
    pub fn visit_above(&self, cut: u16, end: u16, mut visit: impl FnMut(usize, u16)) {
        for (&slot, &code) in self.slots.iter().zip(&self.codes) {
            if code > cut && code < end {
                visit(slot as usize, code);
            }
        }
    }

    pub fn nbytes(&self) -> usize {
        self.places.allocation_size()
            + 4 * self.slots.capacity()
            + 2 * self.codes.capacity()
            + 16 * self.counts.capacity()
            + 8 * self.versions.capacity()
            + self.hot_set.nbytes()
    }
}
