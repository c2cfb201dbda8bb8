//! A record in the plainest form, and its bytes in format 1, written by hand.
//!
//! The format is that of `postcard`: numbers in groups of seven bits, the lowest first; a length
//! before texts and lists; one byte for an option or a choice.

use std::collections::BTreeMap;

use super::family::Family;
use crate::cursor::Cursor;

#[derive(Clone, Debug)]
pub(super) struct Plain {
    pub(super) handle: [u8; 16],
    pub(super) revision: u64,
    pub(super) write_id: [u8; 16],
    pub(super) binding: u32,
    pub(super) epochs: [u64; 3],
    pub(super) credential: PlainCredential,
    pub(super) previous: Option<PlainPrevious>,
    pub(super) subject: Option<PlainSubject>,
    pub(super) authentication: Option<PlainAuthentication>,
    pub(super) created_at: u64,
    pub(super) last_seen: u64,
    pub(super) idle: Option<u64>,
    pub(super) absolute: u64,
    pub(super) lock_when_idle: bool,
    pub(super) remembered: bool,
    network: Option<PlainNetwork>,
    user_agent: Option<String>,
    label: Option<String>,
    /// As they stand in the bytes: in any order, and a name may come twice.
    pub(super) data: Vec<(String, u32, bool, Vec<u8>)>,
}

#[derive(Clone, Debug)]
pub(super) struct PlainCredential {
    pub(super) generation: u32,
    digest: [u8; 32],
    chain_key: [u8; 32],
    pub(super) renewed_at: u64,
    pub(super) renewed_by: PlainKind,
    pub(super) confirmed_at: Option<u64>,
}

#[derive(Clone, Debug)]
pub(super) struct PlainPrevious {
    pub(super) credential: PlainCredential,
    pub(super) replaced_at: u64,
    authentication: PlainAuthentication,
}

#[derive(Clone, Debug)]
pub(super) struct PlainSubject {
    tenant: Option<String>,
    id: String,
}

#[derive(Clone, Debug)]
pub(super) struct PlainAuthentication {
    level: u8,
    methods: Vec<String>,
    at: Option<u64>,
}

/// The kind of a client: product and platform, and the network.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct PlainKind {
    family: Option<(String, String)>,
    network: Option<PlainNetwork>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum PlainNetwork {
    V4([u8; 3]),
    V6([u8; 6]),
}

impl Plain {
    pub(super) fn take(
        cursor: &mut Cursor<'_>,
        handle: [u8; 16],
        current: &Family,
        previous: Option<&Family>,
    ) -> Self {
        Self {
            handle,
            revision: cursor.millis(),
            write_id: cursor.array(),
            binding: u32::from_le_bytes(cursor.array()),
            epochs: [cursor.millis(), cursor.millis(), cursor.millis()],
            credential: PlainCredential::take(cursor, current),
            previous: previous.map(|family| PlainPrevious {
                credential: PlainCredential::take(cursor, family),
                replaced_at: cursor.millis(),
                authentication: PlainAuthentication::take(cursor),
            }),
            subject: cursor.option(|cursor| PlainSubject {
                tenant: cursor.option(Cursor::text),
                id: cursor.text(),
            }),
            authentication: cursor.option(PlainAuthentication::take),
            created_at: cursor.millis(),
            last_seen: cursor.millis(),
            idle: cursor.option(Cursor::millis),
            absolute: cursor.millis(),
            lock_when_idle: cursor.flag(),
            remembered: cursor.flag(),
            network: cursor.option(PlainNetwork::take),
            user_agent: cursor.option(Cursor::text),
            label: cursor.option(Cursor::text),
            data: (0..cursor.byte() % 5)
                .map(|_| {
                    let version = u32::from_le_bytes(cursor.array());
                    let portable = cursor.flag();
                    (cursor.text(), version, portable, cursor.text().into_bytes())
                })
                .collect(),
        }
    }

    /// Returns whether a record can be like this: only subjects have rules.
    pub(super) fn is_valid(&self) -> bool {
        let fits = |text: &str| {
            !text.is_empty() && text.len() <= 255 && !text.chars().any(char::is_control)
        };
        self.subject
            .as_ref()
            .is_none_or(|subject| fits(&subject.id) && subject.tenant.as_deref().is_none_or(fits))
    }

    /// Returns what a store may be given.
    pub(super) fn encode(&self) -> Vec<u8> {
        let data = self
            .data
            .iter()
            .map(|(name, version, portable, bytes)| (name, *version, *portable, bytes));
        self.encode_with(data)
    }

    /// Returns what hallpass writes: each name once, in order; the last value of a name counts.
    pub(super) fn encode_canonical(&self) -> Vec<u8> {
        let values: BTreeMap<_, _> = self
            .data
            .iter()
            .map(|(name, version, portable, bytes)| (name, (*version, *portable, bytes)))
            .collect();
        let data = values
            .into_iter()
            .map(|(name, (version, portable, bytes))| (name, version, portable, bytes));
        self.encode_with(data)
    }

    fn encode_with<'d>(
        &self,
        data: impl ExactSizeIterator<Item = (&'d String, u32, bool, &'d Vec<u8>)>,
    ) -> Vec<u8> {
        let mut out = Writer(vec![1]);
        out.raw(&self.handle);
        out.number(self.revision);
        out.raw(&self.write_id);
        out.number(self.binding.into());
        for epoch in self.epochs {
            out.number(epoch);
        }
        self.credential.write(&mut out);
        out.option(self.previous.as_ref(), |out, previous| {
            previous.credential.write(out);
            out.number(previous.replaced_at);
            previous.authentication.write(out);
        });
        out.option(self.subject.as_ref(), |out, subject| subject.write(out));
        out.option(self.authentication.as_ref(), |out, it| it.write(out));
        out.number(self.created_at);
        out.number(self.last_seen);
        out.option(self.idle, Writer::number);
        out.number(self.absolute);
        out.flag(self.lock_when_idle);
        out.flag(self.remembered);
        out.option(self.network.as_ref(), |out, network| network.write(out));
        out.option(self.user_agent.as_ref(), |out, text| {
            out.text(text.as_bytes())
        });
        out.option(self.label.as_ref(), |out, text| out.text(text.as_bytes()));
        out.length(data.len());
        for (name, version, portable, bytes) in data {
            out.text(name.as_bytes());
            out.number(version.into());
            out.flag(portable);
            out.text(bytes);
        }
        out.0
    }

    /// Returns the bytes of the tombstone that the record leaves when it expires.
    pub(super) fn encode_tombstone(&self, reason: &str, at: u64, keep_until: u64) -> Vec<u8> {
        let mut out = Writer(vec![1]);
        out.raw(&self.handle);
        out.option(Some(&self.credential.digest), |out, digest| out.raw(digest));
        out.option(self.subject.as_ref(), |out, subject| subject.write(out));
        out.text(reason.as_bytes());
        // Nobody revoked it.
        out.flag(false);
        out.number(at);
        out.number(keep_until);
        out.0
    }
}

impl PlainCredential {
    fn take(cursor: &mut Cursor<'_>, family: &Family) -> Self {
        Self {
            generation: family.last_generation(),
            digest: family.digest(),
            chain_key: family.chain_key,
            renewed_at: cursor.millis(),
            renewed_by: PlainKind::take(cursor),
            confirmed_at: cursor.option(Cursor::millis),
        }
    }

    fn write(&self, out: &mut Writer) {
        out.number(self.generation.into());
        out.raw(&self.digest);
        out.raw(&self.chain_key);
        out.number(self.renewed_at);
        out.option(
            self.renewed_by.family.as_ref(),
            |out, (product, platform)| {
                out.text(product.as_bytes());
                out.text(platform.as_bytes());
            },
        );
        out.option(self.renewed_by.network.as_ref(), |out, it| it.write(out));
        out.option(self.confirmed_at, Writer::number);
    }
}

impl PlainSubject {
    fn write(&self, out: &mut Writer) {
        out.option(self.tenant.as_ref(), |out, tenant| {
            out.text(tenant.as_bytes())
        });
        out.text(self.id.as_bytes());
    }
}

impl PlainAuthentication {
    fn take(cursor: &mut Cursor<'_>) -> Self {
        Self {
            level: cursor.byte() % 3,
            methods: (0..cursor.byte() % 3).map(|_| cursor.text()).collect(),
            at: cursor.option(Cursor::millis),
        }
    }

    fn write(&self, out: &mut Writer) {
        out.number(self.level.into());
        out.length(self.methods.len());
        for method in &self.methods {
            out.text(method.as_bytes());
        }
        out.option(self.at, Writer::number);
    }
}

impl PlainKind {
    /// Returns the kind of a client with `curl/8` and 192.0.2.1.
    pub(super) fn curl() -> Self {
        Self {
            family: Some(("curl".to_owned(), String::new())),
            network: Some(PlainNetwork::V4([192, 0, 2])),
        }
    }

    fn take(cursor: &mut Cursor<'_>) -> Self {
        match cursor.byte() % 4 {
            0 => Self::curl(),
            1 => Self {
                network: None,
                ..Self::curl()
            },
            2 => Self {
                family: None,
                ..Self::curl()
            },
            _ => Self {
                family: cursor.option(|cursor| (cursor.text(), cursor.text())),
                network: cursor.option(PlainNetwork::take),
            },
        }
    }

    /// Returns whether a client of this kind is taken for one of the other.
    pub(super) fn looks_like(&self, other: &Self) -> bool {
        self == other && self.family.is_some() && self.network.is_some()
    }
}

impl PlainNetwork {
    fn take(cursor: &mut Cursor<'_>) -> Self {
        if cursor.flag() {
            Self::V6(cursor.array())
        } else {
            Self::V4(cursor.array())
        }
    }

    fn write(&self, out: &mut Writer) {
        match self {
            Self::V4(bytes) => {
                out.number(0);
                out.raw(bytes);
            }
            Self::V6(bytes) => {
                out.number(1);
                out.raw(bytes);
            }
        }
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn raw(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }

    fn flag(&mut self, flag: bool) {
        self.0.push(flag.into());
    }

    fn number(&mut self, number: u64) {
        let mut rest = number;
        loop {
            let group = u8::try_from(rest & 0x7f).unwrap_or_default();
            rest >>= 7;
            if rest == 0 {
                self.0.push(group);
                return;
            }
            self.0.push(group | 0x80);
        }
    }

    fn length(&mut self, length: usize) {
        self.number(u64::try_from(length).unwrap_or_default());
    }

    fn text(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.raw(bytes);
    }

    fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }
}
