//! Networks of minima and maxima, as straight-line programs: values that are made once, shared where they are the same,
//! and left out where nobody uses them.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// What a step makes: the lower (even) or the upper (odd) result of the step of half this number.
pub(super) type Value = u32;

/// A step as it is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// Takes a pixel, by its row and column.
    Input(u32, u32),
    /// Puts two values in order.
    Pair(Value, Value),
    /// Gives a value as the result for a pixel of the tile, by its row and column.
    Output(Value, u32, u32),
}

/// The steps, each after those whose results it takes.
#[derive(Debug, Default)]
pub(super) struct Network {
    pub(super) nodes: Vec<Node>,
    /// Where a part ends whose steps may change places as long as each comes after those that it needs.
    pub(super) parts: Vec<usize>,
    pairs: HashMap<u64, u32, BuildHasherDefault<Mixer>>,
    inputs: HashMap<u64, u32, BuildHasherDefault<Mixer>>,
}

impl Network {
    /// A pixel.
    pub(super) fn input(&mut self, row: usize, column: usize) -> Value {
        let node = Node::Input(row as u32, column as u32);
        let key = ((row as u64) << 32) | column as u64;
        let next = self.nodes.len() as u32;
        let found = *self.inputs.entry(key).or_insert(next);
        if found == next {
            self.nodes.push(node);
        }
        2 * found
    }

    /// Two values in order.
    fn pair(&mut self, a: Value, b: Value) -> [Value; 2] {
        let (a, b) = (a.min(b), a.max(b));
        let next = self.nodes.len() as u32;
        let found = *self
            .pairs
            .entry((u64::from(a) << 32) | u64::from(b))
            .or_insert(next);
        if found == next {
            self.nodes.push(Node::Pair(a, b));
        }
        [2 * found, 2 * found + 1]
    }

    /// Gives the result for a pixel of the tile.
    pub(super) fn output(&mut self, value: Value, row: usize, column: usize) {
        self.nodes
            .push(Node::Output(value, row as u32, column as u32));
        self.end_part();
    }

    fn end_part(&mut self) {
        self.parts.push(self.nodes.len());
    }

    /// The values in order.
    pub(super) fn sort(&mut self, values: &[Value]) -> Vec<Value> {
        let sorted = self.halves(values);
        self.end_part();
        sorted
    }

    fn halves(&mut self, values: &[Value]) -> Vec<Value> {
        if values.len() < 2 {
            return values.to_vec();
        }
        let (left, right) = values.split_at(values.len() / 2);
        let (left, right) = (self.halves(left), self.halves(right));
        self.odd_even(&left, &right)
    }

    /// Two sorted lists as one.
    pub(super) fn merge(&mut self, a: &[Value], b: &[Value]) -> Vec<Value> {
        let merged = self.odd_even(a, b);
        self.end_part();
        merged
    }

    /// The odd-even merge of Batcher 1968, for lists of any two lengths (Knuth, The Art of Computer Programming 3, 5.3.4).
    fn odd_even(&mut self, a: &[Value], b: &[Value]) -> Vec<Value> {
        if a.is_empty() || b.is_empty() {
            return [a, b].concat();
        }
        if let ([a], [b]) = (a, b) {
            return self.pair(*a, *b).to_vec();
        }
        let every_other =
            |list: &[Value], from| list.iter().skip(from).step_by(2).copied().collect();
        let [a_even, a_odd, b_even, b_odd]: [Vec<Value>; 4] = [
            every_other(a, 0),
            every_other(a, 1),
            every_other(b, 0),
            every_other(b, 1),
        ];
        let even = self.odd_even(&a_even, &b_even);
        let odd = self.odd_even(&a_odd, &b_odd);
        let mut merged = Vec::with_capacity(a.len() + b.len());
        merged.push(even[0]);
        let (next, rest) = even[1..].split_at(odd.len().min(even.len() - 1));
        for (even, odd) in next.iter().zip(&odd) {
            merged.extend(self.pair(*odd, *even));
        }
        merged.extend_from_slice(&odd[next.len()..]);
        merged.extend_from_slice(rest);
        merged
    }
}

/// Mixes the bits of a number; programs are long, and the standard library's hash costs more than all else.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        // The golden ratio's bits (Knuth, The Art of Computer Programming 3, 6.4).
        let product = u128::from(self.0 ^ number) * 0x9E37_79B9_7F4A_7C15;
        self.0 = (product as u64) ^ (product >> 64) as u64;
    }
}
