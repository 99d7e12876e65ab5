//! All cosines and the best rows, of every element type, in rows that lie anywhere, against those in twice the precision.

use arbitrary::{Result, Unstructured};
use hotkernels_kernels::Float;
use hotkernels_kernels::memory::{Rows, Target};
use hotkernels_kernels::simd::Level;
use hotkernels_kernels::vector::{Bfloat16, Element, Half, Metric, cosine_matrix, top_k};

use crate::chance::Chance;
use crate::numbers::{Kind, number, numbers};
use crate::vector::Direction;
use crate::{Placed, team};

/// An element type, as a number and of one.
pub trait Made: Element + Default + PartialEq {
    /// The unit roundoff of the arithmetic, and the terms that are summed at a time; 0 for sums that are exact.
    const ARITHMETIC: (f64, f64, f64);
    fn made(number: f64) -> Self;
    fn number(self) -> f64;
}

const SINGLE: (f64, f64, f64) = (1.0 / (1 << 24) as f64, 384.0, 6.0);

impl Made for f32 {
    const ARITHMETIC: (f64, f64, f64) = SINGLE;
    fn made(number: f64) -> Self {
        number as f32
    }
    fn number(self) -> f64 {
        self.into()
    }
}

impl Made for f64 {
    const ARITHMETIC: (f64, f64, f64) = (f64::EPSILON / 2.0, 192.0, 50.0);
    fn made(number: f64) -> Self {
        number
    }
    fn number(self) -> f64 {
        self
    }
}

impl Made for Bfloat16 {
    const ARITHMETIC: (f64, f64, f64) = SINGLE;
    fn made(number: f64) -> Self {
        Self(((number as f32).to_bits() >> 16) as u16)
    }
    fn number(self) -> f64 {
        f32::from_bits(u32::from(self.0) << 16).into()
    }
}

impl Made for Half {
    const ARITHMETIC: (f64, f64, f64) = SINGLE;
    /// Some half for each number, each half for some.
    fn made(number: f64) -> Self {
        Self(match number {
            small if small.abs() < 1e-5 => (small * 2_f64.powi(24)) as i16 as u16 & 0x83ff,
            moderate if moderate.abs() < 6e4 => {
                let bits = (moderate as f32).to_bits();
                let exponent = (bits >> 23 & 0xff).saturating_sub(112).min(30);
                (bits >> 16 & 0x8000 | exponent << 10 | bits >> 13 & 0x3ff) as u16
            }
            other => (other.to_bits() >> 48) as u16,
        })
    }
    fn number(self) -> f64 {
        let (exponent, fraction) = (i32::from(self.0 >> 10 & 0x1f), f64::from(self.0 & 0x3ff));
        let size = match exponent {
            0 => fraction * 2_f64.powi(-24),
            31 if fraction == 0.0 => f64::INFINITY,
            31 => f64::NAN,
            _ => (1.0 + fraction / 1024.0) * 2_f64.powi(exponent - 15),
        };
        if self.0 >> 15 == 0 { size } else { -size }
    }
}

impl Made for i8 {
    const ARITHMETIC: (f64, f64, f64) = (0.0, 1.0, 0.0);
    fn made(number: f64) -> Self {
        if number.abs() < 2.0 {
            (number * 64.0) as i8
        } else {
            number as i8
        }
    }
    fn number(self) -> f64 {
        self.into()
    }
}

pub fn run(u: &mut Unstructured<'_>) -> Result<()> {
    match u.int_in_range(0..=4_u8)? {
        0 => of::<f32>(u),
        1 => of::<f64>(u),
        2 => of::<Half>(u),
        3 => of::<Bfloat16>(u),
        _ => of::<i8>(u),
    }
}

/// Rows in memory, the first one at an index, others so many elements further.
struct Made2<E> {
    memory: Placed<E>,
    start: usize,
    stride: isize,
    count: usize,
    cols: usize,
}

impl<E: Made> Made2<E> {
    /// Rows without gaps, with some, from the last to the first, or one again and again.
    fn of(u: &mut Unstructured<'_>, count: usize, cols: usize, kind: Kind) -> Result<Self> {
        let gap = *u.choose(&[0, 0, 1, 5])?;
        let step = cols + gap;
        let same: bool = u.ratio(1, 10)?;
        let backwards: bool = u.ratio(1, 4)?;
        let len = match count {
            0 => 0,
            _ if same => cols,
            _ => (count - 1) * step + cols,
        };
        let mut all: Vec<E> = numbers(u, len, kind)?.into_iter().map(E::made).collect();
        if u.ratio(1, 3)? && len > 0 {
            // A row of zeros, and one with something odd.
            let row = u.int_in_range(0..=len - 1)? / step.max(1) * step;
            all[row..len.min(row + cols)].fill(E::made(0.0));
            let place = u.int_in_range(0..=len - 1)?;
            all[place] = E::made(number(u, Kind::Any)?);
        }
        let backwards = backwards && !same && count > 0;
        Ok(Self {
            memory: Placed::new(&all, u.int_in_range(0..=9)?),
            start: if backwards { (count - 1) * step } else { 0 },
            stride: match (same, backwards) {
                (true, _) => 0,
                (_, true) => -(step as isize),
                _ => step as isize,
            },
            count,
            cols,
        })
    }

    fn rows(&self) -> Rows<'_, E> {
        let start = self.memory.source().as_ptr().wrapping_add(self.start);
        // SAFETY: the memory was made with these rows.
        unsafe { Rows::new(start, self.count, self.cols, self.stride) }
    }

    fn wide(&self) -> Vec<Vec<f64>> {
        let rows = self.rows();
        (0..self.count)
            .map(|row| rows.row(row).iter().map(E::number).collect())
            .collect()
    }
}

fn of<E: Made>(u: &mut Unstructured<'_>) -> Result<()> {
    let mut chance = Chance::of(u);
    // Threads have work to share in one of many inputs.
    let large = chance.one_of(128);
    let (times, most) = if large {
        (10, 12_000_000)
    } else {
        (1, 100_000)
    };
    let levels = if large {
        vec![chance.level()]
    } else {
        chance.levels()
    };
    let kind = Kind::of(u)?;
    let rows = u.int_in_range(0..=18_usize)? * times;
    let cols = u.int_in_range(0..=60_usize)? * times;
    let work = (rows * cols + rows * rows).max(1);
    let depth = u.int_in_range(0..=900_usize)?.min(most / work);
    let k = u.int_in_range(0..=cols)?;
    let threads = u.int_in_range(1..=3)?;
    let queries = Made2::<E>::of(u, rows, depth, kind)?;
    let corpus = Made2::<E>::of(u, cols, depth, kind)?;
    let (wide_queries, wide_corpus) = (queries.wide(), corpus.wide());
    let directions = |all: &[Vec<f64>]| -> Vec<Direction> {
        all.iter().map(|x| Direction::of(x, twice)).collect()
    };
    let own = directions(&wide_queries);
    let exact = |others: &[Direction]| -> Vec<f64> {
        let pairs = own
            .iter()
            .flat_map(|a| others.iter().map(move |b| a.cosine(b, twice)));
        pairs.collect()
    };
    let expected = [exact(&directions(&wide_corpus)), exact(&own)];
    let products = products::<E>(&wide_queries, &wide_corpus);
    let counts: &[usize] = if large { &[1, threads] } else { &[threads] };
    for level in levels {
        let all = cosines(level, queries.rows(), Some(corpus.rows()), counts);
        let small = rows <= 4 || cols <= 4;
        compare::<E>(level, &all, &expected[0], depth, small);
        let own = cosines(level, queries.rows(), None, counts);
        compare::<E>(level, &own, &expected[1], depth, rows <= 4);
        for row in 0..rows {
            for col in 0..rows {
                let (a, b) = (own[row * rows + col], own[col * rows + row]);
                let (a, b) = (a.to_f64(), b.to_f64());
                assert!(crate::same(a, b), "{level}: not symmetric: {a} {b}");
            }
            let (found, exact) = (
                own[row * rows + row].to_f64(),
                expected[1][row * rows + row],
            );
            let expected = if exact.is_nan() { exact } else { exact.round() };
            assert!(
                crate::same(found, expected),
                "{level}: diagonal {found} {exact}"
            );
        }
        if cols > 0 {
            let found = best(level, &queries, &corpus, k, Metric::Cosine, counts);
            check_order(level, &found, cols, k);
            let sorted = sorted(&all, cols, k);
            assert!(
                alike(&found, &sorted),
                "{level}: {:?} {:?}",
                found.0,
                sorted.0
            );
            let found = best(level, &queries, &corpus, k, Metric::Dot, counts);
            check_order(level, &found, cols, k);
            check_dots(level, &found, &products, cols, k);
        }
    }
    Ok(())
}

/// The dot product as if in twice the precision (Ogita, Rump and Oishi 2005, Dot2): wrong by a rounding, and by n² rounding errors
/// squared of the terms' sizes.
fn twice(a: &[f64], b: &[f64]) -> f64 {
    let (mut sum, mut rest) = (0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let product = a * b;
        let next = sum + product;
        // What was lost of the sum (Knuth) and of the product.
        let back = next - sum;
        rest += (sum - (next - back)) + (product - back) + a.mul_add(*b, -product);
        sum = next;
    }
    sum + rest
}

const GAP: usize = 3;

/// A matrix with each of these numbers of threads, in memory that is larger than the result, whose rest must stay as it is.
fn cosines<E: Made>(
    level: Level,
    queries: Rows<'_, E>,
    corpus: Option<Rows<'_, E>>,
    threads: &[usize],
) -> Vec<E::Result> {
    let (rows, cols) = (queries.rows(), corpus.unwrap_or(queries).rows());
    let stride = cols + GAP;
    let mark = E::Result::from_f64(7.5);
    let compute = |threads| {
        let mut memory = vec![mark; rows * stride];
        // SAFETY: the memory has these rows.
        let out = unsafe { Target::new(memory.as_mut_ptr(), rows, cols, stride) };
        cosine_matrix(level, queries, corpus, out, &team(threads)).expect("not stopped");
        let mut result = Vec::new();
        for row in memory.chunks_exact(stride) {
            result.extend_from_slice(&row[..cols]);
            assert!(
                row[cols..].iter().all(|x| *x == mark),
                "{level}: past a row"
            );
        }
        result
    };
    let first = compute(threads[0]);
    for &threads in &threads[1..] {
        let same = |(a, b): (&E::Result, &E::Result)| crate::same(a.to_f64(), b.to_f64());
        assert!(
            first.iter().zip(&compute(threads)).all(same),
            "{level}: {threads} threads"
        );
    }
    first
}

fn compare<E: Made>(level: Level, found: &[E::Result], exact: &[f64], depth: usize, small: bool) {
    let (unit, block, more) = E::ARITHMETIC;
    let rounded = if size_of::<E::Result>() == 8 {
        0.0
    } else {
        2_f64.powi(-24)
    };
    let depth = depth as f64;
    for (found, exact) in found.iter().zip(exact) {
        let found = found.to_f64();
        let room = match (small, unit == 0.0) {
            (true, _) => 1.001e-14 + rounded,
            (_, true) => 5.0 * rounded * exact.abs() + 1e-14,
            _ => (depth.min(block) + depth / block + more) * unit,
        };
        let near = (found - exact).abs() <= room && found.abs() <= 1.0;
        assert!(
            near || (found.is_nan() && exact.is_nan()),
            "{level}, {depth} elements: {found} {exact}, {room:e}"
        );
    }
}

type Found<S> = (Vec<i64>, Vec<S>);

fn best<E: Made>(
    level: Level,
    queries: &Made2<E>,
    corpus: &Made2<E>,
    k: usize,
    metric: Metric,
    threads: &[usize],
) -> Found<E::Result> {
    let rows = queries.count;
    let compute = |threads| {
        let (mut indices, mut scores) = (vec![-1; rows * k], vec![E::Result::default(); rows * k]);
        let (places, numbers) = (
            Target::from_slice(&mut indices, rows, k),
            Target::from_slice(&mut scores, rows, k),
        );
        let team = team(threads);
        top_k(
            level,
            queries.rows(),
            corpus.rows(),
            metric,
            places,
            numbers,
            &team,
        )
        .expect("not stopped");
        (indices, scores)
    };
    let first = compute(threads[0]);
    for &threads in &threads[1..] {
        assert!(
            alike(&first, &compute(threads)),
            "{level}: {threads} threads"
        );
    }
    first
}

fn alike<S: Float>(a: &Found<S>, b: &Found<S>) -> bool {
    let same = |(a, b): (&S, &S)| crate::same(a.to_f64(), b.to_f64());
    a.0 == b.0 && a.1.iter().zip(&b.1).all(same)
}

/// The better score first, of equal ones the lower row, NaN last, each row once.
fn check_order<S: Float>(level: Level, (indices, scores): &Found<S>, cols: usize, k: usize) {
    let chunks = indices
        .chunks_exact(k.max(1))
        .zip(scores.chunks_exact(k.max(1)));
    for (indices, scores) in chunks {
        let mut seen = vec![false; cols];
        for index in indices {
            let index = usize::try_from(*index).expect("a row");
            assert!(
                !std::mem::replace(&mut seen[index], true),
                "{level}: {index} twice"
            );
        }
        let keys: Vec<_> = indices
            .iter()
            .zip(scores.iter().map(|score| score.to_f64()))
            .collect();
        for two in keys.windows(2) {
            let ((row, score), (next_row, next)) = (two[0], two[1]);
            let right = score > next
                || (next.is_nan() && !score.is_nan())
                || ((score == next || score.is_nan() && next.is_nan()) && row < next_row);
            assert!(
                right,
                "{level}: {score} of {row} before {next} of {next_row}"
            );
        }
    }
}

/// The first of the sorted scores of a matrix.
fn sorted<S: Float>(matrix: &[S], cols: usize, k: usize) -> Found<S> {
    let mut found = (Vec::new(), Vec::new());
    for row in matrix.chunks_exact(cols) {
        let mut order: Vec<usize> = (0..cols).collect();
        order.sort_by(|a, b| {
            let (a, b) = (row[*a].to_f64(), row[*b].to_f64());
            b.partial_cmp(&a)
                .unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
        });
        for index in order.into_iter().take(k) {
            found.0.push(index as i64);
            found.1.push(row[index]);
        }
    }
    found
}

/// The dot product of each query with each row, and how far a kernel's may be from it; NaN and anything where it overflows.
fn products<E: Made>(queries: &[Vec<f64>], corpus: &[Vec<f64>]) -> Vec<[f64; 2]> {
    let (unit, block, _) = E::ARITHMETIC;
    let product = |(query, other): (&Vec<f64>, &Vec<f64>)| {
        let (mut size, mut sum) = (0.0, 0.0);
        for (a, b) in query.iter().zip(other) {
            size += (a * b).abs();
            sum += a * b;
        }
        let depth = query.len() as f64;
        let room = if unit == 0.0 {
            2_f64.powi(-24) * f64::abs(sum)
        } else {
            (depth.min(block) + depth / block + 2.0) * unit * size + depth * 1e-37
        };
        if size < 1e30 && size.is_finite() {
            [twice(query, other), room]
        } else {
            [f64::NAN, f64::INFINITY]
        }
    };
    let pairs = queries
        .iter()
        .flat_map(|query| corpus.iter().map(move |other| (query, other)));
    pairs.map(product).collect()
}

/// Dot products against those, where nothing overflows; and no row that was left out is better by more than the error.
fn check_dots<S: Float>(
    level: Level,
    (indices, scores): &Found<S>,
    products: &[[f64; 2]],
    cols: usize,
    k: usize,
) {
    for (row, products) in products.chunks_exact(cols).enumerate() {
        let mut kept = vec![false; cols];
        let mut lowest = f64::INFINITY;
        for place in row * k..(row + 1) * k {
            let index = indices[place] as usize;
            let ([exact, room], found) = (products[index], scores[place].to_f64());
            kept[index] = true;
            lowest = lowest.min(if found.is_nan() {
                f64::NEG_INFINITY
            } else {
                found
            });
            assert!(
                exact.is_nan() || (found - exact).abs() <= room,
                "{level}: dot {found} {exact}, {room:e}"
            );
        }
        for (index, [exact, room]) in products.iter().enumerate() {
            let better = !kept[index] && exact - room > lowest && k > 0;
            assert!(
                !better,
                "{level}: row {index} of {exact} was left out below {lowest}"
            );
        }
    }
}
