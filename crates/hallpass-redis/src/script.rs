//! The scripts that the server runs: each operation is one of them, and so one step.

use std::fmt::Write;
use std::sync::LazyLock;

use hallpass_core::EndReason;

/// A script and its name on servers.
pub(crate) struct Script {
    code: String,
    hash: String,
}

impl Script {
    fn new(body: &str) -> Self {
        let mut code = String::new();
        for (name, reason) in [
            ("IDLE", EndReason::Idle),
            ("ABSOLUTE", EndReason::Absolute),
            ("EVICTED", EndReason::Evicted),
            ("SUPERSEDED", EndReason::Superseded),
        ] {
            code.push_str("local ");
            code.push_str(name);
            code.push_str(" = '");
            for byte in reason.encode() {
                // Writing to a string does not fail.
                let _written = write!(code, "\\{byte:03}");
            }
            code.push_str("'\n");
        }
        code.push_str(include_str!("scripts/common.lua"));
        code.push_str(body);
        let hash = redis::Script::new(&code).get_hash().to_owned();
        Self { code, hash }
    }

    /// Returns the command that runs the script, which the server has already.
    pub(crate) fn by_hash(&self, keys: &[&str], args: &[&[u8]]) -> redis::Cmd {
        command("EVALSHA", &self.hash, keys, args)
    }

    /// Returns the command that runs the script, which the server may not have.
    pub(crate) fn in_full(&self, keys: &[&str], args: &[&[u8]]) -> redis::Cmd {
        command("EVAL", &self.code, keys, args)
    }
}

fn command(name: &str, script: &str, keys: &[&str], args: &[&[u8]]) -> redis::Cmd {
    let mut command = redis::cmd(name);
    command.arg(script).arg(keys.len());
    for key in keys {
        command.arg(*key);
    }
    for arg in args {
        command.arg(*arg);
    }
    command
}

macro_rules! scripts {
    ($($name:ident = $file:literal),* $(,)?) => {
        $(
            pub(crate) static $name: LazyLock<Script> =
                LazyLock::new(|| Script::new(include_str!(concat!("scripts/", $file))));
        )*
    };
}

scripts! {
    ADVANCE_BUCKET = "advance_bucket.lua",
    ADVANCE_SUBJECT = "advance_subject.lua",
    BIND = "bind.lua",
    CREATE = "create.lua",
    END = "end.lua",
    END_SUBJECT = "end_subject.lua",
    FREEZE = "freeze.lua",
    LIST = "list.lua",
    LOAD = "load.lua",
    OCCUPIED = "occupied.lua",
    SETTLE = "settle.lua",
    TOUCH = "touch.lua",
    UPDATE = "update.lua",
}

#[cfg(test)]
mod tests;
