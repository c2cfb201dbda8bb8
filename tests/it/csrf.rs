//! Requests that pages of other sites cause, over real HTTP, through axum and through plain tower.

mod events;
mod layer;
mod login;
mod site;
mod tokens;
