//! The engine against a reference model: sequences that nobody thought of.

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::proptest;
use proptest::test_runner::Config;

use hallpass_tests::operations::play;

proptest! {
    #![proptest_config(Config { cases: 1_500, ..Config::default() })]

    #[test]
    fn any_sequence_of_operations_does_what_the_model_says(bytes in vec(any::<u8>(), 0..300)) {
        play(&bytes);
    }
}
