//! The code of each arm, kept between selections, so that most arms need not be considered.
//!
//! An arm's *code* represents the rate above which its tail is less than e^−[`LEVEL`], in steps of 1/64 of a doubling of the
//! odds. Blocks of neighbouring arms have their highest code and the range of their impressions. All of this depends only on
//! the arms' states, not on the order in which they arrived.
use crate::bound::reach;

/// Above its code's rate an arm's tail is less than e^−11 = 1.7e-5.
pub(crate) const LEVEL: f64 = 11.0;

/// Arms in a block.
pub(crate) const BLOCK: usize = 64;

/// The number of codes in a doubling of the odds, and the number of doublings below and above odds of 1 that have own codes.
const STEP_BITS: u32 = 6;
const DOUBLINGS: u64 = 32;

/// The code 0 means that a slot cannot be selected. Arms have codes from 1 to `CODES` − 1.
const CODES: usize = ((2 * DOUBLINGS) << STEP_BITS) as usize + 2;

#[derive(Debug)]
pub(crate) struct Index {
    codes: Vec<u16>,
    /// Per block: the highest code, the least and the most impressions of arms that can be selected.
    tops: Vec<u16>,
    least: Vec<i64>,
    most: Vec<i64>,
    /// The number of arms with each code, and in each group of 64 codes.
    counts: Vec<u32>,
    coarse: Vec<u32>,
    /// The number of arms that can be selected, by the number of binary digits of their impressions.
    digits: [u32; 65],
}

impl Index {
    pub fn new() -> Self {
        let (counts, coarse) = (vec![0; CODES], vec![0; CODES.div_ceil(64)]);
        Self { codes: vec![], tops: vec![], least: vec![], most: vec![], counts, coarse, digits: [0; 65] }
    }

    /// Adds a slot that cannot be selected.
    pub fn push(&mut self) {
        if self.codes.len().is_multiple_of(BLOCK) {
            self.tops.push(0);
            self.least.push(i64::MAX);
            self.most.push(i64::MIN);
        }
        self.codes.push(0);
    }

    /// Updates a slot: its parameters, or `None` if it cannot be selected. `impressions` is the column, which already has
    /// the slot's new value; `before` is the old value. Returns the codes before and after.
    pub fn set(&mut self, slot: usize, arm: Option<(f64, f64)>, impressions: &[i64], before: i64) -> (u16, u16) {
        let code = arm.map_or(0, |(alpha, beta)| code_of_arm(alpha, beta));
        let old = std::mem::replace(&mut self.codes[slot], code);
        if old != code {
            self.count(old, -1);
            self.count(code, 1);
        }
        let block = slot / BLOCK;
        let slots = block * BLOCK..self.codes.len().min((block + 1) * BLOCK);
        if code >= self.tops[block] {
            self.tops[block] = code;
        } else if old == self.tops[block] {
            self.tops[block] = self.codes[slots.clone()].iter().fold(0, |top, &code| top.max(code));
        }
        let known = old > 0 && code > 0;
        let after = impressions[slot];
        if known && after == before {
            return (old, code);
        }
        self.digits[usize::from(digits(before))] -= u32::from(old > 0);
        self.digits[usize::from(digits(after))] += u32::from(code > 0);
        let at_edge = old > 0 && (before == self.least[block] || before == self.most[block]);
        if at_edge {
            let live = slots.filter(|&slot| self.codes[slot] > 0).map(|slot| impressions[slot]);
            let widen = |(least, most): (i64, i64), count: i64| (least.min(count), most.max(count));
            (self.least[block], self.most[block]) = live.fold((i64::MAX, i64::MIN), widen);
        } else if code > 0 {
            self.least[block] = self.least[block].min(after);
            self.most[block] = self.most[block].max(after);
        }
        (old, code)
    }

    /// Whether there may be arms with fewer impressions than `limit`, and arms with at least `limit`. `false` is certain.
    pub fn may_have(&self, limit: i64) -> (bool, bool) {
        let some = |digits: &[u32]| digits.iter().any(|&arms| arms > 0);
        let at = usize::from(digits(limit));
        (limit > 0 && some(&self.digits[..=at]), some(&self.digits[at..]))
    }

    /// The slots that can be selected, in ascending order, and their codes.
    pub fn coded(&self) -> impl Iterator<Item = (usize, u16)> + Clone + '_ {
        self.codes.iter().copied().enumerate().filter(|&(_, code)| code > 0)
    }

    fn count(&mut self, code: u16, change: i32) {
        let code = usize::from(code);
        self.counts[code] = self.counts[code].wrapping_add_signed(change);
        self.coarse[code / 64] = self.coarse[code / 64].wrapping_add_signed(change);
    }

    #[inline]
    pub fn code(&self, slot: usize) -> u16 {
        self.codes[slot]
    }

    fn block_codes(&self, block: usize) -> &[u16] {
        &self.codes[block * BLOCK..self.codes.len().min((block + 1) * BLOCK)]
    }

    /// The first block from `block` on with an arm above `cut`, or the number of blocks.
    #[inline]
    fn next_above(&self, cut: u16, block: usize) -> usize {
        const TOGETHER: usize = 16;
        let mut block = block;
        // Maxima over several codes at a time vectorise. A search with an early exit does not.
        for tops in self.tops[block..].chunks(TOGETHER) {
            if tops.iter().fold(0, |top, &other| top.max(other)) > cut {
                return block + tops.iter().position(|&top| top > cut).unwrap_or(0);
            }
            block += tops.len();
        }
        block
    }

    /// Calls `visit` with the slot and code of each arm whose code is above that of `cuts` for its group, and below `end`; and
    /// perhaps with others that are above the lower one. The second group has fewer than `min_impressions` impressions.
    pub fn visit_above(&self, cuts: [u16; 2], min_impressions: i64, end: u16, mut visit: impl FnMut(usize, u16)) {
        let lowest = cuts[0].min(cuts[1]);
        let mut block = self.next_above(lowest, 0);
        while block < self.tops.len() {
            let experienced = if self.most[block] >= min_impressions { cuts[0] } else { u16::MAX };
            let new = if self.least[block] < min_impressions { cuts[1] } else { u16::MAX };
            let cut = experienced.min(new);
            if self.tops[block] > cut {
                for (i, &code) in self.block_codes(block).iter().enumerate() {
                    if code > cut && code < end {
                        visit(block * BLOCK + i, code);
                    }
                }
            }
            block = self.next_above(lowest, block + 1);
        }
    }

    /// Returns the highest code that at least `wanted` arms have or exceed; 1 if there are fewer arms.
    pub fn highest(&self, wanted: usize) -> u16 {
        let mut seen = 0;
        for group in (0..self.coarse.len()).rev() {
            if seen + (self.coarse[group] as usize) < wanted {
                seen += self.coarse[group] as usize;
                continue;
            }
            for code in (group * 64..CODES.min(group * 64 + 64)).rev() {
                seen += self.counts[code] as usize;
                if seen >= wanted {
                    return (code as u16).max(1);
                }
            }
        }
        1
    }

    pub fn nbytes(&self) -> usize {
        2 * (self.codes.capacity() + self.tops.capacity())
            + 8 * (self.least.capacity() + self.most.capacity())
            + 4 * (self.counts.capacity() + self.coarse.capacity())
    }
}

/// The number of binary digits of a count.
#[inline]
pub(super) fn digits(count: i64) -> u8 {
    (u64::BITS - count.max(0).unsigned_abs().leading_zeros()) as u8
}

/// The highest code whose arms all have less than e^−[`LEVEL`] above the rate `t`.
#[inline]
pub(crate) fn floor(t: f64) -> u16 {
    step(t / (1.0 - t))
}

/// The code of an arm with the posterior Beta(`alpha`, `beta`); at least 1.
#[inline]
pub(crate) fn code_of_arm(alpha: f64, beta: f64) -> u16 {
    ceiling(reach(alpha, beta, LEVEL))
}

/// The code of an arm whose tail reaches up to these odds.
fn ceiling(odds: f64) -> u16 {
    step(odds) + 1
}

/// The number of steps from the lowest odds that have their own code up to these odds.
#[inline]
fn step(odds: f64) -> u16 {
    // Sign, exponent and the first bits of the mantissa of a positive number order like the number.
    let lowest = (1023 - DOUBLINGS) << STEP_BITS;
    let step = (odds.max(0.0).to_bits() >> (52 - STEP_BITS)).saturating_sub(lowest);
    step.min((2 * DOUBLINGS) << STEP_BITS) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arm_whose_code_is_at_most_the_floor_lies_below() {
        let scale = || (-400..400).map(|exponent| f64::powf(1.07, f64::from(exponent)));
        for reach in scale() {
            for odds in scale() {
                let below = ceiling(reach) <= floor(odds / (1.0 + odds));
                assert!(!below || reach < odds, "reach {reach:e} is not below {odds:e}");
                // A difference of less than two steps may not show, nor one outside the range of the codes.
                let plain = odds > reach * 1.035 && odds > 1e-9 && reach < 1e9;
                assert!(below || !plain, "reach {reach:e} is below {odds:e}");
            }
        }
        assert_eq!(usize::from(ceiling(f64::INFINITY)), CODES - 1);
        assert!(floor(1.0 - 1e-9) < ceiling(f64::INFINITY), "no rate is too high for an arm without reach");
        assert_eq!(floor(0.0), 0);
    }
}
