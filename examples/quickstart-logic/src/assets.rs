//! The stylesheet, the script and the icon of the pages.

use http::StatusCode;

use crate::answer::Answer;
use crate::answer::text;

/// A file that the pages need.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    path: &'static str,
    kind: &'static str,
    text: &'static str,
}

impl Asset {
    /// Where it is.
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// What it is.
    pub fn answer(&self) -> Answer {
        text(StatusCode::OK, self.kind, self.text)
    }
}

/// Each of them.
pub const ASSETS: [Asset; 3] = [
    Asset {
        path: "/assets/icon.svg",
        kind: "image/svg+xml",
        text: include_str!("../assets/icon.svg"),
    },
    Asset {
        path: "/assets/session.js",
        kind: "text/javascript; charset=utf-8",
        text: include_str!("../assets/session.js"),
    },
    Asset {
        path: "/assets/style.css",
        kind: "text/css; charset=utf-8",
        text: include_str!("../assets/style.css"),
    },
];
