//! What a sum is: Shewchuk's expansions, whose last step rounds once.

/// The sum as `math.fsum` computes it (Shewchuk 1997), for numbers that do not overflow on the way.
#[must_use]
#[expect(clippy::float_cmp, reason = "what is exact is compared exactly")]
pub fn fsum(numbers: &[f64]) -> f64 {
    let mut partials: Vec<f64> = Vec::new();
    for number in numbers {
        let mut x = *number;
        let mut kept = 0;
        for index in 0..partials.len() {
            let mut y = partials[index];
            if x.abs() < y.abs() {
                std::mem::swap(&mut x, &mut y);
            }
            let high = x + y;
            let low = y - (high - x);
            if low != 0.0 {
                partials[kept] = low;
                kept += 1;
            }
            x = high;
        }
        partials.truncate(kept);
        partials.push(x);
    }
    let mut sum = 0.0;
    while let Some(x) = partials.pop() {
        let high = sum + x;
        let low = x - (high - sum);
        sum = high;
        if low != 0.0 {
            // Half-way cases go the way of what is left.
            if let Some(next) = partials.last()
                && (low < 0.0) == (*next < 0.0)
            {
                let twice = low * 2.0;
                let other = sum + twice;
                if other - sum == twice {
                    sum = other;
                }
            }
            break;
        }
    }
    sum + 0.0 // -0.0 is 0.0 in math.fsum
}
