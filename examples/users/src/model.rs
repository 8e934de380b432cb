//! What is stored: five models in one table, told apart by their keys.
//!
//! | item | partition key | sort key |
//! |---|---|---|
//! | a user | `TENANT#{tenant_id}#USER#{id}` | `PROFILE` |
//! | an order | `TENANT#{tenant_id}#ORDER#{order_id}` | `ORDER` |
//! | an order, under its user | `TENANT#{tenant_id}#USER#{user_id}` | `ORDER#{created_at}#{order_id}` |
//! | how many users | `TENANT#{tenant_id}#USER-COUNT` | `USER-COUNT` |
//! | a change that is counted | `TENANT#{tenant_id}#USER-COUNT` | `COUNTED#{user_id}#{sequence_number}` |
//!
//! The tenant leads every key, of the indexes too, and is filled in by the handle that each request gets: no handler names it.

use crate::Credits;
use dynamorm::{Model, Project, Timestamp, Ttl};
use lift::utoipa::{self, ToSchema};
use serde::Serialize;

/// A user of a tenant.
#[derive(Debug, Clone, PartialEq, Model, Serialize, ToSchema)]
#[dynamorm(pk = "TENANT#{tenant_id}#USER#{id}", sk = "PROFILE")]
#[dynamorm(index = "email-index", pk = (tenant_id, email))]
#[dynamorm(index = "tenant-index", pk = tenant_id, sk = id)]
pub struct User {
    /// A UUID of version 7: users sort by the time they were created.
    pub id: String,
    /// Whose user it is.
    #[dynamorm(tenant)]
    pub tenant_id: String,
    /// Where to reach them.
    pub email: String,
    /// What to call them.
    pub name: String,
    /// What they can spend.
    pub credits: Credits,
    /// Kept by the library.
    #[dynamorm(created_at)]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Kept by the library.
    #[dynamorm(updated_at)]
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A user in a list.
#[derive(Debug, Clone, PartialEq, Eq, Project, Serialize, ToSchema)]
#[dynamorm(of = User)]
pub struct UserSummary {
    /// The user's id.
    pub id: String,
    /// What to call them.
    pub name: String,
    /// Where to reach them.
    pub email: String,
}

/// An order, by its own id.
#[derive(Debug, Clone, PartialEq, Model, Serialize, ToSchema)]
#[dynamorm(pk = "TENANT#{tenant_id}#ORDER#{order_id}", sk = "ORDER")]
#[dynamorm(index = "tenant-orders-index", pk = "TENANT#{tenant_id}", sk = "ORDER#{created_at}")]
pub struct Order {
    /// A UUID of version 7.
    pub order_id: String,
    /// Who ordered.
    pub user_id: String,
    /// Whose order it is.
    #[dynamorm(tenant)]
    pub tenant_id: String,
    /// What it costs.
    pub total: Credits,
    /// How far it is.
    pub status: String,
    /// When it was placed; set here, since it is in a key.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// An order under its user: what a list of their orders shows.
#[derive(Debug, Clone, PartialEq, Model, Serialize, ToSchema)]
#[dynamorm(pk = "TENANT#{tenant_id}#USER#{user_id}", sk = "ORDER#{created_at}#{order_id}")]
pub struct OrderOfUser {
    /// Whose order it is.
    #[dynamorm(tenant)]
    #[serde(skip_serializing)]
    #[schema(ignore)]
    pub tenant_id: String,
    /// Who ordered.
    pub user_id: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The order's own id.
    pub order_id: String,
    /// What it costs.
    pub total: Credits,
    /// How far it is.
    pub status: String,
}

/// How many users a tenant has. It follows the table's stream.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
#[dynamorm(pk = "TENANT#{tenant_id}#USER-COUNT", sk = "USER-COUNT")]
pub struct UserCount {
    /// Whose users.
    #[dynamorm(tenant)]
    pub tenant_id: String,
    /// How many.
    pub count: i64,
}

/// A change of a user that is in the count. It is kept until the stream cannot tell of that change again.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
#[dynamorm(pk = "TENANT#{tenant_id}#USER-COUNT", sk = "COUNTED#{user_id}#{sequence_number}")]
pub struct Counted {
    /// Whose user.
    #[dynamorm(tenant)]
    pub tenant_id: String,
    /// The user who came or went.
    pub user_id: String,
    /// The number of the change in the stream: no other change of this user has it.
    pub sequence_number: String,
    /// When DynamoDB may delete it.
    #[dynamorm(ttl)]
    pub expires_at: Ttl,
}
