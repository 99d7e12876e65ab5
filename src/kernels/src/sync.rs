//! Atomics, locks and threads: std's, or in the models (`--cfg loom`, under test) loom's, which try every order of events.

#[cfg(not(all(test, loom)))]
pub(crate) use std::{
    sync::{Mutex, atomic},
    thread,
};

#[cfg(all(test, loom))]
pub(crate) use {
    loom::sync::{Mutex, atomic},
    scoped as thread,
};

/// Threads of loom with the scope that std's have, as far as [`crate::threads`] uses it.
#[cfg(all(test, loom))]
pub(crate) mod scoped {
    use std::marker::PhantomData;
    use std::{io, mem};

    pub(crate) use std::thread::{Result, available_parallelism, panicking};

    /// Where threads may borrow what outlives `'scope`.
    pub(crate) struct Scope<'scope>(PhantomData<std::cell::Cell<&'scope ()>>);

    /// Calls `work`, which joins what it starts.
    pub(crate) fn scope<'scope, T>(work: impl FnOnce(&Scope<'scope>) -> T) -> T {
        work(&Scope(PhantomData))
    }

    /// What a thread is made with.
    pub(crate) struct Builder(loom::thread::Builder);

    impl Builder {
        pub(crate) fn new() -> Self {
            Self(loom::thread::Builder::new())
        }

        pub(crate) fn name(self, name: String) -> Self {
            Self(self.0.name(name))
        }

        pub(crate) fn spawn_scoped<'scope>(
            self,
            _scope: &Scope<'scope>,
            work: impl FnOnce() + Send + 'scope,
        ) -> io::Result<JoinHandle> {
            let work: Box<dyn FnOnce() + Send + 'scope> = Box::new(work);
            // SAFETY: the handle is joined within the scope, or its drop ends the model.
            let work: Box<dyn FnOnce() + Send> = unsafe { mem::transmute(work) };
            Ok(JoinHandle(Some(self.0.spawn(work)?)))
        }
    }

    /// A thread that must be joined before its scope ends.
    pub(crate) struct JoinHandle(Option<loom::thread::JoinHandle<()>>);

    impl JoinHandle {
        pub(crate) fn join(mut self) -> Result<()> {
            self.0.take().map_or(Ok(()), |handle| handle.join())
        }
    }

    impl Drop for JoinHandle {
        fn drop(&mut self) {
            if self.0.is_some() && !panicking() {
                panic!("a thread that is not joined outlives what it borrows");
            }
        }
    }
}
