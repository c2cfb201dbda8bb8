//! One process: its clients, and what they do.

mod choice;
mod impatience;
mod node;
mod pool;
mod request;
mod seen;
mod turn;

use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::sync::Arc;
use std::thread;

use hallpass::DynStore;
use tokio::runtime::Runtime;

use crate::Failure;
use crate::settings::Settings;

use self::node::Node;

/// Runs one process of a crowd, with these arguments: the whole of the binary `hammer`.
///
/// # Errors
///
/// Fails where an argument makes no sense, the store cannot be opened, or the history not be
/// written.
pub fn hammer(arguments: impl IntoIterator<Item = String>) -> Result<(), Failure> {
    let settings = Settings::from_arguments(arguments)?;
    let runtime = runtime()?;
    let store = runtime.block_on(crate::store::open(&settings))?;
    let tell = |line: &str| {
        // Where the parent is gone, so is everybody who could use the token.
        let _told = writeln!(std::io::stdout().lock(), "{line}");
    };
    let heard = BufReader::new(std::io::stdin()).lines();
    run(
        &runtime,
        &settings,
        store,
        tell,
        heard.map_while(Result::ok),
    )
}

/// Plays the clients of one process. Tokens go out with `tell`, and come in from `heard`.
pub(crate) fn run(
    runtime: &Runtime,
    settings: &Settings,
    store: DynStore,
    tell: impl Fn(&str) + Send + Sync + 'static,
    heard: impl Iterator<Item = String> + Send + 'static,
) -> Result<(), Failure> {
    let node = Arc::new(Node::new(settings, store, Box::new(tell))?);
    let listening = Arc::clone(&node);
    // Nobody joins it: it ends with the process, or when the last of the others has ended.
    thread::spawn(move || heard.for_each(|line| listening.pool().hear(&line)));
    runtime.block_on(node.play())?;
    node.close()
}

pub(crate) fn runtime() -> Result<Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?)
}
