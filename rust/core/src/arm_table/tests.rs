use super::*;
use crate::policies::ThompsonExploration;
use crate::rng::generator;

fn put(table: &mut ArmTable, ids: &[&str], impressions: i64, version: i64) -> Vec<usize> {
    let n = ids.len();
    let (parameters, impressions, version) = (vec![2.0; n], vec![impressions; n], vec![version; n]);
    let rows = Rows { alpha: &parameters, beta: &parameters, impressions: &impressions, version: &version };
    rows.check(("ids", n)).unwrap();
    let mut slots = vec![];
    table.upsert(ids, rows, None, &mut slots).unwrap();
    slots
}

fn chosen(table: &ArmTable, selection: Selection<'_>, seed: u64) -> Vec<usize> {
    let mut out = vec![];
    table.select(&selection, &mut generator(Some(seed)), &mut out).unwrap();
    assert!(out.windows(2).all(|pair| pair[0].1 >= pair[1].1), "not in descending order: {out:?}");
    out.into_iter().map(|(slot, _)| slot).collect()
}

#[test]
fn older_versions_are_ignored() {
    let mut table = ArmTable::new();
    assert_eq!(put(&mut table, &["a", "b"], 5, 3), [0, 1]);
    assert_eq!(put(&mut table, &["b", "c"], 9, 3), [1, 2]);
    assert_eq!(table.arm(1).unwrap().impressions, 5);
    put(&mut table, &["b"], 9, 4);
    assert_eq!(table.arm(1).unwrap().impressions, 9);
    assert_eq!((table.len(), table.slot("c"), table.id(2).unwrap()), (3, Some(2), "c"));
}

#[test]
fn a_tombstone_outlives_older_news() {
    let mut table = ArmTable::new();
    put(&mut table, &["a"], 5, 3);
    assert_eq!(table.remove_at(&["a", "unseen"], &[4, 7]), Ok(1));
    put(&mut table, &["a"], 5, 4);
    put(&mut table, &["unseen"], 5, 7);
    assert_eq!((table.len(), table.slot("a")), (0, None));
    assert_eq!(put(&mut table, &["a", "unseen"], 5, 8), [0, 1]);
    assert_eq!(table.len(), 2);
    assert_eq!(table.remove_at(&["a"], &[2]), Ok(0), "an older removal is old news too");
}

#[test]
fn removal_without_a_version_forgets_it() {
    let mut table = ArmTable::new();
    put(&mut table, &["a"], 5, 3);
    assert_eq!(table.remove(&["a"]), Ok(1));
    assert_eq!(table.remove(&["a"]), Ok(0));
    assert_eq!(table.remove(&["x"]), Err(Error::UnknownId("x".into())));
    assert_eq!(put(&mut table, &["a"], 6, i64::MIN), [0]);
    assert_eq!(table.len(), 1);
}

#[test]
fn update_by_slot_never_revives() {
    let mut table = ArmTable::new();
    put(&mut table, &["a", "b"], 5, 3);
    table.remove_at(&["a"], &[3]).unwrap();
    let rows = Rows { alpha: &[3.0; 2], beta: &[4.0; 2], impressions: &[6; 2], version: &[9; 2] };
    assert_eq!(table.update(&[0, 1], rows), Ok(1));
    assert_eq!(table.len(), 1);
    assert_eq!(table.arm(1), Ok(Arm { alpha: 3.0, beta: 4.0, impressions: 6, version: 9 }));
    assert_eq!(table.update(&[2], rows.slice(0..1)), Err(Error::UnknownSlot { slot: 2, slots: 2 }));
}

#[test]
fn eligibility_is_by_dimensions_exclusion_and_life() {
    let mut table = ArmTable::new();
    let ids = ["a", "b", "c", "d"];
    let dimensions = [
        vec![("tone", "warm"), ("length", "short")],
        vec![("tone", "warm")],
        vec![("tone", "cold"), ("length", "short")],
        vec![],
    ];
    let rows = Rows { alpha: &[1.0; 4], beta: &[1.0; 4], impressions: &[0; 4], version: &[1; 4] };
    table.upsert(&ids, rows, Some(&dimensions), &mut vec![]).unwrap();
    let pick = |table: &ArmTable, wanted: &[(&str, &str)], excluded: &[&str]| {
        let mut slots = chosen(table, Selection { k: 9, wanted, excluded, ..Selection::default() }, 1);
        slots.sort_unstable();
        slots
    };
    assert_eq!(pick(&table, &[("tone", "warm")], &[]), [0, 1]);
    assert_eq!(pick(&table, &[("tone", "warm"), ("length", "short")], &[]), [0]);
    assert_eq!(pick(&table, &[("tone", "loud")], &[]), [] as [usize; 0]);
    assert_eq!(pick(&table, &[], &["a", "nobody"]), [1, 2, 3]);
    put(&mut table, &["a"], 0, 2);
    assert_eq!(pick(&table, &[("tone", "warm")], &["b"]), [0], "an upsert without dimensions leaves them");
    table
        .upsert(&["a"], Rows { version: &[3], ..rows.slice(0..1) }, Some(&[vec![("tone", "cold")]]), &mut vec![])
        .unwrap();
    table.remove(&["c"]).unwrap();
    assert_eq!(pick(&table, &[("tone", "cold")], &[]), [0]);
}

#[test]
fn filters_that_are_remembered_follow_every_change() {
    let names: Vec<String> = (0..100).map(|i| i.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut table = ArmTable::new();
    let mut version = 0;
    // Which of 20 filters each arm matches (more filters than are remembered); none if it is removed.
    let mut fits = [None; 100];
    let mut rng = generator(Some(3));
    for round in 0..400 {
        use rand::RngExt;
        let (slot, filter) = (rng.random_range(0..100), rng.random_range(0..20));
        version += 1;
        if round % 5 == 4 {
            table.remove_at(&names[slot..=slot], &[version]).unwrap();
            fits[slot] = None;
        } else {
            // Sets of two pairs, so that sometimes a new set appears and another one disappears.
            let dimensions = vec![("topic", names[filter]), ("serial", names[rng.random_range(0..100)])];
            let rows = Rows { alpha: &[1.0], beta: &[9.0], impressions: &[0], version: &[version] };
            table.upsert(&names[slot..=slot], rows, Some(&[dimensions]), &mut vec![]).unwrap();
            fits[slot] = Some(filter);
        }
        for filter in [filter, 3, round % 20] {
            let wanted = [("topic", names[filter])];
            for _ in 0..2 {
                let found = chosen(&table, Selection { k: 100, wanted: &wanted, ..Selection::default() }, 1);
                let mut found: Vec<&str> = found.into_iter().map(|slot| table.id(slot).unwrap()).collect();
                found.sort_unstable_by_key(|id| id.parse::<usize>().unwrap());
                assert_eq!(found, (0..100).filter(|&i| fits[i] == Some(filter)).map(|i| names[i]).collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn the_split_sends_its_share_to_new_arms() {
    let mut table = ArmTable::new();
    put(&mut table, &["old1", "old2", "old3", "old4"], 100, 1);
    put(&mut table, &["new1", "new2", "new3"], 99, 1);
    let split = |exploration_ratio| Some(ThompsonExploration { min_impressions: 100, exploration_ratio });
    for seed in 0..50 {
        let slots = chosen(&table, Selection { k: 4, split: split(0.5), ..Selection::default() }, seed);
        assert_eq!(slots.iter().filter(|&&slot| slot >= 4).count(), 2);
        let slots = chosen(&table, Selection { k: 6, split: split(0.0), ..Selection::default() }, seed);
        assert_eq!(slots.iter().filter(|&&slot| slot >= 4).count(), 2);
    }
}

#[test]
fn refuses_what_cannot_be_selected() {
    let table = ArmTable::new();
    let check = |selection: Selection<'_>| table.select(&selection, &mut generator(Some(1)), &mut vec![]).unwrap_err();
    assert_eq!(check(Selection::default()), Error::BadK { k: 0, arms: None });
    let split = Some(ThompsonExploration { min_impressions: 1, exploration_ratio: f64::NAN });
    assert!(check(Selection { k: 1, split, ..Selection::default() })
        .to_string()
        .starts_with("exploration_ratio is NaN"));
}

#[test]
fn every_way_through_a_table_selects_distinct_eligible_arms() {
    let mut rng = generator(Some(9));
    for n in [1usize, 63, 64, 65, 100, 500, 3000] {
        let ids: Vec<String> = (0..n).map(|i| format!("arm{i}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut beta = vec![0.0; n];
        crate::sample_beta(&vec![1.0; n], &vec![1.0; n], &mut beta, &mut rng).unwrap();
        let alpha: Vec<f64> = beta.iter().map(|u| 1.0 + (u * 90.0).floor()).collect();
        let beta: Vec<f64> = beta.iter().map(|u| 1.0 + (u * 3000.0).floor()).collect();
        let impressions: Vec<i64> = (0..n as i64).map(|i| i * 7919 % 300).collect();
        let dimensions: Vec<Vec<(&str, &str)>> = (0..n).map(|i| vec![("tone", ["a", "b", "c"][i % 3])]).collect();
        let mut table = ArmTable::new();
        let rows = Rows { alpha: &alpha, beta: &beta, impressions: &impressions, version: &vec![1; n] };
        table.upsert(&ids, rows, Some(&dimensions), &mut vec![]).unwrap();
        table.remove(&ids[..n / 10]).unwrap();
        for seed in 0..200 {
            let k = 1 + seed as usize % 12;
            for split in
                [None, Some(ThompsonExploration { min_impressions: (seed % 4) as i64 * 100, exploration_ratio: 0.4 })]
            {
                for wanted in [&[][..], &[("tone", "b")]] {
                    let excluded = &ids[n / 10..n / 10 + n / 5 * (seed as usize % 2)];
                    let mut slots =
                        chosen(&table, Selection { k, split, wanted, excluded, ..Selection::default() }, seed);
                    let eligible =
                        |&slot: &usize| slot >= n / 10 + excluded.len() && (wanted.is_empty() || slot % 3 == 1);
                    assert!(slots.iter().all(eligible));
                    assert_eq!(slots.len(), (0..n).filter(eligible).count().min(k));
                    slots.sort_unstable();
                    slots.dedup();
                    assert_eq!(slots.len(), (0..n).filter(eligible).count().min(k), "an arm came twice");
                }
            }
        }
    }
}

/// A table of `n` arms that were updated repeatedly, and a table that received the last states only.
fn twins(n: usize, rounds: usize) -> (ArmTable, ArmTable) {
    use rand::RngExt;
    let mut rng = generator(Some(4));
    let ids: Vec<String> = (0..n).map(|i| format!("arm{i}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let (mut lived, mut born) = (ArmTable::new(), ArmTable::new());
    let mut removed = vec![false; n];
    let (mut last, mut dimensions) = (vec![(1.0, 1.0, 0); n], vec![vec![]; n]);
    for round in 0..rounds {
        for slot in 0..n {
            // All arms in the first round, then some. Half of them are far down the order, and stay there.
            if round > 0 && rng.random_range(0..3) > 0 {
                continue;
            }
            let (successes, failures) = (rng.random_range(0..50), rng.random_range(0..2_000) * rng.random_range(0..2));
            last[slot] = (1.0 + f64::from(successes), 1.0 + f64::from(failures), i64::from(successes + failures));
            dimensions[slot] = vec![("tone", ["a", "b", "c"][rng.random_range(0..3)])];
            if rng.random_range(0..70) == 0 {
                dimensions[slot].push(("rare", ["x", "y"][rng.random_range(0..2)]));
            }
            let (alpha, beta, impressions) = last[slot];
            let rows =
                Rows { alpha: &[alpha], beta: &[beta], impressions: &[impressions], version: &[round as i64 + 1] };
            lived.upsert(&ids[slot..=slot], rows, Some(&dimensions[slot..=slot]), &mut vec![]).unwrap();
            removed[slot] = rng.random_range(0..9) == 0;
            if removed[slot] {
                lived.remove_at(&ids[slot..=slot], &[round as i64 + 1]).unwrap();
            }
        }
        check_hot_set(&lived);
    }
    let column = |pick: fn(&(f64, f64, i64)) -> f64| last.iter().map(pick).collect::<Vec<_>>();
    let impressions: Vec<i64> = last.iter().map(|arm| arm.2).collect();
    let rows = Rows {
        alpha: &column(|arm| arm.0),
        beta: &column(|arm| arm.1),
        impressions: &impressions,
        version: &vec![1; n],
    };
    born.upsert(&ids, rows, Some(&dimensions), &mut vec![]).unwrap();
    let gone: Vec<&str> = (0..n).filter(|&slot| removed[slot]).map(|slot| ids[slot]).collect();
    born.remove(&gone).unwrap();
    check_hot_set(&born);
    (lived, born)
}

/// Checks that the hot set has all arms from its lowest code on, in order, with the table's values.
fn check_hot_set(table: &ArmTable) {
    let lists = (0..3).map(|i| ["a", "b", "c"][i]).map(|tone| table.dimensions.find(&[("tone", tone)], usize::MAX));
    for matching in lists {
        let slots = matching.slots.as_ref().unwrap();
        let expected = table.live_slots().filter(|&slot| matching.has(table.sets[slot]));
        assert_eq!(*slots, expected.map(|slot| slot as u32).collect::<Vec<_>>());
    }
    let held: Vec<_> = table.posteriors.hot_set.iter().filter(|(_, entry)| entry.live).collect();
    let mut expected: Vec<u64> =
        (table.posteriors.index.coded().filter(|&(_, code)| code >= table.posteriors.hot_set.least()))
            .map(|(slot, code)| order::key(code, table.impressions[slot], slot))
            .collect();
    expected.sort_unstable();
    assert_eq!(held.iter().map(|&(key, _)| key).collect::<Vec<_>>(), expected);
    for (key, entry) in held {
        let arm = table.arm(order::slot_of(key)).unwrap();
        assert_eq!((entry.alpha, entry.beta, entry.impressions), (arm.alpha, arm.beta, arm.impressions));
        assert_eq!(entry.set, table.sets[order::slot_of(key)]);
    }
}

#[test]
fn the_same_state_and_seed_give_the_same_answer() {
    for (n, rounds) in [(50, 10), (800, 10), (6_000, 6)] {
        let (lived, born) = twins(n, rounds);
        assert!(n < 5_000 || !lived.posteriors.hot_set.is_complete());
        for seed in 0..300 {
            let k = [1, 10, 200][seed as usize % 3];
            for split in [None, Some(ThompsonExploration { min_impressions: 100, exploration_ratio: 0.4 })] {
                for wanted in
                    [&[][..], &[("tone", "b")], &[("tone", "none")], &[("rare", "x")], &[("rare", "y"), ("tone", "a")]]
                {
                    let selection = Selection { k, split, wanted, excluded: &["arm3", "arm5"], ..Selection::default() };
                    assert_eq!(chosen(&lived, selection, seed), chosen(&born, selection, seed));
                }
            }
        }
    }
}

#[test]
fn many_equal_arms_need_no_hot_set() {
    // 5,000 new arms have the same code, so the hot set contains all of them or none. Some leave it repeatedly.
    let ids: Vec<String> = (0..5_000).map(|i| format!("arm{i}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut table = ArmTable::new();
    put(&mut table, &ids, 0, 1);
    check_hot_set(&table);
    for (round, known) in ids.chunks(1_000).enumerate() {
        let n = known.len();
        let rows = Rows {
            alpha: &vec![3.0; n],
            beta: &vec![90.0 + round as f64; n],
            impressions: &vec![91; n],
            version: &vec![2; n],
        };
        table.upsert(known, rows, None, &mut vec![]).unwrap();
        check_hot_set(&table);
        assert_eq!(chosen(&table, Selection { k: 7, ..Selection::default() }, 1).len(), 7);
    }
}
