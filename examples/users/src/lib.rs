//! The guide's multi-tenant users service, on one table: users, orders, and what joins them.
//!
//! Start at [`app`], the routes. `model.rs` holds what is stored, `credits.rs` an exact amount, and `handlers/` one file per
//! subject. `main.rs` chooses the database and runs it, on localhost or inside Lambda.

mod app;
mod credits;
mod handlers;
mod model;

pub use app::{app, create_tables};
pub use credits::Credits;
pub use model::{Order, OrderOfUser, User, UserSummary};
