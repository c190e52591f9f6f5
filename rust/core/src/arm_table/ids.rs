//! Ids and slots. An id keeps its slot for the table's lifetime, so that a slot always means the same arm.
use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

use crate::error::Error;

/// All ids one after the other in one buffer, and an index of slots by hash.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    text: String,
    /// The end of each id in `text`. It begins at the end of the id before.
    ends: Vec<u32>,
    index: HashTable<u32>,
}

impl Ids {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn slot(&self, id: &str) -> Option<usize> {
        self.index.find(hash(id), |&slot| at(&self.text, &self.ends, slot) == id).map(|&slot| slot as usize)
    }

    /// The id of an existing slot.
    pub fn id(&self, slot: usize) -> &str {
        at(&self.text, &self.ends, slot as u32)
    }

    /// Checks that there is room for `more` ids with `bytes` bytes in total.
    pub fn check_room(&self, more: usize, bytes: usize) -> Result<(), Error> {
        let limit = u32::MAX as usize;
        if self.ends.len() + more < limit && self.text.len() + bytes < limit {
            Ok(())
        } else {
            Err(Error::Full)
        }
    }

    /// The slot of `id`, and whether it is a new one. There must be room.
    pub fn insert(&mut self, id: &str) -> (usize, bool) {
        use hashbrown::hash_table::Entry;
        let Self { text, ends, index } = self;
        let entry = index.entry(hash(id), |&slot| at(text, ends, slot) == id, |&slot| hash(at(text, ends, slot)));
        match entry {
            Entry::Occupied(entry) => (*entry.get() as usize, false),
            Entry::Vacant(entry) => {
                let slot = ends.len();
                entry.insert(slot as u32);
                text.push_str(id);
                ends.push(text.len() as u32);
                (slot, true)
            }
        }
    }

    pub fn nbytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<u32>() + self.index.allocation_size()
    }
}

fn hash(id: &str) -> u64 {
    FxBuildHasher.hash_one(id)
}

fn at<'a>(text: &'a str, ends: &[u32], slot: u32) -> &'a str {
    let start = slot.checked_sub(1).map_or(0, |before| ends[before as usize]);
    &text[start as usize..ends[slot as usize] as usize]
}
