//! An HTTP server: a greeting, and connections that may rest. Over TLS where it is given a certificate.
use axum::{routing::get, Router};
use axum_server::tls_rustls::RustlsConfig;
use std::{env::var, net::SocketAddr};

fn main() {
    let port: u16 = std::env::args().nth(1).and_then(|port| port.parse().ok()).expect("a port");
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let app = Router::new().route("/", get(|| async { "hello" }));
        match (var("TLS_CERT"), var("TLS_KEY")) {
            (Ok(cert), Ok(key)) => {
                rustls::crypto::ring::default_provider().install_default().unwrap();
                let config = RustlsConfig::from_pem_file(cert, key).await.unwrap();
                axum_server::bind_rustls(address, config).serve(app.into_make_service()).await.unwrap();
            }
            _ => axum_server::bind(address).serve(app.into_make_service()).await.unwrap(),
        }
    });
}
