//! A sort that can be stopped.

use crate::room::with_room;
use crate::threads::Interrupted;

/// Comparisons of two bytes each between two looks at whether to stop: some milliseconds.
const WORK: usize = 1 << 15;

/// Puts the elements in order, those that are equal in any. `size` is what comparing two of them looks at, at most.
///
/// Runs are sorted as they lie; of more than one, each two neighbours are merged, which takes as much memory again.
///
/// # Errors
///
/// `stop` said true; the elements are then in no order.
pub(super) fn sort<E: Copy + Ord>(
    elements: &mut [E],
    size: usize,
    stop: &dyn Fn() -> bool,
) -> Result<(), Interrupted> {
    let run = (WORK / size.max(1)).max(2);
    if elements.len() <= run {
        elements.sort_unstable();
        return Ok(());
    }
    for part in elements.chunks_mut(run) {
        if stop() {
            return Err(Interrupted);
        }
        part.sort_unstable();
    }
    let mut merged = with_room(elements.len());
    let mut sorted = run;
    while sorted < elements.len() {
        merged.clear();
        for pair in elements.chunks(2 * sorted) {
            let (mut a, mut b) = pair.split_at(sorted.min(pair.len()));
            while let ([x, a_rest @ ..], [y, b_rest @ ..]) = (a, b) {
                if merged.len().is_multiple_of(run) && stop() {
                    return Err(Interrupted);
                }
                if y < x {
                    merged.push(*y);
                    b = b_rest;
                } else {
                    merged.push(*x);
                    a = a_rest;
                }
            }
            merged.extend_from_slice(a);
            merged.extend_from_slice(b);
        }
        elements.copy_from_slice(&merged);
        sorted *= 2;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_std_s(mut numbers in prop::collection::vec(0_u32..50, 0..300), size in 1_usize..40_000) {
            let mut expected = numbers.clone();
            expected.sort_unstable();
            prop_assert_eq!(sort(&mut numbers, size, &|| false), Ok(()));
            prop_assert_eq!(numbers, expected);
        }
    }

    #[test]
    fn of_many_and_stopped_at_any_time() {
        let many: Vec<u32> = (0..200_000).map(|number| number * 7919 % 200_003).collect();
        let mut expected = many.clone();
        expected.sort_unstable();
        let asked = Cell::new(0);
        let count = || {
            asked.set(asked.get() + 1);
            false
        };
        let mut sorted = many.clone();
        assert_eq!(sort(&mut sorted, 1, &count), Ok(()));
        assert_eq!(sorted, expected);
        assert!(asked.get() > 20, "asked {} times", asked.get());
        for at in 1..=asked.get() {
            let left = Cell::new(at);
            let stop = || {
                left.set(left.get() - 1);
                left.get() == 0
            };
            let mut sorted = many.clone();
            assert_eq!(sort(&mut sorted, 1, &stop), Err(Interrupted));
            assert_eq!(left.get(), 0, "nor is it asked again");
        }
    }
}
