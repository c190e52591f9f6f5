//! Any sequence of changes and selections, compared with a map of the expected contents.
#![no_main]
use std::collections::HashMap;

use arbitrary::Arbitrary;
use armful_core::{generator, Arm, ArmTable, Rows, Selection, ThompsonExploration};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
enum Step {
    Upsert { first: u8, count: u8, alpha: f64, beta: f64, impressions: u32, version: u8, tone: Option<u8> },
    Remove { id: u8, version: u8 },
    Select { k: u8, split: Option<(u32, u8)>, tone: Option<u8>, excluded: Vec<u8>, seed: u64 },
}

const TONES: [&str; 3] = ["warm", "bold", "plain"];

fn tone(number: u8) -> &'static str {
    TONES[usize::from(number) % TONES.len()]
}

/// The expected state of an id: its last version, its tone, and its arm if it is not removed.
#[derive(Default)]
struct Held {
    version: i64,
    tone: Option<&'static str>,
    arm: Option<Arm>,
}

fuzz_target!(|steps: Vec<Step>| {
    let names: Vec<String> = (0..512).map(|id| format!("arm{id}")).collect();
    let mut table = ArmTable::new();
    let mut model: HashMap<&str, Held> = HashMap::new();
    for step in steps {
        match step {
            Step::Upsert { first, count, alpha, beta, impressions, version, tone: wanted } => {
                let ids: Vec<&str> = (names.iter().skip(first.into()).take(count.into())).map(String::as_str).collect();
                let (n, impressions, version) = (ids.len(), i64::from(impressions), i64::from(version));
                let (alphas, betas) = (vec![alpha; n], vec![beta; n]);
                let (shown, versions) = (vec![impressions; n], vec![version; n]);
                let rows = Rows { alpha: &alphas, beta: &betas, impressions: &shown, version: &versions };
                if rows.check(("ids", n)).is_err() {
                    continue;
                }
                let dimensions = wanted.map(|number| vec![vec![("tone", tone(number))]; n]);
                table.upsert(&ids, rows, dimensions.as_deref(), &mut vec![]).unwrap();
                for id in ids {
                    let held = model.entry(id).or_insert(Held { version: i64::MIN, ..Held::default() });
                    if version > held.version {
                        held.version = version;
                        held.arm = Some(Arm { alpha, beta, impressions, version });
                        held.tone = wanted.map(tone).or(held.tone);
                    }
                }
            }
            Step::Remove { id, version } => {
                let (id, version) = (names[usize::from(id)].as_str(), i64::from(version));
                table.remove_at(&[id], &[version]).unwrap();
                let held = model.entry(id).or_insert(Held { version: i64::MIN, ..Held::default() });
                if version >= held.version {
                    *held = Held { version, arm: None, tone: held.tone };
                }
            }
            Step::Select { k, split, tone: wanted, excluded, seed } => {
                let wanted: Vec<(&str, &str)> = wanted.map(|number| ("tone", tone(number))).into_iter().collect();
                let excluded: Vec<&str> = excluded.iter().map(|&id| names[usize::from(id)].as_str()).collect();
                let split = split.map(|(min_impressions, ratio)| ThompsonExploration {
                    min_impressions: min_impressions.into(),
                    exploration_ratio: f64::from(ratio) / 255.0,
                });
                let k = 1 + usize::from(k);
                let selection = Selection { k, split, wanted: &wanted, excluded: &excluded, ..Selection::default() };
                let mut chosen = vec![];
                table.select(&selection, &mut generator(Some(seed)), &mut chosen).unwrap();
                assert!(chosen.windows(2).all(|pair| pair[0].1 >= pair[1].1));
                let eligible = |id: &str, held: &Held| {
                    let matches = wanted.first().is_none_or(|&(_, value)| held.tone == Some(value));
                    held.arm.is_some() && matches && !excluded.contains(&id)
                };
                let count = model.iter().filter(|(id, held)| eligible(id, held)).count();
                assert_eq!(chosen.len(), count.min(k));
                let mut slots: Vec<usize> = chosen.iter().map(|&(slot, _)| slot).collect();
                slots.sort_unstable();
                slots.dedup();
                assert_eq!(slots.len(), chosen.len());
                for slot in slots {
                    let id = table.id(slot).unwrap();
                    assert!(eligible(id, &model[id]), "{id} was chosen");
                }
            }
        }
        assert_eq!(table.len(), model.values().filter(|held| held.arm.is_some()).count());
    }
    for (id, held) in model {
        let slot = table.slot(id);
        assert_eq!(slot.is_some(), held.arm.is_some());
        if let (Some(slot), Some(arm)) = (slot, held.arm) {
            assert_eq!(table.arm(slot), Ok(arm));
        }
    }
});
