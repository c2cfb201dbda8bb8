//! Encryption of connections, by rustls.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::ConnectError;

/// How to speak TLS, with the certificates that are trusted.
#[derive(Clone)]
pub(crate) struct Tls(MakeRustlsConnect);

impl Tls {
    /// Trusts the certificates in these PEM texts, or those of the system where there are none.
    pub(crate) fn new(pems: &[Vec<u8>]) -> Result<Self, ConnectError> {
        let mut roots = RootCertStore::empty();
        if pems.is_empty() {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        for pem in pems {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|_error| ConnectError::NoRoots)?;
                roots
                    .add(certificate)
                    .map_err(|_error| ConnectError::NoRoots)?;
            }
        }
        if roots.is_empty() {
            return Err(ConnectError::NoRoots);
        }
        // A provider of our own choice: which one is the default is up to the application.
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_error| ConnectError::NoRoots)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(MakeRustlsConnect::new(config)))
    }

    pub(crate) fn connector(&self) -> MakeRustlsConnect {
        self.0.clone()
    }
}
