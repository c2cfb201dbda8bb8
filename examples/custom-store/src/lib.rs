//! The smallest session store of one's own that keeps every clause of the contract: a map in
//! memory, and a file that is replaced on each change. `docs/custom-stores.md` builds it.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use base64ct::Base64Unpadded;
use base64ct::Encoding;
use hallpass::Create;
use hallpass::EndOutcome;
use hallpass::Load;
use hallpass::Revision;
use hallpass::SessionHandle;
use hallpass::SessionRecord;
use hallpass::StoreError;
use hallpass::StoreErrorKind::Unavailable;
use hallpass::Timestamp;
use hallpass::Tombstone;
use hallpass::Touched;
use hallpass::Write;

/// Sessions in a file, all of which is written on each change. `DynStore::builder(store).build()`
/// hands it to a manager. Clones are the same store; you must open a file once only, since two
/// stores would undo what the other one has written, logouts too. Needs a runtime of tokio.
#[derive(Clone, Debug)]
#[cfg_attr(doctest, doc = include_str!("../../../docs/custom-stores.md"))]
pub struct FileStore(Arc<Path>, Arc<tokio::sync::Mutex<Slots>>);

type Slots = std::collections::HashMap<SessionHandle, Load>;
type Result<T> = std::result::Result<T, StoreError>;

impl FileStore {
    /// Opens the store in this file, or creates it.
    ///
    /// # Errors
    ///
    /// The file cannot be read to its end, or cannot be written.
    pub fn open(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        fs::File::options().append(true).create(true).open(&path)?;
        let slots: Option<Slots> = fs::read_to_string(&path)?.lines().map(decoded).collect();
        // Goes no further: the line that means nothing may be the end of a session.
        let slots = slots.ok_or(io::ErrorKind::InvalidData)?;
        replace(&path, &slots)?; // So that what clients are told from now on is on the disk.
        Ok(Self(path.into(), Arc::new(slots.into())))
    }

    /// Looks, decides and writes as one step, which goes on if the future is dropped. On a thread
    /// that may wait for a disk: a worker of the runtime would hold up the engine's time-out, too.
    async fn step<T, D>(&self, handle: SessionHandle, now: Timestamp, decide: D) -> Result<T>
    where
        T: Send + 'static,
        D: FnOnce(Load) -> (T, Option<Load>) + Send + 'static,
    {
        let Self(path, slots) = self.clone();
        let step = move || {
            let mut slots = slots.blocking_lock();
            let known = match slots.get(&handle).cloned().unwrap_or(Load::Missing) {
                // What is past its deadline has ended, for every operation alike (clause 1).
                Load::Live(record) => record.expired(now).map_or(Load::Live(record), Load::Ended),
                known => known,
            };
            let (answer, slot) = decide(known);
            if let Some(slot) = slot {
                let mut changed = slots.clone();
                changed.insert(handle, slot);
                // The disk first: what is read, and what is answered, survives (clause 6).
                replace(&path, &changed).map_err(|error| StoreError::new(Unavailable, error))?;
                *slots = changed;
            }
            Ok(answer)
        };
        let answer = tokio::task::spawn_blocking(step).await;
        answer.unwrap_or_else(|panic| Err(StoreError::new(Unavailable, panic)))
    }
}

/// Puts a new file in the place of the old one: after a crash one of them is there, and whole.
fn replace(path: &Path, slots: &Slots) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let _left_by_a_crash = fs::remove_file(&new);
    let mut options = fs::File::options();
    #[cfg(unix)] // What is in there is confidential.
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.write(true).create_new(true).open(&new)?;
    let text: String = slots.values().map(encoded).collect();
    io::Write::write_all(&mut file, text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    #[cfg(unix)] // The folder has the name of the file, which is to survive as well.
    fs::File::open(path.parent().unwrap_or(path))?.sync_all()?;
    Ok(())
}

fn encoded(slot: &Load) -> String {
    let (kind, bytes) = match slot {
        Load::Ended(tombstone) => ("ended", tombstone.encode()),
        Load::Live(record) => ("live", record.encode()),
        Load::Missing => return String::new(),
    };
    format!("{kind} {}\n", Base64Unpadded::encode_string(&bytes))
}

fn decoded(line: &str) -> Option<(SessionHandle, Load)> {
    let (kind, text) = line.split_once(' ')?;
    let bytes = Base64Unpadded::decode_vec(text).ok()?;
    if kind == "live" {
        let record = SessionRecord::decode(&bytes).ok()?;
        return Some((record.handle(), Load::Live(Arc::new(record))));
    }
    let tombstone = Tombstone::decode(&bytes).ok()?;
    Some((tombstone.handle(), Load::Ended(tombstone)))
}

fn kept<T>((answer, applied): (T, Option<SessionRecord>)) -> (T, Option<Load>) {
    (answer, applied.map(|record| Load::Live(Arc::new(record))))
}

impl hallpass::SessionStore for FileStore {
    async fn create(&self, record: &SessionRecord, now: Timestamp) -> Result<Create> {
        let created = record.clone();
        let decide = |known| match known {
            Load::Missing => kept((Create::Created, Some(created))),
            Load::Ended(_) | Load::Live(_) => (Create::Occupied, None),
        };
        self.step(record.handle(), now, decide).await
    }

    async fn load(&self, handle: SessionHandle, now: Timestamp) -> Result<Load> {
        self.step(handle, now, |known| (known, None)).await
    }

    async fn update(&self, next: &SessionRecord, from: Revision, now: Timestamp) -> Result<Write> {
        let update = next.clone();
        let decide = move |known| match known {
            Load::Live(stored) => kept(stored.updated(&update, from, now)),
            Load::Ended(_) | Load::Missing => (Write::Gone, None),
        };
        self.step(next.handle(), now, decide).await
    }

    async fn touch(&self, touch: &hallpass::Touch, now: Timestamp) -> Result<Touched> {
        let touch = *touch;
        let decide = move |known| match known {
            Load::Live(stored) => kept(stored.touched(&touch, now)),
            Load::Ended(_) | Load::Missing => (Touched::Gone, None),
        };
        self.step(touch.handle, now, decide).await
    }

    async fn end(&self, end: &hallpass::End, now: Timestamp) -> Result<EndOutcome> {
        let order = end.clone();
        let decide = move |known| match known {
            // Stored even so: where it only expired and the clock goes back, it stays ended.
            Load::Ended(first) => (EndOutcome::Already(first.clone()), Some(Load::Ended(first))),
            Load::Live(record) => {
                let last = Tombstone::of(&record, order.reason, order.at);
                (EndOutcome::Ended(last.clone()), Some(Load::Ended(last)))
            }
            Load::Missing => (EndOutcome::Missing, Some(Load::Ended(order.tombstone()))),
        };
        self.step(end.handle, now, decide).await
    }
}
