//! Jaro's similarity by lengths and counts: tables, as few pairs of lengths make up most of the pairs of strings.

use super::jaro::PREFIX_MOST;

/// The longest query and choice that have tables.
pub(super) const QUERY: usize = 32;
pub(super) const CHOICE: usize = 32;

/// Entries of all choices of one query's length, for one length of the common prefix.
const STRIPE: usize = Place::of(CHOICE + 1).base as usize;

/// Entries for one query's length. It is a power of two, which no index of 16 bits is beyond: a look into the table needs no
/// other one.
const SIZE: usize = 1 << 16;

/// Where the entries of a choice's length are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    /// The first one's index.
    pub(super) base: u16,
    /// How many for each number of units in common.
    pub(super) step: u16,
}

/// For each length.
pub(super) static PLACES: [Place; CHOICE + 1] = {
    let mut places = [Place { base: 0, step: 0 }; CHOICE + 1];
    let mut choice = 0;
    while choice <= CHOICE {
        places[choice] = Place::of(choice);
        choice += 1;
    }
    places
};

impl Place {
    /// That of choices with so many symbols, of at most [`CHOICE`].
    const fn of(choice: usize) -> Self {
        let (mut base, mut shorter) = (0, 0);
        while shorter < choice {
            base += (shorter + 1) * (shorter / 2 + 1);
            shorter += 1;
        }
        Self {
            base: base as u16,
            step: (choice / 2 + 1) as u16,
        }
    }

    /// The index of the similarity with so many units in common, pairs of them that differ, and units of a common prefix.
    #[inline(always)]
    pub(super) fn index(self, [common, differ, prefix]: [u16; 3]) -> u16 {
        // Wrapping, as there is no SIMD for less; it fits.
        self.base
            .wrapping_add(self.step.wrapping_mul(common))
            .wrapping_add(differ / 2)
            .wrapping_add(prefix.wrapping_mul(STRIPE as u16))
    }
}

/// Scores by lengths and counts: for each query's length, for each choice's length that was asked for.
#[derive(Debug)]
pub(super) struct Tables<T> {
    entries: Vec<Vec<T>>,
    /// For each query's length, the choices' lengths that are there, as bits.
    known: [u64; QUERY + 1],
}

impl<T> Default for Tables<T> {
    fn default() -> Self {
        Self {
            entries: (0..=QUERY).map(|_| Vec::new()).collect(),
            known: [0; QUERY + 1],
        }
    }
}

impl<T: Copy> Tables<T> {
    /// The table of a query's length, with the choices' lengths of these bits; an entry is `score` of the choice's length and
    /// the numbers of units in common, of pairs of them out of order, and of units of the common prefix.
    #[inline(always)]
    pub(super) fn get(
        &mut self,
        query: usize,
        choices: u64,
        prefixes: usize,
        score: impl Fn(usize, [usize; 3]) -> T,
    ) -> &[T; SIZE] {
        const { assert!((PREFIX_MOST + 1) * STRIPE <= SIZE) };
        let missing = choices & !self.known[query];
        if missing != 0 || self.entries[query].is_empty() {
            self.add(query, missing, prefixes, score);
        }
        let table = self.entries[query].as_slice();
        table.try_into().expect("made with as many entries")
    }

    #[inline(never)]
    fn add(
        &mut self,
        query: usize,
        choices: u64,
        prefixes: usize,
        score: impl Fn(usize, [usize; 3]) -> T,
    ) {
        let table = &mut self.entries[query];
        if table.is_empty() {
            *table = vec![score(0, [0; 3]); SIZE];
        }
        for choice in (0..=CHOICE).filter(|choice| choices >> choice & 1 == 1) {
            for common in 1..=query.min(choice) {
                for unordered in 0..=common / 2 {
                    for prefix in 0..=common.min(prefixes) {
                        let counts = [common, 2 * unordered, prefix].map(|count| count as u16);
                        let index = usize::from(PLACES[choice].index(counts));
                        table[index] = score(choice, [common, unordered, prefix]);
                    }
                }
            }
        }
        self.known[query] |= choices;
    }
}
