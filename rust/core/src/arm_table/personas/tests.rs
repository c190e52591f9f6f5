use rand::RngExt;

use super::super::{ArmTable, Rows, Selection};
use super::{corner, CellRows};
use crate::arm_table::hot_set::Kept;
use crate::arm_table::index::code_of_arm;
use crate::arm_table::order::{code_of, slot_of};
use crate::personas::{weight, Cell, PersonaFit, Total};
use crate::policies::ThompsonExploration;
use crate::rng::{generator, Generator};

fn upsert(table: &mut ArmTable, arm: usize, impressions: i64, version: i64) {
    let rows = Rows { alpha: &[2.0], beta: &[9.0], impressions: &[impressions], version: &[version] };
    let tone = if arm.is_multiple_of(3) { "warm" } else { "bold" };
    table.upsert(&[&format!("arm{arm}")], rows, Some(&[vec![("tone", tone)]]), &mut vec![]).unwrap();
}

fn cell(table: &mut ArmTable, slot: usize, persona: u16, counts: (f64, f64), version: i64) -> usize {
    let rows = CellRows { personas: &[persona], successes: &[counts.0], failures: &[counts.1], version: &[version] };
    rows.check(1).unwrap();
    table.update_cells(&[slot], rows).unwrap()
}

fn refit(table: &mut ArmTable) {
    let (cells, priors) = table.cells();
    table.apply_fit(PersonaFit::new(&cells, &priors, &|| false).unwrap());
}

/// Selections of every kind, by seed.
fn selections(table: &ArmTable, personas: usize) -> Vec<Vec<(usize, f64)>> {
    let mut all = vec![];
    let split = Some(ThompsonExploration { min_impressions: 60, exploration_ratio: 0.4 });
    for persona in 0..personas {
        for (k, split, wanted) in [
            (1, None, &[][..]),
            (5, None, &[][..]),
            (5, split, &[]),
            (5, split, &[("tone", "warm")]),
            (40, None, &[("tone", "bold")]),
        ] {
            let selection =
                Selection { k, split, wanted, excluded: &["arm1"], persona: Some(persona), ..Selection::default() };
            for seed in 0..5 {
                let mut chosen = vec![];
                table.select(&selection, &mut generator(Some(seed)), &mut chosen).unwrap();
                all.push(chosen);
            }
        }
    }
    all
}

/// The posteriors, by a direct reading of the formulas.
fn expected(table: &ArmTable, slot: usize, persona: usize) -> (f64, f64) {
    let (cells, priors) = table.cells();
    let fit = table.persona_fit().unwrap();
    let (mut a, mut b) = priors[slot];
    let (mut s, mut f) = (0.0, 0.0);
    for cell in cells.iter().filter(|cell| cell.arm as usize == slot) {
        let standard = fit.standard(cell.persona.into(), cell.successes, cell.failures);
        if usize::from(cell.persona) == persona {
            (s, f) = standard;
            continue;
        }
        let w = weight(fit.strength(), standard);
        (a, b) = (a + w * standard.0, b + w * standard.1);
    }
    let k = fit.strength() / (a + b + fit.strength() + 1.0);
    (k * a + s, k * b + f)
}

fn check(table: &ArmTable, personas: usize) {
    let held = table.personas.as_ref().unwrap();
    for slot in 0..table.slot_count() {
        for persona in 0..personas {
            let (ours, exact) = (table.persona_arm(slot, persona).unwrap(), expected(table, slot, persona));
            let close = |ours: f64, exact: f64| (ours / exact - 1.0).abs() < 1e-9;
            assert!(close(ours.0, exact.0) && close(ours.1, exact.1), "{slot} {persona}: {ours:?} and {exact:?}");
        }
    }
    for (persona, column) in held.columns.iter().enumerate() {
        let filled = (0..column.len()).filter(|&place| !column.is_empty_cell(place));
        assert_eq!(column.filled, filled.filter(|&place| table.live[column.slot(place)]).count());
        let mut coded = 0;
        for place in 0..column.len() {
            let slot = column.slot(place);
            let (alpha, beta) = held.cell_draws(slot, persona, column.counts(place));
            assert_eq!(column.code(place) > 0, table.live[slot]);
            coded += usize::from(column.code(place) >= column.hot_set.least());
            assert!(!table.live[slot] || column.code(place) >= code_of_arm(alpha, beta), "the code is too low");
            assert!(!column.is_empty_cell(place) || column.full);
            if column.is_empty_cell(place) {
                assert_eq!(column.code(place), held.others.index.code(slot));
            }
        }
        assert!(!column.full || table.live_slots().all(|slot| column.place(slot).is_some()));
        let live: Vec<_> = column.hot_set.iter().filter(|(_, place)| place.is_live()).collect();
        assert_eq!(live.len(), coded);
        for (key, place) in live {
            assert_eq!((column.slot(place.index()), column.code(place.index())), (slot_of(key), code_of(key)));
        }
    }
}

fn random_counts(rng: &mut Generator) -> (f64, f64) {
    let n = f64::floor(rng.random::<f64>() * 60.0);
    let s = f64::floor(n * rng.random::<f64>() * 0.3);
    (s, n - s + 0.25)
}

/// A table after a random history selects exactly what a new table with the same counts and the same fit selects.
#[test]
fn history_does_not_show() {
    for (arms, personas, updates) in [(40usize, 3u16, 300), (150, 4, 1_500), (2_000, 2, 3_000)] {
        let mut rng = generator(Some(arms as u64));
        let mut lived = ArmTable::new();
        lived.set_persona_sharpness(2.0).unwrap();
        for arm in 0..arms / 2 {
            upsert(&mut lived, arm, 0, 1);
        }
        let mut counts = std::collections::HashMap::new();
        let mut impressions = vec![0; arms];
        for version in 2..updates {
            let arm = rng.random_range(0..arms);
            match rng.random_range(0..10) {
                0 => drop(lived.remove_at(&[&format!("arm{arm}")], &[version])),
                1..4 => {
                    impressions[arm] = rng.random_range(0..200);
                    upsert(&mut lived, arm, impressions[arm], version);
                }
                _ if arm < lived.slot_count() => {
                    let (persona, new) = (rng.random_range(0..personas), random_counts(&mut rng));
                    // The first persona has data for nearly all arms.
                    let persona = if rng.random_range(0..3) == 0 { persona } else { 0 };
                    counts.insert((arm, persona), new);
                    let slot = lived.slot(&format!("arm{arm}"));
                    if let Some(slot) = slot {
                        assert_eq!(cell(&mut lived, slot, persona, new, version), 1);
                        assert_eq!(cell(&mut lived, slot, persona, (1.0, 1.0), version), 0, "an old version");
                    }
                }
                _ => {}
            }
            if version % 500 == 0 {
                refit(&mut lived);
            }
        }
        if arms < 1_000 {
            check(&lived, usize::from(personas));
        }
        refit(&mut lived);
        let fit = lived.persona_fit().unwrap().clone();
        // The same arms in the same slots, with cells in the order of personas.
        let mut born = ArmTable::new();
        for slot in 0..lived.slot_count() {
            let id = lived.id(slot).unwrap().to_owned();
            let arm: usize = id[3..].parse().unwrap();
            upsert(&mut born, arm, lived.arm(slot).unwrap().impressions, 1);
            if lived.slot(&id).is_none() {
                born.remove(&[&id]).unwrap();
            }
        }
        for Cell { arm, persona, successes, failures } in lived.cells().0 {
            cell(&mut born, arm as usize, persona, (successes, failures), 1);
        }
        born.apply_fit(fit);
        born.set_persona_sharpness(2.0).unwrap();
        assert_eq!(selections(&lived, usize::from(personas) + 1), selections(&born, usize::from(personas) + 1));
        if arms < 1_000 {
            check(&born, usize::from(personas));
        }
    }
}

#[test]
fn corners_bound_what_is_in_their_interval() {
    for value in [1e-9, 0.3, 1.0, 1.5, 77.7, 1e9] {
        let Total { a, b, .. } = corner(Total { a: value, b: value, prior: (1.0, 1.0) });
        assert!(b <= value && value < a && a <= value * 1.04 && b >= value * 0.96);
    }
}

#[test]
fn refusals() {
    let refused = |personas: &[u16], successes: &[f64]| {
        CellRows { personas, successes, failures: &[1.0], version: &[1] }.check(1).unwrap_err().to_string()
    };
    assert_eq!(refused(&[10_000], &[1.0]), "personas[0] is 10000: personas are numbered from 0 to 9999");
    assert!(refused(&[1], &[f64::NAN]).starts_with("successes[0] is NaN: a count must be from 0 to "));
    assert!(refused(&[1], &[-1.0]).starts_with("successes[0] is -1"));
    assert!(refused(&[1, 2], &[1.0]).starts_with("personas has length 2"));
}
