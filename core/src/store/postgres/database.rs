//! Where a database is, and how many connections to it there are.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::pool::Pool;
use crate::store::port::StoreError;

/// How many connections an engine holds unless told otherwise.
const CONNECTIONS: usize = 16;
/// How long a call waits for a connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one server may take to let a connection in. With several hosts, the next one is tried after it.
const CONNECTS_WITHIN: Duration = Duration::from_secs(3);
/// How long data may stay unacknowledged by the server's machine before the connection counts as lost.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(10);

/// A PostgreSQL database, for [`EngineOptions::connect`](crate::EngineOptions::connect).
///
/// ```
/// use selfsame::Database;
///
/// let database = Database::at("postgres://app:secret@db1.example,db2.example/accounts")?.connections(32);
/// assert!(!format!("{database:?}").contains("secret"));
/// # Ok::<(), selfsame::InvalidDatabase>(())
/// ```
#[derive(Clone)]
pub struct Database {
    config: Config,
    tls: MakeRustlsConnect,
    connections: usize,
}

impl Database {
    /// Names a database by its URL, as `psql` takes it. If the URL has several hosts, the engine uses the one that
    /// takes writes. Connections to another machine are encrypted, unless the URL says `sslmode=disable`.
    ///
    /// ```
    /// use selfsame::{Database, InvalidDatabase};
    ///
    /// let database = Database::at("postgres://app@localhost/accounts")?;
    /// assert_eq!(Database::at("accounts.selfsame").err(), Some(InvalidDatabase));
    /// # Ok::<(), InvalidDatabase>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`InvalidDatabase`] if this is not the URL of a database.
    pub fn at(url: &str) -> Result<Self, InvalidDatabase> {
        let mut config: Config = url.parse().map_err(|_| InvalidDatabase)?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(InvalidDatabase);
        }
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        // The client's own default would go on without encryption if the server, or whoever answers for it, has none.
        if config.get_ssl_mode() == SslMode::Prefer {
            config.ssl_mode(if is_here(&config) { SslMode::Disable } else { SslMode::Require });
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECTS_WITHIN);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(ACKNOWLEDGED_WITHIN);
        }
        if config.get_application_name().is_none() {
            config.application_name("selfsame");
        }
        let tls = connector(RootCertStore::empty())?;
        Ok(Self { config, tls, connections: CONNECTIONS })
    }

    /// Sets how many connections the engine opens at most. As many acts run at once; the others wait.
    #[must_use]
    pub fn connections(self, connections: usize) -> Self {
        Self { connections: connections.max(1), ..self }
    }

    /// Sets the certificates, in PEM, of the authorities that the server's certificate may come from. Without
    /// them, an encrypted connection fails.
    ///
    /// ```
    /// use selfsame::{Database, InvalidDatabase};
    ///
    /// let database = Database::at("postgres://app@db.example/accounts")?;
    /// // Usually the contents of a file that the database's operator publishes.
    /// let certificates = b"no certificate";
    /// assert_eq!(database.trusting(certificates).err(), Some(InvalidDatabase));
    /// # Ok::<(), InvalidDatabase>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`InvalidDatabase`] if there is no certificate in the text.
    pub fn trusting(self, certificates: &[u8]) -> Result<Self, InvalidDatabase> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(certificates) {
            roots.add(certificate.map_err(|_| InvalidDatabase)?).map_err(|_| InvalidDatabase)?;
        }
        if roots.is_empty() { Err(InvalidDatabase) } else { Ok(Self { tls: connector(roots)?, ..self }) }
    }

    pub(super) fn pool(&self) -> Result<Pool, StoreError> {
        Pool::new(self.config.clone(), self.tls.clone(), self.connections, PATIENCE)
    }
}

/// The URL may hold a password.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("connections", &self.connections).finish_non_exhaustive()
    }
}

/// The text is not the URL of a database, or not a list of certificates. The error does not contain the text,
/// which may hold a password.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidDatabase;

impl fmt::Display for InvalidDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the URL of a PostgreSQL database, or not a list of certificates")
    }
}

impl std::error::Error for InvalidDatabase {}

/// Returns whether the database is on this machine.
fn is_here(config: &Config) -> bool {
    let is_loopback =
        |name: &str| name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback)
        && config.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => is_loopback(name),
            #[cfg(unix)]
            Host::Unix(_) => true,
        })
}

fn connector(roots: RootCertStore) -> Result<MakeRustlsConnect, InvalidDatabase> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| InvalidDatabase)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_elsewhere_is_reached_with_encryption_alone() {
        for (url, mode) in [
            ("postgres://app@db.example/a", SslMode::Require),
            ("postgres://app@localhost,db.example/a", SslMode::Require),
            ("postgres://app@10.0.0.1/a", SslMode::Require),
            ("postgres://app@db.example/a?sslmode=disable", SslMode::Disable),
            ("postgres://app@db.example/a?sslmode=prefer", SslMode::Require),
            ("postgres://app@localhost/a", SslMode::Disable),
            ("postgres://app@localhost/a?sslmode=require", SslMode::Require),
            ("postgres://app@127.0.0.1:5433/a", SslMode::Disable),
        ] {
            assert_eq!(Database::at(url).unwrap().config.get_ssl_mode(), mode, "{url}");
        }
        for url in ["", "file.selfsame", "postgres://", "mysql://app@db/a"] {
            assert_eq!(Database::at(url).err(), Some(InvalidDatabase), "{url}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        let database = Database::at("postgres://app:hunter2@db.example/a").unwrap();
        assert!(!format!("{database:?}").contains("hunter2"));
    }
}
