use neurona_train::OptimizerState;

use super::*;

fn sides(seed: u64) -> [Side; 2] {
    super::sides(&Context::new(seed, true)).expect("it can be run")
}

#[test]
fn normalised_data_let_descent_arrive() {
    for seed in 1..=5 {
        let [raw, normalised] = sides(seed);
        // The eigenvalues of 2 [[33.7, 5], [5, 1]] are 136.6 times apart: (1 - 1.8 / 136.6)^100 of the flat distance is
        // left, 0.27.
        let distances = |side: &Side, share: usize, at: usize| side.surface.distances(side.descent[share].points[at]);
        let [_, flat] = distances(&raw, 1, 0);
        let [_, left] = distances(&raw, 1, ITERATIONS);
        assert!(left / flat > 0.25, "seed {seed}: {}", left / flat);
        // 0.8^100 of the way is 2e-10: there is left the rounding of w and b, of 6e-8 times 2, by a distance of 0.5.
        let length = |[steep, flat]: [f64; 2]| steep.hypot(flat);
        let left = length(distances(&normalised, 1, ITERATIONS)) / length(distances(&normalised, 1, 0));
        assert!(left < 1e-5, "seed {seed}: {left}");
    }
}

#[test]
fn descent_follows_the_eigenvalues_and_diverges_above_the_bound() {
    for seed in 1..=5 {
        for Side { name, surface, descent, .. } in &sides(seed) {
            for (path, share) in descent.iter().zip(SHARES) {
                let (begun, ended) = (surface.distances(path.points[0]), surface.distances(path.points[ITERATIONS]));
                for at in 0..2 {
                    let factor = 1.0 - f64::from(share) * surface.bound * surface.eigenvalues[at];
                    let expected = begun[at] * factor.powi(ITERATIONS as i32);
                    // A gradient is wrong by some 3e-6, the rounding of residuals below 5 times x up to 10; by the least
                    // eigenvalue, above 0.3, that is a distance of 1e-5. The rate is rounded to 6e-8 of it, which 100
                    // factors make 1e-5 of the result.
                    let bound = 1e-4 * (1.0 + expected.abs());
                    assert!((ended[at] - expected).abs() < bound, "{name}, {share}: {} {expected}", ended[at]);
                }
            }
            // 1.04^200 = 2,550 of the steep part of the cost, which is far above a tenth of it.
            assert!(descent[2].left() > 255.0, "seed {seed}, {name}: {}", descent[2].left());
            assert!(descent[1].excess.windows(2).all(|pair| pair[1] < pair[0] + 1e-12), "seed {seed}, {name}");
        }
    }
}

#[test]
fn the_cost_is_that_of_the_trainer() {
    for Side { surface, descent, course, .. } in &sides(1) {
        for path in descent.iter().chain(course) {
            for (excess, cost) in path.excess.iter().zip(&path.costs) {
                // 50 rounded terms of 6e-8 each, and residuals that are rounded at the size of y, up to 5.
                assert!((surface.least + excess - cost).abs() < 1e-5 * (1.0 + cost), "{}", path.method.name);
            }
        }
    }
}

#[test]
fn momentum_of_the_course_is_the_classical_one_at_a_tenth_of_the_rate() {
    for seed in 1..=5 {
        for Side { name, momentum: [course, classical], .. } in &sides(seed) {
            for (one, other) in course.points.iter().zip(&classical.points) {
                for (one, other) in one.iter().zip(other) {
                    // Five roundings of 6e-8 a step at the size of w and b, up to 3; a step's error in the average lasts
                    // for 10 steps.
                    assert!((one - other).abs() < 100.0 * 5.0 * 6e-8 * 3.0, "seed {seed}, {name}: {one} and {other}");
                }
            }
            let moved = (course.points[ITERATIONS][0] - course.points[0][0]).abs();
            assert!(moved > 0.02, "the paths are long: {moved}");
        }
    }
}

#[test]
fn momentum_helps_in_a_valley_and_not_in_a_bowl() {
    for seed in 1..=5 {
        let [raw, normalised] = sides(seed);
        let [raw, normalised] = [raw.suited, normalised.suited];
        // By theory descent leaves 0.27^2 = 0.07 of the flat part of the cost; momentum, at its critical rate,
        // (1 + 100 (1 - sqrt(0.9)))^2 0.9^100 = 1e-3 of it.
        assert!(raw[2].left() < 0.2 * raw[0].left(), "seed {seed}: {} {}", raw[2].left(), raw[0].left());
        // 0.8^200 and the same 1e-3.
        assert!(normalised[2].left() > 100.0 * normalised[0].left(), "seed {seed}");
    }
}

#[test]
fn averages_do_what_theory_says() {
    for seed in 1..=3 {
        let Averages { measured, samples, .. } = averages::run(&Context::new(seed, true)).expect("it can be run");
        // The square of the error is 0.25 (1 - beta) / (1 + beta) of noise and, of a cosine, half of (2 pi lag / 400)^2:
        // 0.030, 0.023 and 0.048.
        let [_, short, right, long] = [0, 1, 2, 3].map(|at| measured[at].exponential.error);
        assert!(1.05 * right < short && 1.05 * right < long, "seed {seed}: {short}, {right}, {long}");
        for Measured { beta, terms, exponential, simple } in measured {
            let factor = (1.0 - beta) / (1.0 + beta);
            assert!((factor - 1.0 / terms as f64).abs() < 1e-12);
            // A mean of n squares of a normal variable with autocorrelations r_k has the variance 2 / n sum of r_k^2:
            // with beta^k, and with 1 - k / terms; that of the noise itself adds 2 / n. Five standard deviations.
            let n = samples as f64;
            let squares = (0..terms).map(|age| (1.0 - age as f64 / terms as f64).powi(2)).sum::<f64>();
            for (noise, correlated) in
                [(exponential.noise, (1.0 + beta * beta) / (1.0 - beta * beta)), (simple.noise, 2.0 * squares - 1.0)]
            {
                let bound = 5.0 * (2.0 / n * (correlated + 1.0)).sqrt();
                assert!((noise / factor - 1.0).abs() < bound, "seed {seed}, {beta}: {noise} for {factor}");
            }
            // The phase of an average of a cosine, by its period of 400 samples; whole samples are off by half a one,
            // and the noise moves the phase by a standard deviation of sqrt(2 / n) 0.5 400 / (2 pi) = 0.14 samples.
            let turn = std::f64::consts::TAU / 400.0;
            let late = (beta * turn.sin()).atan2(1.0 - beta * turn.cos()) / turn;
            assert!((exponential.lag - late).abs() < 1.2, "seed {seed}, {beta}: {} for {late}", exponential.lag);
            assert!((simple.lag - (terms - 1) as f64 / 2.0).abs() < 1.2, "seed {seed}, {terms}: {}", simple.lag);
            // Any average here is nearer to the clean signal than the signal itself.
            assert!(exponential.error.max(simple.error) < NOISE, "seed {seed}, {beta}");
        }
    }
}

#[test]
fn the_velocity_of_momentum_is_the_exponential_average() {
    let signal: Vec<f64> = (0..200).map(|at| f64::from(at * 37 % 101) / 50.0 - 1.0).collect();
    let mut state = OptimizerState::new(Optimizer::MOMENTUM, 1);
    for (x, v) in signal.iter().zip(exponential(&signal, 0.9)) {
        let mut w = [0.0];
        state.step(1.0, &mut w, &[*x as f32]);
        // Four roundings a step of values up to 1, each for 10 steps.
        assert!((f64::from(-w[0]) - v).abs() < 40.0 * 6e-8, "{} and {v}", -w[0]);
    }
    // The average of a constant is that constant, but for the beginning from 0.
    assert!(simple(&[2.0; 30], 19).iter().all(|mean| (mean - 2.0).abs() < 1e-12));
    let constant = exponential(&[2.0; 400], 0.9);
    assert!((constant[0] - 0.2).abs() < 1e-12 && (constant[399] - 2.0).abs() < 1e-12);
}
