//! Keeps the k best of a stream of scored arms.

/// An arm and its drawn score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scored {
    pub score: f64,
    /// The log-odds of the draw. They order scores that are both 0 or both 1.
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

/// From this number of places on, arms are kept unordered, and sorted as integers at the end.
const MANY: usize = 256;

/// The k best arms so far. Once there are k, they are a binary heap with the worst one on top.
///
/// With many places, up to twice as many arms are kept before the worse half is discarded, which takes less time than a
/// heap. Then the score that a new arm must exceed is sometimes below the k-th best, but never above it. If most
/// candidates get a place, all are kept.
#[derive(Debug, Clone)]
pub(crate) struct TopK {
    k: usize,
    /// With many places: whether most of the candidates get one, so that all are kept.
    most: bool,
    heap: Vec<Scored>,
    /// With many places: the score that a new arm must exceed.
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

    /// The number of arms so far, at most k.
    pub fn len(&self) -> usize {
        self.heap.len().min(self.k)
    }

    /// The score that a new arm must exceed; `None` while there are fewer than k arms.
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

    /// Keeps `candidate` if it may be among the k best. Returns whether it was kept.
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
            self.discard_worse();
        }
        true
    }

    /// Discards all but the k best.
    fn discard_worse(&mut self) {
        if self.heap.len() > self.k {
            self.cut = Some(*self.heap.select_nth_unstable_by(self.k - 1, rank).1);
            self.heap.truncate(self.k);
        }
    }

    pub fn clear(&mut self) {
        self.heap.clear();
        self.cut = None;
    }

    /// The kept arms, unordered.
    pub fn kept(&mut self) -> &[Scored] {
        self.discard_worse();
        &self.heap
    }

    /// Calls `visit` for the k best arms, best first.
    pub fn ranked(&mut self, visit: impl FnMut(&Scored)) {
        if self.heap.len() < MANY {
            self.discard_worse();
            self.heap.sort_unstable_by(rank);
            return self.heap.iter().for_each(visit);
        }
        // Integers sort faster. Scores are not negative, so their bits have the same order. The last bits are replaced by
        // the position in the heap. Scores that differ only in these bits are sorted afterwards.
        let places = usize::BITS - (self.heap.len() - 1).leading_zeros();
        let leading = |scored: &Scored| !scored.score.to_bits() >> places;
        let scored = |key: u64| &self.heap[(key & ((1 << places) - 1)) as usize];
        let mut keys: Vec<u64> =
            self.heap.iter().zip(0..).map(|(scored, place)| leading(scored) << places | place).collect();
        if keys.len() - self.k.min(keys.len()) > self.k / 4 {
            // Only the k best matter, and those that are equal to the last of them.
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

/// The order of arms, best first.
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
