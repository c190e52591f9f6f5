//! A selection from a table: a scan of all eligible arms, in one group or in two (experienced and new arms).
//!
//! Arms are considered by descending code, so that the threshold becomes high early. This ends at the first code that is not
//! higher than the threshold's code. All arms after it are *quiet*: each exceeds the threshold with a probability of at most
//! e^−[`LEVEL`]. This fraction of them is proposed at random, and only proposed arms are examined.
mod walk;

use std::sync::Arc;

use rand::Rng;

use super::filters::Matching;
use super::hot_set::Entry;
use super::index::{floor, LEVEL};
use super::order::{code_of, key, slot_of, Key};
use super::source::Source;
use super::{ArmTable, Selection};
use crate::threshold_top_k::{Gaps, ThresholdTopK};

/// If there are at most this many arms, they are considered by slot. The same applies if at least half of the arms are
/// wanted or, where sorting takes long, at least one in 16.
const FEW: usize = 64;
const MANY_WANTED: usize = 4_096;

/// If the hot set gave no threshold, this many arms with the highest codes are considered before all others are searched.
const FIRST: usize = 4_096;

/// If at most this many arms match a filter, or at most one in `ARMS_A_MATCH`, they are looked up by their dimensions.
const FEW_MATCHES: usize = 256;
const ARMS_A_MATCH: usize = 256;

/// This many of them, plus four for each place, are considered before the others are compared with the threshold.
const MATCHES_FIRST: usize = 256;

/// The number of places for experienced arms, and for new ones.
pub(super) type Places = [usize; 2];

/// A scan of the eligible arms of a table.
pub(super) struct CandidateScan<'a, S> {
    table: &'a ArmTable,
    source: S,
    /// Arms with at least this many impressions are in the first group; the others are in the second.
    min_impressions: i64,
    matching: Option<Arc<Matching>>,
    /// Slots in ascending order.
    excluded: Vec<usize>,
    groups: [ThresholdTopK; 2],
    /// The codes up to which arms of each group are quiet; above all codes for a group without places.
    cuts: [u16; 2],
    /// The position in the order from which each group's arms are quiet.
    stops: [Key; 2],
}

impl<'a, S: Source> CandidateScan<'a, S> {
    pub fn new(table: &'a ArmTable, source: S, selection: &Selection<'_>) -> Self {
        let mut excluded: Vec<usize> = selection.excluded.iter().filter_map(|id| table.ids.slot(id)).collect();
        excluded.sort_unstable();
        let few = FEW_MATCHES.max(table.len() / ARMS_A_MATCH);
        let find = |wanted| table.dimensions.matching(wanted, few);
        Self {
            table,
            source,
            // Without a split all count as experienced.
            min_impressions: selection.split.map_or(0, |split| split.min_impressions),
            matching: (!selection.wanted.is_empty()).then(|| find(selection.wanted)),
            excluded,
            groups: [ThresholdTopK::new(0, 0), ThresholdTopK::new(0, 0)],
            cuts: [u16::MAX; 2],
            stops: [Key::MAX; 2],
        }
    }

    /// Ranks as many eligible arms as there are places. Places that one group cannot fill go to the other.
    pub fn run<R: Rng + ?Sized>(mut self, places: Places, rng: &mut R) -> [ThresholdTopK; 2] {
        let (table, k) = (self.table, places[0] + places[1]);
        let few = FEW.max(k.saturating_mul(if k < MANY_WANTED { 2 } else { 16 }));
        if table.len() <= few || !self.source.is_ordered() {
            return self.scan_by_slot(table.live_slots(), places, rng);
        }
        let matching = self.matching.clone();
        let few = matching.as_ref().and_then(|matching| matching.slots.as_deref());
        if let Some(few) = few.filter(|few| few.len() <= FEW.max(2 * k)) {
            // Proceed as if there were no other arms, so that the result for a seed does not depend on their number.
            return self.scan_by_slot(few.iter().map(|&slot| slot as usize), places, rng);
        }
        let (new, experienced) = table.posteriors.index.may_have(self.min_impressions);
        let most = [experienced, new].map(|some| if some { usize::MAX } else { 0 });
        let places = shared(places, most);
        self.hold(places);
        self.scan(rng);
        let found = [0, 1].map(|group| self.groups[group].best.len());
        let Some(short) = (0..2).find(|&group| found[group] < places[group]) else { return self.groups };
        let other = 1 - short;
        if most[other] > 0 && found[other] == places[other] {
            // All arms of one group were drawn. Their number does not depend on the draws, so the other group can be
            // considered again with more places, as if it had had them from the start.
            let all = std::mem::replace(&mut self.groups[short], ThresholdTopK::new(0, 0));
            let mut more = [0; 2];
            more[other] = places[0] + places[1] - found[short];
            self.hold(more);
            self.scan(rng);
            self.groups[short] = all;
        }
        self.groups
    }

    /// Starts both groups with these places.
    fn hold(&mut self, places: Places) {
        // If all arms are wanted, there is one place too many, so that no threshold is maintained.
        let arms = self.table.len();
        self.groups = places.map(|k| ThresholdTopK::new(k + usize::from(k == arms), if k == 0 { 0 } else { arms }));
        self.cuts = places.map(|k| if k == 0 { u16::MAX } else { 0 });
        self.stops = [Key::MAX; 2];
    }

    /// Considers these live arms in turn, if they are eligible.
    fn scan_by_slot<R: Rng + ?Sized>(
        mut self,
        slots: impl Iterator<Item = usize> + Clone,
        places: Places,
        rng: &mut R,
    ) -> [ThresholdTopK; 2] {
        let source = self.source;
        let arms = slots.map(|slot| (slot, source.entry(slot)));
        let mut most = [usize::MAX, 0];
        if self.min_impressions > 0 {
            most = [0; 2];
            for (slot, arm) in arms.clone() {
                most[self.group(&arm)] += usize::from(self.is_eligible(slot, &arm));
            }
        }
        self.hold(shared(places, most));
        for (slot, arm) in arms {
            let group = self.group(&arm);
            // A group may have no places.
            if self.cuts[group] < u16::MAX && self.is_eligible(slot, &arm) {
                self.contend(group, slot, &arm, rng);
            }
        }
        self.groups
    }

    /// Considers the arms by descending code.
    fn scan<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        let (table, source) = (self.table, self.source);
        if let Some(few) = self.matching.as_ref().and_then(|matching| matching.slots.as_deref()) {
            let slots = few.iter().map(|&slot| slot as usize);
            let slots = slots.filter(|slot| self.excluded.binary_search(slot).is_err());
            let mut keys: Vec<Key> = slots.map(|slot| key(source.code(slot), table.impressions[slot], slot)).collect();
            let first = MATCHES_FIRST + 4 * (self.groups[0].best.places() + self.groups[1].best.places());
            if keys.len() > 2 * first {
                keys.select_nth_unstable(first);
                let rest = keys.split_off(first);
                self.scan_in_order(keys, rng);
                let quiet = |key: Key| code_of(key) <= self.cuts[self.group(&table.entry(slot_of(key)))];
                keys = rest.into_iter().filter(|&key| !quiet(key)).collect();
                self.stop_at(self.cuts);
            }
            self.scan_in_order(keys, rng);
            self.stop_at([0; 2]);
            return self.propose(rng);
        }
        let mut from = source.least();
        if !self.walk(rng) && from > 1 {
            if (0..2).any(|group| self.cuts[group] == 0) {
                let wanted = self.groups[0].best.places() + self.groups[1].best.places();
                let first = source.highest(FIRST.max(4 * wanted));
                if first < from && first > 1 {
                    self.walk_codes(first, from, rng);
                    from = first;
                }
            }
            self.walk_codes(1, from, rng);
        }
        self.propose(rng);
    }

    fn group(&self, arm: &Entry) -> usize {
        usize::from(arm.impressions < self.min_impressions)
    }

    /// Whether a live arm may be selected.
    #[inline]
    fn is_eligible(&self, slot: usize, arm: &Entry) -> bool {
        let matches = self.matching.as_ref().is_none_or(|matching| matching.has(arm.set));
        matches && (self.excluded.is_empty() || self.excluded.binary_search(&slot).is_err())
    }

    #[inline]
    fn contend<R: Rng + ?Sized>(&mut self, group: usize, slot: usize, arm: &Entry, rng: &mut R) {
        let kept = &mut self.groups[group];
        let before = kept.threshold;
        kept.contend(slot as u32, arm.alpha, arm.beta, rng);
        if let Some(t) = kept.threshold.filter(|_| kept.threshold != before) {
            self.cuts[group] = floor(t);
        }
    }

    /// Proposes each quiet arm with probability e^−[`LEVEL`].
    fn propose<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        let (table, source) = (self.table, self.source);
        let gaps = Gaps::new(LEVEL, rng);
        let mut slot = gaps.gap(rng) as usize;
        while slot < table.slot_count() {
            let code = source.code(slot);
            if code > 0 {
                let arm = source.entry(slot);
                let group = self.group(&arm);
                if key(code, arm.impressions, slot) >= self.stops[group] && self.is_eligible(slot, &arm) {
                    self.groups[group].propose(LEVEL, slot as u32, arm.alpha, arm.beta, rng);
                }
            }
            slot = slot.saturating_add(1).saturating_add(gaps.gap(rng) as usize);
        }
    }
}

/// Distributes places between groups of limited size: those that one group cannot fill go to the other.
fn shared([experienced, new]: Places, [most_experienced, most_new]: [usize; 2]) -> Places {
    let k = experienced + new;
    let exploited = experienced.min(most_experienced);
    let explored = (k - exploited).min(most_new);
    [(k - explored).min(most_experienced), explored]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_one_group_cannot_fill_go_to_the_other() {
        assert_eq!(shared([5, 5], [100, 100]), [5, 5]);
        assert_eq!(shared([5, 5], [100, 2]), [8, 2]);
        assert_eq!(shared([5, 5], [2, 100]), [2, 8]);
        assert_eq!(shared([5, 5], [4, 3]), [4, 3]);
        assert_eq!(shared([10, 0], [100, 3]), [10, 0]);
        assert_eq!(shared([10, 0], [8, 3]), [8, 2]);
        assert_eq!(shared([0, 10], [100, 100]), [0, 10]);
        assert_eq!(shared([5, 5], [0, usize::MAX]), [0, 10]);
    }
}
