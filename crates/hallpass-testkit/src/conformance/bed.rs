//! A fresh store under test, and what is put into it.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use hallpass_core::Create;
use hallpass_core::End;
use hallpass_core::EndReason;
use hallpass_core::HandleTag;
use hallpass_core::HandleTags;
use hallpass_core::NextWrite;
use hallpass_core::RandomUnavailable;
use hallpass_core::RecordFixture;
use hallpass_core::SecureRandom;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::SessionToken;
use hallpass_core::Subject;
use hallpass_core::Timestamp;
use hallpass_core::Touch;

use super::node::Node;
use crate::ManualClock;
use crate::SeededRandom;

/// A fresh store under test, as two nodes see it.
///
/// [`conformance!`](crate::conformance!) makes one for each test. Make one by hand to run a single
/// test of the suite, for instance under a runtime of your own.
pub struct TestBed<S> {
    here: Node<S>,
    there: Node<S>,
    random: SeededRandom,
    tag: fn(&S, &Subject) -> Option<HandleTag>,
}

impl<S: fmt::Debug> fmt::Debug for TestBed<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestBed")
            .field("here", &self.here)
            .field("there", &self.there)
            .field("random", &self.random)
            .finish_non_exhaustive()
    }
}

impl<S: SessionStore> TestBed<S> {
    /// Takes a fresh store. Both nodes use this one value.
    #[must_use]
    pub fn new(store: S) -> Self {
        let here = Node::new(Arc::new(store));
        Self {
            there: here.clone(),
            here,
            random: SeededRandom::new(0),
            tag: |_store, _subject| None,
        }
    }

    /// Takes a fresh store, and asks `peer` for what another node would use: a clone, or a second
    /// connection to the same server.
    ///
    /// # Cancel safety
    ///
    /// As cancel safe as `peer`.
    pub async fn with_peer(store: S, peer: impl AsyncFnOnce(&S) -> S) -> Self {
        let there = Node::new(Arc::new(peer(&store).await));
        Self {
            there,
            ..Self::new(store)
        }
    }

    /// Makes the handles of subjects' sessions as the core does for a store with [`HandleTags`].
    #[must_use]
    pub fn with_tags(mut self) -> Self
    where
        S: HandleTags,
    {
        self.tag = HandleTags::handle_tag;
        self
    }

    /// The node that most calls come from.
    pub(super) const fn here(&self) -> &Node<S> {
        &self.here
    }

    /// The other node.
    pub(super) const fn there(&self) -> &Node<S> {
        &self.there
    }

    /// The node for the task with this number: both take turns.
    pub(super) fn node(&self, task: usize) -> Node<S> {
        if task.is_multiple_of(2) {
            self.here.clone()
        } else {
            self.there.clone()
        }
    }

    pub(super) const fn random(&self) -> &SeededRandom {
        &self.random
    }

    /// Returns a record that is not stored yet, with its token.
    pub(super) fn build(
        &self,
        fixture: RecordFixture,
        now: Timestamp,
    ) -> (SessionRecord, SessionToken) {
        let tag = fixture
            .subject()
            .and_then(|subject| (self.tag)(self.here.store(), subject));
        built(fixture.tagged(tag), &self.random, now)
    }

    /// Returns a record with this name that is not stored yet.
    pub(super) fn named(
        &self,
        handle: SessionHandle,
        fixture: RecordFixture,
        now: Timestamp,
    ) -> SessionRecord {
        let draws = FirstDraw {
            first: Mutex::new(Some(handle)),
            rest: &self.random,
        };
        let (record, _token) = built(fixture, &draws, now);
        assert_eq!(record.handle(), handle, "a fixture draws the handle first");
        record
    }

    /// Stores a record that begins at [`START`], and returns it.
    pub(super) async fn begin(&self, fixture: RecordFixture) -> SessionRecord {
        self.begin_with_token(fixture).await.0
    }

    /// Stores a record that begins at [`START`], and returns it with its token.
    pub(super) async fn begin_with_token(
        &self,
        fixture: RecordFixture,
    ) -> (SessionRecord, SessionToken) {
        let (record, token) = self.build(fixture, START);
        let answer = self.here.create(&record, START).await;
        assert_eq!(
            answer,
            Create::Created,
            "a name that nobody has used was not free"
        );
        (record, token)
    }

    /// Returns the next write to a record.
    pub(super) fn next(&self, record: &SessionRecord) -> NextWrite {
        next(record, &self.random)
    }
}

/// Returns the next write to a record.
pub(super) fn next(record: &SessionRecord, random: &SeededRandom) -> NextWrite {
    NextWrite::after(record, random).unwrap_or_else(|error| panic!("no next write: {error}"))
}

/// Returns the touch of a record by the holder of its current token.
pub(super) fn touch(record: &SessionRecord, last_seen: Timestamp, confirm: bool) -> Touch {
    Touch {
        handle: record.handle(),
        digest: record.credential().digest(),
        binding: record.binding(),
        last_seen,
        confirm,
    }
}

/// Returns the order to end a session. Its tombstone is kept for a day where nothing is known.
pub(super) fn end(handle: SessionHandle, reason: EndReason, at: Timestamp) -> End {
    End {
        handle,
        reason,
        at,
        keep_until: at.saturating_add(DAY),
    }
}

/// Returns a subject without a tenant.
pub(super) fn subject(id: &str) -> Subject {
    Subject::new(id).unwrap_or_else(|error| panic!("{error}"))
}

/// Returns a subject within a tenant.
pub(super) fn member(tenant: &str, id: &str) -> Subject {
    Subject::of_tenant(tenant, id).unwrap_or_else(|error| panic!("{error}"))
}

/// Returns subjects that are all different, and that a store may take for each other: separators
/// and patterns of query languages in their names, tenants for ids, upper and lower case, spaces
/// at the end, characters that are written in two ways.
pub(super) fn look_alikes() -> Vec<Subject> {
    let plain = [
        "alice",
        "Alice",
        "alice ",
        " alice",
        "acme",
        "acme/alice",
        "acme:alice",
        "acme|alice",
        "acme\\alice",
        "acme\u{a0}alice",
        "al%",
        "_lice",
        "a*",
        "a?ice",
        "[a]lice",
        "{alice}",
        "alice' or 'a'='a",
        "\"alice\"",
        "alic\u{e9}",
        "alice\u{301}",
        "\u{430}lice",
        "null",
    ];
    let members = [
        ("acme", "alice"),
        ("ACME", "alice"),
        ("acme ", "alice"),
        ("acme", "Alice"),
        ("acme", "alice "),
        ("acme/", "alice"),
        ("acme", "/alice"),
        ("acme/alice", "alice"),
        ("acm", "ealice"),
        ("alice", "acme"),
        ("alice", "alice"),
        ("%", "alice"),
        ("*", "alice"),
        ("null", "alice"),
        ("none", "alice"),
        ("0", "alice"),
    ];
    let plain = plain.into_iter().map(subject);
    plain
        .chain(members.into_iter().map(|(tenant, id)| member(tenant, id)))
        .collect()
}

/// Returns the instant this many seconds after [`START`].
pub(super) const fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(START.as_millis() + seconds * 1_000)
}

/// When the sessions of the suite begin: far in the future, so that the expiry of a store's own
/// server never interferes.
pub(super) const START: Timestamp = ManualClock::START;

/// The idle timeout of a fixture, in seconds.
pub(super) const IDLE: u64 = 600;

/// The absolute timeout of a fixture, in seconds.
pub(super) const ABSOLUTE: u64 = 3_600;

const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);

fn built(
    fixture: RecordFixture,
    random: &dyn SecureRandom,
    now: Timestamp,
) -> (SessionRecord, SessionToken) {
    fixture
        .build(random, now)
        .unwrap_or_else(|error| panic!("no record: {error}"))
}

/// Gives the bytes of a handle to who asks first, and random ones from then on.
#[derive(Debug)]
struct FirstDraw<'a> {
    first: Mutex<Option<SessionHandle>>,
    rest: &'a SeededRandom,
}

impl SecureRandom for FirstDraw<'_> {
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomUnavailable> {
        match self
            .first
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            Some(handle) => {
                destination.copy_from_slice(&handle.to_bytes());
                Ok(())
            }
            None => self.rest.fill(destination),
        }
    }
}
