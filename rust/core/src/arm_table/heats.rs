//! A selection from a table: a race among all eligible arms, or one among the experienced and one among the new.
use rand::Rng;

use super::index::{floor, BLOCK, LEVEL};
use super::{ArmTable, Selection};
use crate::race::{Gaps, Race};
use crate::top_k::{Scored, TopK};

/// How many arms more than k race first, and for how many arms in the table one more.
const PILOTS_BESIDE_K: usize = 16;
const ARMS_A_PILOT: usize = 8_192;

/// With no more arms than this, or a share of eligible ones this small, all eligible arms race one after the other.
const FEW: usize = 64;

/// How many blocks are looked at for pilots of a group that has none among the arms of highest reach.
const PROBED_BLOCKS: usize = 32;

/// Arms in a part of a block that is looked through one by one.
const PART: usize = 16;

pub(super) struct Heats<'a> {
    table: &'a ArmTable,
    k: usize,
    /// From how many impressions on an arm is in the first race; else in the second.
    min_impressions: i64,
    matching: Option<Vec<bool>>,
    /// How many arms may be eligible, at most.
    eligible: usize,
    /// Slots in ascending order.
    excluded: Vec<usize>,
    pub races: [Race; 2],
    /// The codes up to which arms of each race are quiet.
    cuts: [u16; 2],
    pilots: Pilots,
}

/// Arms that raced first: those of a code of at least `code` before `end`, and some more in ascending order.
struct Pilots {
    code: u16,
    end: usize,
    probed: Vec<u32>,
}

impl<'a> Heats<'a> {
    pub fn new(table: &'a ArmTable, selection: &Selection<'_>, k: usize) -> Self {
        let mut excluded: Vec<usize> = selection.excluded.iter().filter_map(|id| table.ids.slot(id)).collect();
        excluded.sort_unstable();
        let (matching, eligible) = match selection.wanted {
            [] => (None, table.len()),
            wanted => {
                let (matching, slots) = table.dimensions.matching(wanted);
                (Some(matching), slots.min(table.len()))
            }
        };
        let k_new = if selection.split.is_some() { k } else { 0 };
        Self {
            table,
            k,
            min_impressions: selection.split.map_or(i64::MIN, |split| split.min_impressions),
            matching,
            eligible,
            excluded,
            races: [Race::new(k, k), Race::new(k_new, k_new)],
            cuts: [0, if selection.split.is_some() { 0 } else { u16::MAX }],
            pilots: Pilots { code: u16::MAX, end: 0, probed: vec![] },
        }
    }

    pub fn run<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        let slots = self.table.slot_count();
        if self.eligible <= FEW || self.eligible * FEW <= slots {
            for slot in 0..slots {
                if self.table.live[slot] && self.is_eligible(slot) {
                    self.contend(slot, rng);
                }
            }
            return;
        }
        self.run_pilots(rng);
        if self.min_impressions > i64::MIN {
            self.probe(rng);
        }
        self.run_rest(rng);
    }

    fn group(&self, slot: usize) -> usize {
        usize::from(self.table.impressions[slot] < self.min_impressions)
    }

    /// Of a live arm.
    #[inline]
    fn is_eligible(&self, slot: usize) -> bool {
        let matches = self.matching.as_ref().is_none_or(|matching| matching[self.table.sets[slot] as usize]);
        matches && (self.excluded.is_empty() || self.excluded.binary_search(&slot).is_err())
    }

    fn is_pilot(&self, slot: usize, code: u16) -> bool {
        let Pilots { code: least, end, probed } = &self.pilots;
        (code >= *least && slot < *end) || (!probed.is_empty() && probed.binary_search(&(slot as u32)).is_ok())
    }

    fn contend<R: Rng + ?Sized>(&mut self, slot: usize, rng: &mut R) {
        let race = &mut self.races[self.group(slot)];
        race.contend(slot as u32, self.table.alpha[slot], self.table.beta[slot], rng);
    }

    /// The arms of highest reach, for a first threshold.
    fn run_pilots<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        let index = &self.table.index;
        let wanted = self.k + PILOTS_BESIDE_K + self.eligible / ARMS_A_PILOT;
        let wanted = wanted * self.table.len().div_ceil(self.eligible.max(1));
        let code = index.highest(wanted);
        let (mut seen, mut end) = (0, self.table.slot_count());
        let mut block = index.next_above(code - 1, 0);
        'blocks: while block < index.blocks() {
            for (i, &other) in index.block_codes(block).iter().enumerate() {
                if other >= code {
                    let slot = block * BLOCK + i;
                    if self.is_eligible(slot) {
                        self.contend(slot, rng);
                    }
                    seen += 1;
                    if seen == wanted {
                        end = slot + 1;
                        break 'blocks;
                    }
                }
            }
            block = index.next_above(code - 1, block + 1);
        }
        self.pilots.code = code;
        self.pilots.end = end;
    }

    /// Pilots for a race that still has no threshold, from blocks spread over the table.
    fn probe<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        let index = &self.table.index;
        let stride = index.blocks().div_ceil(PROBED_BLOCKS).max(1);
        let mut probed = vec![];
        for group in [0, 1].into_iter().filter(|&group| self.races[group].threshold.is_none()) {
            let wanted = self.k + PILOTS_BESIDE_K;
            let mut highest = TopK::new(wanted, wanted);
            for block in (0..index.blocks()).step_by(stride) {
                for (i, &code) in index.block_codes(block).iter().enumerate() {
                    let slot = block * BLOCK + i;
                    if code > 0 && self.group(slot) == group && !self.is_pilot(slot, code) && self.is_eligible(slot) {
                        highest.push(Scored { score: f64::from(code), fine: 0.0, slot: slot as u32 });
                    }
                }
            }
            probed.extend(highest.kept().iter().map(|scored| scored.slot));
        }
        probed.sort_unstable();
        for &slot in &probed {
            self.contend(slot as usize, rng);
        }
        self.pilots.probed = probed;
    }

    /// Every other arm: those within reach of a place each by itself, of the rest as many as e^−[`LEVEL`] proposes.
    fn run_rest<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        let index = &self.table.index;
        let gaps = Gaps::new(LEVEL, rng);
        let mut proposed = gaps.gap(rng) as usize;
        let slots = self.table.slot_count();
        let mut block = 0;
        loop {
            self.set_cuts();
            let cut = self.cuts[0].min(self.cuts[1]);
            let above = index.next_above(cut, block);
            block = if proposed < slots { above.min(proposed / BLOCK) } else { above };
            if block >= index.blocks() {
                return;
            }
            if index.top(block) > self.cut_in(block) {
                for (part, codes) in index.block_codes(block).chunks(PART).enumerate() {
                    if codes.iter().fold(0, |top, &code| top.max(code)) <= cut {
                        continue;
                    }
                    for (i, &code) in codes.iter().enumerate() {
                        let slot = block * BLOCK + part * PART + i;
                        if code > cut && code > self.cuts[self.group(slot)] && self.races_still(slot, code) {
                            self.contend(slot, rng);
                        }
                    }
                }
            }
            let end = slots.min((block + 1) * BLOCK);
            while proposed < end {
                let (slot, code) = (proposed, index.code(proposed));
                if code > 0 && code <= self.cuts[self.group(slot)] && self.races_still(slot, code) {
                    let race = &mut self.races[self.group(slot)];
                    race.propose(LEVEL, slot as u32, self.table.alpha[slot], self.table.beta[slot], rng);
                }
                proposed = proposed.saturating_add(1).saturating_add(gaps.gap(rng) as usize);
            }
            block += 1;
        }
    }

    fn races_still(&self, slot: usize, code: u16) -> bool {
        !self.is_pilot(slot, code) && self.is_eligible(slot)
    }

    fn set_cuts(&mut self) {
        for (cut, race) in self.cuts.iter_mut().zip(&self.races) {
            if let Some(t) = race.threshold {
                *cut = floor(t);
            }
        }
    }

    /// The lowest cut of the races that have arms in the block.
    fn cut_in(&self, block: usize) -> u16 {
        let (least, most) = self.table.index.impressions(block);
        let experienced = if most >= self.min_impressions { self.cuts[0] } else { u16::MAX };
        let new = if least < self.min_impressions { self.cuts[1] } else { u16::MAX };
        experienced.min(new)
    }
}
