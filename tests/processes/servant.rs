//! A process that carries out orders on a file, line by line.

use std::fmt::Debug;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use selfsame::{AccountHandle, Error, OpenProblem, SessionToken};
use selfsame_world::World;

use crate::{Process, say};

/// The answer to an order that has no other result.
pub(crate) const DONE: &str = "done";
pub(crate) const ALREADY_OPEN: Error = Error::Open(OpenProblem::AlreadyOpen);

/// Makes a store at `file` in which Ada has an account. Returns the token of her session.
pub(crate) fn with_ada(file: &Path) -> SessionToken {
    World::builder().real_entropy().file(file).build().ada().token
}

pub(crate) fn open(file: &Path) -> Result<World, Error> {
    World::builder().real_entropy().open_file(file).try_build()
}

/// Ada's display name.
pub(crate) fn name(world: &World, ada: &SessionToken) -> Result<Option<String>, Error> {
    Ok(world.engine().account(ada)?.view()?.display_name)
}

/// What the child process runs. It ends with its standard input.
pub(crate) fn serve(file: &Path) {
    let mut world = None;
    for line in io::stdin().lines() {
        let line = line.unwrap();
        let words: Vec<_> = line.split(' ').collect();
        let ada = || -> Result<AccountHandle, Error> {
            let world: &World = world.as_ref().expect("the store is open");
            world.engine().account(&words[1].parse::<SessionToken>().unwrap())
        };
        let answer = match words[0] {
            "make" => World::builder().real_entropy().file(&file.with_file_name("new")).try_build().map(drop),
            "open" => open(file).map(|opened| world = Some(opened)),
            "rename" => ada().and_then(|ada| ada.set_display_name(Some(words[2]))),
            "vacuum" => world.as_ref().unwrap().engine().vacuum(),
            "suspend" => world.as_ref().unwrap().engine().suspend(),
            "look" => {
                let seen = ada().and_then(|ada| ada.view());
                say(&seen.map_or_else(|error| told(&error), |seen| seen.display_name.unwrap_or_default()));
                continue;
            }
            // Shows whether the machine lets the process write beside the store.
            "touch" => std::fs::File::create(file.with_file_name("touched"))
                .map(drop)
                .map_err(|error| Error::Storage { kind: error.kind() }),
            other => panic!("{other}"),
        };
        say(&answer.map_or_else(|error| told(&error), |()| DONE.to_owned()));
    }
}

/// An error as a servant reports it.
pub(crate) fn told(error: &impl Debug) -> String {
    format!("{error:?}")
}

pub(crate) struct Servant(Process);

impl Servant {
    /// Starts this process again for the same test.
    pub(crate) fn of(test: &str, file: &Path) -> Self {
        Self(Process::run(Process::command(test, file)))
    }

    pub(crate) fn try_run(command: Command) -> io::Result<Self> {
        Process::try_run(command).map(Self)
    }

    pub(crate) fn order(&mut self, order: &str) {
        self.0.stdin.write_all(format!("{order}\n").as_bytes()).unwrap();
    }

    pub(crate) fn answer(&mut self) -> String {
        self.0.hear().expect("the process answers")
    }

    pub(crate) fn does(&mut self, order: &str) -> String {
        self.order(order);
        self.answer()
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.0.child)
    }

    /// Stops the process, and waits until it has stopped.
    pub(crate) fn stop(&self) {
        kill_process(self.pid(), Signal::STOP).unwrap();
        let (_, status) = waitpid(Some(self.pid()), WaitOptions::UNTRACED).unwrap().unwrap();
        assert!(status.stopped(), "{status:?}");
    }

    pub(crate) fn go_on(&self) {
        kill_process(self.pid(), Signal::CONT).unwrap();
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill();
    }
}
