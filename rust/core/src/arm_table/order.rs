//! The order in which arms are considered: by descending code, then by the number of binary digits of their impressions,
//! then by slot.
use super::index::digits;

/// An arm's position in the order: its inverted code, so that the highest comes first; the digits of its impressions, by
/// which most arms on the wrong side of a split are skipped; and its slot.
pub(super) type Key = u64;

#[inline]
pub(super) fn key(code: u16, impressions: i64, slot: usize) -> Key {
    u64::from(!code) << 40 | u64::from(digits(impressions)) << 32 | slot as u64
}

#[inline]
pub(super) fn code_of(key: Key) -> u16 {
    !((key >> 40) as u16)
}

#[inline]
pub(super) fn slot_of(key: Key) -> usize {
    key as u32 as usize
}

/// The bits of a key that hold the digits, at most 63, and the bit above them.
const DIGITS: Key = 0x7f << 32;
const ABOVE: Key = 0x80 << 32;

/// Tests whether an arm may be on a side of a split, by the digits of its impressions. A negative result is certain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    flipped: Key,
    added: Key,
}

impl Side {
    /// Arms with at least `least` impressions.
    pub fn from(least: i64) -> Self {
        Self { flipped: 0, added: ABOVE - (Key::from(digits(least)) << 32) }
    }

    /// Arms with fewer than `end` impressions.
    pub fn below(end: i64) -> Self {
        // The digits are inverted (127 − digits), so that small numbers set the bit above.
        Self { flipped: DIGITS, added: Key::from(digits(end) + 1) << 32 }
    }

    #[inline]
    pub fn may_have(self, key: Key) -> bool {
        self.mark(key) & ABOVE != 0
    }

    /// Whether none of several arms can be on this side. It has no early exit, so that it vectorises.
    #[inline]
    pub fn has_none(self, keys: &[Key]) -> bool {
        keys.iter().fold(0, |marks, &key| marks | self.mark(key)) & ABOVE == 0
    }

    /// Returns a number in which the bit above the digits is set if the arm may be on this side.
    #[inline]
    fn mark(self, key: Key) -> Key {
        ((key ^ self.flipped) & DIGITS) + self.added
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_order_by_code_then_digits_then_slot() {
        let keys =
            [key(9, 5, 7), key(8, 0, 3), key(8, 1, 0), key(8, 1, 1), key(8, i64::MAX, 0), key(0, 0, u32::MAX as usize)];
        assert!(keys.is_sorted());
        assert_eq!(keys.map(code_of), [9, 8, 8, 8, 8, 0]);
        assert_eq!(keys.map(slot_of), [7, 3, 0, 1, 0, u32::MAX as usize]);
    }

    #[test]
    fn a_side_has_all_that_are_on_it_and_few_others() {
        let counts = [0, 1, 2, 3, 4, 63, 64, 99, 100, 127, 128, 5_000, i64::MAX];
        for limit in counts {
            for count in counts {
                let key = key(77, count, u32::MAX as usize);
                let (experienced, new) = (Side::from(limit).may_have(key), Side::below(limit).may_have(key));
                assert!(if count < limit { new } else { experienced }, "{count} at {limit}");
                let alike = digits(count) == digits(limit);
                assert!(alike || new != experienced, "{count} at {limit}");
                assert_eq!(Side::below(limit).has_none(&[key]), !new);
            }
        }
    }
}
