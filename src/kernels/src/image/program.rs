//! A network as a program over slots of memory, each a register wide: which steps to do, and where their values lie.
//!
//! A compiled network of thousands of minima and maxima for each size of window would be megabytes of code. The program is
//! read instead: it lies in the cache like code does, and a step of it takes as long as two minima of registers do.

use std::sync::{Arc, Mutex};

use super::network::{Network, Node, Value};
use super::tiling;
use crate::arch::Order;

/// What a row of steps does, and the numbers that a step of it has: slots, inputs or outputs. Where both values that a step
/// takes end with it, what it makes takes their places, and two numbers say it all: the program is read over and over, and
/// what is short stays in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Loads an input to a slot.
    Load,
    /// Puts two slots in order, where they are.
    Order,
    /// Puts the first two slots in order, to the other two.
    OrderTo,
    /// The smaller of two slots to the first.
    Low,
    /// The smaller of two slots to a third.
    LowTo,
    /// The larger of two slots to the first.
    High,
    /// The larger of two slots to a third.
    HighTo,
    /// Stores a slot as an output.
    Store,
}

impl Kind {
    /// How many numbers a step has.
    const fn numbers(self) -> usize {
        match self {
            Self::Load | Self::Order | Self::Low | Self::High | Self::Store => 2,
            Self::LowTo | Self::HighTo => 3,
            Self::OrderTo => 4,
        }
    }
}

/// Bytes that a slot's number counts: so small that no slot needs more than 16 bits, and a processor multiplies by it for
/// nothing.
const UNIT: usize = 8;

/// A network made ready for registers of one size.
#[derive(Debug)]
pub(super) struct Program {
    window: [usize; 2],
    tile: [usize; 2],
    register: usize,
    rows: Vec<(Kind, u32)>,
    steps: Vec<u16>,
    inputs: Vec<[usize; 2]>,
    outputs: Vec<[usize; 2]>,
    slots: usize,
}

/// A slot's worth of memory: a cache line, which no register is larger than.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Line(#[expect(dead_code, reason = "memory, seen through pointers")] [u8; 64]);

impl Line {
    pub(super) const EMPTY: Self = Self([0; 64]);
}

/// Programs that were used lately. A call that finds them held by another, or left held by a process that forked, makes its
/// own.
static KEPT: Mutex<Vec<Arc<Program>>> = Mutex::new(Vec::new());

/// How many programs are kept, of up to a megabyte each.
const KEEP: usize = 8;

impl Program {
    /// The program for a window, tiles of some size, and registers of so many bytes.
    pub(super) fn get(window: [usize; 2], tile: [usize; 2], register: usize) -> Arc<Self> {
        let is_it = |program: &Arc<Self>| {
            (program.window, program.tile, program.register) == (window, tile, register)
        };
        if let Ok(mut kept) = KEPT.try_lock()
            && let Some(place) = kept.iter().position(is_it)
        {
            let program = kept.remove(place);
            kept.push(Arc::clone(&program));
            return program;
        }
        let program = Arc::new(Self::new(window, tile, register));
        if let Ok(mut kept) = KEPT.try_lock() {
            kept.retain(|program| !is_it(program));
            if kept.len() == KEEP {
                kept.remove(0);
            }
            kept.push(Arc::clone(&program));
        }
        program
    }

    fn new(window: [usize; 2], tile: [usize; 2], register: usize) -> Self {
        let network = tiling::network(window, tile);
        let used = used(&network);
        let order = order(&network, &used);
        let mut program = Self {
            window,
            tile,
            register,
            rows: Vec::new(),
            steps: Vec::with_capacity(2 * order.len()),
            inputs: Vec::new(),
            outputs: Vec::new(),
            slots: 0,
        };
        program.place(&network, &used, &order);
        program.check();
        program
    }

    /// Bytes from one slot to the next.
    fn slot(&self) -> usize {
        self.register.next_multiple_of(UNIT)
    }

    /// Gives each value a slot from its step to the last one that takes it.
    fn place(&mut self, network: &Network, used: &[bool], order: &[(Kind, u32)]) {
        let mut last = vec![0_u32; used.len()];
        for (step, &(_, node)) in order.iter().enumerate() {
            for value in operands(network.nodes[node as usize]) {
                last[value as usize] = step as u32;
            }
        }
        let mut slot_of = vec![0_u16; used.len()];
        let mut free: Vec<u16> = Vec::new();
        for (number, &(kind, node)) in order.iter().enumerate() {
            let mut made = [2 * node, 2 * node + 1]
                .into_iter()
                .filter(|&value| used[value as usize]);
            let mut taken = Vec::with_capacity(4);
            for value in operands(network.nodes[node as usize]) {
                let slot = slot_of[value as usize];
                taken.push(slot);
                if last[value as usize] == number as u32 {
                    free.push(slot);
                }
            }
            match network.nodes[node as usize] {
                Node::Input(row, column) => {
                    taken.push(self.inputs.len() as u16);
                    self.inputs.push([row as usize, column as usize]);
                }
                Node::Output(_, row, column) => {
                    taken.push(self.outputs.len() as u16);
                    self.outputs.push([row as usize, column as usize]);
                }
                Node::Pair(..) => {}
            }
            match kind {
                Kind::Order | Kind::Low | Kind::High => {
                    // Both end here, as the kind says: they were the last two to become free.
                    free.truncate(free.len() - 2);
                    let mut slots = taken.iter().copied();
                    for (value, slot) in made.by_ref().zip(slots.by_ref()) {
                        slot_of[value as usize] = slot;
                    }
                    free.extend(slots);
                }
                Kind::Load | Kind::OrderTo | Kind::LowTo | Kind::HighTo => {
                    for value in made {
                        let slot = free.pop().unwrap_or_else(|| {
                            self.slots += 1;
                            u16::try_from((self.slots - 1) * self.slot() / UNIT)
                                .expect("windows are small enough for their slots to be counted")
                        });
                        slot_of[value as usize] = slot;
                        taken.push(slot);
                    }
                }
                Kind::Store => {}
            }
            match self.rows.last_mut() {
                Some((last, count)) if *last == kind => *count += 1,
                _ => self.rows.push((kind, 1)),
            }
            assert_eq!(taken.len(), kind.numbers());
            self.steps.extend(taken);
        }
    }

    /// What [`Program::run`] relies on.
    fn check(&self) {
        let end = self.slots * self.slot();
        let is_slot = |number: u16| usize::from(number) * UNIT + self.register <= end;
        let mut steps = self.steps.as_slice();
        for &(kind, count) in &self.rows {
            for _ in 0..count {
                let (step, rest) = steps.split_at(kind.numbers());
                steps = rest;
                assert!(match kind {
                    Kind::Load => usize::from(step[0]) < self.inputs.len() && is_slot(step[1]),
                    Kind::Store => is_slot(step[0]) && usize::from(step[1]) < self.outputs.len(),
                    _ => step.iter().copied().all(is_slot),
                });
            }
        }
        assert!(steps.is_empty());
    }

    /// Rows and columns of a tile.
    pub(super) fn tile(&self) -> [usize; 2] {
        self.tile
    }

    /// The row and column of each pixel that a tile takes, from its first window's corner.
    pub(super) fn inputs(&self) -> &[[usize; 2]] {
        &self.inputs
    }

    /// The row and column of each pixel of the tile, in the order of the outputs.
    pub(super) fn outputs(&self) -> &[[usize; 2]] {
        &self.outputs
    }

    /// Cache lines that it needs to run.
    pub(super) fn lines(&self) -> usize {
        (self.slots * self.slot()).div_ceil(size_of::<Line>())
    }

    /// Runs it for as many tiles as a register has lanes.
    ///
    /// # Safety
    ///
    /// For each input, a register's worth of words must be readable that many words from `from`; for each output, writable
    /// that many words from `to`.
    #[inline(always)]
    pub(super) unsafe fn run<A: Copy, L: Order<A>>(
        &self,
        arch: A,
        lines: &mut [Line],
        from: *const L::Word,
        inputs: &[usize],
        to: *mut L::Word,
        outputs: &[usize],
    ) {
        assert_eq!(self.register, L::COUNT * size_of::<L::Word>());
        assert!(lines.len() >= self.lines());
        assert!(inputs.len() == self.inputs.len() && outputs.len() == self.outputs.len());
        let slots = lines.as_mut_ptr().cast::<L::Word>();
        let mut step = self.steps.as_ptr();
        for &(kind, count) in &self.rows {
            // SAFETY: `check` has seen that the rows have no more steps than there are, and that each has slots, inputs and
            // outputs that are there; what lies outside is the caller's promise.
            unsafe {
                let end = step.add(count as usize * kind.numbers());
                match kind {
                    Kind::Load => {
                        while step != end {
                            let offset = *inputs.get_unchecked(usize::from(*step));
                            L::load(arch, from.add(offset)).store(slot(slots, step.add(1)));
                            step = step.add(2);
                        }
                    }
                    Kind::Order => {
                        while step != end {
                            let a = L::load(arch, slot(slots, step.add(0)));
                            let b = L::load(arch, slot(slots, step.add(1)));
                            let [lower, upper] = a.order(b);
                            lower.store(slot(slots, step.add(0)));
                            upper.store(slot(slots, step.add(1)));
                            step = step.add(2);
                        }
                    }
                    Kind::OrderTo => {
                        while step != end {
                            let a = L::load(arch, slot(slots, step.add(0)));
                            let b = L::load(arch, slot(slots, step.add(1)));
                            let [lower, upper] = a.order(b);
                            lower.store(slot(slots, step.add(2)));
                            upper.store(slot(slots, step.add(3)));
                            step = step.add(4);
                        }
                    }
                    Kind::Low => {
                        while step != end {
                            let a = L::load(arch, slot(slots, step.add(0)));
                            let b = L::load(arch, slot(slots, step.add(1)));
                            a.lower(b).store(slot(slots, step.add(0)));
                            step = step.add(2);
                        }
                    }
                    Kind::LowTo => {
                        while step != end {
                            let a = L::load(arch, slot(slots, step.add(0)));
                            let b = L::load(arch, slot(slots, step.add(1)));
                            a.lower(b).store(slot(slots, step.add(2)));
                            step = step.add(3);
                        }
                    }
                    Kind::High => {
                        while step != end {
                            let a = L::load(arch, slot(slots, step.add(0)));
                            let b = L::load(arch, slot(slots, step.add(1)));
                            a.upper(b).store(slot(slots, step.add(0)));
                            step = step.add(2);
                        }
                    }
                    Kind::HighTo => {
                        while step != end {
                            let a = L::load(arch, slot(slots, step.add(0)));
                            let b = L::load(arch, slot(slots, step.add(1)));
                            a.upper(b).store(slot(slots, step.add(2)));
                            step = step.add(3);
                        }
                    }
                    Kind::Store => {
                        while step != end {
                            let offset = *outputs.get_unchecked(usize::from(*step.add(1)));
                            L::load(arch, slot(slots, step)).store(to.add(offset));
                            step = step.add(2);
                        }
                    }
                }
            }
        }
    }
}

/// Where a slot is.
///
/// # Safety
///
/// The number must be readable, and its slot there.
#[inline(always)]
unsafe fn slot<W>(slots: *mut W, number: *const u16) -> *mut W {
    // SAFETY: the caller's promise.
    unsafe { slots.byte_add(usize::from(*number) * UNIT) }
}

/// What a step takes.
fn operands(node: Node) -> impl Iterator<Item = Value> {
    let (a, b) = match node {
        Node::Input(..) => (None, None),
        Node::Pair(a, b) => (Some(a), Some(b)),
        Node::Output(value, ..) => (Some(value), None),
    };
    a.into_iter().chain(b)
}

/// Which values an output needs.
fn used(network: &Network) -> Vec<bool> {
    let mut used = vec![false; 2 * network.nodes.len()];
    for (number, &node) in network.nodes.iter().enumerate().rev() {
        let needed = used[2 * number] || used[2 * number + 1];
        if needed || matches!(node, Node::Output(..)) {
            for value in operands(node) {
                used[value as usize] = true;
            }
        }
    }
    used
}

/// The steps that are needed, with what they have to do. Within each part of the network those come first that wait for the
/// fewest others of the part, and those of a kind stand together: they are done in long rows.
fn order(network: &Network, used: &[bool]) -> Vec<(Kind, u32)> {
    let mut order = Vec::with_capacity(network.nodes.len());
    let mut depths = vec![0_u32; network.nodes.len()];
    let mut takers = vec![0_u32; used.len()];
    for (number, &node) in network.nodes.iter().enumerate() {
        let output = matches!(node, Node::Output(..));
        if output || used[2 * number] || used[2 * number + 1] {
            for value in operands(node) {
                takers[value as usize] += 1;
            }
        }
    }
    let mut part: Vec<(u32, Kind, u32)> = Vec::new();
    let mut start = 0;
    for &end in &network.parts {
        part.clear();
        for number in start..end {
            let ends = operands(network.nodes[number]).all(|value| takers[value as usize] == 1);
            let kind = match (
                network.nodes[number],
                used[2 * number],
                used[2 * number + 1],
            ) {
                (Node::Output(..), ..) => Kind::Store,
                (_, false, false) => continue,
                (Node::Input(..), ..) => Kind::Load,
                (_, true, true) if ends => Kind::Order,
                (_, true, true) => Kind::OrderTo,
                (_, true, false) if ends => Kind::Low,
                (_, true, false) => Kind::LowTo,
                (_, false, true) if ends => Kind::High,
                (_, false, true) => Kind::HighTo,
            };
            let inside = operands(network.nodes[number])
                .map(|value| value as usize / 2)
                .filter(|&before| before >= start);
            let depth = inside.map(|before| depths[before] + 1).max().unwrap_or(0);
            depths[number] = depth;
            part.push((depth, kind, number as u32));
        }
        part.sort_unstable();
        order.extend(part.iter().map(|&(_, kind, number)| (kind, number)));
        start = end;
    }
    order
}
