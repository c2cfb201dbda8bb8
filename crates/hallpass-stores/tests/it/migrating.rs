//! From one store to another.

mod began_before;
mod both_phases;
mod conformance;
mod interleavings;
mod phases;
mod staying;

use hallpass_core::SubjectIndex;
use hallpass_core::Sweep;
use hallpass_stores::MigratingStore;

use crate::tagged::Tagged;

/// A new store that gives tags, and an old one that does not.
type Stores<S> = MigratingStore<Tagged<S>, S>;

fn moving<S: SubjectIndex + Sweep>(new: Tagged<S>, old: S) -> Stores<S> {
    able(MigratingStore::moving(new, old))
}

fn dual<S: SubjectIndex + Sweep>(new: Tagged<S>, old: S) -> Stores<S> {
    able(MigratingStore::dual(new, old))
}

fn able<S: SubjectIndex + Sweep>(store: Stores<S>) -> Stores<S> {
    store
        .with_tags_of_new()
        .with_sweep_of_new()
        .with_sweep_of_old()
}
