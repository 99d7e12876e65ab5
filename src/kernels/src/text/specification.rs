//! What the distances are, said plainly: the matrix, cell by cell; Jaro's rules, as they are stated.

use std::collections::HashMap;
use std::hash::Hash;

/// Levenshtein's distance (Wagner and Fischer 1974); with swaps, optimal string alignment.
#[must_use]
pub fn edits<T: Eq>(a: &[T], b: &[T], swaps: bool) -> usize {
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (row[j - 1] + 1)
                .min(rows[i - 1][j] + 1)
                .min(rows[i - 1][j - 1] + change);
            if swaps && i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// Damerau's distance (Lowrance and Wagner 1975): every swap that ends in a cell begins at the last occurrences of the two units.
#[must_use]
pub fn damerau_levenshtein<T: Eq + Hash + Copy>(a: &[T], b: &[T]) -> usize {
    let far = a.len() + b.len();
    let mut table = vec![vec![far; b.len() + 2]; a.len() + 2];
    for (i, row) in table.iter_mut().enumerate().skip(1) {
        row[1] = i - 1;
    }
    for (j, distance) in table[1].iter_mut().enumerate().skip(1) {
        *distance = j - 1;
    }
    let mut last_row: HashMap<T, usize> = HashMap::new();
    for i in 1..=a.len() {
        let mut last_column = 0;
        for j in 1..=b.len() {
            let (row, column) = (last_row.get(&b[j - 1]).copied().unwrap_or(0), last_column);
            let same = a[i - 1] == b[j - 1];
            if same {
                last_column = j;
            }
            table[i + 1][j + 1] = (table[i][j] + usize::from(!same))
                .min(table[i + 1][j] + 1)
                .min(table[i][j + 1] + 1)
                .min(table[row][column] + (i - row - 1) + 1 + (j - column - 1));
        }
        last_row.insert(a[i - 1], i);
    }
    table[a.len() + 1][b.len() + 1]
}

/// Jaro's similarity: units in common and out of order, unit by unit.
#[must_use]
pub fn jaro<T: Eq + Copy>(a: &[T], b: &[T]) -> f64 {
    let reach = (a.len().max(b.len()) / 2).saturating_sub(1);
    let (mut from_a, mut taken) = (Vec::new(), vec![false; b.len()]);
    for (i, x) in a.iter().enumerate() {
        let found = (0..b.len()).find(|&j| i.abs_diff(j) <= reach && !taken[j] && b[j] == *x);
        if let Some(j) = found {
            taken[j] = true;
            from_a.push(*x);
        }
    }
    if from_a.is_empty() {
        return 0.0;
    }
    let from_b = (0..b.len()).filter(|&j| taken[j]).map(|j| b[j]);
    let unordered = from_a.iter().zip(from_b).filter(|(x, y)| **x != *y).count();
    let common = from_a.len() as f64;
    (common / a.len() as f64 + common / b.len() as f64 + (common - (unordered / 2) as f64) / common)
        / 3.0
}
