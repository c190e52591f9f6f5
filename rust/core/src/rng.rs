//! The random generator: xoshiro256++ (Blackman & Vigna 2021), seeded by 64 bits or from the operating system.
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use rand::rngs::{SysRng, Xoshiro256PlusPlus};
use rand::{Rng, SeedableRng, TryRng};

/// The generator behind every draw. Its stream for a given seed is part of the crate's contract.
pub type Generator = Xoshiro256PlusPlus;

/// The number of forks between the first process and this one, so that a child never repeats its parent's stream.
static FORKS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static SEEDS: RefCell<Option<(u64, Generator)>> = const { RefCell::new(None) };
}

/// The generator for `seed`. With `None`, every call returns another stream.
pub fn generator(seed: Option<u64>) -> Generator {
    Generator::seed_from_u64(seed.unwrap_or_else(fresh_seed))
}

/// A seed that was not returned before, from a stream that the operating system seeds once per thread.
pub fn fresh_seed() -> u64 {
    let forks = FORKS.load(Ordering::Relaxed);
    SEEDS.with_borrow_mut(|seeds| match seeds {
        Some((made_at, stream)) if *made_at == forks => stream.next_u64(),
        _ => {
            let mut stream = entropy();
            let seed = stream.next_u64();
            *seeds = Some((forks, stream));
            seed
        }
    })
}

/// Reseeds every thread's stream of seeds. Call it in the child after a fork.
pub fn reseed_after_fork() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

fn entropy() -> Generator {
    let mut seed = [0; 32];
    if SysRng.try_fill_bytes(&mut seed).is_err() {
        // Without an entropy source, use the clock and the process id. Draws need to differ, but not to be secret.
        let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        seed[..16].copy_from_slice(&clock.map_or(0, |elapsed| elapsed.as_nanos()).to_le_bytes());
        seed[16..20].copy_from_slice(&std::process::id().to_le_bytes());
    }
    Generator::from_seed(seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_fixes_the_stream() {
        assert_eq!(generator(Some(1)).next_u64(), generator(Some(1)).next_u64());
        assert_ne!(generator(Some(1)).next_u64(), generator(Some(2)).next_u64());
    }

    #[test]
    fn fresh_seeds_differ_also_after_a_fork() {
        let before = fresh_seed();
        reseed_after_fork();
        assert_ne!(before, fresh_seed());
        assert_ne!(fresh_seed(), fresh_seed());
    }
}
