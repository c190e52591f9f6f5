//! Dimensions: sets of (name, value) pairs, and the arms of each set. Many arms share a set.
use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use super::filters::{Filters, Matching};
use super::pairs::{Pairs, SetNumber};

type Map<K, V> = HashMap<K, V, FxBuildHasher>;

/// The distinct sets by number. The number of a set without arms is reused.
#[derive(Debug)]
pub(crate) struct Dimensions {
    sets: Vec<Pairs>,
    users: Vec<u32>,
    free: Vec<SetNumber>,
    numbers: Map<Pairs, SetNumber>,
    /// By name and value: the sets that have it, in ascending order.
    having: Map<Box<str>, Map<Box<str>, Vec<SetNumber>>>,
    /// For each set, the slots of its arms that can be selected, unordered. The empty set has no list: no filter needs it.
    members: Vec<Vec<u32>>,
    /// The position of each slot among the members of its set.
    places: Vec<u32>,
    filters: Filters,
}

impl Dimensions {
    pub fn new() -> Self {
        let empty = Pairs::default();
        Self {
            sets: vec![empty.clone()],
            // The empty set counts itself as a user, so that its number stays.
            users: vec![1],
            free: vec![],
            numbers: Map::from_iter([(empty, 0)]),
            having: Map::default(),
            members: vec![vec![]],
            places: vec![],
            filters: Filters::default(),
        }
    }

    /// The number of the set `pairs`, with one more user.
    pub fn acquire(&mut self, pairs: &[(&str, &str)]) -> SetNumber {
        let mut set: Vec<(Box<str>, Box<str>)> =
            pairs.iter().map(|&(name, value)| (name.into(), value.into())).collect();
        set.sort();
        set.dedup_by(|later, earlier| later.0 == earlier.0);
        let set = set.into_boxed_slice();
        if let Some(&number) = self.numbers.get(&set) {
            self.users[number as usize] += 1;
            return number;
        }
        let number = self.free.pop().unwrap_or(self.sets.len() as SetNumber);
        if number as usize == self.sets.len() {
            self.sets.push(set.clone());
            self.users.push(1);
            self.members.push(vec![]);
        } else {
            self.sets[number as usize] = set.clone();
            self.users[number as usize] = 1;
        }
        for (name, value) in &set {
            let having = self.having.entry(name.clone()).or_default().entry(value.clone()).or_default();
            having.insert(having.partition_point(|&other| other < number), number);
        }
        self.numbers.insert(set, number);
        number
    }

    pub fn release(&mut self, number: SetNumber) {
        let users = &mut self.users[number as usize];
        *users -= 1;
        if *users > 0 {
            return;
        }
        let set = std::mem::take(&mut self.sets[number as usize]);
        for (name, value) in &set {
            let Some(values) = self.having.get_mut(name) else { continue };
            if let Some(having) = values.get_mut(value) {
                having.remove(having.partition_point(|&other| other < number));
                if having.is_empty() {
                    values.remove(value);
                }
            }
            if values.is_empty() {
                self.having.remove(name);
            }
        }
        self.members[number as usize] = vec![];
        self.numbers.remove(&set);
        self.free.push(number);
    }

    /// An arm of this set can be selected from now on.
    pub fn join(&mut self, slot: usize, number: SetNumber) {
        self.filters.forget();
        if number == 0 {
            return;
        }
        if slot >= self.places.len() {
            self.places.resize(slot + 1, 0);
        }
        let members = &mut self.members[number as usize];
        self.places[slot] = members.len() as u32;
        members.push(slot as u32);
    }

    /// Removes an arm from this set.
    pub fn leave(&mut self, slot: usize, number: SetNumber) {
        self.filters.forget();
        if number == 0 {
            return;
        }
        let place = self.places[slot];
        let members = &mut self.members[number as usize];
        members.swap_remove(place as usize);
        if let Some(&moved) = members.get(place as usize) {
            self.places[moved as usize] = place;
        }
    }

    /// Returns the sets that contain all of `wanted`, which must not be empty, and their slots if there are at most `few`.
    /// `few` must be a function of the number of arms, because results are remembered.
    pub fn matching(&self, wanted: &[(&str, &str)], few: usize) -> Arc<Matching> {
        self.filters.matching(wanted, || self.find(wanted, few))
    }

    /// The same, without the remembered results.
    pub fn find(&self, wanted: &[(&str, &str)], few: usize) -> Matching {
        let having = wanted.iter().map(|&(name, value)| self.having.get(name).and_then(|values| values.get(value)));
        let mut having = having.map(|sets| sets.map_or(&[][..], Vec::as_slice)).collect::<Vec<_>>();
        having.sort_unstable_by_key(|sets| sets.len());
        let (fewest, others) = having.split_first().map_or((&[][..], &[][..]), |(fewest, others)| (*fewest, others));
        let mut numbers = fewest.to_vec();
        for mut rest in others.iter().copied() {
            numbers.retain(|number| {
                rest = &rest[rest.partition_point(|other| other < number)..];
                rest.first() == Some(number)
            });
        }
        let mut flags = vec![0; self.sets.len().div_ceil(64)];
        let mut arms = 0;
        for &number in &numbers {
            flags[number as usize / 64] |= 1 << (number % 64);
            arms += self.members[number as usize].len();
        }
        let slots = (arms <= few).then(|| {
            let members = numbers.iter().map(|&number| self.members[number as usize].as_slice());
            let mut slots = members.collect::<Vec<_>>().concat();
            slots.sort_unstable();
            slots
        });
        Matching { flags, slots }
    }

    pub fn nbytes(&self) -> usize {
        let text: usize = self.sets.iter().flatten().map(|(name, value)| name.len() + value.len()).sum();
        let pairs: usize = self.sets.iter().map(|set| size_of_val::<[_]>(set)).sum();
        let sets = self.sets.capacity() * size_of::<Pairs>() + (self.users.capacity() + self.free.capacity()) * 4;
        let lists = |lists: usize| lists * size_of::<Vec<u32>>();
        let members: usize = self.members.iter().map(|members| members.capacity() * 4).sum();
        let values = self.having.values().flat_map(|values| values.iter());
        let having: usize = values.map(|(value, sets)| 2 * value.len() + 48 + sets.capacity() * 4).sum();
        2 * (text + pairs)
            + sets
            + self.numbers.capacity() * size_of::<(Pairs, SetNumber)>()
            + lists(self.members.capacity())
            + members
            + self.places.capacity() * 4
            + having
            + self.filters.nbytes()
    }
}
