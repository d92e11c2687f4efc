use super::*;

/// The standard error of a share of 20 % among 4,000 test examples; smaller shares have smaller ones.
const ERROR: f64 = 0.0063;
/// What chance does not make up for.
const MARGIN: f64 = 5.0 * ERROR;

#[test]
fn simple_models_need_few_examples_and_deep_ones_make_use_of_many() {
    for seed in 1..=2 {
        let found = run(&Context::new(seed, true)).expect("it can be run");
        let of = |model| found.curves.iter().find(|curve| curve.model == model).expect("every model was tried");
        let at = |model, rows| of(model).at(rows).expect("so many examples were tried");
        let error = |model, rows| at(model, rows).test_error();

        for rows in [30, 300] {
            let (simple, deep) = (error(Model::Logistic, rows), error(Model::Deep, rows));
            assert!(deep - simple > ERROR, "seed {seed}, {rows} examples: {simple} and {deep}");
            assert_eq!(at(Model::Deep, rows).training_error(), 0.0, "it has learned them by heart");
        }
        assert!(
            error(Model::Svm, 30) - error(Model::Deep, 30) < MARGIN && error(Model::Svm, 300) < error(Model::Deep, 300)
        );

        // Done: more examples do not help, and those that it learned from are no better than others. The standard
        // error of a share of 20 % among 3,000 training examples is a little larger.
        let logistic = [300, 3000].map(|rows| error(Model::Logistic, rows));
        assert!((logistic[0] - logistic[1]).abs() < MARGIN, "seed {seed}: {logistic:?}");
        let training = at(Model::Logistic, 3000).training_error();
        assert!((training - logistic[1]).abs() < 1.5 * MARGIN, "seed {seed}: {training} and {}", logistic[1]);

        let [shallow, deep] = [Model::Shallow, Model::Deep].map(|model| error(model, 3000));
        assert!(logistic[1] - shallow > MARGIN, "seed {seed}: {shallow} of {}", logistic[1]);
        assert!(shallow - deep > MARGIN, "seed {seed}: {deep} of {shallow}");
        // The shallow one was not at its end.
        let longer = found.longer[0].points[0].test_error();
        assert!(shallow - longer > MARGIN, "seed {seed}: {longer} of {shallow}");
        let falling = of(Model::Deep).points.windows(2);
        let falling: Vec<f64> = falling.map(|pair| pair[0].test_error() - pair[1].test_error()).collect();
        assert!(falling.iter().all(|fall| *fall > MARGIN), "seed {seed}: {falling:?}");
    }
}

#[test]
fn networks_have_as_many_parameters_as_the_text_says() {
    let parameters =
        |model: Model| lab::network(model.layers(), ActivationSpec::Relu).expect("the layers fit").spec().params();
    assert_eq!([Model::Logistic, Model::Shallow, Model::Deep].map(parameters), [7, 5089, 5089]);
}

#[test]
fn fewer_examples_are_the_first_of_more() {
    let context = Context::new(1, true);
    let [few, many] = [20, 50].map(|rows| wave(&context, 0, rows).expect("they can be drawn"));
    assert_eq!(few.inputs(), many.inputs().slice(ndarray::s![..20, ..]));
}
