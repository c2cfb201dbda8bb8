//! The stylesheet, the script and the icon of the pages.

use axum::Router;
use axum::http::header;
use axum::routing::MethodRouter;
use axum::routing::get;

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/assets/icon.svg", asset("image/svg+xml", ICON))
        .route(
            "/assets/session.js",
            asset("text/javascript; charset=utf-8", SCRIPT),
        )
        .route("/assets/style.css", asset("text/css; charset=utf-8", STYLE))
}

fn asset(kind: &'static str, text: &'static str) -> MethodRouter {
    get(async move || ([(header::CONTENT_TYPE, kind)], text))
}

const ICON: &str = include_str!("../assets/icon.svg");
const SCRIPT: &str = include_str!("../assets/session.js");
const STYLE: &str = include_str!("../assets/style.css");
