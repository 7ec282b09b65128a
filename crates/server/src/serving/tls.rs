use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;

/// The protocols to negotiate, preferred first.
const HTTP_2: &[u8] = b"h2";
const HTTP_1_1: &[u8] = b"http/1.1";

/// How long a TLS handshake may take.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(10);

/// A certificate and its key. Clones share them.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
}

/// Why a certificate and a key cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The certificate's file cannot be read, or contains no certificate.
    #[error("--tls-cert {}: {reason}", file.display())]
    Certificate {
        /// The configured file.
        file: PathBuf,
        /// The cause.
        reason: String,
    },
    /// The key's file cannot be read or contains no key, or the key does not belong to the certificate.
    #[error("--tls-key {}: {reason}", file.display())]
    Key {
        /// The configured file.
        file: PathBuf,
        /// The cause.
        reason: String,
    },
}

impl Tls {
    /// Reads a certificate with its intermediate certificates, and its key, from PEM files.
    ///
    /// # Errors
    /// Which file cannot be used, and why.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let bad_certificate =
            |reason| TlsError::Certificate { file: certificate.to_owned(), reason };
        let bad_key = |reason| TlsError::Key { file: key.to_owned(), reason };
        let chain = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| bad_certificate(in_words(&error, "certificate")))?;
        if chain.is_empty() {
            return Err(bad_certificate(in_words(&pem::Error::NoItemsFound, "certificate")));
        }
        let private_key = PrivateKeyDer::from_pem_file(key)
            .map_err(|error| bad_key(in_words(&error, "private key")))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| bad_certificate(error.to_string()))?
            .with_no_client_auth()
            .with_single_cert(chain, private_key)
            .map_err(|error| match error {
                rustls::Error::InvalidCertificate(_) => {
                    bad_certificate("not a valid certificate".to_owned())
                }
                rustls::Error::InconsistentKeys(_) => bad_key(format!(
                    "does not belong to the certificate in {}",
                    certificate.display()
                )),
                error => bad_key(error.to_string()),
            })?;
        config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1_1.to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    /// Performs the TLS handshake with a client.
    pub(super) async fn accept(&self, socket: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        match time::timeout(HANDSHAKE_PATIENCE, self.acceptor.accept(socket)).await {
            Ok(result) => result,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// Whether HTTP/2 was negotiated.
pub(super) fn speaks_http2(socket: &TlsStream<TcpStream>) -> bool {
    socket.get_ref().1.alpn_protocol() == Some(HTTP_2)
}

/// Describes the error in a PEM file that should contain a `wanted`.
fn in_words(error: &pem::Error, wanted: &str) -> String {
    match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => format!("contains no {wanted} in PEM format"),
        error => format!("not in PEM format: {error}"),
    }
}
