//! The arms with the highest codes, in the order in which they are considered, so that a selection reads little else.
//!
//! The hot set is the beginning of that order: all arms whose code is at least a certain code. Its size depends on past
//! changes. It only saves time; the order of the arms is the same without it.
use std::slice::Iter;

use super::order::{code_of, key, slot_of, Key, Side};
use super::pairs::SetNumber;

/// What a hot set keeps about an arm.
pub(crate) trait Kept: Copy {
    /// Whether the arm still has this code. If not, the next merge removes the entry.
    fn is_live(&self) -> bool;

    /// Marks that the arm no longer has this code.
    fn end(&mut self);
}

/// The data that a selection needs about an arm, copied from the table's columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub alpha: f64,
    pub beta: f64,
    pub impressions: i64,
    pub set: SetNumber,
    /// Whether the arm still has this code.
    pub live: bool,
}

impl Kept for Entry {
    #[inline(always)]
    fn is_live(&self) -> bool {
        self.live
    }

    fn end(&mut self) {
        self.live = false;
    }
}

/// The usual minimum number of arms, or one in `ARMS_AN_ENTRY` of the table if that is more.
const FEWEST: usize = 1_024;
const ARMS_AN_ENTRY: usize = 32;

/// The hot set may be rebuilt after the codes of one in this many arms have changed.
const CHANGES_A_REMAKING: usize = 16;

#[derive(Debug)]
pub(crate) struct HotSet<E> {
    /// The minimum number of arms.
    fewest: usize,
    /// The hot set contains exactly the arms with this code or a higher one.
    least: u16,
    settled: Run<E>,
    /// The entries since the last merge. They are few, so that sorted insertion is cheap.
    recent: Run<E>,
    /// The number of settled entries that are not live.
    dead: usize,
    /// The number of codes that changed since the hot set was last rebuilt.
    changes: usize,
}

/// Entries in ascending order of their keys.
#[derive(Debug)]
struct Run<E> {
    keys: Vec<Key>,
    entries: Vec<E>,
}

impl<E: Kept> HotSet<E> {
    pub fn new() -> Self {
        Self::of(FEWEST)
    }

    /// An empty hot set that will have at least `fewest` arms, if there are as many.
    pub fn of(fewest: usize) -> Self {
        Self { fewest, least: 1, settled: Run::new(), recent: Run::new(), dead: 0, changes: 0 }
    }

    /// Whether the hot set contains all arms.
    pub fn is_complete(&self) -> bool {
        self.least <= 1
    }

    /// The smallest code of the hot set.
    pub fn least(&self) -> u16 {
        self.least
    }

    /// A walk from the beginning of the order. It includes entries that are not live.
    pub fn walk(&self) -> Walk<'_, E> {
        Walk { settled: self.settled.ahead(), recent: self.recent.ahead() }
    }

    /// The entries from the beginning of the order, including those that are not live.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &E)> {
        let mut walk = self.walk();
        std::iter::from_fn(move || walk.next())
    }

    /// Updates an arm whose key changes from `old` to `new`. The code 0 in a key means that the arm cannot be selected.
    ///
    /// `arms` is the number of arms that can be selected. Returns whether the hot set is now so small that it should be
    /// rebuilt.
    pub fn set(&mut self, old: Key, new: Key, entry: E, arms: usize) -> bool {
        self.changes += usize::from(old != new);
        if code_of(old) >= self.least && self.replace(old, (old == new).then_some(entry)) {
            return false;
        }
        if code_of(new) >= self.least {
            self.recent.insert(new, entry);
        }
        let enough = self.fewest.max(arms / ARMS_AN_ENTRY);
        if self.recent.keys.len() + self.dead > 64 + self.settled.keys.len() / 64 {
            self.merge(enough);
        }
        !self.is_complete() && self.len() < enough / 2 && self.changes > enough.max(arms / CHANGES_A_REMAKING)
    }

    /// Rebuilds the hot set from all arms that can be selected, which come in ascending order of their slots.
    pub fn rebuild(
        &mut self,
        arms: usize,
        impressions: &[i64],
        codes: impl Iterator<Item = (usize, u16)> + Clone,
        entry: impl Fn(usize) -> E,
    ) {
        let mut counts = vec![0u32; usize::from(u16::MAX) + 1];
        codes.clone().for_each(|(_, code)| counts[usize::from(code)] += 1);
        let enough = self.fewest.max(arms / ARMS_AN_ENTRY);
        let (mut held, mut least) = (0, 1);
        for code in (1..=u16::MAX).rev() {
            let more = counts[usize::from(code)] as usize;
            if held + more > 2 * enough {
                least = code + 1;
                break;
            }
            held += more;
            if held >= enough {
                least = code;
                break;
            }
        }
        let held = codes.filter(|&(_, code)| code >= least);
        let mut keys: Vec<Key> = held.map(|(slot, code)| key(code, impressions[slot], slot)).collect();
        keys.sort_unstable();
        let entries = keys.iter().map(|&key| entry(slot_of(key))).collect();
        *self = Self { least, settled: Run { keys, entries }, ..Self::of(self.fewest) };
    }

    fn len(&self) -> usize {
        self.settled.keys.len() - self.dead + self.recent.keys.len()
    }

    /// Replaces the live entry under `key` by `entry`, or removes it. Returns whether `entry` is there now.
    fn replace(&mut self, key: Key, entry: Option<E>) -> bool {
        if let Ok(place) = self.settled.keys.binary_search(&key) {
            let held = &mut self.settled.entries[place];
            if held.is_live() {
                match entry {
                    Some(entry) => *held = entry,
                    None => {
                        held.end();
                        self.dead += 1;
                    }
                }
                return entry.is_some();
            }
        }
        if let Ok(place) = self.recent.keys.binary_search(&key) {
            match entry {
                Some(entry) => self.recent.entries[place] = entry,
                None => {
                    self.recent.keys.remove(place);
                    self.recent.entries.remove(place);
                }
            }
        }
        entry.is_some()
    }

    /// Merges the recent entries, removes those that are not live, and shortens the hot set if it is far longer than
    /// necessary.
    fn merge(&mut self, enough: usize) {
        let length = self.len();
        let mut merged = Run { keys: Vec::with_capacity(length), entries: Vec::with_capacity(length) };
        for (key, entry) in self.iter().filter(|(_, entry)| entry.is_live()) {
            merged.keys.push(key);
            merged.entries.push(*entry);
        }
        if length > 2 * enough {
            let mut least = code_of(merged.keys[enough - 1]);
            let mut end = merged.keys.partition_point(|&key| code_of(key) >= least);
            if end > 2 * enough {
                least += 1;
                end = merged.keys.partition_point(|&key| code_of(key) >= least);
            }
            merged.keys.truncate(end);
            merged.entries.truncate(end);
            self.least = least;
        }
        self.settled = merged;
        self.recent = Run::new();
        self.dead = 0;
    }

    pub fn nbytes(&self) -> usize {
        [&self.settled, &self.recent]
            .map(|run| run.keys.capacity() * size_of::<Key>() + run.entries.capacity() * size_of::<E>())
            .iter()
            .sum()
    }
}

impl<E: Kept> Run<E> {
    fn new() -> Self {
        Self { keys: vec![], entries: vec![] }
    }

    fn ahead(&self) -> Ahead<'_, E> {
        Ahead { keys: self.keys.iter(), entries: self.entries.iter() }
    }

    fn insert(&mut self, key: Key, entry: E) {
        match self.keys.binary_search(&key) {
            Ok(place) => self.entries[place] = entry,
            Err(place) => {
                self.keys.insert(place, key);
                self.entries.insert(place, entry);
            }
        }
    }
}

pub(crate) struct Walk<'a, E> {
    settled: Ahead<'a, E>,
    recent: Ahead<'a, E>,
}

/// The rest of a run.
struct Ahead<'a, E> {
    keys: Iter<'a, Key>,
    entries: Iter<'a, E>,
}

impl<'a, E> Walk<'a, E> {
    /// Returns the next entry.
    #[inline(always)]
    pub fn next(&mut self) -> Option<(Key, &'a E)> {
        match self.recent.keys.as_slice().first() {
            Some(recent) if self.settled.keys.as_slice().first().is_none_or(|settled| recent < settled) => {
                self.recent.next()
            }
            _ => self.settled.next(),
        }
    }

    /// Returns the next entry that may be on this side.
    #[inline(always)]
    pub fn next_on(&mut self, side: Side) -> Option<(Key, &'a E)> {
        self.settled.skip(side);
        self.recent.skip(side);
        self.next()
    }
}

impl<'a, E> Ahead<'a, E> {
    #[inline(always)]
    fn next(&mut self) -> Option<(Key, &'a E)> {
        Some((*self.keys.next()?, self.entries.next()?))
    }

    /// Skips the entries that are not on this side.
    #[inline(always)]
    fn skip(&mut self, side: Side) {
        if self.keys.as_slice().first().is_some_and(|&key| !side.may_have(key)) {
            self.skip_some(side);
        }
    }

    fn skip_some(&mut self, side: Side) {
        const TOGETHER: usize = 16;
        let (keys, entries) = (self.keys.as_slice(), self.entries.as_slice());
        let none = |keys: &[Key]| side.has_none(keys);
        // Testing several at a time vectorises.
        let mut passed = TOGETHER * keys.chunks_exact(TOGETHER).take_while(|keys| none(keys)).count();
        passed += keys[passed..].iter().take_while(|&&key| !side.may_have(key)).count();
        *self = Self { keys: keys[passed..].iter(), entries: entries[passed..].iter() };
    }
}
