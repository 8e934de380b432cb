//! The guide's multi-tenant users service, on one table: users, orders, and what joins them.
//!
//! Start at [`app`], the routes. `model.rs` holds what is stored, `credits.rs` an exact amount, and `handlers/` one file per
//! subject. `main.rs` chooses the database and runs it, on localhost or inside Lambda.

mod app;
mod credits;
mod handlers;
mod model;
mod token;

pub use app::{CONSUMER, app, create_tables};
pub use credits::Credits;
pub use model::{Counted, Order, OrderOfUser, User, UserCount, UserSummary};
pub use token::jwt;
