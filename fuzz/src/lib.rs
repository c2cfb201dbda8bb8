//! The bodies of the fuzz targets.
//!
//! Each takes any bytes, makes of them what a client, a configuration or a store could come up
//! with, and panics where hallpass breaks a promise. What is right is said a second time, by a
//! reference that is as naive as possible and shares no code with the libraries.
//!
//! `cargo fuzz` runs the bodies under libFuzzer; the tests of this package run them on the
//! committed corpus and on mutations of it.

mod cookie_header;
mod cursor;
mod forwarded;
mod lines;
mod record_bytes;
mod replay;
mod set_cookie;

pub use hallpass_tests::operations::play as operations;

pub use self::cookie_header::cookie_header;
pub use self::forwarded::forwarded;
pub use self::record_bytes::record_bytes;
pub use self::replay::replay;
pub use self::set_cookie::set_cookie;

/// The body of a target.
pub type Body = fn(&[u8]);

/// Every target: its name, which is also that of its corpus and of its program, and its body.
pub const TARGETS: [(&str, Body); 5] = [
    ("cookie_header", cookie_header),
    ("forwarded", forwarded),
    ("operations", operations),
    ("record_bytes", record_bytes),
    ("set_cookie", set_cookie),
];
