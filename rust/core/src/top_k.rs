//! Keeps the k best of a stream of scored arms.

/// An arm and its drawn score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scored {
    pub score: f64,
    /// The log-odds of the draw, which order scores that are both 0 or both 1.
    pub fine: f64,
    pub slot: u32,
}

impl Scored {
    /// Whether `self` ranks before `other`: a higher score, or the same score and a lower slot.
    #[inline]
    pub fn beats(&self, other: &Scored) -> bool {
        self.score > other.score
            || (self.score == other.score
                && (self.fine > other.fine || (self.fine == other.fine && self.slot < other.slot)))
    }
}

/// From this number on, arms are sorted by integers, and kept unordered until then.
const MANY: usize = 256;

/// The k best seen so far; once there are k, a binary heap with the worst of them on top.
///
/// With many places twice as many are kept before the worse half is let go, which costs less than a heap: what a
/// newcomer must exceed is then below the k-th best, but never above it. If most candidates get a place, all are kept.
#[derive(Debug, Clone)]
pub(crate) struct TopK {
    k: usize,
    /// With many places: whether most of those to come have one.
    most: bool,
    heap: Vec<Scored>,
    /// With many places: what a newcomer has to beat.
    cut: Option<Scored>,
}

impl TopK {
    /// Creates it for a maximum number of candidates.
    pub fn new(k: usize, at_most: usize) -> Self {
        let kept = if k < MANY { k } else { k.saturating_mul(2) };
        Self { k, most: kept > at_most, heap: Vec::with_capacity(kept.min(at_most)), cut: None }
    }

    /// k.
    pub fn places(&self) -> usize {
        self.k
    }

    /// How many there are of the k best.
    pub fn len(&self) -> usize {
        self.heap.len().min(self.k)
    }

    /// The score that a newcomer must exceed, once there are k.
    #[inline]
    pub fn worst(&self) -> Option<&Scored> {
        if self.k >= MANY {
            self.cut.as_ref()
        } else if self.heap.len() < self.k {
            None
        } else {
            self.heap.first()
        }
    }

    /// Keeps `candidate` if it may be among the k best. Returns whether it did.
    #[inline]
    pub fn push(&mut self, candidate: Scored) -> bool {
        if self.k >= MANY {
            return self.push_of_many(candidate);
        }
        if self.heap.len() < self.k {
            self.heap.push(candidate);
            if self.heap.len() == self.k {
                (0..self.k / 2).rev().for_each(|parent| self.sift_down(parent));
            }
            return true;
        }
        let better = self.worst().is_some_and(|worst| candidate.beats(worst));
        if better {
            self.heap[0] = candidate;
            self.sift_down(0);
        }
        better
    }

    fn push_of_many(&mut self, candidate: Scored) -> bool {
        if self.cut.is_some_and(|cut| !candidate.beats(&cut)) {
            return false;
        }
        self.heap.push(candidate);
        if self.most {
            return true;
        }
        if self.heap.len() == self.k {
            self.cut = self.heap.iter().copied().reduce(|worst, other| if worst.beats(&other) { other } else { worst });
        } else if self.heap.len() / 2 == self.k {
            self.let_go();
        }
        true
    }

    /// Discards all but the k best.
    fn let_go(&mut self) {
        if self.heap.len() > self.k {
            self.cut = Some(*self.heap.select_nth_unstable_by(self.k - 1, rank).1);
            self.heap.truncate(self.k);
        }
    }

    pub fn clear(&mut self) {
        self.heap.clear();
        self.cut = None;
    }

    /// The kept arms in no order.
    pub fn kept(&mut self) -> &[Scored] {
        self.let_go();
        &self.heap
    }

    /// Visits the k best, best first.
    pub fn ranked(&mut self, visit: impl FnMut(&Scored)) {
        if self.heap.len() < MANY {
            self.let_go();
            self.heap.sort_unstable_by(rank);
            return self.heap.iter().for_each(visit);
        }
        // As whole numbers they sort faster: scores are not negative, so their bits order like themselves. The last bits
        // give way to the places in the heap, and what is alike but for them is put in order after.
        let places = usize::BITS - (self.heap.len() - 1).leading_zeros();
        let leading = |scored: &Scored| !scored.score.to_bits() >> places;
        let scored = |key: u64| &self.heap[(key & ((1 << places) - 1)) as usize];
        let mut keys: Vec<u64> =
            self.heap.iter().zip(0..).map(|(scored, place)| leading(scored) << places | place).collect();
        if keys.len() - self.k.min(keys.len()) > self.k / 4 {
            // Worth it: the k best, and what is alike with the last of them.
            let last = *keys.select_nth_unstable(self.k - 1).1 >> places;
            keys.retain(|key| key >> places <= last);
        }
        keys.sort_unstable();
        let mut ranked: Vec<Scored> = keys.into_iter().map(|key| *scored(key)).collect();
        for alike in ranked.chunk_by_mut(|one, next| leading(one) == leading(next)) {
            if alike.len() > 1 {
                alike.sort_unstable_by(rank);
            }
        }
        ranked[..self.k.min(ranked.len())].iter().for_each(visit);
    }

    fn sift_down(&mut self, mut parent: usize) {
        loop {
            let mut child = 2 * parent + 1;
            if child >= self.heap.len() {
                break;
            }
            if child + 1 < self.heap.len() && self.heap[child].beats(&self.heap[child + 1]) {
                child += 1;
            }
            if !self.heap[parent].beats(&self.heap[child]) {
                break;
            }
            self.heap.swap(parent, child);
            parent = child;
        }
    }
}

/// Best first.
pub(crate) fn rank(left: &Scored, right: &Scored) -> std::cmp::Ordering {
    let by_score = right.score.total_cmp(&left.score);
    by_score.then_with(|| right.fine.total_cmp(&left.fine)).then_with(|| left.slot.cmp(&right.slot))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::generator;
    use rand::RngExt;

    #[test]
    fn agrees_with_sorting_everything() {
        let mut rng = generator(Some(3));
        for n in [1usize, 2, 3, 10, 100, 1000] {
            for k in [1usize, 2, 3, 10, 100, 256, 300, 700] {
                // Few distinct scores, so that ties are common.
                let all: Vec<Scored> = (0..n)
                    .map(|slot| Scored {
                        score: f64::from(rng.random_range(0..20)),
                        fine: f64::from(rng.random_range(0..2)),
                        slot: slot as u32,
                    })
                    .collect();
                let mut kept = TopK::new(k, n);
                all.iter().for_each(|&scored| {
                    kept.push(scored);
                });
                let mut sorted = all.clone();
                sorted.sort_by(rank);
                sorted.truncate(k);
                let mut ranked = vec![];
                kept.ranked(|&scored| ranked.push(scored));
                assert_eq!(ranked, sorted);
            }
        }
    }
}
