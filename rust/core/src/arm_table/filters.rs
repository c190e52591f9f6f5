//! Remembers the results of recent filters.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::pairs::{Pairs, SetNumber};

/// The number of filters that are remembered, each with a bit for every set of dimensions, and few slots.
const REMEMBERED: usize = 16;

/// The sets that fit a filter.
#[derive(Debug)]
pub(crate) struct Matching {
    /// One bit for each set.
    pub flags: Vec<u64>,
    /// The slots of the arms that have one of these sets and can be selected, in ascending order; `None` if there are many.
    pub slots: Option<Vec<u32>>,
}

impl Matching {
    #[inline]
    pub fn has(&self, set: SetNumber) -> bool {
        self.flags[set as usize / 64] >> (set % 64) & 1 == 1
    }
}

/// The results of recent filters. They are valid until an arm is added, removed or gets other dimensions.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    /// The last one used comes last.
    recent: Mutex<Vec<(Pairs, Arc<Matching>)>>,
}

impl Filters {
    /// Returns the remembered result of a filter, or else that of `find`.
    pub fn matching(&self, wanted: &[(&str, &str)], find: impl FnOnce() -> Matching) -> Arc<Matching> {
        let same = |pairs: &Pairs| {
            pairs.len() == wanted.len()
                && pairs.iter().zip(wanted).all(|(pair, wanted)| *pair.0 == *wanted.0 && *pair.1 == *wanted.1)
        };
        let mut recent = self.recent();
        if let Some(place) = recent.iter().rposition(|(pairs, _)| same(pairs)) {
            recent[place..].rotate_left(1);
            return Arc::clone(&recent[recent.len() - 1].1);
        }
        // The lock is not held here, so that other threads need not wait. Two threads may compute the same result.
        drop(recent);
        let matching = Arc::new(find());
        let pairs = wanted.iter().map(|&(name, value)| (name.into(), value.into())).collect();
        let mut recent = self.recent();
        let longest_ago = (recent.len() == REMEMBERED).then(|| recent.remove(0));
        recent.push((pairs, Arc::clone(&matching)));
        drop(recent);
        drop(longest_ago);
        matching
    }

    fn recent(&self) -> MutexGuard<'_, Vec<(Pairs, Arc<Matching>)>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets all results, because an arm was added, removed or got other dimensions.
    #[inline]
    pub fn forget(&mut self) {
        self.recent.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub fn nbytes(&self) -> usize {
        let of_one = |(pairs, matching): &(Pairs, Arc<Matching>)| {
            let text: usize = pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
            let slots = matching.slots.as_ref().map_or(0, |slots| 4 * slots.capacity());
            text + size_of_val::<[_]>(pairs) + 8 * matching.flags.capacity() + slots
        };
        self.recent().iter().map(of_one).sum()
    }
}
