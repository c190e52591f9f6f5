//! `cargo bench -p armful-core`: draws, selections and the quadrature by size.
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]
use std::hint::black_box;

use armful_core::{
    expected_loss, generator, probability_best, sample_beta, select_top_k, ArmTable, Rows, Selection,
    ThompsonExploration,
};
use criterion::{criterion_group, criterion_main, BenchmarkId, Criterion, Throughput};

/// Arms with impressions drawn uniformly from 0 to 5,000, and true rates drawn from Beta(2, 30).
fn service(n: usize) -> (Vec<f64>, Vec<f64>, Vec<i64>) {
    let mut rng = generator(Some(1));
    let (mut shares, mut rates) = (vec![0.0; n], vec![0.0; n]);
    sample_beta(&vec![1.0; n], &vec![1.0; n], &mut shares, &mut rng).unwrap();
    sample_beta(&vec![2.0; n], &vec![30.0; n], &mut rates, &mut rng).unwrap();
    let impressions: Vec<f64> = shares.iter().map(|share| (share * 5001.0).floor()).collect();
    let alpha: Vec<f64> = impressions.iter().zip(&rates).map(|(n, rate)| 1.0 + (n * rate).round()).collect();
    let beta = impressions.iter().zip(&alpha).map(|(n, alpha)| 2.0 + n - alpha).collect();
    (alpha, beta, impressions.into_iter().map(|n| n as i64).collect())
}

fn table(n: usize) -> ArmTable {
    let (alpha, beta, impressions) = service(n);
    let ids: Vec<String> = (0..n).map(|i| format!("arm-{i:08}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut table = ArmTable::new();
    let rows = Rows { alpha: &alpha, beta: &beta, impressions: &impressions, version: &vec![1; n] };
    table.upsert(&ids, rows, None, &mut vec![]).unwrap();
    table
}

fn selections(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("selection");
    for n in [100, 10_000, 1_000_000] {
        let (alpha, beta, _) = service(n);
        let table = table(n);
        let mut rng = generator(Some(2));
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(BenchmarkId::new("select_top_k", n), |bencher| {
            bencher.iter(|| select_top_k(black_box(&alpha), black_box(&beta), 10, &mut rng));
        });
        for (name, split) in [
            ("ArmTable", None),
            ("ArmTable, split", Some(ThompsonExploration { min_impressions: 100, exploration_ratio: 0.3 })),
        ] {
            group.bench_function(BenchmarkId::new(name, n), |bencher| {
                let mut chosen = vec![];
                bencher.iter(|| {
                    chosen.clear();
                    table.select(&Selection { k: 10, split, ..Selection::default() }, &mut rng, &mut chosen).unwrap();
                    black_box(&chosen);
                });
            });
        }
    }
}

fn draws(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("1,000 draws");
    let mut rng = generator(Some(2));
    for (alpha, beta) in [(1.0, 1.0), (121.0, 881.0), (1e9, 1e9), (0.5, 0.5), (1e-3, 1e-3), (1e-3, 1e9)] {
        let mut out = vec![0.0; 1_000];
        let (alphas, betas) = (vec![alpha; 1_000], vec![beta; 1_000]);
        group.bench_function(format!("Beta({alpha}, {beta})"), |bencher| {
            bencher.iter(|| sample_beta(&alphas, &betas, black_box(&mut out), &mut rng));
        });
    }
}

fn quadrature(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("quadrature");
    for n in [2, 10, 200] {
        let (alpha, beta, _) = service(n);
        group.bench_function(BenchmarkId::new("probability_best", n), |bencher| {
            bencher.iter(|| probability_best(black_box(&alpha), &beta, &|| false));
        });
        group.bench_function(BenchmarkId::new("expected_loss", n), |bencher| {
            bencher.iter(|| expected_loss(black_box(&alpha), &beta, &|| false));
        });
    }
}

criterion_group!(benches, selections, draws, quadrature);
criterion_main!(benches);
