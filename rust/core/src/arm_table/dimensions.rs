//! Dimensions: small sets of (name, value) pairs, of which many arms share one.
use std::collections::HashMap;

use rustc_hash::FxBuildHasher;

/// (name, value) pairs sorted by name, each name once.
pub(crate) type Pairs = Box<[(Box<str>, Box<str>)]>;

/// Which set an arm has. Number 0 is the empty set.
pub(crate) type SetNumber = u32;

/// The distinct sets, numbered; a set that no arm has any more gives its number back.
#[derive(Debug)]
pub(crate) struct Dimensions {
    sets: Vec<Pairs>,
    users: Vec<u32>,
    free: Vec<SetNumber>,
    numbers: HashMap<Pairs, SetNumber, FxBuildHasher>,
}

impl Dimensions {
    pub fn new() -> Self {
        let empty = Pairs::default();
        // The empty set counts itself as a user, so that its number stays.
        Self { sets: vec![empty.clone()], users: vec![1], free: vec![], numbers: HashMap::from_iter([(empty, 0)]) }
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
        } else {
            self.sets[number as usize] = set.clone();
            self.users[number as usize] = 1;
        }
        self.numbers.insert(set, number);
        number
    }

    pub fn release(&mut self, number: SetNumber) {
        let users = &mut self.users[number as usize];
        *users -= 1;
        if *users == 0 {
            let set = std::mem::take(&mut self.sets[number as usize]);
            self.numbers.remove(&set);
            self.free.push(number);
        }
    }

    /// For each set number, whether the set has every one of `wanted`.
    pub fn matching(&self, wanted: &[(&str, &str)]) -> Vec<bool> {
        let has = |set: &Pairs, (name, value): &(&str, &str)| set.iter().any(|(n, v)| **n == **name && **v == **value);
        self.sets.iter().map(|set| wanted.iter().all(|pair| has(set, pair))).collect()
    }

    pub fn nbytes(&self) -> usize {
        let text: usize = self.sets.iter().flatten().map(|(name, value)| name.len() + value.len()).sum();
        let pairs: usize = self.sets.iter().map(|set| size_of_val::<[_]>(set)).sum();
        let sets = self.sets.capacity() * size_of::<Pairs>() + (self.users.capacity() + self.free.capacity()) * 4;
        2 * (text + pairs) + sets + self.numbers.capacity() * size_of::<(Pairs, SetNumber)>()
    }
}
