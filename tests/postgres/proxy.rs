//! A proxy between the store and the server that fails as a network does, exactly at a commit.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::server::url;

/// What happens to the next message that commits an act.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// It does not reach the server, and the connection ends.
    LostOnTheWay,
    /// The server does it, but the answer is lost with the connection.
    AnswerLost,
    /// The server gets it much later, after the connection has ended for the store.
    Late,
}

#[derive(Default)]
pub(crate) struct Proxy {
    port: u16,
    fate: Mutex<Option<Fate>>,
    /// The server's side of connections whose message came late, and the message.
    late: Mutex<Vec<(TcpStream, Vec<u8>)>>,
    pub(crate) cut: AtomicU64,
}

impl Proxy {
    pub(crate) fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Arc::new(Self { port: listener.local_addr().unwrap().port(), ..Self::default() });
        let of = proxy.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let proxy = of.clone();
                thread::spawn(move || proxy.serve(client.unwrap()));
            }
        });
        proxy
    }

    /// Returns the address of the database through the proxy.
    pub(crate) fn url(&self, database: &str) -> String {
        let (user, _) = url().rsplit_once('@').map(|(user, at)| (user.to_owned(), at.to_owned())).unwrap();
        format!("{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// Sets what happens to the next commit of an act. Commits without an act's id are not touched.
    pub(crate) fn next(&self, fate: Fate) {
        *self.fate.lock().unwrap() = Some(fate);
    }

    /// Lets the server have the late messages, and waits until it has answered them.
    pub(crate) fn deliver_late(&self) -> usize {
        let late = std::mem::take(&mut *self.late.lock().unwrap());
        for (server, message) in &late {
            let mut server = server;
            server.write_all(message).unwrap();
            server.shutdown(Shutdown::Write).unwrap();
            // The server closes when it is done.
            server.read_to_end(&mut Vec::new()).unwrap();
        }
        late.len()
    }

    fn serve(self: Arc<Self>, mut client: TcpStream) {
        let at = url().rsplit_once('@').unwrap().1.to_owned();
        let server = TcpStream::connect(at).unwrap();
        let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        let answers = thread::spawn(move || drop(std::io::copy(&mut from, &mut to)));
        self.forward(&mut client, server);
        // After a cut, nothing more reaches the store.
        _ = client.shutdown(Shutdown::Both);
        _ = answers.join();
    }

    /// Forwards whole messages of the store until it closes or a commit meets its fate.
    fn forward(&self, client: &mut TcpStream, mut server: TcpStream) {
        let mut is_first = true;
        while let Some(message) = message(client, is_first) {
            is_first = false;
            let is_commit = has(&message, b"INSERT INTO selfsame_acts VALUES") && has(&message, b"COMMIT");
            let fate = if is_commit { self.fate.lock().unwrap().take() } else { None };
            let Some(fate) = fate else {
                if server.write_all(&message).is_err() {
                    break;
                }
                continue;
            };
            self.cut.fetch_add(1, Ordering::SeqCst);
            client.shutdown(Shutdown::Both).unwrap();
            match fate {
                Fate::LostOnTheWay => {}
                Fate::AnswerLost => server.write_all(&message).unwrap(),
                Fate::Late => return self.late.lock().unwrap().push((server, message)),
            }
            break;
        }
        _ = server.shutdown(Shutdown::Write);
    }
}

/// Reads one message. Only the first of a connection has no letter before its length.
fn message(client: &mut TcpStream, is_first: bool) -> Option<Vec<u8>> {
    let mut message = vec![0; if is_first { 4 } else { 5 }];
    client.read_exact(&mut message).ok()?;
    let length = u32::from_be_bytes(*message.last_chunk()?) as usize;
    let head = message.len();
    message.resize(head + length - 4, 0);
    client.read_exact(message.get_mut(head..)?).ok()?;
    Some(message)
}

fn has(message: &[u8], text: &[u8]) -> bool {
    message.windows(text.len()).any(|window| window == text)
}
