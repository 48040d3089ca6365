//! An HTTP server: a greeting, and connections that may rest.
use axum::{routing::get, Router};

fn main() {
    let port: u16 = std::env::args().nth(1).and_then(|port| port.parse().ok()).expect("a port");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let app = Router::new().route("/", get(|| async { "hello" }));
        axum::serve(listener, app).await.unwrap();
    });
}
