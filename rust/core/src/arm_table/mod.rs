//! Arms in memory, in columns. A service selects from this table, and updates it from its database.
mod candidate_scan;
mod cells;
mod dimensions;
mod filters;
mod hot_set;
mod ids;
mod index;
mod order;
mod pairs;
mod personas;
mod posteriors;
mod rows;
mod select;
mod sharpened;
mod source;

use dimensions::Dimensions;
use ids::Ids;
use pairs::SetNumber;
use personas::Personas;
pub use personas::{CellRows, MOST_PERSONAS};
use posteriors::{Arms, Posteriors};
pub use rows::{Arm, Rows};
pub use select::Selection;

use crate::beta::check_length;
use crate::error::Error;

/// Arms by id. An id keeps its slot for the table's lifetime, even if its arm is removed. An arm that is not removed is
/// *live*.
#[derive(Debug)]
pub struct ArmTable {
    ids: Ids,
    posteriors: Posteriors,
    impressions: Vec<i64>,
    version: Vec<i64>,
    sets: Vec<SetNumber>,
    live: Vec<bool>,
    live_count: usize,
    dimensions: Dimensions,
    /// From the first cell or prior of a persona on.
    personas: Option<Box<Personas>>,
}

impl Default for ArmTable {
    fn default() -> Self {
        Self::new()
    }
}

impl ArmTable {
    /// An empty table.
    pub fn new() -> Self {
        Self {
            ids: Ids::default(),
            posteriors: Posteriors::new(),
            impressions: vec![],
            version: vec![],
            sets: vec![],
            live: vec![],
            live_count: 0,
            dimensions: Dimensions::new(),
            personas: None,
        }
    }

    /// The number of live arms, which can be selected.
    pub fn len(&self) -> usize {
        self.live_count
    }

    /// Whether no arm can be selected.
    pub fn is_empty(&self) -> bool {
        self.live_count == 0
    }

    /// The number of slots, including those of removed arms.
    pub fn slot_count(&self) -> usize {
        self.ids.len()
    }

    /// Checks that there is room for `more` new ids with `bytes` bytes in total.
    pub fn check_room(&self, more: usize, bytes: usize) -> Result<(), Error> {
        self.ids.check_room(more, bytes)
    }

    /// Inserts or updates the arms `ids`, and pushes the slot of each to `slots`. `rows` must have passed [`Rows::check`].
    /// If there is no room for all, nothing changes.
    ///
    /// A row is ignored if its version is not higher than the version in the table. A newer row restores a removed arm.
    /// `dimensions`, if given, has the (name, value) pairs of each arm, which replace its previous pairs.
    pub fn upsert(
        &mut self,
        ids: &[&str],
        rows: Rows<'_>,
        dimensions: Option<&[Vec<(&str, &str)>]>,
        slots: &mut Vec<usize>,
    ) -> Result<(), Error> {
        self.check_room(ids.len(), ids.iter().map(|id| id.len()).sum())?;
        for (row, id) in ids.iter().enumerate() {
            let (slot, new) = self.ids.insert(id);
            slots.push(slot);
            if new {
                self.push_tombstone(i64::MIN);
            }
            let version = rows.version[row];
            if version <= self.version[slot] && !self.is_forgotten(slot) {
                continue;
            }
            let was_live = std::mem::replace(&mut self.live[slot], true);
            self.live_count += usize::from(!was_live);
            let before = self.sets[slot];
            let pairs = dimensions.and_then(|dimensions| dimensions.get(row));
            if let Some(pairs) = pairs {
                self.sets[slot] = self.dimensions.acquire(pairs);
            }
            if !was_live || self.sets[slot] != before {
                if was_live {
                    self.dimensions.leave(slot, before);
                }
                self.dimensions.join(slot, self.sets[slot]);
            }
            if pairs.is_some() {
                self.dimensions.release(before);
            }
            self.write(slot, rows, row, was_live);
        }
        Ok(())
    }

    /// Updates arms by slot, and returns the number of rows that were new enough. Removed arms stay removed and unchanged.
    pub fn update(&mut self, slots: &[usize], rows: Rows<'_>) -> Result<usize, Error> {
        self.check_slots(slots)?;
        let mut applied = 0;
        for (row, &slot) in slots.iter().enumerate() {
            if self.live[slot] && rows.version[row] > self.version[slot] {
                self.write(slot, rows, row, true);
                applied += 1;
            }
        }
        Ok(applied)
    }

    /// Removes arms whatever their version, and returns how many of them were live. Any later upsert restores them.
    pub fn remove(&mut self, ids: &[&str]) -> Result<usize, Error> {
        self.check_ids(ids)?;
        Ok(ids.iter().filter(|id| self.ids.slot(id).is_some_and(|slot| self.mark_removed(slot, i64::MIN))).count())
    }

    /// Removes each arm unless the table has a newer version than `versions`, and returns how many of them were live.
    ///
    /// Only an upsert with a newer version restores them. An unknown id is remembered as removed.
    pub fn remove_at(&mut self, ids: &[&str], versions: &[i64]) -> Result<usize, Error> {
        check_length(("ids", ids.len()), ("version", versions.len()))?;
        self.check_room(ids.len(), ids.iter().map(|id| id.len()).sum())?;
        let mut removed = 0;
        for (id, &version) in ids.iter().zip(versions) {
            let (slot, new) = self.ids.insert(id);
            if new {
                self.push_tombstone(version);
            } else if version >= self.version[slot] {
                removed += usize::from(self.mark_removed(slot, version));
            }
        }
        Ok(removed)
    }

    /// The slot of a live arm.
    pub fn slot(&self, id: &str) -> Option<usize> {
        self.ids.slot(id).filter(|&slot| self.live[slot])
    }

    /// The id of a slot, also of a removed arm.
    pub fn id(&self, slot: usize) -> Result<&str, Error> {
        self.check_slots(&[slot])?;
        Ok(self.ids.id(slot))
    }

    /// Returns the state of a slot; for a removed arm, its last state.
    pub fn arm(&self, slot: usize) -> Result<Arm, Error> {
        self.check_slots(&[slot])?;
        Ok(Arm {
            alpha: self.posteriors.alpha[slot],
            beta: self.posteriors.beta[slot],
            impressions: self.impressions[slot],
            version: self.version[slot],
        })
    }

    /// The slots of the live arms, in ascending order.
    pub fn live_slots(&self) -> impl Iterator<Item = usize> + Clone + '_ {
        self.live.iter().enumerate().filter_map(|(slot, &live)| live.then_some(slot))
    }

    /// The number of bytes of memory that the table uses.
    pub fn nbytes(&self) -> usize {
        (self.impressions.capacity() + self.version.capacity()) * 8
            + self.sets.capacity() * 4
            + self.live.capacity()
            + self.ids.nbytes()
            + self.dimensions.nbytes()
            + self.posteriors.nbytes()
            + self.personas.as_ref().map_or(0, |personas| personas.nbytes())
    }

    /// Checks that each id is known. Its arm may be removed.
    pub fn check_ids(&self, ids: &[&str]) -> Result<(), Error> {
        match ids.iter().find(|id| self.ids.slot(id).is_none()) {
            Some(&id) => Err(Error::UnknownId(id.to_owned())),
            None => Ok(()),
        }
    }

    /// Checks that each slot exists.
    pub fn check_slots(&self, slots: &[usize]) -> Result<(), Error> {
        let limit = self.slot_count();
        match slots.iter().find(|&&slot| slot >= limit) {
            Some(&slot) => Err(Error::UnknownSlot { slot, slots: limit }),
            None => Ok(()),
        }
    }

    /// Whether the slot was removed without a version, or never had an arm: then any version is new.
    fn is_forgotten(&self, slot: usize) -> bool {
        !self.live[slot] && self.version[slot] == i64::MIN
    }

    fn push_tombstone(&mut self, version: i64) {
        self.posteriors.push();
        if let Some(personas) = &mut self.personas {
            personas.push();
        }
        self.impressions.push(0);
        self.version.push(version);
        self.sets.push(0);
        self.live.push(false);
        // Set 0 counts its users like every other set.
        let empty = self.dimensions.acquire(&[]);
        debug_assert_eq!(empty, 0);
    }

    fn write(&mut self, slot: usize, rows: Rows<'_>, row: usize, was_live: bool) {
        self.posteriors.alpha[slot] = rows.alpha[row];
        self.posteriors.beta[slot] = rows.beta[row];
        let before = std::mem::replace(&mut self.impressions[slot], rows.impressions[row]);
        self.version[slot] = rows.version[row];
        self.reindex(slot, before, was_live);
    }

    fn mark_removed(&mut self, slot: usize, version: i64) -> bool {
        self.version[slot] = version;
        let was_live = std::mem::replace(&mut self.live[slot], false);
        self.live_count -= usize::from(was_live);
        if was_live {
            self.dimensions.leave(slot, self.sets[slot]);
            self.reindex(slot, self.impressions[slot], true);
        }
        was_live
    }

    /// The columns that do not belong to the posteriors.
    #[inline]
    fn columns(&self) -> Arms<'_> {
        Arms { impressions: &self.impressions, sets: &self.sets, live: &self.live, count: self.live_count }
    }

    /// Updates the order after a change of a slot, which had `before` impressions.
    fn reindex(&mut self, slot: usize, before: i64, was_live: bool) {
        let arms = Arms { impressions: &self.impressions, sets: &self.sets, live: &self.live, count: self.live_count };
        let (alpha, beta) = (self.posteriors.alpha[slot], self.posteriors.beta[slot]);
        self.posteriors.reindex(slot, (alpha, beta), arms, before);
        if let Some(personas) = &mut self.personas {
            personas.follow(slot, arms, before, was_live);
        }
    }
}

#[cfg(test)]
mod tests;
