//! A session, two stores, and the nodes on which two calls meet.

use std::cell::Cell;
use std::rc::Rc;

use hallpass_core::Create;
use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::Load;
use hallpass_core::RecordFixture;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreErrorKind;
use hallpass_core::StoreOperation;
use hallpass_core::SubjectIndex;
use hallpass_core::Touched;
use hallpass_core::Write;
use hallpass_memory::MemoryStore;
use hallpass_stores::MigratingStore;
use hallpass_testkit::SeededRandom;
use hallpass_testkit::SteppingStore;
use hallpass_testkit::schedule::alone;
use hallpass_testkit::schedule::cut;

use crate::records::START;
use crate::records::alice;
use crate::records::at;
use crate::records::begun;
use crate::records::logout;
use crate::records::next;
use crate::records::touch;

pub(super) type Node = MigratingStore<SteppingStore<MemoryStore>, SteppingStore<MemoryStore>>;

/// The phases of the two nodes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fleet {
    /// The first one does not move, the second one does.
    Both,
    Dual,
    Moving,
}

/// At which calls another node can go first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Points {
    /// At every one.
    All,
    /// Not where a node that moves looks into the new store, which it does for notes, and for
    /// copies of what has ended. There are too many orders otherwise.
    Few,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Operation {
    Advance,
    End,
    EndSubject,
    Load,
    Touch,
    Update,
    /// Of what it finds, and not of the record with which all began.
    UpdateAfterLoad,
}

impl Operation {
    pub(super) const fn ends(self) -> bool {
        matches!(self, Self::Advance | Self::End | Self::EndSubject)
    }
}

#[derive(Debug)]
pub(super) enum Answer {
    Done,
    Loaded(Load),
    Touched(Touched),
    Updated(Result<Write, StoreErrorKind>),
}

#[derive(Clone)]
pub(super) struct Stage {
    new: MemoryStore,
    old: MemoryStore,
    nodes: [Node; 2],
    record: SessionRecord,
    has_ended: Rc<Cell<bool>>,
}

impl Stage {
    pub(super) fn new(fleet: Fleet, points: Points, fixture: RecordFixture) -> Self {
        let (new, old) = (MemoryStore::new(), MemoryStore::new());
        let record = begun(fixture, &SeededRandom::new(1), START);
        assert_eq!(alone(old.create(&record, START)).unwrap(), Create::Created);
        Self {
            nodes: nodes(fleet, points, &new, &old),
            new,
            old,
            record,
            has_ended: Rc::default(),
        }
    }

    /// Lets a node that moves the session die after so many steps. Later ones find it moved.
    pub(super) fn leave_half_moved(&self, steps: usize) {
        let [mover, _] = nodes(Fleet::Moving, Points::All, &self.new, &self.old);
        let touch = touch(&self.record, START);
        let _lost = alone(cut(steps, mover.touch(&touch, START)));
    }

    pub(super) fn has_ended(&self) -> Rc<Cell<bool>> {
        Rc::clone(&self.has_ended)
    }

    pub(super) async fn run(&self, operation: Operation, place: usize) -> Answer {
        let (node, record) = (&self.nodes[place], &self.record);
        let answer = match operation {
            Operation::Load => Answer::Loaded(node.load(record.handle(), at(10)).await.unwrap()),
            Operation::Update => updated(node, record, place).await,
            Operation::UpdateAfterLoad => {
                let found = node.load(record.handle(), at(10)).await.unwrap();
                let Load::Live(found) = found else {
                    panic!("{found:?}");
                };
                updated(node, &found, place).await
            }
            Operation::Touch => {
                Answer::Touched(node.touch(&touch(record, at(9)), at(10)).await.unwrap())
            }
            Operation::End => {
                let order = logout(record.handle(), at(10));
                let _outcome = node.end(&order, at(10)).await.unwrap();
                Answer::Done
            }
            Operation::EndSubject => {
                let subject = alice();
                let ended = node.end_subject(&subject, None, &EndReason::Logout, at(10));
                assert!(ended.await.unwrap().len() <= 1, "it ended twice");
                Answer::Done
            }
            Operation::Advance => {
                node.advance(&EpochScope::Everybody, &EndReason::Logout, at(10))
                    .await
                    .unwrap();
                Answer::Done
            }
        };
        if operation.ends() {
            self.has_ended.set(true);
        }
        answer
    }

    /// Checks what must hold at any time: what was answered as ended is over, nothing is lost, and
    /// what is listed lives. Nodes of both phases read in the same way.
    pub(super) fn check(&self, has_ended: bool) {
        let found = self.found();
        let is_live = matches!(found, Load::Live(_));
        assert!(!(has_ended && is_live), "came back");
        assert!(!matches!(found, Load::Missing), "lost");
        if self.record.subject().is_some() {
            let listed = alone(self.moving().list(&alice(), at(10))).unwrap();
            assert_eq!(listed.len(), usize::from(is_live), "listed and live");
        }
    }

    /// Returns what became of the session.
    pub(super) fn found(&self) -> Load {
        alone(self.moving().load(self.record.handle(), at(10))).unwrap()
    }

    /// Returns whether the new store has the session as a live one.
    pub(super) fn has_copy(&self) -> bool {
        let found = alone(self.new.load(self.record.handle(), at(10))).unwrap();
        matches!(found, Load::Live(_))
    }

    fn moving(&self) -> MigratingStore<MemoryStore, MemoryStore> {
        MigratingStore::moving(self.new.clone(), self.old.clone())
    }
}

async fn updated(node: &Node, record: &SessionRecord, place: usize) -> Answer {
    let random = SeededRandom::new(100 + u64::try_from(place).unwrap());
    let write = next(record, &random).data(&key(place), b"1").build();
    let answer = node.update(&write, record.revision(), at(10)).await;
    Answer::Updated(answer.map_err(|error| error.kind()))
}

pub(super) fn nodes(
    fleet: Fleet,
    points: Points,
    new: &MemoryStore,
    old: &MemoryStore,
) -> [Node; 2] {
    let all = |store: &MemoryStore| SteppingStore::new(store.clone());
    let few = |store: &MemoryStore| match points {
        Points::All => all(store),
        Points::Few => all(store).without(StoreOperation::Load),
    };
    let dual = || MigratingStore::dual(all(new), all(old));
    let moving = || MigratingStore::moving(few(new), all(old));
    match fleet {
        Fleet::Both => [dual(), moving()],
        Fleet::Dual => [dual(), dual()],
        Fleet::Moving => [moving(), moving()],
    }
}

/// The key that the update of a node sets.
pub(super) fn key(place: usize) -> String {
    format!("own{place}")
}
