//! Columns row by row: as many as share registers, of every length and width of unit.

use super::*;

/// More rows than a piece has, some of them missing on either side of where pieces meet.
#[test]
fn pieces_of_rows() {
    let rows = |missing: usize| -> Given {
        (0..3000_u32)
            .map(|row| {
                (!(row as usize).is_multiple_of(missing)).then(|| vec![row % 7, row % 11, row])
            })
            .collect()
    };
    check_pairs(
        Distance::Levenshtein,
        &rows(512),
        &rows(341),
        &[1],
        u32::MAX,
    );
}

/// Rows of every length about a word's beside every other, as many as share registers: bytes, and units that take 16 and 32 bits.
#[test]
fn rows_in_lanes() {
    let lengths = if cfg!(miri) {
        vec![1, 8, 9]
    } else {
        vec![0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65]
    };
    let copies = if cfg!(miri) { 5 } else { 40 };
    for (first, alphabet) in [(97, 3), (97, 26), (300, 5), (0x1_0000, 4)] {
        let mut state = 1_u64;
        let mut text = |length: usize| -> Option<Vec<u32>> {
            let mut next = || {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 33) as u32
            };
            // A few rows of wide units are of bytes all the same.
            let first = if next() % 8 == 0 { 97 } else { first };
            Some((0..length).map(|_| first + next() % alphabet).collect())
        };
        let mut rows: [Given; 2] = Default::default();
        for &a in &lengths {
            for &b in &lengths {
                for _ in 0..copies {
                    rows[0].push(text(a));
                    rows[1].push(text(b));
                }
            }
        }
        let [queries, choices] = rows;
        for measure in [
            Distance::Levenshtein,
            Distance::Osa,
            Distance::DamerauLevenshtein,
            Distance::Hamming,
        ] {
            check_pairs(measure, &queries, &choices, &[3], u32::MAX);
        }
        for measure in [Similarity::Jaro, Similarity::JaroWinkler] {
            check_pairs(measure, &queries, &choices, &[0.6], 0.0);
        }
    }
}

/// What the columns are read as does not matter: bytes, or wider ones.
#[test]
fn columns_of_two_widths() {
    let latin: Given = (0..100)
        .map(|row| Some(vec![97 + row % 5, 98, 99]))
        .collect();
    let mut wide = latin.clone();
    wide[50] = Some(vec![0x142, 98]);
    check_pairs(Distance::Levenshtein, &latin, &wide, &[1], u32::MAX);
    check_pairs(Distance::Levenshtein, &wide, &latin, &[1], u32::MAX);
    check_distance(Distance::Osa, (wide[48..53].to_vec(), latin));
}
