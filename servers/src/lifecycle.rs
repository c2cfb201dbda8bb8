//! What every server can do, said once.

/// Gives a type with a field `server` the methods that name it, start it and stop it.
macro_rules! lifecycle {
    ($server:ty) => {
        impl $server {
            /// The port, which stays the same.
            #[must_use]
            pub fn port(&self) -> u16 {
                self.server.port()
            }

            /// The process that started all others, or `None` while it does not run.
            #[must_use]
            pub fn pid(&self) -> Option<u32> {
                self.server.pid()
            }

            /// Kills it with `SIGKILL`, and the processes that it started. It writes nothing more.
            /// Killing one that does not run does nothing.
            pub fn kill(&self) {
                self.server.kill();
            }

            /// Stops it in order, and waits for that. Stopping one that does not run does nothing.
            ///
            /// # Errors
            ///
            /// Fails if it does not stop within ten seconds; then it is killed.
            pub fn stop(&self) -> Result<(), $crate::Error> {
                self.server.stop()
            }

            /// Starts it again, on the same port and folder, and waits until it answers.
            ///
            /// # Errors
            ///
            /// Fails if it runs, or does not start.
            pub fn start_again(&self) -> Result<(), $crate::Error> {
                self.server.start_again()
            }

            /// Stops it in the middle of what it does, with `SIGSTOP`, and the processes that it
            /// started: connections stay, the system accepts new ones, and nothing answers.
            pub fn pause(&self) {
                self.server.signal_family(::rustix::process::Signal::STOP);
            }

            /// Goes on after [`pause`](Self::pause).
            pub fn resume(&self) {
                self.server.signal_family(::rustix::process::Signal::CONT);
            }
        }
    };
}

pub(crate) use lifecycle;
